package server

import (
	"net/http"
)

// rulesData is the body of the page about the rules and the directory.
type rulesData struct {
	Digest, Directory string
	Files             []string
	Problems          string // of the last reload, when it was refused
	Instances         []string
	People            []personRow
	Unresolved        int
}

type personRow struct {
	Name, Shown, Email string
	Accounts           []accountCell
}

type accountCell struct {
	Instance string
	Key      string
	Missing  string
}

func (s *Server) rulesPage(w http.ResponseWriter, r *http.Request, c caller) {
	set := s.o.Hub.Rules()
	data := rulesData{Digest: set.Digest(), Directory: set.DirectoryDigest(), Problems: s.health(r).RulesError}
	for _, f := range set.Sources() {
		data.Files = append(data.Files, f.Name)
	}
	people := s.o.Hub.People(r.Context())
	instances := map[string]bool{}
	for _, p := range people {
		for name := range p.Accounts {
			instances[name] = true
		}
		for name := range p.Missing {
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
			cell := accountCell{Instance: capital(instance), Key: p.Accounts[instance].Key, Missing: p.Missing[instance]}
			row.Accounts = append(row.Accounts, cell)
		}
		if len(p.Missing) > 0 {
			data.Unresolved++
		}
		data.People = append(data.People, row)
	}
	s.pages.show(w, r, c, view{status: http.StatusOK, name: "rules", title: "Rules", body: data})
}
