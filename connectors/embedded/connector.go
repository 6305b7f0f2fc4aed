package embedded

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Settings are what the configuration says of the embedded tracker.
type Settings struct {
	Prefix string `yaml:"prefix"` // of ticket keys: T-1, T-2, …
}

const example = `prefix: T                # tickets are called T-1, T-2, …
`

var prefix = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,9}$`)

// Kind returns what cmd lists.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "embedded", Tracker: true, Example: example, New: New}
}

// Connector is the tracker. It is safe for concurrent use.
type Connector struct {
	prefix string
	deps   connectors.Deps
}

var _ connectors.Tracker = (*Connector)(nil)

// New reads the settings; without any, tickets are called T-1, T-2, …
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	s := Settings{Prefix: "T"}
	if err := decode(&s); err != nil {
		return nil, err
	}
	if !prefix.MatchString(s.Prefix) {
		return nil, &connectors.SettingError{Key: "prefix", Text: fmt.Sprintf("%q cannot begin a ticket's key; write up to ten capital letters and digits, such as T", s.Prefix)}
	}
	return &Connector{prefix: s.Prefix, deps: d}, nil
}

// Check reads the counter, which shows that the store answers.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	n, err := c.last(ctx)
	if err != nil {
		return []connectors.Finding{{Level: "problem", What: c.deps.Instance, Text: err.Error(), Remedy: "Look at the disk that the store of signoff is on."}}
	}
	return []connectors.Finding{{Level: "ok", What: c.deps.Instance, Text: fmt.Sprintf("tickets are kept in signoff's own store; %d so far", n)}}
}

// Statuses lists the statuses a ticket can have: the status words.
func (c *Connector) Statuses(context.Context) ([]string, error) {
	var out []string
	for _, s := range []flow.Status{
		flow.Intake, flow.NeedsInfo, flow.InProgress, flow.InReview, flow.Approved, flow.Declined, flow.Withdrawn, flow.Expired,
		flow.Merged, flow.Snoozed, flow.Draft,
	} {
		out = append(out, s.Words())
	}
	return out, nil
}

// Do makes or changes a ticket, puts a link on it, or adds a comment.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	switch {
	case e.Show != nil && e.Show.View.Kind == flow.LinkView:
		return c.link(ctx, e)
	case isComment(e):
		return c.showComment(ctx, e)
	case e.Show != nil:
		return c.show(ctx, e)
	case e.Tell != nil:
		return nil, c.tell(ctx, e)
	}
	return nil, cannot("carry out "+e.Purpose(), "The embedded tracker cannot do this.")
}

func isComment(e flow.Effect) bool { return e.Show != nil && e.Show.View.Kind == flow.CommentView }

// Find looks the mark up; the answer is always certain.
func (c *Connector) Find(ctx context.Context, e flow.Effect, _ time.Time) ([]flow.Link, bool, error) {
	switch {
	case isComment(e):
		return c.findComment(ctx, e)
	case e.Show != nil && e.Show.View.Kind != flow.LinkView:
		number, err := c.numberOf(ctx, e.Mark())
		if err != nil || number == 0 {
			return nil, false, err
		}
		if err := c.put(ctx, number, e); err != nil {
			return nil, false, err
		}
		return c.links(e, number), true, nil
	case e.Tell != nil:
		number, err := c.at(e.Tell.Where)
		if err != nil {
			return nil, false, nil // then nothing was said there
		}
		t, _, err := c.read(ctx, number)
		return nil, t.said(e.Mark()), err
	}
	return nil, false, nil // links are harmless to put twice
}

// Read reads a ticket.
func (c *Connector) Read(ctx context.Context, ref flow.Ref) (flow.View, error) {
	number, err := c.at(ref)
	if err != nil {
		return flow.View{}, err
	}
	t, raw, err := c.read(ctx, number)
	if err != nil {
		return flow.View{}, err
	}
	if raw == nil {
		return flow.View{}, c.missing("read ticket", number)
	}
	return flow.View{
		Kind: flow.TicketView, Request: t.Request, Title: t.Title, Headline: t.Status.Words(), Status: t.Status, Ticket: t.Fields,
		Fields: map[string][]string{"key": {c.key(number)}, "updated": {t.Changed.Format(time.RFC3339Nano)}},
	}, nil
}

func (c *Connector) key(number int) string { return c.prefix + "-" + strconv.Itoa(number) }

// ref names a ticket by its number, so that another prefix changes nothing.
func (c *Connector) ref(number int) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: "ticket", Key: strconv.Itoa(number)}
}

func (c *Connector) at(ref flow.Ref) (int, error) {
	number, err := strconv.Atoi(ref.Key)
	if err != nil || number < 1 || ref.Type != "ticket" {
		return 0, cannot("find ticket", fmt.Sprintf("%q is not a ticket of the embedded tracker.", ref.Key))
	}
	return number, nil
}

func (c *Connector) links(e flow.Effect, number int) []flow.Link {
	return []flow.Link{{
		Ref: c.ref(number), Purpose: e.Show.Purpose, Label: c.key(number), URL: c.page(e.Show.View.Page),
		Shown: e.Show.Digest, Version: e.Show.Version,
	}}
}

// page is where a ticket is seen: on the page of its request.
func (c *Connector) page(path string) string {
	if c.deps.PublicURL == "" || path == "" {
		return ""
	}
	return c.deps.PublicURL + path
}

func cannot(op, person string) *connectors.Error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}
