package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
)

// checks is a connector with findings of its own, which may take its time.
type checks struct {
	list []connectors.Finding
	hang chan struct{}
	boom bool
}

// Check implements connectors.Connector.
func (c checks) Check(context.Context) []connectors.Finding {
	if c.boom {
		panic("boom")
	}
	if c.hang != nil {
		<-c.hang // whatever ctx says
	}
	return c.list
}

func lines(list []engine.Finding) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString(f.Level + " " + f.Group + "/" + f.What + ": " + f.Text + "\n")
	}
	return b.String()
}

func TestCheck_GroupsAndTimeLimits(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		free := make(chan struct{})
		defer close(free)
		w.conns["figma"] = checks{hang: free}
		w.conns["adobe"] = checks{boom: true}
		w.conns["jira2"] = checks{list: []connectors.Finding{{Level: "ok", What: "jira DES", Text: "may do all"}, {Level: "warning", What: "token", Text: "expires", Remedy: "renew"}}}
		off := 3 * time.Second
		w.opts = func(o *engine.Options) {
			o.Skew = func() (string, time.Duration, bool) { return "slack.com", off, true }
			o.Size = func() (int64, int64) { return 84 << 20, 4 << 30 }
		}
		w.start()
		w.pass(time.Minute)
		began := time.Now()
		got := lines(w.engine.Check(context.Background()))
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("took %s though one instance hangs", took)
		}
		for _, want := range []string{
			"ok clock/clock: 3.0 s off", "ok store/store: 84 MB of 4 GB", "ok rules/rules: ",
			"problem figma/figma: the check did not end", "problem adobe/adobe: the check did not end: panic", "ok jira2/jira DES: may do all", "warning jira2/token",
			"ok slack/token", "ok people/people: 3 people, all with their accounts",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no line %q in\n%s", want, got)
			}
		}
		off = -11 * time.Minute
		w.engine.SwapFailed("studio.yaml:3:1 error SO001 broken\nmore")
		w.chat.set(func(o *outside) { o.denied = errors.New("token_revoked") })
		w.hook(ask("1", "Banner"))
		w.pass(time.Second)
		got = lines(w.engine.Check(context.Background()))
		for _, want := range []string{
			"problem clock/clock: -660.0 s off from slack.com", "problem rules/rules: the last change was refused", "problem slack/slack: it is stopped: ", "problem slack/token: refused",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no line %q in\n%s", want, got)
			}
		}
	})
}

// People whose accounts are not settled are named with the remedy, problems first where there are many.
func TestCheck_People(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var people strings.Builder
		for i := range 12 {
			people.WriteString(name("  p%d: {name: P %d, email: p%d@lumen.example}\n", i, i, i))
		}
		w.engine.Swap(compile(t, strings.Replace(studio, "groups:\n", people.String()+"groups:\n", 1)))
		w.pass(time.Minute)
		var warned, problems int
		for _, f := range w.engine.Check(context.Background()) {
			if f.Group == "people" && f.Level == "warning" {
				warned++
				if f.Remedy == "" {
					t.Errorf("%s without a remedy", f.What)
				}
			}
			if f.Group == "people" && f.Level == "problem" {
				problems++
			}
		}
		if warned != 11 || problems != 0 {
			t.Errorf("%d warnings and %d problems, want ten people and how many more", warned, problems)
		}
		w.chat.set(func(o *outside) {
			o.unasked = &connectors.Error{Op: "users.lookupByEmail", Class: connectors.Transient, Err: errors.New("connection refused")}
		})
		w.pass(time.Hour)
		got := lines(w.engine.Check(context.Background()))
		if want := "warning people/accounts on slack: not all are known, and they cannot be looked for: "; strings.Count(got, want) != 1 || strings.Contains(got, "p3 on slack") {
			t.Errorf("a service that cannot be asked is not one finding:\n%s", got)
		}
	})
}
