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
	// Confirmed: the person said so themselves, from the account By.
	Confirmed bool     `json:"confirmed,omitempty"`
	By        flow.Ref `json:"by,omitzero"`
	// Suspended says why the account counts for nobody until it is pinned or confirmed anew.
	Suspended string `json:"suspended,omitempty"`
}

// people joins accounts outside with names in the directory: pins first, then what was matched by e-mail once.
type people struct {
	conns map[string]connectors.Connector
	kinds map[string]string
	log   *slog.Logger
	now   func() time.Time
	met   *metrics
	home  *homes
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
	found, err := p.judge(tx, a, dir)
	a.Name = found.name
	if err != nil {
		return a, err
	}
	switch {
	case found.suspend != "":
		return a, p.suspend(tx, found)
	case found.second != "":
		return a, p.second(tx, a, found.second)
	case found.isNew:
		return a, p.keep(tx, identity{Ref: a.Ref, Name: a.Name, Email: a.Email, At: p.now()})
	}
	return a, nil
}

// recognise is who without keeping anything.
func (p *people) recognise(tx store.Tx, a flow.Actor, dir flow.Policy) (flow.Actor, error) {
	found, err := p.judge(tx, a, dir)
	a.Name = found.name
	return a, err
}

// judgement is what is thought of an account.
type judgement struct {
	name    string   // whose it is; empty: nobody's we know
	isNew   bool     // matched just now
	kept    identity // what was kept of it
	suspend string   // why what was kept does not count any more
	second  string   // whose e-mail address it has although they have another account
}

// judge says whose an account is. It reads only.
func (p *people) judge(tx store.Tx, a flow.Actor, dir flow.Policy) (judgement, error) {
	if a.Ref.Zero() {
		return judgement{name: a.Name}, nil
	}
	if a.Bot {
		return judgement{}, nil
	}
	if name := p.pins.Load().name[a.Ref]; name != "" {
		return judgement{name: name}, nil
	}
	kept, err := p.kept(tx, a.Ref)
	if err != nil {
		return judgement{}, err
	}
	if kept.Name != "" {
		return p.holds(kept, a, dir), nil
	}
	return p.match(tx, a, dir)
}

// holds says whether a kept identity still counts: the person must be in the directory and not pinned to another
// account, and the account must not have taken another person's e-mail address since.
func (p *people) holds(kept identity, a flow.Actor, dir flow.Policy) judgement {
	j := judgement{kept: kept}
	if _, ok := dir.Person(kept.Name); !ok || kept.Suspended != "" {
		return j
	}
	if pin, ok := p.pins.Load().ref[a.Ref.System+"/"+kept.Name]; ok && pin != a.Ref {
		return j
	}
	if other := holder(dir, a.Email); other != "" && other != kept.Name {
		j.suspend = fmt.Sprintf("This account was %s's and now has the e-mail address of %s, so it counts for nobody. Pin people.%s.%s once it is clear whose it is.",
			kept.Name, other, kept.Name, p.kind(a.Ref.System))
		return j
	}
	j.name = kept.Name
	return j
}

// match finds the person whose e-mail address an account has, unless they have another account there already.
func (p *people) match(tx store.Tx, a flow.Actor, dir flow.Policy) (judgement, error) {
	name := holder(dir, a.Email)
	if name == "" {
		return judgement{}, nil
	}
	have, ok, err := p.held(tx, a.Ref.System, name)
	if err != nil {
		return judgement{}, err
	}
	if ok && have.Ref != a.Ref {
		return judgement{second: name}, nil
	}
	d, err := p.doubt(tx, a.Ref.System, name)
	if err != nil || d.denied(a.Ref) {
		return judgement{}, err
	}
	return judgement{name: name, isNew: true}, nil
}

// holder finds the person of an e-mail address. Addresses are the same when they are equal but for the case of ASCII
// letters: no dots are dropped, nothing after a plus, and no letter stands for one that looks like it.
func holder(dir flow.Policy, email string) string {
	name := dir.Match(email)
	person, ok := dir.Person(name)
	if name == "" || !ok || !sameAddress(person.Email, email) {
		return ""
	}
	return name
}

func sameAddress(a, b string) bool {
	return lowerASCII(strings.TrimSpace(a)) == lowerASCII(strings.TrimSpace(b))
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// account returns the account of a directory name on an instance.
func (p *people) account(tx store.Tx, instance, name string) (flow.Ref, bool, error) {
	id, ok, err := p.held(tx, instance, name)
	return id.Ref, ok && id.Suspended == "", err
}

// held returns the account of a directory name, though it may be suspended.
func (p *people) held(tx store.Tx, instance, name string) (identity, bool, error) {
	if ref, ok := p.pins.Load().ref[instance+"/"+name]; ok {
		return identity{Ref: ref, Name: name}, true, nil
	}
	var id identity
	ok, err := row(tx, peopleTable, instance+"/@"+name, &id)
	return id, ok, err
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
	why            string // more than that none was found
}

func (u *unresolved) Error() string {
	where := title(u.kind)
	switch {
	case u.why != "":
		return u.why
	case u.person.Email == "":
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
	case !ok || a.Ref.Zero() || a.Bot, a.Email != "" && !sameAddress(a.Email, who.Email):
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
