package outbound

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// forbidden are the ranges that are nobody's public address, after the list of Svix
// (server/svix-server/src/core/webhook_http_client.rs), with the transition and documentation ranges of IPv6.
// The predicates of net/netip know only a few of them.
var forbidden = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// private are those that a configured base address may have.
var private = prefixes("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

func within(list []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// A dialer connects to hosts on the list, at addresses that fit them.
type dialer struct {
	reach   *reach
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	connect func(ctx context.Context, network, address string) (net.Conn, error)
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(strings.ToLower(address))
	if err != nil {
		return nil, err
	}
	base, isBase := d.reach.base(net.JoinHostPort(host, port))
	if !isBase && (!d.reach.vendor(host) || port != "443") {
		return nil, &RefusedError{host, "it is neither a configured address nor a host of the service"}
	}
	ips, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, ip := range ips { // one bad address spoils the name: a rebinding answer mixes good and bad
		if !permitted(ip, isBase, isBase && base.loopback()) {
			return nil, &RefusedError{host, "its name leads to " + ip.String() + ", which is not a public address"}
		}
	}
	return d.first(ctx, network, ips, port)
}

func (d *dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	ips, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	out := make([]netip.Addr, len(ips))
	for i, ip := range ips {
		out[i] = ip.Unmap()
	}
	return out, nil
}

func permitted(ip netip.Addr, base, loopback bool) bool {
	switch {
	case !ip.IsValid() || ip.Zone() != "":
		return false
	case !within(forbidden, ip):
		return true
	case base && within(private, ip):
		return true
	}
	return loopback && ip.IsLoopback()
}

// first tries the addresses in turn; each but the last gets only a share of the time.
func (d *dialer) first(ctx context.Context, network string, ips []netip.Addr, port string) (net.Conn, error) {
	var failed []error
	for _, ip := range ips {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := d.connect(try, network, net.JoinHostPort(ip.String(), port))
		cancel()
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failed...)
}
