package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	ackEvery     = time.Hour // one acknowledgement per sender
	mostPerHour  = 5         // mails about one request to one address
	mostAnswers  = 20        // automatic answers to one address a day
	answersEvery = 24 * time.Hour
	mostDomain   = 30 // acknowledgements to one domain within an hour: programs that answer may do so under a new name each time
)

// Do implements connectors.Doer: a Tell is one mail to each person, a Show one mail that stays as it is.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	if c.set.Send.SMTP == nil {
		return nil, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("no server to send by"),
			Person: "No mail can be sent: the settings name no send.smtp."}
	}
	if e.Show != nil && e.Show.Link != nil {
		if again, err := c.askedAnew(ctx, e); err != nil || !again {
			return []flow.Link{*e.Show.Link}, err
		}
	}
	mails, err := c.mailsOf(ctx, e)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return c.sendAll(ctx, mails, e)
}

// askedAnew reports whether the question of a mail that was sent is not the one that is put now: another version is to be
// decided on, so the links in that mail hold no more.
func (c *Connector) askedAnew(ctx context.Context, e flow.Effect) (bool, error) {
	now := asks(e.Show.View)
	if e.Show.View.Kind != flow.AskView || now == "" {
		return false, nil
	}
	var sent questionRow
	if _, err := c.memory.Load(ctx, keyAsked(e.Mark()), &sent); err != nil {
		return false, storeFailed(err)
	}
	return sent.Question != "" && sent.Question != now, nil
}

// questionRow is the question that a mail put.
type questionRow struct {
	Question string    `json:"question"`
	At       time.Time `json:"at"`
}

func keyAsked(mark string) string { return "q/" + mark }

func storeFailed(err error) error {
	return &connectors.Error{Op: opSend, Class: connectors.Transient, Err: fmt.Errorf("read what was sent: %w", err)}
}

// mailsOf says what an effect sends, and to whom.
func (c *Connector) mailsOf(ctx context.Context, e flow.Effect) (list []outgoing, err error) {
	view, to, place, answers := flow.View{}, []flow.Actor(nil), flow.Ref{}, false
	switch {
	case e.Show != nil:
		view, place = e.Show.View, e.Show.At
		if e.Show.To.ID() != "" {
			to = []flow.Actor{e.Show.To}
		}
	case e.Tell != nil:
		view, to, place = e.Tell.View, e.Tell.To, e.Tell.Where
		answers = e.Tell.InReplyTo != ""
		if e.Tell.Private {
			to = to[:min(1, len(to))]
		}
	default:
		return nil, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("mail carries no files")}
	}
	row, key, err := c.placeOf(ctx, place)
	if err != nil {
		return nil, err
	}
	if key != "" && (row.Quiet != "" || row.Hush && answers) {
		return nil, nil // nothing goes to a machine or a list, and no answer to what may be one
	}
	if len(to) == 0 && key != "" && row.Starter != "" {
		to = []flow.Actor{{Ref: c.address(row.Starter), Shown: row.Shown}}
	}
	if len(to) == 0 {
		return nil, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("a mail to nobody"), Person: "It is not known to whom this mail should go."}
	}
	for _, person := range to {
		o := c.outgoingTo(e, person)
		o.view, o.subject, o.question, o.answers = view, c.subject(ctx, view), asks(view), answers && key != ""
		o.threaded(c, row, key)
		list = append(list, o)
	}
	return list, nil
}

// placeOf finds the conversation that a place of ours names.
func (c *Connector) placeOf(ctx context.Context, place flow.Ref) (row threadRow, key string, err error) {
	if place.System != c.d.Instance {
		return row, "", nil
	}
	switch place.Type {
	case "thread":
		key = place.Key
	case "message":
		mail, ok, err := c.mail(ctx, place.Key)
		if err != nil {
			return row, "", storeFailed(err)
		}
		if ok {
			key = mail.Thread
		}
	}
	if key == "" {
		return row, "", nil
	}
	if row, _, err = c.thread(ctx, key); err != nil {
		return row, "", storeFailed(err)
	}
	return row, key, nil
}

func (c *Connector) outgoingTo(e flow.Effect, person flow.Actor) outgoing {
	ref, ok := e.Known[person.ID()]
	if !ok || !c.reachable(ref) {
		ref = person.Ref
	}
	if !c.reachable(ref) {
		return outgoing{to: person, refused: &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("no address is known"),
			Person: "No mail address is known of " + who(person) + "."}}
	}
	ref.Key = onTheWire(ref.Key)
	shown := ""
	if e.Show != nil && e.Show.Link != nil {
		shown = asks(e.Show.View) // the question is another one, and so is the mail
	}
	return outgoing{
		to: person, address: ref.Key, request: e.Request, effect: e.ID, mark: e.Mark(), id: c.messageID(e, ref.Key, shown),
	}
}

// reachable reports whether a Ref names an address that mail can go to; one that nobody vouched for can be answered.
func (c *Connector) reachable(r flow.Ref) bool {
	return r.System == c.d.Instance && (r.Type == "address" || r.Type == "unverified")
}

// threaded puts the mail below what it belongs to: the conversation by mail, or all mails about the request to the person.
func (o *outgoing) threaded(c *Connector, row threadRow, key string) {
	if key != "" && row.Last != "" && row.Starter == o.address {
		o.thread, o.parent, o.above = key, row.Last, row.References
		if row.Answer != "" && o.question == "" { // what decides goes to the person and nowhere else
			o.address = row.Answer
		}
		return
	}
	if o.request == "" {
		o.thread = idKey(o.id)
		return
	}
	o.parent = c.rootID(o.request, o.address)
	o.thread = idKey(o.parent)
}

// sending is one effect on its way: its mails go over one connection, which is opened when the first one leaves.
type sending struct {
	c     *Connector
	e     flow.Effect
	line  *relay
	links []flow.Link
}

// sendAll sends what was not sent yet. One address that is refused does not keep the others from theirs.
func (c *Connector) sendAll(ctx context.Context, mails []outgoing, e flow.Effect) ([]flow.Link, error) {
	s := &sending{c: c, e: e}
	defer s.end()
	var refused *connectors.Error
	for _, o := range mails {
		err := s.mail(ctx, o)
		var ce *connectors.Error
		if err != nil && (!errors.As(err, &ce) || ce.Class != connectors.Rejected) {
			return s.links, err
		}
		if err != nil {
			refused = ce
		}
	}
	if refused != nil {
		refused.Made = s.links
		return s.links, refused
	}
	return s.links, nil
}

func (s *sending) end() {
	if s.line != nil {
		s.line.quit()
	}
}

// mail sends one mail, unless it was sent before or must not go.
func (s *sending) mail(ctx context.Context, o outgoing) error {
	if o.refused != nil {
		return o.refused
	}
	row, known, err := s.c.mail(ctx, o.id)
	if err != nil {
		return storeFailed(err)
	}
	if known && row.Sent.gone() {
		s.links = append(s.links, s.c.linksOf(s.e, o)...)
		return nil
	}
	if !row.Sent.counted() {
		if hold, err := s.c.mayMail(ctx, o); err != nil || hold {
			return err
		}
	}
	row = s.c.trying(o, row)
	if s.line == nil {
		if s.line, err = s.c.dialRelay(ctx); err != nil {
			s.c.notSent(ctx, o, row)
			return err
		}
	}
	err = s.c.sendOne(ctx, s.line, o, row)
	switch connectors.ClassOf(err) {
	case "":
		s.links = append(s.links, s.c.linksOf(s.e, o)...)
		return nil
	case connectors.Unsure:
	default:
		s.c.notSent(ctx, o, row)
	}
	return err
}

// trying notes a mail before it leaves: a failure that comes back finds it, and the next try knows that it was counted,
// whatever happens to us meanwhile.
func (c *Connector) trying(o outgoing, row mailRow) mailRow {
	lost := 0
	if row.Sent != nil {
		lost = row.Sent.Lost
	}
	row = mailRow{ID: o.id, Thread: o.thread, Request: o.request, At: c.d.Now().UTC(), Sent: &sentRow{To: o.address, Effect: o.effect, State: stateTrying, Lost: lost}}
	c.memory.Note(keyMail(o.id), row)
	return row
}

// sendOne sends one mail and remembers it.
func (c *Connector) sendOne(ctx context.Context, line *relay, o outgoing, row mailRow) error {
	raw, err := c.compose(ctx, o)
	if err != nil {
		return err
	}
	err = line.send(c.bounceAddress(idKey(o.id)), o.address, raw)
	switch {
	case err == nil:
		row.Sent.State = stateSent
	case connectors.ClassOf(err) == connectors.Unsure:
		row.Sent.State, row.Sent.Lost = stateLost, row.Sent.Lost+1
	default:
		return err
	}
	c.remember(ctx, o, row)
	return err
}

const rememberTime = 5 * time.Second

// remember keeps what left, also when the caller has gone: it alone prevents a second mail.
func (c *Connector) remember(ctx context.Context, o outgoing, row mailRow) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rememberTime)
	defer cancel()
	if o.question != "" {
		c.memory.Note(keyAsked(o.mark), questionRow{Question: o.question, At: row.At})
	}
	if err := c.memory.Save(ctx, keyMail(o.id), row); err != nil {
		c.d.Log.Warn("a mail that was sent is not remembered", "request", o.request, "error", err)
	}
	c.rows.Lock()
	defer c.rows.Unlock()
	thread, _, err := c.thread(ctx, o.thread)
	if err != nil {
		return
	}
	if thread.Starter == "" {
		thread.Starter, thread.Subject, thread.Request = o.address, o.subject, o.request
		if o.parent != "" {
			thread.Last = o.parent
		}
	}
	thread.joined(o.id, row.At)
	c.memory.Note(keyThread(o.thread), thread)
}

// linksOf is what exists after a mail was sent: the mail, and the conversation in which people answer it.
func (c *Connector) linksOf(e flow.Effect, o outgoing) []flow.Link {
	purpose := e.Purpose()
	link := flow.Link{Ref: c.ref("message", o.id), Purpose: purpose}
	if e.Show == nil {
		return []flow.Link{link}
	}
	link.Shown, link.Version = e.Show.Digest, e.Show.Version
	return []flow.Link{link, {Ref: c.ref("thread", o.thread), Purpose: purpose + "/thread"}}
}

// mayMail says whether a mail may go now. hold: it never will, and that is well so.
func (c *Connector) mayMail(ctx context.Context, o outgoing) (hold bool, err error) {
	if why := never(o.address); why != "" || c.ours(o.address) {
		if o.answers {
			return true, nil // nobody misses an acknowledgement there
		}
		return false, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("no mail goes to such an address"), Person: "No mail is sent to " + o.address + ": nobody reads it there."}
	}
	back, err := c.returnedFrom(ctx, o.address)
	if err != nil {
		return false, storeFailed(err)
	}
	if back.Suspended != "" {
		return false, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("mail to the address is suspended"),
			Person: "Mail to " + o.address + " is suspended: " + back.Suspended + "."}
	}
	if o.answers {
		if ok, err := c.mayAnswer(ctx, o); err != nil || !ok {
			return !ok, err
		}
	}
	ok, next, err := c.within(ctx, keyHour(o), time.Hour, mostPerHour)
	switch {
	case err != nil:
		return false, storeFailed(err)
	case !ok:
		return false, &connectors.Error{
			Op: opSend, Class: connectors.Limited, Scope: connectors.ScopeChannel, Key: string(o.request) + "/" + o.address,
			Wait: max(next.Sub(c.d.Now()), time.Second), Err: fmt.Errorf("%d mails about %s to one address within an hour", mostPerHour, o.request),
		}
	}
	return false, nil
}

// mayAnswer counts an automatic answer, unless there were too many of late.
func (c *Connector) mayAnswer(ctx context.Context, o outgoing) (ok bool, err error) {
	for _, limit := range limits(o) {
		ok, _, err := c.within(ctx, limit.key, limit.span, limit.most)
		if err != nil {
			return false, storeFailed(err)
		}
		if !ok {
			c.d.Log.Info("no further acknowledgement to this sender for now", "request", o.request)
			return false, nil
		}
	}
	return true, nil
}

// limit is how often something may be done within a while.
type limit struct {
	key  string
	span time.Duration
	most int
}

func limits(o outgoing) []limit {
	return []limit{{keyAck(o), ackEvery, 1}, {"c/answers/" + o.address, answersEvery, mostAnswers}, {"c/domain/" + domainOf(o.address), ackEvery, mostDomain}}
}

func keyAck(o outgoing) string  { return "c/ack/" + o.address }
func keyHour(o outgoing) string { return "c/mail/" + string(o.request) + "/" + o.address }

// notSent takes a mail that did not leave out of what was counted.
func (c *Connector) notSent(ctx context.Context, o outgoing, row mailRow) {
	row.Sent.State = stateNot
	c.memory.Note(keyMail(o.id), row)
	c.undo(ctx, keyHour(o))
	if o.answers {
		for _, limit := range limits(o) {
			c.undo(ctx, limit.key)
		}
	}
}

// Find implements connectors.Doer. A mail leaves no mark that could be looked for: what is known is whether the server took
// it. Where nobody said so it is surely nothing once, and sent again with the same Message-ID, by which receivers know a
// mail they have; after a second time it counts as sent.
func (c *Connector) Find(ctx context.Context, e flow.Effect, _ time.Time) ([]flow.Link, bool, error) {
	mails, err := c.mailsOf(ctx, e)
	if err != nil {
		if connectors.ClassOf(err) == connectors.Rejected {
			return nil, false, nil
		}
		return nil, false, err
	}
	var links []flow.Link
	for _, o := range mails {
		if o.refused != nil {
			continue
		}
		row, ok, err := c.mail(ctx, o.id)
		if err != nil {
			return nil, false, storeFailed(err)
		}
		if !ok || !row.Sent.gone() {
			return nil, false, nil
		}
		links = append(links, c.linksOf(e, o)...)
	}
	return links, len(links) > 0, nil
}

// mostLost is how often a mail is sent when no answer comes.
const mostLost = 2

// gone reports whether a mail counts as sent.
func (s *sentRow) gone() bool {
	return s != nil && (s.State == stateSent || s.State == stateLost && s.Lost >= mostLost)
}

// counted reports whether a mail stands in the counts already: it left once, or may have.
func (s *sentRow) counted() bool {
	return s != nil && (s.State == stateTrying || s.State == stateLost)
}

// Pace implements connectors.Pacer: providers take a mail every second or two from one account for long.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	return []connectors.Pace{{Key: "send", PerMinute: 60, Burst: 10, Alone: false}}
}
