// Package outbound makes the HTTP clients through which all connectors speak to the world.
//
// A client reaches the configured base addresses and the vendor's own hosts and nothing else: each request and each
// redirect is checked by name, each connection by address, so that neither a link in a message nor a name server can
// steer a call into the internal network. It bounds time and size. It never retries, sleeps or limits rates: that is
// the engine's work, helped by Classify, Lost and Failure, which say what an answer or an error means for the next try.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Options say whom a client may reach and within which bounds. Zero fields have the defaults named.
type Options struct {
	// Allow lists base addresses (https://jira.lumen.example/x, http://127.0.0.1:4000/api/). Their exact origins may be
	// reached even inside a private network; loopback and plain http only where the address itself names loopback.
	Allow []string
	// Hosts lists vendor hosts, exact ("slack.com") or by suffix (".slack.com", which does not include slack.com).
	// They are reached by https on port 443 and only at public addresses.
	Hosts     []string
	UserAgent string        // sent where the caller sets none; default "signoff"
	Timeout   time.Duration // for one request including its answer's body, default 30 s
	Idle      time.Duration // the longest standstill of a body in either direction, default none
	MaxBody   int64         // bytes of an answer, default 1 MiB
	Roots     *x509.CertPool
	Skew      *Skew // learns from the Date of each answer how far our clock is off; nil: nobody does
	// Lookup resolves a name to all of its addresses; default the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	connect func(ctx context.Context, network, address string) (net.Conn, error) // of tests
}

func (o Options) orDefault() Options {
	if o.UserAgent == "" {
		o.UserAgent = "signoff"
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.connect == nil {
		o.connect = (&net.Dialer{}).DialContext
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return o
}

// New returns a client bounded by o. A base address that CheckBase refuses is not reachable through it.
func New(o Options) *http.Client { return build(o, false) }

func build(o Options, files bool) *http.Client {
	o = o.orDefault()
	reach := newReach(o.Allow, o.Hosts)
	dial := &dialer{reach: reach, lookup: o.Lookup, connect: o.connect}
	transport := &http.Transport{
		Proxy:                  nil, // an environment variable must not redirect credentials
		DialContext:            dial.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second}, // a connection that died in silence is let go
		DisableCompression:     true,                                                                                // so that the size limit counts what is read
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ResponseHeaderTimeout:  2 * o.Idle, // after the last byte sent; a service looks at a file before it answers
	}
	guard := &guard{
		reach: reach, next: transport, dial: dial, userAgent: o.UserAgent, timeout: o.Timeout, idle: o.Idle, maxBody: o.MaxBody,
		asIs: files, skew: o.Skew,
	}
	return &http.Client{Transport: guard, CheckRedirect: guard.redirect}
}

// DialContext returns the checked dial function of a client made by New, for protocols besides HTTP (WebSocket).
// For any other client it returns nil.
func DialContext(c *http.Client) func(ctx context.Context, network, address string) (net.Conn, error) {
	if g, ok := c.Transport.(*guard); ok {
		return g.dial.dial
	}
	return nil
}
