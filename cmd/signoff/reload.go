package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"signoff/internal/source"
)

// reloader reads the rule files again and swaps them in when they are sound.
type reloader struct {
	app *app
	hub *hub
	mu  sync.Mutex
}

// reload reads the files again, or where the rules come from a repository, that.
func (r *reloader) reload(ctx context.Context) error {
	if r.hub.shelved != "" {
		return r.hub.engine.LookAtRules(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := r.app.read(source.Error)
	if err == nil && (f.problem || f.set == nil) {
		var text strings.Builder
		_ = source.Render(&text, f.found, f.texts, false) // a strings.Builder does not fail
		err = fmt.Errorf("%s; the rules in use stay\n%s", counted(f.found.Errors(), f.found.Warnings()), text.String())
	}
	if err != nil {
		r.hub.engine.SwapFailed(err.Error())
		r.hub.log.Error("rules not reloaded", "problems", err.Error())
		return err
	}
	r.hub.engine.Swap(f.set)
	r.hub.log.Info("rules reloaded", "ruleset", f.set.Digest())
	return nil
}

// onHangup reloads at each SIGHUP until the returned function is called.
func (r *reloader) onHangup(ctx context.Context) (stop func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGHUP)
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-ch:
				_ = r.reload(ctx) // logged and shown on the pages
			case <-quit:
				return
			}
		}
	})
	return func() { signal.Stop(ch); close(quit); done.Wait() }
}
