package connectortest

import (
	"net/http"
	"testing"

	"signoff/internal/outbound"
)

// HTTP returns the HTTP of connectors.Deps as the product has it: bounded, and able to reach the stand-in on this machine.
func HTTP(t *testing.T) func(base string, vendor ...string) *http.Client {
	t.Helper()
	return func(base string, vendor ...string) *http.Client {
		c := outbound.New(outbound.Options{Allow: []string{base}, Hosts: vendor, UserAgent: "signoff/test"})
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
}

// Files returns the Files of connectors.Deps as the product has it, for the stand-in on this machine.
func Files(t *testing.T) func(base string, vendor ...string) *http.Client {
	t.Helper()
	return func(base string, vendor ...string) *http.Client {
		c := outbound.NewFiles(outbound.Options{Allow: []string{base}, Hosts: vendor, UserAgent: "signoff/test"})
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
}

// noHTTP returns clients that fail the test when they are used.
func noHTTP(t *testing.T) func(string, ...string) *http.Client {
	return func(string, ...string) *http.Client { return &http.Client{Transport: forbidden{t}} }
}

type forbidden struct{ t *testing.T }

// RoundTrip fails the test.
func (f forbidden) RoundTrip(r *http.Request) (*http.Response, error) {
	f.t.Errorf("New called %s", r.URL.Host)
	return nil, http.ErrUseLastResponse
}
