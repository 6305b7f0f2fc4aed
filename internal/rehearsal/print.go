package rehearsal

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Style says how a report is printed.
type Style struct {
	Color bool
	Cover bool // list everything that no test exercised
}

// Colours as a terminal knows them.
const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

func (s Style) in(color, text string) string {
	if !s.Color {
		return text
	}
	return color + text + reset
}

// Print writes the results of one file: each test with how long it took, and of a failed one what was expected, what came
// instead, and where both stand.
func (r Report) Print(w io.Writer, s Style) error {
	var b strings.Builder
	b.WriteString(r.File + "\n")
	width := 0
	for _, one := range r.Results {
		if one.Passed {
			width = max(width, len([]rune(one.Name)))
		}
	}
	for _, one := range r.Results {
		one.print(&b, s, width)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Result) print(b *strings.Builder, s Style, width int) {
	name := clipped(r.Name)
	if r.Passed {
		line := "  " + s.in(green, "✓") + " " + name
		if r.Took > 0 {
			line += strings.Repeat(" ", max(width-len([]rune(name)), 0)) + s.in(dim, fmt.Sprintf("   %d ms", max(r.Took.Round(time.Millisecond).Milliseconds(), 1)))
		}
		b.WriteString(line + "\n")
		return
	}
	fmt.Fprintf(b, "  %s %s\n      %s\n", s.in(red, "✗"), name, r.where())
	if r.Error != "" {
		fmt.Fprintf(b, "        signoff itself went wrong: %s\n", clipped(r.Error))
	}
	for i, f := range r.Failures {
		fmt.Fprintf(b, "        expected  %s\n        got       %s\n", clippedTo(f.Expected, mostLine), clippedTo(f.Got, mostLine))
		if i == len(r.Failures)-1 || r.Failures[i+1].Places() != f.Places() {
			b.WriteString("      " + s.in(dim, f.Places()) + "\n")
		}
	}
}

// where says at which point of a test something was not as expected.
func (r Result) where() string {
	if r.Step == 0 {
		return "at the beginning"
	}
	return fmt.Sprintf("step %d: %s", r.Step, clipped(r.Doing))
}

// Places names the line of the test, and what of the rule files it is about.
func (f Failure) Places() string {
	if f.Rule == "" {
		return f.At
	}
	return f.At + " · " + f.Rule + ", " + f.Place
}

// Line says in one line how many rules were tried, and which were not.
func (c Coverage) Line() string {
	line := fmt.Sprintf("rules covered %d/%d", c.Rules.Tried, c.Rules.Of)
	if len(c.Rules.Never) == 0 {
		return line
	}
	var never []string
	for _, u := range c.Rules.Never {
		never = append(never, fmt.Sprintf("%q", u.Name))
	}
	return line + " (never tried: " + strings.Join(never, ", ") + ")"
}

// Print lists everything that no test exercised, with its place.
func (c Coverage) Print(w io.Writer) error {
	parts := []struct {
		word, many string
		c          Covered
	}{{"rule", "rules", c.Rules}, {"stage", "stages", c.Stages}, {"step", "escalation steps", c.Escalations}}
	var counts []string
	width := 0
	for _, p := range parts {
		counts = append(counts, fmt.Sprintf("%s %d/%d", p.many, p.c.Tried, p.c.Of))
		for _, u := range p.c.Never {
			width = max(width, len([]rune(u.Name)))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Exercised: %s\n", strings.Join(counts, ", "))
	for _, p := range parts {
		for _, u := range p.c.Never {
			fmt.Fprintf(&b, "  never  %-5s  %s%s  %s\n", p.word, u.Name, strings.Repeat(" ", width-len([]rune(u.Name))), u.Place)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
