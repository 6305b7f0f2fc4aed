package backtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
)

// finish measures a request that is over, or that the history leaves open, and notes what differs.
func (r *Run) finish(q *request) {
	if !q.counted || q.was.r.Status == flow.Draft || q.was.r.Offer != nil {
		return
	}
	r.out.requests++
	estimate := !q.diverged.IsZero()
	r.measure(&r.out.was, q.was, false)
	r.measure(&r.out.is, q.is, estimate)
	if q.shared() {
		return
	}
	list := r.differences(q)
	if len(list) == 0 {
		return
	}
	r.out.counts.Requests++
	r.out.counts.add(list, q)
	if len(r.out.changed) >= r.o.Most {
		r.out.leftOut++
		return
	}
	r.out.changed = append(r.out.changed, Changed{Request: q.id, Title: q.was.r.Title, Opened: q.was.r.Opened, Parted: q.diverged, Differences: list})
}

// measure adds a story to the figures of its side.
func (r *Run) measure(g *gathered, s *story, estimate bool) {
	if estimate {
		g.f.EstimatedN++
	}
	if s.ignored {
		g.ignored++
		return
	}
	if s.routing.Rule != "" && !s.set.CatchAll(s.routing.Rule) {
		g.f.Matched++
	}
	if triaged(s.routing) {
		g.f.Triage++
	}
	switch s.r.Status {
	case flow.Approved:
		g.f.Approved++
		if took, ok := r.approvalTime(s); ok {
			g.took.add(took)
		}
		if !s.r.Due.IsZero() {
			g.f.DueKnown++
			if !s.r.Closed.After(s.r.Due) {
				g.f.OnTime++
			}
		}
	case flow.Declined, flow.Withdrawn, flow.Expired, flow.Merged:
		g.f.Declined++
	default:
		g.f.Open++
	}
	g.f.Reminders += s.reminded
	g.f.Escalated += s.escalated
	g.f.Approvals += approvals(s.r)
	if g.hours == nil {
		g.hours, g.asked, g.shown = map[string]float64{}, map[string]int{}, map[string]string{}
	}
	if who := s.r.Assignee.Name; who != "" {
		g.hours[who] += effort(s.r)
	}
	for _, run := range s.r.Stages {
		for _, a := range run.Asked {
			g.asked[a.ID()]++
			g.shown[a.ID()] = a.Shown
			g.f.Asked++
		}
	}
}

// triaged reports whether a person had to look first.
func triaged(r flow.Routing) bool {
	return r.Triage != "" || r.Rule == "" || slices.Contains(r.Labels, "needs-triage")
}

// approvalTime is the working time of the studio from the first question to the last approval.
func (r *Run) approvalTime(s *story) (time.Duration, bool) {
	if s.r.Status != flow.Approved {
		return 0, false
	}
	for _, run := range s.r.Stages {
		if run.State != flow.StageSkipped {
			return s.p.Working("", run.Entered, s.r.Closed), true
		}
	}
	return 0, false
}

// approvals counts the approvals that stand.
func approvals(r flow.Request) (n int) {
	for _, v := range r.Votes {
		if v.Verdict == flow.Approve && v.Undone.IsZero() && !v.Stale {
			n++
		}
	}
	return n
}

// differences lists what differs between the two stories of a request, with both reasons.
func (r *Run) differences(q *request) (list []Difference) {
	was, is := q.was, q.is
	why := Difference{WhyWas: applied(was.routing), WhyIs: applied(is.routing)}
	add := func(what, a, b string, estimate bool) {
		if a != b {
			list = append(list, Difference{What: what, Was: a, Is: b, WhyWas: why.WhyWas, WhyIs: why.WhyIs, Estimate: estimate})
		}
	}
	if is.ignored {
		add("request", "made", "not made", false)
		return list
	}
	add("rule", quoted(was.routing.Rule), quoted(is.routing.Rule), false)
	add("template", none(was.routing.Template), none(is.routing.Template), false)
	add("workflow", none(was.routing.Workflow), none(is.routing.Workflow), false)
	why = Difference{WhyWas: assigned(was.routing), WhyIs: assigned(is.routing)}
	add("assignee", none(was.routing.Assignee), none(is.routing.Assignee), false)
	words := r.because(q)
	why = Difference{WhyIs: words}
	estimate := !q.diverged.IsZero()
	add("stages", stages(was.r), stages(is.r), estimate && was.routing.Workflow == is.routing.Workflow)
	add("approvals", fmt.Sprint(approvals(was.r)), fmt.Sprint(approvals(is.r)), estimate)
	add("reminders", fmt.Sprint(was.reminded), fmt.Sprint(is.reminded), estimate)
	add("outcome", was.r.Status.Words(), is.r.Status.Words(), estimate)
	a, known := r.approvalTime(was)
	b, too := r.approvalTime(is)
	if known && too {
		add("approval time", hours(a), hours(b), estimate)
	}
	return list
}

func hours(d time.Duration) string { return fmt.Sprintf("%.1f h", round(d.Hours())) }

func quoted(rule string) string {
	if rule == "" {
		return "none"
	}
	return fmt.Sprintf("%q", rule)
}

func none(word string) string {
	if word == "" {
		return "none"
	}
	return word
}

// stages lists the stages that applied, each once, in order.
func stages(r flow.Request) string {
	var names []string
	for _, run := range r.Stages {
		if run.State != flow.StageSkipped && !slices.Contains(names, run.Name) {
			names = append(names, run.Name)
		}
	}
	return none(strings.Join(names, " → "))
}

// applied is the rule that applied with its reason and place.
func applied(r flow.Routing) string {
	for _, w := range r.Why {
		if w.Code == "rule" && w.Held && (strings.HasPrefix(w.Text, r.Rule+":") || r.Rule == "") {
			return placed(w)
		}
	}
	return "no rule applies"
}

func assigned(r flow.Routing) string {
	for _, w := range r.Why {
		if w.Code == "assign" {
			return placed(w)
		}
	}
	return applied(r)
}

func placed(w flow.Reason) string {
	if w.Place == "" {
		return w.Text
	}
	return w.Text + " (" + w.Place + ")"
}

// because names the changes of the rules that a request met.
func (r *Run) because(q *request) string {
	var out []string
	for _, c := range r.same(q.was.set).concerning(q.was.r, q.is.r) {
		words := strings.TrimLeft(c.String(), "~+- ")
		if sign := string(c.Kind); sign != "changed" {
			words += " " + sign
		}
		var values []string
		for _, v := range c.Values {
			values = append(values, fmt.Sprintf("%s %s → %s", v.Key, none(v.Old), none(v.New)))
		}
		if len(values) > 0 {
			words += ": " + strings.Join(values, ", ")
		}
		if c.New != "" {
			words += " (" + c.New + ")"
		}
		out = append(out, words)
	}
	return strings.Join(out, "; ")
}

// add counts what differs.
func (c *Counts) add(list []Difference, q *request) {
	for _, d := range list {
		switch d.What {
		case "request":
			c.Ignored++
		case "rule":
			c.Rule++
		case "template":
			c.Template++
		case "workflow":
			c.Workflow++
		case "assignee":
			c.Assignee++
		case "stages":
			c.Stages++
		case "reminders":
			c.Reminders++
		case "outcome":
			c.Outcome++
		case "approval time":
			c.Time++
		case "approvals":
			if n := approvals(q.is.r) - approvals(q.was.r); n > 0 {
				c.Added += n
			} else {
				c.Dropped -= n
			}
		}
	}
}
