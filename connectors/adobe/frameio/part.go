// Package frameio joins signoff to Frame.io: comments and custom actions become requests, comments and numbered change
// requests; files and version stacks are the versions that are decided on; what was decided goes back as a comment and, where
// a field is named, as a status.
//
// Webhooks are signed, and still only bells: they name things by their ids, which are read again through the API.
//
// Keys of references: {file, ACCOUNT/FILE} where the file may be one version of a stack, or the stack;
// {comment, ACCOUNT/FILE/COMMENT}; {user, ID}; {thumb, ACCOUNT/FILE}; {original, ACCOUNT/FILE}. Of the legacy interface the
// account is "legacy".
package frameio

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/secret"
)

// Door is the first part of the addresses of these webhooks, behind the instance.
const Door = "frameio"

// Part is the connection to Frame.io. It is safe for concurrent use.
type Part struct {
	connectors.Memory
	set     Settings
	deps    connectors.Deps
	client  *api.Client
	files   *http.Client // for pictures and files, without the token
	box     secret.Box
	self    atomic.Pointer[user]
	query   atomic.Pointer[connectors.Query]
	secrets secrets

	mu    sync.Mutex
	kinds map[string]parentKind // of what files lie in
	names map[string]string     // of files that were read, for forms
	due   time.Time             // when projects are read again
}

type parentKind string

const (
	aFolder parentKind = "folder"
	aStack  parentKind = "stack"
)

// New makes the part. It speaks to nobody yet.
func New(s Settings, d connectors.Deps) (*Part, error) {
	p := &Part{Memory: d.Memory(), set: s, deps: d, kinds: map[string]parentKind{}, names: map[string]string{}}
	if len(d.Key) > 0 { // without a key only the settings are looked at
		box, err := secret.NewBox(d.Key, "adobe/frameio")
		if err != nil {
			return nil, err
		}
		p.box = box
	}
	p.client = &api.Client{
		Service: "Frame.io", Setting: "connectors.adobe.frameio", Base: s.APIURL, HTTP: d.Files(s.APIURL), Agent: "signoff/" + d.Version,
		Auth: p.auth(),
	}
	p.files = d.Files(api.First(s.FilesURL, s.APIURL), ".frame.io", ".amazonaws.com", ".cloudfront.net", ".adobe.io", ".adobe.com")
	return p, nil
}

func (p *Part) auth() api.Auth {
	if !p.set.Token.Empty() {
		return api.Token{Secret: p.set.Token}
	}
	return &api.IMS{
		URL: p.set.IMSURL, ID: p.set.ClientID, Secret: p.set.ClientSecret, Scopes: p.set.Scopes, Setting: p.set.setting("client_secret"),
		HTTP: p.deps.HTTP(p.set.IMSURL), Now: p.deps.Now,
	}
}

// Ask implements connectors.Asker: what was kept of our webhooks is read before the first delivery.
func (p *Part) Ask(q connectors.Query) {
	p.query.Store(&q)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.loadSecrets(ctx); err != nil {
		p.deps.Log.Warn("secrets of frame.io's webhooks cannot be read", "error", err)
	}
}

func (p *Part) ref(kind, key string) flow.Ref {
	return flow.Ref{System: p.deps.Instance, Type: kind, Key: key}
}

func (p *Part) file(id string) flow.Ref { return p.ref("file", p.set.Account+"/"+id) }

func (p *Part) commentRef(file, id string) flow.Ref {
	return p.ref("comment", p.set.Account+"/"+file+"/"+id)
}

func (p *Part) actor(u user) flow.Actor {
	if u.ID == "" {
		return flow.Actor{}
	}
	return flow.Actor{Ref: p.ref("user", u.ID), Shown: api.OneLine(u.Name, longestName), Email: u.Email}
}

// fileID is the file in the key of a reference; "" where it is none of ours.
func (p *Part) fileID(ref flow.Ref) string {
	account, rest, ok := strings.Cut(ref.Key, "/")
	id, _, _ := strings.Cut(rest, "/")
	if !ok || account != p.set.Account || !idForm.MatchString(id) {
		return ""
	}
	return id
}

// Mine reports whether a reference is of Frame.io.
func (p *Part) Mine(ref flow.Ref) bool {
	switch ref.Type {
	case "file", "comment", "thumb", "original":
		return true
	}
	return false
}

const (
	longestName  = 200
	longestTitle = 100
	mostBody     = 1 << 20
)

// path is the address of something of the account.
func (p *Part) path(parts ...string) string {
	out := "v4/accounts/" + url.PathEscape(p.set.Account)
	if p.set.Mode == legacy {
		out = "v2"
	}
	for _, one := range parts {
		out += "/" + url.PathEscape(one)
	}
	return out
}

// LookEvery is how often files of open requests are looked at.
func (p *Part) LookEvery() time.Duration {
	every, _ := api.Minutes("", p.set.ReadEvery) // a wrong one is refused at start
	return every
}
