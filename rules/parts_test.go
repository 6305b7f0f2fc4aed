package rules_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
)

// banner is a request as the rules would open it.
func banner(t *testing.T, set *rules.Set, words string, load flow.Answers) flow.Request {
	t.Helper()
	ev := message(maya(), "#design-requests", words)
	route := set.Route(ev, load)
	r := flow.Request{
		ID: "CR-142", Version: 1, Round: 1, Status: flow.InProgress, Title: route.Title, Body: ev.Body, Requester: ev.Actor, Opened: ev.At,
		Source: "slack", Template: route.Template, Rule: route.Rule, Due: route.Due, Fields: route.Fields,
	}
	if route.Assignee != "" {
		r.Assignee = flow.Actor{Name: route.Assignee}
	}
	return r
}

func partLines(parts []flow.Part) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d %s · %g h · %s · after %v", p.Number, p.Title, p.Effort, p.Assignee.ID(), p.After)
		if !p.Due.IsZero() {
			fmt.Fprintf(&b, " · due %s", p.Due.Format("Mon 2 Jan 15:04 MST"))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestParts_AreCountedBackAndSharedOut(t *testing.T) {
	t.Parallel()
	set := surface(t)
	load := flow.Answers{Load: map[string]float64{"ana": 20, "ben": 31, "chloe": 12}}
	r := banner(t, set, "Need a Nova banner 300x250 by Friday EOD", load)
	p := set.Policy(set)
	want := `1 Copy for banner 300x250 · 1 h · chloe · after [] · due Tue 17 Nov 11:30 EST
2 Artwork · 4 h · ana · after []
3 Export 300x250 · 1 h · chloe · after [2]
`
	if diff := cmp.Diff(want, partLines(p.Parts(r, load))); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if got := set.PartNeeds(r.Template, r.Rule); len(got) != 1 || cmp.Diff([]string{"ana"}, got[0].People) != "" || got[0].Kind != "load" {
		t.Errorf("needs %+v, want the load of whoever has the skill", got)
	}

	// The request moves on: fields and the due date are what they are now, and people keep what they have.
	r.Parts, r.Title = p.Parts(r, load), "Nova: the large one"
	r.Fields = map[string][]string{"brand": {"Nova"}, "sizes": {"728x90", "300x600"}}
	r.Due = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	want = `1 Copy for Nova: the large one · 1 h · chloe · after [] · due Mon 23 Nov 17:30 EST
2 Artwork · 4 h · ana · after []
3 Export 728x90, 300x600 · 1 h · chloe · after [2]
`
	if diff := cmp.Diff(want, partLines(p.Parts(r, flow.Answers{Load: map[string]float64{"ana": 90}}))); diff != "" {
		t.Errorf("parts of the request as it is now (-want +got):\n%s", diff)
	}
}

func TestParts_NobodyWithTheSkillOrAwayLeavesThemWithTheAssignee(t *testing.T) {
	t.Parallel()
	set := surface(t)
	r := banner(t, set, "Need a Nova banner 300x250", flow.Answers{})
	r.Assignee = flow.Actor{Name: "ben"}
	for name, a := range map[string]flow.Answers{"away": {Away: []string{"ana"}}, "there": {}} {
		want := map[string]string{"away": "ben", "there": "ana"}[name]
		if got := set.Policy(set).Parts(r, a)[1].Assignee.ID(); got != want {
			t.Errorf("%s: artwork goes to %q, want %q", name, got, want)
		}
	}
	r.Rule = "Everything else" // names one person
	if got := set.Policy(set).Parts(r, flow.Answers{})[1].Assignee.ID(); got != "ben" {
		t.Errorf("where the rule does not share out by load artwork goes to %q, want ben", got)
	}
	if got := set.PartNeeds(r.Template, r.Rule); got != nil {
		t.Errorf("needs %+v, want none", got)
	}
}

func TestParts_AreTakenOverFromTheTemplateBelow(t *testing.T) {
	t.Parallel()
	set := compiled(t, `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:30-18:00"}}
templates:
  poster: {based_on: print}
  print: {based_on: base, ask_for: [{field: paper}]}
  leaflet: {based_on: base, subtasks: []}
  base:
    subtasks: [{title: "{{ .nothing_known }}"}, {title: Print, after: [Copy]}, {title: Copy}]
    ask_for: [{field: nothing_known}]
rules:
  - name: Everything else
    do: {labels: [triage]}
`)
	for template, want := range map[string]string{
		"poster": "1 Subtask 1 · 0 h ·  · after []\n2 Print · 0 h ·  · after [3]\n3 Copy · 0 h ·  · after []\n", "leaflet": "", "": "",
	} {
		r := flow.Request{Template: template, Body: text.Plain("Posters"), Due: wednesday(), Opened: wednesday()}
		if diff := cmp.Diff(want, partLines(set.Policy(set).Parts(r, flow.Answers{}))); diff != "" {
			t.Errorf("parts of %q (-want +got):\n%s", template, diff)
		}
	}
}

// TestParts_CountBackAgreesWithAModel: days are counted back one by one on a calendar that anybody can read.
func TestParts_CountBackAgreesWithAModel(t *testing.T) {
	t.Parallel()
	set := compiled(t, `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-thu: "09:30-18:00", fri: "09:30-16:30"}, closed: ["2026-12-24..2027-01-01", "2026-11-26"]}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}
templates:
`+manyBacks()+`
rules:
  - name: Everything else
    do: {labels: [triage]}
`)
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(5, 3))
	for range 400 {
		n := 1 + rnd.IntN(9)
		due := time.Date(2026, 10, 1, 0, rnd.IntN(60*24*120), 0, 0, loc)
		r := flow.Request{Template: fmt.Sprintf("t%d", n), Due: due.UTC(), Opened: wednesday(), Assignee: flow.Actor{Name: "ana"}}
		got := set.Policy(set).Parts(r, flow.Answers{})[0].Due
		if want := countBack(due, n); !got.Equal(want) {
			t.Errorf("%d working days before %s: got %s, want %s", n, due, got.In(loc), want)
		}
	}
}

func manyBacks() string {
	var b strings.Builder
	for n := 1; n < 10; n++ {
		fmt.Fprintf(&b, "  t%d: {subtasks: [{title: A, due: %d working days before}]}\n", n, n)
	}
	return b.String()
}

// works says when a day opens and closes, in minutes; false where it does not.
func works(day time.Time) (opens, closes int, ok bool) {
	date := day.Format(time.DateOnly)
	switch {
	case day.Weekday() == time.Saturday, day.Weekday() == time.Sunday, date == "2026-11-26", date >= "2026-12-24" && date <= "2027-01-01":
		return 0, 0, false
	case day.Weekday() == time.Friday:
		return 570, 990, true
	}
	return 570, 1080, true
}

func countBack(due time.Time, n int) time.Time {
	day, minute := due, due.Hour()*60+due.Minute()
	if opens, _, ok := works(day); !ok || minute <= opens { // it counts from when work ended before
		for day = day.AddDate(0, 0, -1); ; day = day.AddDate(0, 0, -1) {
			if _, _, ok := works(day); ok {
				break
			}
		}
		minute = 24 * 60
	}
	_, closes, _ := works(day)
	minute = min(minute, closes)
	for ; n > 0; n-- {
		for day = day.AddDate(0, 0, -1); ; day = day.AddDate(0, 0, -1) {
			if _, _, ok := works(day); ok {
				break
			}
		}
	}
	_, closes, _ = works(day)
	minute = min(minute, closes)
	return time.Date(day.Year(), day.Month(), day.Day(), minute/60, minute%60, 0, 0, due.Location())
}
