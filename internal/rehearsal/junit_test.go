package rehearsal_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"signoff/internal/rehearsal"
)

// element is what the schema of JUnit files allows in an element.
type element struct {
	attrs    []string // required
	children []string
}

// schema is the shape that build servers agree on: testsuites > testsuite > testcase > failure or error with text.
func schema() map[string]element {
	return map[string]element{
		"testsuites": {[]string{"tests", "failures", "errors", "time"}, []string{"testsuite"}},
		"testsuite":  {[]string{"name", "tests", "failures", "errors", "skipped", "time"}, []string{"testcase"}},
		"testcase":   {[]string{"name", "classname", "time"}, []string{"failure", "error"}},
		"failure":    {[]string{"message", "type"}, nil},
		"error":      {[]string{"message", "type"}, nil},
	}
}

func TestWriteJUnit(t *testing.T) {
	t.Parallel()
	var reports []rehearsal.Report
	for _, a := range archives(t, "played") {
		if a.name() != "routes" && a.name() != "brief" {
			continue // two suites are enough
		}
		suite, problems := a.load(t)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		reports = append(reports, suite.Run(context.Background(), rehearsal.Options{}))
	}
	var out bytes.Buffer
	if err := rehearsal.WriteJUnit(&out, reports); err != nil {
		t.Fatal(err)
	}
	counts := walk(t, out.String())
	passed, failed := 0, 0
	for _, r := range reports {
		passed, failed = passed+r.Passed(), failed+r.Failed()
	}
	if failed == 0 || counts["testcase"] != passed+failed || counts["failure"] != failed || counts["testsuite"] != len(reports) {
		t.Errorf("elements %v, want %d cases, %d failures, %d suites", counts, passed+failed, failed, len(reports))
	}
}

// walk holds every element against the schema and counts them.
func walk(t *testing.T, doc string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	var open []string
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return counts
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			counts[name]++
			if n := len(open); n > 0 && !slices.Contains(schema()[open[n-1]].children, name) {
				t.Errorf("%s stands in %s", name, open[n-1])
			}
			open = append(open, name)
			attributes(t, x)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func attributes(t *testing.T, x xml.StartElement) {
	t.Helper()
	have := map[string]string{}
	for _, a := range x.Attr {
		have[a.Name.Local] = a.Value
	}
	for _, name := range schema()[x.Name.Local].attrs {
		v, ok := have[name]
		if !ok || v == "" {
			t.Errorf("%s lacks %s", x.Name.Local, name)
		}
		switch name {
		case "tests", "failures", "errors", "skipped":
			if _, err := strconv.Atoi(v); err != nil {
				t.Errorf("%s of %s is no number: %q", name, x.Name.Local, v)
			}
		case "time":
			if _, err := strconv.ParseFloat(v, 64); err != nil {
				t.Errorf("time of %s is no number: %q", x.Name.Local, v)
			}
		}
	}
}

// TestSuite_Run_TakesTheSameCourse: whatever runs beside it, a test has the same result, message for message.
func TestSuite_Run_TakesTheSameCourse(t *testing.T) {
	t.Parallel()
	print := func(workers int) string {
		var out bytes.Buffer
		for _, a := range archives(t, "played") {
			if a.name() != "votes" {
				continue // the longest
			}
			suite, _ := a.load(t)
			if err := suite.Run(context.Background(), rehearsal.Options{Workers: workers}).Print(&out, rehearsal.Style{}); err != nil {
				t.Fatal(err)
			}
		}
		return out.String()
	}
	if one, many := print(1), print(8); one != many {
		t.Errorf("one at a time:\n%s\nside by side:\n%s", one, many)
	}
}
