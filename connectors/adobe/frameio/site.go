package frameio

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
)

// user is somebody as Frame.io shows them.
type user struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

// link is where something can be fetched for a while.
type link struct {
	URL      string `json:"url"`
	Download string `json:"download_url"`
	Inline   string `json:"inline_url"`
}

// asset is a file or a version stack, in the words of either interface.
type asset struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	OldType  string `json:"_type"`
	Media    string `json:"media_type"`
	OldMedia string `json:"filetype"`
	Size     int64  `json:"file_size"`
	Parent   string `json:"parent_id"`
	Project  string `json:"project_id"`
	View     string `json:"view_url"`
	Created  string `json:"created_at"`
	Inserted string `json:"inserted_at"`
	Updated  string `json:"updated_at"`
	Creator  *user  `json:"creator"`
	CreatorI string `json:"creator_id"`
	Thumb    string `json:"thumb"`
	Original string `json:"original"`
	Label    string `json:"label"`
	Links    struct {
		Thumbnail *link `json:"thumbnail"`
		Large     *link `json:"thumbnail_high_quality"`
		Original  *link `json:"original"`
	} `json:"media_links"`
	Metadata []field `json:"metadata"`
	Status   string  `json:"status"`

	onTop time.Time // an older file that stands on top of this time's
}

// seq is the order of versions: by when they were made, and after all others what was put on top of them.
func (a asset) seq() string {
	if !a.onTop.IsZero() {
		return a.onTop.Format("20060102150405.000000") + "/~" + a.ID
	}
	return a.at().Format("20060102150405.000000") + "/" + a.ID
}

func (a asset) stack() bool { return a.Type == "version_stack" || a.OldType == "version_stack" }

func (a asset) folder() bool { return a.Type == "folder" || a.OldType == "folder" }

func (a asset) at() time.Time { return instant(api.First(a.Created, a.Inserted)) }

func (a asset) by() user {
	if a.Creator != nil {
		return *a.Creator
	}
	return user{ID: a.CreatorI}
}

// instant reads a time as Frame.io writes it; what cannot be read is no time.
func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// get is a call that reads something.
func get(op, path, thing string, include ...string) api.Call {
	r := api.Call{Op: op, Path: path, Thing: thing}
	if len(include) > 0 {
		r.Query = url.Values{"include": {strings.Join(include, ",")}}
	}
	return r
}

// read decodes what stands in the wrapper of the current interface, or bare in the legacy one.
func read[T any](ctx context.Context, p *Part, r api.Call) (out T, err error) {
	if p.set.Mode == legacy {
		r.Query.Del("include")
		err = p.client.Do(ctx, r, &out)
		return out, err
	}
	var wrapped struct {
		Data T `json:"data"`
	}
	err = p.client.Do(ctx, r, &wrapped)
	return wrapped.Data, err
}

const (
	mostPages = 5
	pageSize  = "100"
)

// list reads all pages of a list. Links to the next page are followed on the same host only.
func list[T any](ctx context.Context, p *Part, r api.Call) (out []T, err error) {
	if r.Query == nil {
		r.Query = url.Values{}
	}
	if p.set.Mode == legacy {
		q := url.Values{"page_size": {pageSize}}
		if strings.Contains(r.Query.Get("include"), "replies") {
			q.Set("include", "replies")
		}
		r.Query = q
		err = p.client.Do(ctx, r, &out)
		return out, err
	}
	r.Query.Set("page_size", pageSize)
	for range mostPages {
		var page struct {
			Data  []T `json:"data"`
			Links struct {
				Next string `json:"next"`
			} `json:"links"`
		}
		if err := p.client.Do(ctx, r, &page); err != nil {
			return nil, err
		}
		out = append(out, page.Data...)
		if page.Links.Next == "" {
			return out, nil
		}
		base, err := url.Parse(p.set.APIURL + "/" + r.Path)
		if err != nil {
			return out, nil
		}
		next, err := base.Parse(page.Links.Next)
		if err != nil {
			return nil, &connectors.Error{Op: r.Op, Class: connectors.Rejected, Err: errors.New("the address of the next page cannot be read")}
		}
		r = api.Call{Op: r.Op, Full: next.String(), Thing: r.Thing, Path: r.Path}
	}
	return out, nil
}

// show reads a file.
func (p *Part) show(ctx context.Context, id string, include ...string) (asset, error) {
	kind := "files"
	if p.set.Mode == legacy {
		kind = "assets"
	}
	a, err := read[asset](ctx, p, get("read the file", p.path(kind, id), "the file", include...))
	if err == nil && a.ID == "" {
		err = &connectors.Error{Op: "read the file", Class: connectors.Transient, Err: errors.New("the answer names no file")}
	}
	if err == nil {
		p.name(id, a.Name)
	}
	return a, err
}

const mostRemembered = 2000

func (p *Part) kind(id string) parentKind {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kinds[id]
}

func (p *Part) learnKind(id string, k parentKind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kinds) >= mostRemembered {
		clear(p.kinds)
	}
	p.kinds[id] = k
}

func (p *Part) name(id, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.names) >= mostRemembered {
		clear(p.names)
	}
	p.names[id] = name
}

func (p *Part) knownName(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.names[id]
}

// account reads our own account.
func (p *Part) account(ctx context.Context) (user, error) {
	if u := p.self.Load(); u != nil {
		return *u, nil
	}
	return p.askAccount(ctx)
}

func (p *Part) askAccount(ctx context.Context) (user, error) {
	path := "v4/me"
	if p.set.Mode == legacy {
		path = "v2/me"
	}
	u, err := read[user](ctx, p, api.Call{Op: "read our account", Path: path})
	if err == nil && u.ID == "" {
		err = &connectors.Error{Op: "read our account", Class: connectors.Transient, Err: errors.New("the answer names no account")}
	}
	if err == nil {
		p.self.Store(&u)
	}
	return u, err
}

func (p *Part) address(a asset) string {
	if u, err := url.Parse(a.View); err == nil && u.Scheme == "https" && slices.Contains(hosts, strings.ToLower(u.Host)) || strings.HasPrefix(a.View, p.set.SiteURL+"/") {
		return a.View
	}
	if p.set.Mode == legacy {
		return "https://app.frame.io/player/" + url.PathEscape(a.ID)
	}
	if a.Project == "" {
		return ""
	}
	return p.set.SiteURL + "/project/" + url.PathEscape(a.Project) + "/view/" + url.PathEscape(a.ID)
}

var hosts = []string{"next.frame.io", "app.frame.io", "frame.io", "www.frame.io"}
