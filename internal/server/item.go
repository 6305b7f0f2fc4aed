package server

import (
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// items turns what the engine says into the API's words. It knows the directory's names for people.
type items struct {
	shown map[string]string // by directory name
	link  func(path string) string
}

func (s *Server) items() items {
	it := items{shown: map[string]string{}, link: s.link}
	for _, p := range s.o.Hub.Rules().People() {
		it.shown[p.Name] = p.Shown
	}
	return it
}

// knowing adds the people of a request who are not in the directory, so that they are called by name.
func (it items) knowing(r flow.Request) items {
	it.shown = maps.Clone(it.shown)
	add := func(a flow.Actor) {
		if a.ID() != "" && it.shown[a.ID()] == "" && a.Shown != "" {
			it.shown[a.ID()] = a.Shown
		}
	}
	add(r.Requester)
	for _, c := range r.Comments {
		add(c.By)
		add(c.RemovedBy)
	}
	for _, f := range r.Files {
		add(f.By)
	}
	add(r.Ticket.MovedBy)
	if r.Offer != nil {
		add(r.Offer.To)
	}
	for _, run := range r.Stages {
		for _, a := range run.Asked {
			add(a)
		}
	}
	return it
}

// called is the name people read for somebody.
func (it items) called(a flow.Actor) string {
	for _, name := range []string{it.shown[a.Name], a.Shown, a.Name, a.Email} {
		if name != "" {
			return name
		}
	}
	if a.Ref.Type == "user" { // an account of which not even a name could be read
		return a.Ref.System + " account " + a.Ref.Key[strings.LastIndexByte(a.Ref.Key, '/')+1:]
	}
	return a.ID()
}

func (it items) person(a flow.Actor) Person {
	return Person{Name: a.Name, Shown: it.called(a), ID: a.ID()}
}

func (it items) maybe(a flow.Actor) *Person {
	if a.ID() == "" && a.Shown == "" {
		return nil
	}
	p := it.person(a)
	return &p
}

func (it items) people(list []flow.Actor) []Person {
	out := []Person{}
	for _, a := range list {
		out = append(out, it.person(a))
	}
	return out
}

// when is nil for an instant that has not come.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// list is l without being nil, so that JSON has [] rather than null.
func list[T any](l []T) []T { return append([]T{}, l...) }

func (it items) request(r flow.Request) RequestItem {
	item := RequestItem{
		ID: r.ID, Key: r.ID, Title: r.Title, Status: r.Status, Stages: []string{}, Revision: r.Round, Type: r.Template, Workflow: r.Workflow,
		Rule: r.Rule, Ruleset: r.Ruleset, Source: r.Source, Project: r.Project, Priority: r.Priority, Labels: list(r.Labels),
		Requester: it.person(r.Requester), Assignee: it.maybe(r.Assignee), WaitingOn: []string{}, Due: when(r.Due),
		Opened: r.Opened, Updated: r.Updated, Closed: when(r.Closed), URL: it.link(pageOfRequest(r.ID)),
		Triage: r.Triage, Until: when(r.Until), Into: r.Into,
	}
	for _, run := range r.Open() {
		item.Stages = append(item.Stages, run.Name)
		for _, id := range waitsOn(run) {
			if !slices.Contains(item.WaitingOn, id) {
				item.WaitingOn = append(item.WaitingOn, id)
			}
		}
	}
	if n := len(r.Info); r.Status == flow.NeedsInfo && n > 0 {
		item.WaitingOn = append(item.WaitingOn, r.Info[n-1].On...)
	}
	if l, ok := r.Link("ticket"); ok {
		item.Ticket = &TicketItem{Key: l.Label, URL: l.URL, Status: r.Ticket.Status, Gone: r.Ticket.Gone, Bypassed: r.Ticket.Bypassed}
		if item.Ticket.Key == "" {
			item.Ticket.Key = l.Ref.Key
		}
	}
	return item
}

func pageOfRequest(id flow.RequestID) string { return "/requests/" + string(id) }

// waitsOn lists whom a stage run waits for now.
func waitsOn(run flow.StageRun) (ids []string) {
	for _, w := range run.Waiting {
		if w.To.IsZero() {
			ids = append(ids, w.On...)
		}
	}
	return ids
}

func (it items) detail(d engine.Detail) RequestDetail {
	r := d.Request
	out := RequestDetail{
		SchemaVersion: SchemaVersion, RequestItem: it.request(r), Description: r.Body.String(), Fields: r.Fields,
		Missing: fieldItems(d.Missing), Info: waitItems(r.Info), Parts: it.partItems(r),
		StageRuns: []StageItem{}, Votes: []VoteItem{}, Points: []PointItem{}, Assets: it.assetItems(r), DecidesOn: r.Revision(), Links: []LinkItem{}, Problems: []string{},
		Comments: it.commentItems(d), Files: it.fileItems(r), Events: it.events(quietened(d)), Effects: effectItems(d.Effects),
	}
	if b := r.Brief; b != nil {
		out.Brief = &BriefItem{Title: b.Title, By: it.maybe(b.Owner), URL: webOnly(b.URL), Words: b.Words.String()}
	}
	if out.Fields == nil {
		out.Fields = map[string][]string{}
	}
	for _, run := range r.Stages {
		out.StageRuns = append(out.StageRuns, it.stage(run))
	}
	for _, v := range r.Votes {
		out.Votes = append(out.Votes, VoteItem{
			Stage: v.Stage, Revision: v.Round, Version: v.Version, By: it.person(v.By), For: it.maybe(v.For), Verdict: v.Verdict,
			Note: v.Note.String(), Via: v.Via, At: v.At, Undone: when(v.Undone), Stale: v.Stale, Checked: v.Checked,
		})
	}
	for _, p := range r.Points {
		out.Points = append(out.Points, PointItem{
			Number: p.Number, Revision: p.Round, Stage: p.Stage, By: it.person(p.By), Note: p.Note.String(), Answer: p.Answer.String(), At: p.At,
			Open: p.Open(), URL: p.URL, Version: p.Version, AnsweredBy: it.maybe(p.AnsweredBy), Resolved: when(p.Resolved), ResolvedBy: it.maybe(p.ResolvedBy),
		})
	}
	for _, l := range r.Links {
		out.Links = append(out.Links, LinkItem{Purpose: l.Purpose, System: l.Ref.System, Type: l.Ref.Type, Key: l.Ref.Key, Label: l.Label, URL: l.URL})
	}
	for _, p := range r.Problems {
		out.Problems = append(out.Problems, p.Text)
	}
	return out
}

func (it items) assetItems(r flow.Request) []AssetItem {
	out := []AssetItem{}
	for _, a := range r.Assets {
		one := AssetItem{System: a.Ref.System, Type: a.Ref.Type, Key: a.Ref.Key, Label: a.Label, URL: a.URL, Gone: a.Gone, Versions: []AssetVersionItem{}}
		for _, v := range a.Versions {
			one.Versions = append(one.Versions, AssetVersionItem{ID: v.ID, Name: v.Name, By: it.maybe(v.By), At: when(v.At), URL: v.URL})
		}
		out = append(out, one)
	}
	return out
}

func (it items) stage(run flow.StageRun) StageItem {
	item := StageItem{
		Name: run.Name, Revision: run.Round, State: run.State, Why: run.Why, Entered: when(run.Entered),
		FirstResponse: when(run.FirstResponse), Decided: when(run.Decided), DecidedBy: it.people(run.DecidedBy),
		Asked: it.people(run.Asked), Waiting: waitItems(run.Waiting),
	}
	for _, c := range run.Covers {
		item.Covers = append(item.Covers, CoverItem{By: it.person(c.By), For: it.person(c.For)})
	}
	return item
}

func waitItems(spans []flow.Wait) []WaitItem {
	out := []WaitItem{}
	for _, w := range spans {
		out = append(out, WaitItem{On: list(w.On), From: w.From, To: when(w.To)})
	}
	return out
}

func (it items) events(records []flow.Record) []EventItem {
	out := []EventItem{}
	for _, rec := range records {
		ev := rec.Event
		out = append(out, EventItem{
			Seq: rec.Seq, Version: rec.Version, ID: ev.ID, Kind: ev.Kind, At: ev.At, Actor: it.maybe(ev.Actor), Text: ev.Body.String(),
			Ruleset: rec.Ruleset, Echo: ev.Echo, Why: list(rec.Why), Effects: list(rec.Effects),
		})
	}
	return out
}

func effectItems(effects []engine.EffectState) []EffectItem {
	out := []EffectItem{}
	for _, e := range effects {
		out = append(out, EffectItem{
			ID: e.ID, Purpose: e.Purpose, Target: e.Target, State: e.State, Attempts: e.Attempts, At: e.At, Next: when(e.Next), Why: e.Why, Job: e.Job,
		})
	}
	return out
}

func deliveryItem(d flow.Delivery) DeliveryItem {
	return DeliveryItem{ID: d.ID, Instance: d.Instance, Kind: d.Kind, At: d.At, State: d.State, Why: d.Why, Request: d.Request, Size: len(d.Body)}
}

// wholeDelivery is a delivery with its masked body and what came of it.
func (it items) wholeDelivery(d flow.Delivery, records []flow.Record) DeliveryItem {
	item := deliveryItem(d)
	item.Body = masked(d.Body)
	if len(records) > 0 {
		item.Events = it.events(records)
	}
	return item
}
