package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Slack's limits, in code points. Where sources disagree the lower figure stands.
const (
	maxSection   = 3000
	maxField     = 2000
	maxFact      = 600
	maxElements  = 25 // of an actions block
	maxButton    = 75
	maxValue     = 2000
	maxOption    = 75 // option text and value
	maxOptions   = 100
	maxMenu      = 5 // options of an overflow menu
	maxURL       = 3000
	maxLabel     = 300 // Slack takes 2,000; nobody reads them, and a form has a size
	maxHint      = 500
	maxInput     = 3000
	maxTitle     = 150
	maxAlt       = 2000
	maxFileTitle = 255
	maxBlocks    = 50
	maxModal     = 100   // blocks of a modal
	maxText      = 3000  // the message's own text: below the 4,000 that are shown
	maxMessage   = 12000 // all blocks of one message: refused near 13,200
)

const ellipsis = "…"

// clip shortens plain text to most code points.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)[:most-1]
	return strings.TrimRightFunc(string(runes), unicode.IsSpace) + ellipsis
}

// clipMarked shortens mrkdwn to most code points and never inside an escape or an entity.
func clipMarked(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	cut := string([]rune(s)[:most-1])
	if open := strings.LastIndexByte(cut, '<'); open > strings.LastIndexByte(cut, '>') {
		cut = cut[:open]
	}
	if amp := strings.LastIndexByte(cut, '&'); amp >= 0 && !strings.Contains(cut[amp:], ";") {
		cut = cut[:amp]
	}
	return strings.TrimRightFunc(cut, unicode.IsSpace) + ellipsis
}

// clean drops what could steer the display: control characters, and marks that reverse the direction of writing.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// oneLine is clean on a single line.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text safe inside mrkdwn.
func escape(s string) string { return escapes.Replace(clean(s)) }
