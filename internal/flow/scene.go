package flow

import (
	"slices"
	"strings"
	"time"
)

// scene is a request seen at one instant under one policy. Its methods read and never change anything.
type scene struct {
	p  Policy
	r  *Request
	at time.Time
	// blind: nothing is shown or said, only the request matters.
	blind bool
}

// same reports whether two actors are surely one person: the same directory name, or the same account.
func same(a, b Actor) bool {
	if a.Name != "" && b.Name != "" {
		return a.Name == b.Name
	}
	return !a.Ref.Zero() && a.Ref == b.Ref
}

// one reports whether two actors are, or may be, one person: same, or linked by an e-mail address. It is used where a
// doubt must count against somebody (four eyes, counting distinct persons), never to grant a right.
func (s scene) one(a, b Actor) bool {
	named := a.Name != "" && b.Name != ""
	if named || same(a, b) || a.ID() == "" || b.ID() == "" {
		return same(a, b)
	}
	a, b = s.resolve(a), s.resolve(b)
	if a.Name != "" && b.Name != "" {
		return a.Name == b.Name
	}
	return a.Email != "" && strings.EqualFold(a.Email, b.Email)
}

func (s scene) resolve(a Actor) Actor {
	if a.Name == "" && a.Email != "" {
		a.Name = s.p.Match(a.Email)
	}
	if a.Name != "" && a.Email == "" {
		if person, ok := s.p.Person(a.Name); ok {
			a.Email = person.Email
		}
	}
	return a
}

// named gives a directory person as an actor, with the name people read.
func (s scene) named(name string) (Actor, bool) {
	person, ok := s.p.Person(name)
	if !ok {
		return Actor{}, false
	}
	return Actor{Name: name, Shown: person.Shown, Email: person.Email}, true
}

func holds(list []Actor, who Actor) bool {
	return slices.ContainsFunc(list, func(a Actor) bool { return same(a, who) })
}

// with appends those of more that the list does not hold yet.
func with(list []Actor, more ...Actor) []Actor {
	for _, a := range more {
		if a.ID() != "" && !holds(list, a) {
			list = append(list, a)
		}
	}
	return list
}

func ids(list []Actor) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.ID())
	}
	return out
}

// worker is whoever makes the next revision: the assignee, else the requester.
func (s scene) worker() Actor {
	if s.r.Assignee.ID() != "" {
		return s.r.Assignee
	}
	return s.r.Requester
}

// isRequester reports whether who asked for the request.
func (s scene) isRequester(who Actor) bool { return same(s.r.Requester, who) }
