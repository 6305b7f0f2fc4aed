package strictjson

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// many is the number of keys from which an object is looked up in sets: below it comparing is faster,
// above it comparing would let a hostile document cost the square of its length.
const many = 16

// A keyring holds the keys of the objects that are open, each in its folded and its exact form.
type keyring struct {
	keys []key
	text []byte
}

type key struct{ folded, exact span } // in keyring.text

// An object remembers where its keys begin in the ring. Once there are many they are in the two sets instead.
type object struct {
	keys, text    int
	exact, folded map[string]struct{}
}

func (k *keyring) open() object { return object{keys: len(k.keys), text: len(k.text)} }

func (k *keyring) close(o *object) { k.keys, k.text = k.keys[:o.keys], k.text[:o.text] }

// add notes a key of the innermost object and says how it clashes with an earlier one, if it does.
func (k *keyring) add(o *object, name []byte) Kind {
	from := len(k.text)
	k.text = appendFold(k.text, name)
	middle := len(k.text)
	k.text = append(k.text, name...)
	added := key{span{from, middle}, span{middle, len(k.text)}}
	clash := k.clash(o, added)
	if o.exact != nil {
		o.note(k, added)
		k.text = k.text[:from]
		return clash
	}
	k.keys = append(k.keys, added)
	if len(k.keys)-o.keys > many {
		k.toSets(o)
	}
	return clash
}

func (k *keyring) clash(o *object, added key) Kind {
	exact, folded := k.at(added.exact), k.at(added.folded)
	if o.exact != nil {
		if _, twice := o.exact[string(exact)]; twice {
			return Duplicate
		}
		if _, twin := o.folded[string(folded)]; twin {
			return CaseTwin
		}
		return ""
	}
	clash := Kind("")
	for _, other := range k.keys[o.keys:] {
		if !bytes.Equal(k.at(other.folded), folded) {
			continue
		}
		if bytes.Equal(k.at(other.exact), exact) {
			return Duplicate
		}
		clash = CaseTwin
	}
	return clash
}

func (k *keyring) toSets(o *object) {
	o.exact, o.folded = make(map[string]struct{}, 4*many), make(map[string]struct{}, 4*many)
	for _, earlier := range k.keys[o.keys:] {
		o.note(k, earlier)
	}
	k.close(o)
}

func (o *object) note(k *keyring, name key) {
	o.exact[string(k.at(name.exact))] = struct{}{}
	o.folded[string(k.at(name.folded))] = struct{}{}
}

func (k *keyring) at(s span) []byte { return k.text[s.from:s.to] }

// appendFold writes name so that two names that encoding/json takes for the same field become equal.
func appendFold(out, name []byte) []byte {
	for i := 0; i < len(name); {
		c := name[i]
		if c < utf8.RuneSelf {
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			out = append(out, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(name[i:])
		out = utf8.AppendRune(out, foldRune(r))
		i += size
	}
	return out
}

// foldRune returns the smallest of the runes that differ from r only in case, so that the Kelvin sign is a K.
func foldRune(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
