package jira_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
)

// What only some may read in Jira is not even stored; what is stored says the same as all of it.
func TestAccept_KeepsNoRestrictedWords(t *testing.T) {
	t.Parallel()
	const (
		issue   = `"issue":{"id":"10042","key":"DES-7","fields":{"summary":"Hero","comment":{"comments":[{"id":"1","body":"secret before"}]}}}`
		comment = `"comment":{"id":"10019","self":"https://lumen.atlassian.net/rest/api/2/issue/10042/comment/10019","author":{"accountId":"jon","displayName":"Jon Park"},"updated":"2026-11-22T08:28:43.456+0000","body":"secret now"`
		change  = `"changelog":{"id":"7","items":[{"field":"status","toString":"Done"},{"field":"Comment","fromString":"secret then","toString":"secret now"}]}`
		head    = `{"timestamp":1763800123456,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_comment_edited",`
	)
	cases := map[string]struct {
		body string
		gone []string // words that are not kept
		all  bool     // everything is kept
	}{
		"for a role":      {head + issue + `,` + change + `,` + comment + `,"visibility":{"type":"role","value":"Developers"}}}`, []string{"secret"}, false},
		"internal":        {head + comment + `,"jsdPublic":false}}`, []string{"secret"}, false},
		"open":            {head + comment + `}}`, nil, true},
		"open, and older": {head + issue + `,` + comment + `}}`, []string{"secret before"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := offline(t)
			acc, err := conn.Accept(hook([]byte(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			if c.all != (acc.Kept == nil) {
				t.Fatalf("kept %s, want all of it: %v", acc.Kept, c.all)
			}
			for _, word := range c.gone {
				if strings.Contains(string(acc.Kept), word) {
					t.Errorf("%q is kept in %s", word, acc.Kept)
				}
			}
			if c.all {
				return
			}
			whole, err := conn.Parse(flow.Delivery{ID: "jira/1", Instance: "jira", Body: []byte(c.body)})
			if err != nil {
				t.Fatal(err)
			}
			short, err := conn.Parse(flow.Delivery{ID: "jira/1", Instance: "jira", Body: acc.Kept})
			if diff := cmp.Diff(whole, short); diff != "" || err != nil || len(whole) == 0 {
				t.Errorf("what is kept says something else (%v, %d events):\n%s", err, len(whole), diff)
			}
		})
	}
}
