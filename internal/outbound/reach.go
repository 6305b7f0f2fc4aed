package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// RefusedError says that a client may not go where it was sent. Nothing was sent.
type RefusedError struct {
	Host string // without path and query, which may hold secrets
	Why  string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("refused to call %q: %s", e.Host, e.Why) }

// origin is scheme, host and port as compared: lower case, with the port always written.
type origin struct{ scheme, host, port string }

func (o origin) address() string { return net.JoinHostPort(o.host, o.port) }

// loopback reports whether the origin itself names this machine.
func (o origin) loopback() bool {
	if ip, err := netip.ParseAddr(o.host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return o.host == "localhost" || strings.HasSuffix(o.host, ".localhost")
}

func originOf(u *url.URL) (origin, error) {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	switch {
	case o.scheme != "https" && o.scheme != "http":
		return o, errors.New("only https and http are spoken")
	case u.Opaque != "" || o.host == "":
		return o, errors.New("there is no host")
	case u.User != nil:
		return o, errors.New("a name before @ is not allowed")
	case strings.ContainsFunc(o.host, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return o, errors.New("the host must be written in ASCII")
	}
	if o.port == "" {
		o.port = map[string]string{"https": "443", "http": "80"}[o.scheme]
	}
	return o, nil
}

// CheckBase says in one plain sentence why a base address of the configuration cannot be used, or returns nil.
func CheckBase(base string) error {
	_, err := baseOrigin(base)
	return err
}

func baseOrigin(base string) (origin, error) {
	u, err := url.Parse(base)
	if err != nil {
		return origin{}, errors.New("this is not an address") // what url.Parse says would repeat it
	}
	o, err := originOf(u)
	if err != nil {
		return origin{}, err
	}
	if o.scheme == "http" && !o.loopback() {
		return origin{}, errors.New("plain http is only spoken to this machine (localhost, 127.0.0.1, ::1); use https")
	}
	return o, nil
}

// reach is the list of those who may be called.
type reach struct {
	bases []origin
	hosts []string
}

func newReach(bases, hosts []string) *reach {
	r := &reach{}
	for _, b := range bases {
		if o, err := baseOrigin(b); err == nil {
			r.bases = append(r.bases, o)
		}
	}
	for _, h := range hosts {
		r.hosts = append(r.hosts, strings.ToLower(h))
	}
	return r
}

// check refuses a URL off the list.
func (r *reach) check(u *url.URL) error {
	o, err := originOf(u)
	if err != nil {
		return &RefusedError{o.host, err.Error()}
	}
	switch {
	case slices.Contains(r.bases, o):
		return nil
	case !r.vendor(o.host):
		return &RefusedError{o.host, "it is neither a configured address nor a host of the service"}
	case o.scheme != "https" || o.port != "443":
		return &RefusedError{o.host, "hosts of the service are called by https on port 443 only"}
	}
	return nil
}

func (r *reach) vendor(host string) bool {
	return slices.ContainsFunc(r.hosts, func(h string) bool {
		if strings.HasPrefix(h, ".") {
			return strings.HasSuffix(host, h) && len(host) > len(h)
		}
		return host == h
	})
}

// base finds the base address that a connection would go to.
func (r *reach) base(address string) (origin, bool) {
	i := slices.IndexFunc(r.bases, func(o origin) bool { return o.address() == address })
	if i < 0 {
		return origin{}, false
	}
	return r.bases[i], true
}
