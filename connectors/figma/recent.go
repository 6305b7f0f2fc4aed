package figma

import (
	"sync"
	"time"
)

// recent remembers for a short while what Figma said of files, so that many webhooks of one file cost one call.
type recent struct {
	mu       sync.Mutex
	metas    map[string]aged[meta]
	comments map[string]aged[[]comment]
}

type aged[T any] struct {
	at   time.Time
	what T
}

const (
	mostRecent   = 64  // files
	mostRecently = 500 // comments of one: of more, each webhook is read about by itself
)

func (r *recent) meta(key string, now time.Time) (meta, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.metas[key]
	return m.what, ok && now.Sub(m.at) < metaLife
}

func (r *recent) putMeta(key string, m meta, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.metas = put(r.metas, key, aged[meta]{now, m})
}

// comment finds a comment among those that were read lately.
func (r *recent) comment(key string, id loose, now time.Time) (comment, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.comments[key]
	if now.Sub(list.at) >= commentsLife {
		return comment{}, false
	}
	return find(list.what, id)
}

func (r *recent) putComments(key string, list []comment, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(list) > mostRecently {
		delete(r.comments, key)
		return
	}
	r.comments = put(r.comments, key, aged[[]comment]{now, list})
}

// forget makes the comments of a file be read anew: we have written there.
func (r *recent) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.comments, key)
}

func put[T any](m map[string]aged[T], key string, one aged[T]) map[string]aged[T] {
	if m == nil || len(m) >= mostRecent && m[key].at.IsZero() {
		m = map[string]aged[T]{}
	}
	m[key] = one
	return m
}

// drop forgets all of a file.
func (r *recent) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.comments, key)
	delete(r.metas, key)
}
