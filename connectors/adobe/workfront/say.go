package workfront

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

const (
	opSay       = "write an update"
	longestSaid = 3500
	refWords    = "signoff ref "
	receiptKeep = "workfront/receipt/"
)

var refForm = pattern.New(`signoff ref ([0-9a-f]{12})\s*$`)

type receipt struct {
	At time.Time `json:"at"`
	ID string    `json:"id,omitempty"` // CODE/OBJECT/NOTE
}

func (p *Part) refOf(e flow.Effect) string { return api.Hash(p.deps.StoreID, e.Mark())[:12] }

func markOf(words string) string {
	if m := refForm.FindStringSubmatch(words); m != nil {
		return m[1]
	}
	return ""
}

func cannot(person string) error {
	return &connectors.Error{Op: opSay, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}

// target is the object to write to.
func (p *Part) target(e flow.Effect) (code, id string, err error) {
	parts := strings.Split(api.Place(e).Key, "/")
	switch {
	case e.Tell != nil && e.Tell.Private, len(parts) < 2, !objectID.MatchString(parts[1]):
		return "", "", cannot("In Workfront signoff writes updates to objects only, not to single people.")
	case e.Show != nil && e.Show.View.Kind != flow.CommentView && e.Show.View.Kind != flow.NoticeView:
		return "", "", cannot("Workfront has no place for cards.")
	case p.client == nil:
		return "", "", cannot("signoff has no credentials for Workfront, so it reads its events only. An administrator has to add them to connectors.adobe.workfront.")
	}
	return parts[0], parts[1], nil
}

// Do writes an update to an object. Updates stay as they are.
func (p *Part) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	code, id, err := p.target(e)
	if err != nil {
		return nil, err
	}
	ref := p.refOf(e)
	var r receipt
	if ok, err := p.Load(ctx, receiptKeep+ref, &r); err != nil {
		return nil, err
	} else if ok && r.ID != "" {
		return p.link(e, r.ID), nil
	}
	if s := e.Show; s != nil && s.Link != nil {
		return p.link(e, s.Link.Ref.Key), nil
	}
	words := api.Plain(e, p.deps.PublicURL, longestSaid)
	if words == "" {
		return nil, nil
	}
	p.Note(receiptKeep+ref, receipt{At: p.deps.Now()})
	var made struct {
		Data note `json:"data"`
	}
	err = p.client.Do(ctx, api.Call{
		Op: opSay, Method: http.MethodPost, Path: "attask/api/" + p.set.APIVersion + "/note", Once: true, Thing: "the object",
		Body: map[string]string{"noteText": words + "\n" + refWords + ref, "noteObjCode": code, "objID": id},
	}, &made)
	if err == nil && !objectID.MatchString(made.Data.ID) {
		err = &connectors.Error{Op: opSay, Class: connectors.Unsure, Wait: api.FirstLook, Err: errors.New("the answer names no update")}
	}
	if err != nil {
		return nil, err
	}
	key := code + "/" + id + "/" + made.Data.ID
	p.Note(receiptKeep+ref, receipt{p.deps.Now(), key})
	return p.link(e, key), nil
}

func (p *Part) link(e flow.Effect, key string) []flow.Link {
	parts := strings.Split(key, "/")
	l := flow.Link{Ref: p.ref("update", key), Purpose: e.Purpose(), URL: p.address(parts[0], parts[1])}
	if s := e.Show; s != nil {
		l.Shown, l.Version = s.Digest, s.Version
	}
	return []flow.Link{l}
}

// Find looks for the update of an earlier try.
func (p *Part) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	code, id, err := p.target(e)
	if err != nil {
		return nil, false, nil // nothing can have been written
	}
	if wait := api.FirstLook - p.deps.Now().Sub(tried); wait > 0 {
		return nil, false, &connectors.Error{Op: "find an update", Class: connectors.Unsure, Wait: wait, Err: errors.New("it may still be on its way")}
	}
	var found struct {
		Data []note `json:"data"`
	}
	err = p.client.Do(ctx, api.Call{Op: "find an update", Path: "attask/api/" + p.set.APIVersion + "/note/search", Query: url.Values{
		"objID": {id}, "noteObjCode": {code}, "fields": {"noteText"}, "entryDate_Sort": {"desc"}, "$$LIMIT": {"100"},
	}}, &found)
	if err != nil {
		return nil, false, err
	}
	ref := p.refOf(e)
	for _, n := range found.Data {
		if markOf(n.Text) == ref {
			key := code + "/" + id + "/" + n.ID
			p.Note(receiptKeep+ref, receipt{p.deps.Now(), key})
			return p.link(e, key), true, nil
		}
	}
	return nil, false, nil
}
