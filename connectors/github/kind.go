package github

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

const example = `token: ${GITHUB_TOKEN}               # a fine-grained token; or the app below
# app:                               # a GitHub App instead of the token
#   id: Iv23liSignoff                # its client id, or its number in quotes
#   private_key: ${GITHUB_APP_KEY}   # the PEM file's text
# token_expires: 2027-02-01          # the day the token ends, where GitHub does not say; a warning comes two weeks before
webhook_secret: ${GITHUB_WEBHOOK_SECRET}   # make one with: openssl rand -hex 32
webhook: auto                        # auto (signoff registers it and keeps it right) | manual
# api_url: https://api.github.com    # GitHub Enterprise Server: https://HOST/api/v3
# url: https://github.com            # where people open it
# Under tracker: the repository whose issues are the tickets.
repository: lumen/requests
# status:                            # status word -> state of the issue, and the label that says so
#   approved: closed
#   declined: {state: closed, reason: not planned, label: "signoff:declined"}
# bypass: flag                       # an issue closed past an open approval by hand: flag (say so) | move back
# read_every: 15 minutes             # how often open tickets and pull requests are read for what no webhook told of
# writes_per_day: 5000
# Under connectors: the repositories whose pull requests are decided on.
repositories: [lumen/site]
# label: signoff                     # an issue or pull request with this label becomes a request; none: never
# reviews: votes                     # a reviewer's review on GitHub: votes (counts) | comments
# commit_status: signoff             # the decision as a commit status of this name; left out: a comment alone
# rules:                             # the rule files live in this repository: what is merged is taken over, what is proposed is reviewed
#   repository: lumen/studio-rules
#   branch: main
#   folder: rules                    # left out: the whole repository
`

// Kind returns what cmd lists.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "github", Either: true, Example: example, New: New}
}

// Connector is one account or app at GitHub. It is safe for concurrent use.
type Connector struct {
	set    Settings
	deps   connectors.Deps
	memory connectors.Memory
	api    *gogithub.Client // shapes requests
	http   *http.Client     // sends them
	app    *app             // nil with a token
	self   atomic.Pointer[account]
	query  atomic.Pointer[connectors.Query]
	names  names
	pins   pins
	cache  cache
	swept  atomic.Int64
	ends   atomic.Int64 // when the token ends, as GitHub said last
}

var (
	_ connectors.Tracker    = (*Connector)(nil)
	_ connectors.Receiver   = (*Connector)(nil)
	_ connectors.Enricher   = (*Connector)(nil)
	_ connectors.Asker      = (*Connector)(nil)
	_ connectors.Identifier = (*Connector)(nil)
	_ connectors.Guesser    = (*Connector)(nil)
	_ connectors.Pinner     = (*Connector)(nil)
	_ connectors.Pacer      = (*Connector)(nil)
	_ connectors.Conversant = (*Connector)(nil)
	_ connectors.Wayward    = (*Connector)(nil)
	_ connectors.Registrar  = (*Connector)(nil)
	_ connectors.Source     = (*Connector)(nil)
	_ connectors.Poller     = (*Connector)(nil)
	_ connectors.Prober     = (*Connector)(nil)
	_ connectors.Shelf      = (*Connector)(nil)
)

// New reads the settings of one connection and returns its connector, which has not spoken to GitHub yet.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	var s Settings
	if err := decode(&s); err != nil {
		return nil, err
	}
	if err := s.complete(d.Tracker); err != nil {
		return nil, err
	}
	c := &Connector{set: s, deps: d, memory: d.Memory()}
	if s.App != nil {
		c.app = &app{id: s.App.ID, key: s.App.key}
	}
	client := *d.HTTP(s.APIURL)
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client.Transport = &signing{c: c, next: next}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http, c.api = &client, gogithub.NewClient(nil)
	base, err := url.Parse(s.APIURL + "/")
	if err != nil {
		return nil, fmt.Errorf("address of the API: %w", err)
	}
	c.api.BaseURL, c.api.UserAgent = base, "signoff/"+d.Version
	return c, nil
}

// Ask takes what is known of requests.
func (c *Connector) Ask(q connectors.Query) { c.query.Store(&q) }

// asked is what is known of requests, nil before anybody said so.
func (c *Connector) asked() connectors.Query {
	if q := c.query.Load(); q != nil {
		return *q
	}
	return nil
}

func (c *Connector) ref(kind, key string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: kind, Key: key}
}

// page is where people open something: page("lumen/site#7", "pull").
func (c *Connector) page(at place, kind string) string {
	return fmt.Sprintf("%s/%s/%s/%d", c.set.URL, at.full(), kind, at.Number)
}

// mine reports whether a repository, by the name people gave it, is one of those set up.
func (c *Connector) mine(full string) bool {
	for _, one := range c.repositories() {
		if strings.EqualFold(one, full) {
			return true
		}
	}
	return false
}

// repositories are those that the instance works with.
func (c *Connector) repositories() []string {
	if c.deps.Tracker {
		return []string{c.set.Repository}
	}
	return c.set.Repositories
}

// hooked are the repositories whose webhooks it looks after: those it works with, and the one of the rules.
func (c *Connector) hooked() []string {
	all := c.repositories()
	if c.set.Rules != nil && !c.mine(c.set.Rules.Repository) {
		return append(slices.Clone(all), c.set.Rules.Repository)
	}
	return all
}
