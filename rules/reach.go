package rules

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/source"
)

// catchAll warns where some requests are met by no rule.
func (l *loader) catchAll() {
	rules := l.set.rules.rules
	broken := func(r *rule) bool { return r.broken }
	if len(rules) == 0 || slices.ContainsFunc(rules, broken) || slices.ContainsFunc(rules, func(r *rule) bool { return r.always() && !r.goOn }) {
		return
	}
	last := rules[len(rules)-1]
	l.Warnf(last.pos, "SO200", "nothing catches what no rule matches: such a request gets no template, workflow or assignee")
	l.Hint("end with a rule that has no match")
}

// always reports whether a rule applies to everything.
func (r *rule) always() bool { return r.matchRaw == nil && !r.hasIf }

// reach is what a rule's match accepts, in a form that can be compared.
type reach struct {
	keys  []string // "channel in", "text contains", "any exact"
	words map[string][]string
}

func reachOf(n *source.Node) reach {
	r := reach{words: map[string][]string{}}
	for key, value := range n.Pairs() {
		kind, words := accepted(value)
		name := key.Value() + " " + kind
		r.keys = append(r.keys, name)
		r.words[name] = words
	}
	return r
}

// accepted returns the words of a list or of a single contains; anything else is only comparable as a whole.
func accepted(n *source.Node) (kind string, words []string) {
	switch n.Kind() {
	case source.Scalar:
		return "in", []string{strings.ToLower(n.Value())}
	case source.List:
		if words, ok := lowered(n); ok {
			return "in", words
		}
	case source.Map:
		if inner := n.Key("contains"); inner != nil && n.Len() == 1 {
			if inner.Kind() == source.Scalar {
				return "contains", []string{strings.ToLower(inner.Value())}
			}
			if words, ok := lowered(inner); ok {
				return "contains", words
			}
		}
	}
	return "exact", []string{digestOf([]*source.Node{n})}
}

func lowered(n *source.Node) ([]string, bool) {
	var words []string
	for item := range n.Items() {
		if item.Kind() != source.Scalar {
			return nil, false
		}
		words = append(words, strings.ToLower(item.Value()))
	}
	return words, len(words) > 0
}

// covers reports whether everything that other accepts is accepted by r too.
func (r reach) covers(other reach) bool {
	for _, key := range r.keys {
		theirs, ok := other.words[key]
		if !ok {
			return false
		}
		for _, w := range theirs {
			if !slices.Contains(r.words[key], w) {
				return false
			}
		}
	}
	return true
}

// unreachable warns of rules that an earlier one always forestalls, where that is simple to see. Each earlier rule is
// filed under the words of its last key, usually the most particular one, so that a thousand rules are compared with
// few others.
func (l *loader) unreachable() {
	filed := map[string][]int{}
	all := l.set.rules.rules
	reaches := make([]reach, len(all))
	blocker := -1
	for j, r := range all {
		reaches[j] = reachOf(r.matchRaw)
		if r.broken {
			continue
		}
		if blocker < 0 {
			if i := l.forestalledBy(j, reaches, filed); i >= 0 {
				l.forestalled(r, all[i])
				continue
			}
		} else {
			l.forestalled(r, all[blocker])
			continue
		}
		switch {
		case r.goOn || r.hasIf:
		case r.matchRaw == nil:
			blocker = j
		default:
			fileUnderWords(filed, j, reaches[j])
		}
	}
	if blocker < 0 || blocker == len(all)-1 {
		l.overlaps(reaches)
	}
}

func fileUnderWords(filed map[string][]int, j int, r reach) {
	if len(r.keys) == 0 {
		return
	}
	last := r.keys[len(r.keys)-1]
	for _, w := range r.words[last] {
		filed[last+" "+w] = append(filed[last+" "+w], j)
	}
}

func (l *loader) forestalledBy(j int, reaches []reach, filed map[string][]int) int {
	best := -1
	for _, key := range reaches[j].keys {
		words := reaches[j].words[key]
		if len(words) == 0 {
			continue
		}
		for _, i := range filed[key+" "+words[0]] {
			if (best < 0 || i < best) && reaches[i].covers(reaches[j]) {
				best = i
			}
		}
	}
	return best
}

func (l *loader) forestalled(r, first *rule) {
	where := fmt.Sprintf("line %d", first.pos.Line)
	if first.pos.File != r.pos.File {
		where = at(first.pos)
	}
	l.Warnf(r.pos, "SO205", "rule %q can never apply: %q (%s) always matches first", r.name, first.name, where)
	l.Hint("move it up, or make the earlier one more particular")
}
