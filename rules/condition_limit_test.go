//go:build unix && !race

package rules

import (
	"sort"
	"strings"
	"testing"
	"time"
)

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

// TestCondition_worstCaseIsBounded: whatever compiles ends within 100 ms, on the largest
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
