package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"signoff/internal/text"
)

// Functions in texts print links, dates and mentions as tokens between two private-use runes; document turns them
// into nodes. Values of requests are stripped of these runes first, so that nobody can write a token.
const (
	tokenStart = '\uE000'
	tokenPart  = '\uE001'
	tokenEnd   = '\uE002'
)

var tokenRunes = strings.NewReplacer(string(tokenStart), "", string(tokenPart), "", string(tokenEnd), "")

// plainValue strips token runes from a value that comes from outside.
func plainValue(s string) string { return tokenRunes.Replace(s) }

func token(kind rune, target, label string) string {
	return string(tokenStart) + string(kind) + plainValue(target) + string(tokenPart) + plainValue(label) + string(tokenEnd)
}

// dateToken prints a time that each reader sees in their own zone. The label names the zone for everybody else.
func dateToken(v any) (string, error) {
	t, ok := v.(time.Time)
	if !ok {
		return "", errors.New("date needs a date, such as .due")
	}
	if t.IsZero() {
		return "", nil
	}
	return token('d', strconv.FormatInt(t.Unix(), 10), t.Format("Mon 2 Jan, 15:04 MST")), nil
}

// linkToken prints a link: link "label" address, or link address.
func linkToken(args ...string) (string, error) {
	switch len(args) {
	case 1:
		return token('l', args[0], args[0]), nil
	case 2:
		return token('l', args[1], args[0]), nil
	}
	return "", fmt.Errorf("link takes a label and an address, not %d values", len(args))
}

// document reads printed text with tokens: blank lines part paragraphs, single newlines break lines.
func document(s string) text.Doc {
	var doc text.Doc
	for part := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		part = strings.Trim(part, "\n")
		if strings.TrimSpace(part) == "" {
			continue
		}
		var kids []text.Node
		for i, line := range strings.Split(part, "\n") {
			if i > 0 {
				kids = append(kids, text.Node{Kind: text.Break})
			}
			kids = append(kids, inline(line)...)
		}
		doc = append(doc, text.P(kids...))
	}
	return doc
}

// inline splits a line at its tokens.
func inline(line string) []text.Node {
	var nodes []text.Node
	for {
		start := strings.IndexRune(line, tokenStart)
		end := strings.IndexRune(line, tokenEnd)
		if start < 0 || end < start {
			break
		}
		if start > 0 {
			nodes = append(nodes, text.T(line[:start]))
		}
		if n, ok := tokenNode(line[start+len(string(tokenStart)) : end]); ok {
			nodes = append(nodes, n)
		}
		line = line[end+len(string(tokenEnd)):]
	}
	if line != "" {
		nodes = append(nodes, text.T(plainValue(line)))
	}
	return nodes
}

func tokenNode(s string) (text.Node, bool) {
	target, label, ok := strings.Cut(s, string(tokenPart))
	if !ok || target == "" {
		return text.Node{}, false
	}
	kind, target := target[0], target[1:]
	switch kind {
	case 'd':
		unix, err := strconv.ParseInt(target, 10, 64)
		return text.When(time.Unix(unix, 0).UTC(), label), err == nil
	case 'm':
		return text.Who(target, target), true
	}
	if strings.HasPrefix(target, "https://") || strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "/") {
		return text.A(label, target), true
	}
	return text.T(label), label != ""
}

// plainLine prints text with tokens as one plain line.
func plainLine(s string) string {
	return strings.Join(strings.Fields(document(s).String()), " ")
}
