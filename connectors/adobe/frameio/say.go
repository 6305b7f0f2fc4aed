package frameio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

const (
	opSay       = "write a comment"
	longestSaid = 4000
	refWords    = "signoff ref "
	receiptKeep = "frameio/receipt/"
)

var refForm = pattern.New(`signoff ref ([0-9a-f]{12})\s*$`)

// refOf ends each of our comments. It is the same for every try of one effect, and another in every installation.
func (p *Part) refOf(e flow.Effect) string { return api.Hash(p.deps.StoreID, e.Mark())[:12] }

func markOf(message string) string {
	if m := refForm.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// wrote reports whether a comment is one of signoff's: our account's, with a mark. The same account without one is the person it
// belongs to.
func (p *Part) wrote(m comment, own user) bool {
	return own.ID != "" && m.by().ID == own.ID && markOf(m.Text) != ""
}

// receipt is left before a comment is written, so that no webhook can be faster; with its id once that is known.
type receipt struct {
	At      time.Time `json:"at"`
	ID      string    `json:"id,omitempty"` // FILE/COMMENT
	Version int64     `json:"version,omitempty"`
}

// receipt reports whether a call of ours explains a comment.
func (p *Part) receipt(ctx context.Context, m comment) (bool, error) {
	var r receipt
	ok, err := p.Load(ctx, receiptKeep+markOf(m.Text), &r)
	return ok && (r.ID == "" || strings.HasSuffix(r.ID, "/"+m.ID)), err
}

// target is the file to write at, and the comment to answer where there is one.
func (p *Part) target(e flow.Effect) (file, below string, err error) {
	at := api.Place(e)
	file = p.fileID(at)
	private := e.Tell != nil && e.Tell.Private
	switch {
	case private, file == "", at.Type != "file" && at.Type != "comment":
		return "", "", cannot(opSay, "In Frame.io signoff speaks in comments on files only, not to single people.")
	case e.Show != nil && e.Show.View.Kind != flow.CommentView && e.Show.View.Kind != flow.NoticeView:
		return "", "", cannot(opSay, "Frame.io has no place for cards.")
	}
	if at.Type == "comment" {
		below = at.Key[strings.LastIndexByte(at.Key, '/')+1:]
	}
	return file, below, nil
}

// Do comments on a file, changes a comment of ours, and sets the status where the settings name its field.
func (p *Part) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	file, below, err := p.target(e)
	if err != nil {
		return nil, err
	}
	ref := p.refOf(e)
	var r receipt
	if _, err := p.Load(ctx, receiptKeep+ref, &r); err != nil {
		return nil, err
	}
	words := api.Plain(e, p.deps.PublicURL, longestSaid)
	if words == "" {
		return nil, nil
	}
	words += "\n" + refWords + ref
	id := r.ID
	if s := e.Show; id == "" && s != nil && s.Link != nil {
		_, id, _ = strings.Cut(s.Link.Ref.Key, "/")
	}
	if id == "" {
		return p.write(ctx, e, place{file, below, ref}, words)
	}
	if e.Show == nil || e.Show.Version <= r.Version {
		return p.said(e, id), nil
	}
	return p.change(ctx, e, id, words)
}

// place is where a comment of ours is to stand.
type place struct{ file, below, ref string }

func (p *Part) write(ctx context.Context, e flow.Effect, at place, words string) ([]flow.Link, error) {
	file := p.current(ctx, at)
	p.Note(receiptKeep+at.ref, receipt{At: p.deps.Now()})
	made, err := p.post(ctx, file, at.below, words)
	if err != nil {
		return nil, err
	}
	id := file + "/" + made.ID
	p.Note(receiptKeep+at.ref, receipt{p.deps.Now(), id, versionOf(e)})
	if at.below != "" { // the status is that of the newest version, wherever it was asked for
		file = p.current(ctx, place{file: at.file})
	}
	p.setStatus(ctx, e, file)
	return p.said(e, id), nil
}

// current is the version that is newest now: what is said of an asset stands where people look. A comment is answered where it
// stands. Where it cannot be found out, the file itself will do.
func (p *Part) current(ctx context.Context, at place) string {
	if at.below != "" {
		return at.file
	}
	h, err := p.versions(ctx, at.file)
	if err != nil || len(h.files) == 0 {
		return at.file
	}
	return h.newest().ID
}

func versionOf(e flow.Effect) int64 {
	if e.Show != nil {
		return e.Show.Version
	}
	return 0
}

// said is the link to a comment of ours.
func (p *Part) said(e flow.Effect, id string) []flow.Link {
	file, comment, _ := strings.Cut(id, "/")
	l := flow.Link{Ref: p.commentRef(file, comment), Purpose: e.Purpose()}
	if p.set.Mode == legacy {
		l.URL = "https://app.frame.io/player/" + file
	}
	if s := e.Show; s != nil {
		l.Shown, l.Version = s.Digest, s.Version
	}
	return []flow.Link{l}
}

// post writes a comment. The current interface has no way to answer in a thread: an answer stands at the same place of the file
// as what it answers.
func (p *Part) post(ctx context.Context, file, below, words string) (comment, error) {
	data := map[string]any{"text": words}
	r := api.Call{Op: opSay, Method: http.MethodPost, Path: p.path("files", file, "comments"), Once: true, Thing: "the file"}
	if p.set.Mode == legacy {
		r.Path, r.Body = p.path("assets", file, "comments"), data
		if below != "" {
			r.Path = p.path("comments", below, "replies")
		}
	} else {
		if below != "" {
			p.beneath(ctx, below, data)
		}
		r.Body = map[string]any{"data": data}
	}
	made, err := read[comment](ctx, p, r)
	if err == nil && !idForm.MatchString(made.ID) {
		err = &connectors.Error{Op: opSay, Class: connectors.Unsure, Wait: api.FirstLook, Err: errors.New("the answer names no comment")}
	}
	return made, err
}

// beneath puts a comment where another one stands: at its time, on its page.
func (p *Part) beneath(ctx context.Context, id string, data map[string]any) {
	m, err := read[comment](ctx, p, get("read the comment", p.path("comments", id), "the comment"))
	if err != nil {
		return // it stands at the file as a whole
	}
	for name, raw := range map[string]json.RawMessage{"timestamp": m.Timestamp, "page": m.Page} {
		if len(raw) > 0 && string(raw) != "null" {
			data[name] = raw
		}
	}
}

// change makes a comment of ours read as it should now.
func (p *Part) change(ctx context.Context, e flow.Effect, id, words string) ([]flow.Link, error) {
	_, comment, _ := strings.Cut(id, "/")
	var body any = map[string]any{"data": map[string]any{"text": words}}
	method := http.MethodPatch
	if p.set.Mode == legacy {
		body, method = map[string]any{"text": words}, http.MethodPut
	}
	err := p.client.Do(ctx, api.Call{Op: "change a comment", Method: method, Path: p.path("comments", comment), Body: body, Thing: "the comment"}, nil)
	if err != nil && !api.Gone(err) { // one that was taken away by hand stays away
		return nil, err
	}
	p.Note(receiptKeep+p.refOf(e), receipt{p.deps.Now(), id, e.Show.Version})
	return p.said(e, id), nil
}

// Find looks for the comment of an earlier try among those of the file.
func (p *Part) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	file, below, err := p.target(e)
	if err != nil {
		return nil, false, nil // nothing can have been written
	}
	if wait := api.FirstLook - p.deps.Now().Sub(tried); wait > 0 {
		return nil, false, &connectors.Error{Op: "find a comment", Class: connectors.Unsure, Wait: wait, Err: errors.New("it may still be on its way")}
	}
	own, err := p.account(ctx)
	if err != nil {
		return nil, false, err
	}
	ref := p.refOf(e)
	files := []string{file}
	if now := p.current(ctx, place{file, below, ref}); now != file {
		files = append(files, now)
	}
	for _, file := range files {
		all, err := p.comments(ctx, file)
		if api.Gone(err) {
			continue // Do says so to people
		}
		if err != nil {
			return nil, false, err
		}
		for _, m := range all {
			if markOf(m.Text) == ref && m.by().ID == own.ID {
				id := file + "/" + m.ID
				p.Note(receiptKeep+ref, receipt{p.deps.Now(), id, versionOf(e)})
				p.setStatus(ctx, e, p.current(ctx, place{file: file}))
				return p.said(e, id), true, nil
			}
		}
	}
	return nil, false, nil
}

// Pace keeps calls about one file apart.
func (p *Part) Pace(e flow.Effect) []connectors.Pace {
	return []connectors.Pace{
		{Key: "frameio", PerMinute: 60, Burst: 10},
		{Key: fmt.Sprintf("frameio/%s", p.fileID(api.Place(e))), PerMinute: 30, Burst: 5, Alone: true},
	}
}
