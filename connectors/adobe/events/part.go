// Package events joins signoff to Adobe I/O Events: assets of Experience Manager and of Creative Cloud that requests link to are
// followed by what their events say, which Adobe signs with keys of its own.
//
// Keys of references: {asset, urn:aaid:…}; {aem, HOST/content/dam/…} for what people link to by its path; {user, ID}.
package events

import (
	"context"
	"net/http"
	"sync/atomic"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

// Door is the first part of the addresses of these webhooks, behind the instance.
const Door = "io"

// Part is the connection to I/O Events. It is safe for concurrent use.
type Part struct {
	connectors.Memory
	set      Settings
	deps     connectors.Deps
	client   *api.Client // nil without a client secret
	journal  *api.Client // likewise, or without a journal
	keys     *keys
	query    atomic.Pointer[connectors.Query]
	validate atomic.Pointer[string] // an address that Adobe wants somebody to open
}

// New makes the part. It speaks to nobody yet.
func New(s Settings, d connectors.Deps) (*Part, error) {
	p := &Part{Memory: d.Memory(), set: s, deps: d}
	keysClient := *d.HTTP(s.KeysURL)
	keysClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.keys = newKeys(s.KeysURL, &keysClient, d.Now)
	if s.ClientSecret.Empty() {
		return p, nil
	}
	p.client = &api.Client{
		Service: "Adobe I/O", Setting: "connectors.adobe.events", Base: s.APIURL, Hosts: []string{".adobe.io"}, Agent: "signoff/" + d.Version,
		HTTP: d.Files(s.APIURL, ".adobe.io"),
		Auth: &api.IMS{
			URL: s.IMSURL, ID: s.ClientID, Secret: s.ClientSecret, Scopes: s.Scopes, Setting: "connectors.adobe.events.client_secret",
			HTTP: d.HTTP(s.IMSURL), Now: d.Now, Named: true,
		},
	}
	if s.JournalURL != "" {
		journal := *p.client
		journal.Base, journal.HTTP = s.JournalURL, d.Files(s.JournalURL, ".adobe.io")
		p.journal = &journal
	}
	return p, nil
}

// Ask implements connectors.Asker.
func (p *Part) Ask(q connectors.Query) { p.query.Store(&q) }

func (p *Part) ref(kind, key string) flow.Ref {
	return flow.Ref{System: p.deps.Instance, Type: kind, Key: key}
}

// Mine reports whether a reference is of an asset that these events tell of.
func (p *Part) Mine(ref flow.Ref) bool { return ref.Type == "asset" || ref.Type == "aem" }

// touching reports whether a request follows something: an open one, or the one it was approved in.
func (p *Part) touching(ctx context.Context, ref flow.Ref) (bool, error) {
	_, ok, err := api.Followed(ctx, p.query.Load(), ref, true)
	return ok, err
}
