package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"signoff/internal/source"
)

// A test is one thing that match: asks. It says in words why it held or not.
type test interface {
	try(f *facts, t *texts) (ok bool, why string)
}

// texts are the words of a request prepared once for all rules.
type texts struct {
	whole string // at most maxMatchText bytes
	title string
	words map[string]bool // every word of whole, folded: a thousand rules look words up instead of searching
}

func prepare(f facts) *texts {
	t := &texts{whole: cut(f.whole(), maxMatchText), title: f.title, words: map[string]bool{}}
	for _, w := range foldedWords(t.whole) {
		t.words[w] = true
	}
	return t
}

// mayContain reports false when some word of a phrase is nowhere in the text.
func (t *texts) mayContain(phrase []string) bool {
	for _, w := range phrase {
		if !t.words[w] {
			return false
		}
	}
	return true
}

// foldedWords splits at everything but letters and digits and makes upper and lower case alike, as EqualFold does.
func foldedWords(s string) []string {
	words := strings.FieldsFunc(s, func(r rune) bool { return !wordRune(r) })
	for i, w := range words {
		words[i] = strings.Map(fold, w)
	}
	return words
}

// fold maps a letter to the smallest of those that are the same in any case.
func fold(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// maxMatchText is how much of a text match: reads.
const maxMatchText = 64 << 10

// allOf holds when every test holds; why is the first that failed, or all that held.
type allOf []test

func (a allOf) try(f *facts, t *texts) (bool, string) {
	var held []string
	for _, one := range a {
		ok, why := one.try(f, t)
		if !ok {
			return false, why
		}
		if why != "" {
			held = append(held, why)
		}
	}
	return true, strings.Join(held, ", ")
}

// anyOf holds when one test holds.
type anyOf []test

func (a anyOf) try(f *facts, t *texts) (bool, string) {
	var failed []string
	for _, one := range a {
		ok, why := one.try(f, t)
		if ok {
			return true, why
		}
		failed = append(failed, why)
	}
	return false, strings.Join(failed, ", ")
}

// not turns a test round.
type not struct{ test }

func (n not) try(f *facts, t *texts) (bool, string) {
	ok, why := n.test.try(f, t)
	return !ok, why
}

// matchKey is a key of match:, its kind of value and its sentence in the table of docs/rules.md.
type matchKey struct {
	name, kind, doc string
	get             func(f *facts, t *texts) []string
}

func one(get func(*facts) string) func(*facts, *texts) []string {
	return func(f *facts, _ *texts) []string { return []string{get(f)} }
}

// matchKeys is the table of what match: can ask.
func matchKeys() []matchKey {
	return []matchKey{
		{"source", "source", "where it came from: slack, email, api, web, figma, adobe, github, confluence", one(func(f *facts) string { return f.source })},
		{"channel", "channel", "the channel it was written in, such as \"#design-requests\"", one(func(f *facts) string { return f.channel })},
		{"text", "text", "title and words; needs contains, matches or starts_with", func(_ *facts, t *texts) []string { return []string{t.whole} }},
		{"title", "text", "the title alone, where one was given", func(_ *facts, t *texts) []string { return []string{t.title} }},
		{"author", "who", "who wrote it: bot, person, stranger (not in people:), a name, group:x", nil},
		{"requester", "who", "who asks for it; for new requests the same as author", nil},
		{"type", "template", "the request type that was chosen in a form", one(func(f *facts) string { return f.kind })},
		{"event", "word", "what happened, for sources that tell: file_comment, …", one(func(f *facts) string { return f.event })},
		{"file", "word", "the name of the file it was said in, for figma and adobe", one(func(f *facts) string { return f.file })},
		{"from_domain", "word", "the domain that a mail came from, such as agency.example", one(func(f *facts) string { return f.fromDomain })},
		{"verified", "word", "how a mail's sender was proved: dmarc, dkim, spf or none", one(func(f *facts) string { return f.verified })},
		{"labels", "word", "one of the labels", func(f *facts, _ *texts) []string { return f.labels }},
		{"priority", "word", "the priority, where one was given", one(func(f *facts) string { return f.priority })},
	}
}

func matchKeyOf(name string) (matchKey, bool) {
	all := matchKeys()
	i := slices.IndexFunc(all, func(k matchKey) bool { return k.name == name })
	if i < 0 {
		return matchKey{}, false
	}
	return all[i], true
}

// match reads match: and the maps inside its any, all and not.
func (l *loader) match(n *source.Node) test {
	if n == nil {
		return nil
	}
	if !l.Map(n, l.shape("match", matchShape)) {
		return nil
	}
	if n.Len() == 0 {
		l.Errorf(n.Pos(), "SO160", "match asks nothing")
		l.Hint("leave match out to apply to everything")
	}
	var tests allOf
	for key, value := range n.Pairs() {
		switch key.Value() {
		case "any":
			tests = append(tests, anyOf(l.matches(value)))
		case "all":
			tests = append(tests, allOf(l.matches(value)))
		case "not":
			tests = append(tests, not{orNever(l.match(value))})
		default:
			if k, known := matchKeyOf(key.Value()); known {
				tests = append(tests, orNever(l.keyTest(k, value)))
			}
		}
	}
	return tests
}

// orNever stands for a test that could not be read; the set is not used then.
func orNever(t test) test {
	if t == nil {
		return anyOf{}
	}
	return t
}

// keyTest reads the value of one key: a word, a list of which any may be, or operators.
func (l *loader) keyTest(k matchKey, n *source.Node) test {
	if n.Kind() == source.Map {
		return l.operators(k, n)
	}
	if k.kind == "who" {
		return l.whoTest(k, n)
	}
	items := l.Texts(n)
	if k.kind == "text" && len(items) > 0 {
		l.Errorf(n.Pos(), "SO160", "%s needs to know how to compare", k.name)
		l.Hint("write %s: {contains: [%s]}", k.name, shorten(items[0].Value()))
		return nil
	}
	words := make([]string, 0, len(items))
	for _, item := range items {
		switch k.kind {
		case "template":
			l.knownTemplate(item)
		case "source":
			l.knownSource(item)
		}
		words = append(words, item.Value())
	}
	if n.Kind() == source.List && len(words) == 0 {
		l.Errorf(n.Pos(), "SO160", "%s lists nothing", k.name)
	}
	return equals{k, words}
}

func (l *loader) knownTemplate(n *source.Node) {
	l.later(func() {
		if l.set.rules.template(n.Value()) == nil {
			l.unknown(n, "SO123", "template", n.Value(), l.templateNames())
		}
	})
}

// knownSource warns of a source that looks misspelt. A second connection of a kind, such as slack-emea, may have any
// name that starts with it.
func (l *loader) knownSource(n *source.Node) {
	known := union([]string{"slack", "email", "api", "web", "figma", "adobe", "github", "confluence", "jira", "webhook"}, l.options.Channels)
	word := strings.ToLower(n.Value())
	fits := func(k string) bool {
		return word == k || strings.HasPrefix(word, k+"-") || strings.HasPrefix(word, k+"_")
	}
	if slices.ContainsFunc(known, fits) {
		return
	}
	l.Warnf(n.Pos(), "SO210", "nothing is known to come from %q", n.Value())
	if near := nearest(word, known); near != "" {
		l.Hint("did you mean %q?", near)
	} else {
		l.Hint("known: %s", strings.Join(known, ", "))
	}
}

func (l *loader) operators(k matchKey, n *source.Node) test {
	if !l.Map(n, l.shape("comparison "+k.name, func() source.Shape { return comparisonShape(k) })) {
		return nil
	}
	if n.Len() == 0 {
		l.Errorf(n.Pos(), "SO160", "%s compares with nothing", k.name)
	}
	var tests allOf
	for op, value := range n.Pairs() {
		if t := l.operator(k, op.Value(), value); t != nil {
			tests = append(tests, t)
		}
	}
	return tests
}

func (l *loader) operator(k matchKey, op string, n *source.Node) test {
	switch op {
	case "contains":
		words, _ := l.Strings(n)
		c := contains{key: k, words: words}
		for _, w := range words {
			c.folded = append(c.folded, foldedWords(w))
		}
		return c
	case "starts_with":
		words, _ := l.Strings(n)
		return startsWith{k, words}
	case "matches":
		return l.pattern(k, n)
	case "not":
		return not{orNever(l.keyTest(k, n))}
	case "any", "all":
		items, _ := l.List(n)
		var inner []test
		for _, item := range items {
			inner = append(inner, orNever(l.keyTest(k, item)))
		}
		if op == "any" {
			return anyOf(inner)
		}
		return allOf(inner)
	}
	return nil
}

func (l *loader) pattern(k matchKey, n *source.Node) test {
	p, ok := l.Text(n)
	if !ok {
		return nil
	}
	re, steps, err := compilePattern("(?i)" + p)
	if err == nil && steps > maxPatternSteps {
		err = fmt.Errorf("the pattern is too costly; use smaller repetitions than {100}")
	}
	if err != nil {
		l.Errorf(n.Pos(), "SO145", "%s", strings.Replace(err.Error(), "(?i)", "", 1))
		return nil
	}
	return matches{k, p, re}
}

// whoTest reads author: and requester:.
func (l *loader) whoTest(k matchKey, n *source.Node) test {
	var list []who
	for _, item := range l.Texts(n) {
		if w, ok := l.oneWho(item, []string{"bot", "person", "stranger"}); ok {
			list = append(list, w)
		}
	}
	return whoIs{k.name, list}
}

// MatchKey is one key of match: and what it asks, for the documentation and schemas.
type MatchKey struct{ Name, Doc string }

// MatchKeys lists what match: can ask, in the order of the documentation.
func MatchKeys() []MatchKey {
	var out []MatchKey
	for _, k := range matchKeys() {
		out = append(out, MatchKey{k.name, k.doc})
	}
	return out
}
