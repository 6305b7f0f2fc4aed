package workfront

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// Service is the name of Workfront in the ledger and for faults.
const Service = "workfront"

// The ids that are there from the start.
const (
	ProjectID  = "59d7daab0000011b8faebf0f60d25d01"
	TaskID     = "59d7daab0000011b8faebf0f60d25d02"
	DocumentID = "59d7daab0000011b8faebf0f60d25d03"
	CustomerID = "544820df0000135b7719dcca654391f6"
	versionID  = "59d7daab0000011b8faebf0f60d25d04"
)

// Options are what is Workfront's alone.
type Options struct {
	Session string // a session id of the product's account; "" = none
	APIKey  string // a key of it; "" = none
	// BareToken leaves out the word Bearer before the token of a subscription: its description is silent about that.
	BareToken bool
	Retry     []time.Duration // waits between the tries of a delivery; nil = 85 s, 4 min, 10 min, … for two days
}

// Site is one customer of Workfront. It is safe for concurrent use.
type Site struct {
	*site.Site
	opt           Options
	documents     []*document
	notes         []*note
	approvals     []*approval
	subscriptions []*subscription
}

type document struct {
	id, name string
	owner    *site.Person
	versions []*version
	entered  time.Time
	updated  time.Time
	by       *site.Person
}

type version struct {
	id, file string
	number   int
	size     int64
	by       *site.Person
	at       time.Time
	decision string // of all approvers: "pending", "approved", …
}

func (d *document) current() *version { return d.versions[len(d.versions)-1] }

type note struct {
	id, text       string
	code, object   string // where it stands
	parent, thread string
	by             *site.Person
	at             time.Time
}

// approval is what one person decides on one version.
type approval struct {
	id       string
	version  *version
	document *document
	approver *site.Person
	decision string // "Pending", "Approved", …
	at       time.Time
}

// Decisions are what an approver may choose.
func Decisions() []string { return []string{"Approved", "Approved with changes", "Changes required"} }

// New returns Workfront with one document in the project "Spring launch".
func New(common *site.Site, opt Options) *Site {
	if opt.Retry == nil {
		for n := 1; n <= 10; n++ {
			opt.Retry = append(opt.Retry, time.Duration(float64(int(1)<<n-1)*84.8*float64(time.Second)))
		}
	}
	s := &Site{Site: common, opt: opt}
	s.Hide(opt.Session, opt.APIKey)
	lin, now := &s.People[0], s.Now()
	first := &version{id: versionID, file: "Spring brochure.pdf", number: 1, size: 812_544, by: lin, at: now, decision: "pending"}
	s.documents = []*document{{id: DocumentID, name: "Spring brochure", owner: lin, versions: []*version{first}, entered: now, updated: now, by: lin}}
	return s
}

// newID is an id as Workfront makes them.
func newID() string { return site.Secret(16) }

func (s *Site) document(idOrName string) *document {
	i := slices.IndexFunc(s.documents, func(d *document) bool { return d.id == strings.ToLower(idOrName) || d.name == idOrName })
	if i < 0 {
		return nil
	}
	return s.documents[i]
}

func (s *Site) note(id string) *note {
	i := slices.IndexFunc(s.notes, func(n *note) bool { return n.id == strings.ToLower(id) })
	if i < 0 {
		return nil
	}
	return s.notes[i]
}

// API serves /attask/…, below the site's prefix.
func (s *Site) API() http.Handler { return s.Serve(s.api()) }

// Operations names every operation, for those who arm faults.
func (s *Site) Operations() []string {
	var all []string
	for _, r := range s.api().Routes {
		all = append(all, r.Op)
	}
	return all
}

// problem is a refusal as Workfront words it.
func problem(status int, message string) *site.Reply {
	if message == "" {
		message = http.StatusText(status)
	}
	return site.Answer(status, object{"error": object{"class": "com.attask.common.AttaskException", "message": message}})
}

// apiTime is an instant as the object API writes it, eventTime as events do.
func (s *Site) apiTime(t time.Time) string {
	return s.local(t).Format("2006-01-02T15:04:05") + fmt.Sprintf(":%03d", t.Nanosecond()/1e6) + s.local(t).Format("-0700")
}

func (s *Site) eventTime(t time.Time) string {
	return s.local(t).Format("2006-01-02T15:04:05.000-0700")
}

// local is an instant in the zone of the customer.
func (s *Site) local(t time.Time) time.Time { return t.In(time.FixedZone("", -6*60*60)) }
