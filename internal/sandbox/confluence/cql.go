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

// The part of CQL that the sandbox understands: clauses over the fields that operators names, joined by AND, and ORDER BY
// lastmodified. Anything else is refused as malformed CQL is.

// token is a piece of CQL: a word, a quoted text, or a sign.
type token struct {
	text   string
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// condition says whether a page fits, as the search knows it.
type condition func(*page, snapshot) bool

type cqlQuery struct {
	where   []condition // all have to hold
	ordered bool        // by the last change, otherwise by nothing that counts
	desc    bool
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
	for first := true; first || p.accept("and"); first = false {
		one, err := p.clause()
		if err != nil {
			return cqlQuery{}, err
		}
		q.where = append(q.where, one)
	}
	if p.accept("order") {
		if !p.accept("by") || !p.accept("lastmodified") {
			return cqlQuery{}, malformed("expecting 'by lastmodified' but got %q", p.peek().text)
		}
		q.ordered, q.desc = true, p.accept("desc")
		if !q.desc {
			p.accept("asc")
		}
	}
	if len(p.tokens) > 0 {
		return cqlQuery{}, malformed("unexpected %q", p.peek().text)
	}
	return q, nil
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

// operators are those of each field, in small letters.
func operators() map[string][]string {
	same := []string{"=", "!=", "in", "not in"}
	return map[string][]string{"type": same, "label": same, "space": same, "lastmodified": {"=", "!=", ">", ">=", "<", "<="}}
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
	if name == "lastmodified" {
		return p.timeClause(op)
	}
	values, err := p.values(strings.HasSuffix(op, "in"))
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(values, func(v string) bool { return !slices.Contains([]string{"page", "blogpost", "comment", "attachment"}, v) }); name == "type" && i >= 0 {
		return nil, malformed("%q is no type of content", values[i])
	}
	negative := op == "!=" || op == "not in"
	return func(g *page, s snapshot) bool {
		return negative != slices.ContainsFunc(values, func(v string) bool {
			switch name {
			case "type":
				return g.kind() == v
			case "label":
				return slices.Contains(s.labels, v)
			}
			return strings.EqualFold(s.space, v)
		})
	}, nil
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

func (p *cqlParser) timeClause(op string) (condition, error) {
	from, length, err := p.instant()
	if err != nil {
		return nil, err
	}
	end := from.Add(length)
	return func(_ *page, s snapshot) bool {
		before, within := s.modified.Before(from), !s.modified.Before(from) && (s.modified.Before(end) || s.modified.Equal(from))
		switch op {
		case ">":
			return !before && !within
		case ">=":
			return !before
		case "<":
			return before
		case "<=":
			return before || within
		}
		return within == (op == "=")
	}, nil
}

var increment = regexp.MustCompile(`^([+-]?\d{1,6})([wdhm])$`)

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
			m := increment.FindStringSubmatch(arg.text)
			if m == nil {
				return at, 0, malformed("%q is no increment such as \"-15m\"", arg.text)
			}
			n, _ := strconv.Atoi(m[1]) // a few digits
			at = at.Add(time.Duration(n) * map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}[m[2]])
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

// search finds the pages that somebody sees. The caller holds the lock.
func (s *Server) search(cql string, by *User) ([]*page, error) {
	now := s.opt.Now()
	q, err := parseCQL(cql, now, s.opt.Zone)
	if err != nil {
		return nil, err
	}
	type hit struct {
		page *page
		at   time.Time
	}
	var hits []hit
	for _, p := range s.pages {
		known, ok := p.known(now)
		if ok && !p.gone && !p.trashed && s.shows(p, by) && !slices.ContainsFunc(q.where, func(fits condition) bool { return !fits(p, known) }) {
			hits = append(hits, hit{p, known.modified})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch {
		case !q.ordered:
			return 0
		case q.desc:
			return b.at.Compare(a.at)
		}
		return a.at.Compare(b.at)
	})
	var out []*page
	for _, h := range hits {
		out = append(out, h.page)
	}
	return out, nil
}
