package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
)

const askEverything = `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-thu: "09:30-18:00", fri: "09:30-16:30"}, holidays: [gb]}
  new-york: {time_zone: America/New_York, hours: {mon-fri: "09:00-17:30"}}
people:
  chloe: {name: Chloé Roy, email: chloe@lumen.example, calendar: new-york}
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}
templates:
  everything:
    title: "{{ .brand }}{{ if .brand }}: {{ end }}{{ .subject }}"
    ask_for:
      - {field: brand, choices: [Lumen, Nova, Nova Kids]}
      - {field: launch, type: date}
      - {field: due, type: date}
      - {field: sizes, type: list}
      - {field: regions, type: choices, choices: [EMEA, AMER, APAC]}
      - {field: budget, type: money}
      - {field: copies, type: number}
      - {field: asset, type: url}
      - {field: owner, type: person}
      - {field: audience}
rules:
  - {name: All, do: {template: everything}}
`

func everything(t *testing.T, change func(*rules.Options)) *rules.Set {
	t.Helper()
	o := lumen()
	if change != nil {
		change(&o)
	}
	set, problems := rules.Compile([]rules.Source{{Name: "all.yaml", Data: []byte(askEverything)}}, o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return set
}

func TestExtract_dates(t *testing.T) {
	t.Parallel()
	set := everything(t, nil)
	for _, c := range []struct{ words, due, from string }{ // said on Wednesday 18 November 2026, 15:00 in London
		{"banner by 2026-11-20", "2026-11-20", "2026-11-20"},
		{"banner by 2026-11-20 14:30", "2026-11-20T14:30:00Z", "2026-11-20 14:30"},
		{"banner by 2026-11-20T14:30:00+02:00", "2026-11-20T14:30:00+02:00", "2026-11-20T14:30:00+02:00"},
		{"banner by 20/11/2026", "2026-11-20", "20/11/2026"},
		{"banner by 03/12", "2026-12-03", "03/12"},
		{"banner by 3.12.26", "2026-12-03", "3.12.26"},
		{"banner by 12/25/2026", "2026-12-25", "12/25/2026"},
		{"banner by 03/02", "2027-02-03", "03/02"},
		{"a 1/2 page ad, open 24/7", "", ""},
		{"version 1.2.3 of the banner", "", ""},
		{"banner due 20 Nov", "2026-11-20", "20 Nov"},
		{"banner due 20th of November", "2026-11-20", "20th of November"},
		{"banner due Nov 20th, 2026", "2026-11-20", "Nov 20th, 2026"},
		{"banner due 1 March", "2027-03-01", "1 March"},
		{"banner due 29 February", "2028-02-29", "29 February"},
		{"banner due 31 June", "", ""},
		{"we may need a march banner", "", ""},
		{"banner by Friday", "2026-11-20", "Friday"},
		{"banner by Fri", "2026-11-20", "Fri"},
		{"banner on Wednesday", "2026-11-25", "Wednesday"}, // never today
		{"banner by this Friday", "2026-11-20", "this Friday"},
		{"banner by next Friday", "2026-11-27", "next Friday"},
		{"banner by next Fri", "2026-11-27", "next Fri"},
		{"he sat in the sun", "", ""},
		{"a Black Friday banner and one for Cyber Monday", "", ""},
		{"a Black Friday banner by Friday", "2026-11-20", "Friday"},
		{"banner by Friday EOD", "2026-11-20T16:30:00Z", "Friday EOD"},
		{"banner by EOD Friday", "2026-11-20T16:30:00Z", "EOD Friday"},
		{"banner by close of business on Thursday", "2026-11-19T18:00:00Z", "close of business on Thursday"},
		{"banner by Saturday EOD", "2026-11-21T23:59:00Z", "Saturday EOD"},
		{"banner EOD please", "2026-11-18T18:00:00Z", "EOD"},
		{"banner by EOW", "2026-11-20T16:30:00Z", "EOW"},
		{"banner by the end of the week", "2026-11-20T16:30:00Z", "end of the week"},
		{"banner by end of next week", "2026-11-27T16:30:00Z", "end of next week"},
		{"banner by EOM", "2026-11-30T18:00:00Z", "EOM"},
		{"banner by end of month", "2026-11-30T18:00:00Z", "end of month"},
		{"banner today", "2026-11-18", "today"},
		{"banner by tomorrow", "2026-11-19", "tomorrow"},
		{"banner the day after tomorrow", "2026-11-20", "day after tomorrow"},
		{"banner tomorrow at 3pm", "2026-11-19T15:00:00Z", "tomorrow at 3pm"},
		{"banner by 3pm tomorrow", "2026-11-19T15:00:00Z", "3pm tomorrow"},
		{"banner by 17:00 on Friday", "2026-11-20T17:00:00Z", "17:00 on Friday"},
		{"banner by Friday noon", "2026-11-20T12:00:00Z", "Friday noon"},
		{"banner by Friday 9:15 am", "2026-11-20T09:15:00Z", "Friday 9:15 am"},
		{"banner by 5pm", "2026-11-18T17:00:00Z", "5pm"},
		{"banner by 10am", "2026-11-19T10:00:00Z", "10am"}, // ten has passed
		{"banner in 3 working days", "2026-11-23", "in 3 working days"},
		{"banner in three business days", "2026-11-23", "in three business days"},
		{"banner in 3 days", "2026-11-21", "in 3 days"},
		{"banner within two weeks", "2026-12-02", "within two weeks"},
		{"banner in a month", "2026-12-18", "in a month"},
		{"banner in 4 working hours", "2026-11-19T10:30:00Z", "in 4 working hours"},
		{"banner in 2 hours", "2026-11-18T17:00:00Z", "in 2 hours"},
		{"the banner of 2 Nov 2025 again, by Friday", "2026-11-20", "Friday"},
		{"starts Monday, needed by Thursday", "2026-11-19", "Thursday"},
		{"Due: 24 November\nLaunch: 1 December", "2026-11-24", "24 November"},
		{"nothing about time", "", ""},
	} {
		ev := message(maya(), "#launch", c.words)
		e := set.Explain(ev, flow.Answers{})
		from := ""
		for _, line := range e.Read {
			if line.Field == "due" {
				from = line.From
			}
		}
		due := strings.Join(e.Routed.Fields["due"], ",")
		if due != c.due || from != c.from {
			t.Errorf("%q\n got due %q from %q\nwant due %q from %q", c.words, due, from, c.due, c.from)
		}
	}
}

func TestExtract_monthFirstAndSunday(t *testing.T) {
	t.Parallel()
	set := everything(t, func(o *rules.Options) { o.Workspace.DateOrder, o.Workspace.WeekStarts = "month-first", "sunday" })
	for words, want := range map[string]string{
		"banner by 12/03": "2026-12-03", "banner by 20/11/2026": "2026-11-20", "banner by next Sunday": "2026-11-22",
	} {
		r := set.Route(message(maya(), "#launch", words), flow.Answers{})
		if got := strings.Join(r.Fields["due"], ","); got != want {
			t.Errorf("%q: got %s, want %s", words, got, want)
		}
	}
}

// TestExtract_theRequestersCalendar: the closing time is that of whoever asks, where the directory knows them.
func TestExtract_theRequestersCalendar(t *testing.T) {
	t.Parallel()
	set := everything(t, nil)
	r := set.Route(message(flow.Actor{Name: "chloe"}, "#launch", "banner by Friday EOD"), flow.Answers{})
	if got, want := r.Due.UTC(), time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("Chloé's Friday closes at %v, want %v", got, want)
	}
	byMail := set.Route(message(flow.Actor{Email: "Chloe@Lumen.example"}, "#launch", "banner by Friday EOD"), flow.Answers{})
	if !byMail.Due.Equal(r.Due) {
		t.Errorf("known by e-mail: got %v, want %v", byMail.Due, r.Due)
	}
	day := set.Route(message(maya(), "#launch", "banner by Friday"), flow.Answers{})
	if got, want := day.Due.UTC(), time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("a day without a time is due at %v, want closing time %v", got, want)
	}
}

// TestExtract_workUntilMidnight: where days have no closing time but midnight, a due day stays the day that was said.
func TestExtract_workUntilMidnight(t *testing.T) {
	t.Parallel()
	const always = `version: 1
calendars:
  always: {time_zone: Europe/London, hours: {mon-sun: "00:00-24:00"}}
templates:
  banner: {ask_for: [{field: due, type: date}]}
rules:
  - {name: All, do: {template: banner}}
`
	o := lumen()
	o.Workspace.Calendar = "always"
	set, problems := rules.Compile([]rules.Source{{Name: "always.yaml", Data: []byte(always)}}, o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, words := range []string{"banner by 2026-11-20", "banner by Friday EOD"} {
		r := set.Route(message(maya(), "#launch", words), flow.Answers{})
		if got, want := r.Due.UTC(), time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC); !got.Equal(want) {
			t.Errorf("%q is due at %v, want %v", words, got, want)
		}
	}
}

func TestExtract_values(t *testing.T) {
	t.Parallel()
	set := everything(t, nil)
	for _, c := range []struct{ words, field, want, from string }{
		{"a NOVA banner", "brand", "Nova", "NOVA"},
		{"a Nova Kids banner", "brand", "Nova Kids", "Nova Kids"},
		{"supernova banners", "brand", "", ""},
		{"Nova and Lumen", "brand", "Nova", "Nova"},
		{"Lumen, not Nova", "brand", "Lumen", "Lumen"},
		{"for EMEA and apac", "regions", "EMEA|APAC", "EMEA, apac"},
		{"Regions: apac, emea", "regions", "APAC|EMEA", "apac, emea"},
		{"banner 300x250 and 728 x 90, 300x250", "sizes", "300x250|728x90", "300x250, 728 x 90"},
		{"4k at 16x9", "sizes", "", ""},
		{"Sizes: A4, A3 and A2", "sizes", "A4|A3|A2", "A4, A3 and A2"},
		{"budget €5k", "budget", "5000 EUR", "€5k"},
		{"about 5,000 USD", "budget", "5000 USD", "5,000 USD"},
		{"£1.2m in total", "budget", "1200000 GBP", "£1.2m"},
		{"costs 5.000,50 €", "budget", "5000.5 EUR", "5.000,50 €"},
		{"US$ 300 thousand", "budget", "300000 USD", "US$ 300 thousand"},
		{"1 500 EUR", "budget", "1500 EUR", "1 500 EUR"},
		{"two hundred pounds", "budget", "", ""},
		{"budget is around 5000", "budget", "5000", "5000"},
		{"budget 5k for print", "budget", "5000", "5k"},
		{"Budget: 5k", "budget", "5000", "5k"},
		{"5000 people", "budget", "", ""},
		{"Copies: 2,500", "copies", "2500", "2,500"},
		{"copies of 30", "copies", "30", "30"},
		{"see https://figma.com/file/abc?x=1, thanks", "asset", "https://figma.com/file/abc?x=1", "https://figma.com/file/abc?x=1"},
		{"Owner: Ana Reyes", "owner", "ana", "Ana Reyes"},
		{"Owner: @chloe", "owner", "chloe", "@chloe"},
		{"Owner: Nobody", "owner", "", ""},
		{"- *Audience:* New parents", "audience", "New parents", "New parents"},
		{"the audience is young", "audience", "", ""},
		{"due Friday, launch on 1 December", "due", "2026-11-20", "Friday"},
		{"Launch: 1 December\nby Friday", "launch", "2026-12-01", "1 December"},
	} {
		e := set.Explain(message(maya(), "#launch", c.words), flow.Answers{})
		from := ""
		for _, line := range e.Read {
			if line.Field == c.field {
				from = line.From
			}
		}
		got := strings.Join(e.Routed.Fields[c.field], "|")
		if got != c.want || from != c.from {
			t.Errorf("%q\n got %s %q from %q\nwant %s %q from %q", c.words, c.field, got, from, c.field, c.want, c.from)
		}
		if c.from != "" && !strings.Contains(c.words, strings.Split(from, ", ")[0]) {
			t.Errorf("%q: the words %q are not there", c.words, from)
		}
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	set := everything(t, nil)
	for words, want := range map[string]string{
		"Need a Nova banner 300x250 by Friday EOD":                        "Nova: banner 300x250",
		"Hi team, could you please make a poster for Lumen? Due 1 March.": "Lumen: poster",
		"Hello! We need the spring flyer. It should be green.":            "spring flyer",
		"Nova":                               "Nova: Nova",
		"":                                   "Request without a title",
		"New landing page\nwith many things": "landing page",
		"Sign off the hero https://www.figma.com/design/DGPTIUzgnwZoTJmukb9999/Hero?node-id=1-2&t=x": "Sign off the hero",
		"https://www.figma.com/design/DGPTIUzgnwZoTJmukb9999/Hero\nPlease sign off the hero":         "sign off the hero",
		"The hero (https://files.example/hero) needs a Lumen logo":                                   "Lumen: hero needs a logo",
		"The hero, here: https://files.example/hero":                                                 "hero",
		"https://lumen.example/hero":                                                                 "Lumen: https://lumen.example/hero",
		strings.Repeat("word ", 100):                                                                 strings.Repeat("word ", 23) + "word…",
	} {
		if got := set.Route(message(maya(), "#launch", words), flow.Answers{}).Title; got != want {
			t.Errorf("%q\n got %q\nwant %q", words, got, want)
		}
	}
	ev := message(maya(), "#launch", "Need a Nova banner")
	ev.Fields["title"] = []string{"  Spring   banner "}
	if got := set.Route(ev, flow.Answers{}).Title; got != "Spring banner" {
		t.Errorf("a title that was typed: got %q", got)
	}
	ev.Fields["title"] = []string{strings.Repeat("ä", 300)}
	if got := []rune(set.Route(ev, flow.Answers{}).Title); len(got) != 255 || got[254] != '…' {
		t.Errorf("a long title: got %d characters ending in %q", len(got), got[len(got)-1])
	}
}

// TestRoute_isDeterministic: the same event gives the same routing, over and over and from two compilations.
func TestRoute_isDeterministic(t *testing.T) {
	t.Parallel()
	ev := message(maya(), "#launch", "Nova banner 300x250 for EMEA by Friday 5pm, €5k, https://lumen.example/x")
	ev.Fields["brand"] = []string{"lumen"}
	first := everything(t, nil).Route(ev, flow.Answers{})
	for range 20 {
		again := everything(t, nil).Route(ev, flow.Answers{})
		if !slices.Equal(first.Why, again.Why) || first.Title != again.Title || len(first.Fields) != len(again.Fields) {
			t.Fatalf("got\n%+v\nthen\n%+v", first, again)
		}
	}
	if first.Fields["brand"][0] != "Lumen" {
		t.Errorf("what the form says wins over the words: got %q", first.Fields["brand"])
	}
}

func TestRoute_formFieldsWinAndAreNormalised(t *testing.T) {
	t.Parallel()
	set := everything(t, nil)
	ev := flow.Event{Kind: flow.RequestSubmitted, At: wednesday(), Actor: maya(), Body: text.Plain("by Friday, Nova"), Fields: map[string][]string{
		"type": {"everything"}, "title": {"Spring"}, "brand": {""}, "due": {"24/11/2026"}, "budget": {"€5k"}, "sizes": {"300x250, 728x90"},
		"regions": {"EMEA", "mars"}, "unknown": {"x"},
	}}
	r := set.Route(ev, flow.Answers{})
	for field, want := range map[string]string{
		"brand": "", "due": "2026-11-24", "budget": "5000 EUR", "sizes": "300x250|728x90", "regions": "EMEA", "unknown": "",
	} {
		if got := strings.Join(r.Fields[field], "|"); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
}
