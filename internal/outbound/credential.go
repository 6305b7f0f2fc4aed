package outbound

import "net/http"

// Credential adds a header to requests that go to exactly the origin of base, or by https to one of the hosts (exact, or
// ".suffix" on a label boundary, as in Options.Hosts), and to no others: a redirect or an address out of an answer never
// takes the token elsewhere. set is called with the header of a copy of the request.
func Credential(next http.RoundTripper, base string, set func(http.Header), hosts ...string) http.RoundTripper {
	return &credential{next: next, home: newReach([]string{base}, hosts), set: set}
}

type credential struct {
	next http.RoundTripper
	home *reach
	set  func(http.Header)
}

// RoundTrip passes the request on, with the credential where it belongs.
func (c *credential) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.home.check(req.URL) == nil {
		req = req.Clone(req.Context())
		c.set(req.Header)
	}
	return c.next.RoundTrip(req)
}

// CloseIdleConnections lets http.Client close the kept connections.
func (c *credential) CloseIdleConnections() {
	if next, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
