package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// begin sets the scene of a test and lets come in what it begins with.
func (w *world) begin(g given) error {
	for _, a := range g.away {
		if err := w.leave(a); err != nil {
			return err
		}
		if w.tape.refusal != "" {
			return &stuck{fmt.Sprintf("%s cannot be away: %s", a.who, w.tape.refusal)}
		}
	}
	if err := w.book(g.load); err != nil {
		return err
	}
	for _, b := range g.history {
		if err := w.enter(b); err != nil {
			return err
		}
		w.id, w.rule, w.ignored, w.why = "", "", "", nil
	}
	w.out.taken()
	w.tape = tape{}
	if err := w.enter(g.begin); err != nil {
		return err
	}
	if g.stage == "" {
		return nil
	}
	return w.reach(g.stage)
}

// book gives people hours of work: a request each, of which nothing is shown.
func (w *world) book(load map[string]float64) error {
	return w.desk.Update(w.ctx, func(tx store.Tx) error {
		for who, hours := range load {
			if hours <= 0 {
				continue
			}
			p, _ := w.policy.Person(who)
			r := flow.Request{
				ID: flow.RequestID("BOOKED-" + strings.ToUpper(who)), Ruleset: w.set.Digest(), Version: 1, Round: 1, Status: flow.InProgress, Opened: w.now(),
				Updated: w.now(), Title: "Work of " + p.Shown, Assignee: flow.Actor{Name: who, Shown: p.Shown}, Effort: hours, Source: "rehearsal",
			}
			if err := tx.PutRequest(r, flow.Terms(r)); err != nil {
				return fmt.Errorf("book %s: %w", who, err)
			}
		}
		return nil
	})
}

// enter lets one thing come in.
func (w *world) enter(b beginning) error {
	var err error
	switch b.kind {
	case "request":
		err = w.standing(b)
	case "webhook":
		err = w.submitted(b)
	default:
		err = w.arrives(b)
	}
	if err != nil {
		return err
	}
	if err := w.settle(); err != nil {
		return err
	}
	if records := w.records(); w.id != "" && len(records) > 0 && records[0].Facts.Routing != nil {
		w.routed(*records[0].Facts.Routing)
	}
	return nil
}

func (w *world) routed(r flow.Routing) {
	w.rule, w.why = r.Rule, r.Why
	for _, why := range r.Why {
		if name, _, ok := strings.Cut(why.Text, ": "); ok && why.Code == "rule" && why.Held {
			w.used.rules[name] = true
		}
	}
}

// arrives delivers what came from outside.
func (w *world) arrives(b beginning) error {
	ev, err := w.joins(w.event(b))
	if err != nil {
		return err
	}
	why, err := w.deliver(b.kind, ev)
	if err != nil {
		return err
	}
	if w.id == "" {
		w.turnedAway(ev, why)
	}
	return nil
}

// turnedAway keeps why nothing was made of what came in. The rules are asked once more, because a decision that makes no
// request leaves no record.
func (w *world) turnedAway(ev flow.Event, why []flow.Reason) {
	if len(why) > 0 {
		w.ignored = why[0].Text
	}
	ev.At = w.now()
	if _, ok := w.policy.Person(called(ev.Actor)); ok {
		ev.Actor.Name = called(ev.Actor)
	}
	if r := w.set.Route(ev, flow.Answers{}); r.Ignore {
		w.routed(r)
	}
}

// joins makes of what happens in a file of an open request words about that request, as the connectors do.
func (w *world) joins(ev flow.Event) (flow.Event, error) {
	if len(ev.Assets) == 0 {
		return ev, nil
	}
	ref := ev.Assets[0].Ref
	err := w.desk.View(w.ctx, func(tx store.Tx) error {
		list, _, err := tx.Requests(store.Query{Terms: []string{"ref:" + ref.String(), "open:yes"}, Limit: 1})
		if err != nil || len(list) == 0 {
			return err
		}
		if ev.Kind = flow.CommentAdded; len(ev.Assets[0].Versions) > 0 {
			ev.Kind, ev.Versions = flow.AssetChanged, ev.Assets[0].Versions
		}
		ev.Subject, ev.Request = ref, list[0].ID
		return nil
	})
	return ev, err
}

// event is what a beginning is to the engine: what the connector of its source would read.
func (w *world) event(b beginning) flow.Event {
	fields := fieldsOf(b.fields)
	fields["source"] = []string{b.kind}
	ev := flow.Event{Kind: flow.RequestSubmitted, Actor: w.author(b), Fields: fields, Sent: w.now(), Seq: w.seq(), Body: text.Plain(b.text)}
	n := strconv.Itoa(w.acts + 1)
	switch b.kind {
	case chatDoor:
		w.inChat(&ev, b, n)
	case mailDoor:
		w.byMail(&ev, n)
	default:
		w.inFile(&ev, b, n)
	}
	return ev
}

func (w *world) seq() string { return fmt.Sprintf("%020d", w.now().UnixNano()+int64(w.acts)) }

func (w *world) author(b beginning) flow.Actor {
	a := w.actor(b.from)
	a.Bot = b.bot
	switch {
	case b.kind == chatDoor:
	case b.kind == mailDoor && a.Email == "":
		a.Email = b.from + "@mail.example"
		fallthrough
	case b.kind == mailDoor:
		a.Ref = account(mailDoor, "", a.Email)
	default:
		a.Ref = account(b.kind, b.from, "")
	}
	return a
}

func (w *world) inChat(ev *flow.Event, b beginning, n string) {
	channel := ev.Field("channel")
	if channel != "" {
		channel = "#" + strings.TrimPrefix(channel, "#")
		ev.Fields["channel"] = []string{channel}
	}
	form := len(b.fields["type"])+len(b.fields["title"]) > 0 || b.text == ""
	if form && channel != "" {
		ev.Links = []flow.Link{{Ref: flow.Ref{System: chatDoor, Type: "channel", Key: channel}, Purpose: "channel", Label: channel}}
		ev.Seq = ""
		return
	}
	thread := flow.Ref{System: chatDoor, Type: "thread", Key: channel + "/" + n}
	ev.Subject, ev.Where = thread, thread
	ev.Said = flow.Ref{System: chatDoor, Type: "message", Key: channel + "/" + n}
	ev.Links = []flow.Link{{Ref: thread, Purpose: "thread", Label: channel}}
}

func (w *world) byMail(ev *flow.Event, n string) {
	thread := flow.Ref{System: mailDoor, Type: "thread", Key: n}
	ev.Subject, ev.Where = thread, thread
	ev.Said = flow.Ref{System: mailDoor, Type: "message", Key: n}
	ev.Links = []flow.Link{{Ref: thread, Purpose: "thread", Label: "mail"}}
	if ev.Field("verified") == "" {
		ev.Fields["verified"] = []string{"dmarc"}
	}
	if _, domain, ok := strings.Cut(ev.Actor.Email, "@"); ok {
		ev.Fields["from_domain"] = []string{domain}
	}
}

// inFile is something that happened where work is kept.
func (w *world) inFile(ev *flow.Event, b beginning, n string) {
	file := ev.Field("file")
	if file == "" {
		file = "Artwork"
	}
	kind := "file"
	if b.kind == "github" {
		kind = "pull"
	} else {
		ev.Fields["file"] = []string{file}
	}
	if ev.Field("title") == "" {
		ev.Fields["title"] = []string{"Sign-off of " + file}
	}
	asset := flow.Asset{Ref: flow.Ref{System: b.kind, Type: kind, Key: file}, Label: file}
	if b.version != "" {
		asset.Versions = []flow.Version{w.version(b.version, ev.Actor)}
	}
	ev.Assets = []flow.Asset{asset}
	ev.Subject = flow.Ref{System: b.kind, Type: "comment", Key: file + "/" + n}
	ev.Said = ev.Subject
	ev.Links = []flow.Link{{Ref: ev.Subject, Purpose: "thread", Label: file}}
}

// submitted brings a request of a program.
func (w *world) submitted(b beginning) error {
	w.acts++
	in := engine.Intake{Delivery: "act-" + strconv.Itoa(w.acts), Source: "api", Text: b.text, Fields: fieldsOf(b.fields)}
	for _, name := range []string{"title", "type"} {
		if v := in.Fields[name]; len(v) > 0 {
			delete(in.Fields, name)
			if name == "title" {
				in.Title = v[0]
			} else {
				in.Type = v[0]
			}
		}
	}
	if b.name != "" {
		in.Fields["source"] = []string{b.name}
	}
	if b.from != "" {
		in.Requester = w.directed(b.from)
	}
	r, _, err := w.engine.Submit(w.ctx, in)
	var ignored *engine.IgnoredError
	if errors.As(err, &ignored) {
		w.turnedAway(w.intake(in), []flow.Reason{{Code: "ignored", Text: ignored.Why}})
		return nil
	}
	if err != nil {
		return err
	}
	w.id = r.ID
	return nil
}

func (w *world) intake(in engine.Intake) flow.Event {
	fields := fieldsOf(in.Fields)
	for name, v := range map[string]string{"title": in.Title, "type": in.Type} {
		if v != "" {
			fields[name] = []string{v}
		}
	}
	if fields["source"] == nil {
		fields["source"] = []string{in.Source}
	}
	return flow.Event{Kind: flow.RequestSubmitted, Actor: in.Requester, Fields: fields, Body: text.Plain(in.Text)}
}

// standing opens a request that is there already.
func (w *world) standing(b beginning) error {
	w.acts++
	n := strconv.Itoa(w.acts)
	thread := flow.Ref{System: chatDoor, Type: "thread", Key: "given/" + n}
	ev := flow.Event{
		ID: "given/" + n, Actor: w.known(b.from), Fields: fieldsOf(b.fields), Body: text.Plain(b.text), At: w.now(),
		Links: []flow.Link{{Ref: thread, Purpose: "thread", Label: "given"}}, Subject: thread, Where: thread,
	}
	ev.Fields["source"] = []string{firstOf(b.routed["source"], "slack")}
	r, err := w.engine.Given(w.ctx, ev, w.routing(b, ev))
	w.id = r.ID
	return err
}

// known is somebody as the engine would name them.
func (w *world) known(name string) flow.Actor {
	a := w.actor(name)
	if _, ok := w.policy.Person(name); ok {
		a.Name = name
	}
	return a
}

// routing is what is known of a request that is there already; what its template says of it is read by the rules.
func (w *world) routing(b beginning, ev flow.Event) flow.Routing {
	one := func(key string) string { return firstOf(b.routed[key], "") }
	r := flow.Routing{Title: firstOf(b.routed["title"], "Request"), Fields: b.fields}
	if name := one("template"); name != "" {
		ev.Kind, ev.Fields = flow.RequestSubmitted, fieldsOf(ev.Fields)
		ev.Fields["type"] = []string{name}
		if due := b.routed["due"]; due != nil {
			ev.Fields["due"] = due
		}
		if title := one("title"); title != "" {
			ev.Fields["title"] = []string{title}
		}
		read := w.set.Route(ev, flow.Answers{})
		r = flow.Routing{Title: read.Title, Template: name, Fields: read.Fields, Effort: read.Effort, Due: read.Due}
	}
	r.Workflow, r.Project, r.Priority, r.Escalation = one("workflow"), one("project"), one("priority"), one("escalation")
	r.Assignee, r.Labels, r.Reminders = one("assignee"), b.routed["labels"], b.routed["reminders"]
	if due, err := time.Parse(time.RFC3339, one("due")); err == nil {
		r.Due = due
	}
	if hours, err := strconv.ParseFloat(one("effort_hours"), 64); err == nil {
		r.Effort = hours
	}
	return r
}

func firstOf(values []string, otherwise string) string {
	if len(values) > 0 {
		return values[0]
	}
	return otherwise
}

const mostVotes = 50 // on the way to a stage

// reach brings a request to a stage: its work is sent to review, and what comes before is approved by those who are asked.
func (w *world) reach(stage string) error {
	r, _ := w.request()
	if r.Status == flow.NeedsInfo {
		return &stuck{"the stage cannot be reached: the brief is not complete"}
	}
	if r.Status == flow.InProgress {
		if err := w.act(deed{otherwise: w.worker, kind: flow.WorkSubmitted}); err != nil {
			return err
		}
	}
	for range mostVotes {
		if r, _ = w.request(); slices.ContainsFunc(r.Open(), func(run flow.StageRun) bool { return run.Name == stage }) {
			w.tape.refusal, w.tape.did = "", ""
			return nil
		}
		waiting := flow.WaitingFor(w.policy, r)
		if len(r.Open()) == 0 || len(waiting) == 0 {
			break
		}
		if err := w.vote(ballot{by: called(waiting[0]), verdict: flow.Approve, checked: []string{"all"}, confirmed: true}); err != nil {
			return err
		}
		if w.tape.refusal != "" {
			break
		}
	}
	why := w.tape.refusal
	for _, run := range r.Stages {
		if run.Name == stage && run.State == flow.StageSkipped {
			why = "it does not apply: " + run.Why
		}
	}
	if why == "" {
		why = "the request is " + r.Status.Words()
	}
	return &stuck{fmt.Sprintf("the stage %q cannot be reached: %s", stage, why)}
}
