package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

func waitingForTriage() connectors.Triage {
	one := flow.Request{ID: "CR-142", Title: "A poster", Status: flow.Intake, Triage: "No rule applies."}
	return connectors.Triage{
		May: true, Waiting: []flow.Request{one, {ID: "CR-140", Title: "A film", Status: flow.Snoozed, Triage: "x", Until: asked()}},
		Open: []flow.Request{one, {ID: "CR-7", Title: strings.Repeat("Spring ", 30), Status: flow.InReview}},
	}
}

// TestTriage_EachButtonOpensItsForm: nothing is decided by the press; what was entered becomes the event.
func TestTriage_EachButtonOpensItsForm(t *testing.T) {
	t.Parallel()
	for action, tc := range map[string]struct {
		inputs string // in the form
		state  string
		wrong  map[string]string // state -> what is said about it
		kind   flow.Kind
		field  string
		value  string
	}{
		actionTake: {inputs: "note#0 to#0", state: `{"to#0":{"to":{"type":"users_select","selected_user":"U0DANA0001"}},"note#0":{"note":{"value":null}}}`, kind: flow.RequestAccepted},
		actionMerge: {
			inputs: "into#0 note#0", state: `{"into#0":{"into":{"type":"static_select","selected_option":{"value":"CR-7"}}},"note#0":{"note":{"value":"The same"}}}`,
			wrong: map[string]string{
				`{"into#0":{"into":{"type":"static_select","selected_option":{"value":"CR-142"}}}}`: "That is this request",
				`{"into#0":{"into":{"type":"static_select","selected_option":{"value":"CR-9"}}}}`:   "There is no such request",
				`{"into#0":{"into":{"type":"static_select","selected_option":{"value":"CR-5"}}}}`:   "CR-5 is approved",
			},
			kind: flow.RequestMerged, field: "into", value: "CR-7",
		},
		actionSnooze: {
			inputs: "note#0 until#0", state: `{"until#0":{"until":{"type":"datepicker","selected_date":"2099-01-05"}},"note#0":{"note":{"value":"Until then"}}}`,
			wrong: map[string]string{`{"until#0":{"until":{"type":"datepicker","selected_date":"2001-01-05"}}}`: "Choose a later day"},
			kind:  flow.RequestSnoozed, field: "until", value: "2099-01-05",
		},
		actionTurnDown: {
			inputs: "note#0", state: `{"note#0":{"note":{"value":"We print nothing"}}}`,
			wrong: map[string]string{`{"note#0":{"note":{"value":" "}}}`: "Say why"},
			kind:  flow.RequestDeclined,
		},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			q := &fakeQuery{triage: waitingForTriage(), requests: map[string]flow.Request{
				"CR-7": {ID: "CR-7", Status: flow.InReview}, "CR-142": {ID: "CR-142", Status: flow.Intake}, "CR-5": {ID: "CR-5", Status: flow.Approved},
			}}
			press := interactive(pressed(action, r.seal.value(press{Action: action, Request: "CR-142"})))
			if acc := r.accept(press); acc.Ignored != ignoredOpens {
				t.Fatalf("the press is taken as %+v, want it to open a form only", acc)
			}
			r.respond(press, q)
			view := r.api.only("views.open").Args["view"]
			if got := strings.Join(keysOf(inputs(t, view)), " "); got != tc.inputs || q.actions[0].Do != action {
				t.Errorf("inputs %q after asking for %q, want %q", got, q.actions[0].Do, tc.inputs)
			}
			if action == actionMerge && (!strings.Contains(view, "CR-7 Spring") || strings.Contains(view, `"value":"CR-142"`)) {
				t.Errorf("the menu has not the open requests but this one: %s", view)
			}
			meta := metadataIn(t, view)
			for state, want := range tc.wrong {
				if reply := r.respond(interactive(submission(triageForm(action), meta, ravi, state)), q); !strings.Contains(string(reply.Body), want) || reply.Store {
					t.Errorf("%s: %s (stored %v), want %q", state, reply.Body, reply.Store, want)
				}
			}
			sent := interactive(submission(triageForm(action), meta, ravi, tc.state))
			if reply := r.respond(sent, q); len(reply.Body) != 0 || !reply.Store {
				t.Errorf("the form was not taken: %s", reply.Body)
			}
			ev := r.take(sent)[0]
			if ev.Kind != tc.kind || ev.Request != "CR-142" || tc.field != "" && ev.Field(tc.field) != tc.value {
				t.Errorf("event %+v", ev)
			}
			if to := ref("user", "T0SIGNOFF1/U0DANA0001"); action == actionTake && ev.To.Ref != to {
				t.Errorf("to %v, want %v", ev.To.Ref, to)
			}
		})
	}
}

func keysOf(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestTriage_WhoHasNoSayOpensNothing and is told privately.
func TestTriage_WhoHasNoSayOpensNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := &fakeQuery{refuse: "Dana Wolf says what becomes of it."}
	r.respond(interactive(strings.Replace(pressed(actionTake, r.seal.value(press{Action: actionTake, Request: "CR-142"})), "RESPONSE", r.api.replyAddress(), 1)), q)
	if n := len(r.api.of("views.open")); n != 0 {
		t.Errorf("the form opened %d times", n)
	}
}

// TestTriage_Forms: each is taken by Slack, also with more open requests than a menu holds, and for titles of any kind.
func TestTriage_Forms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := press{Action: actionMerge, Request: "CR-142"}
	for _, form := range []string{formTake, formMerge, formSnooze, formTurnDown} {
		for _, open := range []int{0, 3, 100, 150} {
			var list []flow.Request
			for i := range open {
				list = append(list, flow.Request{ID: flow.RequestID(fmt.Sprint("CR-", i)), Title: strings.Repeat("é<&*", i%40), Status: flow.InReview})
			}
			o := origin{Form: form, User: ravi, Team: testTeam, Press: &p}
			asks := r.mergeInto(t.Context(), o, flow.Actor{}, &fakeQuery{triage: connectors.Triage{Open: list}})
			lintView(t, fmt.Sprint(form, open), r.triageSheet(o, asks))
		}
	}
}

// TestTriage_Command lists what waits, with buttons for whoever has a say.
func TestTriage_Command(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for what, tc := range map[string]struct {
		triage  connectors.Triage
		want    []string
		buttons int
	}{
		"nothing":       {connectors.Triage{May: true}, []string{"Nothing waits for triage"}, 0},
		"has a say":     {waitingForTriage(), []string{"2 requests wait for triage", "No rule applies.", "Snoozed until"}, 8},
		"has none":      {connectors.Triage{Waiting: waitingForTriage().Waiting}, []string{"2 requests wait for triage", "CR-142"}, 0},
		"more than fit": {connectors.Triage{May: true, Waiting: make([]flow.Request, 30)}, []string{"and 20 more"}, 40},
	} {
		for i := range tc.triage.Waiting {
			if tc.triage.Waiting[i].ID == "" {
				tc.triage.Waiting[i] = flow.Request{ID: flow.RequestID(fmt.Sprint("CR-", i)), Status: flow.Intake, Triage: "x", Opened: time.Unix(0, 0)}
			}
		}
		s := r.queue(t.Context(), flow.Actor{Name: "dana"}, &fakeQuery{triage: tc.triage})
		lintMessage(t, what, s)
		blocks, err := json.Marshal(s.blocks)
		if err != nil {
			t.Fatal(err)
		}
		shown := s.text + string(blocks)
		for _, want := range tc.want {
			if !strings.Contains(shown, want) {
				t.Errorf("%s says nothing of %q: %s", what, want, shown)
			}
		}
		if got := strings.Count(shown, `"action_id":"triage_`); got != tc.buttons {
			t.Errorf("%s has %d buttons, want %d", what, got, tc.buttons)
		}
	}
}

func TestParse_RuleAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for action, want := range map[string]string{actionResume: "resume", actionDrop: "drop"} {
		ev := r.take(interactive(pressed(action, r.seal.value(press{Action: action, Value: "Everything else"}))))[0]
		if ev.Kind != flow.RuleAnswered || ev.Field("rule") != "Everything else" || ev.Field("answer") != want {
			t.Errorf("%s: %+v", action, ev)
		}
	}
}
