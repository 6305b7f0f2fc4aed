package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"signoff/internal/config"
	"signoff/internal/source"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
)

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the hub",
		Long: `Run the hub until it is told to stop: SIGTERM or Ctrl-C stops it gracefully, a second signal at once. The rule
files are read again when they change, and at SIGHUP; a broken one never replaces a good one.

Once ready, one JSON line on standard output names the addresses: {"ready":true,"listen":"…","admin":"…"}.`,
		Example: "  signoff serve\n  signoff serve -c /etc/signoff/config.yaml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.serve(c.Context()) },
	}
}

func (a *app) serve(ctx context.Context) error {
	if err := safeFile(a.config); err != nil {
		return err
	}
	f, err := a.read(source.Error)
	if err != nil {
		return err
	}
	if f.problem || f.set == nil {
		a.out, a.output = a.err, "table"
		return f.report(a, false)
	}
	c := f.config
	log := a.logger(c.Log, secrets(c)...)
	for _, p := range f.found {
		log.Warn("configuration", "place", p.Pos.String(), "code", p.Code, "problem", p.Message)
	}
	db, err := boltstore.Open(c.Store.Path, boltstore.Options{Clock: layout.Clock{Now: a.now}, MaxSize: int(c.Store.MaxSize)})
	if err != nil {
		return problems("%w", err)
	}
	defer func() { _ = db.Close() }() // everything acknowledged is synced already
	key, err := storeKey(c.Store, func(b []byte) { _, _ = rand.Read(b) })
	if err != nil {
		return err
	}
	l, err := listen(c)
	if err != nil {
		return err
	}
	defer l.close()
	if c.Server.PublicURL == "" {
		c.Server.PublicURL = "http://" + reachable(l.public.Addr())
	}
	r := &reloader{app: a}
	a.collectLess()
	h, err := newHub(parts{config: c, set: f.set, store: db, key: key, log: log, now: a.now, reload: r.reload})
	if err != nil {
		return err
	}
	r.hub = h
	defer r.onHangup(ctx)()
	defer r.onChange(ctx)()
	if err := a.ready(l); err != nil {
		return err
	}
	debug.FreeOSMemory() // what the start has left behind would stay for days in a hub with little to do
	return h.run(ctx, l)
}

// collectLess lets the heap grow to three times what is in use, where GOGC does not say otherwise: there is little of it,
// and a busy hub spent an eighth of its time collecting.
func (a *app) collectLess() {
	if _, set := a.getenv("GOGC"); !set {
		debug.SetGCPercent(200)
	}
}

// safeFile refuses a configuration that others may write: whoever can, decides.
func safeFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // read says what is wrong
	}
	if info.Mode().Perm()&0o002 != 0 {
		return problems("everybody on this machine may write %s; take that away: chmod o-w %s", path, path)
	}
	return nil
}

// listeners are the three doors.
type listeners struct{ public, admin, socket net.Listener }

func (l listeners) close() {
	for _, one := range []net.Listener{l.public, l.admin, l.socket} {
		if one != nil {
			_ = one.Close() // closed by the server already, but for early errors
		}
	}
}

func listen(c *config.Config) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.public, err = net.Listen("tcp", c.Server.Listen); err != nil {
		return l, problems("server.listen: %w", err)
	}
	if l.admin, err = net.Listen("tcp", c.Server.Admin); err != nil {
		return l, problems("server.admin_listen: %w", err)
	}
	l.socket, err = listenSocket(socketPath(c.Store.Path))
	return l, err
}

// longestSocket is what every system takes as the path of a socket.
const longestSocket = 100

// listenSocket replaces what a killed process left behind; the store's lock says that nobody else uses it.
func listenSocket(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, problems("the path %s is too long for a socket: put the store at a shorter path", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, problems("admin socket: %w", err)
	}
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, problems("admin socket: %w", err)
	}
	return l, nil
}

// reachable turns a listening address into one that a browser on this machine can open.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func (a *app) ready(l listeners) error {
	return json.NewEncoder(a.out).Encode(struct {
		Ready  bool   `json:"ready"`
		Listen string `json:"listen"`
		Admin  string `json:"admin"`
	}{true, l.public.Addr().String(), l.admin.Addr().String()})
}

// run serves and works until ctx ends; then the server stops taking, and the engine finishes what is in flight. Pretend
// services are behind the same server, so there the engine finishes first.
func (h *hub) run(ctx context.Context, l listeners) error {
	defer secondSignal()()
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var engineErr error
	var done sync.WaitGroup
	serving := ctx
	if h.pretend {
		serving = context.WithoutCancel(ctx)
	}
	failed, fail := context.WithCancel(serving)
	defer fail()
	ended := make(chan struct{})
	done.Go(func() {
		defer close(ended)
		if engineErr = h.engine.Run(work); engineErr != nil {
			fail()
		}
	})
	if h.pretend {
		defer context.AfterFunc(ctx, func() { stop(); <-ended; fail() })()
	}
	done.Go(func() { h.watch(work) })
	err := h.server.Serve(failed, l.public, l.admin, l.socket)
	stop()
	done.Wait()
	if err := errors.Join(err, engineErr); err != nil {
		return problems("%w", err)
	}
	return nil
}

// secondSignal ends the program at once when it is told to stop again.
func secondSignal() (stop func()) {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	quit := make(chan struct{})
	go func() {
		for range 2 {
			select {
			case <-ch:
			case <-quit:
				return
			}
		}
		os.Exit(exitInterrupted)
	}()
	return func() { signal.Stop(ch); close(quit) }
}
