package rules

import (
	"slices"
	"strings"
	"unicode/utf8"

	"signoff/internal/pattern"
)

// maxSubject is how many characters of a first sentence a title takes.
const maxSubject = 120

var (
	greetingRE = pattern.New(`(?i)^\s*(?:(?:hi|hello|hey|dear|morning|good morning|good afternoon)\b[^,.!?\n]{0,30}[,.!?:–-]\s*)+`)
	fillerRE   = pattern.New(`(?i)^\s*(?:please|pls|kindly|can|could|would|you|we|i|i'd|we'd|like|to|need|needs|want|get|have|make|do|create|design|us|me|a|an|the|some|another|new|,)\s+`)
	sentenceRE = pattern.New(`[.!?](?:\s|$)|\n`)
	addressRE  = pattern.New(`(?i)[ \t]*[:,;–(-]*[ \t]*(?:\b(?:here|see|at|on|in|from|under)\b:?[ \t]*)?https?://[^\s<>"|]+`)
	leadTailRE = pattern.New(`(?i)[\s,;–-]*\b(?:by|due|before|until|till|on|for|no later than|needed by|deadline|in|within)\s*:?\s*$`)
)

// subject is the first sentence of the words without greeting, web addresses and request formula, without the words of the
// due date, and without those values that the template's title prints anyway: "Need a Nova banner 300x250 by Friday EOD" with a
// title that starts with the brand becomes "banner 300x250".
func (d *decision) subject() string {
	words := strings.TrimSpace(d.facts.text)
	if d.facts.title != "" {
		words = d.facts.title
	}
	words = strings.TrimSpace(greetingRE.ReplaceAllString(words, ""))
	if plain := withoutAddresses(words); utf8.RuneCountInString(plain) >= 3 {
		words = plain
	}
	if loc := sentenceRE.FindStringIndex(words); loc != nil && loc[0] > 0 {
		words = words[:loc[0]]
	}
	full := words
	for _, name := range d.printed() {
		if withoutAddresses(words) != "" { // an address alone stays as it is
			words = without(words, d.values[name].from)
		}
	}
	words = trimFiller(words)
	if utf8.RuneCountInString(words) < 3 {
		words = trimFiller(full)
	}
	if utf8.RuneCountInString(words) > maxSubject {
		words = string([]rune(words)[:maxSubject-1]) + "…"
	}
	return words
}

// printed lists the fields whose words leave the subject: the due date, and what the title prints by itself.
func (d *decision) printed() []string {
	names := []string{"due"}
	if d.tmpl == nil || d.tmpl.title == nil {
		return names
	}
	for _, f := range d.tmpl.fields {
		if f.Name != "due" && !many(f.Type) && slices.Contains(d.tmpl.title.fields, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// without cuts the first appearance of some words, with an introducing "by" or "for" before a date.
func without(s, words string) string {
	if words == "" {
		return s
	}
	at := wordIndex(s, words, 0)
	if at < 0 {
		return s
	}
	before := strings.TrimRight(leadTailRE.ReplaceAllString(s[:at], ""), " ")
	after := strings.TrimLeft(s[at+len(words):], " ")
	if after != "" && strings.ContainsRune(",;:.)", rune(after[0])) {
		return before + after
	}
	return strings.TrimSpace(before + " " + after)
}

// withoutAddresses drops web addresses, which say nothing in a title: the request links to them.
func withoutAddresses(s string) string {
	return strings.TrimSpace(addressRE.ReplaceAllString(s, ""))
}

func trimFiller(s string) string {
	for range 12 {
		loc := fillerRE.FindStringIndex(s)
		if loc == nil || loc[1] == len(s) {
			break
		}
		s = s[loc[1]:]
	}
	return strings.Trim(strings.Join(strings.Fields(s), " "), " ,;:.!?–-")
}
