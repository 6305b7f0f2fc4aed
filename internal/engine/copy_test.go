package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func pdf(size int) []byte {
	b := bytes.Repeat([]byte("%%signoff%%\n"), size/12+1)[:size]
	copy(b, "%PDF-1.7\n")
	return b
}

// gives makes a file of the chat.
func gives(name, media string, body []byte) source {
	return source{meta: connectors.FileMeta{Name: name, Type: media, Size: int64(len(body))}, open: func() io.Reader { return bytes.NewReader(body) }}
}

// withFile submits a request with one file and gives what became of it after a while.
func (w *world) withFile(f flow.File, s *source, after time.Duration) flow.FileState {
	w.t.Helper()
	w.chat.set(func(o *outside) {
		o.files = map[string]source{}
		if s != nil {
			o.files["F1"] = *s
		}
	})
	f.Ref = flow.Ref{System: "slack", Type: "file", Key: "F1"}
	in := ask("1", "Banner")
	in.Event.Files = []flow.File{f}
	w.hook(in)
	w.pass(after)
	r := w.request("CR-1")
	if len(r.Files) != 1 {
		w.t.Fatalf("files %+v, want one", r.Files)
	}
	return r.Files[0]
}

func TestCopy_ArrivesByteForByteOnce(t *testing.T) {
	t.Parallel()
	body := pdf(3 << 20)
	lost := func(class connectors.Class) func(int) error {
		return func(nth int) error {
			if nth > 1 {
				return nil
			}
			return &connectors.Error{Op: "attach", Class: class, Wait: time.Second, Err: errors.New("reset")}
		}
	}
	for what, tc := range map[string]struct {
		attach func(int) error
		tries  int
	}{
		"at once": {nil, 1}, "answer lost": {lost(connectors.Unsure), 1}, "refused for now": {lost(connectors.Limited), 2}, "trouble": {lost(connectors.Transient), 2},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.desk.set(func(o *outside) { o.attach = tc.attach })
				s := gives("../brief.pdf", "application/pdf", body)
				f := w.withFile(flow.File{Name: "../brief.pdf", Type: "application/pdf", Size: int64(len(body))}, &s, 10*time.Minute)
				if f.Fate != flow.FileCopied {
					t.Fatalf("fate %s (%s), want copied", f.Fate, f.Why)
				}
				w.desk.mu.Lock()
				defer w.desk.mu.Unlock()
				if len(w.desk.holds) != 1 || w.desk.tries != tc.tries {
					t.Errorf("%d files after %d calls, want 1 after %d", len(w.desk.holds), w.desk.tries, tc.tries)
				}
				for name, got := range w.desk.holds {
					if got.sum != sha256.Sum256(body) || strings.Contains(name, "/") || got.meta.Type != "application/pdf" || got.meta.Size != int64(len(body)) {
						t.Errorf("%q arrived as %+v with %d bytes, want the same %d bytes", name, got.meta, got.size, len(body))
					}
				}
				n := 0
				for _, th := range w.desk.things {
					if th.mark == "CR-1/file/1" {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%d attachments with the mark, want 1", n)
				}
			})
		})
	}
}

func TestCopy_WhatCannotBeCarriedSaysWhy(t *testing.T) {
	t.Parallel()
	page := []byte("<!DOCTYPE html><html><head><title>Sign in</title></head></html>")
	endless := source{meta: connectors.FileMeta{Name: "a.bin", Size: -1}, open: func() io.Reader { return io.MultiReader(strings.NewReader("%PDF-1.7\n"), endlessly{}) }}
	short := gives("a.pdf", "application/pdf", pdf(5000))
	short.meta.Size = 9000
	long := gives("a.pdf", "application/pdf", pdf(5000))
	long.meta.Size = 4000
	huge := gives("a.pdf", "application/pdf", pdf(5000))
	huge.meta.Size = 26 << 20
	refused := source{err: &connectors.Error{Op: "files.info", Class: connectors.Rejected, Person: "signoff may not see this file. Share it in the channel."}}
	login, empty := gives("a.pdf", "application/pdf", page), gives("a.pdf", "application/pdf", nil)
	for what, tc := range map[string]struct {
		s    *source
		fate flow.FileFate
		why  string
	}{
		"login page as a PDF": {&login, flow.FileRefused, "web page"},
		"empty":               {&empty, flow.FileRefused, "empty"},
		"gone":                {nil, flow.FileGone, "deleted"},
		"too large by size":   {&huge, flow.FileTooLarge, "26 MB"},
		"endless":             {&endless, flow.FileTooLarge, "more than 25 MB"},
		"cut short":           {&short, flow.FileRefused, "did not arrive whole"},
		"longer than said":    {&long, flow.FileRefused, "did not arrive whole"},
		"source refuses":      {&refused, flow.FileRefused, "may not see"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				f := w.withFile(flow.File{Name: "a.pdf", Type: "application/pdf"}, tc.s, 3*time.Hour)
				if f.Fate != tc.fate || !strings.Contains(f.Why, tc.why) {
					t.Errorf("%s: %q, want %s: %q", f.Fate, f.Why, tc.fate, tc.why)
				}
				w.desk.mu.Lock()
				defer w.desk.mu.Unlock()
				if len(w.desk.holds) != 0 {
					t.Errorf("something arrived: %+v", w.desk.holds)
				}
			})
		})
	}
}

// TestCopy_FilesOfAMailAreAsTheySay: a table that is called a spreadsheet came so from its sender, and is carried; a program that
// passes for a PDF is not.
func TestCopy_FilesOfAMailAreAsTheySay(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		name string
		body []byte
		fate flow.FileFate
	}{
		"a table":   {"list.xlsx", []byte("a;b\n1;2\n"), flow.FileCopied},
		"a page":    {"export.xls", []byte("<!DOCTYPE html><html><body><table></table></body></html>"), flow.FileCopied},
		"a program": {"brief.pdf", append([]byte("MZ\x90\x00"), make([]byte, 4000)...), flow.FileRefused},
	} {
		inWorld(t, func(w *world) {
			s := gives(tc.name, "application/octet-stream", tc.body)
			s.meta.AsSent = true
			if f := w.withFile(flow.File{Name: tc.name}, &s, 3*time.Hour); f.Fate != tc.fate {
				t.Errorf("%s: %q (%s), want %q", what, f.Fate, f.Why, tc.fate)
			}
		})
	}
}

// endlessly gives bytes without end.
type endlessly struct{}

func (endlessly) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A file whose message was removed before it could be carried is not carried; words that were removed are not copied.
func TestCopy_TakenBackMeanwhile(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Banner"))
		w.pass(time.Minute)
		w.desk.set(func(o *outside) { o.denied = errors.New("token_revoked") }) // the tracker cannot be written for a while
		thread := flow.Ref{System: "slack", Type: "thread", Key: "C1/1"}
		said := flow.Ref{System: "slack", Type: "message", Key: "m1"}
		sent := time.Now().UTC()
		comment := func(id string, kind flow.Kind, at time.Time) {
			w.hook(body{ID: id, Event: &flow.Event{Kind: kind, Subject: thread, Said: said, Seq: "9", Sent: at, Actor: flow.Actor{Ref: slackUser("Uben")},
				Body: text.Plain("The draft with the wrong price"), Files: []flow.File{{Ref: flow.Ref{System: "slack", Type: "file", Key: "F1"}, Name: "price.pdf"}}}})
		}
		w.chat.set(func(o *outside) { o.files = map[string]source{"F1": gives("price.pdf", "application/pdf", pdf(5000))} })
		comment("c1", flow.CommentAdded, sent)
		w.pass(30 * time.Second)
		comment("c2", flow.CommentRemoved, sent.Add(30*time.Second))
		w.desk.set(func(o *outside) { o.denied = nil })
		w.pass(20 * time.Minute)
		if made := w.desk.of("CR-1/comment/1"); len(made) != 0 {
			t.Errorf("words that were removed before they could be copied were written: %+v", made)
		}
		if f := w.request("CR-1").Files[0]; f.Fate != flow.FileGone || len(w.desk.holds) != 0 {
			t.Errorf("file %s, arrived %d; want it gone with its message", f.Fate, len(w.desk.holds))
		}
	})
}

// What the target refuses is parked for a person, and can be tried again.
func TestCopy_RefusedByTheTarget(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.attach = func(nth int) error {
				if nth > 1 {
					return nil
				}
				return &connectors.Error{Op: "attach", Class: connectors.Rejected, Person: "Attachments are switched off in this project."}
			}
		})
		s := gives("a.pdf", "application/pdf", pdf(5000))
		f := w.withFile(flow.File{Name: "a.pdf"}, &s, time.Hour)
		if f.Fate != flow.FileRefused || !strings.Contains(f.Why, "switched off") {
			t.Fatalf("%s: %q, want refused with the sentence", f.Fate, f.Why)
		}
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) != 1 || parked[0].Purpose != "file/1" {
			t.Fatalf("parked %+v, want the file", parked)
		}
		must(t, w.engine.Replay(context.Background(), parked[0].Job))
		w.pass(time.Minute)
		if f := w.request("CR-1").Files[0]; f.Fate != flow.FileCopied {
			t.Errorf("%s after another try, want copied", f.Fate)
		}
	})
}

// Trouble at the source is the source's: the ticket is still written, and a source without rights is stopped, not the
// tracker.
func TestCopy_TroubleAtTheSource(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		s := source{err: &connectors.Error{Op: "download", Class: connectors.Denied, Err: errors.New("token_revoked")}}
		w.chat.set(func(o *outside) { o.denied = errors.New("token_revoked") })
		f := w.withFile(flow.File{Name: "a.pdf"}, &s, 10*time.Minute)
		if f.Fate != flow.FileWaiting {
			t.Errorf("fate %s, want it waiting", f.Fate)
		}
		stopped := w.engine.Health(context.Background()).Stopped
		if _, ok := stopped["slack"]; !ok || len(stopped) != 1 {
			t.Errorf("stopped %v, want slack alone", stopped)
		}
		good := gives("a.pdf", "application/pdf", pdf(5000))
		w.chat.set(func(o *outside) { o.denied = nil; o.files["F1"] = good })
		w.pass(10 * time.Minute)
		if f := w.request("CR-1").Files[0]; f.Fate != flow.FileCopied {
			t.Errorf("fate %s after a new token, want copied", f.Fate)
		}
		if n := w.metric("signoff_alarms_total", "what=denied"); n != 1 {
			t.Errorf("%v alarms, want one", n)
		}
	})
}
