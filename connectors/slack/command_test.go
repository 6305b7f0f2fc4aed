package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
)

func TestRespond_Commands(t *testing.T) {
	t.Parallel()
	requests := map[string]flow.Request{"CR-142": {
		ID: "CR-142", Title: "Spring <banner>", Status: flow.InReview, Stages: []flow.StageRun{{
			Name: "Legal", State: flow.StageOpen, Asked: []flow.Actor{{Name: "ana", Shown: "Ana Reyes"}, {Name: "eli"}}, Waiting: []flow.Wait{{On: []string{"ana"}}},
		}},
		Links: []flow.Link{{Purpose: "ticket", Label: "DES-7", URL: "https://lumen.atlassian.net/browse/DES-7"}},
	}}
	made := map[string]flow.Request{
		"CR-7": {ID: "CR-7", Title: "Poster", Status: flow.InProgress, Assignee: flow.Actor{Name: "chloe", Shown: "Chloé Roy"}, Due: time.Unix(1796403600, 0)},
		"CR-8": {ID: "CR-8", Title: "Flyer", Status: flow.Draft},
	}
	for name, tc := range map[string]struct {
		words string
		q     *fakeQuery
		want  []string
	}{
		"nothing":           {"", &fakeQuery{}, []string{"/request Spring banner", "/signoff why CR-142"}},
		"help":              {"HELP", &fakeQuery{}, []string{"/signoff status"}},
		"typo":              {"statsu CR-1", &fakeQuery{}, []string{"Did you mean status?"}},
		"unknown":           {"<!channel>", &fakeQuery{}, []string{"I do not know “&lt;!channel&gt;”"}},
		"status":            {"status CR-142", &fakeQuery{requests: requests}, []string{"CR-142 Spring &lt;banner&gt; is in review, waiting for Ana Reyes (Legal).", "<https://lumen.atlassian.net/browse/DES-7|DES-7>", "<https://hub.lumen.example/requests/CR-142|page>"}},
		"status of work":    {"status CR-7", &fakeQuery{requests: made}, []string{"CR-7 Poster is in progress with Chloé Roy.", "Due <!date^1796403600^"}},
		"status of a draft": {"status CR-8", &fakeQuery{requests: made}, []string{"CR-8 Flyer is a draft."}},
		"a verdict":         {"approve CR-142", &fakeQuery{}, []string{"You decide with the buttons"}},
		"status of none":    {"status CR-9", &fakeQuery{requests: requests}, []string{"There is no request CR-9"}},
		"status in trouble": {"status CR-9", &fakeQuery{err: errors.New("x")}, []string{"please try again"}},
		"mine":              {"status", &fakeQuery{waiting: []flow.Request{requests["CR-142"]}}, []string{"Waiting for you", "CR-142"}},
		"none of mine":      {"status", &fakeQuery{}, []string{"Nothing waits for you"}},
		"why":               {"why CR-142", &fakeQuery{requests: requests, why: text.Plain("The rule Banners <x> applied.")}, []string{"The rule Banners &lt;x&gt; applied."}},
		"why of nothing":    {"why", &fakeQuery{}, []string{"Which request?"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			reply := r.respond(slash("/signoff", tc.words), tc.q)
			var said struct {
				Type   string `json:"response_type"`
				Text   string `json:"text"`
				Blocks []any  `json:"blocks"`
			}
			if err := json.Unmarshal(reply.Body, &said); err != nil || said.Type != "ephemeral" || said.Text == "" || reply.Failed == nil {
				t.Fatalf("Respond = %+v (%s), want an ephemeral answer", reply, reply.Body)
			}
			l := &lint{ids: map[string]bool{}}
			for i, b := range said.Blocks {
				l.block(fmt.Sprint("blocks/", i), b)
			}
			read := said.Text + strings.Join(l.mrkdwn, "\n")
			for _, want := range tc.want {
				if !strings.Contains(read, want) {
					t.Errorf("/signoff %s says %q, want %q in it", tc.words, read, want)
				}
			}
			if len(l.problems) > 0 || len(r.api.calls) > 0 {
				t.Errorf("problems %v, calls %v", l.problems, r.api.calls)
			}
		})
	}
}

func TestRespond_CommandOpensTheFormWithItsWords(t *testing.T) {
	t.Parallel()
	for command, words := range map[string]string{"/request": "Nova banner by Friday", "/signoff": "new Nova banner by Friday"} {
		r := newRig(t)
		reply := r.respond(slash(command, words), studioQuery())
		got := inputs(t, r.api.only("views.open").Args["view"])
		if len(reply.Body) != 0 || got["title#0"] != "Nova banner by Friday" || got["f.choice.brand#0"] != "Nova" || got["f.date.due#0"] != "2026-11-20" || got["channel#0"] != "C0LAUNCH01" {
			t.Errorf("%s %s: body %q, inputs %v", command, words, reply.Body, got)
		}
		if reply.Failed == nil || !strings.Contains(string(reply.Failed.Body), "not saved") {
			t.Errorf("%s: Failed = %+v, want an answer in the body", command, reply.Failed)
		}
	}
}
