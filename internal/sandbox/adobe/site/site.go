package site

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/internal/sandbox"
)

// Options describe what is common to the services. Now is required; everything else has a default.
type Options struct {
	Now     func() time.Time
	BaseURL string // where all is reached, Prefix included, without a slash at the end
	Prefix  string // path below which pages and interfaces are mounted, such as "/demo/adobe"

	Back string // where the link in the foot of every page leads; "" = there is none

	ClientID     string // of the product's server-to-server credential; "" = "signoff-demo-client"
	ClientSecret string
	TokenLife    time.Duration // of what IMS gives; 0 = a day

	People []Person // nil = Lumen and its agency
	Bot    Person   // the product's technical account

	HTTP      *http.Client                               // sends deliveries; nil = one that follows no redirects
	Sleep     func(context.Context, time.Duration) error // waits before another try; nil = real time
	Unlimited bool                                       // no rate limits, for clocks that stand still

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none
}

// Person is somebody with an Adobe account.
type Person struct {
	ID      string // in Frame.io, a UUID
	AdobeID string // in Creative Cloud
	WorkID  string // in Workfront, 32 hexadecimal digits
	Name    string
	Email   string
}

// Site is the common ground. Its lock guards the state of all services, so that one act is seen by all of them at once.
type Site struct {
	Options
	Post *Post

	mu      sync.Mutex
	tokens  map[string]token
	buckets map[string]*bucket
	changed chan struct{}
}

// DefaultPeople returns the people of the Lumen studio and of its agency.
func DefaultPeople() []Person {
	var out []Person
	for i, one := range []struct{ name, email string }{
		{"Lin", "lin@agency.example"}, {"Ana Reyes", "ana@lumen.example"}, {"Ben Osei", "ben@lumen.example"}, {"Chloé Roy", "chloe@lumen.example"},
		{"Dana Wolf", "dana@lumen.example"}, {"Eli Marsh", "eli@lumen.example"}, {"Maya Lind", "maya@lumen.example"}, {"Tom Berg", "tom@lumen.example"},
		{"Ravi", "ravi@lumen.example"}, {"Jon Park", "jon@lumen.example"}, {"Olga", "olga@passerby.example"},
	} {
		out = append(out, person(i+1, one.name, one.email))
	}
	return out
}

func person(n int, name, email string) Person {
	return Person{
		ID: fmt.Sprintf("5655%04x-859f-4b38-b6c6-e8625b5da8a5", n), AdobeID: fmt.Sprintf("8246321A50EFA4270A49%04X@AdobeID", n),
		WorkID: fmt.Sprintf("544820df0000%04xf8d0fc0368de1900", n), Name: name, Email: email,
	}
}

// New returns the common ground of the services.
func New(opt Options) *Site {
	opt.BaseURL = strings.TrimSuffix(cmp.Or(opt.BaseURL, "https://adobe.lumen.example"), "/")
	opt.Prefix = strings.TrimSuffix(opt.Prefix, "/")
	opt.ClientID = cmp.Or(opt.ClientID, "signoff-demo-client")
	opt.TokenLife = cmp.Or(opt.TokenLife, 24*time.Hour-time.Second)
	if opt.People == nil {
		opt.People = DefaultPeople()
	}
	if opt.Bot.ID == "" {
		opt.Bot = person(0xb07, "signoff", "signoff@techacct.adobe.example")
	}
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if opt.Sleep == nil {
		opt.Sleep = sleep
	}
	s := &Site{Options: opt, tokens: map[string]token{}, buckets: map[string]*bucket{}, changed: make(chan struct{})}
	s.Post = newPost(s)
	s.Hide(opt.ClientSecret)
	return s
}

// sleep waits in real time.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Hide keeps secrets out of the ledger.
func (s *Site) Hide(secrets ...string) {
	if s.Ledger != nil {
		s.Ledger.Hide(secrets...)
	}
}

// Lock takes the lock that guards the state of all services.
func (s *Site) Lock() { s.mu.Lock() }

// Unlock gives it back.
func (s *Site) Unlock() { s.mu.Unlock() }

// Wake tells everybody who waits that something changed. The caller holds the lock.
func (s *Site) Wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Until returns once ok holds, or with the error of ctx. It looks again after every change; ok is called without the lock.
func (s *Site) Until(ctx context.Context, ok func() bool) error {
	for {
		s.Lock()
		changed := s.changed
		s.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Person finds somebody by name, address or one of their ids.
func (s *Site) Person(who string) *Person {
	match := func(p Person) bool {
		return who != "" && slices.ContainsFunc([]string{p.Name, p.Email, p.ID, p.AdobeID, p.WorkID}, func(one string) bool { return strings.EqualFold(one, who) })
	}
	if i := slices.IndexFunc(s.People, match); i >= 0 {
		return &s.People[i]
	}
	if match(s.Bot) {
		return &s.Bot
	}
	return nil
}

// Secret returns n random bytes in hexadecimal digits.
func Secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// UUID returns a new one.
func UUID() string {
	h := Secret(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
