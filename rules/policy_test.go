package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
)

// london reads a local time.
func london(t *testing.T, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func open(stage string, entered time.Time) flow.StageRun {
	return flow.StageRun{Name: stage, Round: 1, State: flow.StageOpen, Entered: entered}
}

func shown(m flow.Moment) string {
	var to []string
	for _, a := range m.To {
		to = append(to, a.ID())
	}
	s := fmt.Sprintf("%s %s to %s by %s", m.At.UTC().Format("Mon 02 15:04"), m.Name, strings.Join(to, "+"), strings.Join(m.Where, "+"))
	if m.Text != "" {
		s += " text " + m.Text
	}
	if m.MayApprove {
		s += " may approve"
	}
	if m.Bundle != "" {
		s += " bundle " + m.Bundle
	}
	return s
}

func plan(p flow.Policy, r flow.Request, run flow.StageRun, waiting []flow.Actor, after time.Time) []string {
	var out []string
	for _, m := range p.Plan(r, run, waiting, after) {
		out = append(out, shown(m))
	}
	return out
}

func TestPolicy_stages(t *testing.T) {
	t.Parallel()
	set := surface(t)
	p := set.Policy(set)
	r := flow.Request{Workflow: "regulated", Opened: wednesday(), Requester: maya(), Escalation: "creative-lead"}
	want := []flow.StageDef{
		{Name: "Brand review", Together: 1, Needs: flow.Quorum{N: 1}, FourEyes: true, Assurance: "chat", Limit: "8 working hours", OnTimeout: "escalate", OnChanges: "back to designer", NewVersion: "restart from Brand review"},
		{
			Name: "Legal", Together: 1, Needs: flow.Quorum{N: 2}, FourEyes: true, Assurance: "web", Checklist: []string{"Claims are sourced", "Licences attached"},
			Limit: "1 working day", OnTimeout: "escalate", OnChanges: "back to designer", Skip: "region not given", NewVersion: "restart from Brand review",
		},
		{Name: "Final sign-off", Together: 2, Needs: flow.Quorum{All: true}, Assurance: "chat", Limit: "1 working day", OnTimeout: "escalate", OnChanges: "back to designer", NewVersion: "restart from Brand review"},
	}
	if diff := cmp.Diff(want, p.Stages(r)); diff != "" {
		t.Errorf("regulated (-want +got):\n%s", diff)
	}
	r.Fields = map[string][]string{"region": {"EMEA"}}
	if got := p.Stages(r)[1].Skip; got != "" {
		t.Errorf("with region EMEA Legal is skipped: %s", got)
	}
	r.Fields, r.Labels = map[string][]string{"region": {"AMER"}}, nil
	if got := p.Stages(r)[1].Skip; !strings.Contains(got, "region is AMER") {
		t.Errorf("with region AMER got %q", got)
	}
	r.Labels, r.Escalation = []string{"claims"}, ""
	if got := p.Stages(r); got[1].Skip != "" || got[0].OnTimeout != "wait" || got[1].OnTimeout != "escalate" {
		t.Errorf("with a label and without a chain got %+v", got)
	}
	if got := p.Stages(flow.Request{Workflow: "gone"}); len(got) > 0 {
		t.Errorf("a workflow that does not exist has stages %+v", got)
	}
}

func TestPolicy_reviewers(t *testing.T) {
	t.Parallel()
	set := surface(t)
	p := set.Policy(set)
	r := flow.Request{Workflow: "regulated", Requester: flow.Actor{Email: "Dana@lumen.example", Ref: flow.Ref{System: "slack", Type: "user", Key: "U1"}}}
	names := func(stage string) []string {
		var out []string
		for _, rv := range p.Reviewers(r, stage) {
			out = append(out, fmt.Sprint(rv.ID(), " ", rv.Veto))
		}
		return out
	}
	if got, want := names("Brand review"), []string{"ana false", "dana false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := names("Legal"), []string{"eli true", "dana false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := names("Final sign-off"), []string{"dana false"}; !slices.Equal(got, want) {
		t.Errorf("dana asks and signs: counted once: got %q, want %q", got, want)
	}
	r.Requester = maya()
	if got, want := names("Final sign-off"), []string{"dana false", "slack:user:U0MAYA false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := names("Nothing"); got != nil {
		t.Errorf("a stage that does not exist has reviewers %q", got)
	}
}

// TestPolicy_dueInEachCalendar is the example of the manual: time limits are counted in each reviewer's own calendar.
func TestPolicy_dueInEachCalendar(t *testing.T) {
	t.Parallel()
	set := surface(t)
	p := set.Policy(set)
	r := flow.Request{Workflow: "standard"}
	for _, c := range []struct {
		who, stage, from, want string
	}{
		{"ana", "Brand review", "2026-12-23 17:00", "2027-01-04 16:30"}, // holidays and closed days do not count
		{"ana", "Brand review", "2026-11-18 15:00", "2026-11-19 14:30"},
		{"chloe", "Brand review", "2026-11-18 15:00", "2026-11-19 14:30"}, // 8 h of New York: 10:00 to 17:30, then 30 minutes from 9:00
		{"", "Sign-off", "2026-11-18 15:00", "2026-11-20 15:00"},
	} {
		got := p.Due(r, c.stage, flow.Actor{Name: c.who}, london(t, c.from))
		if !got.Equal(london(t, c.want)) {
			t.Errorf("%s of %q from %s: due %v, want %s", c.stage, c.who, c.from, got, c.want)
		}
	}
	if got := p.Due(r, "Nothing", flow.Actor{}, wednesday()); !got.IsZero() {
		t.Errorf("no stage: got %v", got)
	}
}

func TestPolicy_plan(t *testing.T) {
	t.Parallel()
	set := surface(t)
	p := set.Policy(set)
	entered := london(t, "2026-11-18 15:00")
	ana, dana := flow.Actor{Name: "ana"}, flow.Actor{Name: "dana"}
	r := flow.Request{Workflow: "standard", Reminders: []string{"gentle"}, Escalation: "creative-lead", Requester: maya()}
	run := open("Brand review", entered)
	got := plan(p, r, run, []flow.Actor{ana, dana}, entered)
	want := []string{
		"Thu 19 10:30 remind/1/Brand review/gentle/1/ana to ana by thread",
		"Thu 19 10:30 remind/1/Brand review/gentle/1/dana to dana by thread",
		"Thu 19 13:42 remind/1/Brand review/gentle/2/ana to ana by dm+email",
		"Thu 19 13:42 remind/1/Brand review/gentle/2/dana to dana by dm+email",
		"Thu 19 14:30 escalate/1/Brand review/creative-lead/1 to dana+ana by dm may approve",
		"Fri 20 10:00 escalate/1/Brand review/creative-lead/2 to dana by dm+email",
		"Mon 23 10:00 escalate/1/Brand review/creative-lead/3 to  by #creative-ops text late",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := plan(p, r, run, []flow.Actor{dana}, london(t, "2026-11-19 13:42")); len(got) != 3 || !strings.Contains(got[0], "to ana by") {
		t.Errorf("after the reminders, dana alone waiting: got %q, want her backup told at the limit", got)
	}
	run.State = flow.StageApproved
	if got := plan(p, r, run, []flow.Actor{ana}, entered); got != nil {
		t.Errorf("a decided stage still plans %q", got)
	}
}

func TestPolicy_planOfCronAndTimeout(t *testing.T) {
	t.Parallel()
	const file = `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}}
  new-york: {time_zone: America/New_York, hours: {mon-fri: "09:00-17:00"}}
people:
  ana: {name: Ana Reyes, calendar: london}
  chloe: {name: Chloé Roy, calendar: new-york}
workflows:
  w:
    stages:
      - {name: Review, reviewers: [ana, chloe], time_limit: 1 working day, on_timeout: expire}
      - {name: Open, reviewers: [ana, requester]}
reminders:
  nudge:
    - {cron: "30 9 * * 1-5", time_zone: recipient, to: waiting reviewers, via: slack dm, as: digest}
    - {cron: "0 12 * * *", time_zone: Asia/Kolkata, to: requester}
rules: [{name: R, do: {workflow: w, reminders: nudge}}]
`
	o := lumen()
	set, problems := rules.Compile([]rules.Source{{Name: "p.yaml", Data: []byte(file)}}, o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := set.Policy(set)
	entered := london(t, "2026-11-20 16:00") // a Friday
	requester := maya()
	requester.Zone = "Asia/Tokyo"
	r := flow.Request{Workflow: "w", Reminders: []string{"nudge"}, Requester: requester}
	waiting := []flow.Actor{{Name: "ana"}, {Name: "chloe"}}
	want := []string{
		"Sat 21 06:30 remind/1/Review/nudge/2/slack:user:U0MAYA/2026-11-21T12:00 to slack:user:U0MAYA by dm",
		"Mon 23 09:30 remind/1/Review/nudge/1/ana/2026-11-23T09:30 to ana by dm bundle 2026-11-23T09:30",
		"Mon 23 14:30 remind/1/Review/nudge/1/chloe/2026-11-23T09:30 to chloe by dm bundle 2026-11-23T09:30",
		"Mon 23 16:00 timeout/1/Review to ana+chloe by thread",
	}
	got := plan(p, r, open("Review", entered), waiting, entered)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := plan(p, r, open("Open", entered), nil, entered); len(got) != 0 {
		t.Errorf("a stage without a limit and nobody waiting plans %q", got)
	}
	strangers := plan(p, r, open("Open", entered), []flow.Actor{requester}, entered)
	if len(strangers) != 2 || !strings.HasPrefix(strangers[1], "Mon 23 00:30") {
		t.Errorf("a stranger is reminded by the zone of their account: got %q, want 9:30 in Tokyo", strangers)
	}
}

// TestPolicy_planPassesOverHolidays: a reminder by the clock on a day without work comes at the same hour of the next working
// day, once, and the forecast says from when it moved.
func TestPolicy_planPassesOverHolidays(t *testing.T) {
	t.Parallel()
	const file = `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}, closed: ["2026-11-26"]}
  new-york: {time_zone: America/New_York, hours: {mon-fri: "09:00-17:00"}}
people:
  ana: {name: Ana Reyes, calendar: london}
  chloe: {name: Chloé Roy, calendar: new-york}
workflows: {w: {stages: [{name: Review, reviewers: [ana, chloe]}]}}
reminders: {nudge: [{cron: "0 9 * * *", time_zone: recipient, to: waiting reviewers}]}
rules: [{name: R, do: {workflow: w, reminders: nudge}}]
`
	set, problems := rules.Compile([]rules.Source{{Name: "p.yaml", Data: []byte(file)}}, lumen())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p, entered := set.Policy(set), london(t, "2026-11-25 10:00") // a Wednesday
	r := flow.Request{Workflow: "w", Reminders: []string{"nudge"}, Requester: maya(), Status: flow.InReview, Round: 1, Stages: []flow.StageRun{open("Review", entered)}}
	var got []string
	for _, u := range flow.Forecast(p, r, entered, entered.Add(6*24*time.Hour)) {
		line := u.At.In(entered.Location()).Format("Mon 2 15:04 ") + u.To[0].Name
		if !u.Was.IsZero() {
			line += " moved from " + u.Was.In(entered.Location()).Format("Mon 2")
		}
		got = append(got, line)
	}
	want := []string{
		"Wed 25 14:00 chloe", "Thu 26 14:00 chloe", "Fri 27 09:00 ana moved from Thu 26", "Fri 27 14:00 chloe",
		"Mon 30 09:00 ana moved from Sat 28", "Mon 30 14:00 chloe moved from Sat 28", "Tue 1 09:00 ana",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPolicy_pinnedRulesCurrentDirectory: a request keeps its workflow, and today's directory says who is in it.
func TestPolicy_pinnedRulesCurrentDirectory(t *testing.T) {
	t.Parallel()
	old := surface(t)
	const now = `version: 1
calendars: {london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}}}
people: {ravi: {name: Ravi, email: ravi@lumen.example}, dana: {name: Dana Wolf, email: dana@lumen.example}}
groups: {brand: [ravi, dana]}
rules: [{name: R, do: {}}]
`
	current, problems := rules.Compile([]rules.Source{{Name: "now.yaml", Data: []byte(now)}}, lumen())
	if current == nil {
		t.Fatal(problems)
	}
	p := old.Policy(current)
	if p.Ruleset() != old.Digest() || p.Directory() != current.DirectoryDigest() || p.Ruleset() == current.Digest() {
		t.Error("the policy names the wrong digests")
	}
	r := flow.Request{Workflow: "standard"}
	reviewers := p.Reviewers(r, "Brand review")
	if len(reviewers) != 2 || reviewers[0].Name != "ravi" || reviewers[1].Name != "dana" {
		t.Errorf("got %+v, want today's group", reviewers)
	}
	if got := p.Reviewers(flow.Request{Workflow: "regulated"}, "Legal"); len(got) != 0 {
		t.Errorf("the group legal is gone: got %+v", got)
	}
	if _, ok := p.Person("eli"); ok {
		t.Error("eli has left")
	}
	if got := p.Match(" RAVI@lumen.example"); got != "ravi" {
		t.Errorf("matched %q, want ravi", got)
	}
	if got := p.Match("maya@lumen.example"); got != "" {
		t.Errorf("matched %q, want nobody", got)
	}
	if got := p.Working("dana", london(t, "2026-11-20 16:00"), london(t, "2026-11-23 10:00")); got != 2*time.Hour {
		t.Errorf("got %v working time, want 2h", got)
	}
}

func TestPolicy_text(t *testing.T) {
	t.Parallel()
	const file = `version: 1
calendars: {london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}}}
people: {ana: {name: Ana Reyes}}
templates: {banner: {ask_for: [{field: brand}, {field: sizes, type: list}]}}
texts:
  late: "{{ .request.key }} of {{ .request.brand | default \"nobody\" }} ({{ .request.sizes | join \"/\" }}) has waited {{ .waited | working }} for {{ .stage }}.\n\n{{ .link | link \"Open it\" }}, {{ mention .person.name }}, by {{ .due | date }}."
  languages: {en: hello, de: hallo}
  unset: "{{ .extra.nothing }}"
  extra: "{{ .extra.who }}!"
  conditional: "{{ if .request.brand }}{{ .request.brand }}{{ else }}no brand{{ end }}{{ if gt .request.round 1 }}, again{{ end }}"
rules: [{name: R, do: {}}]
`
	o := lumen()
	o.Workspace.Language = "de"
	set, problems := rules.Compile([]rules.Source{{Name: "t.yaml", Data: []byte(file)}}, o)
	if set == nil {
		t.Fatal(problems)
	}
	p := set.Policy(set)
	data := flow.TextData{
		Request: flow.Request{ID: "CR-7", Round: 2, Fields: map[string][]string{"sizes": {"1x2", "3x4"}}},
		Stage:   "Legal", Waited: 90 * time.Minute, Link: "/requests/CR-7", Due: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC),
		Person: flow.Person{Name: "ana"}, Extra: map[string]string{"who": "Maya \uE000lhttps://evil\uE001x\uE002"},
	}
	doc, ok := p.Text("late", data)
	want := text.Doc{
		text.P(text.T("CR-7 of nobody (1x2/3x4) has waited 1.5 working hours for Legal.")),
		text.P(text.A("Open it", "/requests/CR-7"), text.T(", "), text.Who("ana", "Ana Reyes"), text.T(", by "),
			text.When(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC), "Wed 1 Jul, 10:00 BST"), text.T(".")),
	}
	if diff := cmp.Diff(want, doc); !ok || diff != "" {
		t.Errorf("late: %v (-want +got):\n%s", ok, diff)
	}
	for key, want := range map[string]string{"languages": "hallo", "extra": "Maya lhttps://evilx!", "conditional": "no brand, again", "unset": "", "nothing": ""} {
		doc, ok := p.Text(key, data)
		if doc.String() != want || ok != (want != "") {
			t.Errorf("%s: got %v %q, want %q", key, ok, doc.String(), want)
		}
	}
	data.Language = "en"
	if doc, _ := p.Text("languages", data); doc.String() != "hello" {
		t.Errorf("for somebody who reads English: got %q, want hello", doc.String())
	}
	data.Request.Fields["brand"] = []string{strings.Repeat("x", 20_000)}
	if doc, ok := p.Text("late", data); ok {
		t.Errorf("a text of %d bytes was printed, want at most 16 KB", len(doc.String()))
	}
}

func TestSet_digests(t *testing.T) {
	t.Parallel()
	compile := func(file string) *rules.Set {
		set, problems := rules.Compile([]rules.Source{{Name: "d.yaml", Data: []byte(file)}}, bare())
		if set == nil {
			t.Fatal(problems)
		}
		return set
	}
	const people, rest = "version: 1\npeople: {ana: {name: Ana Reyes}}\n", "rules: [{name: R, do: {}}]\n"
	a := compile(people + rest)
	spaced := compile("# a comment\n" + people + "\nrules:\n  - name: R\n    do: {}\n")
	if a.Digest() != spaced.Digest() || a.DirectoryDigest() != spaced.DirectoryDigest() || a.Digest() == "" {
		t.Error("comments and spacing change a digest")
	}
	staff := compile("version: 1\npeople: {ana: {name: Ana R.}}\n" + rest)
	if a.Digest() != staff.Digest() || a.DirectoryDigest() == staff.DirectoryDigest() {
		t.Error("another name must change the directory's digest and nothing else")
	}
	renamed := compile(people + "rules: [{name: S, do: {}}]\n")
	if a.Digest() == renamed.Digest() || a.DirectoryDigest() != renamed.DirectoryDigest() {
		t.Error("another rule must change the ruleset's digest and nothing else")
	}
	again, _ := rules.Compile(a.Sources(), a.Options())
	if again == nil || again.Digest() != a.Digest() || again.DirectoryDigest() != a.DirectoryDigest() {
		t.Error("compiled again from its sources it is another set")
	}
}

// TestPolicy_newVersion: a stage's own word counts, then the type's, then the workflow's, then that of its base.
func TestPolicy_newVersion(t *testing.T) {
	t.Parallel()
	const text = `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:30"}}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example}
templates:
  banner: {}
  video: {based_on: film}
  film: {new_version: ask again}
workflows:
  plain: {stages: [{name: Brand, reviewers: ana}]}
  base:
    stages: [{name: Brand, reviewers: ana}, {name: Legal, reviewers: ana, new_version: keep with notice}]
    new_version: restart from Legal
  derived: {based_on: base, stages: [{name: Final, reviewers: ana}]}
rules:
  - {name: All, do: {workflow: plain}}
`
	set, problems := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: []byte(text)}}, bare())
	if set == nil {
		t.Fatal(problems)
	}
	p := set.Policy(set)
	for _, tc := range []struct {
		workflow, template string
		want               []string
	}{
		{"plain", "banner", []string{"void"}},
		{"base", "banner", []string{"restart from Legal", "keep with notice"}},
		{"derived", "", []string{"restart from Legal", "keep with notice", "restart from Legal"}},
		{"base", "video", []string{"ask again", "keep with notice"}},
	} {
		var got []string
		for _, d := range p.Stages(flow.Request{Workflow: tc.workflow, Template: tc.template}) {
			got = append(got, d.NewVersion)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("workflow %s, type %q (-want +got):\n%s", tc.workflow, tc.template, diff)
		}
	}
}
