package rules

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"signoff/internal/pattern"

	"signoff/internal/calendar"
	"signoff/internal/flow"
)

// maxReadText is how much of a text is searched for values.
const maxReadText = 16 << 10

// extractor reads field values from the words of one request. It is deterministic: the same words, time and
// calendar give the same values.
type extractor struct {
	text     string
	now      time.Time
	loc      *time.Location // the requester's zone
	cal      *calendar.Calendar
	calName  string
	dayFirst bool
	sunday   bool // weeks start on Sunday
	people   []*Person
}

// found is one value and the words it came from.
type found struct {
	values []string
	from   string // the words
	how    string // what they were taken for, may be empty
	at     int    // byte offset of the words in the text
}

// fields reads every field of a template, by name.
func (x *extractor) fields(t *template) map[string]found {
	out := map[string]found{}
	taken := map[string]bool{} // types whose unlabelled value has gone to a field
	for _, f := range x.order(t.fields) {
		v, ok := x.labelled(f)
		if !ok && !taken[f.Type] {
			v, ok = x.free(f)
			if ok && f.Type != ChoiceField && f.Type != ChoicesField {
				taken[f.Type] = true
			}
		}
		if ok {
			if v.how == "" && len(f.Choices) > 0 {
				v.how = "choice of " + t.name
			}
			out[f.Name] = v
		}
	}
	return out
}

// order puts due before the other dates, so that an unlabelled date is the due date.
func (x *extractor) order(fields []flow.Field) []flow.Field {
	sorted := slices.Clone(fields)
	slices.SortStableFunc(sorted, func(a, b flow.Field) int {
		switch {
		case a.Name == "due" && b.Name != "due":
			return -1
		case b.Name == "due" && a.Name != "due":
			return 1
		}
		return 0
	})
	return sorted
}

// labelled reads "Budget: 5k" on a line of its own, and "budget of 5k" for amounts and numbers.
func (x *extractor) labelled(f flow.Field) (found, bool) {
	for _, label := range []string{f.Label, f.Name, strings.ReplaceAll(f.Name, "_", " ")} {
		if at, end, ok := x.line(label); ok {
			if v, ok := x.parse(f, at, end); ok {
				return v, true
			}
		}
	}
	if f.Type != MoneyField && f.Type != NumberField {
		return found{}, false
	}
	m := amountAfterRE.FindStringSubmatchIndex(x.text[x.after(f.Name):])
	start := x.after(f.Name)
	if start == len(x.text) || m == nil {
		return found{}, false
	}
	return x.parse(f, start+m[2], start+m[3])
}

var amountAfterRE = pattern.New(`(?i)^\s*(?:(?:is|are|of|:|=|~|about|around|up to|max\.?|approx\.?)\s*){0,3}((?:` + currencyPattern + `)?\s?\d[\d.,]*\s?(?:k|m|bn)?(?:\s?(?:` + currencyPattern + `)\b)?)`)

// after returns the offset behind the first whole-word use of a field's name, the text's length when there is none.
func (x *extractor) after(name string) int {
	at := wordIndex(x.text, strings.ReplaceAll(name, "_", " "), 0)
	if at < 0 {
		return len(x.text)
	}
	return at + len(name)
}

// line finds a line that starts with a label and a colon, and returns where its value stands.
func (x *extractor) line(label string) (start, end int, ok bool) {
	if label == "" {
		return 0, 0, false
	}
	pos := 0
	for line := range strings.SplitSeq(x.text, "\n") {
		lead := len(line) - len(strings.TrimLeft(line, " \t-*•"))
		rest := line[lead:]
		if len(rest) > len(label) && strings.EqualFold(rest[:len(label)], label) {
			value := strings.TrimLeft(rest[len(label):], " \t*")
			if strings.HasPrefix(value, ":") || strings.HasPrefix(value, "=") {
				value = strings.TrimSpace(strings.Trim(value[1:], "* \t"))
				if value != "" {
					at := pos + strings.LastIndex(line, value)
					return at, at + len(value), true
				}
			}
		}
		pos += len(line) + 1
	}
	return 0, 0, false
}

// parse reads the words between two offsets as a value of the field's type.
func (x *extractor) parse(f flow.Field, start, end int) (found, bool) {
	words := strings.TrimSpace(x.text[start:end])
	v := found{from: words, at: start}
	switch f.Type {
	case DateField:
		d, ok := x.date(words)
		if !ok {
			return found{}, false
		}
		return found{values: []string{d.value()}, from: d.words, how: d.how, at: start + d.at}, true
	case ListField, ChoicesField:
		v.values = splitList(words)
		if len(f.Choices) > 0 {
			v.values = only(f, v.values)
		}
		return v, len(v.values) > 0
	default:
		s, problem := normalise(f, words, x)
		if problem != "" && f.Type == ChoiceField {
			return x.choice(f, start, end)
		}
		v.values = []string{s}
		return v, problem == "" && s != ""
	}
}

// only keeps the values that are choices, as they were declared.
func only(f flow.Field, values []string) []string {
	var kept []string
	for _, v := range values {
		if c, ok := choiceOf(f, v); ok && !slices.Contains(kept, c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// free reads a value from anywhere in the text.
func (x *extractor) free(f flow.Field) (found, bool) {
	switch f.Type {
	case ChoiceField:
		return x.choice(f, 0, len(x.text))
	case ChoicesField:
		return x.choices(f)
	case DateField:
		d, ok := x.date(x.text)
		if !ok {
			return found{}, false
		}
		return found{values: []string{d.value()}, from: d.words, how: d.how, at: d.at}, true
	case MoneyField:
		m, at, words, ok := findMoney(x.text)
		return found{values: []string{m.String()}, from: words, at: at}, ok
	case ListField:
		return x.sizes()
	case URLField:
		loc := urlRE.FindStringIndex(x.text)
		if loc == nil {
			return found{}, false
		}
		u := strings.TrimRight(x.text[loc[0]:loc[1]], ".,;:!?)>")
		return found{values: []string{u}, from: u, at: loc[0]}, true
	}
	return found{}, false
}

var (
	urlRE  = pattern.New(`https?://[^\s<>"|]+`)
	sizeRE = pattern.New(`\b(\d{2,5})\s?[x×X]\s?(\d{2,5})(?:\s?px)?\b`)
)

// choice finds the choice that stands first in the text as whole words, in any case; of two at one place the longer.
func (x *extractor) choice(f flow.Field, start, end int) (found, bool) {
	best := found{at: -1}
	for _, c := range f.Choices {
		at := wordIndex(x.text[start:end], c, 0)
		if at < 0 {
			continue
		}
		at += start
		if best.at < 0 || at < best.at || at == best.at && len(c) > len(best.from) {
			best = found{values: []string{c}, from: x.text[at : at+len(c)], at: at}
		}
	}
	return best, best.at >= 0
}

// choices finds every choice that the text names, in the order in which they were declared.
func (x *extractor) choices(f flow.Field) (found, bool) {
	var v found
	var words []string
	for _, c := range f.Choices {
		if at := wordIndex(x.text, c, 0); at >= 0 {
			v.values = append(v.values, c)
			words = append(words, x.text[at:at+len(c)])
			if len(words) == 1 || at < v.at {
				v.at = at
			}
		}
	}
	v.from = strings.Join(words, ", ")
	return v, len(v.values) > 0
}

// sizes finds measures such as 300x250.
func (x *extractor) sizes() (found, bool) {
	var v found
	var words []string
	for _, m := range sizeRE.FindAllStringSubmatchIndex(x.text, maxEntries) {
		size := x.text[m[2]:m[3]] + "x" + x.text[m[4]:m[5]]
		if slices.Contains(v.values, size) {
			continue
		}
		if len(v.values) == 0 {
			v.at = m[0]
		}
		v.values = append(v.values, size)
		words = append(words, x.text[m[0]:m[1]])
	}
	v.from = strings.Join(words, ", ")
	return v, len(v.values) > 0
}

// splitList parts "300x250, 728x90 and 970x250".
func splitList(s string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		part = strings.TrimSpace(part)
		for _, p := range strings.Split(part, " and ") {
			p = strings.TrimPrefix(strings.TrimSpace(p), "and ")
			if p != "" && !slices.Contains(out, p) && len(out) < maxEntries {
				out = append(out, p)
			}
		}
	}
	return out
}

// wordIndex returns where word stands in text as a whole word in any case, from an offset on, or -1. Letters and
// digits on either side make it part of another word.
func wordIndex(text, word string, from int) int {
	if word == "" {
		return -1
	}
	first, _ := utf8.DecodeRuneInString(word)
	for i := from; i+len(word) <= len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if sameLetter(r, first) && strings.EqualFold(text[i:i+len(word)], word) && bounded(text, i, i+len(word)) {
			return i
		}
		i += size
	}
	return -1
}

func sameLetter(a, b rune) bool { return a == b || unicode.ToLower(a) == unicode.ToLower(b) }

// bounded reports whether text[start:end] has no letter or digit right beside it, where it has one at its edge.
func bounded(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	first, _ := utf8.DecodeRuneInString(text[start:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !(start > 0 && wordRune(before) && wordRune(first)) && !(end < len(text) && wordRune(after) && wordRune(last))
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
