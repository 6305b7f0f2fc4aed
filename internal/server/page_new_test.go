package server_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// formOf is the token that the forms of a session carry.
func formOf(t *testing.T, b *browser) url.Values {
	t.Helper()
	_, page := b.get("/new")
	return url.Values{"form": {token(t, page)}}
}

// with adds fields to a form.
func with(form url.Values, more url.Values) url.Values {
	for name, values := range more {
		form[name] = values
	}
	return form
}

func TestNewPage_ShowsTheFieldsOfAType(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, "chloe")
	code, page := b.get("/new")
	if code != 200 {
		t.Fatalf("status %d", code)
	}
	has(t, "form", page, "<h1>New request</h1>", `<option value="banner">Banner</option>`, "Show its fields", "Fill in from my words")
	code, page = b.post("/new", with(formOf(t, b), url.Values{"do": {"type"}, "type": {"banner"}, "text": {"A <b> banner"}}))
	if code != 200 {
		t.Fatalf("choose a type: status %d", code)
	}
	has(t, "form of a banner", page, `<option value="banner" selected>`, `name="field.brand"`, `<option value="Nova">Nova</option>`, `name="field.sizes"`, `name="field.budget"`, "A &lt;b&gt; banner")
}

func TestNewPage_ReadsTheWords(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "chloe")
	code, page := b.post("/new", with(formOf(t, b), url.Values{"do": {"read"}, "text": {"Banner for Nova, 300x250"}, "title": {"Mine"}}))
	if code != 200 {
		t.Fatalf("status %d", code)
	}
	has(t, "form that was read", page, "Please check what was read", `<option value="Nova" selected>`, `value="Mine"`, `read from <q>Nova</q>`)
	if len(s.hub.intakes) != 0 {
		t.Errorf("reading the words made %d requests", len(s.hub.intakes))
	}
}

func TestNewPage_Sends(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "chloe")
	_, page := b.post("/new", with(formOf(t, b), url.Values{"do": {"type"}, "type": {"banner"}}))
	form := with(formOf(t, b), url.Values{
		"do": {"submit"}, "once": {onceRE.FindStringSubmatch(page)[1]}, "type": {"banner"}, "title": {" Spring banner "}, "text": {"for the shop\r\nwindow"},
		"field.sizes": {"300x250, 728x90"},
	})
	code, page := b.post("/new", form)
	if code != 422 || len(s.hub.intakes) != 0 {
		t.Fatalf("without a field that is needed: status %d, %d requests", code, len(s.hub.intakes))
	}
	has(t, "form with a fault", page, "One field needs another look", "Brand is needed.", `aria-invalid="true"`, "Spring banner", "300x250, 728x90")
	form.Set("field.brand", "Nova")
	for try := range 2 {
		if code, _ = b.post("/new", form); code != 303 {
			t.Fatalf("try %d: status %d, want 303", try, code)
		}
	}
	if len(s.hub.intakes) != 2 || s.hub.intakes[0].Delivery == "" || s.hub.intakes[0].Delivery != s.hub.intakes[1].Delivery {
		t.Fatalf("a form sent twice is not one delivery: %+v", s.hub.intakes)
	}
	got := s.hub.intakes[0]
	got.Delivery = ""
	want := engine.Intake{
		Source: "web", Type: "banner", Title: "Spring banner", Text: "for the shop\nwindow", Requester: flow.Actor{Name: "chloe", Shown: "Chloé Roy", Email: "chloe@lumen.example"},
		Fields: map[string][]string{"brand": {"Nova"}, "sizes": {"300x250", "728x90"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
}

func TestNewPage_StoreIsDown(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "chloe")
	s.hub.err = errors.New("disk full")
	code, page := b.post("/new", with(formOf(t, b), url.Values{"do": {"submit"}, "title": {"Spring banner"}}))
	if code != 500 && code != 503 {
		t.Errorf("status %d, want our own fault", code)
	}
	if len(page) == 0 {
		t.Error("no page says so")
	}
}

// TestNewPage_DaysWithATime: a browser says a day with a time without a zone; it is that of whoever looks.
func TestNewPage_DaysWithATime(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "chloe")
	_, page := b.post("/new", with(formOf(t, b), url.Values{"do": {"read"}, "type": {"banner"}, "text": {"Nova, by 2027-07-20 15:00"}}))
	has(t, "form", page, `type="datetime-local" value="2027-07-20T15:00"`)
	code, _ := b.post("/new", with(formOf(t, b), url.Values{
		"do": {"submit"}, "type": {"banner"}, "title": {"Spring"}, "field.brand": {"Nova"}, "field.due": {"2027-07-20T15:00"},
	}))
	if code != 303 || len(s.hub.intakes) != 1 {
		t.Fatalf("status %d, %d requests", code, len(s.hub.intakes))
	}
	if got, want := s.hub.intakes[0].Fields["due"], []string{"2027-07-20T14:00:00Z"}; !cmp.Equal(got, want) {
		t.Errorf("due %v, want %v: three in the afternoon of a London summer", got, want)
	}
}
