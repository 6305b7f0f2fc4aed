package rules_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/rules"
)

// lumen is the installation that the examples are written for.
func lumen() rules.Options {
	return rules.Options{
		Workspace: rules.Workspace{
			Name: "Lumen Studio", Zone: "Europe/London", Language: "en", WeekStarts: "monday", KeyPrefix: "CR",
			Calendar: "london", DateOrder: "day-first",
		},
		Chat: true, Tracker: true, Channels: []string{"slack", "email"},
	}
}

func TestCompile_surface(t *testing.T) {
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := rules.Compile([]rules.Source{{Name: "rules/studio.yaml", Data: data}}, lumen())
	var got []string
	for _, p := range problems {
		got = append(got, p.Code+" "+p.Message)
	}
	want := []string{"SO212 while Eli Marsh is away, Legal can get only 1 of 2 approvals: Dana Wolf, who covers, is a reviewer already"}
	if diff := cmp.Diff(want, got); diff != "" || set == nil {
		t.Fatalf("want -, got +\n%s", diff)
	}
}

func TestCompile_workspace(t *testing.T) {
	t.Parallel()
	file := []rules.Source{{Name: "w.yaml", Data: []byte(`version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}}
  new-york: {time_zone: America/New_York, hours: {mon-fri: "09:00-17:00"}}
people: {ana: {name: Ana Reyes}, chloe: {name: Chloé Roy, calendar: new-york}}
rules: [{name: R, do: {}}]
`)}}
	for _, c := range []struct {
		zone, calendar, want string
	}{
		{"Europe/London", "london", ""},
		{"Europe/London", "", ""}, // two calendars and none named: nine to five in the workspace's zone
		{"", "", ""},
		{"Europe/Lodon", "london", "SO128"},
		{"Local", "london", "SO128"},
		{"UTC", "londn", "SO122"},
	} {
		set, problems := rules.Compile(file, rules.Options{Workspace: rules.Workspace{Zone: c.zone, Calendar: c.calendar}})
		code := ""
		if len(problems) > 0 {
			code = problems[0].Code
		}
		if code != c.want || (set == nil) != (c.want != "") {
			t.Errorf("zone %q, calendar %q: got %v, want %q", c.zone, c.calendar, problems, c.want)
		}
		if set != nil && set.Policy(set).Zone() == nil {
			t.Errorf("zone %q: the policy has no zone", c.zone)
		}
	}
	set, _ := rules.Compile(file, rules.Options{Workspace: rules.Workspace{Zone: "Asia/Tokyo"}})
	people := set.People()
	if people[0].Zone.String() != "Asia/Tokyo" || people[1].Zone.String() != "America/New_York" {
		t.Errorf("got zones %v and %v, want the workspace's and the calendar's", people[0].Zone, people[1].Zone)
	}
}

func TestCompile_warningsCanBeIgnoredPerFile(t *testing.T) {
	t.Parallel()
	rest := rules.Source{Name: "a.yaml", Data: []byte("version: 1\nrules:\n  - {name: A, do: {}}\n  - {name: B, do: {}}\n")}
	quiet := rules.Source{Name: "b.yaml", Data: []byte("# signoff:ignore SO205\nversion: 1\nrules:\n  - {name: C, do: {}}\n  - {name: D, match: {author: nobody}, do: {}}\n")}
	_, problems := rules.Compile([]rules.Source{rest, quiet}, bare())
	got := ""
	for _, p := range problems {
		got += p.Pos.File + " " + p.Code + ", "
	}
	if want := "a.yaml SO205, b.yaml SO121, "; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

// TestCompile_orderOfFiles: rules are tried in the order of the files, and templates are listed in it.
func TestCompile_orderOfFiles(t *testing.T) {
	t.Parallel()
	a := rules.Source{Name: "a.yaml", Data: []byte("version: 1\ntemplates: {one: {}}\nrules: [{name: First, match: {source: slack}, do: {template: two}}]\n")}
	b := rules.Source{Name: "b.yaml", Data: []byte("templates: {two: {}}\nrules: [{name: Second, do: {template: one}}]\n")}
	empty := rules.Source{Name: "c.yaml", Data: []byte("# nothing yet\n")}
	set, problems := rules.Compile([]rules.Source{a, b, empty}, bare())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if types := set.Types(); types[0].Name != "one" || types[1].Name != "two" {
		t.Errorf("got types %+v", types)
	}
	if r := set.Route(message(maya(), "#launch", "x"), flow.Answers{}); r.Rule != "First" || r.Template != "two" {
		t.Errorf("got %+v", r)
	}
}
