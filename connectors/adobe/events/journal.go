package events

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/outbound"
)

const (
	cursorKey   = "io/journal"
	journalRest = time.Minute // between two reads of a journal that has an end
	mostReads   = 50          // of one poll
)

// Poll reads the journal, which keeps every event for seven days: from where it stood, or from its oldest. What a webhook
// brought is known by its id and is not taken twice. It says when to come again.
func (p *Part) Poll(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) (time.Duration, error) {
	if p.journal == nil {
		return 0, nil
	}
	for range mostReads {
		wait, more, err := p.readOn(ctx, deliver)
		if err != nil || !more {
			return wait, err
		}
	}
	return journalRest, nil
}

// readOn reads one part of the journal.
func (p *Part) readOn(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) (wait time.Duration, more bool, err error) {
	at := p.set.JournalURL
	if _, err := p.Load(ctx, cursorKey, &at); err != nil {
		return 0, false, err
	}
	a, err := p.journal.Ask(ctx, api.Call{Op: "read the journal", Full: at})
	if status := outbound.StatusOf(err); status == http.StatusGone || status == http.StatusNotFound && at != p.set.JournalURL {
		p.Forget(cursorKey) // where it stood is older than seven days
		return journalRest, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	next := p.next(at, a.Header.Values("Link"))
	if a.Status == http.StatusNoContent {
		if next != "" {
			p.Note(cursorKey, next)
		}
		wait, asked := outbound.RetryAfter(a.Header, p.deps.Now())
		if !asked {
			wait = journalRest
		}
		return wait, false, nil
	}
	if !p.deliverAll(ctx, a.Body, deliver) {
		return journalRest, false, nil // not stored: from the same place again
	}
	if next == "" {
		return journalRest, false, nil
	}
	p.Note(cursorKey, next)
	return 0, true, nil
}

func (p *Part) deliverAll(ctx context.Context, body []byte, deliver func(context.Context, connectors.Inbound) connectors.Reply) bool {
	var page struct {
		Events []struct {
			Event json.RawMessage `json:"event"`
		} `json:"events"`
	}
	if json.Unmarshal(body, &page) != nil {
		p.deps.Log.Warn("a part of adobe's journal cannot be read; it is left out")
		return true
	}
	for _, e := range page.Events {
		if len(e.Event) == 0 {
			continue
		}
		r := deliver(ctx, connectors.Inbound{
			Method: http.MethodPost, Rest: Door + "/journal", Header: http.Header{"Content-Type": {"application/json"}}, Body: e.Event,
			At: p.deps.Now().UTC(), Trusted: true,
		})
		if r.Status >= http.StatusInternalServerError {
			return false
		}
	}
	return true
}

// next finds where the journal goes on: <address>; rel="next".
func (p *Part) next(at string, links []string) string {
	base, err := url.Parse(at)
	if err != nil {
		return ""
	}
	for _, header := range links {
		for part := range strings.SplitSeq(header, ",") {
			address, params, ok := strings.Cut(part, ">")
			address, open := strings.CutPrefix(strings.TrimSpace(address), "<")
			if !ok || !open || !strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") {
				continue
			}
			if u, err := base.Parse(address); err == nil {
				return u.String()
			}
		}
	}
	return ""
}

// Register looks at the state of our registration: Adobe switches off those that often fail.
func (p *Part) Register(ctx context.Context) []connectors.Finding {
	what := p.deps.Instance + " events"
	var out []connectors.Finding
	if at := p.validate.Load(); at != nil {
		out = append(out, connectors.Finding{Level: "warning", What: what, Text: "Adobe asked for the webhook's address to be confirmed: " + *at,
			Remedy: "Open that address within five minutes of making the registration; if it is over, save the registration again."})
	}
	if p.set.Registration == "" || p.client == nil {
		return out
	}
	var reg struct {
		Name   string `json:"name"`
		Status string `json:"webhook_status"`
		Other  string `json:"status"`
	}
	org, rest, _ := strings.Cut(p.set.Registration, "/")
	parts := append([]string{"events", org}, strings.Split(rest, "/")...)
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	path := strings.Join(parts[:4], "/") + "/registrations/" + parts[4]
	if err := p.client.Do(ctx, api.Call{Op: "read the registration", Path: path, Thing: "the registration"}, &reg); err != nil {
		return append(out, api.Failed(what, "Adobe I/O", err))
	}
	status := strings.ToLower(api.First(reg.Status, reg.Other))
	if status != "" && status != "verified" && status != "active" {
		return append(out, connectors.Finding{Level: "warning", What: what, Text: "the registration " + api.OneLine(reg.Name, 80) + " is " + status,
			Remedy: "Look at its debug tab in the Adobe Developer Console, see that signoff can be reached, and save the registration to switch it on again."})
	}
	return append(out, connectors.Finding{Level: "ok", What: what, Text: "the registration " + api.OneLine(reg.Name, 80) + " is active"})
}

// Check asks for a token and for the registration.
func (p *Part) Check(ctx context.Context) []connectors.Finding {
	what := p.deps.Instance + " events"
	if p.client == nil {
		return append([]connectors.Finding{{Level: "ok", What: what, Text: "events for client " + p.set.ClientID + " are believed; without a client secret the journal is not read"}}, p.Register(ctx)...)
	}
	if err := p.Probe(ctx); err != nil {
		return []connectors.Finding{api.Failed(what, "Adobe I/O", err)}
	}
	return append([]connectors.Finding{{Level: "ok", What: what, Text: "Adobe gives a token to client " + p.set.ClientID}}, p.Register(ctx)...)
}

// Probe asks for a token.
func (p *Part) Probe(ctx context.Context) error {
	if p.client == nil {
		return nil
	}
	return p.client.Auth.Put(ctx, http.Header{})
}
