package server

import (
	"strings"
	"unicode/utf8"

	"signoff/internal/pattern"
)

// A delivery's body may hold an address with which anybody can answer in its channel, and the sender's old style
// verification token. Both are masked wherever a body is shown: as JSON, as JSON inside a string, and in forms.
var (
	maskedJSON = pattern.New(`(\\*"(?:response_url|token)\\*"\s*:\s*\\*")(?:[^"\\]|\\[^"])*`)
	maskedForm = pattern.New(`((?:^|&)(?:response_url|token)=)[^&]*`)
	maskedPart = pattern.New(`((?i:%22(?:response_url|token)%22(?:\+|%20)*%3a(?:\+|%20)*%22))(?:[^%&]|%[013-9a-fA-F][0-9a-fA-F]|%2[013-9a-fA-F])*`)
	hooksURL   = pattern.New(`https:\\*/\\*/hooks\.slack\.com[^\s"'&<>]*`)
)

const mask = "***"

// masked is a body as text, with what must not be shown replaced.
func masked(body []byte) string {
	text := string(body)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	for _, re := range []*pattern.Pattern{maskedJSON, maskedForm, maskedPart} {
		text = re.ReplaceAllString(text, "${1}"+mask)
	}
	return hooksURL.ReplaceAllString(text, mask)
}
