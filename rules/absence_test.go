package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/rules"
)

const crew = `version: 1
calendars:
  london:   {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}}
  new-york: {time_zone: America/New_York, hours: {mon-fri: "09:00-17:00"}}
people:
  ana:   {name: Ana Reyes, calendar: london, backup: dana, quiet_hours: "19:00-08:30"}
  ben:   {name: Ben Osei, calendar: london, backup: ana}
  chloe: {name: Chloé Roy, calendar: new-york, backup: ana}
  dana:  {name: Dana Wolf, calendar: london, backup: ana}
  eli:   {name: Eli Marsh, calendar: london, away: ["2026-12-01..2026-12-05"], backup: dana}
  lin:   {name: Lin, calendar: london}
groups:
  designers: [ana, ben, chloe]
`

func crewSet(t *testing.T, more string) *rules.Set {
	t.Helper()
	files := []rules.Source{{Name: "studio.yaml", Data: []byte(crew + more)}}
	o := rules.Options{Workspace: rules.Workspace{Zone: "Europe/London", Calendar: "london"}, Chat: true, Tracker: true, Channels: []string{"slack", "email"}}
	set, problems := rules.Compile(files, o)
	if set == nil {
		t.Fatalf("rules: %v", problems)
	}
	return set
}

// absences reads "ravi 2026-03-10 2026-03-14 ana".
func absences(t *testing.T, set *rules.Set, lines ...string) (list []rules.Absence) {
	t.Helper()
	for _, line := range lines {
		w := append(strings.Fields(line), "")
		a, err := set.Absence(w[0], w[1], w[2], w[3])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

func TestAbsence_isOfTheDaysWhereThePersonIs(t *testing.T) {
	t.Parallel()
	set := crewSet(t, "")
	tests := []struct{ who, first, last, from, until string }{
		{"ana", "2026-03-10", "2026-03-14", "2026-03-10T00:00:00Z", "2026-03-15T00:00:00Z"},
		{"chloe", "2026-03-10", "2026-03-14", "2026-03-10T05:00:00+01:00", "2026-03-15T05:00:00+01:00"},
		{"ana", "2026-03-29", "2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"}, // the clocks go forward
		{"ana", "2028-02-29", "", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"ana", "2026-12-31", "2027-01-01", "2026-12-31T00:00:00Z", "2027-01-02T00:00:00Z"},
	}
	for _, test := range tests {
		a, err := set.Absence(test.who, test.first, test.last, "")
		if err != nil {
			t.Fatal(err)
		}
		from, _ := time.Parse(time.RFC3339, test.from)
		until, _ := time.Parse(time.RFC3339, test.until)
		if !a.From.Equal(from) || !a.Until.Equal(until) {
			t.Errorf("%s %s to %s: %v to %v, want %v to %v", test.who, test.first, test.last, a.From.UTC(), a.Until.UTC(), from.UTC(), until.UTC())
		}
	}
	for _, bad := range [][3]string{{"olga", "2026-03-10", ""}, {"ana", "10 Mar", ""}, {"ana", "2026-03-10", "2026-03-09"}, {"ana", "2026-03-10", "2028-03-09"}} {
		if a, err := set.Absence(bad[0], bad[1], bad[2], ""); err == nil {
			t.Errorf("%v was read as %v", bad, a)
		}
	}
}

func TestAway_followsTheChain(t *testing.T) {
	t.Parallel()
	set := crewSet(t, "")
	tests := []struct {
		name string
		list []string
		at   string
		want []string // "eli dana 2026-12-06"
	}{
		{"before", []string{"ben 2026-12-02 2026-12-03"}, "2026-11-30 23:59", nil},
		{"backup of the file", nil, "2026-12-01 00:00", []string{"eli dana 2026-12-06"}},
		{"named cover", []string{"ben 2026-12-02 2026-12-03 lin"}, "2026-12-03 23:59", []string{"ben lin 2026-12-04", "eli dana 2026-12-06"}},
		{"chain", []string{"dana 2026-12-02 2026-12-03 ben", "ben 2026-12-02 2026-12-02 lin"}, "2026-12-02 12:00",
			[]string{"ben lin 2026-12-03", "dana lin 2026-12-04", "eli lin 2026-12-06"}},
		{"used up", []string{"dana 2026-12-02 2026-12-03", "ana 2026-12-02 2026-12-02"}, "2026-12-02 12:00",
			[]string{"ana  2026-12-03", "dana  2026-12-04", "eli  2026-12-06"}},
		{"nobody is meant", []string{"eli 2026-12-02 2026-12-03 nobody"}, "2026-12-02 12:00", []string{"eli  2026-12-06"}},
		{"one goes over into the next", []string{"eli 2026-12-06 2026-12-08"}, "2026-12-02 12:00", []string{"eli dana 2026-12-09"}},
		{"without a backup", []string{"lin 2026-12-10 2026-12-10"}, "2026-12-10 12:00", []string{"lin  2026-12-11"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, a := range set.Away(append(set.Filed(), absences(t, set, test.list...)...), london(t, test.at)) {
				got = append(got, a.Person+" "+a.Cover+" "+a.Until.In(london(t, test.at).Location()).Format(time.DateOnly))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v at %s (-want +got):\n%s", test.list, test.at, diff)
			}
		})
	}
}

func TestCircle(t *testing.T) {
	t.Parallel()
	set := crewSet(t, "")
	tests := []struct {
		name string
		list []string
		add  string
		want string
	}{
		{"a pair of which one is there", nil, "ana 2026-03-10 2026-03-14", ""},
		{"a pair at other times", []string{"dana 2026-03-15 2026-03-16"}, "ana 2026-03-10 2026-03-14", ""},
		{"a pair that meets on one day", []string{"dana 2026-03-14 2026-03-16"}, "ana 2026-03-10 2026-03-14", "ana dana ana"},
		{"named covers", []string{"ben 2026-03-12 2026-03-13 chloe", "chloe 2026-03-10 2026-03-20 lin"}, "lin 2026-03-10 2026-03-14 ben", "lin ben chloe lin"},
		{"a circle further on", []string{"dana 2026-03-01 2026-03-30", "ana 2026-03-10 2026-03-14 dana"}, "ben 2026-03-10 2026-03-11 ana", "ben ana dana ana"},
		{"themselves", nil, "ana 2026-03-10 2026-03-14 ana", "ana ana"},
		{"nobody on purpose", []string{"dana 2026-03-14 2026-03-16"}, "ana 2026-03-10 2026-03-14 nobody", ""},
		{"a chain that ends", []string{"dana 2026-03-10 2026-03-16 lin", "lin 2026-03-10 2026-03-16"}, "ana 2026-03-10 2026-03-14", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(set.Circle(absences(t, set, test.list...), absences(t, set, test.add)[0]), " ")
			if got != test.want {
				t.Errorf("%s beside %v: %q, want %q", test.add, test.list, got, test.want)
			}
		})
	}
}

func TestAwayNext(t *testing.T) {
	t.Parallel()
	set := crewSet(t, "")
	list := append(set.Filed(), absences(t, set, "ben 2026-12-02 2026-12-03")...)
	var got []string
	at := london(t, "2026-11-25 12:00")
	for next, ok := set.AwayNext(list, at); ok; next, ok = set.AwayNext(list, at) {
		got, at = append(got, next.Format("2006-01-02 15:04")), next
	}
	want := []string{"2026-12-01 00:00", "2026-12-02 00:00", "2026-12-04 00:00", "2026-12-06 00:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instants (-want +got):\n%s", diff)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	set := crewSet(t, "")
	monday := london(t, "2026-03-09 08:00")
	tests := []struct {
		list []string
		want float64
	}{
		{nil, 1}, {[]string{"ben 2026-03-12 2026-03-14"}, 0.6}, {[]string{"ben 2026-03-10 2026-03-11", "ben 2026-03-11 2026-03-12"}, 0.4},
		{[]string{"ben 2026-03-01 2026-03-30"}, 0}, {[]string{"ana 2026-03-10 2026-03-11"}, 1}, {[]string{"ben 2026-03-14 2026-03-15"}, 1},
	}
	for _, test := range tests {
		if got := set.Present(absences(t, set, test.list...), "ben", monday); got != test.want {
			t.Errorf("with %v: %g, want %g", test.list, got, test.want)
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	set := crewSet(t, "")
	now := london(t, "2026-03-11 23:30") // a Wednesday; still the evening in New York
	tests := []struct{ who, words, want string }{
		{"ana", "12-14 Mar", "2026-03-12 2026-03-14"}, {"ana", "12 - 14 March 2026", "2026-03-12 2026-03-14"}, {"ana", "12th to 14th of March", "2026-03-12 2026-03-14"},
		{"ana", "Mar 12-14", "2026-03-12 2026-03-14"}, {"ana", "28 Mar - 2 Apr", "2026-03-28 2026-04-02"}, {"ana", "28 Dec to 3 Jan", "2026-12-28 2027-01-03"},
		{"ana", "2026-03-12..2026-03-14", "2026-03-12 2026-03-14"}, {"ana", "2026-03-12 to 2026-03-14", "2026-03-12 2026-03-14"}, {"ana", "2026-03-12", "2026-03-12 2026-03-12"},
		{"ana", "from Thursday until Monday", "2026-03-12 2026-03-16"}, {"ana", "thu - mon", "2026-03-12 2026-03-16"}, {"ana", "tomorrow", "2026-03-12 2026-03-12"},
		{"ana", "until Friday", "2026-03-11 2026-03-13"}, {"ana", "today", "2026-03-11 2026-03-11"}, {"ana", "next week", "2026-03-16 2026-03-22"}, {"ana", "this week", "2026-03-11 2026-03-15"},
		{"ana", "12/3-14/3", "2026-03-12 2026-03-14"}, {"ana", "12.3. - 14.3.", "2026-03-12 2026-03-14"}, {"ana", "9-14 Mar", "2026-03-09 2026-03-14"}, // it has begun
		{"chloe", "today", "2026-03-11 2026-03-11"}, {"eli", "10-14 Aug", "2026-08-10 2026-08-14"},
		{"ana", "", ""}, {"ana", "soon", ""}, {"ana", "14-12 Mar 2026", ""}, {"ana", "9-10 Mar 2026", ""}, {"ana", "holidays 12-14 Mar", ""}, {"ana", "12 Mar 3pm", ""}, {"ana", "31-32 Mar", ""},
		{"ana", "99999999999999999999", ""},
	}
	for _, test := range tests {
		first, last, ok := set.Days(test.who, test.words, now)
		if got := strings.TrimSpace(first + " " + last); got != test.want || ok != (test.want != "") {
			t.Errorf("%s says %q: %q %v, want %q", test.who, test.words, got, ok, test.want)
		}
	}
}

func TestAssign_passesOverWhoIsAway(t *testing.T) {
	t.Parallel()
	away := func(names ...string) flow.Answers {
		return flow.Answers{Away: names, Cover: map[string]string{"dana": "ana"}}
	}
	tests := []struct {
		name, assign string
		answers      flow.Answers
		want, why    string
		triage       string
	}{
		{"the first", "[ana, ben]", away("ana"), "ben", "the first of ana, ben (Ana Reyes is away)", ""},
		{"the only one has a cover", "dana", away("dana"), "ana", "Dana Wolf is away, and they stand in", ""},
		{"the only one has none", "lin", away("lin"), "", "Lin is away and nobody stands in", "Nobody was assigned: Lin is away and nobody stands in."},
		{"everybody", "group:designers", away("ana", "ben", "chloe"), "", "everybody of group:designers is away", "Nobody was assigned: everybody of group:designers is away."},
		{"turns skip", "{to: group:designers, by: round robin}", flow.Answers{Away: []string{"ben"}, Turn: map[string]int{"group:designers": 1}}, "chloe", "their turn in group:designers (Ben Osei is away)", ""},
		{"least loaded of those there", "{to: group:designers, by: least loaded}", flow.Answers{Away: []string{"ben"}, Load: map[string]float64{"ana": 8, "ben": 0, "chloe": 4}}, "chloe", "4 h of 40 h booked (Ben Osei is away)", ""},
		{"less hours this week", "{to: group:designers, by: least loaded}", flow.Answers{Load: map[string]float64{"ana": 8, "ben": 12, "chloe": 4}, Present: map[string]float64{"chloe": 0.2}}, "ana", "8 h of 40 h booked", ""},
		{"a limit for one", "{to: ben, limit: 50% of capacity}", flow.Answers{Load: map[string]float64{"ben": 30}}, "", "everybody would be over the limit (Ben Osei would be at 75 %: over 50 %)",
			"Nobody was assigned: everybody would be over the limit (Ben Osei would be at 75 %: over 50 %)."},
		{"a limit for turns", "{to: group:designers, by: round robin, limit: 50% of capacity}", flow.Answers{Load: map[string]float64{"ana": 30}}, "ben", "their turn in group:designers (Ana Reyes would be at 75 %: over 50 %)", ""},
		{"who asks does it", "requester", flow.Answers{}, "", "the requester is not in the directory, so nobody is assigned", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			set := crewSet(t, "rules:\n  - {name: Everything, do: {assign: "+test.assign+"}}\n")
			got := set.Route(flow.Event{Kind: flow.RequestSubmitted, At: london(t, "2026-03-09 10:00")}, test.answers)
			i := slices.IndexFunc(got.Why, func(r flow.Reason) bool { return r.Code == "assign" })
			if i < 0 || got.Assignee != test.want || !strings.HasSuffix(got.Why[i].Text, ": "+test.why) || got.Triage != test.triage {
				t.Errorf("assigned to %q, triage %q, why %v; want %q, %q, %q", got.Assignee, got.Triage, got.Why, test.want, test.triage, test.why)
			}
		})
	}
}

func TestPlan_keepsQuietHours(t *testing.T) {
	t.Parallel()
	set := crewSet(t, `workflows:
  standard: {stages: [{name: Brand, reviewers: [ana, ben, chloe], time_limit: 12 clock hours}]}
reminders:
  gentle: [{at: 50% of time limit, to: reviewers, via: slack dm}]
  hourly: [{cron: "0 * * * *", time_zone: recipient, to: waiting reviewers, via: slack dm, as: digest}]
escalations:
  lead: [{after: time limit, tell: [ana, ben, "#ops"], and: may approve, via: slack thread}, {after: 1 clock hour more, tell: dana}]
rules:
  - {name: Everything, do: {workflow: standard, escalation: lead, reminders: gentle, assign: lin}}
`)
	r := flow.Request{ID: "CR-1", Workflow: "standard", Escalation: "lead", Reminders: []string{"gentle"}, Round: 1}
	entered := london(t, "2026-03-10 14:00")
	waiting := []flow.Actor{{Name: "ana"}, {Name: "ben"}}
	p := set.Policy(set)
	got := plan(p, r, open("Brand", entered), waiting, entered)
	want := []string{
		"Tue 10 20:00 remind/1/Brand/gentle/1/ben to ben by dm",
		"Wed 11 02:00 escalate/1/Brand/lead/1 to ben by thread+#ops may approve",
		"Wed 11 03:00 escalate/1/Brand/lead/2 to dana by dm",
		"Wed 11 08:30 escalate/1/Brand/lead/1/ana to ana by dm may approve",
		"Wed 11 08:30 remind/1/Brand/gentle/1/ana to ana by dm",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}

	// By the clock: what falls into the night comes once in the morning, also when something else was looked at meanwhile.
	r.Reminders, r.Escalation = []string{"hourly"}, ""
	for _, after := range []string{"2026-03-10 18:00", "2026-03-10 19:30", "2026-03-11 02:00", "2026-03-11 08:29"} {
		got = plan(p, r, open("Brand", entered), waiting[:1], london(t, after))
		want = []string{"Wed 11 08:30 remind/1/Brand/hourly/1/ana/2026-03-10T19:00 to ana by dm bundle 2026-03-11T08:30"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", after, diff)
		}
	}
	got = plan(p, r, open("Brand", entered), waiting[:1], london(t, "2026-03-11 08:30"))
	if want = []string{"Wed 11 09:00 remind/1/Brand/hourly/1/ana/2026-03-11T09:00 to ana by dm bundle 2026-03-11T09:00"}; !slices.Equal(got, want) {
		t.Errorf("in the morning: %v, want %v", got, want)
	}
}

func TestPlan_workspaceQuietHoursAndCovers(t *testing.T) {
	t.Parallel()
	files := []rules.Source{{Name: "studio.yaml", Data: []byte(crew + `workflows:
  standard: {stages: [{name: Brand, reviewers: [ben], time_limit: 12 clock hours}]}
escalations:
  lead: [{after: time limit, tell: backup}, {after: 1 clock hour more, tell: "#ops"}]
rules:
  - {name: Everything, do: {workflow: standard, escalation: lead, assign: lin}}
`)}}
	o := rules.Options{Workspace: rules.Workspace{Zone: "Europe/London", Calendar: "london", QuietHours: "22:00-06:00"}, Chat: true, Channels: []string{"slack"}}
	set, problems := rules.Compile(files, o)
	if set == nil {
		t.Fatal(problems)
	}
	r := flow.Request{ID: "CR-1", Workflow: "standard", Escalation: "lead", Round: 1, Away: []flow.Absence{{Person: "ana", Cover: "dana"}}}
	entered := london(t, "2026-03-28 13:00") // the clocks go forward in this night
	got := plan(set.Policy(set), r, open("Brand", entered), []flow.Actor{{Name: "ben"}}, entered)
	want := []string{"Sun 29 05:00 escalate/1/Brand/lead/1 to dana by dm", "Sun 29 05:00 escalate/1/Brand/lead/2 to  by #ops"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestParseQuiet(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"19:00-08:30", "12:00-13:00", ""} {
		if _, err := rules.ParseQuiet(words); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
	for _, words := range []string{"19-08", "19:00", "24:00-08:00", "19:00 - 08:00", "08:00-08:00", "19:60-08:00"} {
		if q, err := rules.ParseQuiet(words); err == nil {
			t.Errorf("%q was read as %v", words, q)
		}
	}
}
