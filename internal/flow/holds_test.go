package flow

import (
	"slices"
	"strings"
	"time"
)

// lifeHolds is what must be true of every outcome of a life.
func lifeHolds(t reporter, p *static, before Request, ev Event, o Outcome) {
	t.Helper()
	check(t, before, ev, o)
	holdsPath(t, before, ev, o.Request)
	holdsVotes(t, p, before, ev, o)
	holdsVersions(t, p, o.Request)
	holdsNumbers(t, o.Request)
	holdsGate(t, p, before, ev, o.Request)
	holdsParts(t, before, ev, o.Request)
	holdsChecked(t, p, before, o.Request)
	holdsMail(t, before, o)
	holdsMessages(t, p, before, ev, o)
	holdsTwice(t, p, ev, o)
}

// holdsPath: what is closed stays closed but for an undo, revisions count up, and what only informs moves nothing.
func holdsPath(t reporter, before Request, ev Event, r Request) {
	t.Helper()
	undo := ev.Kind == VoteUndone
	follows := ev.Kind == TicketMoved && r.Workflow == "" // without stages the ticket says where it stands
	if before.Status.Closed() && r.Status != before.Status && !undo && !follows {
		t.Errorf("%s: %s after %s", ev.Kind, r.Status, before.Status)
	}
	if r.Round < before.Round && !undo || r.Round > before.Round+1 {
		t.Errorf("%s: revision %d after %d", ev.Kind, r.Round, before.Round)
	}
	if len(r.Votes) < len(before.Votes) {
		t.Errorf("%s: %d votes after %d", ev.Kind, len(r.Votes), len(before.Votes))
	}
	informs := slices.Contains([]Kind{
		AssetGone, PointAsked, PointAnswered, PointResolved, BriefRead, MailFailed, HeldAnswered, CommentAdded, CommentEdited, CommentRemoved, EffectParked,
	}, ev.Kind)
	if informs && len(ev.Assets) == 0 && decided(r) != decided(before) { // work that comes with words is part of what is decided on
		t.Errorf("%s decided something:\n%s\n%s", ev.Kind, decided(before), decided(r))
	}
	if ev.Field("automatic") == "yes" && ev.Kind == CommentAdded && before.Version > 0 {
		holdsStill(t, before, r)
	}
}

// holdsStill: what a machine says is kept, and nothing else.
func holdsStill(t reporter, before, r Request) {
	t.Helper()
	if len(r.Points) != len(before.Points) || len(r.Files) != len(before.Files) || len(r.Assets) != len(before.Assets) {
		t.Errorf("an automatic answer made points, files or works: %+v", r)
	}
	for i, run := range r.Stages {
		if !run.FirstResponse.Equal(before.Stages[i].FirstResponse) {
			t.Errorf("an automatic answer is the first response of %s", run.Name)
		}
	}
}

// decided is what was decided so far, in words.
func decided(r Request) string {
	var b strings.Builder
	b.WriteString(string(r.Status) + " " + r.Signed)
	for _, run := range r.Stages {
		b.WriteString("; " + run.Name + " " + string(run.State) + " " + strings.Join(ids(run.DecidedBy), ","))
	}
	for _, v := range r.Votes {
		b.WriteString("; " + v.Event + " " + v.By.ID())
		if v.Stale || !v.Undone.IsZero() {
			b.WriteString(" void")
		}
	}
	return b.String()
}

// holdsVotes: a vote is counted once, for a person who counts once, who may, and who knows of the open points.
func holdsVotes(t reporter, p *static, before Request, ev Event, o Outcome) {
	t.Helper()
	r := o.Request
	was := scene{p: p, r: &before, at: ev.At}
	for i, v := range r.Votes {
		if i < len(before.Votes) {
			if old := before.Votes[i]; old.Event != v.Event || old.Stale && !v.Stale || !old.Undone.Equal(v.Undone) && ev.Kind != VoteUndone {
				t.Errorf("%s changed a vote: %+v to %+v", ev.Kind, old, v)
			}
			continue
		}
		d, _ := was.def(v.Stage)
		switch {
		case ev.Kind != VoteCast || v.Event != ev.ID || i > len(before.Votes):
			t.Errorf("%s %s counted %+v", ev.Kind, ev.ID, v)
		case was.barred(d, v.By) != "" || v.For.ID() != "" && was.barred(d, v.For) != "":
			t.Errorf("%s voted on %s, but has a part in the work", v.By.ID(), v.Stage)
		case v.Verdict == Approve && len(was.openPoints()) > 0 && ev.Field("confirmed") != "yes":
			t.Errorf("approved past open points: %+v", was.openPoints())
		}
	}
	now := scene{p: p, r: &r, at: ev.At}
	for _, run := range r.Stages {
		live := now.live(run)
		for i, v := range live {
			if now.touched(live[:i], v.By) {
				t.Errorf("%s counts twice on %s", v.By.ID(), run.Name)
			}
		}
		if run.State == StageApproved && !slices.ContainsFunc(live, func(v Vote) bool { return v.Verdict == Approve }) {
			t.Errorf("%s is approved without an approval", run.Name)
		}
	}
}

// holdsVersions: no stage that counts holds an approval of a version that its policy does not allow.
func holdsVersions(t reporter, p *static, r Request) {
	t.Helper()
	sc := scene{p: p, r: &r}
	now := r.Revision()
	if r.Status == Approved {
		now = r.Signed
	}
	for _, run := range sc.standingRuns() {
		word, _ := sc.policyOf(run.Name)
		if word == "keep with notice" || r.Status != InReview && r.Status != Approved {
			continue
		}
		for _, v := range sc.live(run) {
			for _, a := range r.decidedOn() {
				saw, named := a.of(v.Version)
				is, known := a.of(now)
				if named && known && saw.ID != is.ID {
					t.Errorf("%s (%s): %s saw %s of %s, and %s is decided on", run.Name, word, v.By.ID(), saw.ID, a.Ref.Key, is.ID)
				}
			}
		}
	}
	for _, a := range r.Assets {
		for i, v := range a.Versions {
			twice := slices.ContainsFunc(a.Versions[:i], func(x Version) bool { return x.ID == v.ID })
			if twice || i > 0 && inOrder(a.Versions[i-1], v) > 0 {
				t.Errorf("versions of %s: %+v", a.Ref.Key, a.Versions)
			}
		}
	}
}

// holdsNumbers: everything has its own number, purpose and name.
func holdsNumbers(t reporter, r Request) {
	t.Helper()
	seen := map[string]bool{}
	once := func(what, name string) {
		if seen[what+name] {
			t.Errorf("%s %s is there twice", what, name)
		}
		seen[what+name] = true
	}
	for _, x := range r.Problems {
		once("problem", x.Purpose)
	}
	for _, x := range r.Links {
		once("link", x.Purpose)
	}
	for _, x := range r.Points {
		once("point", string(rune('0'+x.Number)))
	}
	for _, x := range r.Assets {
		once("work", x.Ref.String())
	}
	for _, x := range r.Fired {
		once("moment", x)
	}
	for i, x := range r.Files {
		if x.Number != i+1 {
			t.Errorf("file %d has the number %d", i+1, x.Number)
		}
	}
}

// addressed lists to whom an effect goes.
func addressed(e Effect) []Actor {
	switch {
	case e.Show != nil && e.Show.To.ID() != "":
		return []Actor{e.Show.To}
	case e.Tell != nil:
		return e.Tell.To
	}
	return nil
}

// holdsMail: what is written has an address that takes mail, and nobody is asked where they cannot be reached.
func holdsMail(t reporter, before Request, o Outcome) {
	t.Helper()
	r := o.Request
	for _, e := range o.Effects {
		to := addressed(e)
		if e.Target == "email" {
			if len(to) == 0 || slices.ContainsFunc(to, func(a Actor) bool { return a.Email == "" }) {
				t.Errorf("a mail without an address: %s", printEffect(e))
			}
			for _, a := range to {
				if slices.Contains(r.Bounced, strings.ToLower(a.Email)) {
					t.Errorf("%s is written to, and takes no mail: %s", a.Email, printEffect(e))
				}
			}
		}
		asks := e.Show != nil && e.Show.Link == nil && e.Show.At.Zero() || e.Tell != nil && e.Tell.Where.Zero() && !e.Tell.Private
		for _, a := range to {
			if asks && e.Target == "slack" && r.Places.Mail != "" && slices.Contains(before.Unreached, a.Name) && slices.Contains(r.Unreached, a.Name) {
				t.Errorf("%s is told in chat, which does not reach them: %s", a.Name, printEffect(e))
			}
		}
	}
	if r.Status.Closed() && before.Status.Closed() && slices.ContainsFunc(o.Why, func(w Reason) bool { return w.Code == "reminded" }) {
		t.Errorf("reminded after the end: %v", o.Why)
	}
}

// holdsMessages: one message per person about a move.
func holdsMessages(t reporter, p *static, before Request, ev Event, o Outcome) {
	t.Helper()
	r := o.Request
	sc := scene{p: p, r: &r, at: ev.At}
	moved := slices.ContainsFunc(o.Why, func(w Reason) bool { return w.Code == "replaced" })
	told, asked := map[string]int{}, map[string]int{}
	for _, e := range o.Effects {
		for _, a := range addressed(e) {
			switch {
			case e.Show != nil && puts(e.Show.View) && (e.Show.Link == nil || e.Target == "email"):
				asked[a.ID()]++
			case e.Tell != nil && !e.Tell.Private && (e.Tell.Where.Zero() || e.Target == "email"):
				told[a.ID()]++
			}
		}
	}
	for who, n := range told {
		if moved && ev.Kind == VoteUndone {
			n-- // that it is open again, and that it moved on meanwhile
		}
		if n > 1 || moved && n > 0 && asked[who] > 0 {
			t.Errorf("%s: %s is told %d times and asked %d times:\n%s", ev.Kind, who, n, asked[who], printed(o.Effects))
		}
	}
	for _, run := range r.Open() {
		for _, who := range sc.waiting(run) {
			shown, asking := r.Shows[askPurpose(run, who)]
			if _, mailed := sc.byMail(who); mailed && asking && !shown.Settled && shown.Parked == "" && shown.Version != r.Version {
				asked[who.ID()]++ // once the older question is put it is compared with the newer one
			}
		}
	}
	for i, v := range before.Votes {
		if _, _, reached := sc.way(v.By); v.Stale || !r.Votes[i].Stale || !reached || v.By.Name == "" {
			continue
		}
		if told[v.By.ID()]+min(asked[v.By.ID()], 1) != 1 {
			t.Errorf("the vote of %s is void, and they are told %d times and asked %d times", v.By.ID(), told[v.By.ID()], asked[v.By.ID()])
		}
	}
}

// puts reports whether a view asks for a decision; mail sends such a one anew, and no other.
func puts(v View) bool {
	return v.Kind == AskView && slices.ContainsFunc(v.Buttons, func(b Button) bool { return b.Action == string(Approve) })
}

func printed(effects []Effect) string {
	var b strings.Builder
	for _, e := range effects {
		b.WriteString(printEffect(e))
	}
	return b.String()
}

// holdsTwice: the same event once more, as it came or a minute later, decides nothing new.
func holdsTwice(t reporter, p *static, ev Event, o Outcome) {
	t.Helper()
	for _, later := range []time.Duration{0, time.Minute} {
		same := ev
		same.At = ev.At.Add(later)
		if ev.Kind == TimerFired && later > 0 {
			continue // time has come for more
		}
		next := Step(p, o.Request, same, Facts{})
		if decided(next.Request) != decided(o.Request) {
			t.Errorf("%s once more decides:\n%s\n%s", ev.Kind, decided(o.Request), decided(next.Request))
		}
		if counts(next.Request) != counts(o.Request) && !adds(ev) {
			t.Errorf("%s once more adds: %v to %v", ev.Kind, counts(o.Request), counts(next.Request))
		}
	}
}

// adds reports whether an event has nothing by which it is known again but its delivery.
func adds(ev Event) bool {
	return ev.Said.Zero() && (ev.Kind == PointAsked || ev.Kind == RequestEdited)
}

// counts is how much of everything there is.
func counts(r Request) [9]int {
	versions := 0
	for _, a := range r.Assets {
		versions += len(a.Versions)
	}
	answers := 0
	for _, p := range r.Points {
		answers += len(p.Answer)
	}
	return [9]int{len(r.Points), len(r.Files), len(r.Comments), len(r.Assets), versions, len(r.Stages), len(r.Bounced), len(r.Unreached), answers}
}
