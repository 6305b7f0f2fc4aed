package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/backtest"
	"signoff/internal/engine"
	"signoff/internal/rehearsal"
	"signoff/internal/source"
	"signoff/rules"
)

// librarian takes over rule files from a repository and looks at proposed ones.
type librarian struct {
	hub     *hub
	options rules.Options
	now     func() time.Time

	mu    sync.Mutex
	ready chan struct{} // closed once the hub can be used
}

func newLibrarian(h *hub, p parts) *librarian {
	return &librarian{hub: h, options: options(p.config), now: p.now, ready: make(chan struct{})}
}

// volume is the rule files of a commit, compiled.
type volume struct {
	set   *rules.Set
	found source.Problems
	texts map[string][]byte
	tests []connectors.RuleFile
}

func (v volume) refused() bool { return v.set == nil || v.found.Errors() > 0 }

// problems prints every problem with its line.
func (v volume) problems() string {
	var b strings.Builder
	_ = source.Render(&b, v.found, v.texts, false) // a strings.Builder does not fail
	return b.String()
}

// bind compiles files as the server reads them, tests apart.
func bind(files []connectors.RuleFile, o rules.Options) volume {
	v := volume{texts: map[string][]byte{}}
	var sources []rules.Source
	for _, f := range files {
		if v.texts[f.Name] = f.Data; strings.HasSuffix(f.Name, "_test.yaml") {
			v.tests = append(v.tests, f)
			continue
		}
		sources = append(sources, rules.Source{Name: f.Name, Data: f.Data})
	}
	if len(sources) == 0 {
		v.found.Errorf(source.Pos{}, "SO123", "there are no rule files there")
		return v
	}
	v.set, v.found = rules.Compile(sources, o)
	for _, s := range sources {
		ignored := source.Ignored(s.Data)
		v.found = slices.DeleteFunc(v.found, func(p source.Problem) bool {
			return p.Level == source.Warning && p.Pos.File == s.Name && slices.Contains(ignored, p.Code)
		})
	}
	return v
}

// Take implements engine.Librarian.
func (l *librarian) Take(_ context.Context, commit string, files []connectors.RuleFile) error {
	<-l.ready
	l.mu.Lock()
	defer l.mu.Unlock()
	v := bind(files, l.options)
	if v.refused() {
		words := fmt.Sprintf("%s at commit %s; the rules in use stay\n%s", counted(max(v.found.Errors(), 1), v.found.Warnings()), short(commit), v.problems())
		l.hub.engine.SwapFailed(words)
		l.hub.log.Error("rules not reloaded", "commit", commit, "problems", words)
		return errors.New(words)
	}
	l.hub.engine.Swap(v.set)
	l.hub.log.Info("rules reloaded", "ruleset", v.set.Digest(), "commit", commit)
	return nil
}

func short(commit string) string { return commit[:min(len(commit), 7)] }

// Assess implements engine.Librarian.
func (l *librarian) Assess(ctx context.Context, files []connectors.RuleFile) connectors.Review {
	<-l.ready
	v := bind(files, l.options)
	var r assessment
	r.check(v)
	if !v.refused() {
		r.tests(ctx, v, l.options)
		if now := l.hub.engine.Rules(); r.changes(now, v.set) {
			r.open(l.concerned(ctx, now, v.set))
			r.history(l.replay(ctx, now, v.set))
		}
	}
	return r.review()
}

// openWork is what a change means for the requests that are open.
type openWork struct {
	keep    int       // requests that finish under the rules that opened them
	leaving []concern // people who go while they are asked
}

// concerned looks for what is open.
func (l *librarian) concerned(ctx context.Context, now, then *rules.Set) (w openWork, err error) {
	sets, err := l.hub.engine.Rulesets(ctx)
	if err != nil {
		return w, err
	}
	for _, one := range sets {
		if one.Digest != then.Digest() {
			w.keep += one.Open
		}
	}
	for _, c := range rules.Compare(now, then) {
		if c.What != "person" || c.Kind != rules.Removed {
			continue
		}
		page, err := l.hub.engine.Requests(ctx, engine.Filter{WaitingOn: c.Name, Open: true})
		if err != nil {
			return w, err
		}
		one := concern{Person: c.Name}
		for _, r := range page.Requests {
			one.Requests = append(one.Requests, string(r.ID))
		}
		if len(one.Requests) > 0 {
			w.leaving = append(w.leaving, one)
		}
	}
	return w, nil
}

// looksBack is how much of the past a proposal is replayed over.
const looksBack = 90 * 24 * time.Hour

// replay is what the last 90 days would have been under other rules.
func (l *librarian) replay(ctx context.Context, now, then *rules.Set) (backtest.Report, error) {
	until := l.now().UTC()
	since := until.Add(-looksBack)
	past := storePast{l.hub.store}
	return backtest.Replay(backtest.Options{
		Old: now, New: then, Since: since, Until: until, Most: mostShown,
		Kept: func(digest string) *rules.Set { return past.kept(ctx, digest) },
	}, past.since(ctx, since.Add(-backtest.Warm)), nil)
}

// mostShown is how many requests a review lists that would be different.
const mostShown = 50

// kept compiles what was taken over from a repository at last; nil where nothing was, or where it cannot be used any more.
func (l *librarian) kept(ctx context.Context, instance string) *rules.Set {
	commit, files, err := engine.KeptRules(ctx, l.hub.store, instance)
	if err != nil || commit == "" {
		if err != nil {
			l.hub.log.Error("the rules that are kept cannot be read, those of the files are used", "error", err)
		}
		return nil
	}
	v := bind(files, l.options)
	if v.refused() {
		l.hub.log.Error("the rules that are kept cannot be used any more, those of the files are", "commit", commit, "problems", v.problems())
		return nil
	}
	l.hub.log.Info("rules of the repository are in use", "ruleset", v.set.Digest(), "commit", commit)
	return v.set
}

// assessment is what comes of proposed rules, part by part.
type assessment struct {
	failed  bool
	summary []string
	rows    [][2]string
	details []string
}

func (r *assessment) row(name, words string) { r.rows = append(r.rows, [2]string{name, words}) }

// fold adds Markdown that is folded away.
func (r *assessment) fold(title, markdown string) {
	r.details = append(r.details, fmt.Sprintf("<details><summary>%s</summary>\n\n%s\n\n</details>", title, markdown))
}

// detail adds words that are folded away as they are.
func (r *assessment) detail(title, words string) {
	words = strings.TrimRight(words, "\n")
	r.fold(title, fence(words)+"\n"+words+"\n"+fence(words))
}

// fence is longer than any run of backquotes in the words.
func fence(words string) string {
	f := "```"
	for strings.Contains(words, f) {
		f += "`"
	}
	return f
}

func (r *assessment) check(v volume) {
	errs, warns := v.found.Errors(), v.found.Warnings()
	switch {
	case v.refused():
		r.failed = true
		r.summary = append(r.summary, counted(max(errs, 1), warns))
		r.row("Check", "✗ "+counted(max(errs, 1), warns))
	case warns > 0:
		r.summary = append(r.summary, counted(errs, warns))
		r.row("Check", "! "+counted(errs, warns))
	default:
		r.row("Check", "✓ in order")
	}
	if len(v.found) > 0 {
		r.detail("What check says", v.problems())
	}
}

// tests plays the tests that lie beside the rules.
func (r *assessment) tests(ctx context.Context, v volume, o rules.Options) {
	if len(v.tests) == 0 {
		r.row("Tests", "– there are none; files called …_test.yaml are run here")
		return
	}
	passed, total := 0, 0
	var words strings.Builder
	var reports []rehearsal.Report
	for _, t := range v.tests {
		f := rehearsal.Read(t.Name, t.Data)
		suite, found := loaded(f, v, o)
		if suite == nil {
			total++
			_ = source.Render(&words, found, v.texts, false) // a strings.Builder does not fail
			continue
		}
		rep := suite.Run(ctx, rehearsal.Options{})
		reports = append(reports, rep)
		passed, total = passed+rep.Passed(), total+len(rep.Results)
		for _, one := range rep.Results {
			if !one.Passed {
				writeFailed(&words, t.Name, one)
			}
		}
	}
	if passed == total {
		r.row("Tests", fmt.Sprintf("✓ %d passed", total))
		return
	}
	r.failed = true
	r.summary = append(r.summary, fmt.Sprintf("%d of %s failed", total-passed, plural(total, "test")))
	r.row("Tests", fmt.Sprintf("✗ %d failed, %d passed", total-passed, passed))
	r.detail("What failed", words.String())
}

// loaded makes a test file ready; nil with its problems where it cannot be.
func loaded(f *rehearsal.File, v volume, o rules.Options) (*rehearsal.Suite, source.Problems) {
	var about []rules.Source
	var found source.Problems
	for _, p := range f.Rules() {
		pattern, any := path.Join(path.Dir(f.Name()), p.Glob), false
		for _, s := range v.set.Sources() {
			if ok, err := path.Match(pattern, s.Name); err == nil && ok {
				about, any = append(about, s), true
			}
		}
		if !any {
			found.Add(p.Missing(path.Dir(f.Name())))
		}
	}
	if found.Errors() > 0 {
		return nil, found
	}
	set, found := f.Compile(about, o)
	if set == nil {
		return nil, found
	}
	suite, found := f.Load(set)
	if found.Errors() > 0 {
		return nil, found
	}
	return suite, nil
}

func writeFailed(b *strings.Builder, file string, one rehearsal.Result) {
	fmt.Fprintf(b, "%s:%d  %s\n", file, one.Line, one.Name)
	if one.Step > 0 {
		fmt.Fprintf(b, "  step %d: %s\n", one.Step, one.Doing)
	}
	if one.Error != "" {
		fmt.Fprintf(b, "  signoff itself went wrong: %s\n", one.Error)
	}
	for _, f := range one.Failures {
		fmt.Fprintf(b, "  expected  %s\n  got       %s\n  %s\n", f.Expected, f.Got, f.At)
	}
}

func (r *assessment) open(w openWork, err error) {
	switch {
	case err != nil:
		r.row("Open requests", "! could not be counted")
	case w.keep == 1:
		r.row("Open requests", "1 keeps the rules that opened it; `signoff rules migrate` moves it")
	case w.keep > 0:
		r.row("Open requests", fmt.Sprintf("%d keep the rules that opened them; `signoff rules migrate` moves them", w.keep))
	default:
		r.row("Open requests", "none")
	}
	for _, c := range w.leaving {
		r.row("Attention", fmt.Sprintf("! person %s is still asked in %s: %s", c.Person, plural(len(c.Requests), "open request"), strings.Join(c.Requests, ", ")))
	}
}

// history says what the past would have been.
func (r *assessment) history(rep backtest.Report, err error) {
	switch {
	case err != nil:
		r.row("Last 90 days", "! could not be replayed")
		return
	case rep.Requests == 0:
		r.row("Last 90 days", "– no requests to replay")
		return
	}
	r.row("Last 90 days", countsLine(rep))
	r.summary = append(r.summary, fmt.Sprintf("%d of %s would be different", rep.Counts.Requests, plural(rep.Requests, "request")))
	var b strings.Builder
	_ = markdownBacktest(&b, rep, true) // a strings.Builder does not fail
	r.fold("The last 90 days under these rules", strings.TrimRight(b.String(), "\n"))
}

// changes reports whether anything changes.
func (r *assessment) changes(now, then *rules.Set) bool {
	list := rules.Compare(now, then)
	if len(list) == 0 {
		r.row("Changes", "none: it means the same as the rules in use")
		r.summary = append(r.summary, "nothing changes")
		return false
	}
	added, changed, removed := rules.CountChanges(list)
	words := fmt.Sprintf("%d to add, %d to change, %d to remove", added, changed, removed)
	r.row("Changes", words)
	r.summary = append(r.summary, words)
	var b strings.Builder
	_ = rules.PrintChanges(&b, list) // a strings.Builder does not fail
	r.detail("What changes", b.String())
	return true
}

func (r *assessment) review() connectors.Review {
	var b strings.Builder
	b.WriteString("### signoff looked at these rules\n\n| | |\n|---|---|\n")
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| **%s** | %s |\n", row[0], strings.ReplaceAll(row[1], "|", "\\|"))
	}
	b.WriteString("\nNothing has been changed or sent.\n")
	for _, d := range r.details {
		b.WriteString("\n" + d + "\n")
	}
	state := "success"
	if r.failed {
		state = "failure"
	}
	summary := strings.Join(r.summary, "; ")
	if summary == "" {
		summary = "in order"
	}
	return connectors.Review{State: state, Summary: summary, Body: b.String()}
}
