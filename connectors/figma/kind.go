package figma

import (
	"net/http"
	"strings"
	"sync/atomic"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const example = `token: ${FIGMA_TOKEN}                # of an account made for signoff; what it writes carries that account's name
# token_type: personal               # personal | plan (of the organization; cannot write comments) | oauth
# token_expires: 2027-02-01          # the day it ends; a warning comes two weeks before
webhook_passcode: ${FIGMA_PASSCODE}  # for webhooks made by hand; those that signoff registers get one each
webhook: auto                        # auto (signoff registers webhooks and keeps them right) | manual
# api_url: https://api.figma.com
# site_url: https://www.figma.com      # where people open files
# images_url: https://pictures.lumen.example   # a host of your own that serves Figma's pictures (a proxy)
# teams: ["1012345678901234567"]     # whose files tell of comments and versions: the number in the team's address
# projects: ["55512345"]
# files: [DGPTIUzgnwZoTJmukb9999]    # single files, by key or address
events: [file_comment, file_version_update, library_publish]
mention: "@signoff"                  # a comment or version with this word (or #signoff) asks for sign-off
versions: named                      # named (what designers name; without any, the newest autosave) | all
# read_every: 15 minutes             # how often files of open requests are read for what no webhook told of
# per_minute: {tier1: 8, tier2: 20, tier3: 40}   # calls that signoff allows itself
`

// Kind returns what cmd lists.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "figma", Example: example, New: New}
}

const vendorFiles = ".figma.com" // and Amazon's: where Figma keeps pictures

// Connector is one account at Figma. It is safe for concurrent use.
type Connector struct {
	set      Settings
	deps     connectors.Deps
	memory   connectors.Memory
	api      *http.Client // for calls, with the token
	long     *http.Client // for answers that may be long, with the token
	pictures *http.Client // for pictures, without the token
	tiers    *tiers
	self     atomic.Pointer[user] // our own account, once known
	nameless atomic.Int64         // until when it is not asked again who we are
	site     site
	query    atomic.Pointer[connectors.Query]
	recent   recent
	places   places
}

var (
	_ connectors.Receiver  = (*Connector)(nil)
	_ connectors.Enricher  = (*Connector)(nil)
	_ connectors.Recaller  = (*Connector)(nil)
	_ connectors.Asker     = (*Connector)(nil)
	_ connectors.Source    = (*Connector)(nil)
	_ connectors.Doer      = (*Connector)(nil)
	_ connectors.Pacer     = (*Connector)(nil)
	_ connectors.Opener    = (*Connector)(nil)
	_ connectors.Registrar = (*Connector)(nil)
	_ connectors.Poller    = (*Connector)(nil)
	_ connectors.Prober    = (*Connector)(nil)
	_ connectors.Pinner    = (*Connector)(nil)
)

// New reads the settings of one account and returns its connector, which has not spoken to Figma yet.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	var s Settings
	if err := decode(&s); err != nil {
		return nil, err
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	if d.Files == nil {
		d.Files = d.HTTP
	}
	c := &Connector{set: s, deps: d, memory: d.Memory(), tiers: newTiers(s.PerMinute), site: site(s.SiteURL)}
	c.api, c.long = c.signedIn(d.HTTP(s.APIURL)), c.signedIn(d.Files(s.APIURL))
	c.pictures = d.Files(s.ImagesURL, vendorFiles, ".amazonaws.com")
	return c, nil
}

// signedIn is a client that shows our token to Figma's API and to nobody else.
func (c *Connector) signedIn(from *http.Client) *http.Client {
	client := *from
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client.Transport = outbound.Credential(next, c.set.APIURL, func(h http.Header) {
		if c.set.TokenType == oauthToken {
			h.Set("Authorization", "Bearer "+c.set.Token.Reveal())
		} else {
			h.Set("X-Figma-Token", c.set.Token.Reveal())
		}
		h.Set("User-Agent", "signoff/"+c.deps.Version)
	})
	return &client
}

// Pin returns the account with the id that a person's entry in the directory names.
func (c *Connector) Pin(id string) flow.Ref { return c.ref("user", strings.TrimSpace(id)) }

// Ask implements connectors.Asker.
func (c *Connector) Ask(q connectors.Query) { c.query.Store(&q) }

func (c *Connector) ref(kind, key string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: kind, Key: key}
}

func (c *Connector) file(key string) flow.Ref { return c.ref("file", key) }

func (c *Connector) commentRef(key, id string) flow.Ref { return c.ref("comment", key+"/"+id) }

func (c *Connector) actor(u user) flow.Actor {
	if u.ID == "" {
		return flow.Actor{}
	}
	return flow.Actor{Ref: c.ref("user", string(u.ID)), Shown: u.Handle}
}
