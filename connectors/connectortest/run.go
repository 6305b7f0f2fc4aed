package connectortest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/source"
)

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, one := range []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"Example is read strictly", example},
		{"doing twice makes one thing", twice},
		{"saying twice says it once", saidTwice},
		{"a lost answer is found again", lostAnswer},
		{"a lost word is found again", lostWord},
		{"what was never made is made once", neverMade},
		{"an older view never wins", older},
		{"faults have their class", faults},
		{"a cancelled call returns", cancelled},
		{"webhooks are read without touching anything", hooks},
		{"Check answers in findings", check},
		{"words are copied once and follow their edits", talked},
		{"long words are parted and never cut", talkedLong},
		{"lost words are found again", talkLost},
		{"what people say, edit and remove is heard", heard},
		{"files arrive whole and once", carried},
		{"a lost file is found again", carryLost},
		{"what breaks off or is too large leaves nothing", carryRefused},
		{"a picture is put there once and shown", pictured},
		{"a picture that cannot be had is in nobody's way", pictureless},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			one.test(t, h)
		})
	}
}

// begin is when the suite's clock starts.
func begin() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// bench is one connector with everything the suite watches.
type bench struct {
	Outside
	t     *testing.T
	clock *Clock
	keep  *Keep
	log   *Log
	errs  []error

	paints atomic.Pointer[painting]
	opened atomic.Int64 // pictures that were read
}

func start(t *testing.T, h Harness) *bench {
	t.Helper()
	b := &bench{t: t, clock: NewClock(begin()), keep: &Keep{}, log: &Log{}}
	b.paint(func(context.Context, flow.Ref) ([]byte, string, error) {
		return nil, "", errors.New("no picture is shown here")
	})
	b.Outside = h.Start(t, b.deps(h.Kind().Name))
	t.Cleanup(b.leaks)
	return b
}

func (b *bench) deps(instance string) connectors.Deps {
	return connectors.Deps{
		Instance: instance, Version: "test", PublicURL: "https://signoff.lumen.example",
		Key: []byte("0123456789abcdef0123456789abcdef"), StoreID: "store-of-the-suite",
		Files: Files(b.t), Log: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: b.clock.Now, Keep: b.keep,
		Picture: b.picture,
	}
}

// leaks fails the test when a secret was seen in an error or in the log.
func (b *bench) leaks() {
	for _, secret := range b.Secrets() {
		if secret == "" {
			b.t.Error("an empty text is named as a secret")
			continue
		}
		if strings.Contains(b.log.String(), secret) {
			b.t.Errorf("the log holds a secret (%d bytes long)", len(secret))
		}
		for _, err := range b.errs {
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) || strings.Contains(personOf(err), secret) {
				b.t.Errorf("an error holds a secret (%d bytes long)", len(secret))
			}
		}
	}
}

func personOf(err error) string {
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		return e.Person
	}
	return ""
}

func (b *bench) doer() connectors.Doer {
	b.t.Helper()
	d, ok := b.Connector().(connectors.Doer)
	if !ok {
		b.t.Fatal("the connector does nothing outside (connectors.Doer)")
	}
	return d
}

// do carries an effect out and checks that an error is one that may cross the boundary.
func (b *bench) do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	b.t.Helper()
	links, err := b.doer().Do(ctx, e)
	b.note(err)
	return links, err
}

func (b *bench) note(err error) {
	b.t.Helper()
	if err == nil {
		return
	}
	b.errs = append(b.errs, err)
	e, ok := err.(*connectors.Error) //nolint:errorlint // exactly this type crosses the boundary
	if !ok {
		b.t.Errorf("error is a %T, want *connectors.Error: %v", err, err)
		return
	}
	if e.Op == "" || !slices.Contains([]connectors.Class{connectors.Transient, connectors.Limited, connectors.Unsure, connectors.Rejected, connectors.Denied}, e.Class) {
		b.t.Errorf("error lacks its operation or class: %#v", e)
	}
}

// made carries out Create and returns what it made.
func (b *bench) made() (flow.Effect, []flow.Link) {
	b.t.Helper()
	e := b.Create()
	links, err := b.do(b.t.Context(), e)
	if err != nil {
		b.t.Fatalf("Do(%s): %v", e.ID, err)
	}
	if len(links) == 0 || links[0].Ref.Zero() {
		b.t.Fatalf("Do(%s) = %+v, want a link to what was made", e.ID, links)
	}
	return e, links
}

func (b *bench) things(want int) []string {
	b.t.Helper()
	got := b.Things()
	if len(got) != want {
		b.t.Errorf("the outside holds %d things, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}
	return got
}

// later is the effect e as the engine sends it once links are known, with a new title at a version.
func later(e flow.Effect, links []flow.Link, version int64, title string) flow.Effect {
	show := *e.Show
	show.Version, show.Digest = version, fmt.Sprint("digest-", version)
	show.View.Title, show.View.Headline = title, title
	if len(links) > 0 {
		link := links[0]
		show.Link = &link
	}
	e.ID = fmt.Sprintf("%s/%d/1", e.Request, version)
	e.Show = &show
	return e
}

func example(t *testing.T, h Harness) {
	k := h.Kind()
	if k.Name == "" || k.New == nil || strings.TrimSpace(k.Example) == "" {
		t.Fatalf("Kind lacks its name, its example or New: %+v", k)
	}
	b := &bench{t: t, clock: NewClock(begin()), keep: &Keep{}, log: &Log{}}
	d := b.deps(k.Name)
	d.HTTP, d.Files = noHTTP(t), noHTTP(t)
	c, err := k.New(decoder(k.Example, h.Env()), d)
	if err != nil || c == nil {
		t.Errorf("New with the Example: %v", err)
	}
	if b.keep.Calls() != 0 {
		t.Errorf("New used the Keep %d times, want none", b.keep.Calls())
	}
	if _, err := k.New(decoder("surely_unknown: 1\n"+k.Example, h.Env()), d); err == nil {
		t.Error("New takes an unknown key, want a refusal")
	}
	for _, secret := range h.Env() {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("a problem of the settings holds a secret (%d bytes long)", len(secret))
		}
	}
}

// decoder reads settings as the configuration does.
func decoder(text string, env map[string]string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("example.yaml", []byte(os.Expand(text, func(name string) string { return env[name] })))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "an instance", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

func twice(t *testing.T, h Harness) {
	b := start(t, h)
	e, first := b.made()
	again, err := b.do(t.Context(), e)
	if err != nil {
		t.Fatalf("Do again: %v", err)
	}
	if len(again) == 0 || again[0].Ref != first[0].Ref {
		t.Errorf("Do again = %+v, want the same thing as first: %+v", again, first)
	}
	change := later(e, first, 2, "A second title")
	for range 2 {
		if _, err := b.do(t.Context(), change); err != nil {
			t.Fatalf("Do of a change: %v", err)
		}
	}
	_, lasting := b.Outside.(Lasting)
	if got := b.things(1); len(got) == 1 && !lasting && !strings.Contains(got[0], "A second title") {
		t.Errorf("after a change the thing is\n%s\nwant the new title in it", got[0])
	}
}

func saidTwice(t *testing.T, h Harness) {
	b := start(t, h)
	_, links := b.made()
	say, ok := b.Say(links)
	if !ok {
		t.Skip("this connector says nothing by itself")
	}
	for range 2 {
		if _, err := b.do(t.Context(), say); err != nil {
			t.Fatalf("Do(%s): %v", say.ID, err)
		}
	}
	if b.Said() != 1 {
		t.Errorf("it was said %d times, want once", b.Said())
	}
}

const mostLooks = 20

// look asks Find until it knows, as the engine does, moving the clock by what it is told to wait.
func (b *bench) look(e flow.Effect, tried time.Time) ([]flow.Link, bool) {
	b.t.Helper()
	for range mostLooks {
		links, found, err := b.doer().Find(b.t.Context(), e, tried)
		b.note(err)
		switch {
		case err == nil:
			return links, found
		case connectors.ClassOf(err) != connectors.Unsure:
			b.t.Fatalf("Find(%s): %v", e.ID, err)
		}
		wait := time.Second
		if ce, ok := errors.AsType[*connectors.Error](err); ok && ce.Wait > 0 {
			wait = ce.Wait
		}
		b.clock.Advance(wait)
	}
	b.t.Fatalf("Find(%s) does not know after %d looks", e.ID, mostLooks)
	return nil, false
}

// lose carries e out with a fault and returns when it was tried; the error must be Unsure.
func (b *bench) lose(e flow.Effect, f Fault) time.Time {
	b.t.Helper()
	if !b.Arm(f) {
		b.t.Skip("nothing can be lost on the way to this outside")
	}
	tried := b.clock.Now()
	_, err := b.do(b.t.Context(), e)
	if got := connectors.ClassOf(err); got != connectors.Unsure {
		b.t.Fatalf("Do with a lost answer: class %q (%v), want %q", got, err, connectors.Unsure)
	}
	return tried
}

func lostAnswer(t *testing.T, h Harness) {
	b := start(t, h)
	e := b.Create()
	tried := b.lose(e, Fault{Does: true})
	links, found := b.look(e, tried)
	if !found || len(links) == 0 || links[0].Ref.Zero() {
		t.Fatalf("Find = %+v, %v, want what the lost call made", links, found)
	}
	if _, err := b.do(t.Context(), later(e, links, 2, "A second title")); err != nil {
		t.Fatalf("Do of a change: %v", err)
	}
	b.things(1)
}

func lostWord(t *testing.T, h Harness) {
	b := start(t, h)
	_, links := b.made()
	say, ok := b.Say(links)
	if !ok {
		t.Skip("this connector says nothing by itself")
	}
	tried := b.lose(say, Fault{Does: true})
	if _, found := b.look(say, tried); !found {
		t.Error("Find does not find what was said")
	}
	if b.Said() != 1 {
		t.Errorf("it was said %d times, want once", b.Said())
	}
}

func neverMade(t *testing.T, h Harness) {
	b := start(t, h)
	e := b.Create()
	tried := b.lose(e, Fault{})
	if links, found := b.look(e, tried); found {
		t.Fatalf("Find = %+v, want nothing: the call never arrived", links)
	}
	if _, err := b.do(t.Context(), e); err != nil {
		t.Fatalf("Do once more: %v", err)
	}
	b.things(1)
}

func older(t *testing.T, h Harness) {
	b := start(t, h)
	if v, ok := b.Outside.(Versionless); ok {
		t.Skip(v.Versionless())
	}
	if l, ok := b.Outside.(Lasting); ok {
		t.Skip(l.Lasting())
	}
	e, links := b.made()
	for _, step := range []struct {
		version int64
		title   string
	}{{3, "The third title"}, {2, "The second title"}} {
		if _, err := b.do(t.Context(), later(e, links, step.version, step.title)); err != nil {
			t.Fatalf("Do of version %d: %v", step.version, err)
		}
	}
	got := strings.Join(b.things(1), "\n")
	if !strings.Contains(got, "The third title") || strings.Contains(got, "The second title") {
		t.Errorf("the thing is\n%s\nwant version 3 and nothing of version 2", got)
	}
}
