//go:build unix

package rules

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"
)

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
	if len(lines)+len(costly()) < 200 {
		t.Errorf("got %d hostile expressions, want 200", len(lines)+len(costly()))
	}
}

// most returns the largest expression of a growing family that still compiles.
func most(family func(n int) string) string {
	n := sort.Search(maxNodes, func(n int) bool {
		c, _ := compileCondition(family(n+1), testVocabulary())
		return c == nil
	})
	return family(max(n, 1))
}

func repeatTo(part, join string) string {
	return most(func(n int) string { return strings.TrimSuffix(strings.Repeat(part+join, n), join) })
}

func nested(open, inner, end string) string {
	return most(func(n int) string { return strings.Repeat(open, n) + inner + strings.Repeat(end, n) + ` == "x"` })
}

// costly lists the dearest conditions that compile: each spends the whole of one bound.
func costly() []string {
	parts := []string{
		`request.text contains "aaaaaaaaaaaaaaaab"`, `request.text contains request.title`, `request.text contains request.note`,
		`request.note contains request.brand`, `request.text endsWith request.note`, `request.text startsWith request.text`,
		`request.text == request.text`, `request.text < request.note`, `len(request.text) > 100000`,
		`lower(request.text) == upper(request.note)`, `trim(lower(request.text)) contains "bbb"`,
		`request.text matches "(a?ɐ?){60}b"`, `request.text matches "(?i)(aɐ|a|ɐ)*b"`, `request.text matches "(.*)(.*)(.*)(.*)b$"`,
		`request.text matches "(a?ɐ?){300}b"`, `request.text matches "[aɐ]*[aɐ]*[aɐ]*[aɐ]{900}b"`, `request.text matches "(a|ɐ|aɐ){200}b"`,
		`request.text matches "^(a|ɐ|aɐ|ɐa){1,40}$"`, `request.note matches "(a|aa)+$b"`, `request.note matches "(a+)+$"`,
		`request.title in request.labels`, `"x" in request.labels`, `request.brand in request.sizes`,
		`any(request.labels, # == "x")`, `all(request.labels, # != "x")`, `none(request.labels, # contains "aaaaab")`,
		`one(request.labels, lower(#) == "x")`, `count(request.labels, len(#) > 3) > 300`, `any(request.sizes, # == request.brand)`,
		`any(request.labels, request.brand contains #)`, `any(request.labels, upper(lower(upper(#))) == "x")`,
		`any(request.labels, # in ["b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q","r","s","t","u"])`,
		`any(request.labels, # > request.brand and # < request.source and not (# == request.brand))`,
		`within(request.due, "1300 working days")`, `within(request.due, "10000 working hours")`, `within(request.launch, days(30000))`,
		`within(request.due, working_hours(10000))`, `within(request.due, working_hours(1000000000))`,
		`request.due < request.submitted + days(100000000)`, `request.budget / 0 > 1`, `request.copies % 0 == 1`,
		`not not not not (request.budget > 1)`, `abs(max(min(request.budget, 1), floor(2.5))) > 1`,
		`(request.budget > 1 ? request.text : request.note) contains "b"`,
	}
	var out []string
	for _, p := range parts {
		out = append(out, p, repeatTo(p, " or "), repeatTo(p, " and "))
	}
	for _, f := range []string{"lower(", "upper(", "trim("} {
		out = append(out, nested(f, "request.text", ")"), nested(f, "request.note", ")"))
	}
	return append(out, repeatTo(`any(request.labels, # contains "aaaaaaaab" or # endsWith "b" or upper(#) == "b")`, " or "))
}

// TestCondition_worstCaseIsBounded is row T91 of the safety plan: whatever compiles ends within 100 ms, on the largest
// request that a condition can see.
func TestCondition_worstCaseIsBounded(t *testing.T) {
	readings := []*reading{largest(t), wordiest(t)}
	worst, slowest := time.Duration(0), ""
	for _, source := range costly() {
		c, _ := compileCondition(source, testVocabulary())
		if c == nil {
			continue
		}
		for _, r := range readings {
			if took := CPU(t, func() { c.holds(r) }); took > worst {
				worst, slowest = took, source
			}
		}
	}
	t.Logf("slowest: %v for %.120s", worst, slowest)
	if worst > 100*time.Millisecond {
		t.Errorf("%.200s takes %v, want at most 100ms", slowest, worst)
	}
	if worst < 10*time.Microsecond {
		t.Errorf("the slowest takes %v: nothing was measured", worst)
	}
}
