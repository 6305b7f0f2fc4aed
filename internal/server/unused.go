package server

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// unusedTime is how long a connection on which nothing was ever said is left open when the server ends.
const unusedTime = 500 * time.Millisecond

// unused knows the connections on which nothing has been said yet. Browsers, proxies and clients keep some in reserve, and
// net/http waits five seconds for each of them before it believes that they will not be used.
type unused struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newUnused() *unused { return &unused{conns: map[net.Conn]struct{}{}} }

// watch is the ConnState of a server.
func (u *unused) watch(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state == http.StateNew {
		u.conns[c] = struct{}{}
		return
	}
	delete(u.conns, c)
}

// close ends all of them.
func (u *unused) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		_ = c.Close() // nothing is lost with it
	}
}
