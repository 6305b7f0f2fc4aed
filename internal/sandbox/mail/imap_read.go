package mail

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

// node is an argument of an IMAP command: a word, a quoted string, a literal or a list.
type node struct {
	text string
	list []node // of a list, which may be empty
	kind byte   // 'a' atom, 's' string, 'l' list
}

// String is the argument as it is written in the ledger.
func (n node) String() string {
	if n.text == "" && n.kind == 's' {
		return `""`
	}
	if n.kind != 'l' {
		return n.text
	}
	words := make([]string, len(n.list))
	for i, one := range n.list {
		words[i] = one.String()
	}
	return "(" + strings.Join(words, " ") + ")"
}

// errSyntax says that a command is not IMAP.
var errSyntax = errors.New("syntax error")

// maxLiteral is the largest literal that is taken.
const maxLiteral = 64 << 10

// readIMAP reads one command with its literals as a list of arguments.
func (ss *session) readIMAP() ([]node, error) {
	line, err := ss.line(64 << 10)
	if err != nil {
		return nil, err
	}
	p := &parser{ss: ss, rest: line}
	args, err := p.items(0)
	if err == nil && p.rest != "" {
		err = errSyntax
	}
	return args, err
}

type parser struct {
	ss   *session
	rest string
}

// items reads arguments with one blank between them, to the end of the line or of the list.
func (p *parser) items(depth int) ([]node, error) {
	all := []node{}
	if depth > 20 {
		return all, errSyntax
	}
	for p.rest != "" && (depth == 0 || p.rest[0] != ')') {
		if len(all) > 0 {
			if p.rest[0] != ' ' {
				return all, errSyntax
			}
			p.rest = p.rest[1:]
		}
		n, err := p.item(depth)
		if err != nil {
			return all, err
		}
		all = append(all, n)
	}
	return all, nil
}

func (p *parser) item(depth int) (node, error) {
	if p.rest == "" {
		return node{}, errSyntax
	}
	switch p.rest[0] {
	case '(':
		p.rest = p.rest[1:]
		list, err := p.items(depth + 1)
		if err == nil && !strings.HasPrefix(p.rest, ")") {
			err = errSyntax
		}
		if err == nil {
			p.rest = p.rest[1:]
		}
		return node{kind: 'l', list: list}, err
	case '"':
		return p.quoted()
	case '{':
		return p.literal()
	}
	end, inside := 0, false
	for ; end < len(p.rest); end++ {
		c := p.rest[end]
		if c == '[' || c == ']' {
			inside = c == '['
		}
		if !inside && strings.IndexByte(" ()\"{", c) >= 0 {
			break
		}
	}
	n := node{kind: 'a', text: p.rest[:end]}
	p.rest = p.rest[end:]
	if n.text == "" || inside {
		return n, errSyntax
	}
	return n, nil
}

func (p *parser) quoted() (node, error) {
	var out strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			return node{kind: 's', text: out.String()}, nil
		case '\\':
			i++
			if i == len(p.rest) || p.rest[i] != '"' && p.rest[i] != '\\' {
				return node{}, errSyntax
			}
			out.WriteByte(p.rest[i])
		default:
			out.WriteByte(c)
		}
	}
	return node{}, errSyntax
}

// literal asks for the bytes that the client announced, and goes on with the line behind them.
func (p *parser) literal() (node, error) {
	number, ok := strings.CutSuffix(p.rest[1:], "}")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n > maxLiteral {
		return node{}, errSyntax
	}
	if err := p.ss.say("+ Ready for literal data\r\n"); err != nil {
		return node{}, err
	}
	buf := make([]byte, n)
	if _, err := io.ReadFull(p.ss.r, buf); err != nil {
		return node{}, err
	}
	p.rest, err = p.ss.line(64 << 10)
	return node{kind: 's', text: string(buf)}, err
}

// span is one piece of a set of numbers; 0 stands for the asterisk.
type span struct{ from, to uint32 }

// set reads a set such as "1,5:*".
func set(text string) ([]span, error) {
	var out []span
	for piece := range strings.SplitSeq(text, ",") {
		a, b, two := strings.Cut(piece, ":")
		if !two {
			b = a
		}
		from, err := number(a)
		if err != nil {
			return nil, err
		}
		to, err := number(b)
		if err != nil {
			return nil, err
		}
		out = append(out, span{from, to})
	}
	return out, nil
}

func number(s string) (uint32, error) {
	if s == "*" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 {
		return 0, errSyntax
	}
	return uint32(n), nil
}

// in reports whether n is in the set when last is the largest number there is.
func in(spans []span, n, last uint32) bool {
	for _, s := range spans {
		from, to := s.from, s.to
		if from == 0 {
			from = last
		}
		if to == 0 {
			to = last
		}
		if n >= min(from, to) && n <= max(from, to) {
			return true
		}
	}
	return false
}
