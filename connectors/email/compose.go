package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"signoff/connectors"
	"signoff/internal/flow"
)

// outgoing is one mail to one person.
type outgoing struct {
	to       flow.Actor
	address  string
	id       string // Message-ID
	parent   string
	above    []string // References
	subject  string
	answers  bool // it answers a mail by itself, as an acknowledgement does
	request  flow.RequestID
	thread   string
	effect   string
	mark     string
	view     flow.View
	question string // what its decision links are for
	refused  error  // why it cannot be sent at all
}

const (
	mostSubject = 200
	headSelf    = "X-Signoff-Instance"
)

// subjectOf is the same for all mails about a request, so that programs keep them together.
func subjectOf(v flow.View) string {
	title := oneLine(v.Title)
	if v.Request == "" {
		if title = strings.TrimSuffix(oneLine(v.Headline), "."); title == "" {
			title = "signoff"
		}
		return clip(title, mostSubject)
	}
	if title == "" {
		title = oneLine(v.Headline)
	}
	return clip("["+string(v.Request)+"] "+title, mostSubject)
}

// subjectRow is the subject of all mails about a request.
type subjectRow struct {
	Subject string    `json:"subject"`
	At      time.Time `json:"at"`
}

// subject is the one that the first mail about the request had, whatever its title is now.
func (c *Connector) subject(ctx context.Context, v flow.View) string {
	if v.Request == "" {
		return subjectOf(v)
	}
	var row subjectRow
	key := "s/" + string(v.Request)
	if ok, err := c.memory.Load(ctx, key, &row); ok && err == nil && row.Subject != "" {
		return row.Subject
	}
	row = subjectRow{Subject: subjectOf(v), At: c.d.Now().UTC()}
	if oneLine(v.Title) != "" {
		c.memory.Note(key, row)
	}
	return row.Subject
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}

// compose prints a mail. What goes into the header is parsed and printed anew; control characters are refused.
func (c *Connector) compose(ctx context.Context, o outgoing) ([]byte, error) {
	header := c.header(o)
	for name, value := range header {
		if hasControl(value) {
			return nil, c.unprintable(string(name))
		}
	}
	for name, value := range map[string]string{"subject": o.subject, "Message-ID": o.id, "name": who(o.to)} {
		if hasControl(value) {
			return nil, c.unprintable(name)
		}
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := c.addressed(m, o); err != nil {
		return nil, err
	}
	m.Subject(o.subject)
	m.SetMessageIDWithValue(o.id)
	m.SetDateWithValue(c.d.Now())
	for name, value := range header {
		m.SetGenHeader(name, value)
	}
	s := c.sheetOf(o.view, o.to, c.foot(o)...)
	c.picture(ctx, m, &s, o.view.Picture)
	m.SetBodyString(mail.TypeTextPlain, s.plainText())
	m.AddAlternativeString(mail.TypeTextHTML, s.html())
	var out bytes.Buffer
	if _, err := m.WriteTo(&out); err != nil {
		return nil, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: fmt.Errorf("compose: %w", err)}
	}
	return out.Bytes(), nil
}

// header says that a machine wrote the mail, and what it answers.
func (c *Connector) header(o outgoing) map[mail.Header]string {
	h := map[mail.Header]string{"X-Auto-Response-Suppress": "All", headSelf: c.instanceMark(), "Auto-Submitted": "auto-generated"}
	if o.answers {
		h["Auto-Submitted"] = "auto-replied"
	}
	if o.parent == "" {
		return h
	}
	refs := shorten(o.above)
	if !slices.Contains(refs, o.parent) {
		refs = append(slices.Clone(refs), o.parent)
	}
	h[mail.HeaderInReplyTo] = bracketed(o.parent)
	h[mail.HeaderReferences] = strings.Join(all(refs, bracketed), " ") // one value: several would be joined by commas
	return h
}

func (c *Connector) unprintable(what string) error {
	return &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: fmt.Errorf("control characters in %s", what),
		Person: "A mail could not be sent: its " + what + " holds control characters."}
}

// addressed sets whom the mail is from and to, and where answers go.
func (c *Connector) addressed(m *mail.Msg, o outgoing) error {
	to, err := parseAddress(o.address)
	if err != nil {
		return &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: err, Person: fmt.Sprintf("%q is not an address that mail can be sent to.", printable(o.address))}
	}
	if name := who(o.to); name != "somebody" && !strings.Contains(name, "@") {
		to.Name = name
	}
	reply, err := netmail.ParseAddress(c.replyAddress(o.request))
	if err != nil {
		return &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: fmt.Errorf("reply address: %w", err)}
	}
	reply.Name = c.from.Name
	m.FromMailAddress(c.from)
	m.ToMailAddress(to)
	m.SetAddrHeaderFromMailAddress(mail.HeaderReplyTo, reply)
	return nil
}

// instanceMark names this installation without telling anything about it.
func (c *Connector) instanceMark() string {
	sum := sha256.Sum256([]byte("instance\x00" + c.d.StoreID + "\x00" + c.d.Instance))
	return hex.EncodeToString(sum[:8])
}

// foot says why somebody gets the mail, and what an answer does.
func (c *Connector) foot(o outgoing) []string {
	if o.request == "" {
		return []string{"You get this mail because you work with requests here."}
	}
	lines := []string{"Answer this mail to add a comment to " + string(o.request) + ". Nothing is decided by an answer."}
	if o.question != "" {
		lines = append(lines, "The decision links are for "+who(o.to)+" alone and hold for 7 days: please do not forward this mail.")
	}
	return lines
}

const pictureTime = 5 * time.Second

// picture puts a small picture into the mail itself; a mail does without one that cannot be had.
func (c *Connector) picture(ctx context.Context, m *mail.Msg, s *sheet, p *flow.Picture) {
	if p == nil || c.d.Picture == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	body, media, err := c.d.Picture(ctx, p.Ref)
	if err != nil || len(body) == 0 || !strings.HasPrefix(media, "image/") {
		return
	}
	sum := sha256.Sum256(body)
	id := hex.EncodeToString(sum[:8]) + "@" + domainOf(c.from.Address)
	err = m.EmbedReader("preview."+strings.TrimPrefix(media, "image/"), bytes.NewReader(body), mail.WithFileContentID("<"+id+">"), mail.WithFileContentType(mail.ContentType(media)))
	if err == nil {
		s.picture, s.alt = id, oneLine(p.Alt)
	}
}

func bracketed(id string) string { return "<" + id + ">" }

func all[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}
