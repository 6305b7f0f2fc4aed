package main

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long files must be left alone before they are read: an editor writes them in several steps, and a
	// mounted volume swaps them by renaming.
	settle = 300 * time.Millisecond
	// lookEvery is how often they are looked at without having been told: some file systems tell of nothing.
	lookEvery = 15 * time.Second
)

// ruleWatch reloads the rules when their files have changed. It watches folders, not files, because editors and volumes
// replace files by renaming others over them.
type ruleWatch struct {
	r      *reloader
	last   [sha256.Size]byte // of the files as they were last read
	seen   [sha256.Size]byte // as they were last looked at
	folder map[string]bool   // those that are watched
	told   *fsnotify.Watcher // nil where the system cannot tell
}

// onChange reloads whenever the rule files have changed, until the returned function is called.
func (r *reloader) onChange(ctx context.Context) (stop func()) {
	if r.hub.shelved != "" {
		return func() {} // the files only count until the repository has been read
	}
	w := &ruleWatch{r: r, folder: map[string]bool{}}
	told, err := fsnotify.NewWatcher()
	if err != nil {
		r.hub.log.Warn("rule files are looked at now and then: the system does not tell of changes", "error", err, "every", lookEvery)
	} else {
		w.told = told
	}
	w.last, _ = w.sum()
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { w.run(ctx) })
	return func() {
		cancel()
		done.Wait()
		if told != nil {
			_ = told.Close() // nothing is written through it
		}
	}
}

func (w *ruleWatch) run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	var events chan fsnotify.Event
	var faults chan error
	if w.told != nil {
		events, faults = w.told.Events, w.told.Errors
	}
	w.seen = w.last
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			quiet.Reset(settle)
		case err := <-faults:
			w.r.hub.log.Warn("what changed among the rule files may have been missed", "error", err)
			quiet.Reset(settle)
		case <-look.C:
			quiet.Reset(0)
		case <-quiet.C:
			now, _ := w.sum()
			switch w.judge(now) {
			case writing:
				quiet.Reset(settle)
			case changed:
				_ = w.r.reload(ctx) // logged and shown on the pages
			}
		}
	}
}

// state is how files stand since they were last read.
type state int

const (
	same    state = iota
	writing       // they differ from when they were last looked at: somebody may be writing them
	changed       // they differ from when they were last read, and have stood still since
)

// judge says how the files stand that were just looked at. Changed is said once.
func (w *ruleWatch) judge(now [sha256.Size]byte) state {
	before := w.seen
	w.seen = now
	switch {
	case now == w.last:
		return same
	case now != before:
		return writing
	}
	w.last = now
	return changed
}

// sum reads the files that the patterns name now, and watches every folder that they may come to lie in.
func (w *ruleWatch) sum() (digest [sha256.Size]byte, names []string) {
	dir := filepath.Dir(w.r.app.config)
	h := sha256.New()
	for _, glob := range w.r.hub.ruleGlobs {
		if !filepath.IsAbs(glob) {
			glob = filepath.Join(dir, glob)
		}
		found, _ := filepath.Glob(glob) // a wrong pattern was refused at the start
		names = append(names, found...)
		w.watch(filepath.Dir(glob))
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			data = []byte(err.Error())
		}
		w.watch(filepath.Dir(name))
		_, _ = h.Write([]byte(name + "\x00")) // never fails
		_, _ = h.Write(data)
	}
	h.Sum(digest[:0])
	return digest, names
}

// watch asks to be told of a folder. One that is not there yet, or has gone, is asked for again at the next look.
func (w *ruleWatch) watch(folder string) {
	if w.told == nil || strings.ContainsAny(folder, "*?[") || w.folder[folder] && slices.Contains(w.told.WatchList(), folder) {
		return
	}
	w.folder[folder] = w.told.Add(folder) == nil
}
