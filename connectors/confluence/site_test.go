package confluence_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors/connectortest"
)

// site is a stand-in of Confluence, Cloud or Data Center, that refuses what the descriptions of their APIs do not have.
type site struct {
	t     *testing.T
	cloud bool
	url   string
	now   func() time.Time

	mu        sync.Mutex
	armed     *connectortest.Fault
	calls     []string
	queries   []string // of searches
	strays    []string
	pages     map[string]*page
	people    map[string]map[string]any
	next      int
	anonymous bool
	noToken   bool
	pageSize  int
	large     bool // pages come with more than is read
}

type page struct {
	ID, Kind, Title, Space, Status, Owner, Body string
	Version                                     int
	Changed                                     time.Time
	Labels                                      []string
	Comments                                    []*comment
}

type comment struct {
	ID, Author, Body string
	Version          int
}

const (
	user   = "signoff-bot@lumen.example"
	token  = "ATATT3xFfGF0-canary-confluence"
	secret = "signoff-confluence-secret"
	botID  = "5b10a2844c20165700ede000"
	anaID  = "5b10a2844c20165700ede21g"
	benID  = "5b10a0effa615349cb016cd8"
)

func newSite(t *testing.T, cloud bool, now func() time.Time) *site {
	t.Helper()
	s := &site{t: t, cloud: cloud, now: now, next: 900, pageSize: 50, pages: map[string]*page{}, people: map[string]map[string]any{}}
	s.people[anaID] = map[string]any{"accountId": anaID, "displayName": "Ana Reyes", "email": "ana@lumen.example", "accountType": "atlassian"}
	s.people[benID] = map[string]any{"accountId": benID, "displayName": "Ben Osei", "email": "", "accountType": "atlassian"}
	s.pages["98305"] = &page{ID: "98305", Kind: "page", Title: "Brief: winter hero", Space: "DES", Status: "current", Owner: anaID, Version: 7, Changed: begin().Add(-time.Hour), Body: "<p>New hero</p>"}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, stray := range s.strays {
			t.Errorf("Confluence would refuse the form of a call: %s", stray)
		}
	})
	return s
}

func (s *site) with(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *site) arm(f connectortest.Fault) { s.with(func() { s.armed = &f }) }

func (s *site) seen() (out []string) {
	s.with(func() { out = slices.Clone(s.calls) })
	return out
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	f := s.armed
	if f != nil && r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/users-bulk") {
		s.armed = nil
	} else {
		f = nil
	}
	s.mu.Unlock()
	if f == nil {
		s.serve(w, r, body)
		return
	}
	if f.Does {
		s.serve(httptest.NewRecorder(), r, body)
	}
	if f.Hold != nil {
		close(f.Hold)
		<-r.Context().Done()
	}
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // the other side may have gone
}

func (s *site) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the other side may have gone
}

func (s *site) refuse(w http.ResponseWriter, status int, why string) {
	if s.cloud {
		s.answer(w, status, map[string]any{"errors": []any{map[string]any{"status": status, "code": "X", "title": why, "detail": nil}}})
		return
	}
	s.answer(w, status, map[string]any{"statusCode": status, "message": why})
}

func (s *site) stray(w http.ResponseWriter, r *http.Request, why string) {
	s.strays = append(s.strays, r.Method+" "+r.URL.RequestURI()+": "+why)
	s.refuse(w, http.StatusBadRequest, why)
}

func known(r *http.Request, names ...string) bool {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return false
	}
	for name, values := range q {
		if !slices.Contains(names, name) || len(values) != 1 {
			return false
		}
	}
	return true
}

func (s *site) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, ok := r.URL.Path, true
	if s.cloud {
		path, ok = strings.CutPrefix(path, "/wiki")
	} else {
		path, ok = strings.CutPrefix(path, "/confluence")
	}
	name, pass, basic := r.BasicAuth()
	switch {
	case !ok:
		http.NotFound(w, r)
		return
	case s.noToken, s.cloud && !(basic && name == user && pass == token), !s.cloud && r.Header.Get("Authorization") != "Bearer "+token:
		s.refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	case r.Method != http.MethodGet && r.Header.Get("Content-Type") != "application/json":
		s.stray(w, r, "content type")
		return
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/rest/api/user/current" && r.Method == http.MethodGet && known(r):
		me := map[string]any{"type": "known", "accountId": botID, "displayName": "signoff bot"}
		if !s.cloud {
			me = map[string]any{"type": "known", "username": "signoff", "userKey": "ff80", "displayName": "signoff bot"}
		}
		if s.anonymous {
			me = map[string]any{"type": "anonymous", "displayName": "Anonymous"}
		}
		s.answer(w, 200, me)
	case path == "/rest/api/content/search" && r.Method == http.MethodGet:
		s.search(w, r)
	case s.cloud && strings.HasPrefix(path, "/api/v2/"):
		s.serveV2(w, r, parts[2:], body)
	case !s.cloud && strings.HasPrefix(path, "/rest/api/"):
		s.serveV1(w, r, parts[2:], body)
	default:
		s.stray(w, r, "no such call")
	}
}

func (s *site) search(w http.ResponseWriter, r *http.Request) {
	if !known(r, "cql", "limit", "expand", "cursor", "start") || r.URL.Query().Get("expand") != "version,space" {
		s.stray(w, r, "bad parameters")
		return
	}
	cql := r.URL.Query().Get("cql")
	s.queries = append(s.queries, cql)
	var list []any
	var ids []string
	for id := range s.pages {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		p := s.pages[id]
		if !slices.Contains(p.Labels, "signoff") || p.Status != "current" || p.Kind != "page" {
			continue
		}
		if strings.Contains(cql, "space in") && !strings.Contains(cql, `"`+p.Space+`"`) {
			continue
		}
		if _, rest, ok := strings.Cut(cql, `now("-`); ok {
			minutes, _, _ := strings.Cut(rest, "m")
			n, err := strconv.Atoi(minutes)
			if err != nil {
				s.stray(w, r, "bad CQL")
				return
			}
			if p.Changed.Before(s.now().Add(-time.Duration(n) * time.Minute)) {
				continue
			}
		}
		list = append(list, map[string]any{"id": p.ID, "type": "page", "status": "current", "title": p.Title, "version": map[string]any{"number": p.Version}, "space": map[string]any{"key": p.Space}})
	}
	from, _ := strconv.Atoi(r.URL.Query().Get(map[bool]string{true: "cursor", false: "start"}[s.cloud]))
	links := map[string]any{}
	list = list[min(from, len(list)):]
	if len(list) > s.pageSize {
		list = list[:s.pageSize]
		links["next"] = fmt.Sprintf("https://elsewhere.example/rest/api/content/search?limit=50&%s=%d&cql=other", map[bool]string{true: "cursor", false: "start"}[s.cloud], from+s.pageSize)
	}
	s.answer(w, 200, map[string]any{"results": append([]any{}, list...), "size": len(list), "_links": links})
}

func (p *page) webui() string {
	if p.Kind == "blog" {
		return "/spaces/" + p.Space + "/blog/2026/11/20/" + p.ID + "/x"
	}
	return "/spaces/" + p.Space + "/pages/" + p.ID + "/x"
}

func labelsOf(p *page) map[string]any {
	list := []any{}
	for _, l := range p.Labels {
		list = append(list, map[string]any{"id": "1", "name": l, "prefix": "global"})
	}
	return map[string]any{"results": list, "meta": map[string]any{"hasMore": false}}
}

func (s *site) find(w http.ResponseWriter, id string) *page {
	p := s.pages[id]
	if p == nil {
		s.refuse(w, http.StatusNotFound, "Not found")
	}
	return p
}

func (s *site) body(p *page) string {
	if s.large {
		return "<p>" + strings.Repeat("x", 2<<20) + "</p>" // the suite's client reads 1 MiB
	}
	return p.Body
}

func (s *site) serveV2(w http.ResponseWriter, r *http.Request, parts []string, body []byte) {
	pattern := r.Method + " " + strings.Join(parts, "/")
	switch {
	case pattern == "POST users-bulk":
		s.users(w, r, body)
	case pattern == "GET spaces" && known(r, "keys"):
		s.answer(w, 200, map[string]any{"results": []any{map[string]any{"id": "65537", "key": r.URL.Query().Get("keys")}}})
	case (pattern == "GET pages" || pattern == "GET blogposts") && known(r, "space-id", "title", "status") && r.URL.Query().Get("space-id") == "65537":
		s.answer(w, 200, map[string]any{"results": s.called(strings.TrimSuffix(parts[0], "s"), r.URL.Query().Get("title"))})
	case r.Method == http.MethodGet && len(parts) == 2 && (parts[0] == "pages" || parts[0] == "blogposts"):
		if f := r.URL.Query().Get("body-format"); !known(r, "body-format", "include-labels") || f != "" && f != "storage" {
			s.stray(w, r, "bad parameters")
			return
		}
		if p := s.find(w, parts[1]); p != nil {
			s.answer(w, 200, s.v2(p, r.URL.Query().Get("body-format") != ""))
		}
	case r.Method == http.MethodGet && len(parts) == 3 && parts[0] == "pages" && parts[2] == "footer-comments" && known(r, "body-format", "sort", "limit"):
		p := s.find(w, parts[1])
		if p == nil {
			return
		}
		list := []any{}
		for _, c := range slices.Backward(p.Comments) {
			list = append(list, commentV2(c))
		}
		s.answer(w, 200, map[string]any{"results": list})
	case pattern == "POST footer-comments":
		var in struct {
			Page string `json:"pageId"`
			Body struct{ Representation, Value string }
		}
		if !s.decode(w, r, body, &in) {
			return
		}
		s.comment(w, r, in.Page, in.Body.Representation, in.Body.Value, http.StatusCreated)
	case len(parts) == 2 && parts[0] == "footer-comments":
		if r.Method == http.MethodGet && (!known(r, "body-format") || r.URL.Query().Get("body-format") != "storage") {
			s.stray(w, r, "bad parameters")
			return
		}
		var in struct {
			Version struct{ Number int }
			Body    struct{ Representation, Value string }
		}
		if r.Method == http.MethodPut && !s.decode(w, r, body, &in) {
			return
		}
		s.oneComment(w, r, parts[1], in.Version.Number, in.Body.Representation, in.Body.Value)
	default:
		s.stray(w, r, "no such call")
	}
}

func (s *site) decode(w http.ResponseWriter, r *http.Request, body []byte, into any) bool {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		s.stray(w, r, "bad body: "+err.Error())
		return false
	}
	return true
}

func (s *site) users(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		IDs []string `json:"accountIds"`
	}
	if !s.decode(w, r, body, &in) {
		return
	}
	list := []any{}
	for _, id := range in.IDs {
		if p, ok := s.people[id]; ok {
			list = append(list, p)
		}
	}
	s.answer(w, 200, map[string]any{"results": list})
}

func (s *site) called(kind, title string) []any {
	list := []any{}
	for _, p := range s.pages {
		if p.Title == title && (p.Kind == kind || p.Kind == "blog" && strings.HasPrefix(kind, "blog")) {
			list = append(list, map[string]any{"id": p.ID, "title": p.Title})
		}
	}
	return list
}

func (s *site) v2(p *page, words bool) map[string]any {
	m := map[string]any{
		"id": p.ID, "status": p.Status, "title": p.Title, "spaceId": "65537", "authorId": anaID, "ownerId": p.Owner, "createdAt": "2026-11-20T08:00:00.101Z",
		"version": map[string]any{"number": p.Version, "message": "", "minorEdit": false, "authorId": benID, "createdAt": p.Changed.Format("2006-01-02T15:04:05.000Z")},
		"labels":  labelsOf(p), "body": map[string]any{}, "_links": map[string]any{"webui": p.webui(), "tinyui": "/x/AYAB", "base": "https://lumen.atlassian.net/wiki"},
	}
	if p.Owner == "" {
		m["ownerId"] = nil
	}
	if words {
		m["body"] = map[string]any{"storage": map[string]any{"representation": "storage", "value": s.body(p)}}
	}
	return m
}

func commentV2(c *comment) map[string]any {
	return map[string]any{"id": c.ID, "status": "current", "version": map[string]any{"number": c.Version, "authorId": c.Author},
		"body": map[string]any{"storage": map[string]any{"representation": "storage", "value": c.Body}}}
}

func (s *site) comment(w http.ResponseWriter, r *http.Request, id, representation, value string, status int) {
	p := s.find(w, id)
	if p == nil {
		return
	}
	if representation != "storage" || value == "" {
		s.stray(w, r, "bad comment")
		return
	}
	s.next++
	author := map[bool]string{true: botID, false: "signoff"}[s.cloud]
	c := &comment{ID: strconv.Itoa(s.next), Author: author, Body: value, Version: 1}
	p.Comments = append(p.Comments, c)
	if s.cloud {
		s.answer(w, status, commentV2(c))
		return
	}
	s.answer(w, status, commentV1(c))
}

func (s *site) oneComment(w http.ResponseWriter, r *http.Request, id string, version int, representation, value string) {
	for _, p := range s.pages {
		for _, c := range p.Comments {
			switch {
			case c.ID != id:
				continue
			case r.Method == http.MethodPut && version != c.Version+1:
				s.refuse(w, http.StatusConflict, "Version must be incremented")
				return
			case r.Method == http.MethodPut && representation != "storage":
				s.stray(w, r, "bad comment")
				return
			case r.Method == http.MethodPut:
				c.Version, c.Body = version, value
			}
			if s.cloud {
				s.answer(w, 200, commentV2(c))
			} else {
				s.answer(w, 200, commentV1(c))
			}
			return
		}
	}
	s.refuse(w, http.StatusNotFound, "Not found")
}

func commentV1(c *comment) map[string]any {
	return map[string]any{"id": c.ID, "type": "comment", "status": "current", "version": map[string]any{"number": c.Version, "by": map[string]any{"username": c.Author, "userKey": "ff80", "displayName": "signoff bot"}},
		"body": map[string]any{"storage": map[string]any{"representation": "storage", "value": c.Body}}}
}
