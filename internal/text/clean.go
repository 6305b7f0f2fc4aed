package text

import (
	"slices"
	"strings"
	"unicode"
)

// Clean drops what people cannot see and what could steer a display: control characters besides line breaks and tabs,
// and marks that turn the direction of writing around. Letters, joiners and emoji stay as they are.
func Clean(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return -1
		}
		return r
	}, s)
}

func steers(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return unicode.IsControl(r)
}

// Blank reports whether nothing of s can be seen.
func Blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// Clean returns the document with Clean applied to every text and address in it.
func (d Doc) Clean() Doc {
	out := slices.Clone(d)
	for i := range out {
		n := &out[i]
		n.Text, n.Href = Clean(n.Text), Clean(n.Href)
		n.Kids = Doc(n.Kids).Clean()
	}
	return out
}
