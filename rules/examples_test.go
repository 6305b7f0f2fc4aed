package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
	"signoff/rules/examples"
)

// installation is what each example is written for.
func installation(name string) rules.Options {
	o := lumen()
	o.Channels = []string{"slack"}
	o.Tracker = name != "brand-team" // the brand team keeps its tickets in the embedded tracker
	return o
}

func example(t *testing.T, name string) *rules.Set {
	t.Helper()
	found, err := examples.Files(name)
	if err != nil {
		t.Fatal(err)
	}
	var sources []rules.Source
	for _, f := range found {
		if strings.HasSuffix(f.Name, "_test.yaml") {
			continue
		}
		sources = append(sources, rules.Source{Name: "rules/examples/" + f.Name, Data: f.Data})
	}
	set, problems := rules.Compile(sources, installation(name))
	if len(problems) > 0 || set == nil {
		t.Fatalf("%s: want no errors and no warnings, got\n%s", name, rendered(t, sources, problems))
	}
	return set
}

func TestExamples_compileWithoutAWord(t *testing.T) {
	t.Parallel()
	for _, name := range examples.Names() {
		set := example(t, name)
		if len(set.Types()) < 3 || len(set.People()) < 5 {
			t.Errorf("%s: got %d types and %d people", name, len(set.Types()), len(set.People()))
		}
	}
	if _, err := examples.Files("nothing"); err == nil {
		t.Error("an example that does not exist was found")
	}
}

// player plays one request through rules and flow.
type player struct {
	t   *testing.T
	set *rules.Set
	p   flow.Policy
	r   flow.Request
	now time.Time
	n   int
	all []flow.Effect
}

func submit(t *testing.T, set *rules.Set, ev flow.Event, a flow.Answers) *player {
	t.Helper()
	pl := &player{t: t, set: set, p: set.Policy(set), now: ev.At}
	routing := set.Route(ev, a)
	pl.step(ev, flow.Facts{New: "CR-1", Routing: &routing, Places: flow.Places{Chat: "slack", Tracker: "jira"}, Answers: a})
	return pl
}

func (pl *player) step(ev flow.Event, f flow.Facts) flow.Outcome {
	pl.t.Helper()
	pl.n++
	ev.ID, ev.At, ev.Request = fmt.Sprintf("test/%d", pl.n), pl.now, pl.r.ID
	o := flow.Step(pl.p, pl.r, ev, f)
	pl.r = o.Request
	pl.all = append(pl.all, o.Effects...)
	return o
}

func (pl *player) actor(name string) flow.Actor {
	if p, ok := pl.p.Person(name); ok {
		return flow.Actor{Name: name, Shown: p.Shown, Ref: flow.Ref{System: "slack", Type: "user", Key: "U-" + name}}
	}
	return flow.Actor{Shown: name, Ref: flow.Ref{System: "slack", Type: "user", Key: "U-" + name}}
}

func (pl *player) work(by string) {
	pl.t.Helper()
	pl.now = pl.now.Add(time.Hour)
	pl.step(flow.Event{Kind: flow.WorkSubmitted, Actor: pl.actor(by)}, flow.Facts{})
}

func (pl *player) vote(by, stage, verdict, note string) flow.Outcome {
	pl.t.Helper()
	pl.now = pl.now.Add(2 * time.Minute)
	return pl.step(flow.Event{Kind: flow.VoteCast, Actor: pl.actor(by), Body: text.Plain(note), Fields: map[string][]string{
		"stage": {stage}, "round": {fmt.Sprint(pl.r.Round)}, "version": {pl.r.Revision()}, "verdict": {verdict},
	}}, flow.Facts{})
}

func (pl *player) want(status flow.Status, open ...string) {
	pl.t.Helper()
	var names []string
	for _, run := range pl.r.Open() {
		names = append(names, run.Name)
	}
	if pl.r.Status != status || !slices.Equal(names, open) {
		pl.t.Errorf("got %s with %q open, want %s with %q", pl.r.Status, names, status, open)
	}
}

func TestPlay_studioBanner(t *testing.T) {
	t.Parallel()
	set := example(t, "studio")
	ev := message(maya(), "#launch", "Need a Nova banner 300x250 by Friday EOD")
	needs := set.Needs(ev)
	if len(needs) != 1 || needs[0].Kind != "load" || !slices.Equal(needs[0].People, []string{"ana", "ben", "chloe"}) {
		t.Fatalf("got needs %+v, want the load of the designers", needs)
	}
	pl := submit(t, set, ev, flow.Answers{Load: map[string]float64{"ana": 20, "ben": 31, "chloe": 12}})
	if pl.r.Title != "Nova: banner 300x250" || pl.r.Assignee.Name != "chloe" || pl.r.Rule != "Banners" {
		t.Errorf("got %q for %q by %q", pl.r.Title, pl.r.Assignee.Name, pl.r.Rule)
	}
	pl.want(flow.InProgress)
	pl.work("chloe")
	pl.want(flow.InReview, "Brand review")
	pl.vote("ben", "Brand review", "approve", "")
	pl.want(flow.InReview, "Brand review") // ben is no reviewer
	pl.vote("ana", "Brand review", "request_changes", "Logo too small")
	pl.want(flow.InProgress)
	pl.work("chloe")
	pl.vote("dana", "Brand review", "approve", "")
	pl.want(flow.InReview, "Brand review") // the point has no answer yet
	pl.step(flow.Event{Kind: flow.PointAnswered, Actor: pl.actor("chloe"), Body: text.Plain("Now 40 px"), Fields: map[string][]string{"point": {"1"}}}, flow.Facts{})
	pl.vote("dana", "Brand review", "approve", "")
	pl.want(flow.InReview, "Sign-off")
	pl.step(flow.Event{Kind: flow.VoteCast, Actor: maya(), Fields: map[string][]string{
		"stage": {"Sign-off"}, "round": {"2"}, "verdict": {"approve"},
	}}, flow.Facts{})
	pl.want(flow.Approved)
}

func TestPlay_studioVideoRegulated(t *testing.T) {
	t.Parallel()
	set := example(t, "studio")
	ev := message(maya(), "#launch", "A Lumen video for EMEA by Friday, budget £9k")
	pl := submit(t, set, ev, flow.Answers{})
	if pl.r.Rule != "Video with budget" || pl.r.Assignee.Name != "ben" || pl.r.Priority != "high" {
		t.Fatalf("got %q for %q", pl.r.Rule, pl.r.Assignee.Name)
	}
	pl.work("ben")
	pl.want(flow.InReview, "Brand review", "Legal")
	pl.vote("ana", "Brand review", "approve", "")
	pl.vote("eli", "Legal", "approve", "")
	pl.want(flow.InReview, "Legal")
	pl.vote("dana", "Legal", "approve", "")
	pl.want(flow.InReview, "Final sign-off")
}

func TestPlay_brandTeamTwoOfThree(t *testing.T) {
	t.Parallel()
	set := example(t, "brand-team")
	pl := submit(t, set, message(maya(), "#launch", "Spring sale banner for Nova, due 24 Nov"), flow.Answers{})
	if pl.r.Assignee.Name != "lin" || !slices.Contains(pl.r.Labels, "offer") || pl.r.Rule != "Banners" {
		t.Fatalf("got rule %q, assignee %q, labels %q", pl.r.Rule, pl.r.Assignee.Name, pl.r.Labels)
	}
	pl.work("lin")
	pl.want(flow.InReview, "Brand review")
	pl.vote("tom", "Brand review", "approve", "")
	if len(pl.r.Votes) > 0 {
		t.Error("somebody outside the directory decided")
	}
	pl.vote("ravi", "Brand review", "approve", "")
	pl.want(flow.InReview, "Legal")
	pl.vote("eli", "Legal", "approve", "")
	pl.want(flow.InReview, "Legal")
	pl.vote("jon", "Legal", "approve", "")
	pl.want(flow.InReview, "Sign-off")
	pl.step(flow.Event{Kind: flow.VoteCast, Actor: maya(), Fields: map[string][]string{
		"stage": {"Sign-off"}, "round": {"1"}, "verdict": {"approve"},
	}}, flow.Facts{})
	pl.want(flow.Approved)
}

func TestPlay_brandTeamWithoutClaimsSkipsLegal(t *testing.T) {
	t.Parallel()
	set := example(t, "brand-team")
	pl := submit(t, set, message(maya(), "#launch", "Spring banner for Nova, due 24 Nov"), flow.Answers{})
	pl.work("lin")
	pl.vote("ravi", "Brand review", "approve", "")
	pl.want(flow.InReview, "Sign-off")
	i := slices.IndexFunc(pl.r.Stages, func(s flow.StageRun) bool { return s.Name == "Legal" })
	if i < 0 || pl.r.Stages[i].State != flow.StageSkipped || !strings.Contains(pl.r.Stages[i].Why, "claims not given") {
		t.Errorf("got stages %+v, want Legal skipped because claims was not given", pl.r.Stages)
	}
}

// TestPlay_timeRemindsAndEscalates lets a brand review wait: reminders at half and nine tenths, then the backup may
// approve, then dana and the channel hear of it, in our own words.
func TestPlay_timeRemindsAndEscalates(t *testing.T) {
	t.Parallel()
	set := example(t, "studio")
	pl := submit(t, set, message(maya(), "#launch", "Need a Nova banner by Friday EOD"), flow.Answers{})
	pl.work(pl.r.Assignee.Name)
	pl.want(flow.InReview, "Brand review")
	said := map[string]int{}
	for range 12 {
		if pl.r.WakeAt.IsZero() {
			break
		}
		pl.now = pl.r.WakeAt
		o := pl.step(flow.Event{Kind: flow.TimerFired, Fields: map[string][]string{"name": {"next"}}}, flow.Facts{})
		for _, e := range o.Effects {
			if e.Tell != nil {
				said[e.Tell.Where.Type+e.Tell.Where.Key]++
			}
		}
	}
	if said["channel#creative-ops"] != 1 {
		t.Errorf("got %v, want #creative-ops told once", said)
	}
	found := false
	for _, e := range pl.all {
		if e.Tell != nil && strings.Contains(e.Tell.View.Body.String(), "has waited") && strings.Contains(e.Tell.View.Body.String(), "working hours for Brand review") {
			found = true
		}
	}
	if !found {
		t.Error("the text late was never said")
	}
}
