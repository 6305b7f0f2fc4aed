package rehearsal

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// deed is something that somebody does to the request.
type deed struct {
	by        string
	otherwise func() string // who does it where the test does not say
	kind      flow.Kind
	words     string
	fields    map[string][]string
	to        string // a person it names
	version   string // of the work that goes with it
	via       string // "": chat
	did       string
}

// act lets somebody do something, through the door that they use.
func (w *world) act(d deed) error {
	if w.id == "" {
		return &stuck{"there is no request"}
	}
	if d.by == "" && d.otherwise != nil {
		if d.by = d.otherwise(); d.by == "" {
			return &stuck{"it is not clear who does it: write by:"}
		}
	}
	ev := flow.Event{Kind: d.kind, Request: w.id, Actor: w.actor(d.by), Fields: fieldsOf(d.fields), Body: text.Plain(d.words)}
	if d.to != "" {
		ev.To = w.directed(d.to)
	}
	if d.version != "" {
		ev.Assets = []flow.Asset{w.asset(d.version, ev.Actor)}
	}
	why, err := w.send(ev, d)
	if err != nil {
		return err
	}
	w.judge(why, d.did)
	return nil
}

func fieldsOf(given map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, values := range given {
		out[name] = values
	}
	return out
}

// send brings an event through the door that its actor uses: chat, or a page of ours.
func (w *world) send(ev flow.Event, d deed) ([]flow.Reason, error) {
	if (d.via == "" || d.via == "chat") && ev.Actor.Ref.System == chatDoor {
		return w.deliver(chatDoor, ev)
	}
	ev.Actor = w.directed(d.by)
	ev.Fields["via"] = []string{"web"}
	switch {
	case d.via == "web+reauth":
		ev.Fields["assurance"] = []string{"web+reauth"}
	case d.via != "web" && (d.via == "mail" || ev.Actor.Ref.System == mailDoor):
		ev.Fields["via"] = []string{"link"}
	}
	w.acts++
	ev.ID = "act-" + strconv.Itoa(w.acts)
	_, why, err := w.engine.Act(w.ctx, ev)
	if err != nil {
		return nil, err
	}
	return why, w.settle()
}

// requester is who asked for the request.
func (w *world) requester() string {
	r, _ := w.request()
	return called(r.Requester)
}

// worker is who makes the revision that is in progress.
func (w *world) worker() string {
	r, _ := w.request()
	if r.Status == flow.InProgress {
		for _, who := range flow.WaitingFor(w.policy, r) {
			return called(who)
		}
	}
	return called(r.Assignee)
}

// anybody is somebody of the group ops, else the first person there is.
func (w *world) anybody() string {
	all := w.set.People()
	for _, p := range all {
		if slices.Contains(p.Groups, "ops") {
			return p.Name
		}
	}
	if len(all) > 0 {
		return all[0].Name
	}
	return ""
}

// ballot is a vote as a test writes it.
type ballot struct {
	by, stage, via, note string
	verdict              flow.Verdict
	checked              []string
	confirmed            bool
}

// vote casts a vote where the stage takes it.
func (w *world) vote(b ballot) error {
	r, ok := w.request()
	if !ok {
		return &stuck{"there is no request"}
	}
	if b.verdict == flow.Decline && r.Triage != "" && len(r.Open()) == 0 {
		return w.act(deed{by: b.by, otherwise: w.anybody, kind: flow.RequestDeclined, words: b.note, did: "declined"})
	}
	d := deed{by: b.by, kind: flow.VoteCast, words: b.note, fields: map[string][]string{"verdict": {string(b.verdict)}}, via: b.via, did: done(b.verdict)}
	stage := b.stage
	if stage == "" {
		stage = w.stageOf(r, b.by)
	}
	if b.stage != "" {
		d.fields["stage"] = []string{b.stage}
	}
	if b.via == "" {
		d.via = w.assurance(r, stage)
	}
	if checked := w.checked(r, stage, b.checked); len(checked) > 0 {
		d.fields["checked"] = checked
	}
	if b.confirmed {
		d.fields["confirmed"] = []string{"yes"}
	}
	return w.act(d)
}

// stageOf is the open stage that waits for somebody, else the first that is open.
func (w *world) stageOf(r flow.Request, who string) string {
	open := r.Open()
	for _, run := range open {
		for _, a := range flow.WaitingFor(w.policy, only(r, run.Name)) {
			if called(a) == who {
				return run.Name
			}
		}
	}
	if len(open) > 0 {
		return open[0].Name
	}
	return ""
}

// assurance is where a stage takes decisions, where that is not everywhere.
func (w *world) assurance(r flow.Request, stage string) string {
	for _, d := range w.policy.Stages(r) {
		if d.Name == stage && d.Assurance != "chat" {
			return d.Assurance
		}
	}
	return ""
}

// checked are the lines that are ticked; "all" stands for every line of the stage.
func (w *world) checked(r flow.Request, stage string, lines []string) []string {
	if len(lines) == 1 && lines[0] == "all" {
		return flow.Checklist(w.policy, r, stage)
	}
	return lines
}

func done(v flow.Verdict) string {
	switch v {
	case flow.Approve:
		return "approved"
	case flow.Decline:
		return "declined"
	}
	return "asked for changes"
}

// asset is the work of the request with one more version: what it is about already, else an upload.
func (w *world) asset(version string, by flow.Actor) flow.Asset {
	r, _ := w.request()
	a := flow.Asset{Ref: flow.Ref{System: "signoff", Type: "upload", Key: "artwork"}, Label: "artwork"}
	if len(r.Assets) > 0 {
		a = flow.Asset{Ref: r.Assets[0].Ref, Label: r.Assets[0].Label, URL: r.Assets[0].URL}
	}
	a.Versions = []flow.Version{w.version(version, by)}
	return a
}

func (w *world) version(name string, by flow.Actor) flow.Version {
	return flow.Version{ID: name, Name: name, By: by, At: w.now(), Seq: fmt.Sprintf("%020d", w.now().UnixNano()+int64(w.acts))}
}

// saved lets a new version of the work appear where it is kept.
func (w *world) saved(by, version, note string) error {
	r, ok := w.request()
	if !ok || len(r.Assets) == 0 {
		return &stuck{"no work is known of which there could be a new version: send one first with designer_submits: {version: v1}"}
	}
	if by == "" {
		by = called(r.Assignee)
	}
	who := w.actor(by)
	v := w.version(version, who)
	v.Note = note
	ref := r.Assets[0].Ref
	ev := flow.Event{Kind: flow.AssetChanged, Request: w.id, Actor: who, Subject: ref, Sent: w.now(), Seq: v.Seq, Versions: []flow.Version{v}}
	instance := ref.System
	if !slices.Contains(sourceDoors(), instance) {
		instance = chatDoor
	}
	why, err := w.deliver(instance, ev)
	if err != nil {
		return err
	}
	w.judge(why, "saved "+version)
	return nil
}

// move is a ticket moved by hand.
type move struct {
	by, to, means string
	part          int // 0: the request's own ticket
}

func (w *world) moved(m move) error {
	r, ok := w.request()
	if !ok {
		return &stuck{"there is no request"}
	}
	purpose := "ticket"
	if m.part > 0 {
		purpose = fmt.Sprintf("part/%d", m.part)
	}
	link, ok := r.Link(purpose)
	if !ok {
		return &stuck{"there is no such ticket: the request has " + plural(len(r.Parts), "subtask")}
	}
	ev := flow.Event{Kind: flow.TicketMoved, Subject: link.Ref, Sent: w.now(), Fields: map[string][]string{"status": {m.to}}}
	if m.by != "" {
		who := w.actor(m.by)
		ev.Actor = flow.Actor{Ref: account(trackerDoor, m.by, ""), Email: who.Email, Shown: who.Shown}
	}
	if m.means != "" {
		ev.Fields["word"] = []string{m.means}
	}
	why, err := w.deliver(trackerDoor, ev)
	if err != nil {
		return err
	}
	w.judge(why, "moved")
	return nil
}

// undone takes back somebody's newest vote.
func (w *world) undone(by, stage string) error {
	r, _ := w.request()
	fields := map[string][]string{}
	for _, v := range slices.Backward(r.Votes) {
		if called(v.By) == by && v.Undone.IsZero() && (stage == "" || stage == v.Stage) {
			fields["stage"], fields["round"] = []string{v.Stage}, []string{strconv.Itoa(v.Round)}
			break
		}
	}
	if stage != "" && fields["stage"] == nil {
		fields["stage"] = []string{stage}
	}
	return w.act(deed{by: by, kind: flow.VoteUndone, fields: fields, did: "taken back"})
}

func (w *world) delegated(by, to, stage string) error {
	r, _ := w.request()
	if stage == "" {
		stage = w.stageOf(r, by)
	}
	return w.act(deed{by: by, kind: flow.StageDelegated, to: to, fields: map[string][]string{"stage": {stage}, "to": {to}}, did: "delegated"})
}

// says lets somebody write in the request's thread.
func (w *world) says(by, words string) error {
	if by == "" {
		by = w.requester()
	}
	r, ok := w.request()
	if !ok {
		return &stuck{"there is no request"}
	}
	thread, ok := r.Link("thread")
	if !ok {
		thread, _ = r.Link("card")
	}
	who := w.actor(by)
	if _, known := w.policy.Person(by); !known && who.Ref.System == mailDoor {
		thread.Ref.System = mailDoor
	}
	ev := flow.Event{
		Kind: flow.CommentAdded, Request: w.id, Actor: who, Subject: thread.Ref, Where: thread.Ref, Sent: w.now(), Body: text.Plain(words),
		Said: flow.Ref{System: who.Ref.System, Type: "message", Key: fmt.Sprintf("said-%d", w.acts)}, Seq: fmt.Sprintf("%020d", w.now().UnixNano()+int64(w.acts)),
		Links: []flow.Link{{Purpose: "message"}},
	}
	why, err := w.deliver(who.Ref.System, ev)
	if err != nil {
		return err
	}
	w.judge(why, "said")
	return nil
}

const usualAbsence = 6 * 24 * time.Hour

// leave lets somebody be away from today on.
func (w *world) leave(a absence) error {
	from := w.now().In(w.zone)
	if a.until == "" {
		a.until = from.Add(usualAbsence).Format(time.DateOnly)
	}
	w.acts++
	why, err := w.engine.SetAway(w.ctx, engine.AwayInput{
		By: w.directed(a.who), Person: a.who, From: from.Format(time.DateOnly), Until: a.until, Cover: a.cover, Via: "web",
		Delivery: "act-" + strconv.Itoa(w.acts),
	})
	return w.absent(why, err)
}

// back ends somebody's absence.
func (w *world) back(who string) error {
	w.acts++
	why, err := w.engine.EndAway(w.ctx, engine.AwayInput{By: w.directed(who), Person: who, Via: "web", Delivery: "act-" + strconv.Itoa(w.acts)})
	return w.absent(why, err)
}

func (w *world) absent(why flow.Reason, err error) error {
	if err == nil {
		err = w.settle()
	}
	if err != nil {
		return err
	}
	w.judge([]flow.Reason{why}, "recorded")
	return nil
}
