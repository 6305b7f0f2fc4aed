package strictjson

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escapedText goes on where text met the first backslash.
func (s *scanner) escapedText(start int) ([]byte, error) {
	out := append(s.scratch[:0], s.data[start:s.pos]...)
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			s.scratch = out
			return out, nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		case c < 0x20:
			return nil, s.fail(control(c))
		default:
			from := s.pos
			if err := s.rune(); err != nil {
				return nil, err
			}
			out = append(out, s.data[from:s.pos]...)
		}
	}
	return nil, s.fail(Syntax)
}

// escape reads one escape sequence, or the two that make up a surrogate pair.
func (s *scanner) escape() (rune, error) {
	start := s.pos
	s.pos++
	if s.pos == len(s.data) {
		return 0, s.fail(Syntax)
	}
	c := s.data[s.pos]
	s.pos++
	if c != 'u' {
		return simple(c, func() error { return s.failAt(Syntax, s.pos-1) })
	}
	r, err := s.hex4()
	switch {
	case err != nil:
		return 0, err
	case r == 0:
		return 0, s.failAt(Nul, start)
	case !utf16.IsSurrogate(r):
		return r, nil
	}
	if s.pos+1 >= len(s.data) || s.data[s.pos] != '\\' || s.data[s.pos+1] != 'u' {
		return 0, s.failAt(Surrogate, start)
	}
	s.pos += 2
	low, err := s.hex4()
	if err != nil {
		return 0, err
	}
	pair := utf16.DecodeRune(r, low)
	if pair == utf8.RuneError {
		return 0, s.failAt(Surrogate, start)
	}
	return pair, nil
}

func simple(c byte, fail func() error) (rune, error) {
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	}
	return 0, fail()
}

func (s *scanner) hex4() (rune, error) {
	var r rune
	for range 4 {
		if s.pos == len(s.data) {
			return 0, s.fail(Syntax)
		}
		c := s.data[s.pos]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, s.fail(Syntax)
		}
		r = r<<4 | rune(c)
		s.pos++
	}
	return r, nil
}
