package jira

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	gojira "github.com/andygrunwald/go-jira"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const example = `url: https://lumen.atlassian.net
# cloud_id: 11223344-a1b2-3b33-c444-def123456789   # for service accounts with scoped tokens
# deployment: server               # Data Center; signoff asks Jira where this is left out
user: signoff-bot@lumen.example    # Data Center: leave it out, the token is enough
token: ${JIRA_TOKEN}
# token_expires: 2027-06-30        # the day it ends; a warning comes two weeks before
webhook_secret: ${JIRA_WEBHOOK_SECRET}   # make one with: openssl rand -hex 32
# webhook_token: ${JIRA_WEBHOOK_TOKEN}   # Data Center before 10 cannot sign: the end of the webhook's address
webhook: auto                      # auto (signoff registers it and keeps it right) | manual
writes_per_day: 5000
bypass: flag                       # a ticket moved past an open approval by hand: flag (say so) | move back
attachments: keep                  # files added in Jira: keep (there) | to thread
# read_every: 15 minutes           # how often open tickets are read for what no webhook told of
projects:
  DES:
    issue_type: Task
    subtask_type: Sub-task         # for subtasks, and for requests that name a ticket as their parent
    fields:                        # signoff field -> Jira field, by name or customfield id
      brand: Brand
      region: Region
      due: Due date
      effort_hours: Original estimate
      campaign: Parent             # an epic, or the ticket above; the Epic Link on Data Center
      asset_link: {field: "Asset link", owner: signoff}
      priority: {field: Priority, values: {low: Low, normal: Medium, high: High}, owner: jira}
    status:                        # status word -> Jira status; unmapped ones leave the ticket where it is
      intake: To Do
      in_progress: In Progress
      in_review: In Review
      approved: {status: Done, path: [In Review]}   # path: statuses on the way, where signoff cannot find them itself
      declined: {status: "Won't Do", fields: {resolution: "Won't Do"}}
`

// Kind returns what cmd lists.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "jira", Tracker: true, Example: example, New: New}
}

// Connector is one Jira site. It is safe for concurrent use.
type Connector struct {
	set    Settings
	deps   connectors.Deps
	memory connectors.Memory
	api    *gojira.Client
	files  *http.Client // for the bytes of files; follows no redirects
	meta   metaCache
	self   atomic.Pointer[account] // our own account, once known
	swept  atomic.Int64            // the second in which receipts were last swept
	kind   atomic.Pointer[edition] // which Jira it is, once known
	limit  atomic.Pointer[limits]  // of attachments, for a while
	near   atomic.Int64            // until when we go slowly
	hops   hops                    // how often tickets are changed
}

var (
	_ connectors.Tracker    = (*Connector)(nil)
	_ connectors.Receiver   = (*Connector)(nil)
	_ connectors.Enricher   = (*Connector)(nil)
	_ connectors.Identifier = (*Connector)(nil)
	_ connectors.Pinner     = (*Connector)(nil)
	_ connectors.Pacer      = (*Connector)(nil)
	_ connectors.Attacher   = (*Connector)(nil)
	_ connectors.Opener     = (*Connector)(nil)
	_ connectors.Guesser    = (*Connector)(nil)
	_ connectors.Conversant = (*Connector)(nil)
	_ connectors.Wayward    = (*Connector)(nil)
	_ connectors.Registrar  = (*Connector)(nil)
)

// New reads the settings of one site and returns its connector, which has not spoken to Jira yet.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	var s Settings
	if err := decode(&s); err != nil {
		return nil, err
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	client := signedIn(d.HTTP(s.APIURL), s, d.Version)
	api, err := gojira.NewClient(client, s.APIURL)
	if err != nil {
		return nil, fmt.Errorf("address of Jira: %w", err)
	}
	if d.Files == nil {
		d.Files = d.HTTP
	}
	files := signedIn(d.Files(s.APIURL), s, d.Version)
	files.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Connector{set: s, deps: d, memory: d.Memory(), api: api, files: files}, nil
}

// signedIn is a client that shows our token to the site and to nobody else.
func signedIn(from *http.Client, s Settings, version string) *http.Client {
	client := *from
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client.Transport = outbound.Credential(next, s.APIURL, func(h http.Header) {
		r := http.Request{Header: h}
		if s.User == "" {
			h.Set("Authorization", "Bearer "+s.Token.Reveal())
		} else {
			r.SetBasicAuth(s.User, s.Token.Reveal())
		}
		h.Set("User-Agent", "signoff/"+version)
	})
	return &client
}

// Pin returns the account with the id that a person's entry in the directory names.
func (c *Connector) Pin(id string) flow.Ref { return c.user(strings.TrimSpace(id)) }

func (c *Connector) user(id string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: "user", Key: id}
}

// issue names a ticket by its numeric id, which stays when the ticket moves to another project.
func (c *Connector) issue(id string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: "issue", Key: id}
}

// commentRef names a comment by its ticket and its own id.
func (c *Connector) commentRef(issue, id string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: "comment", Key: issue + "/" + id}
}

// file names an attachment by its id, which is unique on the site.
func (c *Connector) file(id string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: "attachment", Key: id}
}

// browse is where people open a ticket.
func (c *Connector) browse(key string) string { return c.set.URL + "/browse/" + key }
