package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	headTime  = 5 * time.Second
	readTime  = 20 * time.Second // head and body; the body's own limit is shorter
	writeTime = 30 * time.Second
	idleTime  = 2 * time.Minute
	// headSize gives 16 KiB in all: net/http adds 4 KiB to what it is told.
	headSize = 12 << 10
	drain    = 15 * time.Second
)

// Serve answers on the listeners until ctx ends; a nil listener is left out. It then stops to be ready, takes nothing
// new, and gives what is in flight 15 seconds. The error says what kept a listener from serving.
func (s *Server) Serve(ctx context.Context, public, admin, socket net.Listener) error {
	servers := map[*http.Server]net.Listener{}
	for _, one := range []struct {
		l net.Listener
		h func() http.Handler
	}{{public, s.Public}, {admin, s.Admin}, {socket, s.Socket}} {
		if one.l != nil {
			servers[s.over(one.h())] = one.l
		}
	}
	failed, silent := make(chan error, len(servers)), newUnused()
	for srv, l := range servers {
		srv.ConnState = silent.watch
		go func() { failed <- srv.Serve(watchedListener{l}) }()
	}
	var cause error
	select {
	case <-ctx.Done():
	case err := <-failed:
		cause = fmt.Errorf("serve: %w", err)
		failed <- http.ErrServerClosed // one answer for each server is waited for below
	}
	s.draining.Store(true)
	s.leave()
	closing := time.AfterFunc(unusedTime, silent.close)
	defer closing.Stop()
	return errors.Join(cause, s.shutdown(context.WithoutCancel(ctx), servers, failed))
}

// shutdown closes the listeners, then waits for what is in flight and for every server to end.
func (s *Server) shutdown(ctx context.Context, servers map[*http.Server]net.Listener, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	done := make(chan error, len(servers))
	for srv := range servers {
		go func() { done <- srv.Shutdown(ctx) }()
	}
	var late error
	for range servers {
		if err := <-done; err != nil {
			late = fmt.Errorf("finish what is in flight: %w", err)
		}
	}
	for srv := range servers {
		if late != nil {
			_ = srv.Close() // the time is up; nothing acknowledged is lost by it
		}
		<-ended
	}
	return late
}

func (s *Server) over(h http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headSize, ConnContext: watching, Protocols: protocols,
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelWarn),
	}
}
