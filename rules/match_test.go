package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"signoff/internal/flow"
	"signoff/rules"
)

// one compiles a rule with a match between a few people and a catch-all.
func matching(t *testing.T, match string) *rules.Set {
	t.Helper()
	const frame = `version: 1
people:
  ana: {name: Ana Reyes, email: ana@lumen.example}
  ben: {name: Ben Osei, email: ben@lumen.example}
groups:
  brand: [ana]
templates:
  banner: {}
rules:
  - name: Hit
    match: %s
    do: {}
  - {name: Miss, do: {}}
`
	set, problems := rules.Compile([]rules.Source{{Name: "m.yaml", Data: fmt.Appendf(nil, frame, match)}}, bare())
	if len(problems) > 0 {
		t.Fatalf("%s: %v", match, problems)
	}
	return set
}

func TestMatch(t *testing.T) {
	t.Parallel()
	ana, bot := flow.Actor{Name: "ana"}, flow.Actor{Bot: true, Shown: "Deploybot"}
	for _, c := range []struct {
		match string
		from  flow.Actor
		words string
		hit   bool
		why   string
	}{
		{`{source: slack}`, maya(), "hi", true, "source is slack"},
		{`{source: [email, SLACK]}`, maya(), "hi", true, "source is slack"},
		{`{source: email}`, maya(), "hi", false, "source is not email"},
		{`{channel: launch}`, maya(), "hi", true, "channel is #launch"},
		{`{channel: ["#Launch", "#ads"]}`, maya(), "hi", true, "channel is in the list"},
		{`{channel: {not: "#launch"}}`, maya(), "hi", false, "channel is #launch"},
		{`{channel: {starts_with: "#la"}}`, maya(), "hi", true, `channel starts with "#la"`},
		{`{text: {contains: banner}}`, maya(), "a Banner!", true, `text has "Banner"`},
		{`{text: {contains: banner}}`, maya(), "two banners", false, `text does not have "banner"`},
		{`{text: {contains: [banner, ad]}}`, maya(), "add a radio", false, "text has none of: banner, ad"},
		{`{text: {contains: "landing page"}}`, maya(), "the Landing Page.", true, `text has "Landing Page"`},
		{`{text: {contains: "@signoff"}}`, maya(), "hey @signoff now", true, `text has "@signoff"`},
		{`{text: {contains: "e-mail"}}`, maya(), "an E-Mail please", true, `text has "E-Mail"`},
		{`{text: {contains: "kelvin's"}}`, maya(), "\u212Aelvin's", false, ""}, // another length in bytes
		{`{text: {contains: "%"}}`, maya(), "20% off", true, `text has "%"`},
		{`{text: {contains: "grün"}}`, maya(), "GRÜN bitte", true, `text has "GRÜN"`},
		{`{text: {matches: "^(thanks|ta)\\b"}}`, maya(), "Thanks!", true, `text matches ^(thanks|ta)\b`},
		{`{text: {matches: "^ta\\b"}}`, maya(), "table", false, `text does not match ^ta\b`},
		{`{text: {starts_with: [need, want]}}`, maya(), "  Need this", true, `text starts with "need"`},
		{`{text: {all: [{contains: nova}, {not: {contains: print}}]}}`, maya(), "Nova web", true, ""},
		{`{text: {all: [{contains: nova}, {not: {contains: print}}]}}`, maya(), "Nova print", false, ""},
		{`{text: {any: [{contains: nova}, {starts_with: spring}]}}`, maya(), "Spring web", true, ""},
		{`{text: {contains: nova, starts_with: need}}`, maya(), "need nova", true, ""},
		{`{text: {contains: nova, starts_with: need}}`, maya(), "want nova", false, "text does not start with need"},
		{`{author: bot}`, bot, "hi", true, "author is a bot"},
		{`{author: bot}`, maya(), "hi", false, "author is not a bot"},
		{`{author: person}`, bot, "hi", false, "author is not a person"},
		{`{author: stranger}`, maya(), "hi", true, "author is a stranger"},
		{`{author: stranger}`, ana, "hi", false, "author is not a stranger"},
		{`{author: ana}`, ana, "hi", true, "author is ana"},
		{`{author: [ben, group:brand]}`, ana, "hi", true, "author is in group brand"},
		{`{author: {not: group:brand}}`, ana, "hi", false, ""},
		{`{requester: ana}`, flow.Actor{Email: "ANA@lumen.example"}, "hi", true, "requester is ana"},
		{`{type: banner}`, maya(), "hi", false, "type is not banner"},
		{`{any: [{author: bot}, {text: {contains: hi}}]}`, maya(), "hi", true, `text has "hi"`},
		{`{any: [{author: bot}, {text: {contains: ho}}]}`, maya(), "hi", false, `author is not a bot, text does not have "ho"`},
		{`{all: [{author: person}, {text: {contains: hi}}]}`, maya(), "hi", true, ""},
		{`{not: {text: {contains: hi}}}`, maya(), "hi", false, `text has "hi"`},
		{`{source: slack, text: {contains: ho}}`, maya(), "hi", false, `text does not have "ho"`},
	} {
		e := matching(t, c.match).Explain(message(c.from, "#launch", c.words), flow.Answers{})
		got := e.Rules[0]
		if got.Held != c.hit || c.why != "" && got.Why != c.why {
			t.Errorf("match %s on %q\n got %v, %q\nwant %v, %q", c.match, c.words, got.Held, got.Why, c.hit, c.why)
		}
		if got.Place != "m.yaml:10" {
			t.Errorf("match %s: got place %q, want m.yaml:10", c.match, got.Place)
		}
	}
}

func TestRoute_firstMatchWinsAndContinueAdds(t *testing.T) {
	t.Parallel()
	const file = `version: 1
people: {ana: {name: Ana Reyes}, ben: {name: Ben Osei}}
templates: {banner: {labels: [banner]}, other: {}}
workflows:
  one: {stages: [{name: Review, reviewers: ana}]}
  two: {stages: [{name: Review, reviewers: ben}]}
reminders: {a: [{at: 50% of time limit, to: reviewers}], b: [{at: 60% of time limit, to: reviewers}]}
rules:
  - {name: High, match: {text: {contains: urgent}}, do: {priority: high, labels: [urgent], reminders: a, workflow: two}, continue: true}
  - {name: Noise, match: {text: {contains: thanks}}, do: ignore}
  - {name: Banner, match: {text: {contains: banner}}, do: {template: banner, workflow: one, priority: low, labels: [x], reminders: [b, a], assign: {to: ana}}}
  - {name: Never, match: {text: {contains: banner}, source: slack}, do: {workflow: two}}
  - {name: Rest, do: {assign: {to: ben}}}
`
	set, _ := rules.Compile([]rules.Source{{Name: "r.yaml", Data: []byte(file)}}, bare())
	if set == nil {
		t.Fatal("did not compile")
	}
	r := set.Route(message(maya(), "#launch", "urgent banner"), flow.Answers{})
	if r.Rule != "Banner" || r.Priority != "high" || r.Workflow != "two" || r.Assignee != "ana" || r.Template != "banner" ||
		!slices.Equal(r.Labels, []string{"banner", "urgent", "x"}) || !slices.Equal(r.Reminders, []string{"a", "b"}) {
		t.Errorf("urgent banner: got %+v", r)
	}
	if r := set.Route(message(maya(), "#launch", "urgent thanks"), flow.Answers{}); !r.Ignore || r.Rule != "Noise" {
		t.Errorf("a later ignore wins: got %+v", r)
	}
	r = set.Route(message(maya(), "#launch", "hello"), flow.Answers{})
	if r.Rule != "Rest" || r.Assignee != "ben" || r.Workflow != "" {
		t.Errorf("hello: got %+v", r)
	}
	var tried []string
	for _, why := range r.Why {
		if why.Code == "rule" {
			tried = append(tried, fmt.Sprint(why.Held, " ", why.Text, " ", why.Place))
		}
	}
	want := []string{
		`false High: text does not have "urgent" r.yaml:9`, `false Noise: text does not have "thanks" r.yaml:10`,
		`false Banner: text does not have "banner" r.yaml:11`, `false Never: text does not have "banner" r.yaml:12`,
		`true Rest: applies to everything r.yaml:13`,
	}
	if !slices.Equal(tried, want) {
		t.Errorf("got why\n%s\nwant\n%s", strings.Join(tried, "\n"), strings.Join(want, "\n"))
	}
}

func TestRoute_chosenTypeWins(t *testing.T) {
	t.Parallel()
	set := surface(t)
	ev := message(maya(), "#design-requests", "Nova banner by Friday, budget €9k")
	ev.Fields["type"] = []string{"video"}
	r := set.Route(ev, flow.Answers{})
	if r.Rule != "Banners" || r.Template != "video" || strings.Join(r.Fields["budget"], "") != "9000 EUR" || len(r.Fields["sizes"]) > 0 {
		t.Errorf("got %+v, want the rule of the words with the type that was chosen", r)
	}
	ev.Fields["type"] = []string{"poster"}
	r = set.Route(ev, flow.Answers{})
	noted := slices.ContainsFunc(r.Why, func(w flow.Reason) bool { return strings.Contains(w.Text, `no request type "poster"`) })
	if r.Template != "campaign-banner" || !noted {
		t.Errorf("a type that does not exist: got template %q, noted %v", r.Template, noted)
	}
}

func TestRoute_assignsDeterministically(t *testing.T) {
	t.Parallel()
	const frame = `version: 1
calendars: {c: {time_zone: UTC, hours: {mon-fri: "09:00-17:00"}}}
people:
  ana: {name: Ana Reyes, skills: [brand, motion], hours_per_week: 20}
  ben: {name: Ben Osei, skills: [motion], email: ben@lumen.example}
  chloe: {name: Chloé Roy}
groups: {all-hands: [ana, ben, chloe]}
templates: {video: {effort_hours: 4}}
rules: [{name: R, do: {template: video, assign: %s}}]
`
	load := flow.Answers{Load: map[string]float64{"ana": 2, "ben": 10, "chloe": 30}, Turn: map[string]int{"group:all-hands": 4}}
	for assign, want := range map[string]string{
		`ana`:                "ana assigned to Ana Reyes: named by the rule",
		`{to: [ben, chloe]}`: "ben assigned to Ben Osei: the first of ben, chloe",
		`{to: group:all-hands, by: least loaded}`:                                    "ana assigned to Ana Reyes: 2 h of 20 h booked",
		`{to: [ben, chloe], by: least loaded, limit: 80% of capacity}`:               "ben assigned to Ben Osei: 10 h of 40 h booked (Chloé Roy would be at 85 %: over 80 %)",
		`{to: [ben, chloe], by: least loaded, limit: 30% of capacity}`:               " assigned to nobody: everybody would be over the limit (Ben Osei would be at 35 %, Chloé Roy would be at 85 %: over 30 %)",
		`{to: group:all-hands, by: round robin}`:                                     "ben assigned to Ben Osei: their turn in group:all-hands",
		`{to: group:all-hands, by: skill, need: [motion], then: least loaded}`:       "ana assigned to Ana Reyes: 2 h of 20 h booked",
		`{to: group:all-hands, by: skill, need: [motion, brand], then: round robin}`: "ana assigned to Ana Reyes: their turn in group:all-hands",
		`{to: requester}`: " assigned to nobody: the requester is not in the directory, so nobody is assigned",
	} {
		set, problems := rules.Compile([]rules.Source{{Name: "a.yaml", Data: fmt.Appendf(nil, frame, assign)}}, bare())
		if set == nil {
			t.Fatal(problems)
		}
		r := set.Route(message(maya(), "#launch", "x"), load)
		if got := r.Assignee + " " + r.Why[len(r.Why)-1].Text; got != want {
			t.Errorf("%s\n got %s\nwant %s", assign, got, want)
		}
		needs := set.Needs(message(maya(), "#launch", "x"))
		wants := strings.Contains(assign, "loaded") || strings.Contains(assign, "robin")
		if (len(needs) == 1) != wants {
			t.Errorf("%s: got needs %+v", assign, needs)
		}
	}
	set, _ := rules.Compile([]rules.Source{{Name: "a.yaml", Data: fmt.Appendf(nil, frame, "{to: requester}")}}, bare())
	if r := set.Route(message(flow.Actor{Email: "ben@lumen.example"}, "#launch", "x"), load); r.Assignee != "ben" {
		t.Errorf("the requester is known by e-mail: got %q", r.Assignee)
	}
}
