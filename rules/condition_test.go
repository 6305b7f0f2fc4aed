package rules

import (
	"strings"
	"testing"
	"time"

	"signoff/internal/calendar"
)

func testVocabulary() *vocabulary {
	return &vocabulary{fields: map[string]string{
		"budget": MoneyField, "brand": ChoiceField, "sizes": ListField, "note": LongTextField, "copies": NumberField,
		"launch": DateField, "region": ChoiceField,
	}}
}

func testCalendar(t testing.TB) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(calendar.Spec{Zone: "Europe/London", Hours: map[string][]string{"mon-fri": {"09:30-18:00"}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// judged is a request of which some fields were said: 18 November 2026 15:00, due in a week, 5000 EUR.
func judged(t *testing.T, fields map[string][]string, due time.Time) *reading {
	t.Helper()
	f := facts{
		text: "Spring banner", source: "slack", labels: []string{"claims", "print"}, priority: "high",
		submitted: time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC), due: due, fields: fields,
		author: author{id: "ana", email: "ana@lumen.example", groups: []string{"brand"}, known: true},
	}
	return testVocabulary().read(f, testCalendar(t))
}

func TestCondition_holds(t *testing.T) {
	t.Parallel()
	full := judged(t, map[string][]string{
		"budget": {"5000 EUR"}, "brand": {"Nova"}, "sizes": {"300x250", "728x90"}, "copies": {"30"}, "launch": {"2026-12-01"}, "region": {"EMEA"},
	}, time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC))
	empty := judged(t, nil, time.Time{})
	for _, c := range []struct {
		source      string
		full, empty bool
		why         string // of the empty one
	}{
		{`request.budget > 4000`, true, false, "budget not given"},
		{`request.budget > 6000`, false, false, "budget not given"},
		{`not (request.budget > 6000)`, true, false, "budget not given"},
		{`not (request.budget > 4000)`, false, false, "budget not given"},
		{`!(request.budget <= 4000 or request.copies < 1)`, true, false, "budget not given"},
		{`request.budget > 4000 or "claims" in request.labels`, true, true, ""},
		{`request.budget > 9000 or "claims" in request.labels`, true, true, ""},
		{`not (request.budget > 9000 and "claims" in request.labels)`, true, false, "budget not given"},
		{`not (request.budget > 9000 and "other" in request.labels)`, true, true, ""},
		{`request.budget != 1`, true, false, "budget not given"},
		{`given(request.budget)`, true, false, "budget not given"},
		{`not given(request.budget)`, false, true, ""},
		{`not given(request.budget) or request.budget > 4000`, true, true, ""},
		{`given(request.text)`, true, true, ""},
		{`request.region == "EMEA" and request.brand in ["Nova", "Lumen"]`, true, false, "region not given"},
		{`request.region not in ["AMER"]`, true, false, "region not given"},
		{`any(request.sizes, # startsWith "300")`, true, false, "sizes not given"},
		{`all(request.sizes, # contains "x")`, true, false, "sizes not given"},
		{`count(request.labels, # == "print") == 1`, true, true, ""},
		{`len(request.sizes) >= 2`, true, false, "sizes not given"},
		{`within(request.due, "10 working days")`, true, false, "due not given"},
		{`within(request.due, "1 working day")`, false, false, "due not given"},
		{`within(request.due, days(8)) and not within(request.due, days(6))`, true, false, "due not given"},
		{`within(request.due, working_hours(60))`, true, false, "due not given"},
		{`request.due < request.launch`, true, false, "due not given"},
		{`request.due - request.submitted > days(7)`, true, false, "due not given"},
		{`request.submitted + days(30) > request.launch`, true, false, "launch not given"},
		{`request.copies * 2 == 60 and request.copies % 7 == 2.0`, false, false, ""},
		{`request.copies * 2 == 60`, true, false, "copies not given"},
		{`request.text contains "banner" and upper(request.source) == "SLACK"`, true, true, ""},
		{`request.text matches "(?i)^spring\\b"`, true, true, ""},
		{`author.known and not author.bot and "brand" in author.groups and author.name == "ana"`, true, true, ""},
		{`request.priority == "high" ? request.budget > 1 : true`, true, false, "budget not given"},
		{`1 < 2`, true, true, ""},
	} {
		cond, problems := compileCondition(c.source, testVocabulary())
		if cond == nil {
			if c.why != "" || c.full {
				t.Errorf("%s: %v", c.source, problems)
			}
			continue
		}
		if got, why := cond.holds(full); got != c.full {
			t.Errorf("%s\n with everything given got %v (%s), want %v", c.source, got, why, c.full)
		}
		got, why := cond.holds(empty)
		if got != c.empty || why != c.why && c.why != "" {
			t.Errorf("%s\n with nothing given got %v, %q; want %v, %q", c.source, got, why, c.empty, c.why)
		}
	}
}

func TestCondition_saysWhy(t *testing.T) {
	t.Parallel()
	r := judged(t, map[string][]string{"budget": {"3000 EUR"}, "copies": {"0"}}, time.Time{})
	for source, want := range map[string]string{
		`request.budget > 5000`:                                   "request.budget > 5000 does not hold: budget is 3000 EUR",
		`request.source == "slack" and request.budget > 5000`:     "request.budget > 5000 does not hold: budget is 3000 EUR",
		`request.budget > 1000 and within(request.due, "3 days")`: "due not given",
		`request.budget > 5000 or request.priority == "low"`:      `request.budget > 5000 or request.priority == "low" does not hold: budget is 3000 EUR, priority is high`,
		`"other" in request.labels`:                               `"other" in request.labels does not hold: labels is claims, print`,
	} {
		c, problems := compileCondition(source, testVocabulary())
		if c == nil {
			t.Fatalf("%s: %v", source, problems)
		}
		if ok, why := c.holds(r); ok || why != want {
			t.Errorf("%s\n got %v, %q\nwant false, %q", source, ok, why, want)
		}
	}
}

// TestCondition_everyFieldTypeCompares: each type of field reads as the type that people would compare it with.
func TestCondition_everyFieldTypeCompares(t *testing.T) {
	t.Parallel()
	v := &vocabulary{fields: map[string]string{}}
	for _, kind := range fieldTypes() {
		v.fields["f_"+kind] = kind
	}
	for kind, comparison := range map[string]string{
		TextField: `== "a"`, LongTextField: `contains "a"`, ChoiceField: `== "a"`, ChoicesField: `== ["a"]`, DateField: `> request.submitted`,
		MoneyField: `>= 5.5`, NumberField: `== 1`, ListField: `!= []`, URLField: `startsWith "https://"`, PersonField: `in ["ana"]`,
	} {
		source := "request.f_" + kind + " " + comparison
		if kind == ListField || kind == ChoicesField {
			source = `"a" in request.f_` + kind
		}
		if c, problems := compileCondition(source, v); c == nil {
			t.Errorf("%s: %v", source, problems)
		}
	}
}

func TestCut_keepsRunesWhole(t *testing.T) {
	t.Parallel()
	s := strings.Repeat("ä€", 10)
	for n := range len(s) + 2 {
		got := cut(s, n)
		if len(got) > n || !strings.HasPrefix(s, got) || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("cut(%q, %d) = %q", s, n, got)
		}
	}
}
