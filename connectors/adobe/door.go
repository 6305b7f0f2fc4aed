package adobe

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"signoff/connectors"
	"signoff/connectors/adobe/events"
	"signoff/connectors/adobe/frameio"
	"signoff/connectors/adobe/workfront"
	"signoff/internal/flow"
)

// part is one of the three, as far as deliveries go.
type part interface {
	Accept(in connectors.Inbound, rest string) (connectors.Accepted, error)
	Enrich(ctx context.Context, d flow.Delivery) ([]byte, error)
	Parse(d flow.Delivery) ([]flow.Event, error)
}

// behind is the part behind a door; nil where it is left out or there is no such door.
func (c *Connector) behind(door string) part {
	switch {
	case door == frameio.Door && c.frameio != nil:
		return c.frameio
	case (door == events.Door || door == "events") && c.events != nil:
		return c.events
	case door == workfront.Door && c.workfront != nil:
		return c.workfront
	}
	return nil
}

// Accept leaves a delivery to the part whose door it came to.
func (c *Connector) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	door, rest, _ := strings.Cut(strings.Trim(in.Rest, "/"), "/")
	if door == "" {
		door = doorOf(in)
	}
	p := c.behind(door)
	if p == nil {
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusNotFound, Reason: "no such door"}
	}
	return p.Accept(in, rest)
}

// doorOf is the door that a delivery to the bare address means, by how it is signed.
func doorOf(in connectors.Inbound) string {
	switch {
	case in.Header.Get("X-Frameio-Signature") != "":
		return frameio.Door
	case in.Header.Get("Authorization") != "":
		return workfront.Door
	}
	return events.Door
}

// of is the part that took a delivery in.
func (c *Connector) of(d flow.Delivery) part {
	door, _, _ := strings.Cut(d.Kind, ":")
	return c.behind(door)
}

// Parse implements connectors.Receiver. What came for a part that is left out now states nothing.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	p := c.of(d)
	if p == nil {
		return nil, nil
	}
	return p.Parse(d)
}

// Enrich implements connectors.Enricher.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	p := c.of(d)
	if p == nil {
		return json.Marshal(struct{}{})
	}
	return p.Enrich(ctx, d)
}

// Recall implements connectors.Recaller: I/O Events say it all themselves.
func (c *Connector) Recall(ctx context.Context, d flow.Delivery) ([]byte, bool) {
	if door, _, _ := strings.Cut(d.Kind, ":"); door == events.Door && c.events != nil {
		return c.events.Recall(ctx, d)
	}
	return nil, false
}

// Respond implements connectors.Responder: only in Frame.io does somebody wait.
func (c *Connector) Respond(ctx context.Context, in connectors.Inbound, acc connectors.Accepted, q connectors.Query) connectors.Reply {
	if c.frameio == nil {
		return connectors.Reply{Status: http.StatusOK, Store: true}
	}
	return c.frameio.Respond(ctx, in, acc, q)
}
