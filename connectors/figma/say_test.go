package figma_test

import (
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// written are the comments of our account, with where each stands.
func (r *rig) written() []string {
	var out []string
	r.site.with(func() {
		for _, m := range r.site.files[fileA].Comments {
			if m["user"].(map[string]any)["id"] == botID {
				at := ""
				if place, ok := m["client_meta"].(map[string]any); ok && place["node_id"] != nil {
					at = place["node_id"].(string)
				}
				out = append(out, strings.Join([]string{m["parent_id"].(string), at, m["message"].(string)}, "|"))
			}
		}
	})
	return out
}

// TestTell_Words: a decision with its numbered points, the page, and the mark at the end.
func TestTell_Words(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.site.say(fileA, "1", "", evanID, "Please", nil)
	e := tell("CR-142/3/1", commentAt(fileA, "1"), "Ana asks for changes to v3 - legal copy.")
	e.Tell.View.Points = []flow.Point{{Number: 1, Note: text.Plain("Logo larger")}, {Number: 2, Note: text.Plain("Legal line missing")}}
	links, err := c.Do(t.Context(), e)
	if err != nil || len(links) != 1 || links[0].URL != "https://www.figma.com/design/"+fileA+"/#1001" {
		t.Fatalf("Do = %+v, %v", links, err)
	}
	const want = "1||Ana asks for changes to v3 - legal copy.\n1. Logo larger\n2. Legal line missing\nhttps://signoff.lumen.example/requests/CR-142\nsignoff ref "
	if got := c.written(); len(got) != 1 || !strings.HasPrefix(got[0], want) || len(got[0]) != len(want)+12 {
		t.Errorf("written %q, want %q and a mark", got, want)
	}
}

// TestTell_Places: below the root of a thread, at the node of the request, or on the file alone.
func TestTell_Places(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, []string{"12:34"})
	c.site.say(fileA, "1", "", evanID, "Please", nil)
	c.site.say(fileA, "2", "1", evanID, "A reply", nil)
	c.site.say(fileA, "3", "9", evanID, "A reply to what is gone", nil)
	for i, tc := range []struct {
		where flow.Ref
		want  string
	}{
		{commentAt(fileA, "1"), "1||Done"}, {commentAt(fileA, "2"), "1||Done"}, {commentAt(fileA, "3"), "||Done"}, {commentAt(fileA, "404"), "||Done"},
		{file1(fileA), "|12:34|Done"},
	} {
		if _, err := c.Do(t.Context(), tell("CR-142/3/"+string(rune('1'+i)), tc.where, "Done")); err != nil {
			t.Errorf("Do at %v: %v", tc.where, err)
		}
		if got := c.written(); len(got) != i+1 || !strings.HasPrefix(got[i], tc.want) {
			t.Errorf("at %v written %q, want one more: %q", tc.where, got, tc.want)
		}
	}
}

func TestTell_Refused(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	private := tell("CR-142/3/1", commentAt(fileA, "1"), "Psst")
	private.Tell.Private = true
	card := (&outside{}).Create()
	card.Show.View.Kind = flow.CardView
	for name, e := range map[string]flow.Effect{
		"private": private, "a card": card, "a person": tell("CR-142/3/2", c.Pin(evanID), "Hi"), "no file": tell("CR-142/3/3", file1("short"), "Hi"),
		"no comment": tell("CR-142/3/4", commentAt(fileA, "../7"), "Hi"),
	} {
		_, err := c.Do(t.Context(), e)
		if connectors.ClassOf(err) != connectors.Rejected || err.(*connectors.Error).Person == "" { //nolint:errorlint // exactly this type
			t.Errorf("%s: Do = %v, want it rejected with a sentence", name, err)
		}
	}
	if calls := c.site.seen(); len(calls) != 0 {
		t.Errorf("it cost the calls %v", calls)
	}
}

// TestTell_PlanToken: a token of the organization's plan cannot write; people hear why.
func TestTell_PlanToken(t *testing.T) {
	t.Parallel()
	c := connect(t, "token_type: plan\n")
	c.site.with(func() { c.site.denied["POST v1/files"] = "Forbidden" })
	_, err := c.Do(t.Context(), tell("CR-142/3/1", file1(fileA), "Done"))
	if e, ok := err.(*connectors.Error); !ok || e.Class != connectors.Rejected || !strings.Contains(e.Person, "An administrator has to use a personal token instead.") { //nolint:errorlint // exactly this type
		t.Errorf("Do = %v, want it said", err)
	}
	for _, call := range c.site.seen() {
		if strings.HasSuffix(call, "/me") {
			t.Error("a plan's token is asked who it is")
		}
	}
}

func TestTell_Long(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	if _, err := c.Do(t.Context(), tell("CR-142/3/1", file1(fileA), strings.Repeat("é", 9000))); err != nil {
		t.Fatal(err)
	}
	got := c.written()
	if len(got) != 1 || len([]rune(got[0])) > 4200 || !strings.Contains(got[0], "…\nhttps://signoff.lumen.example/requests/CR-142\nsignoff ref ") {
		t.Errorf("written %d characters, want a shortened text with the page", len([]rune(got[0])))
	}
}
