package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"signoff/internal/text"
)

// TestLife plays whole lives of requests at random: by chat and by mail, with versions of several works, change requests,
// briefs, uploads, bounces, people whom chat does not know, answers that get lost and events that come again. What
// lifeHolds lists is true after every event, and once everything is done the outside shows what is known.
func TestLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(rt)
		for range rapid.IntRange(1, 40/slower).Draw(rt, "events") {
			l.now = l.now.Add(time.Duration(rapid.IntRange(1, 50).Draw(rt, "seconds")) * time.Second)
			l.move()
		}
		l.end()
	})
}

// life is one request and everything around it.
type life struct {
	away []Absence
	*world
	t      *rapid.T
	mail   string // "olga" asked by mail
	saved  map[string]int
	told   map[string]bool // effect ids
	past   []Event
	asked  []Ref // comments in which changes were asked for
	spoken int
}

var lifePolicies = []string{"void", "ask again", "keep with notice", "restart from S2"}

func newLife(t *rapid.T) *life {
	p := studio()
	for i := range rapid.IntRange(1, 3).Draw(t, "stages") {
		d := StageDef{Name: fmt.Sprint("S", i+1), Together: 1 + rapid.IntRange(0, i).Draw(t, "group"), FourEyes: rapid.Bool().Draw(t, "four eyes")}
		if i > 0 {
			d.Together = max(d.Together, p.stages[i-1].Together)
		}
		d.Needs = Quorum{N: rapid.IntRange(1, 2).Draw(t, "needs"), All: rapid.IntRange(0, 3).Draw(t, "all") == 0}
		d.NewVersion = rapid.SampledFrom(lifePolicies).Draw(t, "policy")
		who := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ana", "dana", "eli", "ben", "requester"}), 1, 3, rapid.ID).Draw(t, "reviewers")
		p.stage(d, who...)
		p.plan = append(p.plan, planned{stage: d.Name, kind: Remind, after: time.Minute, every: 2 * time.Minute, to: "waiting", where: []string{"dm"}})
	}
	l := &life{world: newWorld(p), t: t, saved: map[string]int{}, told: map[string]bool{}}
	l.furnish(p)
	l.open()
	return l
}

// open submits the request: in chat, by mail, or through the API without a place of its own.
func (l *life) open() {
	ev := l.event(RequestSubmitted, "maya", "source", "slack")
	f := Facts{New: "CR-142", Routing: &Routing{Rule: "Banners", Title: "Spring banner", Project: "DES", Workflow: "standard"}}
	if rapid.IntRange(0, 3).Draw(l.t, "brief") > 0 {
		f.Routing.Fields = map[string][]string{"field1": {"Families"}, "field2": {"No claim"}}
	}
	f.Routing.Assignee = rapid.SampledFrom([]string{"", "lin"}).Draw(l.t, "assignee")
	f.Places.Chat = rapid.SampledFrom([]string{"slack", "slack", "slack", ""}).Draw(l.t, "chat")
	f.Places.Tracker = rapid.SampledFrom([]string{"jira", "jira", ""}).Draw(l.t, "tracker")
	f.Places.Mail = rapid.SampledFrom([]string{"email", "email", ""}).Draw(l.t, "mail")
	switch by := rapid.SampledFrom([]string{"thread", "mail", "page", "figma"}).Draw(l.t, "door"); {
	case by == "thread" && f.Places.Chat != "":
		ev.Links = []Link{{Ref: Ref{"slack", "thread", "C1/1"}, Purpose: "thread", URL: "https://lumen.slack.example/p1"}}
	case by == "mail" && f.Places.Mail != "":
		ev.Actor, ev.Delivery = olga, "email/1"
		if rapid.Bool().Draw(l.t, "of ours") {
			ev.Actor = Actor{Name: "maya", Ref: Ref{"email", "address", "maya@lumen.example"}, Email: "maya@lumen.example"}
		}
		ev.Links = []Link{{Ref: Ref{"email", "thread", "abc"}, Purpose: "thread"}}
	case by == "figma":
		ev.Links = []Link{{Ref: Ref{"figma", "comment", "K1/1"}, Purpose: "thread"}}
	}
	for _, key := range rapid.SampledFrom([][]string{nil, {"K1"}, {"K1", "K2"}}).Draw(l.t, "works") {
		ev.Assets = append(ev.Assets, Asset{Ref: Ref{"figma", "file", key}, Label: "File " + key})
	}
	l.give(ev, f)
}

// move lets one thing happen.
func (l *life) move() {
	kinds := []func() Event{
		l.votes, l.votes, l.votes, l.votes, l.undoes, l.hands, l.sends, l.saves1, l.saves1, l.saves1, l.vanishes, l.points, l.points,
		l.comments, l.comments, l.bounces, l.briefs, l.uploads, l.timers, l.ends, l.helds, l.completes, l.completes, l.parts, l.absences,
	}
	switch n := rapid.IntRange(0, len(kinds)+14).Draw(l.t, "what"); {
	case n < len(kinds):
		l.give(kinds[n](), Facts{})
	case n < len(kinds)+2 && len(l.past) > 0:
		ev := rapid.SampledFrom(l.past).Draw(l.t, "again")
		ev.At = l.now
		l.give(ev, Facts{})
	default:
		l.work()
	}
}

// give decides an event and holds what must be true of it.
func (l *life) give(ev Event, f Facts) Outcome {
	before := l.r
	f.Away = l.away
	kept := asJSON(l.t, before)
	o := Step(l.p, before, ev, f)
	if now := asJSON(l.t, before); now != kept {
		l.t.Fatalf("%s changed the request it was given:\n%s\n%s", ev.Kind, kept, now)
	}
	if other := Step(l.p, again(l.t, before), ev, f); asJSON(l.t, other) != asJSON(l.t, o) {
		l.t.Fatalf("%s of the same request, read back, is decided otherwise:\n%s\n%s", ev.Kind, asJSON(l.t, o), asJSON(l.t, other))
	}
	if len(o.Why) == 0 {
		l.t.Fatalf("%s without a reason: %+v", ev.Kind, ev)
	}
	l.t.Logf("%s %s %v by %s: %s %s -> %s r%d", ev.At.Format("15:04:05"), ev.Kind, ev.Fields, ev.Actor.ID(), o.Why[0].Code, o.Why[0].Text, o.Request.Status, o.Request.Round)
	lifeHolds(l.t, l.p, before, ev, o)
	for _, e := range o.Effects {
		if l.told[e.ID] || !strings.HasPrefix(e.ID, fmt.Sprintf("%s/%d/", o.Request.ID, o.Request.Version)) || e.Request != o.Request.ID {
			l.t.Fatalf("%s: the effect %q of %s is not one of its own", ev.Kind, e.ID, e.Request)
		}
		l.told[e.ID] = true
	}
	l.last, l.r = o, o.Request
	l.pending = append(l.pending, o.Effects...)
	l.past = append(l.past, ev)
	return o
}

func (l *life) person() string {
	return rapid.SampledFrom([]string{"ana", "dana", "eli", "ben", "lin", "maya"}).Draw(l.t, "who")
}

// somebody is a person by one of their accounts.
func (l *life) somebody() Actor {
	name := l.person()
	switch rapid.IntRange(0, 5).Draw(l.t, "account") {
	case 0:
		return Actor{Name: name, Ref: Ref{"email", "address", name + "@lumen.example"}, Email: name + "@lumen.example"}
	case 1:
		return Actor{Ref: Ref{"figma", "user", "F-" + name}, Shown: name, Email: name + "@lumen.example"} // nobody has named it yet
	}
	return person(name)
}

func (l *life) stage() string {
	return rapid.SampledFrom([]string{"", "S1", "S2", "S3"}).Draw(l.t, "stage")
}

func (l *life) votes() Event {
	verdict := rapid.SampledFrom([]Verdict{Approve, Approve, Approve, Approve, RequestChanges, Decline}).Draw(l.t, "verdict")
	ev := l.vote("", l.stage(), verdict)
	ev.Actor = l.somebody()
	if rapid.Bool().Draw(l.t, "unconfirmed") {
		delete(ev.Fields, "confirmed")
	}
	if waiting := WaitingFor(l.p, l.r); len(waiting) > 0 && rapid.IntRange(0, 3).Draw(l.t, "asked") > 0 {
		ev.Actor = rapid.SampledFrom(waiting).Draw(l.t, "of those")
		if ev.Actor.Ref.Zero() {
			ev.Actor = person(ev.Actor.Name)
		}
		delete(ev.Fields, "stage")
	}
	if ev.Actor.Ref.System == "email" {
		ev.Fields["via"] = []string{"link"} // nobody decides by writing
	}
	ev = l.ticks(ev)
	if rapid.Bool().Draw(l.t, "by what was seen") {
		ev.Fields["version"] = []string{rapid.SampledFrom(l.revisions()).Draw(l.t, "version")}
	}
	return ev
}

// absences lets people be away, or be back.
func (l *life) absences() Event {
	l.away = nil
	for _, name := range []string{"ana", "dana", "eli", "lin"} {
		if rapid.IntRange(0, 2).Draw(l.t, name+" is away") == 0 {
			cover := rapid.SampledFrom([]string{"", "ana", "ben", "dana", "eli"}).Draw(l.t, "cover")
			l.away = append(l.away, Absence{Person: name, Cover: cover, Until: l.now.Add(48 * time.Hour)})
		}
	}
	return l.event(CoverChanged, "")
}

// revisions are what people may have seen to be decided on.
func (l *life) revisions() []string {
	seen := []string{l.r.Revision(), "1"}
	for _, v := range l.r.Votes {
		seen = append(seen, v.Version)
	}
	return seen
}

func (l *life) undoes() Event {
	if n := len(l.r.Votes); n > 0 {
		return l.event(VoteUndone, l.r.Votes[n-1].By.Name, "stage", l.r.Votes[n-1].Stage)
	}
	return l.event(VoteUndone, l.person())
}

func (l *life) hands() Event {
	return l.event(StageDelegated, l.person(), "stage", l.stage(), "to", l.person())
}

func (l *life) sends() Event {
	ev := l.event(WorkSubmitted, "lin", "answer.1", "larger now")
	if rapid.Bool().Draw(l.t, "by whoever should") {
		ev.Actor = scene{p: l.p, r: &l.r}.worker()
	}
	ev.Body = text.Plain("ready")
	return ev
}

// saves1 is a new version at the source; at times an older one comes late, or several at once, or nobody says who.
func (l *life) saves1() Event {
	key := rapid.SampledFrom([]string{"K1", "K1", "K2", "K3"}).Draw(l.t, "of")
	ev := l.event(AssetChanged, "lin")
	ev.Actor = l.somebody()
	ev.Subject, ev.Where, ev.Delivery = Ref{"figma", "file", key}, Ref{}, ""
	for range rapid.IntRange(1, 2).Draw(l.t, "versions") {
		n := l.saved[key] + rapid.IntRange(1, 2).Draw(l.t, "next")
		if rapid.IntRange(0, 3).Draw(l.t, "late") == 0 {
			n = max(1, l.saved[key]-1)
		}
		l.saved[key] = max(n, l.saved[key])
		v := Version{ID: fmt.Sprint(key, "-", n), Name: fmt.Sprintf("%s v%d", key, n), By: ev.Actor, Seq: fmt.Sprint(n)}
		v.At = time.Date(2026, 11, 18, 13, 59, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
		ev.Versions = append(ev.Versions, v)
	}
	return ev
}

func (l *life) vanishes() Event {
	ev := l.event(AssetGone, "", "why", rapid.SampledFrom([]string{"deleted", "hidden"}).Draw(l.t, "why"))
	ev.Actor, ev.Where, ev.Subject = Actor{}, Ref{}, Ref{"figma", "file", rapid.SampledFrom([]string{"K1", "K2"}).Draw(l.t, "of")}
	return ev
}

func (l *life) points() Event {
	kind := rapid.SampledFrom([]Kind{PointAsked, PointAnswered, PointResolved, PointResolved}).Draw(l.t, "point")
	ev := l.event(kind, l.person(), "via", "web")
	ev.Where = Ref{}
	ev.Body = text.Plain("- the claim\n- the logo")
	if kind != PointAsked {
		ev.Fields["point"] = []string{fmt.Sprint(rapid.IntRange(1, 4).Draw(l.t, "number"))}
	}
	if kind == PointResolved {
		ev.Fields["state"] = []string{rapid.SampledFrom([]string{"resolved", "open"}).Draw(l.t, "state")}
		if len(l.asked) > 0 && rapid.Bool().Draw(l.t, "in its comment") {
			ev.Said = rapid.SampledFrom(l.asked).Draw(l.t, "comment")
			delete(ev.Fields, "point")
			delete(ev.Fields, "via")
		}
	}
	return ev
}

// comments are words anywhere: in chat, by mail, at the ticket, at the work, where they ask for changes or answer them.
func (l *life) comments() Event {
	l.spoken++
	system := rapid.SampledFrom([]string{"slack", "email", "jira", "figma", "figma"}).Draw(l.t, "in")
	ev := l.says("", system, rapid.SampledFrom([]string{"approved", "the logo is small", "done"}).Draw(l.t, "words"))
	ev.Actor, ev.Where = l.somebody(), Ref{}
	ev.Said, ev.Sent = Ref{system, "comment", fmt.Sprint(l.spoken)}, l.now
	if system == "figma" {
		ev.Fields["point"] = []string{"yes"}
		if len(l.asked) > 0 && rapid.Bool().Draw(l.t, "below") {
			ev.Fields["below"] = []string{rapid.SampledFrom(l.asked).Draw(l.t, "root").String()}
		} else {
			l.asked = append(l.asked, ev.Said)
		}
	}
	if rapid.IntRange(0, 3).Draw(l.t, "automatic") == 0 {
		ev.Fields["automatic"] = []string{"yes"}
	} else if rapid.IntRange(0, 4).Draw(l.t, "links") == 0 {
		ev.Assets = []Asset{{Ref: Ref{"figma", "file", "K3"}, Label: "File K3"}}
	}
	return ev
}

func (l *life) bounces() Event {
	name := l.person()
	address := strings.ToUpper(name[:1]) + name[1:] + "@lumen.example"
	if rapid.IntRange(0, 3).Draw(l.t, "requester") == 0 {
		address = olga.Email
	}
	ev := l.event(MailFailed, "", "address", address, "why", "there is no such mailbox", "hard", rapid.SampledFrom([]string{"yes", "no"}).Draw(l.t, "hard"))
	ev.Actor, ev.Where = Actor{}, Ref{}
	return ev
}

func (l *life) briefs() Event {
	return l.brief(fmt.Sprint(rapid.IntRange(1, 4).Draw(l.t, "seq")), "Spring campaign", "Three sizes.")
}

// uploads are files that were put into the thread; the same names come again.
func (l *life) uploads() Event {
	l.spoken++
	ev := l.event(FilesAdded, rapid.SampledFrom([]string{"lin", "maya", "ana"}).Draw(l.t, "by"))
	ev.Said, ev.Sent = Ref{"slack", "message", fmt.Sprint("f", l.spoken)}, l.now
	name := rapid.SampledFrom([]string{"hero.png", "film.mp4"}).Draw(l.t, "file")
	ev.Files = []File{{Ref: Ref{"slack", "file", fmt.Sprint("f", l.spoken)}, Name: name, URL: "https://slack.example/f"}}
	return ev
}

func (l *life) timers() Event {
	ev := l.event(TimerFired, "", "name", wakeName)
	ev.Actor, ev.Where = Actor{}, Ref{}
	return ev
}

func (l *life) ends() Event {
	if rapid.IntRange(0, 3).Draw(l.t, "withdraw") > 0 {
		return l.event(RequestEdited, "maya", "brand", "Nova")
	}
	return l.event(RequestWithdrawn, "maya")
}

func (l *life) helds() Event {
	return l.event(HeldAnswered, l.person(), "delivery", "email/7", "answer", "accept")
}

// work does one of the effects that wait: it succeeds, its answer gets lost, it is given up, or chat does not know whom
// it is for.
func (l *life) work() {
	if len(l.pending) == 0 {
		return
	}
	i := rapid.IntRange(0, len(l.pending)-1).Draw(l.t, "effect")
	e := l.pending[i]
	luck := rapid.IntRange(0, 9).Draw(l.t, "luck")
	if luck == 0 && e.Show != nil {
		l.do(e) // and nobody hears of it
		return
	}
	l.pending = slices.Delete(l.pending, i, i+1)
	if luck < 3 && e.Wake == nil {
		l.giveUp(e, luck)
		return
	}
	l.finish(e)
}

func (l *life) giveUp(e Effect, luck int) {
	ev := l.event(EffectParked, "", "effect", e.ID, "purpose", e.Purpose(), "why", "no account")
	ev.Actor, ev.Where = Actor{}, Ref{}
	if to := directly(e); luck == 1 && e.Target == l.r.Places.Chat && len(to) > 0 && to[0].Name != "" {
		ev.Fields["unreached"], ev.Tell = []string{to[0].Name}, e.Tell
	}
	if e.Show != nil {
		ev.Fields["version"] = []string{fmt.Sprint(e.Show.Version)}
	}
	l.give(ev, Facts{})
}

// directly is to whom an effect goes that needs their account.
func directly(e Effect) []Actor {
	if e.Show != nil && !e.Show.At.Zero() || e.Tell != nil && !e.Tell.Where.Zero() {
		return nil
	}
	return addressed(e)
}

func (l *life) finish(e Effect) {
	switch {
	case e.Show != nil:
		l.give(l.do(e), Facts{})
	case e.Copy != nil:
		ev := l.event(EffectDone, "", "effect", e.ID, "purpose", e.Copy.Purpose, "version", fmt.Sprint(e.Copy.Version))
		ev.Actor, ev.Where = Actor{}, Ref{}
		ev.Links = []Link{{Ref: Ref{e.Target, "attachment", e.ID}, Purpose: e.Copy.Purpose}}
		ev.Fields["sha256"] = []string{rapid.SampledFrom([]string{"aa", "bb", "cc", "dd"}).Draw(l.t, "bytes")}
		l.give(ev, Facts{})
	}
}

// end does everything that is left, until nothing is wished for any more.
func (l *life) end() {
	for n := 0; len(l.pending) > 0; n++ {
		if n > 2_000 {
			l.t.Fatalf("it never comes to rest; next is %+v", l.pending[0])
		}
		e := l.pending[0]
		l.pending = l.pending[1:]
		l.finish(e)
	}
	sc := scene{p: l.p, r: &l.r, at: l.now}
	for _, w := range sc.wanted() {
		shown := l.r.Shows[w.purpose]
		got, made := l.things[w.target+" CR-142/"+w.purpose]
		if shown.Parked == "" && (!made || asJSON(l.t, got.view) != asJSON(l.t, w.view)) && !strings.HasPrefix(w.purpose, "comment/") {
			l.t.Fatalf("%s at %s shows\n%+v\nwant\n%+v", w.purpose, w.target, got.view, w.view)
		}
	}
}
