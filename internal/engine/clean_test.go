package engine_test

import "testing"

// What nobody can see and what steers a display never reaches a request, whichever door it came by.
func TestDelivered_WordsAreCleaned(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("e1", "Banner \x1b[31m\u202efor Nova"))
		w.settle()
		if got, want := w.request("CR-1").Title, "Banner [31mfor Nova"; got != want {
			t.Errorf("title %q, want %q", got, want)
		}
	})
}
