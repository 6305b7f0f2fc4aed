package confluence

import (
	"net/http"
	"sync/atomic"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const example = `url: https://lumen.atlassian.net      # Data Center: its address, with the path if it has one
# cloud_id: 11223344-a1b2-3b33-c444-def123456789   # for service accounts with scoped tokens
user: signoff-bot@lumen.example    # Data Center: leave it out, the token is enough
token: ${CONFLUENCE_TOKEN}         # Cloud: Jira's will do, ${JIRA_TOKEN}
# token_expires: 2027-06-30        # the day it ends; a warning comes two weeks before
# api_url: https://proxy.lumen.example   # where the API is reached, when not under url
label: signoff                     # a page with this label becomes a request; "" for none
# spaces: [DES, MKT]               # only there; left out: everywhere the account can read
# webhook_secret: ${CONFLUENCE_WEBHOOK_SECRET}   # Data Center: of the webhook that rings
`

// Kind returns what cmd lists.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "confluence", Example: example, New: New}
}

// Connector is one Confluence. It is safe for concurrent use.
type Connector struct {
	set    Settings
	deps   connectors.Deps
	memory connectors.Memory
	http   *http.Client
	self   atomic.Pointer[person] // our own account, once known
	query  atomic.Pointer[connectors.Query]
}

var (
	_ connectors.Briefer  = (*Connector)(nil)
	_ connectors.Receiver = (*Connector)(nil)
	_ connectors.Enricher = (*Connector)(nil)
	_ connectors.Asker    = (*Connector)(nil)
	_ connectors.Poller   = (*Connector)(nil)
	_ connectors.Prober   = (*Connector)(nil)
	_ connectors.Doer     = (*Connector)(nil)
	_ connectors.Pacer    = (*Connector)(nil)
)

// New reads the settings of one Confluence and returns its connector, which has not spoken to it yet.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	s := Settings{Label: unset}
	if err := decode(&s); err != nil {
		return nil, err
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	c := &Connector{set: s, deps: d, memory: d.Memory()}
	client := *d.HTTP(s.APIURL)
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
		h.Set("User-Agent", "signoff/"+d.Version)
	})
	// A redirect leads to a page for signing in; what it would take along is not for there.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &client
	return c, nil
}

// Ask implements connectors.Asker.
func (c *Connector) Ask(q connectors.Query) { c.query.Store(&q) }

func (c *Connector) ref(kind, key string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: kind, Key: key}
}

func (c *Connector) page(id string) flow.Ref { return c.ref(pageType, id) }

func (c *Connector) actor(p person) flow.Actor {
	if p.id() == "" {
		return flow.Actor{}
	}
	return flow.Actor{Ref: c.ref("user", p.id()), Shown: p.Shown, Email: p.Email}
}
