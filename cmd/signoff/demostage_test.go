package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// demoRun is the demo as a script's outside and server in one, with a clock that the script moves.
type demoRun struct {
	demo   *demo
	doors  listeners
	log    *strings.Builder
	cancel context.CancelFunc
	done   chan error
}

// cmdDemo plays the demo in place of serve: demo [bypass=move back]. $LISTEN is set, and $TOKEN is good for its API.
func cmdDemo(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts)
	dir := ts.MkAbs("demo")
	ts.Check(os.MkdirAll(dir, 0o700))
	run := &demoRun{log: &strings.Builder{}, done: make(chan error, 1)}
	a := &app{in: strings.NewReader(""), out: run.log, err: run.log, getenv: func(string) (string, bool) { return "", false }, now: time.Now, output: "json"}
	l, err := a.demoListen("127.0.0.1:0", dir)
	ts.Check(err)
	o := demoOptions{speed: 1, empty: true, bypass: "flag"}
	if bypass := pairs(ts, args)["bypass"]; bypass != "" {
		o.bypass = bypass
	}
	run.demo, run.doors = newDemo(a, o, l, dir), l
	h, err := run.demo.hub()
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	run.cancel = cancel
	go func() { run.done <- run.demo.run(ctx, h) }()
	s.slack.Close()
	s.jira.Close()
	s.demo, s.slack, s.jira, s.faults = run, run.demo.world.slack, run.demo.world.jira, run.demo.world.faults
	ts.Setenv("LISTEN", l.public.Addr().String())
	ts.Setenv("PUBLIC", run.demo.base)
	ts.Setenv("TOKEN", run.demo.secrets["API_TOKEN"])
	ts.Setenv("CONFIG", filepath.Join(dir, "config.yaml"))
}

func (r *demoRun) end() {
	r.cancel()
	<-r.done
	r.demo.close()
	r.doors.close()
}

// cmdClock moves the clock of the demo: clock 20 minutes.
func cmdClock(ts *testscript.TestScript, _ bool, args []string) {
	r := on(ts).demo
	ts.Check(r.demo.clock.Step(strings.Join(args, " ")))
	r.demo.db.Nudge()
}
