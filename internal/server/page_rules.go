package server

import (
	"net/http"

	"signoff/internal/engine"
)

// rulesData is the body of the page about the rules and the directory.
type rulesData struct {
	Digest, Directory string
	Files             []string
	Problems          string    // of the last reload, when it was refused
	Shelf             *shelfRow // nil: the rules come from files
	Instances         []string
	People            []personRow
	Unresolved        int
	Pausing           pausing
}

// shelfRow is the repository that the rules come from.
type shelfRow struct {
	Repository, Branch, Folder string
	Commit                     string // that was read last
	At                         string
	Refused                    bool
	Reviews                    int // pull requests that were looked at
}

type personRow struct {
	Name, Shown, Email string
	Accounts           []accountCell
}

type accountCell struct {
	Instance string
	Key      string
	State    chip
	Why      string
	None     bool // nothing is known, not even why
}

func (s *Server) rulesPage(w http.ResponseWriter, r *http.Request, c caller) {
	set := s.o.Hub.Rules()
	data := rulesData{Digest: set.Digest(), Directory: set.DirectoryDigest(), Problems: s.health(r).RulesError}
	for _, f := range set.Sources() {
		data.Files = append(data.Files, f.Name)
	}
	st, shelved, err := s.o.Hub.Shelving(r.Context())
	if err != nil {
		s.fault(w, r, "read how the rules stand", err)
		return
	}
	if shelved {
		data.Shelf = &shelfRow{Repository: st.Repository, Branch: st.Branch, Folder: st.Folder, Commit: st.Commit, Refused: st.Refused, Reviews: len(st.Reviewed)}
		if !st.At.IsZero() {
			data.Shelf.At = st.At.In(s.o.Hub.Rules().Policy(s.o.Hub.Rules()).Zone()).Format("Mon 2 Jan, 15:04")
		}
	}
	if data.Pausing, err = s.pausing(r, c); err != nil {
		s.fault(w, r, "read which rules are paused", err)
		return
	}
	people := s.o.Hub.People(r.Context())
	instances := map[string]bool{}
	for _, p := range people {
		for name := range p.Accounts {
			instances[name] = true
		}
		for name := range p.State {
			instances[name] = true
		}
	}
	names := sortedKeys(instances)
	for _, name := range names {
		data.Instances = append(data.Instances, capital(name))
	}
	for _, p := range people {
		row := personRow{Name: p.Name, Shown: p.Shown, Email: p.Email}
		for _, instance := range names {
			row.Accounts = append(row.Accounts, cellOf(p, instance))
		}
		if !settled(p) {
			data.Unresolved++
		}
		data.People = append(data.People, row)
	}
	s.pages.show(w, r, c, view{status: http.StatusOK, name: "rules", title: "Rules", notice: doneNotice(r.URL.Query().Get("done")), body: data})
}

// cellOf is how somebody is known on one instance.
func cellOf(p engine.PersonState, instance string) accountCell {
	cell := accountCell{Instance: capital(instance), Key: p.Accounts[instance].Key, Why: p.Why[instance]}
	switch p.State[instance] {
	case engine.AccountPinned:
		cell.State = chip{"pinned", "quiet", "tick"}
	case engine.AccountMatched:
		cell.State = chip{"matched by e-mail", "quiet", "tick"}
	case engine.AccountConfirmed:
		cell.State = chip{"confirmed by them", "good", "tick"}
	case engine.AccountAsked:
		cell.State = chip{"asked", "busy", "ask"}
	case engine.AccountConflict:
		cell.State = chip{"conflict", "bad", "cross"}
	case engine.AccountUnresolved:
		cell.State = chip{"not known", "warn", "ask"}
	default:
		cell.None = true
	}
	return cell
}
