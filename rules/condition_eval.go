package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/vm"

	"signoff/internal/calendar"
)

// What one evaluation may see of a request at most.
const (
	maxStringsBytes = 64 << 10 // all strings together
	maxTextBytes    = 32 << 10 // text
	maxValueBytes   = 1 << 10  // each value but text and fields of type text and long_text
	maxEntries      = 200      // each list
	maxMatchedBytes = 4 << 10  // what a pattern reads of a text
)

// reading is what a condition sees: plain values, cut to the bounds, and which optional ones are given.
type reading struct {
	env   map[string]any
	given map[string]bool
	words map[string]string // values as people wrote them, for reasons
}

// facts is everything that matches, conditions and titles read of a request and its author.
type facts struct {
	text, title, source, channel, kind, event, priority, project string
	file, fromDomain, verified                                   string
	labels                                                       []string
	requester, assignee                                          string
	submitted, due                                               time.Time
	author                                                       author
	fields                                                       map[string][]string
}

// author is who wrote: what the directory knows of them, and what their account says.
type author struct {
	id, name, shown, email string
	groups                 []string
	bot, known             bool
}

// read cuts facts to what a condition may see. Fields that do not belong to the vocabulary are left out.
func (v *vocabulary) read(f facts, cal *calendar.Calendar) *reading {
	b := &budget{left: maxStringsBytes}
	r := &reading{given: map[string]bool{}, words: map[string]string{}}
	request := map[string]any{
		"title": b.short(f.title), "text": b.take(f.text, maxTextBytes),
		"source": b.short(f.source), "channel": b.short(f.channel), "type": b.short(f.kind), "event": b.short(f.event),
		"priority": b.short(f.priority), "project": b.short(f.project), "labels": b.list(f.labels),
		"requester": b.short(f.requester), "assignee": b.short(f.assignee), "due": f.due, "submitted": f.submitted,
	}
	r.note("due", !f.due.IsZero(), dateWords(f.due))
	for name, fieldType := range v.sorted() {
		if name == "due" {
			continue
		}
		values := f.fields[name]
		request[name] = b.value(fieldType, values, cal.Location())
		r.note(name, len(values) > 0 && values[0] != "", strings.Join(values, ", "))
	}
	for name, words := range map[string]string{
		"source": f.source, "channel": f.channel, "type": f.kind, "event": f.event, "priority": f.priority,
		"project": f.project, "labels": strings.Join(f.labels, ", "), "requester": f.requester, "assignee": f.assignee,
	} {
		r.words[name] = words
	}
	authorEnv := map[string]any{
		"name": b.short(f.author.id), "email": b.short(f.author.email), "groups": b.list(f.author.groups),
		"bot": f.author.bot, "known": f.author.known,
	}
	r.env = map[string]any{
		"request": request, "author": authorEnv, givenName: r.given, clockName: clock{now: f.submitted, cal: cal},
	}
	return r
}

func (r *reading) note(name string, given bool, words string) {
	r.given[name] = given
	r.words[name] = words
}

// sorted yields fields in order, so that the budget is spent the same way each time.
func (v *vocabulary) sorted() func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		names := make([]string, 0, len(v.fields))
		for name := range v.fields {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if !yield(name, v.fields[name]) {
				return
			}
		}
	}
}

// holds judges a condition; when it does not hold, why names the first clause that failed.
func (c *condition) holds(r *reading) (ok bool, why string) {
	for _, cl := range c.clauses {
		if ok, why = cl.holds(r); !ok {
			return false, why
		}
	}
	return true, ""
}

func (cl clause) holds(r *reading) (bool, string) {
	out, err := vm.Run(cl.prog, r.env)
	if err != nil {
		return false, fmt.Sprintf("%s cannot be worked out", cl.text)
	}
	if out == true {
		return true, ""
	}
	var seen []string
	for _, name := range cl.reads {
		if given, optional := r.given[name]; optional && !given {
			return false, name + " not given"
		}
		if words := r.words[name]; words != "" && len(words) <= 80 {
			seen = append(seen, fmt.Sprintf("%s is %s", name, words))
		}
	}
	why := cl.text + " does not hold"
	if len(seen) > 0 {
		why += ": " + strings.Join(seen, ", ")
	}
	return false, why
}

// budget hands out the bytes of strings that one evaluation may see.
type budget struct{ left int }

func (b *budget) take(s string, most int) string {
	s = cut(s, min(most, b.left))
	b.left -= len(s)
	return s
}

func (b *budget) short(s string) string { return b.take(s, maxValueBytes) }
func (b *budget) long(s string) string  { return b.take(s, maxStringsBytes) }

func (b *budget) list(values []string) []string {
	out := make([]string, 0, min(len(values), maxEntries))
	for _, v := range values[:min(len(values), maxEntries)] {
		out = append(out, b.short(v))
	}
	return out
}

// value turns a field's words into what conditions compare.
func (b *budget) value(fieldType string, values []string, loc *time.Location) any {
	first := ""
	if len(values) > 0 {
		first = values[0]
	}
	switch fieldType {
	case ListField, ChoicesField:
		return b.list(values)
	case DateField:
		t, _ := parseStamp(first, loc)
		return t
	case NumberField:
		n, _ := parseNumber(first)
		return n
	case MoneyField:
		m, _ := parseMoney(first)
		return m.amount
	case TextField, LongTextField:
		return b.long(first)
	default:
		return b.short(first)
	}
}

// cut shortens s to at most n bytes without breaking a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func dateWords(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("Mon 2 Jan 2006 15:04")
}
