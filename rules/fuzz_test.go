package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/source"
	"signoff/rules"
)

// FuzzCompile: whatever a file holds, Compile ends, reports places inside the file, and gives a set exactly when there
// are no errors; a set can then be used.
func FuzzCompile(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "examples/*/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Add("version: 1\nrules:\n  - {name: A, if: 'any(request.labels, # == \"x\")', do: {}}\n")
	f.Add("version: 1\ntexts: {a: \"{{ .request.key | default 1 }}\"}\n")
	f.Fuzz(func(t *testing.T, file string) {
		set, problems := rules.Compile([]rules.Source{{Name: "f.yaml", Data: []byte(file)}}, bare())
		if (set == nil) != (problems.Errors() > 0) {
			t.Fatalf("got a set: %v, with %d errors", set != nil, problems.Errors())
		}
		lines := strings.Count(file, "\n") + 1
		for _, p := range problems {
			if p.Message == "" || p.Code == "" || p.Pos.File == "f.yaml" && (p.Pos.Line < 1 || p.Pos.Line > lines) {
				t.Fatalf("bad problem %+v in a file of %d lines", p, lines)
			}
			if _, ok := rules.ExplainCode(p.Code); !ok {
				t.Fatalf("code %s is not explained", p.Code)
			}
		}
		if set != nil {
			use(t, set)
		}
	})
}

// use routes one message through a set and asks its policy about every workflow.
func use(t *testing.T, set *rules.Set) {
	ev := message(maya(), "#launch", "Need a Nova banner 300x250 by Friday EOD, €5k, for EMEA")
	set.Needs(ev)
	r := set.Route(ev, flow.Answers{})
	if n := len([]rune(r.Title)); n == 0 || n > 255 {
		if !r.Ignore {
			t.Fatalf("got a title of %d characters", n)
		}
	}
	p := set.Policy(set)
	req := flow.Request{Workflow: r.Workflow, Reminders: r.Reminders, Escalation: r.Escalation, Fields: r.Fields, Opened: ev.At, Requester: maya()}
	for _, s := range p.Stages(req) {
		reviewers := []flow.Actor{}
		for _, rv := range p.Reviewers(req, s.Name) {
			reviewers = append(reviewers, rv.Actor)
		}
		p.Plan(req, flow.StageRun{Name: s.Name, State: flow.StageOpen, Entered: ev.At}, reviewers, ev.At)
	}
}

// FuzzRead: whatever is written, the words a value came from stand in the text, and reading them again is harmless.
func FuzzRead(f *testing.F) {
	for _, words := range []string{"by Friday EOD", "20/11/2026 14:30", "€5k or 1.2m USD", "Budget: 5,000.00", "300x250, 728×90", "İstanbul ſ K", "in 999 months"} {
		f.Add(words)
	}
	file := []rules.Source{{Name: "all.yaml", Data: []byte(askEverything)}}
	set, problems := rules.Compile(file, lumen())
	if set == nil {
		f.Fatal(source.Problems(problems))
	}
	f.Fuzz(func(t *testing.T, words string) {
		d := flow.Form{Text: words, Who: maya()}
		p := set.Prefill(d, wednesday())
		for field, from := range p.From {
			if first, _, _ := strings.Cut(from, ", "); !strings.Contains(words, strings.TrimSpace(first)) && len(p.Fields[field]) < 2 {
				t.Errorf("%s of %q came from %q, which is not there", field, words, from)
			}
		}
		for _, due := range p.Fields["due"] {
			_, long := time.Parse(time.RFC3339, due)
			_, short := time.Parse(time.DateOnly, due)
			if long != nil && short != nil {
				t.Errorf("%q gives the date %q", words, due)
			}
		}
		set.Validate(flow.Form{Type: p.Type, Title: p.Title, Text: words, Fields: p.Fields}, wednesday())
	})
}
