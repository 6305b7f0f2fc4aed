package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"signoff/connectors"
	"signoff/connectors/email/letter"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// Parse implements connectors.Receiver.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	e := envelopeOf(d.Type)
	l := letter.Read(d.Body, c.options(e))
	known, err := c.knownOf(d, l)
	switch {
	case err != nil:
		return nil, err
	case len(known.Failures) > 0:
		return c.failed(known, l), nil
	case known.Nothing != "":
		return nil, connectors.Nothing(known.Nothing)
	case l.Class == letter.Bounce:
		return nil, connectors.Nothing(noneOfOurs)
	case l.Class == letter.Own:
		return nil, connectors.Nothing("it is a mail of our own: " + l.Because)
	case known.Unread:
		return nil, errors.New(refusedWords(l.Refused))
	}
	return []flow.Event{c.event(d, e, l, known)}, nil
}

// knownOf is what was learned; where nothing could be learned in time the mail stands alone, from nobody we know.
func (c *Connector) knownOf(d flow.Delivery, l letter.Letter) (known learned, err error) {
	if d.Learned != nil {
		if err := json.Unmarshal(d.Learned, &known); err != nil {
			return known, fmt.Errorf("read what was learned: %w", err)
		}
		return known, nil
	}
	content, _ := contentKey(d.Body, envelopeOf(d.Type).Size)
	known = learned{Thread: idKey(rootOf(l, content)), Request: c.requestOf(l.Delivered), Verified: "none", Stranger: "its sender could not be verified"}
	known.Claimed = known.Request
	known.Known = len(l.InReplyTo) > 0 || len(l.References) > 0
	known.Nothing = c.nothing(known, l)
	return known, nil
}

func (c *Connector) failed(known learned, l letter.Letter) (events []flow.Event) {
	for _, f := range known.Failures {
		fields := map[string][]string{"address": {f.Address}, "why": {f.Why}}
		if f.Effect != "" {
			fields["effect"] = []string{f.Effect}
		}
		if f.Hard {
			fields["hard"] = []string{"yes"}
		}
		events = append(events, flow.Event{Kind: flow.MailFailed, Request: f.Request, Sent: l.Date, Fields: fields})
	}
	return events
}

const noneOfOurs = "it reports no mail of ours that failed"

// deliveryKey is a delivery's id without the instance.
func (c *Connector) deliveryKey(d flow.Delivery) string {
	return strings.TrimPrefix(d.ID, d.Instance+"/")
}

func (c *Connector) event(d flow.Delivery, e envelope, l letter.Letter, known learned) flow.Event {
	ev := flow.Event{
		Kind: flow.CommentAdded, Actor: c.author(l, known), Sent: sentAt(d, e, l), Subject: c.ref("thread", known.Thread), Where: c.ref("thread", known.Thread),
		Request: known.Request, Said: c.ref("message", c.deliveryKey(d)), Body: bodyOf(e, l), Fields: c.fields(l, known),
		Files: c.files(d, l, known), Links: []flow.Link{{Ref: c.ref("thread", known.Thread), Purpose: "thread", Label: "mail", URL: c.page("/deliveries/" + escapedPath(d.ID))}},
	}
	if known.reply() {
		if l.Class.Automatic() {
			ev.Fields["automatic"] = []string{"yes"}
		}
		return ev
	}
	ev.Kind = flow.RequestSubmitted
	ev.Fields["source"] = []string{"email"}
	ev.Fields["title"] = []string{titleOf(l)}
	return ev
}

func escapedPath(id string) string {
	parts := strings.Split(id, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

const mostTitle = 200

func titleOf(l letter.Letter) string {
	for _, t := range []string{l.Title, l.Subject} {
		if t = oneLine(t); t != "" {
			return clip(t, mostTitle)
		}
	}
	for line := range strings.Lines(l.Body.New.String()) {
		// A line drawn between things names nothing, nor does the one that a forwarded mail begins with.
		if strings.ContainsFunc(line, unicode.IsLetter) && !strings.HasPrefix(strings.TrimSpace(line), "---") {
			return clip(oneLine(line), 80)
		}
	}
	return "Mail without a subject"
}

const mostAhead = time.Hour // by which a sender's clock may be wrong

// sentAt is when the mail was written; a time that cannot be is when the mailbox took it in.
func sentAt(d flow.Delivery, e envelope, l letter.Letter) time.Time {
	at := l.Date
	if at.IsZero() || at.After(d.At.Add(mostAhead)) {
		at = e.At
	}
	if at.IsZero() || at.After(d.At.Add(mostAhead)) {
		at = d.At
	}
	return at.UTC()
}

func (c *Connector) fields(l letter.Letter, known learned) map[string][]string {
	fields := map[string][]string{"verified": {known.Verified}}
	set := func(name, value string) {
		if value != "" {
			fields[name] = []string{value}
		}
	}
	set("from_domain", domainOf(l.From.Address))
	set("list", known.List)
	set("claimed", string(known.Claimed))
	if known.Stranger != "" {
		set("stranger", "yes")
		set("stranger_why", known.Stranger)
	}
	var to []string
	for _, a := range l.To {
		to = append(to, strings.ToLower(a.Address))
	}
	if len(to) > 0 {
		fields["to"] = to
	}
	return fields
}

// bodyOf is what the sender wrote anew, and what a person should know of what is not shown.
func bodyOf(e envelope, l letter.Letter) text.Doc {
	body := append(text.Doc{}, l.Body.New...)
	note := func(words string) {
		body = append(body, text.P(text.Node{Kind: text.Emph, Kids: []text.Node{text.T(words)}}))
	}
	if e.Size > 0 {
		note(fmt.Sprintf("This mail is too large to be read (%d MiB): its words and files are in the mailbox only.", e.Size>>20))
	}
	if l.Refused != nil {
		note(refusedWords(l.Refused))
	}
	for _, words := range l.Notes {
		note(words)
	}
	if l.Body.Long {
		note("The mail goes on; the rest is in the original.")
	}
	if body.Empty() {
		note("The mail has no words.")
	}
	return body
}

func refusedWords(r *letter.Refused) string {
	if r == nil {
		return "This mail could not be read."
	}
	return fmt.Sprintf("This mail is built in a way that signoff does not read (%s: %d, at most %d). It is attached as it came.", r.Limit, r.Found, r.Most)
}

const smallPicture = 5 << 10 // signatures bring their logo with every answer

func (c *Connector) files(d flow.Delivery, l letter.Letter, known learned) (list []flow.File) {
	for _, f := range l.Files {
		if f.Inline && known.reply() && f.Size < smallPicture && strings.HasPrefix(f.Type, "image/") {
			continue
		}
		list = append(list, flow.File{Ref: c.ref("file", c.deliveryKey(d)+"/"+f.Part), Name: f.Name, Type: f.Type, Size: int64(f.Size)})
	}
	return list
}
