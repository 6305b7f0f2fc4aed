package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
	"signoff/internal/source"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
	"signoff/rules"
)

// past is a recorded history with the rules that are in use where it was recorded.
type past interface {
	// current are the rules in use; kept are those of a digest, nil where they are not kept.
	current(ctx context.Context) (*rules.Set, error)
	kept(ctx context.Context, digest string) *rules.Set
	// since yields what was decided at an instant or later, in order.
	since(ctx context.Context, at time.Time) iter.Seq2[flow.Record, error]
	Close() error
}

// livePast asks a running server, page by page.
type livePast struct{ *client }

func (l livePast) Close() error { return nil }

func (l livePast) current(ctx context.Context) (*rules.Set, error) {
	set, err := l.ruleset(ctx, "current")
	if err != nil {
		return nil, err
	}
	return set, nil
}

func (l livePast) ruleset(ctx context.Context, digest string) (*rules.Set, error) {
	var f server.RulesetFiles
	if err := l.call(ctx, "GET", "/api/v1/rules/"+url.PathEscape(digest), nil, &f); err != nil {
		return nil, err
	}
	var sources []rules.Source
	for _, one := range f.Files {
		sources = append(sources, rules.Source{Name: one.Name, Data: []byte(one.Text)})
	}
	set, found := rules.Compile(sources, f.Options)
	if set == nil {
		return nil, problems("the rules of %s cannot be read by this program: %s; use the same version", l.where, found[0])
	}
	return set, nil
}

func (l livePast) kept(ctx context.Context, digest string) *rules.Set {
	set, _ := l.ruleset(ctx, digest) // one that is not kept is judged by the rules in use
	return set
}

func (l livePast) since(ctx context.Context, at time.Time) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		query := "since=" + url.QueryEscape(at.UTC().Format(time.RFC3339))
		for {
			var page server.JournalPage
			if err := l.call(ctx, "GET", "/api/v1/journal?"+query, nil, &page); err != nil {
				yield(flow.Record{}, err)
				return
			}
			for _, rec := range page.Records {
				if !yield(rec, nil) {
					return
				}
			}
			if !page.More {
				return
			}
			query = "after=" + strconv.FormatUint(page.After, 10)
		}
	}
}

// storePast reads what a store keeps.
type storePast struct{ engine.Viewer }

// storedPast reads a store's file that nobody runs.
type storedPast struct {
	storePast
	*boltstore.Backup
	path string
}

func openPast(path string, now func() time.Time) (past, error) {
	b, err := boltstore.OpenBackup(path, layout.Clock{Now: now, After: time.After})
	var busy *boltstore.BusyError
	if errors.As(err, &busy) {
		return nil, usage("%s is in use; leave out --store and the running server is asked, or name a copy", path)
	}
	if err != nil {
		return nil, problems("%w", err)
	}
	return storedPast{storePast{b}, b, path}, nil
}

// current are the rules that the newest request was opened by.
func (s storedPast) current(ctx context.Context) (*rules.Set, error) {
	place, err := engine.JournalSince(ctx, s, time.Unix(1<<40, 0))
	if err != nil || place == 0 {
		return nil, problems("%s has no history: %w", s.path, cmpErr(err))
	}
	for ; place > 0; place-- {
		list, err := engine.JournalOf(ctx, s, place-1, 1)
		if err != nil {
			return nil, problems("%w", err)
		}
		if len(list) == 0 || list[0].Version != 1 && list[0].Event.Kind != flow.RulesMoved {
			continue
		}
		if set := s.kept(ctx, list[0].Ruleset); set != nil {
			return set, nil
		}
	}
	return nil, problems("%s keeps no rules that this program can read", s.path)
}

var errNoHistory = errors.New("nothing was decided yet")

func cmpErr(err error) error {
	if err == nil {
		return errNoHistory
	}
	return err
}

func (s storePast) kept(ctx context.Context, digest string) *rules.Set {
	set, _ := engine.KeptRuleset(ctx, s, digest) // one that is not kept is judged by the rules in use
	return set
}

func (s storePast) since(ctx context.Context, at time.Time) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		after, err := engine.JournalSince(ctx, s, at)
		for err == nil {
			var list []flow.Record
			if list, err = engine.JournalOf(ctx, s, after, 1000); err != nil || len(list) == 0 {
				break
			}
			for _, rec := range list {
				if !yield(rec, nil) {
					return
				}
			}
			after = list[len(list)-1].Seq
		}
		if err != nil {
			yield(flow.Record{}, problems("%w", err))
		}
	}
}

// history finds where a history is read: the file that --store names, else the running server.
func (a *app) history(file string) (past, error) {
	if file != "" {
		return openPast(file, a.now)
	}
	cl, err := a.client()
	if err != nil {
		return nil, err
	}
	return livePast{cl}, nil
}

var agoRE = regexp.MustCompile(`^([1-9][0-9]{0,4})(h|d|w)$`)

// ago reads a span such as 90d, as flags take it.
func ago(flag, words string) (time.Duration, error) {
	g := agoRE.FindStringSubmatch(words)
	if g == nil {
		return 0, usage("--%s takes a time such as 90d, 12w or 48h, not %q", flag, words)
	}
	n, _ := strconv.Atoi(g[1]) // the pattern lets numbers through alone
	return time.Duration(n) * map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[g[2]], nil
}

// proposed compiles the rule files that a command names, or those of the configuration, with the options of the rules
// that they are compared with.
func (a *app) proposed(args []string, like *rules.Set) (*rules.Set, error) {
	var f *files
	var err error
	if len(args) == 0 {
		f, err = a.read(source.Warning)
	} else {
		f, err = a.given(args)
	}
	if err != nil {
		return nil, err
	}
	if f.set == nil || f.problem {
		_ = source.Render(a.err, f.found, f.texts, false) // standard error is best effort
		return nil, said(exitProblems)
	}
	if like == nil {
		return f.set, nil
	}
	set, found := rules.Compile(f.set.Sources(), like.Options())
	if set == nil {
		return nil, problems("%s", found[0])
	}
	return set, nil
}

// bar shows how far a long reading has come: a bar on a terminal, else a line every ten seconds.
type bar struct {
	a        *app
	from, to time.Time
	began    time.Time
	last     time.Time
	what     string
	shown    bool
}

func (a *app) bar(what string, from, to time.Time) *bar {
	now := a.now()
	return &bar{a: a, what: what, from: from, to: to, began: now, last: now}
}

func (b *bar) at(events uint64, t time.Time) {
	if b.a.quiet {
		return
	}
	now, every := b.a.now(), 10*time.Second
	if b.a.errTTY {
		every = 100 * time.Millisecond
	}
	if now.Sub(b.last) < every || now.Sub(b.began) < time.Second {
		return
	}
	b.last = now
	share := min(1, max(0, float64(t.Sub(b.from))/float64(max(b.to.Sub(b.from), 1))))
	line := fmt.Sprintf("%s %s events  %3.0f %%", b.what, thousands(events), share*100)
	if !b.a.errTTY {
		fmt.Fprintln(b.a.err, line)
		return
	}
	b.shown = true
	fmt.Fprintf(b.a.err, "\r\x1b[K%s  %s", line, drawn(share, 20))
}

// end takes the bar away.
func (b *bar) end() {
	if b.shown {
		fmt.Fprint(b.a.err, "\r\x1b[K")
	}
}

func drawn(share float64, wide int) string {
	full := int(share * float64(wide))
	s := []rune{'▕'}
	for i := range wide {
		if i < full {
			s = append(s, '█')
		} else {
			s = append(s, ' ')
		}
	}
	return string(append(s, '▏'))
}

// thousands groups digits: 1 204 311.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// completeFiles offers rule files.
func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml"}, cobra.ShellCompDirectiveFilterFileExt
}
