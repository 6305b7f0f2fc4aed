package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/rules"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	types := example(t, "studio").Types()
	var labels []string
	for _, ty := range types {
		labels = append(labels, ty.Name+" "+ty.Label)
	}
	if got, want := strings.Join(labels, ", "), "campaign-banner Banner, video Video, copy Copy, landing-page Landing page"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	var page []string
	for _, f := range types[3].Fields {
		page = append(page, f.Name+" "+f.Type+" "+f.Label)
	}
	if got, want := strings.Join(page, ", "), "due date Due, region choice Region, audience text Audience, page_address url Page address, legal_claim long_text Legal claim"; got != want {
		t.Errorf("landing-page is based on copy: got %s\nwant %s", got, want)
	}
}

func TestPrefill(t *testing.T) {
	t.Parallel()
	set := example(t, "studio")
	for _, c := range []struct {
		name  string
		draft flow.Form
		want  flow.Prefill
	}{
		{
			"a rule says the type", flow.Form{Text: "Need a Nova banner 300x250 by Friday EOD", Channel: "#launch", Who: maya()},
			flow.Prefill{
				Type: "campaign-banner", Title: "Nova: banner 300x250",
				Fields: map[string][]string{"brand": {"Nova"}, "due": {"2026-11-20T16:30:00Z"}, "sizes": {"300x250"}},
				From:   map[string]string{"brand": "Nova", "due": "Friday EOD", "sizes": "300x250"},
			},
		},
		{
			"the words name the type", flow.Form{Text: "We want new copy for AMER", Channel: "#random", Who: maya()},
			flow.Prefill{
				Type: "copy", Title: "Copy: copy for AMER", Fields: map[string][]string{"region": {"AMER"}},
				From: map[string]string{"type": "copy", "region": "AMER"},
			},
		},
		{
			"the type was chosen", flow.Form{Type: "video", Title: "Spring", Text: "Nova banner in 16:9", Channel: "#launch", Who: maya()},
			flow.Prefill{
				Type: "video", Title: "Spring", Fields: map[string][]string{"brand": {"Nova"}, "aspect_ratios": {"16:9"}},
				From: map[string]string{"brand": "Nova", "aspect_ratios": "16:9"},
			},
		},
		{"nothing was said", flow.Form{Who: maya()}, flow.Prefill{Fields: map[string][]string{}, From: map[string]string{}}},
	} {
		got := set.Prefill(c.draft, wednesday())
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestPrefill_thenSubmit: what a form was prefilled with passes validation and routes to the same values.
func TestPrefill_thenSubmit(t *testing.T) {
	t.Parallel()
	set := example(t, "studio")
	words := "Need a Nova banner 300x250 for EMEA by Friday EOD"
	p := set.Prefill(flow.Form{Text: words, Channel: "#launch", Who: maya()}, wednesday())
	d := flow.Form{Type: p.Type, Title: p.Title, Text: words, Channel: "#launch", Who: maya(), Fields: p.Fields}
	if problems := set.Validate(d, wednesday()); len(problems) > 0 {
		t.Errorf("the prefilled form is refused: %v", problems)
	}
	again := set.Prefill(d, wednesday())
	if diff := cmp.Diff(p.Fields, again.Fields); diff != "" || again.Title != p.Title {
		t.Errorf("title %q then %q, fields (-first +then):\n%s", p.Title, again.Title, diff)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	studio, all := example(t, "studio"), everything(t, nil)
	good := map[string][]string{"brand": {"nova"}, "due": {"2026-11-20"}}
	with := func(name string, values ...string) map[string][]string {
		m := map[string][]string{}
		for k, v := range good {
			m[k] = v
		}
		m[name] = values
		return m
	}
	for _, c := range []struct {
		set   *rules.Set
		draft flow.Form
		want  map[string]string
	}{
		{studio, flow.Form{Type: "campaign-banner", Title: "Spring", Fields: good}, nil},
		{studio, flow.Form{Title: "Spring"}, nil},
		{studio, flow.Form{Text: "words alone"}, nil},
		{studio, flow.Form{}, map[string]string{"title": "Say in a few words what you need."}},
		{studio, flow.Form{Title: "\u202e\u200b"}, map[string]string{"title": "Say in a few words what you need."}},
		{studio, flow.Form{Title: "\u202e\u200b", Text: "words"}, map[string]string{"title": "Say in a few words what you need."}},
		{studio, flow.Form{Title: strings.Repeat("x", 256)}, map[string]string{"title": "This title is too long: 255 characters are the most."}},
		{studio, flow.Form{Type: "poster", Title: "x"}, map[string]string{"type": "This type of request does not exist any more. Choose another one."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x"}, map[string]string{"brand": "Brand is needed.", "due": "Due is needed."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("brand", "  ")}, map[string]string{"brand": "Brand is needed."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("brand", "Acme")}, map[string]string{"brand": "Choose one of Lumen or Nova."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("brand", "Nova", "Lumen")}, map[string]string{"brand": "Give one value only."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("due", "soonish")}, map[string]string{"due": "This is not a date. Write it like 2026-11-20, 20/11/2026 or Friday."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("due", "2026-11-17")}, map[string]string{"due": "This day has passed. Choose a later one."}},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("due", "2026-11-18")}, nil},
		{studio, flow.Form{Type: "campaign-banner", Title: "x", Fields: with("due", "24/11")}, nil},
		{all, flow.Form{Type: "everything", Title: "x", Fields: map[string][]string{
			"budget": {"much"}, "copies": {"many"}, "asset": {"figma.com"}, "owner": {"Maya"}, "regions": {"EMEA", "Mars"},
			"audience": {strings.Repeat("x", 1001)}, "sizes": {strings.Repeat("1x1;", 3) + strings.Repeat("x", 2000)},
		}}, map[string]string{
			"budget": "This is not an amount. Write it like 5000 EUR or €5k.", "copies": "This is not a number.",
			"asset": "This is not an address. It starts with https://.", "owner": "Maya is not in the list of people.",
			"regions": "Choose one of EMEA, AMER or APAC.", "audience": "This is too long: 1001 characters, 1000 are the most.",
			"sizes": "This is too long: 2000 characters, 1000 are the most.",
		}},
		{all, flow.Form{Type: "everything", Title: "x", Fields: map[string][]string{
			"budget": {"5.000,50 €"}, "copies": {"-2,500"}, "asset": {"https://figma.com/x"}, "owner": {"ANA@lumen.example"}, "regions": {"emea", "APAC"},
		}}, nil},
	} {
		got := c.set.Validate(c.draft, wednesday())
		if len(got) == 0 && len(c.want) == 0 {
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v\n(-want +got):\n%s", c.draft, diff)
		}
	}
}
