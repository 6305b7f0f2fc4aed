package email

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/email/letter"
	"signoff/internal/flow"
)

const (
	opEnrich     = "look at a mail"
	dnsPatience  = 40 * time.Second // for names that cannot be looked up just now
	unreadableIn = time.Hour        // one request for what cannot be read, per sender
)

// learned is what is kept with a mail: what the mail alone does not tell.
type learned struct {
	Thread   string         `json:"thread"`
	Known    bool           `json:"known,omitempty"`    // the thread is one of ours
	Request  flow.RequestID `json:"request,omitempty"`  // whose reply address it came to, or whose mail it answers
	Claimed  flow.RequestID `json:"claimed,omitempty"`  // the request it says it belongs to, however
	Verified string         `json:"verified,omitempty"` // dmarc, dkim, spf, none
	Authserv string         `json:"authserv,omitempty"` // whose word was taken
	Doubt    string         `json:"doubt,omitempty"`    // why it is not verified
	Stranger string         `json:"stranger,omitempty"` // why its sender counts as nobody we know
	Nothing  string         `json:"nothing,omitempty"`  // why nothing comes of it
	List     string         `json:"list,omitempty"`     // the mailing list it came by
	Unread   bool           `json:"unread,omitempty"`   // one of several that cannot be read
	Failures []failure      `json:"failures,omitempty"`
}

// Enrich implements connectors.Enricher: to which conversation does the mail belong, is its sender who they say, and which
// mail of ours came back.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	e := envelopeOf(d.Type)
	l := letter.Head(d.Body, c.options(e))
	var out learned
	var err error
	if l.Class == letter.Bounce {
		out, err = c.enrichReport(ctx, d, e)
	} else {
		out, err = c.enrichMail(ctx, d, l)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (c *Connector) enrichReport(ctx context.Context, d flow.Delivery, e envelope) (out learned, err error) {
	out.Failures, err = c.failures(ctx, letter.Read(d.Body, c.options(e)), d.At)
	if err != nil {
		return out, enrichFailed(err)
	}
	if len(out.Failures) == 0 {
		out.Nothing = noneOfOurs
	}
	return out, nil
}

func enrichFailed(err error) error {
	return &connectors.Error{Op: opEnrich, Class: connectors.Transient, Err: err}
}

func (c *Connector) enrichMail(ctx context.Context, d flow.Delivery, l letter.Letter) (out learned, err error) {
	out.List = strings.ToLower(l.List)
	if err := c.belongs(ctx, &out, d, l); err != nil {
		return out, enrichFailed(err)
	}
	if err := c.trust(ctx, &out, d, l); err != nil {
		return out, err
	}
	if err := c.bySubject(ctx, &out, l); err != nil {
		return out, enrichFailed(err)
	}
	out.Nothing = c.nothing(out, l)
	if out.Nothing == "" && !out.reply() {
		if err := c.bounded(ctx, &out, l); err != nil {
			return out, enrichFailed(err)
		}
	}
	if out.Stranger == "" {
		c.answered(ctx, l.From.Address)
	}
	c.joins(ctx, out, d, l)
	return out, nil
}

// reply reports whether the mail belongs to what is known already.
func (out learned) reply() bool { return out.Known || out.Request != "" }

// belongs finds the conversation: by the reply address, then by the mails that it answers. The reply address routes and
// gives no right.
func (c *Connector) belongs(ctx context.Context, out *learned, d flow.Delivery, l letter.Letter) error {
	out.Request = c.existing(ctx, c.requestOf(l.Delivered))
	if key, ok := c.returned(l.Delivered); ok && out.Request == "" { // some absence notes go to where failures go
		var row mailRow
		if _, err := c.memory.Load(ctx, "m/"+key, &row); err != nil {
			return err
		}
		out.Request = row.Request
	}
	if err := c.byReferences(ctx, out, l); err != nil {
		return err
	}
	if out.Thread == "" {
		root, err := c.root(ctx, d, l)
		if err != nil {
			return err
		}
		out.Thread = idKey(root)
	}
	row, _, err := c.thread(ctx, out.Thread)
	if err != nil {
		return err
	}
	out.Known = row.Opens && row.First != d.ID
	out.Claimed = out.Request
	q := c.query.Load()
	if q == nil || q.q == nil {
		return nil
	}
	r, open, err := q.q.Touching(ctx, c.ref("thread", out.Thread))
	if err != nil {
		return err
	}
	out.Known = out.Known || open
	if out.Claimed == "" && open {
		out.Claimed = r.ID
	}
	return nil
}

// byReferences looks for the mails that a mail answers, the nearest first.
func (c *Connector) byReferences(ctx context.Context, out *learned, l letter.Letter) error {
	ids := slices.Clone(l.References)
	slices.Reverse(ids)
	for _, id := range slices.Concat(l.InReplyTo, ids) {
		row, ok, err := c.mail(ctx, id)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		out.Thread = row.Thread
		if out.Request == "" && row.Sent != nil {
			out.Request = row.Request // our own ids cannot be guessed
		}
		return nil
	}
	return nil
}

// rootOf is the first mail of a conversation, as far as a mail tells; content names a mail that has no id.
func rootOf(l letter.Letter, content string) string {
	switch {
	case len(l.References) > 0:
		return l.References[0]
	case len(l.InReplyTo) > 0:
		return l.InReplyTo[0]
	case l.MessageID != "":
		return l.MessageID
	}
	return "\x00" + content
}

// root is rootOf, but for a mail that begins a conversation under the id of another mail: devices use theirs again.
func (c *Connector) root(ctx context.Context, d flow.Delivery, l letter.Letter) (string, error) {
	content, _ := contentKey(d.Body, envelopeOf(d.Type).Size)
	id := rootOf(l, content)
	if id != l.MessageID || len(l.InReplyTo)+len(l.References) > 0 {
		return id, nil
	}
	row, ok, err := c.mail(ctx, id)
	if ok && row.Content != "" && row.Content != content {
		id += "\x00" + content
	}
	return id, err
}

// existing is a request that there is; "" for any other key.
func (c *Connector) existing(ctx context.Context, id flow.RequestID) flow.RequestID {
	q := c.query.Load()
	if id == "" || q == nil || q.q == nil {
		return id
	}
	r, ok, err := q.q.Request(ctx, string(id))
	if err != nil {
		return id // the engine finds out
	}
	if !ok {
		return ""
	}
	return r.ID
}

// bySubject follows a tag such as [CR-142], but only for somebody who takes part in that request: anybody can write one.
func (c *Connector) bySubject(ctx context.Context, out *learned, l letter.Letter) error {
	q := c.query.Load()
	if out.reply() || q == nil || q.q == nil {
		return nil
	}
	for _, tag := range l.Tags {
		id := c.existing(ctx, flow.RequestID(strings.ToUpper(tag)))
		if id == "" {
			continue
		}
		if out.Claimed == "" {
			out.Claimed = id
		}
		takes, err := q.q.TakesPart(ctx, id, c.author(l, *out))
		if err != nil {
			return err
		}
		if takes {
			out.Request, out.Claimed = id, id
			return nil
		}
	}
	return nil
}

// nothing says why a mail is only kept: a machine wrote it and it belongs to nothing, or it is an invitation.
func (c *Connector) nothing(out learned, l letter.Letter) string {
	switch {
	case out.reply():
		return ""
	case l.Class == letter.List && slices.Contains(c.set.Receive.Lists, out.List):
		return ""
	case l.Class == letter.List:
		return "it came by a mailing list that the settings do not name"
	case l.Class.Automatic() && l.Class != letter.Weak:
		return "a machine wrote it: " + l.Because
	case l.Calendar != "":
		return "it is an invitation and asks for nothing else"
	}
	return ""
}

// bounded lets one mail that cannot be read open a request, per sender and hour.
func (c *Connector) bounded(ctx context.Context, out *learned, l letter.Letter) error {
	if l.Refused == nil {
		return nil
	}
	first, _, err := c.within(ctx, "c/unreadable/"+strings.ToLower(l.From.Address), unreadableIn, 1)
	out.Unread = err == nil && !first
	return err
}

// joins remembers the mail and its conversation, so that answers to it find them.
func (c *Connector) joins(ctx context.Context, out learned, d flow.Delivery, l letter.Letter) {
	c.rows.Lock()
	defer c.rows.Unlock()
	e := envelopeOf(d.Type)
	key, _ := contentKey(d.Body, e.Size)
	if _, known, err := c.mail(ctx, l.MessageID); err == nil && !known && l.MessageID != "" {
		c.memory.Note(keyMail(l.MessageID), mailRow{ID: l.MessageID, Thread: out.Thread, Request: out.Request, At: d.At, Content: key})
	}
	row, ok, err := c.thread(ctx, out.Thread)
	if err != nil {
		return
	}
	if !ok {
		row = threadRow{First: d.ID, Subject: l.Subject, Starter: strings.ToLower(l.From.Address), Shown: l.From.Name, References: shorten(l.References), Request: out.Request}
		if len(l.ReplyTo) == 1 {
			row.Answer = strings.ToLower(l.ReplyTo[0].Address)
		}
		row.Hush = l.Class == letter.Weak
		if l.Class.Automatic() && !row.Hush {
			row.Quiet = l.Because
		}
	}
	if row.First == d.ID {
		row.Opens = out.Nothing == "" && out.Stranger == ""
	}
	row.joined(l.MessageID, d.At)
	c.memory.Note(keyThread(out.Thread), row)
}

// listID is the name of a mailing list without its words.
func listID(s string) string {
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = strings.TrimSuffix(strings.TrimSpace(s[i+1:]), ">")
	}
	return strings.ToLower(strings.TrimSpace(s))
}
