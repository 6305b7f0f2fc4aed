package rules

import (
	"slices"
	"strings"
)

// mostExplained is how many rules a set may have for every one of them to be tried, with a reason, when a request is routed.
// Of longer sets only those are tried that may apply; what explain prints tries them all.
const mostExplained = 50

// index finds the rules of a set that may apply to an event by words that each of them needs to be there. A rule that
// needs none is always tried.
type index struct {
	keys   []matchKey // of the literals, besides text
	filed  map[literal][]int
	always []int
}

// literal is a word that has to stand in the text, or a value that a key has to have.
type literal struct{ key, word string }

// indexed files each rule under one set of literals of which one must be there: the set that the fewest rules share, so that a
// source that all of them name parts nothing.
func indexed(rules []*rule) *index {
	choices, shared := make([][][]literal, len(rules)), map[literal]int{}
	for i, r := range rules {
		choices[i] = needed(r.match)
		for _, set := range choices[i] {
			for _, one := range set {
				shared[one]++
			}
		}
	}
	x := &index{filed: map[literal][]int{}}
	for i := range rules {
		best := rarest(choices[i], shared)
		if best == nil {
			x.always = append(x.always, i)
		}
		for _, one := range best {
			x.filed[one] = append(x.filed[one], i)
			x.use(one.key)
		}
	}
	return x
}

func (x *index) use(name string) {
	k, known := matchKeyOf(name)
	if known && k.kind != "text" && !slices.ContainsFunc(x.keys, func(u matchKey) bool { return u.name == name }) {
		x.keys = append(x.keys, k)
	}
}

// rarest returns the set whose literals the fewest rules share, nil when there is none.
func rarest(sets [][]literal, shared map[literal]int) []literal {
	var best []literal
	least := 0
	for _, set := range sets {
		cost := 0
		for _, one := range set {
			cost += shared[one]
		}
		if best == nil || cost < least {
			best, least = set, cost
		}
	}
	return best
}

// needed lists sets of literals; of each of them at least one is there whenever the test holds.
func needed(t test) [][]literal {
	switch t := t.(type) {
	case allOf:
		var sets [][]literal
		for _, one := range t {
			sets = append(sets, needed(one)...)
		}
		return sets
	case anyOf:
		return neededByEach(t)
	case contains:
		return t.needed()
	case equals:
		set := make([]literal, len(t.words))
		for i, w := range t.words {
			set[i] = literal{t.key.name, t.key.folded(w)}
		}
		return [][]literal{set}
	}
	return nil
}

// neededByEach joins one set of every branch.
func neededByEach(branches anyOf) [][]literal {
	var joined []literal
	for _, one := range branches {
		sets := needed(one)
		if len(sets) == 0 {
			return nil
		}
		joined = append(joined, sets[0]...)
	}
	if joined == nil {
		return nil
	}
	return [][]literal{joined}
}

// needed is, of each phrase in the text, its longest word.
func (c contains) needed() [][]literal {
	if c.key.name != "text" {
		return nil
	}
	set := make([]literal, 0, len(c.folded))
	for _, phrase := range c.folded {
		if len(phrase) == 0 {
			return nil
		}
		longest := slices.MaxFunc(phrase, func(a, b string) int { return len(a) - len(b) })
		set = append(set, literal{"text", longest})
	}
	if len(set) == 0 {
		return nil
	}
	return [][]literal{set}
}

// folded is a value as the index compares it: in any case, a channel with or without its sign.
func (k matchKey) folded(v string) string {
	if k.kind == "channel" {
		v = strings.TrimPrefix(v, "#")
	}
	return strings.Map(fold, v)
}

// candidates lists the rules that may apply, in their order.
func (x *index) candidates(f *facts, t *texts) []int {
	found := slices.Clone(x.always)
	for word := range t.words {
		found = append(found, x.filed[literal{"text", word}]...)
	}
	for _, k := range x.keys {
		for _, v := range k.get(f, t) {
			found = append(found, x.filed[literal{k.name, k.folded(v)}]...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
