package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/slack"
)

// demoRun is the demo as a script's outside and server in one, with a clock that the script moves.
type demoRun struct {
	demo   *demo
	doors  listeners
	log    *journal
	cancel context.CancelFunc
	done   chan error
}

// journal is a log that can be read while it is written.
type journal struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

// cmdDemo plays the demo in place of serve: demo [bypass=move back] [rules=FILE]. $LISTEN is set, and $TOKEN is good for its API.
func cmdDemo(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts)
	dir := ts.MkAbs("demo")
	ts.Check(os.MkdirAll(dir, 0o700))
	run := &demoRun{log: &journal{}, done: make(chan error, 1)}
	a := &app{in: strings.NewReader(""), out: run.log, err: run.log, getenv: func(string) (string, bool) { return "", false }, now: time.Now, output: "json"}
	l, err := a.demoListen("127.0.0.1:0", dir)
	ts.Check(err)
	o := demoOptions{speed: 1, empty: true, bypass: "flag"}
	if bypass := pairs(ts, args)["bypass"]; bypass != "" {
		o.bypass = bypass
	}
	if file := pairs(ts, args)["rules"]; file != "" {
		o.rules = ts.ReadFile(file)
	}
	run.doors = l
	run.demo, err = newDemo(a, o, l, dir)
	ts.Check(err)
	h, err := run.demo.hub()
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	run.cancel = cancel
	go func() { run.done <- run.demo.run(ctx, h) }()
	s.shut()
	s.mail.Close()
	w := run.demo.world
	s.demo, s.slack, s.jira, s.faults, s.github, s.mail = run, w.slack, w.jira, w.faults, w.github, w.mail
	s.figma, s.adobe, s.confluence = w.figma, w.adobe, w.confluence
	ts.Setenv("LISTEN", l.public.Addr().String())
	ts.Setenv("ADMIN", l.admin.Addr().String())
	ts.Setenv("PUBLIC", run.demo.base)
	ts.Setenv("TOKEN", run.demo.secrets["API_TOKEN"])
	ts.Setenv("CONFIG", filepath.Join(dir, "config.yaml"))
}

// stop ends the demo; it has nothing to complain about.
func (r *demoRun) stop(ts *testscript.TestScript) {
	r.cancel()
	err := <-r.done
	r.done <- nil
	if log := r.log.String(); err != nil || log != "" {
		ts.Fatalf("the demo ended with %v and logged:\n%s", err, log)
	}
}

func (r *demoRun) end() {
	r.cancel()
	<-r.done
	r.demo.close()
	r.doors.close()
}

// cmdClock moves the clock of the demo: clock 20 minutes. With "until #launch WORDS" it moves on in such steps until a
// message there shows the words, at most ten times: a chore that is just done counts from when it was done.
func cmdClock(ts *testscript.TestScript, _ bool, args []string) {
	r, s := on(ts).demo, on(ts).slack
	until := slices.Index(args, "until")
	if until < 0 {
		ts.Check(r.step(args))
		return
	}
	ch, words := channel(ts, args[until+1]), strings.Join(args[until+2:], " ")
	for range 10 {
		ts.Check(r.step(args[:until]))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := s.Wait(ctx, func(*slack.Server) bool { _, ok := find(everything(s, ch), words); return ok })
		cancel()
		if err == nil {
			return
		}
	}
	ts.Fatalf("%s does not show %q, however late it is", args[until+1], words)
}

func (r *demoRun) step(words []string) error {
	defer r.demo.db.Nudge()
	return r.demo.clock.Step(strings.Join(words, " "))
}
