package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Person is an account with a mailbox.
type Person struct {
	Name     string
	Address  string   // also the user name
	Aliases  []string // other addresses of the account, which it may send as; name+anything@ belongs to every address
	Password string
	Token    string   // for XOAUTH2
	Folders  []string // mailboxes besides INBOX and Sent that are there from the start
	Outlook  bool     // quotes as Outlook does; otherwise as Gmail does
	Service  bool     // the product's account: the pages only look into it
}

// ErrNobody says that no account has the address.
var ErrNobody = errors.New("nobody here has that address")

// DefaultPeople are the people of the demo, an agency, a stranger whose domain vouches for nobody, and the product's account.
func DefaultPeople() []Person {
	return []Person{
		{Name: "Maya Lind", Address: "maya@lumen.example", Password: "maya-password"},
		{Name: "Ana Reyes", Address: "ana@lumen.example", Password: "ana-password"},
		{Name: "Ben Osei", Address: "ben@lumen.example", Password: "ben-password"},
		{Name: "Chloé Roy", Address: "chloe@lumen.example", Password: "chloe-password"},
		{Name: "Dana Wolf", Address: "dana@lumen.example", Password: "dana-password"},
		{Name: "Eli Marsh", Address: "eli@lumen.example", Password: "eli-password", Outlook: true},
		{Name: "Tom Berg", Address: "tom@lumen.example", Password: "tom-password"},
		{Name: "Jon Park", Address: "jon@lumen.example", Password: "jon-password"},
		{Name: "Olga (agency)", Address: "olga@agency.example", Password: "olga-password", Outlook: true},
		{Name: "Lin (agency)", Address: "lin@agency.example", Password: "lin-password"},
		{Name: "A stranger", Address: "someone@elsewhere.example", Password: "stranger-password"},
		{Name: "Lumen requests", Address: "requests@lumen.example", Password: "requests-password", Token: "requests-token", Service: true,
			Aliases: []string{"approvals@lumen.example", "bounce@lumen.example"}, Folders: []string{"signoff/Done", "signoff/Auto", "signoff/Failed"}},
	}
}

type account struct {
	Person
	boxes []*box
	away  Away
}

// PutPerson adds an account or replaces the one with the same address, which keeps its mails.
func (s *Server) PutPerson(p Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(p)
	s.wake()
}

func (s *Server) put(p Person) {
	if l := s.opt.Ledger; l != nil {
		l.Hide(p.Password, p.Token)
	}
	a := s.account(p.Address)
	if a == nil || !strings.EqualFold(a.Address, p.Address) {
		a = &account{boxes: []*box{s.newBox(inbox), s.newBox(sent)}}
		s.accounts = append(s.accounts, a)
	}
	a.Person = p
	for _, name := range p.Folders {
		if a.box(name) == nil {
			a.boxes = append(a.boxes, s.newBox(name))
		}
	}
}

// People lists the accounts.
func (s *Server) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Person
	for _, a := range s.accounts {
		all = append(all, a.Person)
	}
	return all
}

// Person finds an account by an address or a name.
func (s *Server) Person(who string) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.someone(who)
	if a == nil {
		return Person{}, fmt.Errorf("%w: %s", ErrNobody, who)
	}
	return a.Person, nil
}

// account finds who receives at an address; a tag behind a plus does not matter. The caller holds the lock.
func (s *Server) account(address string) *account {
	address = untagged(address)
	for _, a := range s.accounts {
		if strings.EqualFold(a.Address, address) || slices.ContainsFunc(a.Aliases, func(alias string) bool { return strings.EqualFold(alias, address) }) {
			return a
		}
	}
	return nil
}

// someone finds an account by an address or a person's name. The caller holds the lock.
func (s *Server) someone(who string) *account {
	if a := s.account(who); a != nil {
		return a
	}
	for _, a := range s.accounts {
		if a.Name == who && who != "" {
			return a
		}
	}
	return nil
}

// untagged takes a tag such as "+sg-1042.mac" out of an address.
func untagged(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// local reports whether mailboxes of the domain are here. The caller holds the lock.
func (s *Server) local(domain string) bool {
	return domain == s.opt.Domain || slices.ContainsFunc(s.accounts, func(a *account) bool { return domainOf(a.Address) == domain })
}
