package frameio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

func cannot(op, person string) error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}

// Look reads the newest version of a file and what was said about it since an instant.
func (p *Part) Look(ctx context.Context, a flow.Asset, since time.Time) ([]flow.Event, error) {
	id := p.fileID(a.Ref)
	if a.Ref.Type != "file" || id == "" {
		return nil, cannot("read the file", fmt.Sprintf("%q is no file of the account that signoff is connected to.", a.Ref.Key))
	}
	h, err := p.versions(ctx, id)
	if api.Gone(err) {
		return p.gone(ctx, a.Ref, err)
	}
	if err != nil {
		return nil, err
	}
	if len(h.files) == 0 {
		return p.stamped([]flow.Event{p.goneEvent(a.Ref, "deleted")}), nil
	}
	l := p.learnHistory(learned{About: a.Ref, Title: a.Label, URL: a.URL}, h, a)
	out := []flow.Event{p.changed(a.Ref, l.Title, l.URL, l.Versions)}
	said, err := p.heard(ctx, l, h, a.Current().ID, since)
	if err != nil {
		return nil, err
	}
	out = append(out, said...)
	if p.set.Status.Field != "" {
		newest := h.newest().ID
		s, err := p.learnStatus(ctx, newest)
		switch {
		case err != nil:
			p.deps.Log.Warn("the status of a file cannot be read", "file", newest, "error", err)
		case s.Status != "":
			out = append(out, p.statusEvent(a.Ref, l.Title, s.Status, flow.Actor{}, newest, p.deps.Now().UTC()))
		}
	}
	return p.stamped(out), nil
}

// gone says that a file cannot be read, once it is sure that Frame.io still knows us.
func (p *Part) gone(ctx context.Context, about flow.Ref, err error) ([]flow.Event, error) {
	if _, site := p.askAccount(ctx); site != nil {
		return nil, site
	}
	e, _ := errors.AsType[*connectors.Error](err)
	return p.stamped([]flow.Event{p.goneEvent(about, e.Gone)}), nil
}

// stamped completes events that no webhook told of.
func (p *Part) stamped(list []flow.Event) []flow.Event {
	for i := range list {
		ev := &list[i]
		what := string(ev.Kind) + "/" + ev.Subject.Key
		switch {
		case len(ev.Versions) > 0:
			what += "/" + ev.Versions[len(ev.Versions)-1].ID
		case !ev.Said.Zero():
			what += "/" + ev.Said.Key + "/" + ev.Sent.UTC().Format(time.RFC3339) + ev.Field("state")
		}
		ev.ID, ev.At = p.deps.Instance+"/read/"+what, p.deps.Now().UTC()
	}
	return list
}

// heard reads what was said, changed, completed and taken back: at the newest version and at the one that was decided on so far.
func (p *Part) heard(ctx context.Context, l learned, h history, known string, since time.Time) ([]flow.Event, error) {
	own, err := p.account(ctx)
	if err != nil {
		return nil, err
	}
	row, err := p.row(ctx, l.About)
	if err != nil {
		return nil, err
	}
	files := []string{h.newest().ID}
	if known != "" && known != files[0] && slices.ContainsFunc(h.files, func(a asset) bool { return a.ID == known }) {
		files = append(files, known)
	}
	hear := hearing{p: p, l: l, row: row, since: since, now: p.deps.Now().UTC(), own: own}
	for _, file := range files {
		if err := hear.file(ctx, file); err != nil {
			return nil, err
		}
	}
	p.Note(rowKey(l.About), row)
	slices.SortStableFunc(hear.out, func(a, b flow.Event) int {
		if d := a.Sent.Compare(b.Sent); d != 0 {
			return d
		}
		if below := cmp.Compare(len(a.Fields["below"]), len(b.Fields["below"])); below != 0 {
			return below // what is answered comes before its answer
		}
		return strings.Compare(a.Seq, b.Seq)
	})
	return hear.out, nil
}

// hearing compares the comments of an asset with what was known of them.
type hearing struct {
	p     *Part
	l     learned
	row   map[string]known
	since time.Time
	now   time.Time
	own   user
	asked int // how many were read alone
	out   []flow.Event
}

func (h *hearing) file(ctx context.Context, file string) error {
	list, err := h.p.comments(ctx, file)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m, err = h.authored(ctx, m); err != nil {
			return err
		}
		if !h.p.wrote(m, h.own) {
			h.one(m)
		}
	}
	for id, k := range h.row {
		if k.File != file || slices.ContainsFunc(list, func(m comment) bool { return m.ID == id }) {
			continue
		}
		h.out = append(h.out, flow.Event{Kind: flow.CommentRemoved, Subject: h.l.About, Said: h.p.commentRef(file, id), Sent: h.now, Seq: id})
		delete(h.row, id)
	}
	return nil
}

const mostAuthors = 50 // in one look

// authored reads who wrote a reply that is news: lists name the authors of comments and not those of replies.
func (h *hearing) authored(ctx context.Context, m comment) (comment, error) {
	_, had := h.row[m.ID]
	if m.by().ID != "" || m.Parent == "" || had || m.at().Before(h.since) || h.asked == mostAuthors {
		return m, nil
	}
	h.asked++
	alone, err := read[comment](ctx, h.p, get("read the comment", h.p.path("comments", m.ID), "the comment", "owner"))
	if api.Gone(err) {
		return m, nil
	}
	m.Owner, m.OwnerID = alone.Owner, alone.OwnerID
	return m, err
}

func (h *hearing) one(m comment) {
	before, had := h.row[m.ID]
	late := m.at().Before(h.since)
	if late && !had {
		return
	}
	ev := h.p.saidIn(h.l.About, h.l.Title, h.l.URL, m)
	if !had {
		h.out = append(h.out, h.p.compared(h.l.About, ev, m, nil, "")...)
	} else {
		if before.Words == knownOf(m).Words && !late {
			h.out = append(h.out, ev) // said again: whoever knows it takes it for the same
		}
		h.out = append(h.out, h.p.compared(h.l.About, ev, m, &before, "")...)
	}
	if had || len(h.row) < mostKnown {
		if !had {
			h.p.Note(whereKey(m.ID), h.l.About)
		}
		h.row[m.ID] = knownOf(m)
	}
}
