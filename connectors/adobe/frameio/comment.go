package frameio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/outbound"
	"signoff/internal/text"
)

// comment is one as Frame.io shows it, in the words of either interface. Replies stand below the comment they answer.
type comment struct {
	ID        string          `json:"id"`
	File      string          `json:"file_id"`
	Asset     string          `json:"asset_id"`
	Parent    string          `json:"parent_id"`
	Text      string          `json:"text"`
	Created   string          `json:"created_at"`
	Inserted  string          `json:"inserted_at"`
	Updated   string          `json:"updated_at"`
	Edited    string          `json:"text_edited_at"`
	Completed string          `json:"completed_at"`
	Timestamp json.RawMessage `json:"timestamp,omitempty"`
	Page      json.RawMessage `json:"page,omitempty"`
	Owner     *user           `json:"owner"`
	OwnerID   string          `json:"owner_id"`
	Replies   []comment       `json:"replies"`
}

func (m comment) file() string { return api.First(m.File, m.Asset) }

func (m comment) at() time.Time { return instant(api.First(m.Created, m.Inserted)) }

func (m comment) changed() time.Time {
	if at := instant(api.First(m.Updated, m.Edited)); !at.IsZero() {
		return at
	}
	return m.at()
}

func (m comment) by() user {
	if m.Owner != nil {
		return *m.Owner
	}
	return user{ID: m.OwnerID}
}

func (m comment) root() string { return api.First(m.Parent, m.ID) }

// flat is a comment and its replies, each with the comment it stands below.
func flat(list []comment, file, parent string) []comment {
	var out []comment
	for _, m := range list {
		below := m.Replies
		m.Replies = nil
		m.File, m.Parent = api.First(m.file(), file), api.First(parent, m.Parent)
		if idForm.MatchString(m.ID) && idForm.MatchString(m.File) {
			out = append(out, m)
		}
		out = append(out, flat(below, m.File, api.First(parent, m.ID))...)
	}
	return out
}

// comments reads all comments of one version.
func (p *Part) comments(ctx context.Context, file string) ([]comment, error) {
	path := p.path("files", file, "comments")
	if p.set.Mode == legacy {
		path = p.path("assets", file, "comments")
	}
	all, err := list[comment](ctx, p, get("read comments", path, "the file", "owner", "replies"))
	return flat(all, file, ""), err
}

// comment reads one comment, with the place it stands at.
func (p *Part) comment(ctx context.Context, id string) (comment, error) {
	m, err := read[comment](ctx, p, get("read the comment", p.path("comments", id), "the comment", "owner"))
	if err != nil {
		return m, err
	}
	if m.ID == "" || !idForm.MatchString(m.file()) {
		return m, &connectors.Error{Op: "read the comment", Class: connectors.Transient, Err: errors.New("the answer names no comment or no file")}
	}
	m.File, m.Replies = m.file(), nil
	if m.Parent != "" && m.Owner != nil {
		return m, nil
	}
	// Where a reply stands is said by the list only.
	all, err := p.comments(ctx, m.File)
	if err != nil && outbound.StatusOf(err) != http.StatusNotFound {
		return m, err
	}
	if i := slices.IndexFunc(all, func(o comment) bool { return o.ID == m.ID }); i >= 0 {
		found := all[i]
		m.Parent = found.Parent
		if m.Owner == nil && found.Owner != nil {
			m.Owner = found.Owner
		}
	}
	return m, nil
}

// saidIn is a comment in our words, about the asset that a request follows.
func (p *Part) saidIn(about flow.Ref, title, url string, m comment) flow.Event {
	ev := flow.Event{
		Kind: flow.CommentAdded, Subject: about, Said: p.commentRef(m.File, m.ID), Actor: p.actor(m.by()), Sent: m.at(),
		Seq: m.at().Format("20060102150405.000000") + "/" + m.ID, Body: text.Plain(strings.TrimSpace(m.Text)),
		Fields: map[string][]string{"point": {"yes"}, "version": {m.File}},
	}
	if m.Parent != "" {
		ev.Fields["below"] = []string{p.commentRef(m.File, m.Parent).String()}
	}
	ev.Links = []flow.Link{{Ref: ev.Said, Label: title, URL: url}}
	return ev
}

// resolvedIn says that a comment was completed, or opened again.
func (p *Part) resolvedIn(about flow.Ref, m comment) flow.Event {
	ev := flow.Event{
		Kind: flow.PointResolved, Subject: about, Said: p.commentRef(m.File, m.root()), Sent: instant(m.Completed),
		Fields: map[string][]string{"state": {"resolved"}},
	}
	if ev.Sent.IsZero() {
		ev.Fields["state"], ev.Sent = []string{"open"}, m.changed()
	}
	return ev
}

// known is what was last known of a comment.
type known struct {
	File     string `json:"f"`
	Parent   string `json:"p,omitempty"`
	Words    string `json:"w"`
	Resolved bool   `json:"r,omitempty"`
}

func knownOf(m comment) known {
	return known{m.File, m.Parent, api.Hash(m.Text)[:12], m.Completed != ""}
}

const mostKnown = 1000 // comments of one asset

func rowKey(about flow.Ref) string { return "frameio/comments/" + about.Key }
func whereKey(id string) string    { return "frameio/comment/" + id }

// row is what is known of an asset's comments.
func (p *Part) row(ctx context.Context, about flow.Ref) (map[string]known, error) {
	row := map[string]known{}
	_, err := p.Load(ctx, rowKey(about), &row)
	return row, err
}

// remember keeps what is known of a comment: by its asset, and where it stood, for when it is gone.
func (p *Part) remember(ctx context.Context, about flow.Ref, m comment) error {
	row, err := p.row(ctx, about)
	if err != nil {
		return err
	}
	now := knownOf(m)
	before, had := row[m.ID]
	if before == now || !had && len(row) >= mostKnown {
		return nil
	}
	row[m.ID] = now
	p.Note(rowKey(about), row)
	if !had {
		p.Note(whereKey(m.ID), about)
	}
	return nil
}

// stood says where a comment stood that is gone, and what was known of it.
func (p *Part) stood(ctx context.Context, id string) (about flow.Ref, k known, had bool, err error) {
	if _, err := p.Load(ctx, whereKey(id), &about); err != nil || about.Zero() {
		return about, k, false, err
	}
	row, err := p.row(ctx, about)
	if err != nil {
		return about, k, false, err
	}
	k, had = row[id]
	return about, k, had, nil
}
