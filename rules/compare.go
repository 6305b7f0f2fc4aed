package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"signoff/internal/source"
)

func (l *loader) matches(n *source.Node) []test {
	items, ok := l.List(n)
	if ok && len(items) == 0 {
		l.Errorf(n.Pos(), "SO160", "%s lists nothing", n.Name())
	}
	var out []test
	for _, item := range items {
		out = append(out, orNever(l.match(item)))
	}
	return out
}

// equals holds when the value is one of the words, in any case.
type equals struct {
	key   matchKey
	words []string
}

func (e equals) try(f *facts, t *texts) (bool, string) {
	for _, v := range e.key.get(f, t) {
		for _, w := range e.words {
			if e.same(v, w) {
				if len(e.words) > 1 && e.key.kind == "channel" {
					return true, e.key.name + " is in the list"
				}
				return true, e.key.name + " is " + v
			}
		}
	}
	return false, fmt.Sprintf("%s is not %s", e.key.name, orList(e.words))
}

func (e equals) same(v, w string) bool {
	if e.key.kind == "channel" {
		v, w = strings.TrimPrefix(v, "#"), strings.TrimPrefix(w, "#")
	}
	return strings.EqualFold(v, w)
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// contains holds when the value has one of the words, as whole words in any case.
type contains struct {
	key    matchKey
	words  []string
	folded [][]string // the words of each
}

func (c contains) try(f *facts, t *texts) (bool, string) {
	for _, v := range c.key.get(f, t) {
		for i, w := range c.words {
			if c.key.name == "text" && !t.mayContain(c.folded[i]) {
				continue
			}
			if at := wordIndex(v, w, 0); at >= 0 {
				return true, fmt.Sprintf("%s has %q", c.key.name, v[at:at+len(w)])
			}
		}
	}
	if len(c.words) == 1 {
		return false, fmt.Sprintf("%s does not have %q", c.key.name, c.words[0])
	}
	return false, fmt.Sprintf("%s has none of: %s", c.key.name, strings.Join(c.words, ", "))
}

// startsWith holds when the value begins with one of the words, in any case, spaces before it aside.
type startsWith struct {
	key   matchKey
	words []string
}

func (s startsWith) try(f *facts, t *texts) (bool, string) {
	for _, v := range s.key.get(f, t) {
		v = strings.TrimSpace(v)
		for _, w := range s.words {
			if len(v) >= len(w) && strings.EqualFold(v[:len(w)], w) {
				return true, fmt.Sprintf("%s starts with %q", s.key.name, w)
			}
		}
	}
	return false, fmt.Sprintf("%s does not start with %s", s.key.name, orList(s.words))
}

// matches holds when a pattern is found in the value, in any case.
type matches struct {
	key     matchKey
	pattern string
	re      *regexp.Regexp
}

func (m matches) try(f *facts, t *texts) (bool, string) {
	for _, v := range m.key.get(f, t) {
		if m.re.MatchString(cut(v, maxMatchedBytes)) {
			return true, m.key.name + " matches " + m.pattern
		}
	}
	return false, m.key.name + " does not match " + m.pattern
}

// whoIs holds when the author is one of those listed.
type whoIs struct {
	key  string
	list []who
}

func (w whoIs) try(f *facts, _ *texts) (bool, string) {
	for _, one := range w.list {
		if one.is(f.author) {
			return true, fmt.Sprintf("%s is %s", w.key, one.words())
		}
	}
	words := make([]string, len(w.list))
	for i, one := range w.list {
		words[i] = one.words()
	}
	return false, fmt.Sprintf("%s is not %s", w.key, orList(words))
}

func (w who) is(a author) bool {
	switch w.kind {
	case "bot":
		return a.bot
	case "person":
		if w.name == "" {
			return !a.bot
		}
		return a.name == w.name
	case "stranger":
		return !a.bot && !a.known
	case "group":
		return slices.Contains(a.groups, w.name)
	}
	return false
}

func (w who) words() string {
	switch {
	case w.kind == "group":
		return "in group " + w.name
	case w.name != "":
		return w.name
	}
	return "a " + w.kind
}
