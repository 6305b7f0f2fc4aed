package connectortest

import (
	"net/http"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// Harness joins one kind of connector to a stand-in of its service.
type Harness interface {
	Kind() connectors.Kind
	// Env gives the values of the variables that the kind's Example names. They count as secrets.
	Env() map[string]string
	// Start returns a new connector joined to a new outside that holds nothing yet. d lacks HTTP only; the clock of
	// the outside is d.Now. What was started is stopped by t.Cleanup.
	Start(t *testing.T, d connectors.Deps) Outside
}

// Outside is one connector with the world it speaks to.
type Outside interface {
	Connector() connectors.Connector
	// Create is a Show without a link that makes one new thing, always the same one.
	Create() flow.Effect
	// Say is a Tell at the thing that Create made; false when the connector says nothing.
	Say(made []flow.Link) (flow.Effect, bool)
	// Things are what the outside holds because of Create, each as text that shows all its words; Said counts what it
	// holds because of Say.
	Things() []string
	Said() int
	// Arm lets f hit the next call that makes, changes or says something; false when this outside cannot fail so.
	Arm(f Fault) bool
	// Faults are the refusals of this service beyond those of HTTP, each with the class it has on Create.
	Faults() []Case
	// Hooks are webhooks: some that are believed, some that must not be. None for a connector without webhooks.
	Hooks() (believed, refused []connectors.Inbound)
	// Secrets are the texts that must never be seen: tokens and signing secrets of this connector.
	Secrets() []string
}

// Versionless is implemented by an Outside whose connector leaves it to the engine to hold back an older view; it
// says why.
type Versionless interface{ Versionless() string }

// Lasting is implemented by an Outside whose service lets nobody change what was said there; it says why. A newer view then
// leaves the thing as it is.
type Lasting interface{ Lasting() string }

// Talker is implemented by an Outside whose connector copies what was said at the other side.
type Talker interface {
	// Talk is a Show without a link that says body at the thing that Create made.
	Talk(made []flow.Link, body text.Doc) flow.Effect
	// Spoken are the words that stand there because of Talk, one text per message or comment, the oldest first.
	Spoken() []string
}

// Listener is implemented by an Outside whose connector hears what people say.
type Listener interface {
	// Hear lets somebody say something at the thing that Create made, change it and take it back, and returns the
	// webhooks of each.
	Hear(made []flow.Link) (added, edited, removed []connectors.Inbound)
}

// Carrier is implemented by an Outside whose connector takes files.
type Carrier interface {
	// Carry is a Copy of a file of this name and size to the thing that Create made.
	Carry(made []flow.Link, name string, size int64) flow.Effect
	// Carried are the files that are there because of Carry: their bytes by name.
	Carried() map[string][]byte
	// MostBytes is how large a file may be; 0 when there is no limit that the service tells of.
	MostBytes() int64
}

// Painter is implemented by an Outside whose connector shows pictures of the work.
type Painter interface {
	// Pictures are those that the thing of Create shows: their bytes by their descriptions.
	Pictures() map[string][]byte
}

// Fault is one misbehaviour of the outside.
type Fault struct {
	// Status, Header and Body are the answer. Status 0: the connection is closed without one.
	Status int
	Header http.Header
	Body   string
	// Does: the call takes effect before the fault.
	Does bool
	// Hold, when set, is closed as soon as the call has arrived; the answer then waits until the caller has gone.
	Hold chan struct{}
}

// Case is a fault with what it means.
type Case struct {
	Name  string
	Fault Fault
	Class connectors.Class
	Scope string        // Limited only; empty: any
	Wait  time.Duration // at least
	// Person: a sentence for people must come with it.
	Person bool
}

// overHTTP are the faults that every service on the web has. They hit a call that makes something, so whatever leaves
// it open whether it took effect is Unsure.
func overHTTP() []Case {
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	page := header("Content-Type", "text/html")
	const html = "<html><body>Bad gateway</body></html>"
	return []Case{
		{Name: "401", Fault: Fault{Status: 401, Body: `{}`}, Class: connectors.Denied, Person: true},
		{Name: "401 as a page", Fault: Fault{Status: 401, Header: page, Body: html}, Class: connectors.Denied},
		{Name: "302 elsewhere", Fault: Fault{Status: 302, Header: header("Location", "https://elsewhere.example/")}, Class: connectors.Denied},
		{Name: "408", Fault: Fault{Status: 408}, Class: connectors.Unsure},
		{Name: "429 after 7 s", Fault: Fault{Status: 429, Header: header("Retry-After", "7"), Body: `{}`}, Class: connectors.Limited, Wait: 7 * time.Second},
		{Name: "429 after 0 s", Fault: Fault{Status: 429, Header: header("Retry-After", "0")}, Class: connectors.Limited, Wait: time.Second},
		{Name: "429 without a time", Fault: Fault{Status: 429, Header: page, Body: html}, Class: connectors.Limited, Wait: time.Second},
		{Name: "500", Fault: Fault{Status: 500, Body: `{}`}, Class: connectors.Unsure},
		{Name: "502 as a page", Fault: Fault{Status: 502, Header: page, Body: html}, Class: connectors.Unsure},
		{Name: "503 after 9 s", Fault: Fault{Status: 503, Header: header("Retry-After", "9")}, Class: connectors.Unsure},
		{Name: "closed before", Fault: Fault{}, Class: connectors.Unsure},
		{Name: "closed after", Fault: Fault{Does: true}, Class: connectors.Unsure},
		{Name: "cut JSON after", Fault: Fault{Does: true, Status: 200, Body: `{"id":"1`}, Class: connectors.Unsure},
		{Name: "500 after", Fault: Fault{Does: true, Status: 500, Body: `{}`}, Class: connectors.Unsure},
	}
}
