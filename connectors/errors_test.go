package connectors

import (
	"errors"
	"fmt"
	"testing"
)

func TestClassOf(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("open ticket for CR-1: %w", &Error{Op: "create issue", Class: Unsure, Err: errors.New("reset")})
	for name, tc := range map[string]struct {
		err  error
		want Class
	}{
		"none":    {nil, ""},
		"foreign": {errors.New("x"), Transient},
		"wrapped": {wrapped, Unsure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ClassOf(tc.err); got != tc.want {
				t.Errorf("ClassOf(%v) = %q, want %q", tc.err, got, tc.want)
			}
		})
	}
	if got, want := wrapped.Error(), "open ticket for CR-1: create issue: reset"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
