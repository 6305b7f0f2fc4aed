package serve

import (
	"net/http"
	"net/url"
	"regexp"
	"time"

	"signoff/internal/sandbox"
)

// Records writes down what comes and goes.
type Records struct {
	Ledger  *sandbox.Ledger // nil = nothing is written
	Service string
	Now     func() time.Time
	Mark    *regexp.Regexp // finds the mark of the product's in a body; nil = there is none
}

// Call is what became of a call.
type Call struct {
	Op     string // "" = none that is known
	Status int
	Body   []byte
	Failed bool
	Why    string // is said behind the operation
}

// Came records a call that was answered.
func (r Records) Came(req *http.Request, c Call) {
	note := c.Op
	if note == "" {
		note = "unknown operation"
	}
	if c.Why != "" {
		note += ": " + c.Why
	}
	e := r.entry(req, c.Status, c.Body)
	e.Note, e.Failed = note, c.Failed
	if f := req.Header.Get(sandbox.FaultHeader); f != "" {
		e.Note, e.Failed = note+", then fault "+f, true
	}
	r.add(e)
}

// Faulted records a call that met an armed fault instead.
func (r Records) Faulted(req *http.Request, f sandbox.Fault, status int, body []byte) {
	e := r.entry(req, status, body)
	e.Note, e.Failed = "fault "+string(f.Kind), true
	r.add(e)
}

// Sent records a webhook to target; e says what it was and what came of it.
func (r Records) Sent(target string, e sandbox.Entry) {
	e.At, e.Service, e.Direction, e.Method, e.Path = r.Now(), r.Service, sandbox.Out, http.MethodPost, target
	if u, err := url.Parse(target); err == nil {
		e.Path = u.Path
	}
	r.add(e)
}

func (r Records) entry(req *http.Request, status int, body []byte) sandbox.Entry {
	return sandbox.Entry{
		At: r.Now(), Service: r.Service, Direction: sandbox.In, Method: req.Method, Path: req.URL.RequestURI(), Status: status,
		Body: string(body), Mark: r.MarkOf(body),
	}
}

// MarkOf is the mark of the product's in a body, "" without one.
func (r Records) MarkOf(body []byte) string {
	if r.Mark == nil {
		return ""
	}
	return string(r.Mark.Find(body))
}

func (r Records) add(e sandbox.Entry) {
	if r.Ledger != nil {
		r.Ledger.Add(e)
	}
}
