package figma

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"signoff/internal/pattern"

	"signoff/internal/text"
)

const (
	longestName  = 200
	longestTitle = 100
)

// oneLine makes one line of what somebody wrote, of at most n characters.
func oneLine(s string, n int) string {
	s = text.Clean(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	if runes := []rune(s); len(runes) > n {
		return strings.TrimSpace(string(runes[:n-1])) + "…"
	}
	return s
}

// mentions finds the word that asks for sign-off: with @ or #, in any case, and not as a part of another word or of an
// e-mail address. It returns the words without it.
func (c *Connector) mentions(words string) (rest string, found bool) {
	name := strings.ToLower(strings.TrimLeft(c.set.Mention, "@#"))
	low := strings.ToLower(words)
	if len(low) != len(words) { // a letter whose small form has another length
		low = words
	}
	for at := 0; at < len(low); {
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

var address = pattern.New(`https?://\S+`)

// asked is the title of a request that words ask for, without addresses; fallback where they say nothing besides.
func (c *Connector) asked(words, fallback string) string {
	rest, _ := c.mentions(words)
	rest = address.ReplaceAllString(rest, "")
	for line := range strings.Lines(rest) {
		if line = oneLine(line, longestTitle); strings.ContainsFunc(line, unicode.IsLetter) {
			return line
		}
	}
	return oneLine(fallback, longestTitle)
}
