package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"signoff/internal/store"
)

const (
	sessionIdle  = 8 * time.Hour
	sessionWhole = 24 * time.Hour
	// touchEvery is how exactly the time of the last visit is kept: a commit per page would be too dear.
	touchEvery = 5 * time.Minute

	sessionsTable = "sessions"
)

// Keys of a session's values.
const (
	keyAs   = "as"   // who is signed in
	keyForm = "form" // what the session's forms carry
	keyBorn = "born" // when they signed in
	keySeen = "seen" // when they were last here, to touchEvery
)

// sessions keeps who is signed in. Times are judged by the server's own clock; where that clock may be moved, as in
// the demo, sessions last until the process ends.
type sessions struct {
	manager *scs.SessionManager
	now     func() time.Time
	lasting bool
}

func newSessions(o Options, secure bool) *sessions {
	m := scs.New()
	m.Lifetime = sessionWhole
	m.HashTokenInStore = true
	m.Store = &sessionRows{store: o.Store, now: o.Now, lasting: o.Demo != nil}
	m.Cookie.Name, m.Cookie.Secure = cookieName("signoff", secure), secure
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		o.Log.Error("session not read or kept", "error", err)
		http.Error(w, broken.message, http.StatusServiceUnavailable)
	}
	return &sessions{manager: m, now: o.Now, lasting: o.Demo != nil}
}

// cookieName gives a cookie the prefix that ties it to this host, which browsers take over https only.
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// of says who a session belongs to and what its forms carry; nothing when it is over.
func (s *sessions) of(ctx context.Context) (as, form string) {
	as, form = s.manager.GetString(ctx, keyAs), s.manager.GetString(ctx, keyForm)
	if as == "" || form == "" {
		return "", ""
	}
	now := s.now()
	seen := time.Unix(s.manager.GetInt64(ctx, keySeen), 0)
	born := time.Unix(s.manager.GetInt64(ctx, keyBorn), 0)
	if !s.lasting && (now.Sub(seen) > sessionIdle || now.Sub(born) > sessionWhole) {
		_ = s.manager.Destroy(ctx) // it is over already; the row goes with the next sign-in
		return "", ""
	}
	if now.Sub(seen) >= touchEvery {
		s.manager.Put(ctx, keySeen, now.Unix())
	}
	return as, form
}

// begin signs somebody in under a new session id.
func (s *sessions) begin(ctx context.Context, as string) error {
	if err := s.manager.RenewToken(ctx); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	s.manager.Put(ctx, keyAs, as)
	s.manager.Put(ctx, keyForm, rand.Text())
	s.manager.Put(ctx, keyBorn, s.now().Unix())
	s.manager.Put(ctx, keySeen, s.now().Unix())
	return nil
}

func (s *sessions) end(ctx context.Context) error {
	if err := s.manager.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// sessionRows keeps sessions as rows of the store: eight bytes of the time they were kept, then their data.
type sessionRows struct {
	store   store.Store
	now     func() time.Time
	lasting bool
}

// stale reports whether a row was kept so long ago that its session is over.
func (s *sessionRows) stale(row []byte) bool {
	if len(row) < 8 {
		return true
	}
	kept := time.Unix(int64(binary.BigEndian.Uint64(row)), 0)
	return !s.lasting && s.now().Sub(kept) > sessionWhole
}

// FindCtx implements scs.CtxStore.
func (s *sessionRows) FindCtx(ctx context.Context, token string) (data []byte, ok bool, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		row, err := tx.Row(sessionsTable, token)
		if err == nil && !s.stale(row) {
			data, ok = append([]byte(nil), row[8:]...), true
		}
		return err
	})
	return data, ok, err
}

// CommitCtx implements scs.CtxStore. It also forgets sessions that are over.
func (s *sessionRows) CommitCtx(ctx context.Context, token string, data []byte, _ time.Time) error {
	row := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(data)), uint64(s.now().Unix()))
	row = append(row, data...)
	return s.store.Update(ctx, func(tx store.Tx) error {
		if err := sweep(tx, sessionsTable, s.stale); err != nil {
			return err
		}
		return tx.PutRow(sessionsTable, token, row)
	})
}

// DeleteCtx implements scs.CtxStore.
func (s *sessionRows) DeleteCtx(ctx context.Context, token string) error {
	return s.store.Update(ctx, func(tx store.Tx) error { return tx.DeleteRow(sessionsTable, token) })
}

// Find, Commit and Delete are for callers without a context, which scs never is here.

// Find implements scs.Store.
func (s *sessionRows) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s *sessionRows) Commit(token string, data []byte, until time.Time) error {
	return s.CommitCtx(context.Background(), token, data, until)
}

// Delete implements scs.Store.
func (s *sessionRows) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// sweep deletes what is over among the first rows of a table; there are never many.
func sweep(tx store.Tx, table string, over func(row []byte) bool) error {
	const most = 200
	var gone []string
	err := tx.Rows(table, "", "", most, func(key string, row []byte) error {
		if over(row) {
			gone = append(gone, key)
		}
		return nil
	})
	for _, key := range gone {
		if err == nil {
			err = tx.DeleteRow(table, key)
		}
	}
	return err
}
