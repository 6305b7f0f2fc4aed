package jira

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// tell says something in the ticket. Jira has no place for one person alone.
func (c *Connector) tell(ctx context.Context, e flow.Effect) error {
	t := e.Tell
	if t.Where.Type != "issue" || !issueID.MatchString(t.Where.Key) || t.Private {
		return cannot("comment", "In Jira signoff speaks in tickets only, not to single people.")
	}
	return c.sayOnce(ctx, remark{issue: t.Where.Key, body: commentBody(t.View), mark: e.Mark()})
}

// toldKey remembers that a comment was made. It is a receipt like others: after a day nobody asks for it again.
func toldKey(mark string) string { return receiptPrefix + "told/" + mark }

func commentBody(v flow.View) string {
	parts := []string{escape(v.Headline, true), wiki(v.Body), strings.TrimSpace(factLines(v.Facts)), strings.TrimSpace(pointLines(v.Points, ""))}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	return fitting(strings.Join(parts, "\n\n"), longestText, cutNote)
}

// sayOnce adds a comment that carries its mark, once.
func (c *Connector) sayOnce(ctx context.Context, m remark) error {
	if strings.TrimSpace(m.body) == "" {
		return nil
	}
	var told until
	if ok, err := c.memory.Load(ctx, toldKey(m.mark), &told); ok || err != nil {
		return err
	}
	if _, err := c.post(ctx, m); err != nil {
		return err
	}
	if err := c.memory.Save(ctx, toldKey(m.mark), until{c.deps.Now().Add(receiptLife)}); err != nil {
		return &connectors.Error{Op: "comment", Class: connectors.Unsure, Wait: firstLook, Err: err} // said, and we do not know it
	}
	return nil
}

// showLink puts the thread, or whatever else a request links to, onto the ticket. Jira knows it again by its global id,
// so doing it twice changes nothing.
func (c *Connector) showLink(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	s := e.Show
	target := s.View.Link
	id := linkTicket(s)
	switch {
	case target == nil || target.URL == "":
		return nil, cannot("link", "There is no address to link the ticket to.")
	case !issueID.MatchString(id):
		return nil, cannot("link", "The ticket to put the link on is not known.")
	}
	global := globalID(target.Ref)
	r := call{
		op: "link", method: http.MethodPost, path: api2 + "issue/" + url.PathEscape(id) + "/remotelink", issue: id,
		scope: c.shownKey(ctx, id), body: remoteLink(s.View, *target, global),
	}
	if err := c.do(ctx, r, nil); err != nil {
		return nil, err
	}
	return []flow.Link{{
		Ref:     flow.Ref{System: c.deps.Instance, Type: "remotelink", Key: id + "/" + global},
		Purpose: s.Purpose, Label: target.Label, URL: target.URL, Shown: s.Digest, Version: s.Version,
	}}, nil
}

// linkTicket is the ticket a link belongs to: the place it is made at, or the one it was made at before.
func linkTicket(s *flow.Show) string {
	if s.At.Type == "issue" {
		return s.At.Key
	}
	if s.Link != nil {
		id, _, _ := strings.Cut(s.Link.Ref.Key, "/")
		return id
	}
	return ""
}

const longestGlobalID = 255

// globalID is the same for the same thing for ever: signoff:slack:T01/C02/1763800000.000100.
func globalID(ref flow.Ref) string {
	id := "signoff:" + ref.System + ":" + ref.Key
	if len(id) > longestGlobalID {
		return "signoff:" + ref.System + ":" + hash(ref.String())
	}
	return id
}

// remoteLink is always the whole object: Jira clears what is left out.
func remoteLink(v flow.View, to flow.Link, global string) map[string]any {
	title := firstOf(v.Headline, to.Label, v.Title, to.URL)
	object := map[string]any{"url": to.URL, "title": oneLine(title), "status": map[string]any{"resolved": v.Status.Closed()}}
	if text := oneLine(v.Title); text != "" && text != oneLine(title) {
		object["summary"] = text
	}
	app, name := "signoff", "signoff"
	if to.Ref.System == "slack" {
		app, name = "com.slack", "Slack"
	}
	return map[string]any{
		"globalId": global, "relationship": "requested in", "object": object,
		"application": map[string]string{"type": app, "name": name},
	}
}

func firstOf(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
