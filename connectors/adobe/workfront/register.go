package workfront

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/outbound"
)

const subscriptions = "attask/eventsubscription/api/v1/subscriptions"

// subscription is one as Workfront lists it. Its token is masked.
type subscription struct {
	ID    string `json:"id"`
	Code  string `json:"objCode"`
	Event string `json:"eventType"`
	URL   string `json:"url"`
}

func (p *Part) hookURL() string { return p.deps.PublicURL + "/hooks/" + p.deps.Instance + "/" + Door }

func (p *Part) finding(level, text, remedy string) connectors.Finding {
	return connectors.Finding{Level: level, What: p.deps.Instance + " workfront", Text: text, Remedy: remedy}
}

// events are those that signoff wants to know of a kind of object.
func events(code string) []string {
	switch strings.ToUpper(code) {
	case "DOCV", "NOTE":
		return []string{"CREATE"}
	case "DOCU":
		return []string{"UPDATE", "DELETE"}
	}
	return []string{"UPDATE"}
}

// unregistered says why there is nothing to subscribe to.
func (p *Part) unregistered() (connectors.Finding, bool) {
	switch {
	case p.set.Webhook != auto:
		return p.finding("ok", "subscriptions are made by hand; they lead to "+p.hookURL(), ""), true
	case p.client == nil:
		return p.finding("warning", "without credentials signoff subscribes to nothing and believes what the events say", "Add credentials to connectors.adobe.workfront, or write webhook: manual."), true
	}
	return connectors.Finding{}, false
}

// Register subscribes to what is missing. Workfront itself refuses to have a subscription twice.
func (p *Part) Register(ctx context.Context) ([]connectors.Finding, error) {
	if f, stop := p.unregistered(); stop {
		return []connectors.Finding{f}, nil
	}
	missing, err := p.missing(ctx)
	if err == nil {
		for _, s := range missing {
			if err = p.subscribe(ctx, s); err != nil {
				break
			}
		}
	}
	if refused := outbound.RefusalOf(err); refused != nil && connectors.ClassOf(err) == connectors.Rejected {
		return []connectors.Finding{p.finding("warning", "Workfront does not take a subscription: "+refused.Error(), "Only system administrators may subscribe; use such an account, or webhook: manual.")}, nil
	}
	if err != nil {
		return nil, err
	}
	return []connectors.Finding{p.finding("ok", fmt.Sprintf("subscribed to %s (%d new)", strings.Join(p.set.Subscriptions, ", "), len(missing)), "")}, nil
}

// missing are the subscriptions that are not there.
func (p *Part) missing(ctx context.Context) ([]subscription, error) {
	a, err := p.client.Ask(ctx, api.Call{Op: "read subscriptions", Path: subscriptions, Query: url.Values{"page": {"1"}, "limit": {"1000"}}})
	if err != nil {
		return nil, err
	}
	there := map[subscription]bool{}
	for _, s := range readList(a.Body) {
		there[subscription{"", strings.ToUpper(s.Code), strings.ToUpper(s.Event), s.URL}] = true
	}
	var out []subscription
	for _, code := range p.set.Subscriptions {
		for _, event := range events(code) {
			if !there[subscription{"", strings.ToUpper(code), event, p.hookURL()}] {
				out = append(out, subscription{Code: code, Event: event, URL: p.hookURL()})
			}
		}
	}
	return out, nil
}

// readList reads a list of subscriptions, bare or in one of its wrappers.
func readList(body []byte) []subscription {
	var bare []subscription
	if json.Unmarshal(body, &bare) == nil {
		return bare
	}
	var wrapped map[string]json.RawMessage
	if json.Unmarshal(body, &wrapped) != nil {
		return nil
	}
	for _, key := range []string{"items", "subscriptions", "data", "content"} {
		if json.Unmarshal(wrapped[key], &bare) == nil {
			return bare
		}
	}
	return nil
}

func (p *Part) subscribe(ctx context.Context, s subscription) error {
	err := p.client.Do(ctx, api.Call{Op: "subscribe", Method: http.MethodPost, Path: subscriptions, Body: map[string]string{
		"objCode": s.Code, "eventType": s.Event, "url": s.URL, "authToken": p.set.AuthToken[0].Reveal(),
	}}, nil)
	if outbound.StatusOf(err) == http.StatusConflict {
		return nil // it is there
	}
	return err
}

// Check asks for the subscriptions.
func (p *Part) Check(ctx context.Context) []connectors.Finding {
	if f, stop := p.unregistered(); stop {
		return []connectors.Finding{f}
	}
	missing, err := p.missing(ctx)
	switch {
	case err != nil:
		return []connectors.Finding{api.Failed(p.deps.Instance+" workfront", "Workfront", err)}
	case len(missing) > 0:
		return []connectors.Finding{p.finding("ok", fmt.Sprintf("%d subscriptions are not there yet; signoff makes them when it runs, at start and every hour", len(missing)), "")}
	}
	return []connectors.Finding{p.finding("ok", "subscribed to "+strings.Join(p.set.Subscriptions, ", "), "")}
}

// Probe asks whether our credentials are taken.
func (p *Part) Probe(ctx context.Context) error {
	if p.client == nil {
		return nil
	}
	return p.client.Do(ctx, api.Call{Op: "read our account", Path: subscriptions, Query: url.Values{"page": {"1"}, "limit": {"1"}}}, nil)
}
