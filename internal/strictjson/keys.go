package strictjson

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// many is the number of keys from which an object is looked up in a map: below it comparing is faster,
// above it comparing would let a hostile document cost the square of its length.
const many = 16

// A keyring holds the keys of the objects that are open, each in its folded and its exact form.
type keyring struct {
	keys []key
	text []byte
}

type key struct{ folded, exact span } // in keyring.text

// An object remembers where its keys begin in the ring.
type object struct {
	keys, text int
	index      map[string][]byte // folded to exact, once there are many
}

func (k *keyring) open() object { return object{keys: len(k.keys), text: len(k.text)} }

func (k *keyring) close(o *object) { k.keys, k.text = k.keys[:o.keys], k.text[:o.text] }

// add notes a key of the innermost object and says what is wrong with it, if anything.
func (k *keyring) add(o *object, exact []byte) Kind {
	from := len(k.text)
	k.text = appendFold(k.text, exact)
	folded := k.text[from:]
	if twin, found := k.find(o, folded); found {
		if bytes.Equal(twin, exact) {
			return Duplicate
		}
		return CaseTwin
	}
	if o.index != nil {
		o.index[string(folded)] = bytes.Clone(exact)
		k.text = k.text[:from]
		return ""
	}
	middle := len(k.text)
	k.text = append(k.text, exact...)
	k.keys = append(k.keys, key{span{from, middle}, span{middle, len(k.text)}})
	if len(k.keys)-o.keys > many {
		k.toIndex(o)
	}
	return ""
}

func (k *keyring) find(o *object, folded []byte) (exact []byte, found bool) {
	if o.index != nil {
		exact, found = o.index[string(folded)]
		return exact, found
	}
	for _, other := range k.keys[o.keys:] {
		if bytes.Equal(k.at(other.folded), folded) {
			return k.at(other.exact), true
		}
	}
	return nil, false
}

func (k *keyring) toIndex(o *object) {
	o.index = make(map[string][]byte, 4*many)
	for _, other := range k.keys[o.keys:] {
		o.index[string(k.at(other.folded))] = bytes.Clone(k.at(other.exact))
	}
	k.close(o)
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
