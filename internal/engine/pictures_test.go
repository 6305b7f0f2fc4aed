package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

const pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x06\x00\x00\x00"

// image is a source of bytes that counts how often it was opened.
func image(opened *atomic.Int32, body string, size int64) source {
	return source{meta: connectors.FileMeta{Name: "thumb", Type: "image/png", Size: size}, open: func() io.Reader {
		opened.Add(1)
		return strings.NewReader(body)
	}}
}

func thumb(key string) flow.Ref { return flow.Ref{System: "slack", Type: "file", Key: key} }

func TestPicture_IsFetchedOnceAndKept(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var opened atomic.Int32
		body := pngHead + strings.Repeat("p", 5000)
		w.chat.set(func(o *outside) { o.files = map[string]source{"T1": image(&opened, body, -1)} })
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				got, media, err := w.engine.Picture(context.Background(), thumb("T1"))
				if err != nil || media != "image/png" || string(got) != body {
					t.Errorf("got %d bytes of %q, %v; want the picture", len(got), media, err)
				}
			})
		}
		all.Wait()
		w.stop()
		w.start() // what is kept outlives the process
		w.settle()
		if _, _, err := w.engine.Picture(context.Background(), thumb("T1")); err != nil {
			t.Error(err)
		}
		if n := opened.Load(); n != 1 {
			t.Errorf("opened %d times, want once", n)
		}
		w.stop()
		w.pass(31 * 24 * time.Hour)
		w.start()
		w.pass(2 * time.Minute)
		if _, _, err := w.engine.Picture(context.Background(), thumb("T1")); err != nil || opened.Load() != 2 {
			t.Errorf("after a month opened %d times, %v; want it fetched anew", opened.Load(), err)
		}
	})
}

func TestPicture_WhatIsNone(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		body string
		size int64
		err  error
	}{
		"a page":                {"<!DOCTYPE html><html><body>sign in</body></html>", -1, nil},
		"a drawing that runs":   {`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`, -1, nil},
		"a document":            {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", -1, nil},
		"words":                 {"just words", -1, nil},
		"nothing":               {"", -1, nil},
		"too large as it says":  {pngHead, 3 << 20, nil},
		"too large as it is":    {pngHead + strings.Repeat("p", 2<<20), -1, nil},
		"what cannot be opened": {"", -1, &connectors.Error{Op: "open", Class: connectors.Rejected, Gone: "deleted"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				var opened atomic.Int32
				file := image(&opened, tc.body, tc.size)
				file.err = tc.err
				w.chat.set(func(o *outside) { o.files = map[string]source{"T1": file} })
				for range 2 {
					got, _, err := w.engine.Picture(context.Background(), thumb("T1"))
					var ce *connectors.Error
					if got != nil || !errors.As(err, &ce) || ce.Class != connectors.Rejected {
						t.Errorf("got %d bytes and %v, want it rejected", len(got), err)
					}
				}
				if n := opened.Load(); n > 1 {
					t.Errorf("opened %d times, want it left alone for a while", n)
				}
			})
		})
	}
	t.Run("of an instance without files", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			if _, _, err := w.engine.Picture(context.Background(), flow.Ref{System: "none", Type: "file", Key: "1"}); connectors.ClassOf(err) != connectors.Rejected {
				t.Errorf("got %v, want it rejected", err)
			}
		})
	})
}

// TestPicture_NobodyWaitsLongerThanTheyWish, the first who asks included: it goes on being fetched for whoever asks again.
func TestPicture_NobodyWaitsLongerThanTheyWish(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var opened atomic.Int32
		file := image(&opened, pngHead, -1)
		quick := file.open
		file.open = func() io.Reader { time.Sleep(5 * time.Second); return quick() }
		w.chat.set(func(o *outside) { o.files = map[string]source{"T1": file} })
		begun := time.Now()
		for i := range 2 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			_, _, err := w.engine.Picture(ctx, thumb("T1"))
			cancel()
			if took, want := time.Since(begun), time.Duration(i+1)*2*time.Second; connectors.ClassOf(err) != connectors.Transient || took != want {
				t.Errorf("try %d ends after %v with %v, want a transient error after %v", i+1, took, err, want)
			}
		}
		w.pass(2 * time.Second)
		got, _, err := w.engine.Picture(context.Background(), thumb("T1"))
		if err != nil || string(got) != pngHead || opened.Load() != 1 {
			t.Errorf("then it is %d bytes, %v, opened %d times; want the picture, opened once", len(got), err, opened.Load())
		}
	})
}

// TestPicture_OldestMakeRoom: what is kept of pictures has a bound.
func TestPicture_OldestMakeRoom(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var opened atomic.Int32
		body := pngHead + strings.Repeat("p", 2<<20-len(pngHead))
		files := map[string]source{}
		for i := range 33 {
			files[name("T%d", i)] = image(&opened, body, -1)
		}
		w.chat.set(func(o *outside) { o.files = files })
		for i := range 33 {
			w.pass(time.Second)
			if _, _, err := w.engine.Picture(context.Background(), thumb(name("T%d", i))); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"T1", "T32", "T0"} { // the first was dropped for the last
			if _, _, err := w.engine.Picture(context.Background(), thumb(key)); err != nil {
				t.Fatal(err)
			}
			if n := opened.Load(); (n == 34) != (key == "T0") {
				t.Errorf("opened %d times after %s, want only the oldest fetched again", n, key)
			}
		}
	})
}

func TestArchive_OnlyOnesOwn(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Spring banner"))
		w.settle()
		for what, tc := range map[string]struct {
			instance, id string
			want         bool
		}{
			"one's own":     {"slack", "1", true},
			"another's":     {"jira", "1", false},
			"none":          {"slack", "2", false},
			"up and across": {"jira", "../slack/1", false},
		} {
			body, err := engine.NewArchive(w.store, tc.instance)(context.Background(), tc.id)
			must(t, err)
			if got := bytes.Contains(body, []byte("Spring banner")); got != tc.want {
				t.Errorf("%s: given %v, want %v", what, got, tc.want)
			}
		}
	})
}
