package email

import (
	"context"
	"crypto/tls"
	"net"
)

// dial opens a connection to a mail server that the settings name. Mail servers often stand in the same network, so no
// address is refused; nobody outside can choose one.
func dial(ctx context.Context, address string, implicit bool, conf *tls.Config) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTime, KeepAlive: aliveEvery}).DialContext(ctx, "tcp", address)
	if err != nil || !implicit {
		return conn, err
	}
	secured := tls.Client(conn, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the handshake says what is wrong
		return nil, err
	}
	return secured, nil
}
