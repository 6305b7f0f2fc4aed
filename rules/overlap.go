package rules

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/source"
)

// mostCompared is how many earlier rules with the same word one rule is compared with.
const mostCompared = 20

// overlaps warns of two rules that name the same words, of which neither is the more particular one, and that do different things:
// which of them applies to such a request is decided by their order alone. reaches are what the rules accept, filed the earlier
// rules by words.
func (l *loader) overlaps(reaches []reach) {
	all := l.set.rules.rules
	filed := map[string][]int{}
	for j, r := range all {
		if r.broken || len(reaches[j].keys) == 0 {
			continue
		}
		if i, shared, ok := l.overlapping(j, reaches, filed); ok {
			l.overlap(all[i], r, shared)
		}
		if r.goOn || r.hasIf || r.ignore {
			continue // it does not take the request away from later rules, or is meant as an exception
		}
		for _, key := range reaches[j].keys {
			if !particular(key) {
				continue
			}
			for _, w := range reaches[j].words[key] {
				if at := key + " " + w; len(filed[at]) < mostCompared {
					filed[at] = append(filed[at], j)
				}
			}
		}
	}
}

// particular reports whether a key parts requests so finely that two rules with the same word are about the same thing. Nearly
// everything comes from the same few sources.
func particular(key string) bool {
	name, kind, _ := strings.Cut(key, " ")
	return kind != "exact" && slices.Contains([]string{"text", "title", "channel", "labels", "type", "file", "from_domain"}, name)
}

// overlapping finds the first earlier rule that is about the same words, and one word of each key that they share.
func (l *loader) overlapping(j int, reaches []reach, filed map[string][]int) (earlier int, shared []string, ok bool) {
	earlier = -1
	for _, key := range reaches[j].keys {
		for _, w := range reaches[j].words[key] {
			for _, i := range filed[key+" "+w] {
				if earlier >= 0 && i >= earlier {
					continue
				}
				if words, both := reaches[i].meets(reaches[j]); both && l.differ(i, j) {
					earlier, shared = i, words
				}
			}
		}
	}
	return earlier, shared, earlier >= 0
}

// meets reports whether a request can be accepted by both although neither accepts all that the other does, and names a word of
// each key that both have.
func (r reach) meets(other reach) (shared []string, ok bool) {
	if r.covers(other) || other.covers(r) {
		return nil, false
	}
	partly := false
	for _, key := range r.keys {
		theirs, both := other.words[key]
		switch {
		case !both && particular(key):
			return nil, false // it is the more particular one, and stands first as it should
		case !both:
			continue
		}
		i := slices.IndexFunc(theirs, func(w string) bool { return slices.Contains(r.words[key], w) })
		if i < 0 {
			return nil, false
		}
		if particular(key) {
			shared = append(shared, said(key, theirs[i]))
			partly = partly || !sameWords(theirs, r.words[key])
		}
	}
	return shared, partly
}

func sameWords(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(w string) bool { return !slices.Contains(b, w) })
}

// said names a word of a key as people speak of it.
func said(key, word string) string {
	name, kind, _ := strings.Cut(key, " ")
	switch {
	case kind == "contains":
		return fmt.Sprintf("with the word %q", word)
	case name == "channel":
		return "in #" + strings.TrimPrefix(word, "#")
	}
	return fmt.Sprintf("with the %s %q", strings.ReplaceAll(name, "_", " "), word)
}

// differ reports whether two rules do different things.
func (l *loader) differ(i, j int) bool {
	return doneOf(l.set.rules.rules[i].doRaw) != doneOf(l.set.rules.rules[j].doRaw)
}

func (l *loader) overlap(first, r *rule, shared []string) {
	l.Warnf(r.pos, "SO211", "%q and %q (%s) both accept a request %s, and do different things", r.name, first.name, l.where(first, r), strings.Join(shared, " and "))
	l.Hint("%q comes first and wins; if that is meant, leave the shared word out of one of them", first.name)
}

// where names the place of a rule as seen from another.
func (l *loader) where(r, from *rule) string {
	if r.pos.File != from.pos.File {
		return at(r.pos)
	}
	return fmt.Sprintf("line %d", r.pos.Line)
}

// doneOf hashes what stands under do:, labels aside: two rules that differ in labels alone do the same.
func doneOf(n *source.Node) string {
	if n.Kind() != source.Map {
		return digestOf([]*source.Node{n})
	}
	var parts []string
	for key, value := range n.Without("labels").Pairs() {
		parts = append(parts, key.Value()+" "+digestOf([]*source.Node{value}))
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n")
}
