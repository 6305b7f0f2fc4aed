package jira

import (
	"context"
	"encoding/json"
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
	return c.comment(ctx, t.Where.Key, commentBody(t.View), e.Mark())
}

// toldKey remembers that a comment was made. It is a receipt like others: after a day nobody asks for it again.
func toldKey(mark string) string { return receiptPrefix + "told/" + mark }

func commentBody(v flow.View) string {
	parts := []string{escape(v.Headline, true), wiki(v.Body), strings.TrimSpace(factLines(v.Facts)), strings.TrimSpace(pointLines(v.Points))}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	return fitting(strings.Join(parts, "\n\n"), longestText, cutNote)
}

// comment adds a comment that carries its mark, once.
func (c *Connector) comment(ctx context.Context, id, body, mark string) error {
	if strings.TrimSpace(body) == "" {
		return nil
	}
	var told until
	if ok, err := c.load(ctx, toldKey(mark), &told); ok || err != nil {
		return err
	}
	if err := c.expect(ctx, id, "comment", body); err != nil {
		return err
	}
	r := call{
		op: "comment", method: http.MethodPost, path: api2 + "issue/" + url.PathEscape(id) + "/comment", once: true, issue: id,
		scope: c.shownKey(ctx, id),
		body: map[string]any{
			"body":       body,
			"properties": []property{{originKey, c.commentMark(mark)}},
		},
	}
	if err := c.do(ctx, r, nil); err != nil {
		return err
	}
	if err := c.save(ctx, toldKey(mark), until{c.deps.Now().Add(receiptLife)}); err != nil {
		return &connectors.Error{Op: r.op, Class: connectors.Unsure, Wait: firstLook, Err: err} // said, and we do not know it
	}
	return nil
}

const commentsRead = "50"

// hasComment looks for a comment by its mark among the newest.
func (c *Connector) hasComment(ctx context.Context, id, mark string) (bool, error) {
	q := url.Values{"orderBy": {"-created"}, "maxResults": {commentsRead}, "expand": {"properties"}}
	r := get("read comments", "issue/"+url.PathEscape(id)+"/comment", q)
	r.scope = c.shownKey(ctx, id)
	var answer struct {
		Comments []struct {
			Properties []struct {
				Key   string          `json:"key"`
				Value json.RawMessage `json:"value"`
			} `json:"properties"`
		} `json:"comments"`
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return false, err
	}
	want := c.commentMark(mark)
	for _, one := range answer.Comments {
		for _, p := range one.Properties {
			var o origin
			if p.Key == originKey && json.Unmarshal(p.Value, &o) == nil && o == want {
				return true, nil
			}
		}
	}
	return false, nil
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

// Pace names the limits: writes per ticket, calls per site, and the daily budget if one is set.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	// One effect makes up to four calls; Jira takes 20 writes in 2 s and 100 in 30 s per ticket, and about 100 calls a
	// second per site, of which we want a tenth.
	paces := []connectors.Pace{{Key: "site", PerMinute: 180, Burst: 20}}
	if id := ticketID(e); id != "" {
		paces = append(paces, connectors.Pace{Key: "issue/" + id, PerMinute: 50, Burst: 5, Alone: true})
	}
	if n := c.set.WritesPerDay; n > 0 {
		paces = append(paces, connectors.Pace{Key: "day", PerMinute: float64(n) / (24 * 60), Burst: n, Budget: true})
	}
	return paces
}

func ticketID(e flow.Effect) string {
	switch {
	case e.Tell != nil && e.Tell.Where.Type == "issue":
		return e.Tell.Where.Key
	case e.Show == nil:
		return ""
	case isLink(e):
		return linkTicket(e.Show)
	case e.Show.Link != nil:
		return e.Show.Link.Ref.Key
	}
	return ""
}
