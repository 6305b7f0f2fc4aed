package email_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMailbox_ServerThatFallsSilent: a half-open connection is found out and opened again, and nothing waits for ever.
func TestMailbox_ServerThatFallsSilent(t *testing.T) {
	for _, command := range []string{"LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID MOVE", "IDLE", "NOOP"} {
		t.Run(command, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				box := newPostbox(t, "IDLE MOVE")
				box.on(boxStep{on: command, reply: "silent"})
				box.put(letterOf("one"))
				r := read(t, box)
				defer r.close()
				after(12 * time.Minute)
				box.put(letterOf("two"))
				after(12 * time.Minute)
				if got := r.subjects(); !slices.Contains(got, "one") || !slices.Contains(got, "two") {
					t.Errorf("delivered %v, want both", got)
				}
				if got := box.inbox(); len(got) != 0 {
					t.Errorf("the mailbox still holds %v", got)
				}
			})
		})
	}
}

// TestMailbox_IdleThatTellsNothing: what IDLE does not tell is found by a full look every five minutes.
func TestMailbox_IdleThatTellsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		r := read(t, box)
		defer r.close()
		box.mu.Lock()
		box.idle = nil
		box.mu.Unlock()
		box.put(letterOf("one"))
		after(5*time.Minute + time.Second)
		if got := r.subjects(); len(got) != 1 {
			t.Errorf("after five minutes delivered %v, want it", got)
		}
	})
}

func TestMailbox_WithoutIdleIsPolled(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "MOVE")
		r := read(t, box)
		defer r.close()
		box.put(letterOf("one"))
		after(time.Minute + time.Second)
		if got := r.subjects(); len(got) != 1 {
			t.Errorf("after a minute delivered %v, want it", got)
		}
	})
}

func TestMailbox_BusyServerIsNotARefusal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		for range 4 {
			box.on(boxStep{on: "LOGIN", reply: "NO [UNAVAILABLE] temporary failure"})
		}
		box.put(letterOf("one"))
		r := read(t, box)
		defer r.close()
		after(time.Minute)
		if got := r.subjects(); len(got) != 1 {
			t.Errorf("delivered %v, want it once the server is well", got)
		}
	})
}

// TestMailbox_OneThatCannotBeRead does not stand in the way of those behind it.
func TestMailbox_OneThatCannotBeRead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		for range 3 {
			box.on(boxStep{on: "UID FETCH 1 (UID BODY", reply: "NO [SERVERBUG] cannot read"})
		}
		box.put(letterOf("one"))
		box.put(letterOf("two"))
		r := read(t, box)
		defer r.close()
		after(5 * time.Minute)
		if diff := cmp.Diff([]string{"two"}, r.subjects()); diff != "" {
			t.Errorf("delivered (-want +got)\n%s", diff)
		}
	})
}

// TestMailbox_CutWithinAMail: half a mail is none.
func TestMailbox_CutWithinAMail(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.put(letterOf("one"))
		box.on(boxStep{on: "UID FETCH 1 (UID BODY", reply: "half"})
		r := read(t, box)
		defer r.close()
		after(time.Minute)
		if len(r.got) != 1 || string(r.got[0].Body) != box.folder("signoff.Done")[0] {
			t.Errorf("delivered %+v, want the whole mail once", r.got)
		}
	})
}

// TestMailbox_CutAgainAndAgain: a server that ends the connection after each mail is asked again at once; the pause grows only
// while nothing comes of it.
func TestMailbox_CutAgainAndAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		for i := range 12 {
			box.put(letterOf(fmt.Sprintf("mail %d", i)))
			box.on(boxStep{on: fmt.Sprintf("UID FETCH %d (UID BODY", i+1), reply: "cut"})
		}
		r := read(t, box)
		defer r.close()
		after(20 * time.Second)
		if got := len(r.subjects()); got != 12 {
			t.Errorf("after 20 seconds %d mails were delivered, want all 12", got)
		}
	})
}

// TestMailbox_ListedAndNotSent: a mail that the server does not send now is not passed over.
func TestMailbox_ListedAndNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.put(letterOf("one")).hidden = 2
		r := read(t, box)
		defer r.close()
		after(time.Minute)
		if got := r.subjects(); len(got) != 1 || len(box.folder("signoff.Done")) != 1 {
			t.Errorf("delivered %v, want it once", got)
		}
	})
}

// TestMailbox_LiteralWithoutEnd: a literal that is larger than a mail may be is not read to its end.
func TestMailbox_LiteralWithoutEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.put(letterOf("one"))
		huge := "x"
		box.mails[0].raw += strings.Repeat(huge, 36<<20)
		box.mails[0].size = 10
		r := read(t, box)
		defer r.close()
		after(time.Minute)
		if got := r.subjects(); len(got) != 0 {
			t.Errorf("delivered %d mails, want none", len(got))
		}
	})
}
