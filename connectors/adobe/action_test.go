package adobe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// shown is what somebody sees who pressed a custom action.
type shown struct {
	Title, Description string
	Fields             []struct {
		Type, Label, Name, Value string
		Options                  []struct{ Name, Value string }
	}
}

// press sends a press or a form and reads what is shown for it, and the events where it is stored.
func (r *rig) press(t *testing.T, q connectors.Query, body string) (shown, connectors.Accepted, []flow.Event) {
	t.Helper()
	in := sign("action/made", signing, r.clock.Now(), []byte(body))
	acc, err := r.Accept(in)
	if err != nil || !acc.Waits {
		t.Fatalf("Accept = %+v, %v, want somebody to wait", acc, err)
	}
	reply := r.Respond(t.Context(), in, acc, q)
	var s shown
	if err := json.Unmarshal(reply.Body, &s); err != nil || reply.Status != http.StatusOK {
		t.Fatalf("Respond = %d %s, %v", reply.Status, reply.Body, err)
	}
	if !reply.Store {
		return s, acc, nil
	}
	_, events := r.take(t, in)
	return s, acc, events
}

const action = "frameio:\n  api_url: %[1]s\n  ims_url: %[1]s\n  account: 9a44f696-ae69-4e0c-9731-806d27ea46f1\n  client_id: " + clientID + "\n  client_secret: " + clientKey + "\n  signing_secrets: {made: " + signing + "}\n"

func pressed(interaction string) string {
	return fmt.Sprintf(`{"account_id":%q,"action_id":"ecd40785","interaction_id":%q,"project":{"id":%q},"resource":{"id":%q,"type":"file"},"type":"signoff.request","user":{"id":%q},"workspace":{"id":%q}}`,
		account, interaction, project, fileA, evanID, workspace)
}

func TestAction_FormBecomesOneRequest(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	q := inquiry{types: []flow.RequestType{
		{Name: "banner", Label: "Banner"},
		{Name: "video", Label: "Video", Fields: []flow.Field{
			{Name: "brand", Label: "Brand", Type: "choice", Choices: []string{"Lumen", "Lux"}, Required: true}, {Name: "claims", Label: "Claims", Type: "long_text"}, {Name: "due", Label: "Due", Type: "date"},
		}},
	}}
	r.Ask(q)
	form, acc, events := r.press(t, q, pressed("i-1"))
	if form.Fields[0].Value != "Hero.mp4" {
		t.Errorf("the form has the title %q, want the name of the file, which nobody had asked for yet", form.Fields[0].Value)
	}
	if form.Title != "Request sign-off" || len(form.Fields) != 3 || form.Fields[1].Type != "select" || len(form.Fields[1].Options) != 3 || acc.Ignored == "" || events != nil {
		t.Fatalf("pressed: %+v, %+v, %v, want the form with title, type and notes, and nothing decided", form, acc, events)
	}
	q.wrong = map[string]string{"brand": "Please say which brand."}
	again, _, events := r.press(t, q, `{"type":"signoff.request","interaction_id":"i-1","action_id":"ecd40785","data":{"title":"Hero film","type":"video","notes":"Legal first","urgent":true}}`)
	if !strings.Contains(again.Description, "which brand") || len(again.Fields) != 6 || again.Fields[0].Value != "Hero film" || again.Fields[3].Name != "field_brand" || len(again.Fields[3].Options) != 2 || events != nil {
		t.Fatalf("incomplete: %+v, %v, want the form again with what is missing and what was written", again, events)
	}
	const sent = `{"type":"signoff.request","interaction_id":"i-1","action_id":"ecd40785","data":{"title":"Hero film","type":"video","notes":"Legal first","field_brand":"Lumen","field_due":"2026-12-03","field_claims":""}}`
	said, acc, events := r.press(t, q, sent)
	if said.Title != "Sent" || len(said.Fields) != 0 {
		t.Fatalf("sent: %+v, want a message", said)
	}
	same(t, "request", events, "request.submitted file:d3075547…ddd2 “Legal first” title=Hero film type=video")
	ev := events[0]
	if ev.Actor.Ref != ref("user", evanID) || ev.Actor.Shown != "Evan Wallace" || ev.Field("brand") != "Lumen" || ev.Field("due") != "2026-12-03" || ev.Fields["claims"] != nil || len(ev.Assets) != 1 ||
		ev.Assets[0].Ref != file(fileA) || ev.Assets[0].Label != "Hero.mp4" || len(ev.Assets[0].Versions) != 1 {
		t.Errorf("request = %+v, want who pressed, the fields, and the file with its version", ev)
	}
	if _, second, _ := r.press(t, q, sent); second.ID != acc.ID {
		t.Errorf("tried again it is %q, first %q: want one delivery for the interaction", second.ID, acc.ID)
	}
}

// TestAction_TheFormHasATitle also where Frame.io does not tell the name of the file.
func TestAction_TheFormHasATitle(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	form, _, _ := r.press(t, inquiry{}, strings.ReplaceAll(pressed("i-9"), fileA, "00000000-0000-4000-8000-000000000000"))
	if got := form.Fields[0].Value; got != "Sign-off of a file in Frame.io" {
		t.Errorf("the form has the title %q, want one that says what it is about", got)
	}
}

func TestAction_SecondPressShowsTheRequest(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	q := inquiry{requests: []flow.Request{{ID: "CR-142", Title: "Hero film", Status: flow.InReview, Assets: []flow.Asset{{Ref: file(fileA)}}, Links: []flow.Link{{Purpose: "ticket", Label: "DES-7"}}}}}
	r.Ask(q)
	s, _, events := r.press(t, q, pressed("i-2"))
	if !strings.Contains(s.Title, "CR-142") || !strings.Contains(s.Description, "DES-7") || len(s.Fields) != 1 || s.Fields[0].Type != "link" || s.Fields[0].Value != "https://signoff.lumen.example/requests/CR-142" || events != nil {
		t.Errorf("second press: %+v, %v, want the open request", s, events)
	}
}

// TestAction_AnotherVersion: pressed on a newer version of what is being signed off, it is the same request.
func TestAction_AnotherVersion(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	q := inquiry{requests: []flow.Request{{ID: "CR-142", Title: "Hero film", Status: flow.InReview, Assets: []flow.Asset{{Ref: file(fileA)}}}}}
	r.Ask(q)
	r.site.save(fileB, folderA, "Hero final.mp4", begin())
	r.site.stack(stackA, fileA, fileB)
	r.ring(t, "file.versioned", fileB)
	s, _, _ := r.press(t, q, strings.Replace(pressed("i-4"), fileA, fileB, 1))
	if !strings.Contains(s.Title, "CR-142") {
		t.Errorf("pressed on the second version: %+v, want the open request", s)
	}
}

// TestAction_Published feeds the examples that Frame.io gives for custom actions.
func TestAction_Published(t *testing.T) {
	t.Parallel()
	r := connect(t, action)
	r.Ask(inquiry{})
	s, _, _ := r.press(t, inquiry{}, string(fixture(t, "custom-action-01.json")))
	if len(s.Fields) < 2 {
		t.Errorf("the published press shows %+v, want a form", s)
	}
	_, _, events := r.press(t, inquiry{}, string(fixture(t, "custom-action-04.json")))
	// The press for this interaction is not known, so there is no file.
	same(t, "published form", events, "request.submitted action:the-same…fore title=MyVideo.mp4")
}

func TestAction_ValuesOfAnyShape(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	q := inquiry{}
	r.Ask(q)
	r.press(t, q, pressed("i-3"))
	_, _, events := r.press(t, q, `{"type":"x","interaction_id":"i-3","data":{"title":"A","field_a":true,"field_b":"false","field_c":["x","y"],"field_d":7.5,"field_e":null,"field_f":{"id":"f1"}},"resource":[{"id":"`+fileA+`"},{"id":"`+fileB+`"}]}`)
	if len(events) != 1 {
		t.Fatalf("events %v, want one request", short(events))
	}
	ev := events[0]
	for name, want := range map[string]string{"a": "true", "b": "false", "c": "x y", "d": "7.5", "e": "", "f": "f1"} {
		if got := strings.Join(ev.Fields[name], " "); got != want {
			t.Errorf("field %s is %q, want %q", name, got, want)
		}
	}
	if len(ev.Assets) != 2 || ev.Assets[1].Ref != file(fileB) {
		t.Errorf("assets %+v, want both files", ev.Assets)
	}
}
