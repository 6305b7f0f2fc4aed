package email

import (
	"context"
	"crypto/tls"
	"net"

	"signoff/connectors/email/letter"
)

// DialBy lets connections to mail servers be made by f.
func (c *Connector) DialBy(f func() (net.Conn, error)) {
	c.dial = func(context.Context, string, bool, *tls.Config) (net.Conn, error) { return f() }
}

// ListenOn lets the mail server of our own take connections from l.
func (c *Connector) ListenOn(l net.Listener) {
	c.listen = func(*Door) (net.Listener, error) { return l, nil }
}

// ResolveBy lets names be looked up by r.
func (c *Connector) ResolveBy(r letter.Resolver) { c.resolver = r }

// TakeMost bounds what the mail server of our own takes.
func (c *Connector) TakeMost(bytes int64) { c.most = bytes }
