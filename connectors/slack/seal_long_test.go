package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// brandOnly is a ruleset with one stage, which Ana decides.
type brandOnly struct{}

func (brandOnly) Ruleset() string   { return "r" }
func (brandOnly) Directory() string { return "d" }
func (brandOnly) Stages(flow.Request) []flow.StageDef {
	return []flow.StageDef{{Name: "Brand review", Together: 1, Needs: flow.Quorum{N: 1}}}
}
func (brandOnly) Reviewers(flow.Request, string) []flow.Reviewer {
	return []flow.Reviewer{{Actor: flow.Actor{Name: "ana", Shown: "Ana Reyes"}}}
}
func (brandOnly) Missing(flow.Request) []flow.Field                         { return nil }
func (brandOnly) Parts(flow.Request, flow.Answers) []flow.Part              { return nil }
func (brandOnly) Due(flow.Request, string, flow.Actor, time.Time) time.Time { return time.Time{} }
func (brandOnly) Plan(flow.Request, flow.StageRun, []flow.Actor, time.Time) []flow.Moment {
	return nil
}
func (brandOnly) Person(name string) (flow.Person, bool) {
	return flow.Person{Name: name}, name == "ana"
}
func (brandOnly) Match(string) string                                { return "" }
func (brandOnly) Working(_ string, from, to time.Time) time.Duration { return to.Sub(from) }
func (brandOnly) Text(string, flow.TextData) (text.Doc, bool)        { return nil, false }
func (brandOnly) Zone() *time.Location                               { return time.UTC }

// fileOf is one of many that are decided on together, in a version.
func fileOf(i, version int) flow.Asset {
	v := flow.Version{ID: fmt.Sprintf("sha256:%064d", 100*i+version), Name: fmt.Sprint("v", version), Seq: fmt.Sprint(version)}
	return flow.Asset{Ref: flow.Ref{System: "figma", Type: "file", Key: fmt.Sprint("K", i)}, Label: fmt.Sprint("hero ", i), Versions: []flow.Version{v}}
}

// manyFiles is a request in review whose work is kept in many files, with the card that asks Ana.
func manyFiles(t *testing.T, n int) (flow.Request, flow.Effect) {
	t.Helper()
	submitted := flow.Event{ID: "slack/1", Kind: flow.RequestSubmitted, At: testNow(), Actor: flow.Actor{Name: "maya"}, Fields: map[string][]string{"source": {"slack"}}}
	facts := flow.Facts{New: "CR-142", Routing: &flow.Routing{Title: "Spring wall", Workflow: "standard", Assignee: "lin"}, Places: flow.Places{Chat: "slack"}}
	r := flow.Step(brandOnly{}, flow.Request{}, submitted, facts).Request
	for i := range n {
		r.Assets = append(r.Assets, fileOf(i, 1))
	}
	sent := flow.Step(brandOnly{}, r, flow.Event{ID: "slack/2", Kind: flow.WorkSubmitted, Request: r.ID, At: testNow(), Actor: flow.Actor{Name: "lin"}}, flow.Facts{})
	i := slices.IndexFunc(sent.Effects, func(e flow.Effect) bool { return e.Show != nil && e.Show.View.Kind == flow.AskView })
	if i < 0 {
		t.Fatalf("nobody is asked: %+v", sent.Why)
	}
	e := sent.Effects[i]
	e.Known = map[string]flow.Ref{"ana": ref("user", testTeam+"/U0ANA00001")}
	return sent.Request, e
}

// valueOf is what a button of a message carries; empty when there is no such button.
func valueOf(t *testing.T, c apiCall, action string) string {
	t.Helper()
	var blocks []struct {
		Elements []struct {
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
		} `json:"elements"`
	}
	if err := json.Unmarshal([]byte(c.Args["blocks"]), &blocks); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.ActionID == action {
				return e.Value
			}
		}
	}
	return ""
}

// pressedBy gives the event of a pressed button to the request, as Ana's.
func (r *rig) pressedBy(of flow.Request, value string) flow.Outcome {
	r.t.Helper()
	events := r.take(interactive(pressed(actionApprove, value)))
	if len(events) != 1 || events[0].Kind != flow.VoteCast {
		r.t.Fatalf("a press of Approve gives %+v", events)
	}
	ev := events[0]
	ev.At, ev.Request, ev.Actor.Name = testNow(), of.ID, "ana"
	return flow.Step(brandOnly{}, of, ev, flow.Facts{})
}

// TestSeal_ManyFiles: however many files a request has, its buttons can be pressed, and count for these versions alone.
func TestSeal_ManyFiles(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 60, 200} {
		r := newRig(t)
		of, ask := manyFiles(t, n)
		if _, err := r.Do(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
		lintMessage(t, fmt.Sprint(n, " files"), r.render(ask))
		card := r.api.only("chat.postMessage")
		for _, action := range []string{actionApprove, actionChanges} {
			value := valueOf(t, card, action)
			if len(value) < 50 || utf8.RuneCountInString(value) > maxValue {
				t.Fatalf("%d files: %s carries %q", n, action, value)
			}
			q := &fakeQuery{}
			r.respond(interactive(pressed(action, value)), q)
			if action == actionChanges {
				if len(q.actions) != 1 || q.actions[0].Version != flow.Abridged(of.Revision()) {
					t.Errorf("%d files: the form is asked for with %+v", n, q.actions)
				}
				var view map[string]any
				if err := json.Unmarshal([]byte(r.api.only("views.open").Args["view"]), &view); err != nil {
					t.Fatal(err)
				}
				lintSurface(t, "form", view)
			}
		}
		value := valueOf(t, card, actionApprove)
		if o := r.pressedBy(of, value); o.Why[0].Code != flow.CodeRecorded || len(o.Request.Votes) != 1 || o.Request.Votes[0].Version != of.Revision() || o.Request.Status != flow.Approved {
			t.Errorf("%d files: pressed, it is %s with %+v; want an approval of these versions", n, o.Request.Status, o.Why)
		}
		newer := of
		newer.Assets = slices.Clone(of.Assets)
		newer.Assets[n/2].Versions = append(slices.Clone(newer.Assets[n/2].Versions), fileOf(n/2, 2).Versions...)
		if o := r.pressedBy(newer, value); o.Why[0].Code != flow.CodeStale || len(o.Request.Votes) != 0 || !strings.Contains(o.Why[0].Text, "Please look at it and decide again.") {
			t.Errorf("%d files: pressed for a version that was replaced, it is %+v; want it refused", n, o.Why)
		}
	}
}

// TestButtons_WhatDoesNotFitIsDoneOnThePage: where a button cannot carry what it means, one leads to the page.
func TestButtons_WhatDoesNotFitIsDoneOnThePage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := card()
	for i := range v.Buttons[:3] {
		v.Buttons[i].Value = strings.Repeat("x", 3000)
	}
	s := r.render(show(v))
	lintMessage(t, "values that do not fit", s)
	data, err := json.Marshal(s.blocks)
	if err != nil {
		t.Fatal(err)
	}
	const link = `"text":"Continue on the page"},"action_id":"open","url":"https://hub.lumen.example/requests/CR-142"`
	if n := strings.Count(string(data), link); n != 1 {
		t.Errorf("%d buttons lead to the page, want one: %s", n, data)
	}
}
