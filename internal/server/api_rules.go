package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/rules"
)

// RulesetItem is a ruleset that open requests finish under.
type RulesetItem struct {
	Digest  string     `json:"digest"`
	Current bool       `json:"current"`
	Since   *time.Time `json:"since,omitempty"` // when the oldest of its open requests was opened
	Open    int        `json:"open"`            // requests
}

// RulesetList answers GET /api/v1/rules.
type RulesetList struct {
	SchemaVersion int           `json:"schema_version"`
	Rulesets      []RulesetItem `json:"rulesets"`
	Directory     string        `json:"directory"` // digest of the people and calendars in use
}

// RuleFile is one file of a ruleset.
type RuleFile struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// RulesetFiles answers GET /api/v1/rules/{digest}: everything that the ruleset was compiled from.
type RulesetFiles struct {
	SchemaVersion int           `json:"schema_version"`
	Digest        string        `json:"digest"`
	Files         []RuleFile    `json:"files"`
	Options       rules.Options `json:"options"`
}

// JournalPage answers GET /api/v1/journal.
type JournalPage struct {
	SchemaVersion int           `json:"schema_version"`
	Records       []flow.Record `json:"records"`
	After         uint64        `json:"after"` // give it as after= for the next page
	More          bool          `json:"more"`
}

// MigrateInput is the body of POST /api/v1/rules/migrate.
type MigrateInput struct {
	Requests []string `json:"requests"` // keys; empty: every open request that finishes under other rules
	Apply    bool     `json:"apply"`    // else it is only said what would change
}

// MoveItem says what a migration means for one request.
type MoveItem struct {
	Request   flow.RequestID `json:"request"`
	Title     string         `json:"title"`
	Status    flow.Status    `json:"status"` // afterwards
	From      string         `json:"from"`
	To        string         `json:"to"`
	Changes   []string       `json:"changes"`
	WaitingOn []string       `json:"waiting_on"`        // afterwards
	Refused   string         `json:"refused,omitempty"` // why it stays
}

// MigrateAnswer answers POST /api/v1/rules/migrate.
type MigrateAnswer struct {
	SchemaVersion int        `json:"schema_version"`
	Applied       bool       `json:"applied"`
	Moves         []MoveItem `json:"moves"`
}

func (s *Server) ruleRoutes() []route {
	return []route{
		{"GET", "/api/v1/rules", every, reader, s.listRulesets},
		{"GET", "/api/v1/rules/{digest}", admin | socket, reader, s.showRuleset},
		{"POST", "/api/v1/rules/migrate", every, reader, s.migrate},
		{"POST", "/api/v1/rules/reload", every, reader, s.reload},
		{"GET", "/api/v1/journal", admin | socket, reader, s.journal},
	}
}

func (s *Server) listRulesets(w http.ResponseWriter, r *http.Request, _ caller) {
	list, err := s.o.Hub.Rulesets(r.Context())
	if err != nil {
		s.fault(w, r, "list rulesets", err)
		return
	}
	out := RulesetList{SchemaVersion: SchemaVersion, Rulesets: []RulesetItem{}, Directory: s.o.Hub.Rules().DirectoryDigest()}
	for _, one := range list {
		out.Rulesets = append(out.Rulesets, RulesetItem{Digest: one.Digest, Current: one.Current, Since: when(one.Since), Open: one.Open})
	}
	s.json(w, http.StatusOK, out)
}

func (s *Server) showRuleset(w http.ResponseWriter, r *http.Request, _ caller) {
	set, err := s.o.Hub.Ruleset(r.Context(), r.PathValue("digest"))
	if err != nil {
		s.fault(w, r, "read ruleset", err)
		return
	}
	out := RulesetFiles{SchemaVersion: SchemaVersion, Digest: set.Digest(), Files: []RuleFile{}, Options: set.Options()}
	for _, f := range set.Sources() {
		out.Files = append(out.Files, RuleFile{Name: f.Name, Text: string(f.Data)})
	}
	s.json(w, http.StatusOK, out)
}

// migrate answers POST /api/v1/rules/migrate. Looking is for every reader; moving is done by a person, or by the server's
// own user.
func (s *Server) migrate(w http.ResponseWriter, r *http.Request, c caller) {
	var in MigrateInput
	if !s.read(w, r, &in) {
		return
	}
	by := c.who
	if in.Apply && !c.person() && !c.owner {
		s.problem(w, refusal{http.StatusForbidden, "no_person", "This token stands for nobody, so it cannot move requests. Give it a person in the configuration: api.tokens.NAME: {token: …, as: ana}."}, nil)
		return
	}
	if !c.person() {
		by = flow.Actor{Ref: flow.Ref{System: "signoff", Type: "user", Key: "operator"}, Shown: "An operator"}
	}
	moves, err := s.o.Hub.Migrate(r.Context(), engine.Migration{Requests: in.Requests, Apply: in.Apply, By: by})
	if errors.Is(err, engine.ErrTooMany) {
		s.invalid(w, map[string]string{"requests": sentence(err.Error())})
		return
	}
	if err != nil {
		s.fault(w, r, "move requests", err)
		return
	}
	out := MigrateAnswer{SchemaVersion: SchemaVersion, Applied: in.Apply, Moves: []MoveItem{}}
	for _, m := range moves {
		out.Moves = append(out.Moves, MoveItem{
			Request: m.Request.ID, Title: m.Request.Title, Status: m.Request.Status, From: m.From, To: m.To,
			Changes: orEmpty(m.Changes), WaitingOn: orEmpty(m.Waiting), Refused: m.Refused,
		})
	}
	s.json(w, http.StatusOK, out)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

const journalPage = 500

// journal answers GET /api/v1/journal: records in the order in which they were decided, a page at a time.
func (s *Server) journal(w http.ResponseWriter, r *http.Request, _ caller) {
	q := r.URL.Query()
	if why := only(q, "after", "since"); why != nil {
		s.problem(w, *why, nil)
		return
	}
	after, err := strconv.ParseUint(firstWord(q.Get("after"), "0"), 10, 64)
	if err != nil {
		s.problem(w, refusal{http.StatusBadRequest, "bad_request", "after is a number, as the page before said it."}, nil)
		return
	}
	if since := q.Get("since"); since != "" {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			s.problem(w, refusal{http.StatusBadRequest, "bad_request", fmt.Sprintf("since is a time like %s.", "2026-11-18T15:00:00Z")}, nil)
			return
		}
		if after, err = s.o.Hub.JournalSince(r.Context(), at); err != nil {
			s.fault(w, r, "find the place in the journal", err)
			return
		}
	}
	list, err := s.o.Hub.Journal(r.Context(), after, journalPage)
	if err != nil {
		s.fault(w, r, "read the journal", err)
		return
	}
	out := JournalPage{SchemaVersion: SchemaVersion, Records: []flow.Record{}, After: after, More: len(list) == journalPage}
	if len(list) > 0 {
		out.Records, out.After = list, list[len(list)-1].Seq
	}
	s.json(w, http.StatusOK, out)
}

func firstWord(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
