package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
)

// sight is what can be seen after a step: where the request stands, and what happened during the step.
type sight struct {
	policy  flow.Policy
	zone    *time.Location
	exists  bool
	request flow.Request
	rule    string
	ignored string        // why no request was made
	why     []flow.Reason // of the routing

	said      []message
	reminded  []string
	escalated []string
	steps     []int
	did       string // what became of the act: "approved"
	refusal   string // what the person was told because it did not count
}

// stamp writes an instant as tests do.
func (s sight) stamp(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.In(s.zone).Format("2006-01-02 15:04")
}

func (s sight) stages() []string {
	out := []string{}
	for _, run := range s.request.Open() {
		out = append(out, run.Name)
	}
	return out
}

func (s sight) waiting() []string {
	out := []string{}
	if !s.exists {
		return out
	}
	for _, who := range flow.WaitingFor(s.policy, s.request) {
		out = append(out, called(who))
	}
	return out
}

// standing says in a few words where the request is: "in review (waiting for Legal)".
func (s sight) standing() string {
	if !s.exists {
		return "there is no request"
	}
	line := s.request.Status.Words()
	switch waiting := s.waiting(); {
	case len(s.stages()) > 0:
		line += " (waiting for " + strings.Join(s.stages(), " and ") + ")"
	case len(waiting) > 0:
		line += " (waiting for " + strings.Join(waiting, " and ") + ")"
	}
	return line
}

// fate says what became of an act: "approved (waiting for Legal)", or why it did not count.
func (s sight) fate() string {
	if s.refusal != "" {
		return s.refusal
	}
	line := s.did
	if line == "" {
		return s.standing()
	}
	if open := s.stages(); len(open) > 0 {
		return line + " (waiting for " + strings.Join(open, " and ") + ")"
	}
	return line + " (the request is " + s.request.Status.Words() + ")"
}

// dueBy is when the open stages are due for the first of those they wait for.
func (s sight) dueBy() (first time.Time) {
	for _, run := range s.request.Open() {
		for _, who := range flow.WaitingFor(s.policy, only(s.request, run.Name)) {
			due := s.policy.Due(s.request, run.Name, who, run.Entered)
			if !due.IsZero() && (first.IsZero() || due.Before(first)) {
				first = due
			}
		}
	}
	return first
}

// only is a request of whose open stages one is left.
func only(r flow.Request, stage string) flow.Request {
	r.Stages = slices.DeleteFunc(slices.Clone(r.Stages), func(run flow.StageRun) bool { return run.State == flow.StageOpen && run.Name != stage })
	return r
}

// asked lists the fields that somebody was asked for.
func (s sight) asked() []string {
	out := []string{}
	for _, m := range s.said {
		for _, f := range m.asked {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

func (s sight) at(place string) (out []message) {
	for _, m := range s.said {
		if m.place == place && !m.only {
			out = append(out, m)
		}
	}
	return out
}

func (s sight) noRequest() (string, bool) {
	if s.exists {
		return fmt.Sprintf("%s was made by the rule %q", s.request.ID, s.rule), false
	}
	return "no request was made: " + s.ignored, true
}

func (s sight) nothingSent() (string, bool) {
	var lines []string
	for _, m := range s.said {
		if !m.only {
			lines = append(lines, m.String())
		}
	}
	if len(lines) == 0 {
		return "nothing was sent", true
	}
	return strings.Join(lines, "; "), false
}

func (s sight) escalation() string {
	if len(s.steps) == 0 {
		return "no step came"
	}
	var out []string
	for _, n := range s.steps {
		out = append(out, fmt.Sprintf("step %d", n))
	}
	return strings.Join(out, ", ")
}

// otherRule says which rule applied, and why the one that was meant did not.
func (s sight) otherRule(want string) string {
	got := s.rule
	if got == "" {
		got = "no rule applied"
	}
	for _, why := range s.why {
		if name, reason, ok := strings.Cut(why.Text, ": "); ok && why.Code == "rule" && name == want && !why.Held {
			return fmt.Sprintf("%s (%s: %s)", got, want, reason)
		}
	}
	return got
}

// because returns the first reason of a code.
func (s sight) because(code string) string {
	for _, why := range s.why {
		if why.Code == code {
			return why.Text
		}
	}
	return ""
}
