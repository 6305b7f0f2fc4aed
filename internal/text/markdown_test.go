package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestMarkdown_RoundTrip: what is printed is read back as the normal form, for every document that Markdown can say.
func TestMarkdown_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDoc().Draw(t, "doc")
		want := doc.Normal()
		printed := doc.Markdown()
		if diff := cmp.Diff(want, Markdown(printed)); diff != "" {
			t.Fatalf("printed as\n%s\n(-want +got)\n%s", printed, diff)
		}
	})
}

// TestNormal_IsStable: the normal form of a normal form is the same.
func TestNormal_IsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := drawDoc().Draw(t, "doc").Normal()
		if diff := cmp.Diff(once, once.Normal()); diff != "" {
			t.Fatalf("Normal of Normal (-once +twice)\n%s", diff)
		}
	})
}

// pieces are texts that look like markup of some side.
var pieces = []string{
	"a", "word", " ", "two words", "*", "_", "**", "~", "~~", "`", "```", "\\", "[", "]", "(", ")", "<", ">", "&", "&amp;", "&#42;", "!", "|", "#", "# ", "- ", "-", "+ ", "1. ",
	"12) ", "---", "===", ":tada:", ":", "https://x.example/a_b", "www.lumen.example", "ana@lumen.example", "snake_case", "2*3*4", "日本", "「引用」", "שלום", "é", "\u00a0", "👍", "👩‍🎨",
	"{code}", "{noformat}", "[~ana]", "h1. ", "bq. ", "{*}", "\\\\", "??", "^", "<@U1>", "<!here>", "<b>", "</b>", "<!-- x -->", "$5", "50%", "it's", "\"", ";", "=", "• ", "&lt;",
}

func drawText() *rapid.Generator[Node] {
	return rapid.Custom(func(t *rapid.T) Node {
		return T(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4).Draw(t, "pieces"), ""))
	})
}

func drawInline(depth int) *rapid.Generator[Node] {
	return rapid.Custom(func(t *rapid.T) Node {
		kinds := []Kind{Text, Text, Text, Code, Link, Emoji, Break}
		if depth > 0 {
			kinds = append(kinds, Strong, Emph, Strike)
		}
		n := Node{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch n.Kind {
		case Text:
			return drawText().Draw(t, "text")
		case Code:
			n.Text = strings.TrimSpace(drawText().Draw(t, "code").Text)
		case Link:
			n.Href = rapid.SampledFrom([]string{"https://lumen.example/a", "https://x.example/?a=1&b=2|c", "https://x.example/(a)_*b*", "mailto:ana@lumen.example"}).Draw(t, "href")
			n.Kids = rapid.SliceOfN(drawText(), 0, 2).Draw(t, "label")
		case Emoji:
			return E(rapid.SampledFrom([]string{"tada", "thumbsup", "+1::skin-tone-3", "lumen-logo", "flag-de", "heart"}).Draw(t, "emoji"))
		case Break:
		default:
			n.Kids = rapid.SliceOfN(drawInline(depth-1), 0, 3).Draw(t, "kids")
		}
		return n
	})
}

func drawInlines() *rapid.Generator[[]Node] { return rapid.SliceOfN(drawInline(3), 0, 5) }

func drawBlock(depth int) *rapid.Generator[Node] {
	return rapid.Custom(func(t *rapid.T) Node {
		kinds := []Kind{Paragraph, Paragraph, Heading, CodeBlock, Rule}
		if depth > 0 {
			kinds = append(kinds, Bullets, Numbers, Quote)
		}
		n := Node{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch n.Kind {
		case Heading:
			n.Level = rapid.IntRange(0, 7).Draw(t, "level")
			n.Kids = drawInlines().Draw(t, "kids")
		case Paragraph:
			n.Kids = drawInlines().Draw(t, "kids")
		case CodeBlock:
			n.Ref = rapid.SampledFrom([]string{"", "go", "c++", "Bad Name"}).Draw(t, "language")
			n.Text = rapid.SampledFrom([]string{"x := 1", "  a\n\n\tb", "```\nx\n```", "{code}", "* a_b <c> &amp;", "", "\n\nx  \n"}).Draw(t, "code")
		case Quote:
			n.Kids = rapid.SliceOfN(drawBlock(depth-1), 0, 3).Draw(t, "kids")
		case Bullets, Numbers:
			n.Level = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "first")
			if n.Kind == Bullets {
				n.Level = 0
			}
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				n.Kids = append(n.Kids, Node{Kind: Item, Kids: rapid.SliceOfN(drawBlock(depth-1), 0, 3).Draw(t, "item")})
			}
		}
		return n
	})
}

func drawDoc() *rapid.Generator[Doc] {
	return rapid.Custom(func(t *rapid.T) Doc { return rapid.SliceOfN(drawBlock(3), 0, 4).Draw(t, "blocks") })
}
