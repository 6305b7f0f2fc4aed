package rules

import (
	"fmt"
	"os"
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

// wordiest is a request whose text alone fills what a condition sees.
func wordiest(t testing.TB) *reading {
	f := facts{text: strings.Repeat("aɐ", 60_000), title: strings.Repeat("a", 250), submitted: time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC)}
	f.fields = map[string][]string{"note": {strings.Repeat("a", 64_000)}}
	return testVocabulary().read(f, testCalendar(t))
}

// largest is a request that fills every bound with what is slow to compare.
func largest(t testing.TB) *reading {
	f := facts{
		text: strings.Repeat("aɐ", 60_000), title: strings.Repeat("a", 250), source: strings.Repeat("s", 4000),
		submitted: time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC), due: time.Date(2030, 11, 18, 15, 0, 0, 0, time.UTC),
		fields: map[string][]string{"budget": {"5000 EUR"}, "copies": {"5"}, "brand": {strings.Repeat("a", 2000)}, "note": {strings.Repeat("a", 30_000)}},
	}
	for i := range 400 {
		f.labels = append(f.labels, strings.Repeat("a", 100)+fmt.Sprint(i))
		f.fields["sizes"] = append(f.fields["sizes"], strings.Repeat("a", 60)+fmt.Sprint(i))
		f.author.groups = append(f.author.groups, "group")
	}
	return testVocabulary().read(f, testCalendar(t))
}

func TestRead_staysInItsBounds(t *testing.T) {
	t.Parallel()
	r := largest(t)
	total := 0
	for _, group := range []string{"request", "author"} {
		for name, v := range r.env[group].(map[string]any) {
			switch v := v.(type) {
			case string:
				total += len(v)
			case []string:
				if len(v) > maxEntries {
					t.Errorf("%s has %d entries, want at most %d", name, len(v), maxEntries)
				}
				total += len(strings.Join(v, ""))
			}
		}
	}
	if total > maxStringsBytes || total < maxStringsBytes/2 {
		t.Errorf("a condition sees %d bytes of text, want up to %d", total, maxStringsBytes)
	}
}

func TestCondition_hostileExpressionsAreRefused(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	for _, line := range lines {
		c, problems := compileCondition(line, testVocabulary())
		if c != nil || len(problems) == 0 {
			t.Errorf("%s\n compiled, want a refusal", line)
		}
		for _, p := range problems {
			if p.code == "" || p.text == "" || p.at < 0 || p.at > len([]rune(line)) {
				t.Errorf("%s\n got problem %+v, want code, text and a place inside", line, p)
			}
		}
	}
	if len(lines) < 200 {
		t.Errorf("got %d hostile expressions, want 200", len(lines))
	}
}
