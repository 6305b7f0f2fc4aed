package slack

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
)

// absenceSaid is the part of an event that an absence is about.
type absenceSaid struct {
	Kind  flow.Kind
	Who   string
	When  string
	Cover string
	To    string
	Where string
}

func absenceOf(ev flow.Event) absenceSaid {
	return absenceSaid{ev.Kind, ev.Actor.Ref.Key, ev.Field("when"), ev.Field("cover"), ev.To.Ref.Key, ev.Where.Type + " " + ev.Where.Key}
}

func TestCommand_AwayIsAnEvent(t *testing.T) {
	t.Parallel()
	who, at := testTeam+"/"+maya, "channel "+testTeam+"/C0LAUNCH01"
	for words, want := range map[string]absenceSaid{
		"away 10-14 Mar cover <@U0ANA00001|ana>":   {flow.AwaySet, who, "10-14 Mar", "", testTeam + "/U0ANA00001", at},
		"AWAY 10-14 Mar, covered by <@U0ANA00001>": {flow.AwaySet, who, "10-14 Mar", "", testTeam + "/U0ANA00001", at},
		"away until Friday cover @Ana Reyes":       {flow.AwaySet, who, "until Friday", "Ana Reyes", "", at},
		"away tomorrow cover: nobody":              {flow.AwaySet, who, "tomorrow", "nobody", "", at},
		"away next week":                           {flow.AwaySet, who, "next week", "", "", at},
		"away":                                     {flow.AwaySet, who, "", "", "", at},
		"away cover @dana":                         {flow.AwaySet, who, "", "dana", "", at},
		"away whenever":                            {flow.AwaySet, who, "whenever", "", "", at},
		"back":                                     {flow.AwayEnded, who, "", "", "", at},
		"back to work":                             {flow.AwayEnded, who, "", "", "", at},
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			in := slash("/signoff", words)
			events := r.take(in)
			if len(events) != 1 {
				t.Fatalf("%d events, want 1: %+v", len(events), events)
			}
			if diff := cmp.Diff(want, absenceOf(events[0])); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if reply := r.respond(in, &fakeQuery{}); reply.Status != 200 || len(reply.Body) != 0 || !reply.Store || reply.Failed == nil {
				t.Errorf("Respond = %+v, want an empty answer once it is stored", reply)
			}
		})
	}
	r := newRig(t)
	if acc := r.accept(slash("/request", "away 10-14 Mar")); acc.Ignored != ignoredOpens {
		t.Errorf("the form's own command is %+v, want the form", acc)
	}
}

func TestVerb_AbsenceInADirectMessage(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{
		"away 10-14 Mar cover <@U0ANA00001>": true, "Away until Friday": true, "away": true, "back": true, "back!": true, "away tomorrow": true,
		"away team banner": false, "back cover of the brochure": false, "a way out": false, "back to the drawing board": false,
	} {
		if got := askedIn(typed).absent(); got != want {
			t.Errorf("%q speaks of an absence: %v, want %v", typed, got, want)
		}
	}
}

func TestVerb_ADirectMessageIsTheSameEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	events := r.take(direct("away 10-14 Mar cover <@U0ANA00001>"))
	want := absenceSaid{flow.AwaySet, testTeam + "/" + maya, "10-14 Mar", "", testTeam + "/U0ANA00001", "channel " + testTeam + "/D0MAYA0001"}
	if len(events) != 1 {
		t.Fatalf("%d events, want 1", len(events))
	}
	if diff := cmp.Diff(want, absenceOf(events[0])); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestStanding_NamesForWhomSomebodyStandsIn(t *testing.T) {
	t.Parallel()
	ana := flow.Actor{Name: "ana", Shown: "Ana Reyes"}
	run := flow.StageRun{Name: "Legal", State: flow.StageOpen, Asked: []flow.Actor{ana}, Waiting: []flow.Wait{{On: []string{"ana"}}}, Covers: []flow.Cover{{By: ana, For: flow.Actor{Name: "ravi", Shown: "Ravi"}}}}
	r := newRig(t)
	got := r.standing(flow.Request{ID: "CR-1", Title: "Banner", Status: flow.InReview, Stages: []flow.StageRun{run}})
	if want := "CR-1 Banner is in review, waiting for Ana Reyes for Ravi (Legal)."; got != want {
		t.Errorf("standing %q, want %q", got, want)
	}
}

var _ connectors.Responder = (*Connector)(nil)
