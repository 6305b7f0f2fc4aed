package sandbox

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func fixed() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func TestLedger_NumbersAndMasks(t *testing.T) {
	t.Parallel()
	l := NewLedger(fixed)
	l.Hide("xoxb-secret", "")
	l.Add(Entry{Service: "slack", Path: "chat.postMessage", Body: "token=xoxb-secret&text=hi"})
	l.Add(Entry{Service: "slack", Note: "xoxb-secret refused", Body: strings.Repeat("é", maxBody)})

	got := l.Entries(0)
	if len(got) != 2 || got[0].Seq != 1 || got[1].Seq != 2 {
		t.Fatalf("entries: got %+v, want two numbered 1 and 2", got)
	}
	if want := "token=•••&text=hi"; got[0].Body != want {
		t.Errorf("body: got %q, want %q", got[0].Body, want)
	}
	if strings.Contains(got[1].Note, "secret") {
		t.Errorf("note shows a secret: %q", got[1].Note)
	}
	if n := len(got[1].Body); n > maxBody+len("…") {
		t.Errorf("body of %d bytes was kept, cap is %d", n, maxBody)
	}
	if !got[0].At.Equal(fixed()) {
		t.Errorf("at: got %v, want %v", got[0].At, fixed())
	}
	if rest := l.Entries(1); len(rest) != 1 || rest[0].Seq != 2 {
		t.Errorf("entries after 1: got %+v, want only number 2", rest)
	}
}

func TestLedger_WaitWakes(t *testing.T) {
	t.Parallel()
	l := NewLedger(fixed)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 50 {
			l.Add(Entry{Service: "jira"})
		}
	})
	err := l.Wait(t.Context(), func(es []Entry) bool { return len(es) == 50 })
	wg.Wait()
	if err != nil {
		t.Errorf("wait for 50 entries: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Wait(ctx, func([]Entry) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("wait on a cancelled context: got %v, want context.Canceled", err)
	}
}
