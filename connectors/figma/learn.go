package figma

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// learned is what was read at Figma about a webhook.
type learned struct {
	Touches  bool      `json:"touches,omitempty"` // an open request is about the file
	Own      bool      `json:"own,omitempty"`     // the comment is one of signoff's
	Receipt  bool      `json:"receipt,omitempty"` // and a call of ours explains it
	Gone     bool      `json:"gone,omitempty"`    // what it tells of is not there (any more)
	Unread   bool      `json:"unread,omitempty"`  // Figma does not show us the file: the webhook's own words have to do
	Comment  *comment  `json:"comment,omitempty"`
	Versions []version `json:"versions,omitempty"` // oldest first
	Node     string    `json:"node,omitempty"`     // that the open request is about
}

// Recall knows what a webhook of Figma's is about without asking, where it only says hello, or its comment is one of ours, or was
// read a moment ago.
func (c *Connector) Recall(ctx context.Context, d flow.Delivery) ([]byte, bool) {
	p, err := readPayload(d.Body)
	if err != nil {
		return nil, false
	}
	switch p.Event {
	case ping:
		raw, err := c.pinged(p, d.At)
		return raw, err == nil
	case fileComment:
		if l, ok, err := c.echoed(ctx, p); ok && err == nil {
			raw, err := marshal(l)
			return raw, err == nil
		}
		m, ok := c.recent.comment(p.FileKey, p.ID, c.deps.Now())
		own := c.self.Load()
		if !ok || own == nil {
			return nil, false
		}
		raw, err := c.learnedOf(ctx, p, m, own.ID)
		return raw, err == nil
	}
	return nil, false
}

// Enrich reads again what a webhook tells of: it is only a bell.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	p, err := readPayload(d.Body)
	if err != nil {
		return marshal(learned{}) // Parse says what is wrong with it
	}
	switch p.Event {
	case ping:
		return c.pinged(p, d.At)
	case fileComment:
		return c.learnComment(ctx, p, d.At)
	case fileDelete:
		return c.learnDeleted(ctx, p)
	}
	return c.learnVersions(ctx, p)
}

func marshal(l learned) ([]byte, error) { return json.Marshal(l) }

// touching finds the open request that is about a file, with what is known of the file there.
func (c *Connector) touching(ctx context.Context, key string) (flow.Asset, bool, error) {
	q := c.query.Load()
	if q == nil {
		return flow.Asset{}, false, nil
	}
	r, ok, err := (*q).Touching(ctx, c.file(key))
	if err != nil || !ok {
		return flow.Asset{}, false, err
	}
	for _, a := range r.Assets {
		if a.Ref == c.file(key) {
			return a, true, nil
		}
	}
	return flow.Asset{}, true, nil
}

// signed finds what is known of a file in the approved request that it was decided in: a version that is saved later is said
// there, and starts nothing again.
func (c *Connector) signed(ctx context.Context, key string) (flow.Asset, bool, error) {
	q := c.query.Load()
	if q == nil {
		return flow.Asset{}, false, nil
	}
	r, ok, err := (*q).Signed(ctx, c.file(key))
	if err != nil || !ok {
		return flow.Asset{}, false, err
	}
	for _, a := range r.Assets {
		if a.Ref == c.file(key) {
			return a, true, nil
		}
	}
	return flow.Asset{}, false, nil
}

// listedWithin is how long a comment or version may take to be listed after its webhook.
const listedWithin = 30 * time.Second

// unlisted is tried again.
func unlisted(what string) error {
	return &connectors.Error{Op: "read " + what, Class: connectors.Transient, Wait: firstLook, Err: errors.New("it is not listed yet")}
}

// learnComment reads a comment where it is of use. One that is not listed for a while was taken back.
func (c *Connector) learnComment(ctx context.Context, p *payload, received time.Time) ([]byte, error) {
	_, touches, err := c.touching(ctx, p.FileKey)
	if err != nil {
		return nil, err
	}
	if _, asks := c.mentions(p.said()); !asks && !touches {
		return marshal(learned{})
	}
	if l, ok, err := c.echoed(ctx, p); ok || err != nil {
		return marshalAfter(l, err)
	}
	own, err := c.ownID(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.comments(ctx, p.FileKey)
	if unseen(err) {
		return marshal(learned{Touches: touches, Unread: true})
	}
	if err != nil {
		return nil, err
	}
	m, ok := find(list, p.ID)
	switch {
	case ok:
		return c.learnedOf(ctx, p, m, own)
	case c.deps.Now().Sub(received) < listedWithin:
		return nil, unlisted("the comment")
	}
	return marshal(learned{Touches: touches, Gone: true})
}

// echoed recognises a comment of ours by the call of ours that explains its mark. Nobody has to be asked, so it is known as ours
// also while Figma does not answer.
func (c *Connector) echoed(ctx context.Context, p *payload) (learned, bool, error) {
	m := p.told()
	if markOf(m.Message) == "" {
		return learned{}, false, nil
	}
	own, ok, err := c.keptAccount(ctx)
	if err != nil || !ok || own.ID != m.By.ID {
		return learned{}, false, err
	}
	ok, err = c.receipt(ctx, m)
	if err != nil || !ok {
		return learned{}, false, err
	}
	_, touches, err := c.touching(ctx, p.FileKey)
	return learned{Touches: touches, Own: true, Receipt: true, Comment: &m}, err == nil, err
}

// unseen reports that Figma does not show the file.
func unseen(err error) bool {
	e, ok := errors.AsType[*connectors.Error](err)
	return ok && e.Gone != ""
}

// learnedOf says of a comment whether it is ours, and whether a request is about its file.
func (c *Connector) learnedOf(ctx context.Context, p *payload, m comment, own loose) ([]byte, error) {
	a, touches, err := c.touching(ctx, p.FileKey)
	if err != nil {
		return nil, err
	}
	l := learned{Touches: touches, Comment: &m, Node: first(a.Nodes)}
	if l.Own, err = c.wrote(ctx, m, own); err != nil {
		return nil, err
	}
	if !l.Own {
		_, asks := c.mentions(m.Message)
		return marshalAfter(l, c.remember(ctx, p.FileKey, m, asks && !touches))
	}
	if l.Receipt, err = c.receipt(ctx, m); err != nil {
		return nil, err
	}
	if !l.Receipt {
		c.deps.Log.Warn("a comment bears a mark of signoff's and no call of ours explains it", "file", p.FileKey, "comment", string(m.ID))
	}
	return marshal(l)
}

func marshalAfter(l learned, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return marshal(l)
}

// learnVersions reads which versions are new.
func (c *Connector) learnVersions(ctx context.Context, p *payload) ([]byte, error) {
	a, touches, err := c.touching(ctx, p.FileKey)
	if err != nil {
		return nil, err
	}
	_, asks := c.mentions(p.said())
	signed := false
	if !asks && !touches && c.counts(p) {
		if a, signed, err = c.signed(ctx, p.FileKey); err != nil {
			return nil, err
		}
	}
	if !asks && !touches && !signed {
		return marshal(learned{})
	}
	list, err := c.newer(ctx, p.FileKey, a.Current().ID)
	if unseen(err) {
		return marshal(learned{Touches: touches, Unread: true})
	}
	if err != nil {
		return nil, err
	}
	told := p.Event == fileVersion && !slices.ContainsFunc(list, func(v version) bool { return v.ID == p.Version })
	if told && instant(p.Created).After(instant(newestOf(list).Created)) {
		return nil, unlisted("the version")
	}
	return marshal(learned{Touches: touches, Versions: list, Node: first(a.Nodes)})
}

// counts reports whether a webhook may tell of a version that people decide on.
func (c *Connector) counts(p *payload) bool {
	return p.Event == fileVersion || p.Event == fileUpdate && c.set.Versions != named
}

func newestOf(list []version) version {
	if len(list) == 0 {
		return version{}
	}
	return list[len(list)-1]
}

// learnDeleted asks whether a file is really gone.
func (c *Connector) learnDeleted(ctx context.Context, p *payload) ([]byte, error) {
	_, touches, err := c.touching(ctx, p.FileKey)
	if err != nil {
		return nil, err
	}
	if !touches {
		return marshal(learned{})
	}
	c.recent.drop(p.FileKey)
	_, err = c.metaOf(ctx, p.FileKey)
	if err != nil && !unseen(err) {
		return nil, err
	}
	return marshal(learned{Touches: true, Gone: err != nil})
}

func pingKey(webhook string) string { return "ping/" + webhook }

// pinged notes that Figma has reached us through a webhook.
func (c *Connector) pinged(p *payload, at time.Time) ([]byte, error) {
	if idForm.MatchString(string(p.Webhook)) {
		c.memory.Note(pingKey(string(p.Webhook)), at)
	}
	return marshal(learned{})
}
