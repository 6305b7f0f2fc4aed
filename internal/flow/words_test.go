package flow

import "testing"

func TestUpper(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "somebody left": "Somebody left", "é": "É", "kim@agency.example in a mail": "kim@agency.example in a mail", "Maya": "Maya"} {
		if got := upper(in); got != want {
			t.Errorf("upper(%q) = %q, want %q", in, got, want)
		}
	}
}
