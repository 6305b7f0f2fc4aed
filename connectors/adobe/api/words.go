package api

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// OneLine makes one line of what somebody wrote, of at most n characters.
func OneLine(s string, n int) string {
	s = text.Clean(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	if runes := []rune(s); len(runes) > n {
		return strings.TrimSpace(string(runes[:n-1])) + "…"
	}
	return s
}

// First is the first text that says something.
func First(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// Plain are the words of what an effect says or shows, for places without formatting: at most longest characters, with the
// address of the request's page at public below.
func Plain(e flow.Effect, public string, longest int) string {
	v := flow.View{}
	switch {
	case e.Show != nil && e.Show.View.Kind == flow.CommentView:
		return cut(strings.TrimSpace(e.Show.View.Body.Clean().String()), longest)
	case e.Show != nil:
		v = e.Show.View
	case e.Tell != nil:
		v = e.Tell.View
	}
	parts := []string{OneLine(v.Headline, longest), strings.TrimSpace(v.Body.Clean().String())}
	for _, p := range v.Points {
		parts = append(parts, fmt.Sprintf("%d. %s", p.Number, strings.TrimSpace(p.Note.Clean().String())))
	}
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return ""
	}
	said := cut(strings.Join(out, "\n"), longest)
	if v.Page != "" && public != "" {
		said += "\n" + public + v.Page
	}
	return said
}

func cut(s string, longest int) string {
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return s
}

// Place is where an effect speaks.
func Place(e flow.Effect) flow.Ref {
	switch {
	case e.Tell != nil:
		return e.Tell.Where
	case e.Show != nil && e.Show.At.Zero() && e.Show.Link != nil:
		return e.Show.Link.Ref
	case e.Show != nil:
		return e.Show.At
	}
	return flow.Ref{}
}

// Mentions finds the word that asks for sign-off: with @ or #, in any case, and not as a part of another word or of an e-mail
// address. It returns the words without it.
func Mentions(mention, words string) (rest string, found bool) {
	name := strings.ToLower(strings.TrimLeft(mention, "@#"))
	low := strings.ToLower(words)
	if len(low) != len(words) { // a letter whose small form has another length
		low = words
	}
	for at := 0; name != "" && at < len(low); {
		i := strings.Index(low[at:], name)
		if i < 0 {
			break
		}
		from, to := at+i-1, at+i+len(name)
		if from >= 0 && (low[from] == '@' || low[from] == '#') && !inWord(before(low, from)) && !inWord(after(low, to)) {
			return strings.TrimRight(words[:from], " ") + " " + strings.TrimLeft(words[to:], ",:; "), true
		}
		at = to
	}
	return words, false
}

func before(s string, i int) rune { r, _ := utf8.DecodeLastRuneInString(s[:i]); return r }

func after(s string, i int) rune { r, _ := utf8.DecodeRuneInString(s[i:]); return r }

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-')
}
