package jira

import (
	"fmt"
	"unicode/utf16"

	"signoff/internal/text"
)

// room is what a part of a long comment may hold: the rest is for its number and its mark.
const room = longestText - 200

// bodies prints words as comments that Jira takes: one, or as many as are needed. Nothing is left out.
func (c *Connector) bodies(d text.Doc) []string {
	parts := text.Split(d, room, func(d text.Doc) int { return units(wiki(d)) })
	out := make([]string, 0, len(parts))
	for i, part := range parts {
		body := wiki(part)
		if len(parts) > 1 {
			body += fmt.Sprintf("\n\n_(%d of %d)_", i+1, len(parts))
		}
		out = append(out, body)
	}
	return out
}

// units counts as Jira does.
func units(s string) int { return len(utf16.Encode([]rune(s))) }
