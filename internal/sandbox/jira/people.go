package jira

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// users are the accounts of the site. A User in the list never changes: PutUser makes another list.
func (s *Server) users() []*User { return *s.accounts.Load() }

// Users lists the accounts of the site.
func (s *Server) Users() []User {
	var all []User
	for _, u := range s.users() {
		all = append(all, *u)
	}
	return all
}

// PutUser adds an account, or replaces the one with the same account id: somebody joins, leaves, hides their address
// or gets another one.
func (s *Server) PutUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.users())
	i := slices.IndexFunc(all, func(have *User) bool { return have.AccountID == u.AccountID })
	if i < 0 {
		i = len(all)
		all = append(all, nil)
	} else if u.UserKey == "" {
		u.UserKey = all[i].UserKey
	}
	all[i] = named(u, i)
	s.accounts.Store(&all)
	s.wake()
}

// named gives an account the name and key by which sites that are not Cloud know it.
func named(u User, place int) *User {
	local, _, _ := strings.Cut(u.Email, "@")
	u.Username = cmp.Or(u.Username, local, u.AccountID)
	u.UserKey = cmp.Or(u.UserKey, fmt.Sprintf("JIRAUSER%d", 10100+place))
	return &u
}

// user finds an account by its id, e-mail, display name or user name; nil when there is none.
func (s *Server) user(who string) *User {
	return s.one(func(u *User) bool {
		return who != "" && (u.AccountID == who || strings.EqualFold(u.Email, who) || u.Name == who || u.Username == who)
	})
}

// byID finds the person whom the wire identifies like this.
func (s *Server) byID(id string) *User {
	return s.one(func(u *User) bool { return id != "" && s.idOf(u) == id })
}

func (s *Server) byKey(key string) *User {
	return s.one(func(u *User) bool { return key != "" && u.UserKey == key })
}

// one returns the first account that matches, nil for none.
func (s *Server) one(match func(*User) bool) *User {
	all := s.users()
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i]
	}
	return nil
}
