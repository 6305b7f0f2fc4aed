package strictjson

import (
	"bytes"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// A scanner walks over a document once. For Decode it also finds the keys that encoding/json would match
// to a field of another case.
type scanner struct {
	data    []byte
	pos     int
	depth   int
	limits  Limits
	keys    keyring
	decode  bool
	scratch []byte // the last string that held escapes
	blank   []span // contents of keys that must not match a field
}

type span struct{ from, to int }

func (s *scanner) fail(kind Kind) error { return s.failAt(kind, s.pos) }

func (s *scanner) failAt(kind Kind, at int) error { return &Error{Kind: kind, Offset: int64(at)} }

func (s *scanner) document(t reflect.Type) error {
	if len(s.data) > s.limits.Bytes {
		return s.failAt(TooLong, s.limits.Bytes)
	}
	s.space()
	if s.pos == len(s.data) {
		return s.fail(Empty)
	}
	if err := s.value(t); err != nil {
		return err
	}
	s.space()
	if s.pos < len(s.data) {
		return s.fail(Trailing)
	}
	return nil
}

// blanked returns the data with the keys that must not match overwritten by spaces.
func (s *scanner) blanked() []byte {
	if len(s.blank) == 0 {
		return s.data
	}
	data := bytes.Clone(s.data)
	for _, b := range s.blank {
		for i := b.from; i < b.to; i++ {
			data[i] = ' '
		}
	}
	return data
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte after white space, or 0 at the end; a NUL byte in its place is a syntax error anyway.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

func (s *scanner) value(t reflect.Type) error {
	switch c := s.peek(); {
	case c == '{':
		return s.nested(t, (*scanner).object)
	case c == '[':
		return s.nested(t, (*scanner).array)
	case c == '"':
		_, err := s.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	default:
		return s.fail(Syntax)
	}
}

func (s *scanner) nested(t reflect.Type, read func(*scanner, reflect.Type) error) error {
	if s.depth == s.limits.Depth {
		return s.fail(TooDeep)
	}
	s.depth++
	s.pos++
	err := read(s, t)
	s.depth--
	return err
}

func (s *scanner) object(t reflect.Type) error {
	fields := planOf(t).fields
	seen := s.keys.open()
	defer s.keys.close(&seen)
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		child, err := s.key(&seen, fields)
		if err != nil {
			return err
		}
		if err := s.value(child); err != nil {
			return err
		}
		if done, err := s.next('}'); done || err != nil {
			return err
		}
	}
}

// key reads a key and its colon, and returns the type of the field that it fills.
func (s *scanner) key(seen *object, fields *shape) (reflect.Type, error) {
	if s.peek() != '"' {
		return nil, s.fail(Syntax)
	}
	start := s.pos
	name, err := s.text()
	if err != nil {
		return nil, err
	}
	end := s.pos
	child, twin := fields.field(name)
	if kind := s.keys.add(seen, name); kind != "" && !(kind == CaseTwin && s.harmless(child, twin)) {
		return nil, &Error{Kind: kind, Offset: int64(start), Key: string(name)}
	}
	if s.peek() != ':' {
		return nil, s.fail(Syntax)
	}
	s.pos++
	if twin {
		s.blank = append(s.blank, span{start + 1, end - 1})
	}
	return child, nil
}

// harmless reports whether a key that differs from an earlier one only in case can be let pass: Decode reads no field by
// either of them. Jira, for one, has issueType and issuetype side by side in a linked issue.
func (s *scanner) harmless(child reflect.Type, twin bool) bool {
	return s.decode && child == nil && !twin
}

func (s *scanner) array(t reflect.Type) error {
	child := planOf(t).elem
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := s.value(child); err != nil {
			return err
		}
		if done, err := s.next(']'); done || err != nil {
			return err
		}
	}
}

// next reads the comma before a further member, or the closing bracket.
func (s *scanner) next(closing byte) (done bool, err error) {
	switch s.peek() {
	case ',':
		s.pos++
		return false, nil
	case closing:
		s.pos++
		return true, nil
	default:
		return false, s.fail(Syntax)
	}
}

func (s *scanner) word(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.fail(Syntax)
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) number() error {
	start := s.pos
	if s.data[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.data) && s.data[s.pos] == '0' {
		s.pos++
	} else if err := s.digits(); err != nil {
		return err
	}
	plain := true
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		plain = false
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if err := s.digits(); err != nil {
			return err
		}
	}
	written := s.data[start:s.pos]
	if len(written) > s.limits.Number || !fits(written, plain) {
		return s.failAt(Number, start)
	}
	return nil
}

// fits reports whether a float64 can hold the number; up to 300 plain digits it always can.
func fits(written []byte, plain bool) bool {
	if plain && len(written) < 300 {
		return true
	}
	f, err := strconv.ParseFloat(string(written), 64)
	return err == nil && !math.IsInf(f, 0)
}

func (s *scanner) digits() error {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == start {
		return s.fail(Syntax)
	}
	return nil
}

// text reads a string and returns its meaning: a part of the data where nothing was escaped,
// else a copy that is good until the next string.
func (s *scanner) text() ([]byte, error) {
	s.pos++
	start := s.pos
	for {
		s.plain()
		if s.pos == len(s.data) {
			return nil, s.fail(Syntax)
		}
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], nil
		case c == '\\':
			return s.escapedText(start)
		case c < 0x20:
			return nil, s.fail(control(c))
		default:
			if err := s.rune(); err != nil {
				return nil, err
			}
		}
	}
}

// plain goes over the bytes of a string that mean themselves, which most of a document is.
func (s *scanner) plain() {
	i := s.pos
	for i < len(s.data) {
		if c := s.data[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
		i++
	}
	s.pos = i
}

func control(c byte) Kind {
	if c == 0 {
		return Nul
	}
	return Syntax
}

func (s *scanner) rune() error {
	r, size := utf8.DecodeRune(s.data[s.pos:])
	if r == utf8.RuneError && size == 1 {
		return s.fail(Encoding)
	}
	s.pos += size
	return nil
}
