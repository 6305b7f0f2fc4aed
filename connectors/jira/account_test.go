package jira_test

import (
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	user := func(id, kind, mail, active string) string {
		return `{"accountId":"` + id + `","accountType":"` + kind + `","emailAddress":"` + mail + `","active":` + active + `,"displayName":"Ana Reyes","timeZone":"Europe/London"}`
	}
	ana := user("a1", "atlassian", "ana@lumen.example", "true")
	hidden := user("a2", "atlassian", "", "true")
	for name, tc := range map[string]struct{ answer, want string }{
		"one":                   {"[" + ana + "]", "a1"},
		"other case":            {"[" + strings.Replace(ana, "ana@", "Ana@", 1) + "]", "a1"},
		"none":                  {"[]", ""},
		"hidden address":        {"[" + hidden + "]", ""},
		"hidden twice":          {"[" + hidden + "," + user("a3", "atlassian", "", "true") + "]", ""},
		"shown beside hidden":   {"[" + hidden + "," + ana + "]", "a1"},
		"longer address":        {"[" + user("a4", "atlassian", "ana@lumen.example.com", "true") + "]", ""},
		"two with one address":  {"[" + ana + "," + user("a5", "atlassian", "ana@lumen.example", "true") + "]", ""},
		"deactivated":           {"[" + user("a6", "atlassian", "ana@lumen.example", "false") + "]", ""},
		"app":                   {"[" + user("a7", "app", "ana@lumen.example", "true") + "]", ""},
		"customer":              {"[" + user("a8", "customer", "ana@lumen.example", "true") + "]", ""},
		"deactivated and other": {"[" + user("a6", "atlassian", "ana@lumen.example", "false") + "," + ana + "]", "a1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, map[string][]string{"GET /rest/api/2/user/search?maxResults=10&query=ana%40lumen.example": {tc.answer}})
			who, ok, err := c.Identify(t.Context(), "ana@lumen.example")
			if err != nil || ok != (tc.want != "") || who.Ref.Key != tc.want {
				t.Errorf("Identify among %s = %+v, %v, %v, want %q", tc.answer, who, ok, err, tc.want)
			}
			if ok && (who.Shown != "Ana Reyes" || who.Zone != "Europe/London" || who.Ref != c.Pin(" "+tc.want+" ")) {
				t.Errorf("Identify = %+v, want the account that a pin names", who)
			}
		})
	}
}

func TestIdentify_Escapes(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{"GET /rest/api/2/user/search?maxResults=10&query=a%2Bb+c%26d%40x.example": {"[]"}})
	if _, ok, err := c.Identify(t.Context(), "a+b c&d@x.example"); ok || err != nil {
		t.Errorf("Identify = %v, %v, want nobody", ok, err)
	}
	if _, ok, err := c.Identify(t.Context(), "ana"); ok || err != nil {
		t.Errorf("Identify of a name = %v, %v, want nobody and no call", ok, err)
	}
}

func lines(list []connectors.Finding) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString(f.Level + " " + f.What + ": " + f.Text)
		if f.Remedy != "" {
			b.WriteString(" -> " + f.Remedy)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		site   func(*site.Options)
		expiry string
		has    []string
		hasNot []string
	}{
		"all well": {nil, "2027-06-30", []string{
			"(Jira Cloud)", "ok jira: signed in as signoff-bot (signoff-bot@lumen.example)", "ok jira: token valid until 2027-06-30",
			"ok jira: people can be found by e-mail", "ok jira DES: 13 permissions, none missing", "ok jira DES: 6 fields of Task found", "ok jira DES: 5 statuses found",
			"ok jira attachments: files up to 10 MB are taken", "ok jira DES: sub-tasks are made as Sub-task", "ok jira DES: search answers",
			"warning jira webhook: signoff's account may not look after webhooks",
		}, []string{"problem"}},
		"an administrator": {func(o *site.Options) { o.Granted = []string{"ADMINISTER"} }, "", []string{
			"warning jira webhook: no webhook leads to https://signoff.lumen.example/hooks/jira -> signoff repairs it when it runs",
			"ok jira DES: every mapped status can be reached",
		}, []string{"problem"}},
		"no way": {func(o *site.Options) {
			o.Granted = []string{"ADMINISTER"}
			o.Transitions = []site.Transition{{ID: "1", Name: "Start", To: "In Progress"}, {ID: "2", Name: "Review", From: []string{"In Progress"}, To: "In Review"}, {ID: "3", Name: "No", To: "Won't Do"}}
		}, "", []string{`problem jira DES: no transition leads to "Done" -> Have a Jira administrator add one`}, []string{`leads to "In Review"`}},
		"less is lost": {func(o *site.Options) { o.Denied = []string{"MANAGE_WATCHERS", "CREATE_ATTACHMENTS"} }, "", []string{
			`warning jira DES: signoff-bot@lumen.example may not "Manage Watchers"`, `problem jira DES: signoff-bot@lumen.example may not "Create Attachments": files cannot be copied into tickets`,
		}, nil},
		"permissions": {func(o *site.Options) { o.Denied = []string{"SCHEDULE_ISSUES", "USER_PICKER"} }, "", []string{
			`problem jira DES: signoff-bot@lumen.example may not "Schedule Issues": due dates cannot be written -> Project settings, Permissions: add "Schedule Issues" for signoff-bot@lumen.example`,
			`warning jira: signoff-bot@lumen.example may not "Browse users and groups"`,
		}, nil},
		"token ends": {nil, "2026-12-01", []string{"warning jira: token expires in 11 days (2026-12-01)"}, nil},
		"token over": {nil, "2026-11-19", []string{"problem jira: the token expired on 2026-11-19"}, []string{"jira DES"}},
		"bad token":  {func(o *site.Options) { o.Token = "another" }, "", []string{"problem jira: ", "Jira no longer accepts signoff's token."}, []string{"jira DES"}},
		"fields": {func(o *site.Options) {
			o.Projects = site.DefaultProjects()
			task := &o.Projects[0].Types[0]
			for i := range task.Fields {
				if task.Fields[i].Name == "Region" {
					task.Fields[i].Name = "Regions"
				}
			}
			task.Fields = append(task.Fields, site.Field{ID: "customfield_10900", Name: "Cost centre", Type: "string", Custom: "textfield", Required: true})
		}, "", []string{
			`problem jira DES: region: there is no field "Region" on the screen of Task -> Did you mean "Regions"?`,
			`problem jira DES: Task needs "Cost centre", which no field of signoff fills`,
		}, nil},
		"statuses": {func(o *site.Options) {
			o.Statuses = []site.Status{{ID: "1", Name: "To do", Category: "new"}, {ID: "3", Name: "In Progress", Category: "indeterminate"}, {ID: "4", Name: "Finished", Category: "done"}}
			o.Transitions = []site.Transition{{ID: "1", Name: "x", To: "Finished"}}
		}, "", []string{
			`problem jira DES: approved: the workflow of Task has no status "Done" -> There are: To do, In Progress, Finished`,
		}, []string{"intake:", "in_progress:"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, o := rigged(t, tc.site)
			yaml := strings.Replace(settings, "%[1]s", o.url, 1)
			if tc.expiry != "" {
				yaml += "token_expires: " + tc.expiry + "\n"
			}
			got := lines(connect(t, yaml).Check(t.Context()))
			for _, want := range tc.has {
				if !strings.Contains(got, want) {
					t.Errorf("Check lacks %q in\n%s", want, got)
				}
			}
			for _, not := range tc.hasNot {
				if strings.Contains(got, not) {
					t.Errorf("Check has %q in\n%s", not, got)
				}
			}
		})
	}
}

func TestCheck_Edition(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ settings, info, want string }{
		"one that is not known":    {settings, `{"deploymentType":"Moon"}`, `problem jira: http://127.0.0.1`},
		"another than is set":      {settings + "deployment: cloud\n", `{"deploymentType":"Server","version":"9.12.0"}`, "is Jira Server, and the settings are for cloud -> Correct tracker.jira.deployment"},
		"another than a token has": {dataCenter, `{"deploymentType":"Cloud"}`, "is Jira Cloud, and the settings are for server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := scriptedAs(t, tc.settings, map[string][]string{infoCall: {tc.info}, selfCall: {`{"accountId":"a"}`}})
			if got := lines(c.Check(t.Context())); !strings.Contains(got, tc.want) {
				t.Errorf("Check of %s says\n%s\nwant %s", tc.info, got, tc.want)
			}
		})
	}
}

// TestCheck_SaysOnceThatJiraDoesNotAnswer: what else is asked would only say the same again.
func TestCheck_SaysOnceThatJiraDoesNotAnswer(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{infoCall: {"503 "}})
	if got := lines(c.Check(t.Context())); strings.Count(got, "warning jira") != 1 || !strings.Contains(got, "Jira does not answer just now") || strings.Contains(got, "DES") {
		t.Errorf("Check of a Jira that does not answer says\n%s\nwant that, once", got)
	}
}

// TestEdition: an edition that is not known is refused before anything is written; one that cannot be asked only waits.
func TestEdition(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer string
		class  connectors.Class
	}{
		"not known":   {`{"deploymentType":"Moon"}`, connectors.Denied},
		"unreachable": {"503 ", connectors.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := scripted(t, map[string][]string{infoCall: {tc.answer, cloudInfo}})
			if tc.class == connectors.Denied {
				s.answers[infoCall] = []string{tc.answer}
			}
			_, err := c.Do(t.Context(), ticket(1, "Hero"))
			if got := connectors.ClassOf(err); got != tc.class {
				t.Fatalf("Do = class %q (%v), want %q", got, err, tc.class)
			}
			if n := len(s.bodies[createCall]); n != 0 {
				t.Errorf("%d tickets were made, want none", n)
			}
			if tc.class == connectors.Transient {
				c.do(t, ticket(1, "Hero"))
			}
		})
	}
}

func TestGuess(t *testing.T) {
	t.Parallel()
	c, _ := rigged(t, func(o *site.Options) {
		o.Users = append(site.DefaultUsers(),
			site.User{AccountID: "h1", Name: "Noa Hill", Email: "noa@lumen.example", HideEmail: true},
			site.User{AccountID: "h2", Name: "Noa App", Email: "noa@lumen.example", HideEmail: true, App: true},
			site.User{AccountID: "h3", Name: "Noa Gone", Email: "noa@lumen.example", HideEmail: true, Inactive: true})
	})
	who, err := c.Guess(t.Context(), "noa@lumen.example", "Noa Hill")
	if err != nil || len(who) != 1 || who[0].Ref.Key != "h1" {
		t.Errorf("Guess = %+v, %v, want the one active person whose address is hidden", who, err)
	}
	if who, err := c.Guess(t.Context(), "ana@lumen.example", "Ana"); err != nil || who != nil {
		t.Errorf("Guess for an address that is shown = %+v, %v, want nobody: Identify knows", who, err)
	}
	if _, ok, err := c.Identify(t.Context(), "noa@lumen.example"); ok || err != nil {
		t.Errorf("Identify = %v, %v, want nobody: they have to be asked", ok, err)
	}
}

func TestCheck_Unreachable(t *testing.T) {
	t.Parallel()
	c := connect(t, strings.Replace(settings, "%[1]s", "http://127.0.0.1:1", 1))
	got := c.Check(t.Context())
	if len(got) == 0 || got[0].Level != "warning" || !strings.Contains(got[0].Remedy, "tries again") {
		t.Errorf("Check of a site that is down says\n%s\nwant a warning: it is no fault of the settings", lines(got))
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	c := connect(t, strings.Replace(settings, "%[1]s", "http://127.0.0.1:1", 1)+"writes_per_day: 1440\n")
	e := ticket(1, "Hero")
	names := func(e flow.Effect) string {
		var out []string
		for _, p := range c.Pace(e) {
			if p.PerMinute <= 0 || p.Burst < 1 {
				t.Errorf("pace %+v lets nothing through", p)
			}
			out = append(out, p.Key)
		}
		return strings.Join(out, " ")
	}
	if got := names(e); got != "site day" {
		t.Errorf("a new ticket falls under %q, want site and day", got)
	}
	where := flow.Ref{System: "jira", Type: "issue", Key: "10042"}
	if got := names(comment(where, "x", "y")); got != "site issue/10042 words/10042 day" {
		t.Errorf("a comment falls under %q, want its ticket too", got)
	}
	e.Show.Link = &flow.Link{Ref: where}
	if got := names(copying(where, 1, "a.pdf", 9)); got != "site issue/10042 words/10042 day" {
		t.Errorf("a file falls under %q, want its ticket too", got)
	}
	if got := names(words(where, 1, nil)); got != "site issue/10042 words/10042 day" {
		t.Errorf("words fall under %q, want their ticket too", got)
	}
	if got := names(e); got != "site issue/10042 changes/10042 hops/10042 day" {
		t.Errorf("a change falls under %q, want its ticket too", got)
	}
}
