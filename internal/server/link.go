package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"signoff/internal/store"
)

const (
	linkTime   = 10 * time.Minute
	linksTable = "sign_in_links"
)

// links keeps single-use links by the hash of their token, so that the store does not hold what signs in.
type links struct {
	store   store.Store
	now     func() time.Time
	lasting bool // the clock may be moved: links last until they are used
}

type linkRow struct {
	As    string    `json:"as"`
	Until time.Time `json:"until"`
}

func (l *links) over(row []byte) bool {
	var v linkRow
	return json.Unmarshal(row, &v) != nil || !l.lasting && !l.now().Before(v.Until)
}

// make returns the token of a new link.
func (l *links) make(ctx context.Context, as string) (string, error) {
	token := rand.Text() // at least 128 bits
	row, err := json.Marshal(linkRow{As: as, Until: l.now().Add(linkTime).UTC()})
	if err != nil {
		return "", fmt.Errorf("keep link: %w", err)
	}
	err = l.store.Update(ctx, func(tx store.Tx) error {
		if err := sweep(tx, linksTable, l.over); err != nil {
			return err
		}
		return tx.PutRow(linksTable, hashed(token), row)
	})
	if err != nil {
		return "", fmt.Errorf("keep link: %w", err)
	}
	return token, nil
}

// look says for whom a link is, without using it up.
func (l *links) look(ctx context.Context, token string) (as string, ok bool, err error) {
	err = l.store.View(ctx, func(tx store.Tx) error {
		as, ok, err = l.read(tx, token)
		return err
	})
	return as, ok, err
}

// use says for whom a link is and makes it worthless.
func (l *links) use(ctx context.Context, token string) (as string, ok bool, err error) {
	err = l.store.Update(ctx, func(tx store.Tx) error {
		if as, ok, err = l.read(tx, token); err != nil || !ok {
			return err
		}
		return tx.DeleteRow(linksTable, hashed(token))
	})
	return as, ok, err
}

func (l *links) read(tx store.Tx, token string) (as string, ok bool, err error) {
	row, err := tx.Row(linksTable, hashed(token))
	if err != nil || row == nil || l.over(row) {
		return "", false, err
	}
	var v linkRow
	if err := json.Unmarshal(row, &v); err != nil {
		return "", false, fmt.Errorf("read link: %w", err)
	}
	return v.As, true, nil
}

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// errNobody says that a link was asked for somebody who cannot sign in.
var errNobody = errors.New("nobody of that name is in the directory")

// Link returns an address that signs somebody in once, within ten minutes. as is a name of the directory; without one
// the link is the operator's, who looks and replays and decides nothing.
func (s *Server) Link(ctx context.Context, as string) (string, error) {
	if as == "" {
		as = operator
	}
	if _, ok := s.somebody(as); !ok {
		return "", fmt.Errorf("link for %q: %w", as, errNobody)
	}
	token, err := s.links.make(ctx, as)
	if err != nil {
		return "", err
	}
	return s.link("/open/" + token), nil
}

// open answers POST /open of the socket.
func (s *Server) open(w http.ResponseWriter, r *http.Request, _ caller) {
	var in struct {
		As string `json:"as"`
	}
	if !s.read(w, r, &in) {
		return
	}
	address, err := s.Link(r.Context(), in.As)
	switch {
	case errors.Is(err, errNobody):
		s.problem(w, refusal{http.StatusUnprocessableEntity, "unknown_person", s.nobody(in.As)}, map[string]string{"as": s.nobody(in.As)})
	case err != nil:
		s.fault(w, r, "make link", err)
	default:
		s.json(w, http.StatusOK, struct {
			SchemaVersion int    `json:"schema_version"`
			URL           string `json:"url"`
		}{SchemaVersion, address})
	}
}

// ReloadAnswer answers POST /api/v1/rules/reload.
type ReloadAnswer struct {
	SchemaVersion int `json:"schema_version"`
	// Rules is the digest of the rules that are in use now.
	Rules string `json:"rules"`
}

// reload answers POST /api/v1/rules/reload, and POST /reload of the socket.
func (s *Server) reload(w http.ResponseWriter, r *http.Request, _ caller) {
	if s.o.Reload == nil {
		s.problem(w, refusal{http.StatusConflict, "no_files", "These rules were not read from files, so there is nothing to read again."}, nil)
		return
	}
	if err := s.o.Reload(r.Context()); err != nil {
		s.problem(w, refusal{http.StatusUnprocessableEntity, "rules_refused", err.Error()}, nil)
		return
	}
	s.json(w, http.StatusOK, ReloadAnswer{SchemaVersion, s.o.Hub.Rules().Digest()})
}
