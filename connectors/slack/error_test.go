package slack

import (
	"errors"
	"testing"

	"signoff/connectors"
)

// asError checks that err is the one error that crosses the boundary.
func asError(t *testing.T, err error) *connectors.Error {
	t.Helper()
	var e *connectors.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want a *connectors.Error", err, err)
	}
	return e
}
