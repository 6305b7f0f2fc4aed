package source

import (
	"slices"
	"strconv"
	"strings"
)

// Shape describes a map: which keys it may have. A decoder reads by it, and the JSON Schema for editors is made from it,
// so that both know the same language.
type Shape struct {
	Of   string // with its article: "a stage"
	Doc  string // a sentence or two, shown where the mouse rests
	Keys []Key  // in the order in which they should be listed
}

// Key describes one key of a Shape.
type Key struct {
	Name     string
	Form     Form
	Doc      string
	Required bool
	Instead  []string // words that people use for it: quorum for needs
	Examples []string // values as they stand in a file: 1, 2 of 3, all
	Ignored  bool     // it belongs to another version and does nothing
}

// Form says what a value may look like. It never refuses what the decoder takes; what only the whole file can tell, such as
// whether a name exists, is left to the decoder. The zero Form is anything.
type Form struct {
	kind    formKind
	words   []string
	pattern string
	least   *float64
	most    *float64
	item    *Form
	ways    []Form
	shape   func() Shape
	null    bool
}

type formKind int

const (
	anything formKind = iota
	text
	exactText
	scalar
	whole
	number
	truth
	list
	names
	shaped
	either
)

// AnyText is a text; numbers count as the text that is written.
func AnyText() Form { return Form{kind: text} }

// OneOf is one of some words.
func OneOf(words ...string) Form { return Form{kind: exactText, words: words} }

// Like is a text of a pattern, which RE2 and ECMA-262 read alike.
func Like(pattern string) Form { return Form{kind: exactText, pattern: pattern} }

// AnyScalar is a text, a number or a truth.
func AnyScalar() Form { return Form{kind: scalar} }

// Whole is a whole number from least on.
func Whole(least int) Form { f := float64(least); return Form{kind: whole, least: &f} }

// Exactly is one whole number.
func Exactly(n int) Form { f := float64(n); return Form{kind: whole, least: &f, most: &f} }

// AnyNumber is a number with or without a fraction.
func AnyNumber() Form { return Form{kind: number} }

// Between is a number within bounds.
func Between(least, most float64) Form { return Form{kind: number, least: &least, most: &most} }

// Truth is true or false, also as yes, no, on or off.
func Truth() Form { return Form{kind: truth} }

// ListOf is a list.
func ListOf(item Form) Form { return Form{kind: list, item: &item} }

// OneOrMore is an item, or a list of them.
func OneOrMore(item Form) Form { return Either(item, ListOf(item)) }

// Texts is a text or a list of texts.
func Texts() Form { return OneOrMore(AnyText()) }

// Named is a map from names to values; the names are free, or of a pattern.
func Named(value Form, pattern ...string) Form {
	return Form{kind: names, item: &value, pattern: strings.Join(pattern, "")}
}

// Keyed is a map of a Shape.
func Keyed(shape func() Shape) Form { return Form{kind: shaped, shape: shape} }

// Either is any of several forms.
func Either(ways ...Form) Form { return Form{kind: either, ways: ways} }

// OrNamed lets a map of a Shape have further keys with free names.
func (f Form) OrNamed(further Form) Form { f.item, f.pattern = further.item, further.pattern; return f }

// OrEmpty lets nothing stand after the key as well.
func (f Form) OrEmpty() Form { f.null = true; return f }

// Names lists the keys of the shape in their order.
func (s Shape) Names() []string {
	out := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		out[i] = k.Name
	}
	return out
}

// Key returns the description of a key.
func (s Shape) Key(name string) (Key, bool) {
	i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return s.Keys[i], true
}

// Words lists the words of a key whose value is one of some.
func (s Shape) Words(key string) []string {
	k, _ := s.Key(key)
	return k.Form.words
}

// instead returns the key that people mean by another word.
func (s Shape) instead(word string) (string, bool) {
	meant := map[string]string{}
	var words []string
	for _, k := range s.Keys {
		for _, w := range k.Instead {
			meant[w], words = k.Name, append(words, w)
		}
	}
	if key, ok := meant[word]; ok {
		return key, true
	}
	near, ok := Nearest(word, words)
	return meant[near], ok
}

// examples shows a key with values that it may have: "needs: 1, needs: 2 of 3".
func (k Key) examples() string {
	lines := make([]string, len(k.Examples))
	for i, e := range k.Examples {
		lines[i] = k.Name + ": " + e
	}
	return strings.Join(lines, ", ")
}

// Map checks that n is a map of the given shape. It reports unknown and missing keys and returns whether n is a map at all.
func (d *Decoder) Map(n *Node, s Shape) bool {
	if n == nil {
		return false
	}
	if n.kind != Map {
		d.wrong(n, s.Of, "keys and values")
		return false
	}
	for key := range n.Pairs() {
		if _, known := s.Key(key.value); !known {
			d.unknown(key, s)
		}
	}
	for _, k := range s.Keys {
		if k.Required && n.Key(k.Name) == nil {
			d.Require(n, s.Of, k.Name)
		}
	}
	return true
}

func (d *Decoder) unknown(key *Node, s Shape) {
	names := s.Names()
	d.Errorf(key.pos, CodeUnknown, "%s is not a key of %s", strconv.Quote(key.value), s.Of)
	meant, ok := Nearest(key.value, names)
	if !ok {
		meant, ok = s.instead(key.value)
	}
	k, _ := s.Key(meant)
	switch {
	case !ok && len(names) <= 12:
		d.Hint("known: %s", strings.Join(names, ", "))
	case ok && len(k.Examples) > 0:
		d.Hint("did you mean %q?   (e.g. %s)", meant, k.examples())
	case ok:
		d.Hint("did you mean %q?", meant)
	}
}
