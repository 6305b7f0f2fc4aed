package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

func slackUser(key string) flow.Ref { return flow.Ref{System: "slack", Type: "user", Key: key} }

// from submits a request as an account and gives the name it counts under.
func (w *world) from(id string, who flow.Actor) string {
	w.t.Helper()
	in := ask(id, "Banner")
	in.Event.Actor = who
	w.hook(in)
	w.settle()
	page, err := w.engine.Requests(context.Background(), engine.Filter{Limit: 1})
	must(w.t, err)
	return page.Requests[0].Requester.Name
}

func (w *world) person(name string) engine.PersonState {
	w.t.Helper()
	for _, p := range w.engine.People(context.Background()) {
		if p.Name == name {
			return p
		}
	}
	w.t.Fatalf("nobody called %s", name)
	return engine.PersonState{}
}

// Only the very address makes an account somebody's.
func TestPeople_Addresses(t *testing.T) {
	t.Parallel()
	const people = "  eli.park: {name: Eli Park, email: eli.park@lumen.example}\n  kai: {name: Kai, email: kai@bücher.example}\n"
	for what, tc := range map[string]struct{ email, want string }{
		"exact":                {"eli.park@lumen.example", "eli.park"},
		"upper case":           {"Eli.Park@LUMEN.example", "eli.park"},
		"space around":         {" eli.park@lumen.example ", "eli.park"},
		"without the dot":      {"elipark@lumen.example", ""},
		"more dots":            {"e.li.park@lumen.example", ""},
		"plus":                 {"eli.park+ceo@lumen.example", ""},
		"cyrillic letter":      {"eli.p\u0430rk@lumen.example", ""},
		"kelvin sign":          {"eli.par\u212a@lumen.example", ""},
		"full width":           {"ｅli.park@lumen.example", ""},
		"invisible":            {"eli.park\u200b@lumen.example", ""},
		"another domain":       {"eli.park@lumen.example.evil.example", ""},
		"trailing dot":         {"eli.park@lumen.example.", ""},
		"two addresses":        {"eli.park@lumen.example,x@evil.example", ""},
		"idn exact":            {"kai@bücher.example", "kai"},
		"idn decomposed":       {"kai@bu\u0308cher.example", ""},
		"idn other":            {"kai@bucher.example", ""},
		"idn upper non-ascii":  {"kai@bÜcher.example", ""},
		"nothing":              {"", ""},
		"only an at":           {"@", ""},
		"local part alone":     {"eli.park", ""},
		"quoted local part":    {"\"eli.park\"@lumen.example", ""},
		"comment in the local": {"eli.park(x)@lumen.example", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.engine.Swap(compile(t, strings.Replace(studio, "groups:\n", people+"groups:\n", 1)))
				w.settle()
				if got := w.from("1", flow.Actor{Ref: slackUser("Unew"), Email: tc.email}); got != tc.want {
					t.Errorf("%q counts as %q, want %q", tc.email, got, tc.want)
				}
			})
		})
	}
}

// An account that takes the address of somebody else counts for nobody, whoever it was, until it is pinned.
func TestPeople_TakenAddress(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		taken := flow.Actor{Ref: slackUser("Uana"), Email: "dana@lumen.example"} // Dana decides more than Ana does
		for i, email := range []string{"dana@lumen.example", "ana@lumen.example", ""} {
			taken.Email = email
			if got := w.from(name("%d", i), taken); got != "" {
				t.Errorf("with %q the account counts as %q, want nobody", email, got)
			}
		}
		if n := w.metric("signoff_alarms_total", "what=identity"); n != 1 {
			t.Errorf("%v alarms, want one", n)
		}
		p := w.person("ana")
		if p.State["slack"] != engine.AccountConflict || !strings.Contains(p.Why["slack"], "has the e-mail address of dana") || !strings.Contains(p.Why["slack"], "pin people.ana.slack") && !strings.Contains(p.Why["slack"], "Pin people.ana.slack") {
			t.Errorf("ana: %q, %q; want a conflict with its remedy", p.State["slack"], p.Why["slack"])
		}
		before := len(w.chat.of("CR-1/ask/1/Brand review/ana"))
		w.pass(25 * time.Hour) // the daily look does not find her anew
		if n := len(w.chat.of("CR-3/ask/1/Brand review/ana")); n != 0 {
			t.Errorf("asked %d times through the account that counts for nobody (before: %d)", n, before)
		}
		w.engine.Swap(compile(t, strings.Replace(studio, "email: ana@lumen.example", "email: ana@lumen.example, slack: U0ANA0001", 1)))
		w.pass(time.Minute)
		if got := w.from("8", flow.Actor{Ref: slackUser("U0ANA0001")}); got != "ana" || w.person("ana").State["slack"] != engine.AccountPinned {
			t.Errorf("the pinned account counts as %q (%q)", got, w.person("ana").State["slack"])
		}
		if got := w.from("9", taken); got != "" {
			t.Errorf("the other account counts as %q after the pin", got)
		}
	})
}

// The same address in two workspaces: the first account stays, the second gains nothing, and it is shown.
func TestPeople_SecondAccount(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		second := flow.Actor{Ref: slackUser("T2/Uana"), Email: "ana@lumen.example"}
		for i := range 2 {
			if got := w.from(name("%d", i), second); got != "" {
				t.Errorf("the second account counts as %q", got)
			}
		}
		if got := w.from("first", flow.Actor{Ref: slackUser("Uana"), Email: "ana@lumen.example"}); got != "ana" {
			t.Errorf("the first account counts as %q", got)
		}
		if n := w.metric("signoff_alarms_total", "what=identity"); n != 1 {
			t.Errorf("%v alarms, want one", n)
		}
		p := w.person("ana")
		if p.State["slack"] != engine.AccountConflict || p.Accounts["slack"] != slackUser("Uana") || !strings.Contains(p.Why["slack"], "T2/Uana") {
			t.Errorf("ana: %+v, want the first account, and the second as a conflict", p)
		}
	})
}

// question gives the buttons of the questions put to a person.
func (w *world) questions(to string) (list []flow.Effect) {
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	for _, e := range w.chat.told {
		if strings.HasPrefix(e.ID, "account/"+to+"/") {
			list = append(list, e)
		}
	}
	return list
}

func answerAccount(id, who, account, says string) body {
	return body{ID: id, Event: &flow.Event{
		Kind: flow.AccountAnswered, Actor: flow.Actor{Ref: slackUser("U" + who)},
		Fields: map[string][]string{"account": {account}, "answer": {says}},
	}}
}

func TestPeople_AskedNotGuessed(t *testing.T) {
	t.Parallel()
	jira := func(key string) flow.Ref { return flow.Ref{System: "jira", Type: "user", Key: key} }
	inWorld(t, func(w *world) {
		w.stop()
		w.store = memstore.New("anew", layout.Clock{Now: time.Now, After: time.After})
		delete(w.desk.people, "ana@lumen.example")
		w.desk.guesses = map[string][]flow.Actor{"Ana Reyes": {
			{Ref: jira("Jben"), Shown: "Ana Reyes"}, // Ben's by his address: never offered
			{Ref: jira("Jx"), Shown: "Ana Reyes"}, {Ref: jira("Jy"), Shown: "Ana R"},
		}}
		w.start()
		w.pass(time.Minute)
		w.pass(49 * time.Hour) // asked once, however often accounts are looked for
		asked := w.questions("ana")
		if len(asked) != 1 || asked[0].Tell.View.Buttons[0].Value != "jira:user:Jx" || asked[0].Known["ana"] != slackUser("Uana") || asked[0].Request != "" {
			t.Fatalf("questions %+v, want one to ana about Jx", asked)
		}
		if got := w.person("ana").State["jira"]; got != engine.AccountAsked {
			t.Errorf("state %q, want asked", got)
		}
		w.hook(answerAccount("a0", "ben", "jira:user:Jx", "yes")) // not his to say
		w.hook(answerAccount("a1", "ana", "jira:user:Jx", "no"))
		w.pass(time.Minute)
		if asked = w.questions("ana"); len(asked) != 2 || asked[1].Tell.View.Buttons[0].Value != "jira:user:Jy" {
			t.Fatalf("questions %+v, want a second about Jy after a no", asked)
		}
		w.hook(answerAccount("a2", "ana", "jira:user:Jx", "yes")) // answered before
		w.settle()
		if got := w.person("ana"); got.State["jira"] != engine.AccountAsked {
			t.Errorf("an answer to a question that is over changed the state to %q", got.State["jira"])
		}
		w.hook(answerAccount("a3", "ana", "jira:user:Jy", "yes"))
		w.pass(time.Minute)
		if got := w.person("ana"); got.State["jira"] != engine.AccountConfirmed || got.Accounts["jira"] != jira("Jy") {
			t.Errorf("ana %+v, want Jy confirmed", got)
		}
	})
}
