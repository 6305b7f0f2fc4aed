package jira

import (
	"context"
	"net/url"
	"regexp"

	"signoff/connectors"
	"signoff/internal/text"
)

// Whom a comment mentions is an id that says nothing to people. Their names are asked for once and then stay as they were,
// so that the same words are read the same each time they come.

var mentioned = regexp.MustCompile(`\[~(?:accountid:)?([^\]\[|\s]{1,128})\]`)

// mostNames is how many people of one comment are named; more are somebody.
const mostNames = 20

// mentions lists the accounts that a comment mentions.
func mentions(body string) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range mentioned.FindAllStringSubmatch(body, -1) {
		if id := m[1]; !seen[id] && len(out) < mostNames {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

type keptName struct {
	Shown string `json:"shown"` // empty: Jira does not show them
}

func nameKey(id string) string { return "name/" + hash(id) }

// namesIn finds out what the people are called whom a comment mentions.
func (c *Connector) namesIn(ctx context.Context, body string) (map[string]string, error) {
	var out map[string]string
	for _, id := range mentions(body) {
		shown, err := c.nameOf(ctx, id)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = map[string]string{}
		}
		out[id] = shown
	}
	return out, nil
}

func (c *Connector) nameOf(ctx context.Context, id string) (string, error) {
	var k keptName
	if ok, err := c.memory.Load(ctx, nameKey(id), &k); ok || err != nil {
		return k.Shown, err
	}
	e, err := c.edition(ctx)
	if err != nil {
		return "", err
	}
	q := url.Values{"accountId": {id}}
	if e == server {
		q = url.Values{"username": {id}}
	}
	r := get("read user", "user", q)
	r.scope = "the account"
	var a account
	err = c.do(ctx, r, &a)
	if err != nil && connectors.ClassOf(err) != connectors.Rejected {
		return "", err
	}
	k.Shown = a.Shown
	c.memory.Note(nameKey(id), k)
	return k.Shown, nil
}

// readWords reads what people wrote in a comment.
func readWords(body string, names map[string]string) text.Doc {
	return parseWiki(body, func(account string) (person, shown string) { return "", names[account] })
}
