package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
)

func claims() []string {
	return []string{"Claims are sourced", strings.Repeat("A line that is far longer than a box can be. ", 4), "Licences attached"}
}

// boxes are the marks of a modal's checkboxes by block.
func boxes(t *testing.T, raw string) map[string][]string {
	t.Helper()
	var view struct {
		Blocks []struct {
			ID      string `json:"block_id"`
			Element struct {
				Type    string `json:"type"`
				Options []struct {
					Value string `json:"value"`
				} `json:"options"`
			} `json:"element"`
		} `json:"blocks"`
	}
	if err := json.Unmarshal([]byte(raw), &view); err != nil {
		t.Fatalf("view %s: %v", raw, err)
	}
	all := map[string][]string{}
	for _, b := range view.Blocks {
		for _, o := range b.Element.Options {
			if b.Element.Type == "checkboxes" {
				all[b.ID] = append(all[b.ID], o.Value)
			}
		}
	}
	return all
}

func marks(lines ...string) (out []string) {
	for _, l := range lines {
		out = append(out, flow.LineMark(l))
	}
	return out
}

func withValue(action, value string) press {
	p := samplePress()
	p.Action, p.Value = action, value
	return p
}

// TestRespond_ApproveWithAChecklistOpensIt: nothing is decided by the press, and every line is there to tick.
func TestRespond_ApproveWithAChecklistOpensIt(t *testing.T) {
	t.Parallel()
	for value, confirmed := range map[string]string{"checklist": "", "confirmed checklist": "yes"} {
		r := newRig(t)
		in := interactive(pressed("approve", r.seal.value(withValue("approve", value))))
		if acc := r.accept(in); acc.Ignored != ignoredOpens || acc.Enrich {
			t.Fatalf("the press is taken as %+v, want it to open a form only", acc)
		}
		q := &fakeQuery{checklist: claims()}
		r.respond(in, q)
		view := r.api.only("views.open").Args["view"]
		if d := cmp.Diff(map[string][]string{"check.0#0": marks(claims()...)}, boxes(t, view)); d != "" {
			t.Errorf("boxes (-want +got):\n%s", d)
		}
		if !strings.Contains(view, "2. A line that is far longer") || q.actions[0].Do != "approve" {
			t.Errorf("the long line is not there in full, or it was asked about %+v: %s", q.actions, view)
		}
		meta := metadataIn(t, view)
		send := func(ticked ...string) string {
			var options []string
			for _, m := range marks(ticked...) {
				options = append(options, fmt.Sprintf(`{"text":{"type":"plain_text","text":"x"},"value":%q}`, m))
			}
			return submission(formApprove, meta, ravi, fmt.Sprintf(`{"check.0#0":{"check.0":{"type":"checkboxes","selected_options":[%s]}},"note#0":{"note":{"type":"plain_text_input","value":"Seen"}}}`, strings.Join(options, ",")))
		}
		reply := r.respond(interactive(send(claims()[0])), q)
		if !strings.Contains(string(reply.Body), `"check.0#0":"To approve, tick`) || reply.Store {
			t.Errorf("with one line ticked: %s (stored %v)", reply.Body, reply.Store)
		}
		all := interactive(send(claims()...))
		if reply := r.respond(all, q); len(reply.Body) != 0 || !reply.Store {
			t.Errorf("with every line ticked: %s", reply.Body)
		}
		events := r.take(all)
		want := marks(claims()...)
		slices.Sort(want)
		if len(events) != 1 || events[0].Kind != flow.VoteCast || events[0].Field("verdict") != "approve" || events[0].Body.String() != "Seen" ||
			events[0].Field("confirmed") != confirmed || cmp.Diff(want, events[0].Fields["checked"]) != "" {
			t.Errorf("%q: events %+v, want an approval with %v ticked and confirmed %q", value, events, want, confirmed)
		}
	}
}

func TestRespond_ApproveWithAChecklistThatWouldNotCount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := &fakeQuery{checklist: claims(), refuse: "Legal is Eli's."}
	r.respond(interactive(pressed("approve", r.seal.value(withValue("approve", "checklist")))), q)
	if n := len(r.api.of("views.open")); n != 0 {
		t.Errorf("the form opened %d times for somebody who may not approve", n)
	}
}

// TestRespond_CompleteTheBriefAsksForExactlyWhatIsMissing: story 4.
func TestRespond_CompleteTheBriefAsksForExactlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := studioQuery()
	q.requests = map[string]flow.Request{"CR-142": {ID: "CR-142", Template: "banner"}}
	q.missing = []flow.Field{
		{Name: "audience", Label: "Audience", Type: "choice", Choices: []string{"Families", "Trade"}}, {Name: "legal_claim", Label: "Legal claim", Type: "long_text"},
		{Name: "later", Label: "Was not named", Type: "text"},
	}
	press := interactive(pressed("add_detail", r.seal.value(withValue("add_detail", "audience,legal_claim"))))
	if acc := r.accept(press); acc.Ignored != ignoredOpens {
		t.Fatalf("the press is taken as %+v, want it to open a form only", acc)
	}
	r.respond(press, q)
	view := r.api.only("views.open").Args["view"]
	if d := cmp.Diff(map[string]string{"f.choice.audience#0": "", "f.long_text.legal_claim#0": ""}, inputs(t, view)); d != "" || strings.Contains(view, `"optional":true`) {
		t.Errorf("inputs (-want +got), all of them needed:\n%s\n%s", d, view)
	}
	sent := interactive(submission(formDetail, metadataIn(t, view), ravi, `{"f.choice.audience#0":{"f.choice.audience":{"type":"static_select","selected_option":{"value":"Families"}}},"f.long_text.legal_claim#0":{"f.long_text.legal_claim":{"type":"plain_text_input","value":"Tested"}}}`))
	if reply := r.respond(sent, q); len(reply.Body) != 0 || !reply.Store {
		t.Errorf("the form was not taken: %s", reply.Body)
	}
	events := r.take(sent)
	if len(events) != 1 || events[0].Kind != flow.RequestEdited || cmp.Diff(map[string][]string{"audience": {"Families"}, "legal_claim": {"Tested"}}, events[0].Fields) != "" {
		t.Errorf("events %+v", events)
	}

	q.missing = nil
	r.respond(interactive(strings.Replace(pressed("add_detail", r.seal.value(withValue("add_detail", "audience"))), "RESPONSE", r.api.replyAddress(), 1)), q)
	if n := len(r.api.of("views.open")); n != 1 {
		t.Errorf("a form opened although nothing is missing any more: %d", n)
	}
}
