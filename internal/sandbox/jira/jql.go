package jira

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The part of JQL that the sandbox understands: clauses joined by AND, OR, NOT and parentheses over the
// fields that known and compile name, and ORDER BY.

// token is a piece of JQL: a word, a quoted string, or a sign.
type token struct {
	text   string
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// condition says whether search sees an issue in this state.
type condition func(iss *issue, v version) bool

// order is one key of ORDER BY.
type order struct {
	field string
	desc  bool
}

type query struct {
	where condition
	by    []order
}

// jqlParser walks over the tokens of one query.
type jqlParser struct {
	s      *Server
	zone   *time.Location
	tokens []token
}

// parseJQL reads a query as the given account writes it: its zone decides about absolute times.
func (s *Server) parseJQL(jql string, by *User) (query, error) {
	tokens, err := scanJQL(jql)
	if err != nil {
		return query{}, err
	}
	zone, err := time.LoadLocation(by.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	p := &jqlParser{s: s, zone: zone, tokens: tokens}
	if s.cloud() && (p.done() || p.peek().is("order")) {
		return query{}, refused("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	var q query
	q.where = func(*issue, version) bool { return true }
	if !p.done() && !p.peek().is("order") {
		if q.where, err = p.either(); err != nil {
			return query{}, err
		}
	}
	if q.by, err = p.orderBy(); err != nil {
		return query{}, err
	}
	if !p.done() {
		return query{}, refused("Error in the JQL Query: Expecting either 'OR' or 'AND' but got '%s'.", p.peek().text)
	}
	return q, nil
}

func (p *jqlParser) done() bool { return len(p.tokens) == 0 }

func (p *jqlParser) peek() token {
	if p.done() {
		return token{}
	}
	return p.tokens[0]
}

func (p *jqlParser) next() token {
	t := p.peek()
	if !p.done() {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept eats the word if it comes next.
func (p *jqlParser) accept(word string) bool {
	if p.done() || !p.peek().is(word) {
		return false
	}
	p.next()
	return true
}

func (p *jqlParser) either() (condition, error) {
	left, err := p.both()
	for err == nil && p.accept("or") {
		var right condition
		a := left
		right, err = p.both()
		left = func(i *issue, v version) bool { return a(i, v) || right(i, v) }
	}
	return left, err
}

func (p *jqlParser) both() (condition, error) {
	left, err := p.single()
	for err == nil && p.accept("and") {
		var right condition
		a := left
		right, err = p.single()
		left = func(i *issue, v version) bool { return a(i, v) && right(i, v) }
	}
	return left, err
}

func (p *jqlParser) single() (condition, error) {
	if p.accept("not") {
		inner, err := p.single()
		return func(i *issue, v version) bool { return !inner(i, v) }, err
	}
	if p.accept("(") {
		inner, err := p.either()
		if err == nil && !p.accept(")") {
			err = refused("Error in the JQL Query: Expecting ')' but got '%s'.", p.peek().text)
		}
		return inner, err
	}
	return p.clause()
}

func (p *jqlParser) clause() (condition, error) {
	field := p.next()
	if field.text == "" {
		return nil, refused("Error in the JQL Query: Expecting a field name.")
	}
	op := strings.ToLower(p.next().text)
	if op == "not" && p.accept("in") {
		op = "not in"
	}
	if op == "is" && p.accept("not") {
		op = "is not"
	}
	values, err := p.values(op)
	if err != nil {
		return nil, err
	}
	return p.compile(strings.ToLower(field.text), op, values)
}

// values reads the right side: one value, or a list for IN.
func (p *jqlParser) values(op string) ([]token, error) {
	if op != "in" && op != "not in" {
		v := p.next()
		if v.text == "" && !v.quoted {
			return nil, refused("Error in the JQL Query: Expecting a value after '%s'.", op)
		}
		return []token{v}, nil
	}
	if !p.accept("(") {
		return nil, refused("Error in the JQL Query: Expecting '(' after '%s'.", op)
	}
	var all []token
	for {
		all = append(all, p.next())
		if p.accept(")") {
			return all, nil
		}
		if !p.accept(",") {
			return nil, refused("Error in the JQL Query: Expecting ',' or ')' but got '%s'.", p.peek().text)
		}
	}
}

// compile builds the condition of a clause, or refuses what the site would refuse.
func (p *jqlParser) compile(field, op string, values []token) (condition, error) {
	switch field {
	case "updated", "updateddate", "created", "createddate":
		return p.compileTime(field, op, values[0])
	case "summary":
		return compileText(op, values[0])
	}
	want, of, err := p.known(field, values)
	if err != nil {
		return nil, err
	}
	has := func(i *issue, v version) bool {
		return slices.ContainsFunc(of(i, v), func(have string) bool {
			return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(have, w) })
		})
	}
	switch op {
	case "=", "in":
		return has, nil
	case "!=", "not in": // an empty field never matches a negative clause
		return func(i *issue, v version) bool { return len(of(i, v)) > 0 && !has(i, v) }, nil
	case "is", "is not":
		if !values[0].is("empty") && !values[0].is("null") {
			return nil, refused("The operator '%s' needs EMPTY.", op)
		}
		return func(i *issue, v version) bool { return (len(of(i, v)) == 0) == (op == "is") }, nil
	}
	return nil, refused("The operator '%s' is not supported by the '%s' field.", op, field)
}

var issueKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]+-[1-9][0-9]*$`)

// known returns the values asked for, made canonical, and how to read the field of an issue. Values that
// cannot exist are refused, as the site does when it validates a query.
func (p *jqlParser) known(field string, values []token) (want []string, of func(*issue, version) []string, err error) {
	for _, v := range values {
		want = append(want, v.text)
	}
	if values[0].is("empty") || values[0].is("null") {
		want = nil
	}
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	switch field {
	case "project":
		want, err = p.each(field, want, func(v string) (string, bool) {
			for _, known := range p.s.projects {
				if strings.EqualFold(known.Key, v) || strings.EqualFold(known.Name, v) || known.ID == v {
					return known.Key, true
				}
			}
			return "", false
		})
		return want, func(i *issue, _ version) []string { return one(i.project.Key) }, err
	case "key", "issuekey", "issue", "id":
		want, err = p.keys(want)
		return want, func(i *issue, _ version) []string { return []string{i.key, i.idString()} }, err
	case "labels":
		return want, func(_ *issue, v version) []string { return v.labels }, nil
	case "status":
		want, err = p.each(field, want, func(v string) (string, bool) {
			st := p.s.status(v)
			if st == nil {
				return "", false
			}
			return st.ID, true
		})
		return want, func(_ *issue, v version) []string { return one(v.status.ID) }, err
	case "issuetype", "type":
		return want, func(_ *issue, v version) []string { return []string{v.typ.Name, v.typ.ID} }, nil
	case "assignee":
		if !p.s.cloud() {
			want, err = p.each(field, want, func(v string) (string, bool) {
				u := p.s.byID(v)
				if u == nil {
					return "", false
				}
				return u.AccountID, true
			})
		}
		return want, func(_ *issue, v version) []string { return one(v.assignee) }, err
	case "parent":
		want, err = p.keys(want)
		return want, func(_ *issue, v version) []string { return one(p.s.keyOf(v.parent)) }, err
	}
	return nil, nil, refused("Field '%s' does not exist or you do not have permission to view it.", field)
}

func (p *jqlParser) each(field string, values []string, canonical func(string) (string, bool)) ([]string, error) {
	var all []string
	for _, v := range values {
		c, ok := canonical(v)
		if !ok {
			return nil, refused("The value '%s' does not exist for the field '%s'.", v, field)
		}
		all = append(all, c)
	}
	return all, nil
}

func (p *jqlParser) keys(values []string) ([]string, error) {
	var all []string
	for _, v := range values {
		if _, err := strconv.Atoi(v); err != nil && !issueKey.MatchString(v) {
			return nil, refused("The issue key '%s' for field 'key' is invalid.", v)
		}
		iss := p.s.find(strings.ToUpper(v))
		if iss == nil || iss.hidden {
			return nil, refused("An issue with key '%s' does not exist for field 'key'.", v)
		}
		all = append(all, iss.key)
	}
	return all, nil
}

func compileText(op string, v token) (condition, error) {
	if op != "~" && op != "!~" {
		return nil, refused("The operator '%s' is not supported by the 'summary' field.", op)
	}
	words := strings.Fields(strings.ToLower(v.text))
	return func(_ *issue, s version) bool {
		have := strings.ToLower(s.summary)
		all := !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(have, strings.Trim(w, `"*`)) })
		return all == (op == "~")
	}, nil
}

func (p *jqlParser) compileTime(field, op string, v token) (condition, error) {
	limit, err := p.moment(v.text)
	if err != nil {
		return nil, refused("Date value '%s' for field '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", v.text, field)
	}
	compare := map[string]func(time.Time) bool{
		">=": func(t time.Time) bool { return !t.Before(limit) },
		">":  func(t time.Time) bool { return t.After(limit) },
		"<=": func(t time.Time) bool { return !t.After(limit) },
		"<":  func(t time.Time) bool { return t.Before(limit) },
		"=":  func(t time.Time) bool { return t.Truncate(time.Minute).Equal(limit.Truncate(time.Minute)) },
	}[op]
	if compare == nil {
		return nil, refused("The operator '%s' is not supported by the '%s' field.", op, field)
	}
	return func(i *issue, s version) bool {
		if strings.HasPrefix(field, "created") {
			return compare(i.created)
		}
		return compare(s.updated)
	}, nil
}

var period = regexp.MustCompile(`^([+-]?)([0-9]+)([wdhm])$`)

// moment reads a time relative to now or in the zone of the account.
func (p *jqlParser) moment(s string) (time.Time, error) {
	if m := period.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return time.Time{}, err
		}
		unit := map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}[m[3]]
		d := time.Duration(n) * unit
		if m[1] == "-" {
			d = -d
		}
		return p.s.opt.Now().Add(d), nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02"} {
		if t, err := time.ParseInLocation(layout, s, p.zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", s)
}

func (p *jqlParser) orderBy() ([]order, error) {
	if !p.accept("order") {
		return nil, nil
	}
	if !p.accept("by") {
		return nil, refused("Error in the JQL Query: Expecting 'BY' after 'ORDER'.")
	}
	var all []order
	for {
		o := order{field: strings.ToLower(p.next().text)}
		if !slices.Contains([]string{"key", "issuekey", "id", "created", "updated", "priority", "status", "summary", "duedate"}, o.field) {
			return nil, refused("Not able to sort using field '%s'.", o.field)
		}
		if p.accept("desc") {
			o.desc = true
		} else {
			p.accept("asc")
		}
		if all = append(all, o); !p.accept(",") {
			break
		}
	}
	if len(all) > 7 {
		return nil, refused("The maximum number of fields in the ORDER BY clause is 7.")
	}
	return all, nil
}

// reserved characters must stand in quotes.
const reserved = "+.;?|*/%^$#@[]{}&:\\`"

// scanJQL cuts a query into tokens.
func scanJQL(jql string) ([]token, error) {
	var all []token
	for i := 0; i < len(jql); {
		switch c := jql[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'':
			text, n, err := scanQuoted(jql[i:])
			if err != nil {
				return nil, err
			}
			all, i = append(all, token{text, true}), i+n
		case strings.IndexByte("(),", c) >= 0:
			all, i = append(all, token{text: string(c)}), i+1
		case strings.IndexByte("=!<>~", c) >= 0:
			n := 1
			if i+1 < len(jql) && strings.IndexByte("=~", jql[i+1]) >= 0 {
				n = 2
			}
			all, i = append(all, token{text: jql[i : i+n]}), i+n
		default:
			n := strings.IndexAny(jql[i:], " \t\r\n\"'(),=!<>~")
			if n < 0 {
				n = len(jql) - i
			}
			if bad := strings.IndexAny(jql[i:i+n], reserved); bad >= 0 {
				return nil, refused("Error in the JQL Query: The character '%c' is a reserved JQL character. You must enclose it in a string or use the escape '\\u%04x' instead.", jql[i+bad], jql[i+bad])
			}
			all, i = append(all, token{text: jql[i : i+n]}), i+n
		}
	}
	return all, nil
}

// scanQuoted reads a string in quotes with its backslash escapes and returns its length in the query.
func scanQuoted(s string) (string, int, error) {
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return out.String(), i + 1, nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			if strings.IndexByte(`"'\ nrt`, s[i]) < 0 {
				return "", 0, refused("Error in the JQL Query: '\\%c' is an illegal JQL escape sequence.", s[i])
			}
			out.WriteByte(s[i])
		case s[i] < ' ':
			return "", 0, refused("Error in the JQL Query: control characters are not allowed.")
		default:
			out.WriteByte(s[i])
		}
	}
	return "", 0, refused("Error in the JQL Query: The quoted string '%s' has not been completed.", s[1:])
}
