package frameio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
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

// children reads the versions in a stack, the oldest first.
func (p *Part) children(ctx context.Context, stack string) ([]asset, error) {
	path := p.path("version_stacks", stack, "children")
	if p.set.Mode == legacy {
		path = p.path("assets", stack, "children")
	}
	all, err := list[asset](ctx, p, get("read versions", path, "the version stack", "creator"))
	all = slices.DeleteFunc(all, func(a asset) bool { return !idForm.MatchString(a.ID) || a.folder() })
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b asset) int { return a.at().Compare(b.at()) })
	return all, p.headLast(ctx, stack, all)
}

// whole leaves out what is still being uploaded, beside files that are not.
func whole(all []asset) []asset {
	if !slices.ContainsFunc(all, func(a asset) bool { return a.Status != uploading }) {
		return all
	}
	return slices.DeleteFunc(all, func(a asset) bool { return a.Status == uploading })
}

const uploading = "created"

// headLast puts the version that the stack shows last: usually it is the newest, unless somebody put an older file on top.
func (p *Part) headLast(ctx context.Context, stack string, all []asset) error {
	if p.set.Mode == legacy || len(all) < 2 {
		return nil
	}
	s, err := read[struct {
		Head   named  `json:"head_version"`
		HeadID string `json:"head_version_id"`
	}](ctx, p, get("read the version stack", p.path("version_stacks", stack), "the version stack"))
	if api.Gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	head, last := api.First(s.Head.ID, s.HeadID), len(all)-1
	i := slices.IndexFunc(all, func(a asset) bool { return a.ID == head })
	if i < 0 || i == last {
		return nil
	}
	top := all[i]
	top.onTop = all[last].at()
	copy(all[i:], all[i+1:])
	all[last] = top
	return nil
}

// history is a file with all its versions, the oldest first, and the stack they lie in, "" without one.
type history struct {
	stack string
	files []asset
}

// versions reads a file, or a stack, with its versions.
func (p *Part) versions(ctx context.Context, id string) (history, error) {
	f, err := p.show(ctx, id, "creator")
	if api.StatusOf(err) == http.StatusNotFound {
		return p.lost(ctx, id, err)
	}
	if err != nil {
		return history{}, err
	}
	if f.stack() {
		files, err := p.children(ctx, id)
		return history{id, whole(files)}, err
	}
	return p.beside(ctx, f)
}

// lost looks for a file that is not there under its own id: it may be a stack, or an old version of one that was taken away.
func (p *Part) lost(ctx context.Context, id string, why error) (history, error) {
	for _, stack := range []string{id, p.keptStack(ctx, id)} {
		if stack == "" {
			continue
		}
		files, err := p.children(ctx, stack)
		if err == nil && len(files) > 0 {
			return history{stack, whole(files)}, nil
		}
		if err != nil && !api.Gone(err) {
			return history{}, err
		}
	}
	return history{}, why
}

// beside finds the other versions of a file: those in the stack it lies in.
func (p *Part) beside(ctx context.Context, f asset) (history, error) {
	alone := history{files: []asset{f}}
	if f.Parent == "" || p.kind(f.Parent) == aFolder {
		return alone, nil
	}
	if p.set.Mode == legacy && p.kind(f.Parent) == "" {
		parent, err := p.show(ctx, f.Parent)
		if err != nil && !api.Gone(err) {
			return history{}, err
		}
		if err != nil || !parent.stack() {
			p.learnKind(f.Parent, aFolder)
			return alone, nil
		}
	}
	files, err := p.children(ctx, f.Parent)
	switch {
	case api.Gone(err):
		p.learnKind(f.Parent, aFolder)
		return alone, nil
	case err != nil:
		return history{}, err
	case !slices.ContainsFunc(files, func(o asset) bool { return o.ID == f.ID }):
		return alone, nil
	}
	p.learnKind(f.Parent, aStack)
	p.keepStack(ctx, f.Parent, files)
	return history{f.Parent, whole(files)}, nil
}

func stackKey(id string) string   { return "frameio/stack/" + id }
func membersKey(id string) string { return "frameio/members/" + id }

func (p *Part) keptStack(ctx context.Context, id string) string {
	var stack string
	if _, err := p.Load(ctx, stackKey(id), &stack); err != nil {
		return ""
	}
	return stack
}

// keepStack remembers which files lie in a stack: for when one of them is gone, and for answers that may not ask Frame.io.
func (p *Part) keepStack(ctx context.Context, stack string, files []asset) {
	var now, before []string
	for _, one := range files {
		now = append(now, one.ID)
	}
	if _, err := p.Load(ctx, membersKey(stack), &before); err != nil || slices.Equal(before, now) {
		return
	}
	p.Note(membersKey(stack), now)
	for _, id := range now {
		p.Note(stackKey(id), stack)
	}
}

// akin are the names by which a request may know a file, as far as they are known without asking: its own, and those of its stack.
func (p *Part) akin(ctx context.Context, id string) []string {
	out := []string{id}
	stack := p.keptStack(ctx, id)
	if stack == "" {
		return out
	}
	var members []string
	if _, err := p.Load(ctx, membersKey(stack), &members); err != nil {
		return out
	}
	return append(append(out, stack), members...)
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

// shown is a version in our words; n counts from the oldest, 0 for a file without versions.
func (p *Part) shown(a asset, n int) flow.Version {
	at := a.at()
	name := api.OneLine(a.Name, longestName)
	if n > 0 {
		name = fmt.Sprintf("v%d - %s", n, name)
	}
	return flow.Version{
		ID: a.ID, Name: name, By: p.actor(a.by()), At: at, URL: p.address(a), Seq: a.seq(),
		Thumb: flow.File{Ref: p.ref("thumb", p.set.Account+"/"+a.ID), Name: api.First(api.OneLine(a.Name, 100), a.ID) + ".jpg", Type: "image/jpeg"},
	}
}

// newer are the versions that are newer than the known one, the oldest first; without such the newest.
func (h history) newer(p *Part, known string) []flow.Version {
	var all []flow.Version
	from := 0
	for i, a := range h.files {
		n := i + 1
		if h.stack == "" {
			n = 0
		}
		all = append(all, p.shown(a, n))
		if a.ID == known {
			from = i + 1
		}
	}
	if known == "" || from == len(all) {
		from = len(all) - 1
	}
	return all[max(from, 0):]
}

// newest is the version that is decided on.
func (h history) newest() asset {
	if len(h.files) == 0 {
		return asset{}
	}
	return h.files[len(h.files)-1]
}

func (p *Part) address(a asset) string {
	if u, err := url.Parse(a.View); err == nil && u.Scheme == "https" && slices.Contains(hosts, strings.ToLower(u.Host)) {
		return a.View
	}
	if p.set.Mode == legacy {
		return "https://app.frame.io/player/" + url.PathEscape(a.ID)
	}
	if a.Project == "" {
		return ""
	}
	return "https://next.frame.io/project/" + url.PathEscape(a.Project) + "/view/" + url.PathEscape(a.ID)
}

var hosts = []string{"next.frame.io", "app.frame.io", "frame.io", "www.frame.io"}
