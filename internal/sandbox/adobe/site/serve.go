package site

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

// maxRequest is the largest body that a service takes.
const maxRequest = 1 << 20

// Interface is how one service is spoken to.
type Interface struct {
	Service string // in the ledger and for faults
	Routes  []Route
	// Admit checks who calls; nil lets everybody in. It and the routes run with the lock held.
	Admit func(*Call) *Reply
	// Refuse words a problem as the service does.
	Refuse func(status int, detail string) *Reply
}

// Route is one operation.
type Route struct {
	Op, Pattern string // "comments.create", "POST /v4/accounts/{account}/files/{file}/comments"
	Do          func(*Call) *Reply
	Query       []string // the parameters it knows; others are refused
	Any         bool     // it looks at its parameters itself
	PerMinute   int      // calls that its bucket takes; 0 = no end
}

// Call is one request.
type Call struct {
	*http.Request
	Op   string
	Body []byte
	By   *Person // who calls, where the service knows
}

// Reply is what a service answers.
type Reply struct {
	Status int
	Body   any // JSON, or as it is if it is a []byte
	Header map[string]string
}

// Answer is a reply in JSON; a nil body is none.
func Answer(status int, body any) *Reply { return &Reply{Status: status, Body: body} }

// With adds a header.
func (r *Reply) With(key, value string) *Reply {
	if r.Header == nil {
		r.Header = map[string]string{}
	}
	r.Header[key] = value
	return r
}

// Serve returns the handler of an interface, below the site's prefix.
func (s *Site) Serve(i Interface) http.Handler {
	next := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r, values := s.match(i, req)
		for name, v := range values {
			req.SetPathValue(name, v)
		}
		s.run(w, req, i, r)
	})
	op := func(req *http.Request) string {
		r, _ := s.match(i, req)
		return r.Op
	}
	refuse := func(w http.ResponseWriter, status int, name string) {
		if name != "" {
			number, rest, _ := strings.Cut(name, " ")
			var err error
			if status, err = strconv.Atoi(number); err != nil || status < 400 || status > 599 {
				status, rest = http.StatusUnprocessableEntity, name
			}
			name = rest
		}
		write(w, i.Refuse(status, name))
	}
	note := func(req *http.Request, f sandbox.Fault, status int, body []byte) {
		s.record(i.Service, req, sandbox.Entry{Status: status, Note: "fault " + string(f.Kind), Body: string(body), Failed: true})
	}
	return sandbox.Faulty{Service: i.Service, Faults: s.Faults, Method: op, Next: next, Refuse: refuse, Note: note}
}

// match finds the route of a request and the values in its path.
func (s *Site) match(i Interface, req *http.Request) (Route, map[string]string) {
	path, ok := strings.CutPrefix(req.URL.EscapedPath(), s.Prefix)
	for _, r := range i.Routes {
		method, pattern, _ := strings.Cut(r.Pattern, " ")
		if values, fits := serve.Bind(pattern, path); ok && fits && method == req.Method {
			return r, values
		}
	}
	return Route{Any: true, Do: func(*Call) *Reply { return i.Refuse(http.StatusNotFound, "Not Found") }}, nil
}

// run takes one call through the checks that come before every operation and records it.
func (s *Site) run(w http.ResponseWriter, req *http.Request, i Interface, r Route) {
	c := &Call{Request: req, Op: r.Op}
	var err error
	c.Body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	rep := i.Refuse(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	if err == nil {
		s.Lock()
		rep = s.checked(c, i, r)
		s.Unlock()
	}
	note := r.Op
	if note == "" {
		note = "unknown operation"
	}
	e := sandbox.Entry{Status: rep.Status, Note: note, Body: string(c.Body)}
	if f := req.Header.Get(sandbox.FaultHeader); f != "" {
		e.Note, e.Failed = note+", then fault "+f, true
	}
	s.record(i.Service, req, e)
	write(w, rep)
}

func (s *Site) checked(c *Call, i Interface, r Route) *Reply {
	if i.Admit != nil {
		if rep := i.Admit(c); rep != nil {
			return rep
		}
	}
	limit, ok := s.take(i.Service+"/"+r.Op, r.PerMinute)
	rep := i.Refuse(http.StatusTooManyRequests, "Too Many Requests")
	if ok {
		rep = s.done(c, i, r)
	}
	for key, value := range limit {
		rep.With(key, value)
	}
	return rep
}

func (s *Site) done(c *Call, i Interface, r Route) *Reply {
	query, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return i.Refuse(http.StatusBadRequest, "Bad Request")
	}
	for key, values := range query {
		if !r.Any && (!slices.Contains(r.Query, key) || len(values) > 1) {
			return i.Refuse(http.StatusUnprocessableEntity, "Unexpected field: "+key)
		}
	}
	if len(c.Body) > 0 && !r.Any {
		kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
		switch {
		case c.Method == http.MethodGet || c.Method == http.MethodDelete:
			return i.Refuse(http.StatusBadRequest, "Bad Request")
		case kind != "application/json":
			return i.Refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
		}
	}
	return r.Do(c)
}

func write(w http.ResponseWriter, rep *Reply) {
	for k, v := range rep.Header {
		w.Header().Set(k, v)
	}
	raw, plain := rep.Body.([]byte)
	if !plain && rep.Body != nil {
		var err error
		if raw, err = json.Marshal(rep.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(rep.Status)
	_, _ = w.Write(raw) // the caller may be gone
}

// mark is what the product ends its words with, by which it finds them again.
var mark = regexp.MustCompile(`signoff ref [0-9a-f]+`)

func (s *Site) record(service string, req *http.Request, e sandbox.Entry) {
	if s.Ledger == nil {
		return
	}
	e.At, e.Service, e.Direction, e.Method, e.Path = s.Now(), service, sandbox.In, req.Method, req.URL.RequestURI()
	e.Mark = mark.FindString(e.Body)
	s.Ledger.Add(e)
}

// bucket is a leaky bucket.
type bucket struct {
	level float64
	at    time.Time
}

// take lets one call into the bucket of an operation, if there is room, and says what the headers tell of it.
func (s *Site) take(key string, perMinute int) (header map[string]string, ok bool) {
	if perMinute == 0 || s.Unlimited {
		return nil, true
	}
	b, now := s.buckets[key], s.Now()
	if b == nil {
		b = &bucket{at: now}
		s.buckets[key] = b
	}
	b.level = max(0, b.level-now.Sub(b.at).Minutes()*float64(perMinute))
	b.at = now
	if ok = b.level+1 <= float64(perMinute); ok {
		b.level++
	}
	return map[string]string{
		"X-Ratelimit-Limit": strconv.Itoa(perMinute), "X-Ratelimit-Remaining": strconv.Itoa(perMinute - int(b.level)), "X-Ratelimit-Window": "60000",
	}, ok
}
