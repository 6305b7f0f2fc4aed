// Package workfront joins signoff to Adobe Workfront's event subscriptions: documents that requests link to are followed version
// by version, what is said of them is shown, and what was decided is written to them as an update.
//
// Keys of references: {workfront, CODE/ID} with the kind of the object (DOCU, TASK, OPTASK, PROJ); {update, CODE/ID/NOTE};
// {user, ID}.
package workfront

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

// Door is the first part of the addresses of these webhooks, behind the instance.
const Door = "workfront"

// Part is the connection to Workfront. It is safe for concurrent use.
type Part struct {
	connectors.Memory
	set    Settings
	deps   connectors.Deps
	client *api.Client // nil without credentials
	query  atomic.Pointer[connectors.Query]
}

// New makes the part. It speaks to nobody yet.
func New(s Settings, d connectors.Deps) (*Part, error) {
	p := &Part{Memory: d.Memory(), set: s, deps: d}
	if auth := p.auth(); auth != nil {
		p.client = &api.Client{
			Service: "Workfront", Setting: "connectors.adobe.workfront", Base: s.APIURL, HTTP: d.Files(s.APIURL), Agent: "signoff/" + d.Version, Auth: auth,
		}
	}
	return p, nil
}

func (p *Part) auth() api.Auth {
	switch {
	case !p.set.Session.Empty():
		return api.Token{Header: "sessionID", Secret: p.set.Session}
	case !p.set.Token.Empty():
		return both{api.Token{Secret: p.set.Token}}
	case p.set.ClientID != "":
		return both{&api.IMS{
			URL: p.set.IMSURL, ID: p.set.ClientID, Secret: p.set.ClientSecret, Scopes: p.set.Scopes, Setting: "connectors.adobe.workfront.client_secret",
			HTTP: p.deps.HTTP(p.set.IMSURL), Now: p.deps.Now,
		}}
	}
	return nil
}

// both shows a token the way the API and the way the subscriptions want it.
type both struct{ api.Auth }

// Put implements api.Auth.
func (b both) Put(ctx context.Context, h http.Header) error {
	if err := b.Auth.Put(ctx, h); err != nil {
		return err
	}
	h.Set("X-User-Token", strings.TrimPrefix(h.Get("Authorization"), "Bearer "))
	return nil
}

// Ask implements connectors.Asker.
func (p *Part) Ask(q connectors.Query) { p.query.Store(&q) }

func (p *Part) ref(kind, key string) flow.Ref {
	return flow.Ref{System: p.deps.Instance, Type: kind, Key: key}
}

// Mine reports whether a reference is of Workfront.
func (p *Part) Mine(ref flow.Ref) bool { return ref.Type == "workfront" || ref.Type == "update" }

func (p *Part) actor(id, name string) flow.Actor {
	if id == "" {
		return flow.Actor{}
	}
	return flow.Actor{Ref: p.ref("user", id), Shown: api.OneLine(name, 100)}
}

var objectID = pattern.New(`^[0-9a-f]{32}$`)

// pages are the words of Workfront's addresses for kinds of object.
func pages() map[string]string {
	return map[string]string{"document": "DOCU", "task": "TASK", "issue": "OPTASK", "project": "PROJ"}
}

// Recognize reads an address of a document, task, issue or project of this Workfront.
func (p *Part) Recognize(address string) (flow.Asset, bool) {
	u, err := url.Parse(strings.Trim(strings.TrimSpace(address), "<>"))
	base, baseErr := url.Parse(p.set.URL)
	if err != nil || baseErr != nil || u.User != nil || u.Opaque != "" || u.Scheme != base.Scheme {
		return flow.Asset{}, false
	}
	path, below := strings.CutPrefix(u.Path, strings.TrimRight(base.Path, "/")+"/")
	switch {
	case strings.EqualFold(u.Host, base.Host) && below:
	case strings.EqualFold(u.Host, "experience.adobe.com") && strings.Contains(u.Fragment, "/workfront/"):
		_, path, _ = strings.Cut(u.Fragment, "/workfront/")
	default:
		return flow.Asset{}, false
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) < 2 || pages()[parts[0]] == "" || !objectID.MatchString(parts[1]) {
		return flow.Asset{}, false
	}
	code := pages()[parts[0]]
	return flow.Asset{Ref: p.ref("workfront", code+"/"+parts[1]), URL: p.address(code, parts[1])}, true
}

// address is where people see an object.
func (p *Part) address(code, id string) string {
	for page, c := range pages() {
		if c == code {
			return p.set.URL + "/" + page + "/" + url.PathEscape(id)
		}
	}
	return ""
}
