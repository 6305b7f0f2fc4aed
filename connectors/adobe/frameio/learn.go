package frameio

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

// learned is what was read at Frame.io about a webhook.
type learned struct {
	About    flow.Ref       `json:"about,omitzero"` // the asset that an open request follows; zero: none does
	Title    string         `json:"title,omitempty"`
	URL      string         `json:"url,omitempty"`
	Gone     string         `json:"gone,omitempty"`
	Versions []flow.Version `json:"versions,omitempty"`
	Comment  *comment       `json:"comment,omitempty"`
	Before   *known         `json:"before,omitempty"`  // what was known of the comment
	Own      bool           `json:"own,omitempty"`     // the comment is one of signoff's
	Receipt  bool           `json:"receipt,omitempty"` // and a call of ours explains it
	Status   string         `json:"status,omitempty"`  // the status was changed to this
	Press    *payload       `json:"press,omitempty"`   // the press that a form belongs to
	Name     string         `json:"name,omitempty"`    // of whoever pressed, where it is known
}

// Enrich reads again what a webhook tells of.
func (p *Part) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	w, err := readPayload(d.Body)
	if err != nil || w.missing() != "" {
		return json.Marshal(learned{}) // Parse says what is wrong with it
	}
	var l learned
	switch {
	case w.submitted():
		l, err = p.learnForm(ctx, w)
	case w.about() == "comment":
		l, err = p.learnComment(ctx, w, d.At)
	case w.event() == "metadata.value.updated":
		l, err = p.learnStatus(ctx, w.Resource.ID)
	default:
		l, err = p.learnFile(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(l)
}

// followed finds which asset of an open request a file is, or is a version of; with signed, also of the request that it was
// approved in.
func (p *Part) followed(ctx context.Context, id string, signed bool) (flow.Asset, bool, history, error) {
	if a, ok, err := p.touching(ctx, id, signed); ok || err != nil {
		return a, ok, history{}, err
	}
	h, err := p.versions(ctx, id)
	if api.Gone(err) {
		return flow.Asset{}, false, history{}, nil
	}
	if err != nil {
		return flow.Asset{}, false, h, err
	}
	ids := []string{h.stack}
	for _, f := range h.files {
		ids = append(ids, f.ID)
	}
	for _, other := range ids {
		if other == "" || other == id {
			continue
		}
		if a, ok, err := p.touching(ctx, other, signed); ok || err != nil {
			return a, ok, h, err
		}
	}
	return flow.Asset{}, false, h, nil
}

func (p *Part) touching(ctx context.Context, id string, signed bool) (flow.Asset, bool, error) {
	return api.Followed(ctx, p.query.Load(), p.file(id), signed)
}

func (p *Part) learnFile(ctx context.Context, w *payload) (learned, error) {
	a, ok, h, err := p.followed(ctx, w.Resource.ID, true)
	if err != nil || !ok {
		return learned{}, err
	}
	l := learned{About: a.Ref, Title: a.Label, URL: a.URL}
	if len(h.files) == 0 {
		if h, err = p.versions(ctx, p.fileID(a.Ref)); api.Gone(err) {
			l.Gone = goneWhy(err)
			return l, nil
		}
	}
	if err != nil {
		return l, err
	}
	return p.learnHistory(l, h, a), nil
}

// goneWhy is how a thing that cannot be read is gone.
func goneWhy(err error) string {
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		return e.Gone
	}
	return ""
}

func (p *Part) learnHistory(l learned, h history, a flow.Asset) learned {
	if len(h.files) == 0 {
		return l
	}
	newest := h.newest()
	l.Title, l.URL = api.OneLine(newest.Name, longestName), p.address(newest)
	l.Versions = h.newer(p, a.Current().ID)
	for i := range l.Versions {
		if k := slices.IndexFunc(a.Versions, func(v flow.Version) bool { return v.ID == l.Versions[i].ID && v.Seq != "" }); k >= 0 {
			l.Versions[i].Seq = a.Versions[k].Seq // it keeps the place that it was given
		}
	}
	last := &l.Versions[len(l.Versions)-1]
	if now := a.Current(); now.ID != "" && now.ID != last.ID && last.Seq <= now.Seq {
		last.Seq = after(now.Seq, last.ID) // the newer one was taken away, or an older one put on top of it
	}
	return l
}

// after is a place in the order of versions right behind another.
func after(seq, id string) string {
	at, rest, _ := strings.Cut(seq, "/")
	tops := len(rest) - len(strings.TrimLeft(rest, "~"))
	return at + "/" + strings.Repeat("~", tops+1) + id
}

// settling is how long a new comment may be told of and not be there yet: less than intake waits for what can be learned, so that one
// that was taken back at once is known to be gone.
const settling = 30 * time.Second

func (p *Part) learnComment(ctx context.Context, w *payload, told time.Time) (learned, error) {
	m, err := p.comment(ctx, w.Resource.ID)
	if api.Gone(err) && w.event() == "comment.created" && p.deps.Now().Sub(told) < settling {
		return learned{}, &connectors.Error{Op: "read the comment", Class: connectors.Transient, Wait: api.FirstLook, Err: errors.New("it is not there yet")}
	}
	if api.Gone(err) {
		return p.learnRemoved(ctx, w.Resource.ID)
	}
	if err != nil {
		return learned{}, err
	}
	if m.by().ID == "" {
		m.Owner, m.OwnerID = nil, w.User.ID
	}
	own, err := p.account(ctx)
	if err != nil {
		return learned{}, err
	}
	a, ok, h, err := p.followed(ctx, m.File, false)
	if err != nil {
		return learned{}, err
	}
	_, asks := api.Mentions(p.set.Mention, m.Text)
	if !ok && !asks {
		return learned{}, nil
	}
	l := learned{About: a.Ref, Title: a.Label, URL: a.URL, Comment: &m, Own: p.wrote(m, own)}
	if l.URL == "" {
		l.URL = p.address(asset{ID: m.File, Project: w.Project.ID})
	}
	if !ok {
		if len(h.files) == 0 {
			return learned{}, nil // the file is gone
		}
		return p.learnHistory(l, h, flow.Asset{}), nil
	}
	if l.Own {
		l.Receipt, err = p.receipt(ctx, m)
		return l, err
	}
	row, err := p.row(ctx, a.Ref)
	if err != nil {
		return l, err
	}
	if before, had := row[m.ID]; had {
		l.Before = &before
	}
	return l, p.remember(ctx, a.Ref, m)
}

func (p *Part) learnRemoved(ctx context.Context, id string) (learned, error) {
	about, k, had, err := p.stood(ctx, id)
	if err != nil || !had {
		return learned{}, err
	}
	return learned{About: about, Gone: "deleted", Before: &k}, nil
}

func statusKey(file string) string { return "frameio/status/" + file }

// learnStatus reads a file's status where the settings name its field, and compares it with the last one known.
func (p *Part) learnStatus(ctx context.Context, id string) (learned, error) {
	a, ok, _, err := p.followed(ctx, id, false)
	if err != nil || !ok {
		return learned{}, err
	}
	l := learned{About: a.Ref, Title: a.Label, URL: a.URL}
	now, found, err := p.status(ctx, id)
	if err != nil || !found {
		return l, err
	}
	var before string
	had, err := p.Load(ctx, statusKey(id), &before)
	if err != nil {
		return l, err
	}
	if !had || before != now {
		p.Note(statusKey(id), now)
		l.Status = now
	}
	return l, nil
}

// learnForm joins a form that was sent with the press that it was shown for, and reads its file.
func (p *Part) learnForm(ctx context.Context, w *payload) (learned, error) {
	var l learned
	if p.deps.Delivery != nil {
		body, err := p.deps.Delivery(ctx, pressID(w.Interaction))
		if err != nil {
			return l, err
		}
		if len(body) > 0 {
			if press, err := readPayload(body); err == nil {
				press.Data = nil
				l.Press = press
			}
		}
	}
	id := merged(w, l.Press).Resource.ID
	if id == "" {
		return l, nil
	}
	a, ok, h, err := p.followed(ctx, id, false)
	if err != nil {
		return l, err
	}
	if ok {
		l.About = a.Ref
	}
	if len(h.files) == 0 {
		if h, err = p.versions(ctx, id); err != nil && !api.Gone(err) {
			return l, err
		}
	}
	for _, f := range h.files {
		if u := f.by(); u.ID != "" && u.ID == merged(w, l.Press).User.ID {
			l.Name = u.Name
		}
	}
	return p.learnHistory(l, h, flow.Asset{}), nil
}

// merged is what a form says, with what only the press said.
func merged(w, press *payload) *payload {
	out := *w
	if press == nil {
		return &out
	}
	if out.Resource.ID == "" {
		out.Resource, out.Resources = press.Resource, press.Resources
	}
	out.AccountID = api.First(out.account(), press.account())
	if out.User.ID == "" {
		out.User = press.User
	}
	if out.Project.ID == "" {
		out.Project = press.Project
	}
	return &out
}

// others are further files of one press.
func (p *payload) others() []string {
	var out []string
	for _, r := range p.Resources {
		if r.ID != p.Resource.ID && idForm.MatchString(r.ID) && !slices.Contains(out, r.ID) && len(out) < 20 {
			out = append(out, r.ID)
		}
	}
	return out
}
