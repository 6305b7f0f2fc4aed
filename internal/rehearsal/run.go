package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"sync"
	"time"

	"signoff/internal/source"
	"signoff/rules"
)

// Options say which tests are run, and how.
type Options struct {
	Only *regexp.Regexp // tests whose name matches; nil: all
	// Clock measures how long a test takes; nil: nothing is measured.
	Clock   func() time.Time
	Workers int // tests at the same time; 0: as many as the machine has processors
}

// Report is what became of the tests of one file.
type Report struct {
	File     string   `json:"file"`
	Rules    []string `json:"rules"` // the rule files
	Results  []Result `json:"tests"`
	Coverage Coverage `json:"coverage"`

	used coverage
	set  *rules.Set
}

// Result is what became of one test.
type Result struct {
	Name     string        `json:"name"`
	Line     int           `json:"line"`
	Passed   bool          `json:"passed"`
	Took     time.Duration `json:"-"`
	Millis   float64       `json:"ms"`
	Step     int           `json:"step,omitempty"` // at which it failed; 0: at the beginning
	Doing    string        `json:"doing,omitempty"`
	Failures []Failure     `json:"failures,omitempty"`
	Error    string        `json:"error,omitempty"` // signoff itself went wrong
}

// Failure is one expectation that did not hold.
type Failure struct {
	Expected string `json:"expected"`
	Got      string `json:"got"`
	At       string `json:"at"`              // file:line of the test
	Rule     string `json:"rule,omitempty"`  // what of the rule files it is about: rule "Banners"
	Place    string `json:"place,omitempty"` // file:line of that
}

// Passed counts the tests that passed.
func (r Report) Passed() (n int) {
	for _, one := range r.Results {
		if one.Passed {
			n++
		}
	}
	return n
}

// Failed counts those that did not.
func (r Report) Failed() int { return len(r.Results) - r.Passed() }

// Run plays the tests. Each has an engine, a store and a clock of its own, so they run side by side; the report is in the
// order of the file.
func (s *Suite) Run(ctx context.Context, o Options) Report {
	rep := Report{File: s.name, used: newCoverage(), set: s.set}
	for _, src := range s.set.Sources() {
		rep.Rules = append(rep.Rules, src.Name)
	}
	var chosen []*test
	for _, t := range s.tests {
		if o.Only == nil || o.Only.MatchString(t.name) {
			chosen = append(chosen, t)
		}
	}
	rep.Results = make([]Result, len(chosen))
	used := make([]coverage, len(chosen))
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var wait sync.WaitGroup
	next := make(chan int)
	for range workers {
		wait.Go(func() {
			for i := range next {
				rep.Results[i], used[i] = s.timed(ctx, chosen[i], o.Clock)
			}
		})
	}
	for i := range chosen {
		next <- i
	}
	close(next)
	wait.Wait()
	for _, u := range used {
		rep.used.add(u)
	}
	rep.Coverage = rep.used.report(s.set.Inventory())
	return rep
}

// Together is the coverage of several reports about the same rule files.
func Together(reports []Report) Coverage {
	all := newCoverage()
	for _, r := range reports {
		all.add(r.used)
	}
	if len(reports) == 0 {
		return Coverage{}
	}
	return all.report(reports[0].set.Inventory())
}

func (s *Suite) timed(ctx context.Context, t *test, now func() time.Time) (Result, coverage) {
	if now == nil {
		return s.play(ctx, t)
	}
	began := now()
	r, used := s.play(ctx, t)
	r.Took = now().Sub(began)
	r.Millis = float64(r.Took.Microseconds()) / 1000
	return r, used
}

// play plays one test until something is not as it should be.
func (s *Suite) play(ctx context.Context, t *test) (res Result, used coverage) {
	res = Result{Name: t.name, Line: t.at.Line}
	w, err := open(ctx, s.set, t)
	if err != nil {
		res.Error = err.Error()
		return res, newCoverage()
	}
	p := player{world: w, res: &res, inv: s.set.Inventory()}
	err = p.all(t)
	if e := w.stop(); err == nil {
		err = e
	}
	if err != nil {
		res.Error = err.Error()
	}
	res.Passed = res.Error == "" && len(res.Failures) == 0
	return res, w.used
}

// player plays one test and writes down what was not as expected.
type player struct {
	*world
	res *Result
	inv rules.Inventory
}

func (p player) all(t *test) error {
	if err := p.one(func() error { return p.begin(t.given) }, t.given.at, t.expect); err != nil || len(p.res.Failures) > 0 {
		return err
	}
	for i, st := range t.steps {
		p.res.Step, p.res.Doing = i+1, st.doing
		if err := p.one(func() error { return st.play(p.world) }, st.at, st.expect); err != nil || len(p.res.Failures) > 0 {
			return err
		}
	}
	p.res.Step, p.res.Doing = 0, ""
	return nil
}

// one does one thing and looks whether all is as expected.
func (p player) one(do func() error, at source.Pos, e *expectation) error {
	err := do()
	s := p.sight()
	var no *stuck
	if errors.As(err, &no) {
		p.fail(s, check{at: at, want: "that it can be done"}, no.why)
		return nil
	}
	if err != nil {
		return err
	}
	if s.refusal != "" && (e == nil || !e.refused) {
		p.fail(s, check{at: at, want: "that it counts"}, "refused: "+s.refusal)
	}
	if e == nil {
		return nil
	}
	for _, c := range e.checks {
		if got, ok := c.judge(s); !ok {
			p.fail(s, c, got)
		}
	}
	return nil
}

func (p player) fail(s sight, c check, got string) {
	f := Failure{Expected: c.want, Got: got, At: fmt.Sprintf("%s:%d", c.at.File, c.at.Line)}
	f.Rule, f.Place = p.about(s, c.route)
	p.res.Failures = append(p.res.Failures, f)
}

// about names what of the rule files a failure is about: the rule that routed the request, or its workflow.
func (p player) about(s sight, route bool) (what, place string) {
	if s.request.Workflow != "" && !route || s.rule == "" {
		for _, f := range p.inv.Workflows {
			if f.Name == s.request.Workflow {
				return fmt.Sprintf("workflow %q", f.Name), f.Place
			}
		}
	}
	for _, r := range p.inv.Rules {
		if r.Name == s.rule {
			return fmt.Sprintf("rule %q", r.Name), r.Place
		}
	}
	return "", ""
}
