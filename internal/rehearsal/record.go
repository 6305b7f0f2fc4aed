package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/rules"
)

// Recorded is a test that was written from a real request.
type Recorded struct {
	YAML []byte
	// Notes say what of the real course is not in the test, one sentence each.
	Notes []string
}

// ErrNothingToRecord says that a request's journal does not begin with how it came in.
var ErrNothingToRecord = errors.New("its journal does not hold how it came in")

// Record writes a test from a real request and its journal. Directory names stay, because rules name them; everybody else,
// addresses and telephone numbers are masked. What the test expects is what happens when it is played by today's rules, so it
// passes; Notes say where the real course was another.
func Record(ctx context.Context, set *rules.Set, r flow.Request, records []flow.Record, files []string) (Recorded, error) {
	rec := recorder{set: set, real: r, mask: newMask(set, records), zone: set.Policy(set).Zone()}
	script, ok := rec.script(records)
	if !ok {
		return Recorded{}, ErrNothingToRecord
	}
	script.files = files
	sights, err := rec.witness(ctx, script)
	if err != nil {
		return Recorded{}, err
	}
	script.steps = script.steps[:len(sights)-1]
	script.expect(sights)
	suite, err := rec.load(script)
	if err != nil {
		return Recorded{}, err
	}
	if rep := suite.Run(ctx, Options{}); rep.Failed() > 0 {
		return Recorded{}, fmt.Errorf("the test that was written does not pass: %+v", rep.Results[0].Failures)
	}
	rec.compare(sights[len(sights)-1])
	return Recorded{YAML: script.yaml(), Notes: rec.notes}, nil
}

// recorder turns a journal into a script.
type recorder struct {
	set   *rules.Set
	real  flow.Request
	mask  *mask
	zone  *time.Location
	notes []string
	clock time.Time // what the script's clock shows
}

// script is a test as it is written.
type script struct {
	name  string
	files []string
	zone  string
	cal   string
	now   string
	given []pair
	wants []pair
	steps []scriptStep
}

type scriptStep struct {
	do    pair
	wants []pair
}

func (r *recorder) note(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(r.notes, line) {
		r.notes = append(r.notes, line)
	}
}

// script reads how the request came in and what happened then.
func (r *recorder) script(records []flow.Record) (*script, bool) {
	i := slices.IndexFunc(records, func(rec flow.Record) bool {
		return rec.Facts.Routing != nil && (rec.Event.Kind == flow.DraftConfirmed || rec.Event.Field("draft") == "")
	})
	if i < 0 {
		return nil, false
	}
	opening := records[i]
	ev := opening.Event
	if ev.Kind == flow.DraftConfirmed {
		ev = flow.Submission(r.opened(records[:i]), ev)
	}
	r.clock = opening.Event.At.Truncate(time.Second)
	s := &script{
		name: fmt.Sprintf("%s as it came in", r.real.ID), zone: r.zone.String(), cal: r.set.Options().Workspace.Calendar, now: r.stamp(r.clock),
		given: r.given(ev, opening.Facts),
	}
	for _, rec := range records[i+1:] {
		if do, ok := r.step(rec); ok {
			if at := rec.Event.At.Truncate(time.Second); at.After(r.clock) {
				r.clock = at
				s.steps = append(s.steps, scriptStep{do: pair{"at", r.stamp(at)}})
			}
			if do.key != "" {
				s.steps = append(s.steps, scriptStep{do: do})
			}
		}
	}
	return s, true
}

// opened folds the records before a draft was confirmed.
func (r *recorder) opened(records []flow.Record) (q flow.Request) {
	p := r.set.Policy(r.set)
	for _, rec := range records {
		q, _ = flow.Fold(p, q, rec.Event, rec.Facts)
	}
	return q
}

func (r *recorder) stamp(t time.Time) string {
	t = t.In(r.zone)
	if t.Second() != 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// given is how the request came in.
func (r *recorder) given(ev flow.Event, f flow.Facts) []pair {
	kind, what := r.source(ev)
	out := []pair{{kind, what}}
	var load []pair
	for _, p := range r.set.People() {
		if hours := f.Answers.Load[p.Name]; hours > 0 {
			load = append(load, pair{p.Name, hours})
		}
	}
	if load != nil {
		out = append(out, pair{"load", load})
	}
	if len(f.Answers.Turn) > 0 {
		r.note("Turns begin anew in a test, so somebody else may be chosen than really was.")
	}
	var away []pair
	for _, a := range f.Away {
		absent := []pair{}
		if a.Cover != "" {
			absent = append(absent, pair{"cover", a.Cover})
		}
		if !a.Until.IsZero() {
			absent = append(absent, pair{"until", a.Until.Add(-time.Minute).In(r.zone).Format(time.DateOnly)})
		}
		away = append(away, pair{a.Person, absent})
	}
	if away != nil {
		out = append(out, pair{"people_away", away})
	}
	return out
}

// source is the door through which it came, and what was said there.
func (r *recorder) source(ev flow.Event) (kind string, what []pair) {
	from, words := r.mask.name(ev.Actor), r.mask.text(ev.Body.String())
	add := func(key, value string) {
		if value != "" {
			what = append(what, pair{key, value})
		}
	}
	switch kind = ev.Field("source"); kind {
	case "slack":
		add("channel", ev.Field("channel"))
		add("from", from)
		add("text", words)
		if ev.Actor.Bot {
			what = append(what, pair{"bot", true})
		}
		what = append(what, r.form(ev)...)
	case "email":
		add("from", r.mask.address(ev.Actor))
		add("subject", r.mask.text(ev.Field("title")))
		add("text", words)
		if v := ev.Field("verified"); v != "dmarc" {
			add("verified", v)
		}
	case "figma", "adobe":
		add("event", orWord(ev.Field("event"), "file_comment"))
		add("file", r.mask.text(ev.Field("file")))
		add("from", from)
		add("text", words)
		if len(ev.Assets) > 0 {
			add("version", r.mask.text(ev.Assets[0].Current().Name))
		}
	case "github":
		add("event", orWord(ev.Field("event"), "issues"))
		add("from", from)
		add("title", r.mask.text(ev.Field("title")))
		add("text", words)
	default:
		add("source", kind)
		add("from", from)
		add("text", words)
		what, kind = append(what, r.form(ev)...), "webhook"
	}
	return kind, what
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// form is what was filled in.
func (r *recorder) form(ev flow.Event) (out []pair) {
	for _, key := range []string{"type", "title"} {
		if v := ev.Field(key); v != "" {
			out = append(out, pair{key, r.mask.text(v)})
		}
	}
	if fields := r.fields(ev); fields != nil {
		out = append(out, pair{"fields", fields})
	}
	return out
}

// fields are the fields of templates that an event gives.
func (r *recorder) fields(ev flow.Event) (out []pair) {
	inv := r.set.Inventory()
	for _, name := range sortedKeys(ev.Fields) {
		if _, ok := inv.Fields[name]; !ok && name != "due" {
			continue
		}
		var values []string
		for _, v := range ev.Fields[name] {
			values = append(values, r.mask.text(v))
		}
		switch len(values) {
		case 0:
		case 1:
			out = append(out, pair{name, values[0]})
		default:
			out = append(out, pair{name, values})
		}
	}
	return out
}

// step is what a record means for a test: a verb, nothing but its time (an empty key), or not a step at all.
func (r *recorder) step(rec flow.Record) (do pair, ok bool) {
	ev := rec.Event
	by := r.mask.name(ev.Actor)
	switch ev.Kind {
	case flow.TimerFired:
		return do, slices.ContainsFunc(rec.Why, func(w flow.Reason) bool { return w.Code != flow.CodeNoted })
	case flow.VoteCast:
		return r.ballot(rec, by), true
	case flow.WorkSubmitted:
		return pair{"designer_submits", without(pair{"by", by}, pair{"version", r.version(ev)}, pair{"note", r.mask.text(ev.Body.String())})}, true
	case flow.VoteUndone:
		return pair{"undo", without(pair{"by", by}, pair{"stage", ev.Field("stage")})}, true
	case flow.RequestWithdrawn:
		return pair{"withdraws", without(pair{"by", by}, pair{"reason", r.mask.text(ev.Body.String())})}, true
	case flow.RequestAssigned:
		return pair{"assigns", without(pair{"by", by}, pair{"to", orWord(ev.Field("assignee"), ev.To.Name)})}, true
	case flow.StageDelegated:
		return pair{"delegates", without(pair{"by", by}, pair{"to", orWord(ev.Field("to"), ev.To.Name)}, pair{"stage", ev.Field("stage")})}, true
	case flow.RequestEdited:
		fields := r.fields(ev)
		return pair{"edits", append([]pair{{"by", by}}, fields...)}, len(fields) > 0
	case flow.AssetChanged:
		v := r.version(ev)
		return pair{"new_version", without(pair{"by", by}, pair{"version", v})}, v != ""
	case flow.TicketMoved:
		return r.move(ev), !ev.Echo
	case flow.RequestAccepted:
		return pair{"accepts", without(pair{"by", by}, pair{"to", ev.Field("assignee")})}, true
	case flow.RequestDeclined:
		return pair{"declines", without(pair{"by", by}, pair{"reason", r.mask.text(ev.Body.String())})}, true
	case flow.RequestSnoozed:
		return pair{"snoozes", without(pair{"by", by}, pair{"until", ev.Field("until")})}, true
	case flow.RequestMerged, flow.RequestJoined, flow.CoverChanged, flow.RulesMoved, flow.PointAsked, flow.PointAnswered, flow.PointResolved, flow.DraftConfirmed:
		r.note("What happened at %s (%s) is not in the test.", r.stamp(ev.At), ev.Kind)
	}
	return do, false
}

func without(all ...pair) (out []pair) {
	for _, p := range all {
		if p.value != "" {
			out = append(out, p)
		}
	}
	return out
}

// version is the newest version that an event tells of.
func (r *recorder) version(ev flow.Event) string {
	list := ev.Versions
	for _, a := range ev.Assets {
		list = append(list, a.Versions...)
	}
	if len(list) == 0 {
		return ""
	}
	v := list[len(list)-1]
	return r.mask.text(orWord(v.Name, v.ID))
}

func (r *recorder) ballot(rec flow.Record, by string) pair {
	ev := rec.Event
	where := via(ev)
	if where == r.assurance(ev.Field("stage")) {
		where = "" // the usual way
	}
	what := without(pair{"by", by}, pair{"stage", ev.Field("stage")}, pair{"via", where})
	words := r.mask.text(ev.Body.String())
	switch flow.Verdict(ev.Field("verdict")) {
	case flow.RequestChanges:
		return pair{"requests_changes", append(what, without(pair{"reason", words})...)}
	case flow.Decline:
		return pair{"declines", append(what, without(pair{"reason", words})...)}
	}
	what = append(what, without(pair{"note", words})...)
	if checked := ev.Fields["checked"]; len(checked) > 0 {
		what = append(what, pair{"checked", checked})
	}
	if len(rec.Why) > 0 && rec.Why[0].Code == flow.CodePointsOpen {
		what = append(what, pair{"confirmed", false})
	}
	return pair{"approves", what}
}

// assurance is where a stage takes decisions.
func (r *recorder) assurance(stage string) string {
	for _, d := range r.set.Policy(r.set).Stages(r.real) {
		if d.Name == stage {
			return d.Assurance
		}
	}
	return "chat"
}

// via is where a vote was given, in the words of a test.
func via(ev flow.Event) string {
	switch {
	case ev.Field("assurance") == "web+reauth":
		return "web+reauth"
	case ev.Field("via") == "web" || ev.Field("via") == "api":
		return "web"
	case ev.Field("via") == "link":
		return "mail"
	}
	return "chat"
}

func (r *recorder) move(ev flow.Event) pair {
	what := without(pair{"to", ev.Field("status")}, pair{"means", ev.Field("word")}, pair{"by", r.mask.name(ev.Actor)})
	for _, l := range r.real.Links {
		var n int
		if _, err := fmt.Sscanf(l.Purpose, "part/%d", &n); err == nil && l.Ref == ev.Subject {
			what = append(what, pair{"subtask", n})
		}
	}
	return pair{"moved_in_tracker", what}
}

// title is the first line of the file.
func (s *script) title() string {
	return "# " + strings.TrimSuffix(s.name, " as it came in") + ", as it came in and what was done then; recorded by signoff test --record."
}
