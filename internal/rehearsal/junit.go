package rehearsal

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The form of JUnit that build servers read: testsuites, testsuite, testcase, failure and error.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the reports as JUnit XML, one suite for each file.
func WriteJUnit(w io.Writer, reports []Report) error {
	all := junitSuites{Name: "signoff test"}
	var took time.Duration
	for _, r := range reports {
		s := r.junit()
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
		all.Suites = append(all.Suites, s)
		took += r.took()
	}
	all.Time = seconds(took)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func (r Report) took() (sum time.Duration) {
	for _, one := range r.Results {
		sum += one.Took
	}
	return sum
}

func (r Report) junit() junitSuite {
	s := junitSuite{Name: r.File, Tests: len(r.Results), Time: seconds(r.took())}
	class := strings.TrimSuffix(strings.TrimSuffix(r.File, ".yaml"), ".yml")
	for _, one := range r.Results {
		c := junitCase{Name: one.Name, Class: class, File: r.File, Line: one.Line, Time: seconds(one.Took)}
		var b strings.Builder
		one.print(&b, Style{}, 0)
		switch {
		case one.Error != "":
			c.Error, s.Errors = &junitMessage{Message: one.Error, Type: "error", Text: b.String()}, s.Errors+1
		case len(one.Failures) > 0:
			f := one.Failures[0]
			c.Failure = &junitMessage{Message: one.where() + ": expected " + f.Expected + ", got " + f.Got, Type: "expectation", Text: b.String()}
			s.Failures++
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}
