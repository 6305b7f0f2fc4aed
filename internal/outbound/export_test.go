package outbound

import (
	"context"
	"net"
)

// Through makes a client connect by f, after all checks of names and addresses.
func Through(o Options, f func(ctx context.Context, network, address string) (net.Conn, error)) Options {
	o.connect = f
	return o
}
