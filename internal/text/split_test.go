package text

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func printed(d Doc) int { return utf8.RuneCountInString(d.Markdown()) }

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit int
		in    string
		want  []string
	}{
		"nothing":              {10, "", nil},
		"short":                {10, "a", []string{"a"}},
		"between paragraphs":   {12, "one two\n\nthree\n\nfour", []string{"one two", "three\n\nfour"}},
		"between items":        {14, "1. one\n2. two\n3. three\n4. four", []string{"1. one\n2. two", "3. three", "4. four"}},
		"within an item":       {12, "3. one two three\n4. four", []string{"3. one two", "three", "4. four"}},
		"between lines":        {16, "one two\\\nthree four five", []string{"one two", "three four five"}},
		"between words":        {10, "one two three four", []string{"one two", "three four"}},
		"within a word":        {4, "abcdefghij", []string{"abcd", "efgh", "ij"}},
		"not within a link":    {30, "look at [the file](https://x.example/a) now", []string{"look at", "[the file](https://x.example/a)", "now"}},
		"not within code":      {10, "aaa bbb `a b c d`", []string{"aaa bbb", "`a b c d`"}},
		"emphasis goes on":     {11, "**one two three**", []string{"**one two**", "**three**"}},
		"quotes go on":         {10, "> one two three", []string{"> one two", "> three"}},
		"code goes on":         {14, "```go\na\nb\nc\nd\n```", []string{"```go\na\nb\n```", "```go\nc\nd\n```"}},
		"not within an emoji":  {3, "👩‍🎨👩‍🎨", []string{"👩‍🎨", "👩‍🎨"}},
		"one that is too long": {10, "a <https://x.example/long> b", []string{"a", "<https://x.example/long>", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, part := range Split(Markdown(c.in), c.limit, printed) {
				got = append(got, part.Markdown())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Split(%q, %d) (-want +got)\n%s", c.in, c.limit, diff)
			}
		})
	}
}

// letters are the characters of a document that people read, without what is printed around them.
func shownLetters(docs ...Doc) string {
	var b strings.Builder
	for _, d := range docs {
		d.Normal().Walk(func(n Node) { b.WriteString(strings.Join(strings.Fields(n.Text), "")) })
	}
	return b.String()
}

// TestSplit_LosesNothing: the parts hold every character of the whole in its order, and each part fits unless it is one piece.
func TestSplit_LosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDoc().Draw(t, "doc")
		limit := rapid.IntRange(1, 80).Draw(t, "limit")
		parts := Split(doc, limit, printed)
		if want, got := shownLetters(doc), shownLetters(parts...); got != want {
			t.Fatalf("%d parts show\n%q, want\n%q", len(parts), got, want)
		}
		for _, part := range parts {
			if n, pieces := printed(part), whole(part); n > limit && pieces > 1 {
				t.Fatalf("a part of %d and %d pieces, want at most %d: %s", n, pieces, limit, part.Markdown())
			}
		}
	})
}

// whole counts what could have been parted: links, emoji and the characters of texts.
func whole(nodes []Node) int {
	n := 0
	for _, kid := range nodes {
		switch kid.Kind {
		case Link, Emoji, Rule, Break:
			n++
		case Text, Code, CodeBlock:
			n += len(runeEnds(kid.Text))
		default:
			n += whole(kid.Kids)
		}
	}
	return n
}

// TestSplit_LongTexts: a long text of any shape is parted in good time, and every part fits.
func TestSplit_LongTexts(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]Doc{
		"words": Plain(strings.Repeat("some words ", 4000)), "one word": Plain(strings.Repeat("x", 20000)), "paragraphs": Plain(strings.Repeat("one\n\n", 2000)),
		"lines": Plain(strings.Repeat("one line\n", 2000)), "code": {{Kind: CodeBlock, Text: strings.Repeat("code\n", 4000)}},
	} {
		for i, part := range Split(doc, 3000, printed) {
			if n := printed(part); n > 3000 {
				t.Errorf("%s: part %d has %d", name, i, n)
			}
		}
	}
	if got := len(Split(Plain(fmt.Sprint(strings.Repeat("x", 9000))), 3000, printed)); got != 3 {
		t.Errorf("9000 letters make %d parts of 3000", got)
	}
}
