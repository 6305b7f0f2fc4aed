package rehearsal

import (
	"context"
	"errors"
	"fmt"
)

// witness plays a script that expects nothing and returns what was seen at its beginning and after each step, as far as it
// goes.
func (r *recorder) witness(ctx context.Context, s *script) (sights []sight, err error) {
	suite, err := r.load(s)
	if err != nil {
		return nil, err
	}
	t := suite.tests[0]
	w, err := open(ctx, suite.set, t)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	if err := w.begin(t.given); err != nil {
		return nil, err
	}
	sights = append(sights, w.sight())
	for _, st := range t.steps {
		err := st.play(w)
		var no *stuck
		if errors.As(err, &no) {
			r.note("The test ends before %q, which cannot be done under today's rules: %s.", st.doing, no.why)
			return sights, nil
		}
		if err != nil {
			return nil, err
		}
		sights = append(sights, w.sight())
	}
	return sights, nil
}

// load reads a script as any test file, against the rules that it was recorded with.
func (r *recorder) load(s *script) (*Suite, error) {
	suite, problems := Read("recorded_test.yaml", s.yaml()).Load(r.set)
	if suite == nil {
		return nil, fmt.Errorf("the test that was written cannot be read: %v", problems)
	}
	return suite, nil
}

// compare says where the real course was another.
func (r *recorder) compare(last sight) {
	switch {
	case !last.exists:
		r.note("Today's rules make no request of it.")
	case last.request.Status != r.real.Status:
		r.note("Played by today's rules it ends %s; the real request is %s.", last.request.Status.Words(), r.real.Status.Words())
	}
	if last.exists && last.request.Rule != r.real.Rule {
		r.note("Today the rule %q applies; really it was %s.", last.request.Rule, orWord(quotedRule(r.real.Rule), "none"))
	}
}

func quotedRule(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%q", name)
}

// expect writes down what was seen.
func (s *script) expect(sights []sight) {
	first := sights[0]
	s.wants = first.opening()
	for i := range s.steps {
		s.steps[i].wants = sights[i+1].since(sights[i])
	}
}

// few writes a list of one as that one.
func few(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// opening is what is expected of a request that came in.
func (s sight) opening() []pair {
	var out []pair
	if s.rule != "" {
		out = append(out, pair{"rule", s.rule})
	}
	if !s.exists {
		return append(out, pair{"no_request", true})
	}
	q := s.request
	out = append(out, pair{"status", string(q.Status)})
	if stages := s.stages(); len(stages) > 0 {
		out = append(out, pair{"stage", few(stages)})
	}
	if asked := s.asked(); len(asked) > 0 {
		out = append(out, pair{"asked_for", few(asked)})
	}
	what := without(pair{"template", q.Template}, pair{"workflow", q.Workflow}, pair{"project", q.Project}, pair{"priority", q.Priority}, pair{"assignee", called(q.Assignee)})
	if len(q.Labels) > 0 {
		what = append(what, pair{"labels", few(q.Labels)})
	}
	if !q.Due.IsZero() {
		what = append(what, pair{"due", s.stamp(q.Due)})
	}
	if len(q.Parts) > 0 {
		what = append(what, pair{"subtasks", len(q.Parts)})
	}
	if len(what) > 0 {
		out = append(out, pair{"request", what})
	}
	return out
}

// since is what is expected after a step: what has changed.
func (s sight) since(before sight) []pair {
	if s.refusal != "" {
		return []pair{{"refused", s.refusal}}
	}
	var out []pair
	if s.request.Status != before.request.Status {
		out = append(out, pair{"status", string(s.request.Status)})
	}
	if stages := s.stages(); len(stages) > 0 && !same(stages, before.stages()) {
		out = append(out, pair{"stage", few(stages)})
	}
	if waiting := s.waiting(); len(waiting) > 0 && !same(waiting, before.waiting()) {
		out = append(out, pair{"waiting_on", few(waiting)})
	}
	if s.request.Round != before.request.Round {
		out = append(out, pair{"revision", s.request.Round})
	}
	if len(s.reminded) > 0 {
		out = append(out, pair{"reminded", few(s.reminded)})
	}
	if len(s.escalated) > 0 {
		out = append(out, pair{"escalated", few(s.escalated)})
	}
	return out
}
