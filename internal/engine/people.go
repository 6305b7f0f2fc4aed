package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// Rows of the people table: "instance/account key" -> identity and "instance/@name" -> account.
const peopleTable = "people"

// identity is what we hold of the pair (account, person): kept once, never guessed again.
type identity struct {
	Ref   flow.Ref  `json:"ref"`
	Name  string    `json:"name"`
	Email string    `json:"email,omitempty"` // by which they were matched
	At    time.Time `json:"at"`
}

// people joins accounts outside with names in the directory: pins first, then what was matched by e-mail once.
type people struct {
	conns map[string]connectors.Connector
	kinds map[string]string
	log   *slog.Logger
	now   func() time.Time
	pins  atomic.Pointer[pins]
}

type pins struct {
	ref  map[string]flow.Ref // instance/name
	name map[flow.Ref]string
}

func newPeople(o Options) *people {
	return &people{conns: o.Connectors, kinds: o.Kinds, log: o.Log, now: o.Now}
}

// learn reads the pins of a directory.
func (p *people) learn(set *rules.Set) {
	t := &pins{ref: map[string]flow.Ref{}, name: map[flow.Ref]string{}}
	for instance, c := range p.conns {
		pinner, ok := c.(connectors.Pinner)
		if !ok {
			continue
		}
		for _, who := range set.People() {
			id := who.Pins[instance]
			if id == "" {
				id = who.Pins[p.kind(instance)]
			}
			if id == "" {
				continue
			}
			ref := pinner.Pin(id)
			if ref.Zero() { // the service could not be asked yet; resolvePeople learns again
				continue
			}
			t.ref[instance+"/"+who.Name], t.name[ref] = ref, who.Name
		}
	}
	p.pins.Store(t)
}

func (p *people) kind(instance string) string {
	if k := p.kinds[instance]; k != "" {
		return k
	}
	return instance
}

// who names an account by the directory, and keeps what it found. A name the source claims is never believed: an
// account is somebody by a pin, by what was kept, or by an e-mail address that its service vouches for.
func (p *people) who(tx store.Tx, a flow.Actor, dir flow.Policy) (flow.Actor, error) {
	known, err := p.recognise(tx, a, dir)
	if err != nil || known.Name == "" || p.pins.Load().name[a.Ref] != "" {
		return known, err
	}
	kept, err := p.kept(tx, a.Ref)
	if err != nil || kept.Name != "" {
		return known, err
	}
	return known, p.keep(tx, identity{Ref: a.Ref, Name: known.Name, Email: a.Email, At: p.now()})
}

// recognise is who without keeping anything.
func (p *people) recognise(tx store.Tx, a flow.Actor, dir flow.Policy) (flow.Actor, error) {
	if a.Ref.Zero() {
		return a, nil
	}
	a.Name = ""
	if a.Bot {
		return a, nil
	}
	if name := p.pins.Load().name[a.Ref]; name != "" {
		a.Name = name
		return a, nil
	}
	kept, err := p.kept(tx, a.Ref)
	if err != nil {
		return a, err
	}
	if kept.Name != "" {
		a.Name = p.holds(kept, a, dir)
		return a, nil
	}
	a.Name, err = p.match(tx, a, dir)
	return a, err
}

// holds says whether a kept identity still counts: the person must be in the directory and not pinned to another
// account. A changed e-mail address changes nothing but is reported.
func (p *people) holds(kept identity, a flow.Actor, dir flow.Policy) string {
	if _, ok := dir.Person(kept.Name); !ok {
		return ""
	}
	if pin, ok := p.pins.Load().ref[a.Ref.System+"/"+kept.Name]; ok && pin != a.Ref {
		return ""
	}
	if a.Email != "" {
		if other := dir.Match(a.Email); other != "" && other != kept.Name {
			p.log.Error("account was one person's and now has another's e-mail address; the first stays",
				"instance", a.Ref.System, "person", kept.Name, "other", other)
		}
	}
	return kept.Name
}

func (p *people) match(tx store.Tx, a flow.Actor, dir flow.Policy) (string, error) {
	name := dir.Match(a.Email)
	if a.Email == "" || name == "" {
		return "", nil
	}
	have, ok, err := p.account(tx, a.Ref.System, name)
	if err != nil {
		return "", err
	}
	if ok && have != a.Ref {
		p.log.Error("second account with one person's e-mail address; pin the right one", "instance", a.Ref.System, "person", name)
		return "", nil
	}
	return name, nil
}

// account returns the account of a directory name on an instance.
func (p *people) account(tx store.Tx, instance, name string) (flow.Ref, bool, error) {
	if ref, ok := p.pins.Load().ref[instance+"/"+name]; ok {
		return ref, true, nil
	}
	var id identity
	ok, err := row(tx, peopleTable, instance+"/@"+name, &id)
	return id.Ref, ok, err
}

func (p *people) kept(tx store.Tx, ref flow.Ref) (identity, error) {
	var id identity
	_, err := row(tx, peopleTable, ref.System+"/"+ref.Key, &id)
	if id.Ref != ref {
		return identity{}, err
	}
	return id, err
}

func (p *people) keep(tx store.Tx, id identity) error {
	if err := putRow(tx, peopleTable, id.Ref.System+"/"+id.Ref.Key, id); err != nil {
		return err
	}
	return putRow(tx, peopleTable, id.Ref.System+"/@"+id.Name, id)
}

// unresolved says that a person has no account on an instance.
type unresolved struct {
	instance, kind string
	person         flow.Person
}

func (u *unresolved) Error() string {
	where := title(u.kind)
	if u.person.Email == "" {
		return fmt.Sprintf("%s has no e-mail address to find a %s account by; pin people.%s.%s", u.person.Name, where, u.person.Name, u.kind)
	}
	return fmt.Sprintf("No %s account matches %s; pin people.%s.%s", where, u.person.Email, u.person.Name, u.kind)
}

// find asks an instance for the account of a person by e-mail; the answer is nil when it cannot be asked, *unresolved
// when there is surely none, *connectors.Error otherwise.
func (p *people) find(ctx context.Context, instance string, who flow.Person) (flow.Ref, error) {
	none := &unresolved{instance: instance, kind: p.kind(instance), person: who}
	c, ok := p.conns[instance].(connectors.Identifier)
	if !ok || who.Email == "" {
		return flow.Ref{}, none
	}
	a, ok, err := c.Identify(ctx, who.Email)
	switch {
	case err != nil:
		return flow.Ref{}, err
	case !ok || a.Ref.Zero() || a.Bot:
		return flow.Ref{}, none
	}
	return a.Ref, nil
}

// identifying is a look-up of a person, as the limits see it.
func identifying(instance string) call {
	return call{job: peopleJob, instance: instance, shape: "identify"}
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// row reads a JSON row into v; false when there is none.
func row(tx store.Tx, table, key string, v any) (bool, error) {
	b, err := tx.Row(table, key)
	if err != nil || b == nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("read %s of %s: %w", key, table, err)
	}
	return true, nil
}

func putRow(tx store.Tx, table, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s of %s: %w", key, table, err)
	}
	return tx.PutRow(table, key, b)
}
