package confluence

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The part of CQL that the sandbox understands: clauses over the fields that operators names, joined by AND, OR, NOT and
// parentheses, and ORDER BY.

// token is a piece of CQL: a word, a quoted text, or a sign.
type token struct {
	text   string
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// condition says whether a page fits, as the search knows it.
type condition func(*page, snapshot) bool

type cqlQuery struct {
	where condition
	less  []func(a, b found) int
}

type found struct {
	page *page
	snapshot
}

// cqlParser walks over the tokens of one query.
type cqlParser struct {
	now    time.Time
	zone   *time.Location
	tokens []token
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("Could not parse cql : "+format, args...) //nolint:staticcheck // as Confluence words it
}

// parseCQL reads a query; days and times without a zone are the account's.
func parseCQL(cql string, now time.Time, zone *time.Location) (cqlQuery, error) {
	tokens, err := scanCQL(cql)
	if err == nil && len(tokens) == 0 {
		err = errors.New("The query cannot be empty") //nolint:staticcheck // as Confluence words it
	}
	if err != nil {
		return cqlQuery{}, err
	}
	p := &cqlParser{now: now, zone: zone, tokens: tokens}
	var q cqlQuery
	if q.where, err = p.either(); err != nil {
		return cqlQuery{}, err
	}
	if q.less, err = p.orderBy(); err == nil && len(p.tokens) > 0 {
		err = malformed("unexpected %q", p.peek().text)
	}
	return q, err
}

func scanCQL(cql string) ([]token, error) {
	var out []token
	rest := []rune(cql)
	for len(rest) > 0 {
		switch r := rest[0]; {
		case unicode.IsSpace(r):
			rest = rest[1:]
		case r == '"' || r == '\'':
			text, left, err := quotedCQL(rest)
			if err != nil {
				return nil, err
			}
			out, rest = append(out, token{text, true}), left
		case strings.ContainsRune("(),", r):
			out, rest = append(out, token{text: string(r)}), rest[1:]
		case strings.ContainsRune("=!<>~", r):
			n := 1
			if len(rest) > 1 && (rest[1] == '=' || r == '!' && rest[1] == '~') {
				n = 2
			}
			out, rest = append(out, token{text: string(rest[:n])}), rest[n:]
		default:
			n := slices.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`(),=!<>~"'`, r) })
			if n < 0 {
				n = len(rest)
			}
			if n == 0 {
				return nil, malformed("unexpected %q", string(r))
			}
			out, rest = append(out, token{text: string(rest[:n])}), rest[n:]
		}
	}
	return out, nil
}

// quotedCQL reads a text in quotes, where a backslash takes the next character as it is.
func quotedCQL(rest []rune) (string, []rune, error) {
	var text strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			text.WriteRune(rest[i])
		case rest[i] == rest[0]:
			return text.String(), rest[i+1:], nil
		default:
			text.WriteRune(rest[i])
		}
	}
	return "", nil, malformed("a quote is not closed")
}

func (p *cqlParser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

func (p *cqlParser) take() token {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept eats the word if it comes next.
func (p *cqlParser) accept(word string) bool {
	if len(p.tokens) == 0 || !p.peek().is(word) {
		return false
	}
	p.take()
	return true
}

func (p *cqlParser) either() (condition, error) {
	left, err := p.both()
	for err == nil && p.accept("or") {
		var right condition
		a := left
		right, err = p.both()
		left = func(g *page, s snapshot) bool { return a(g, s) || right(g, s) }
	}
	return left, err
}

func (p *cqlParser) both() (condition, error) {
	left, err := p.single()
	for err == nil && p.accept("and") {
		var right condition
		a := left
		right, err = p.single()
		left = func(g *page, s snapshot) bool { return a(g, s) && right(g, s) }
	}
	return left, err
}

func (p *cqlParser) single() (condition, error) {
	if p.accept("not") {
		inner, err := p.single()
		return func(g *page, s snapshot) bool { return !inner(g, s) }, err
	}
	if p.accept("(") {
		inner, err := p.either()
		if err == nil && !p.accept(")") {
			err = malformed("expecting ')' but got %q", p.peek().text)
		}
		return inner, err
	}
	return p.clause()
}

// operators are those of each field, in small letters.
func operators() map[string][]string {
	same, times := []string{"=", "!=", "in", "not in"}, []string{"=", "!=", ">", ">=", "<", "<="}
	return map[string][]string{
		"type": same, "label": same, "space": same, "space.key": same, "id": same, "title": {"=", "!=", "~", "!~", "in", "not in"},
		"lastmodified": times, "created": times,
	}
}

func (p *cqlParser) clause() (condition, error) {
	field, op := p.take(), strings.ToLower(p.take().text)
	name := strings.ToLower(field.text)
	known, ok := operators()[name]
	if !ok || field.quoted {
		return nil, malformed("no field exists with name : %s", field.text)
	}
	if op == "not" && p.accept("in") {
		op = "not in"
	}
	if !slices.Contains(known, op) {
		return nil, malformed("the field %s does not support the operator %q", field.text, op)
	}
	if name == "lastmodified" || name == "created" {
		return p.timeClause(name, op)
	}
	values, err := p.values(strings.HasSuffix(op, "in"))
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(values, func(v string) bool { return !slices.Contains([]string{"page", "blogpost", "comment", "attachment"}, v) }); name == "type" && i >= 0 {
		return nil, malformed("%q is no type of content", values[i])
	}
	negative := op == "!=" || op == "!~" || op == "not in"
	return func(g *page, s snapshot) bool {
		return negative != slices.ContainsFunc(values, func(v string) bool { return g.matches(s, name, op, v) })
	}, nil
}

func (p *page) matches(s snapshot, field, op, value string) bool {
	switch field {
	case "type":
		return p.kind() == value
	case "label":
		return slices.Contains(s.labels, value)
	case "space", "space.key":
		return strings.EqualFold(s.space, value)
	case "id":
		return p.idString() == value
	}
	if strings.HasSuffix(op, "~") {
		return strings.Contains(strings.ToLower(s.title), strings.ToLower(strings.Trim(value, "*")))
	}
	return s.title == value
}

// values reads one value, or a list in parentheses.
func (p *cqlParser) values(list bool) ([]string, error) {
	if list && !p.accept("(") {
		return nil, malformed("expecting a list in parentheses but got %q", p.peek().text)
	}
	var out []string
	for {
		t := p.take()
		if !t.quoted && (t.text == "" || strings.ContainsAny(t.text, "(),=!<>~")) {
			return nil, malformed("expecting a value but got %q", t.text)
		}
		out = append(out, t.text)
		if !list {
			return out, nil
		}
		if p.accept(")") {
			return out, nil
		}
		if !p.accept(",") {
			return nil, malformed("expecting ')' but got %q", p.peek().text)
		}
	}
}

func (p *cqlParser) timeClause(name, op string) (condition, error) {
	from, length, err := p.instant()
	if err != nil {
		return nil, err
	}
	end := from.Add(length)
	return func(g *page, s snapshot) bool {
		at := s.modified
		if name == "created" {
			at = g.created
		}
		switch op {
		case ">":
			return !at.Before(end) && at.After(from)
		case ">=":
			return !at.Before(from)
		case "<":
			return at.Before(from)
		case "<=":
			return at.Before(end) || at.Equal(from)
		}
		within := !at.Before(from) && (at.Before(end) || at.Equal(from))
		return within == (op == "=")
	}, nil
}

var shift = regexp.MustCompile(`^([+-]?)(\d{1,6})([yMwdhm])$`)

// instant reads now("-15m") or a literal, which is a minute or a day of the account's zone.
func (p *cqlParser) instant() (time.Time, time.Duration, error) {
	t := p.take()
	if t.is("now") {
		if !p.accept("(") {
			return time.Time{}, 0, malformed("expecting '(' but got %q", p.peek().text)
		}
		at := p.now
		if arg := p.peek(); arg.quoted {
			p.take()
			var ok bool
			if at, ok = shifted(at, arg.text); !ok {
				return at, 0, malformed("%q is no increment such as \"-15m\"", arg.text)
			}
		}
		if !p.accept(")") {
			return at, 0, malformed("expecting ')' but got %q", p.peek().text)
		}
		return at, 0, nil
	}
	for layout, length := range map[string]time.Duration{"2006-01-02 15:04": time.Minute, "2006/01/02 15:04": time.Minute, "2006-01-02": 24 * time.Hour, "2006/01/02": 24 * time.Hour} {
		if at, err := time.ParseInLocation(layout, t.text, p.zone); err == nil {
			return at, length, nil
		}
	}
	return time.Time{}, 0, malformed("%q is no date; the format is \"yyyy-MM-dd HH:mm\"", t.text)
}

func shifted(at time.Time, by string) (time.Time, bool) {
	m := shift.FindStringSubmatch(by)
	if m == nil {
		return at, false
	}
	n, err := strconv.Atoi(m[1] + m[2])
	if err != nil {
		return at, false
	}
	switch m[3] {
	case "y":
		return at.AddDate(n, 0, 0), true
	case "M":
		return at.AddDate(0, n, 0), true
	case "w":
		return at.AddDate(0, 0, 7*n), true
	case "d":
		return at.AddDate(0, 0, n), true
	case "h":
		return at.Add(time.Duration(n) * time.Hour), true
	}
	return at.Add(time.Duration(n) * time.Minute), true
}

func (p *cqlParser) orderBy() ([]func(a, b found) int, error) {
	if !p.accept("order") {
		return nil, nil
	}
	if !p.accept("by") {
		return nil, malformed("expecting 'by' but got %q", p.peek().text)
	}
	var out []func(a, b found) int
	for {
		compare, ok := map[string]func(a, b found) int{
			"lastmodified": func(a, b found) int { return a.modified.Compare(b.modified) },
			"created":      func(a, b found) int { return a.page.created.Compare(b.page.created) },
			"title":        func(a, b found) int { return strings.Compare(a.title, b.title) },
		}[strings.ToLower(p.peek().text)]
		if !ok {
			return nil, malformed("cannot order by %q", p.peek().text)
		}
		p.take()
		if p.accept("desc") {
			rising := compare
			compare = func(a, b found) int { return rising(b, a) }
		} else {
			p.accept("asc")
		}
		out = append(out, compare)
		if !p.accept(",") {
			return out, nil
		}
	}
}

// search finds the pages that somebody sees. The caller holds the lock.
func (s *Server) search(cql string, by *User) ([]*page, error) {
	now := s.opt.Now()
	q, err := parseCQL(cql, now, s.opt.Zone)
	if err != nil {
		return nil, err
	}
	var hits []found
	for _, p := range s.pages {
		known, ok := p.known(now)
		if ok && !p.gone && !p.trashed && s.shows(p, by) && q.where(p, known) {
			hits = append(hits, found{p, known})
		}
	}
	slices.SortStableFunc(hits, func(a, b found) int {
		for _, compare := range q.less {
			if n := compare(a, b); n != 0 {
				return n
			}
		}
		return 0
	})
	var out []*page
	for _, h := range hits {
		out = append(out, h.page)
	}
	return out, nil
}
