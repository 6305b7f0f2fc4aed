package figma_test

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

// site is a stand-in of Figma that is as strict as its description: unknown parameters, members and headers that are missing
// are refused.
type site struct {
	t   *testing.T
	url string
	now func() time.Time

	mu       sync.Mutex
	armed    *connectortest.Fault
	calls    []string
	strays   []string // what was refused for its form
	files    map[string]*file
	hooks    []map[string]any
	sent     map[string][]map[string]any // by webhook
	next     int
	auth     string // header that carries the token
	denied   map[string]string
	limit    http.Header // answers every call of the second tier
	pictures map[string][]byte
	failing  map[string]int // scale -> status of a render
	chunked  bool           // pictures come without their size
}

type file struct {
	Name     string
	Version  string
	Thumb    string
	Versions []map[string]any // newest first
	Comments []map[string]any
}

const (
	token    = "figd_canary-token"
	passcode = "hand-made-passcode-of-ours"
	fileA    = "DGPTIUzgnwZoTJmukb9999"
	fileB    = "CL06nJNn5eZLQKDoARMND5"
	botID    = "900100200300400500"
	evanID   = "811724164054158337"
)

func newSite(t *testing.T, now func() time.Time) *site {
	t.Helper()
	s := &site{
		t: t, now: now, files: map[string]*file{fileA: {Name: "Homepage hero", Version: "77"}}, sent: map[string][]map[string]any{}, next: 1000,
		auth: "X-Figma-Token", denied: map[string]string{}, pictures: map[string][]byte{}, failing: map[string]int{},
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, stray := range s.strays {
			t.Errorf("Figma would refuse the form of a call: %s", stray)
		}
	})
	return s
}

func (s *site) arm(f connectortest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = &f
}

func (s *site) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// with changes the site.
func (s *site) with(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func person(id, handle string) map[string]any {
	return map[string]any{"id": id, "handle": handle, "img_url": "https://s3-alpha.figma.com/profile/" + id}
}

// say adds a comment of somebody; extra members replace the usual ones.
func (s *site) say(key, id, parent, who, message string, extra map[string]any) {
	m := map[string]any{
		"id": id, "file_key": key, "parent_id": parent, "user": person(who, "Evan Wallace"), "created_at": s.now().UTC().Format(time.RFC3339),
		"resolved_at": nil, "message": message, "order_id": "1", "reactions": []any{}, "client_meta": map[string]any{"node_id": "12:34", "node_offset": map[string]any{"x": 1, "y": 2.5}},
	}
	for k, v := range extra {
		m[k] = v
	}
	s.with(func() { s.files[key].Comments = append(s.files[key].Comments, m) })
}

// save adds a version, an autosave where label is empty.
func (s *site) save(key, id, label string, at time.Time) {
	v := map[string]any{"id": id, "created_at": at.UTC().Format(time.RFC3339), "label": nil, "description": nil, "user": person(evanID, "Evan Wallace")}
	if label != "" {
		v["label"], v["description"] = label, "Copy is final"
	}
	v["thumbnail_url"] = s.url + "/pictures/version-" + id
	s.with(func() { s.files[key].Versions = append([]map[string]any{v}, s.files[key].Versions...) })
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.RequestURI())
	f := s.armed
	if f != nil && r.Method != http.MethodGet {
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
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the other side may have gone
}

func (s *site) refuse(w http.ResponseWriter, status int, why string) {
	if status == http.StatusBadRequest {
		s.answer(w, status, map[string]any{"error": true, "status": status, "message": why})
		return
	}
	s.answer(w, status, map[string]any{"status": status, "err": why})
}

// stray refuses what a client of ours must never send.
func (s *site) stray(w http.ResponseWriter, r *http.Request, why string) {
	s.strays = append(s.strays, r.Method+" "+r.URL.Path+": "+why)
	s.refuse(w, http.StatusBadRequest, why)
}

func (s *site) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := strings.CutPrefix(r.URL.Path, "/pictures/"); ok {
		s.picture(w, r, name)
		return
	}
	if shown := r.Header.Get(s.auth); shown != token && shown != "Bearer "+token {
		s.refuse(w, http.StatusForbidden, "Invalid token")
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if s.limit != nil && parts[len(parts)-1] != "me" && parts[len(parts)-1] != "meta" && parts[1] != "images" {
		for k, v := range s.limit {
			w.Header()[k] = v
		}
		s.refuse(w, http.StatusTooManyRequests, "Rate limit exceeded")
		return
	}
	pattern := r.Method + " " + strings.Join(parts[:2], "/")
	if why, ok := s.denied[pattern]; ok {
		s.refuse(w, http.StatusForbidden, why)
		return
	}
	switch {
	case pattern == "GET v1/me" && known(r):
		s.answer(w, 200, map[string]any{"id": botID, "handle": "signoff bot", "img_url": "https://x.example/a.png", "email": "signoff-bot@lumen.example"})
	case parts[1] == "files" && len(parts) == 4:
		s.file(w, r, parts, body)
	case pattern == "GET v1/images" && len(parts) == 3:
		s.render(w, r, parts[2])
	case parts[0]+"/"+parts[1] == "v2/webhooks":
		s.webhooks(w, r, parts[2:], body)
	default:
		s.stray(w, r, "no such call")
	}
}

// known reports whether a call has no other parameters than these.
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

func (s *site) file(w http.ResponseWriter, r *http.Request, parts []string, body []byte) {
	f, ok := s.files[parts[2]]
	if !ok {
		s.refuse(w, http.StatusNotFound, "Not found")
		return
	}
	switch r.Method + " " + parts[3] {
	case "GET meta":
		if !known(r) {
			s.stray(w, r, "unknown parameter")
			return
		}
		s.answer(w, 200, map[string]any{"file": map[string]any{
			"name": f.Name, "folder_name": "Launch", "last_touched_at": "2026-11-20T08:59:00Z", "creator": person(evanID, "Evan Wallace"), "thumbnail_url": f.Thumb,
			"editorType": "figma", "role": "viewer", "link_access": "view", "url": "https://www.figma.com/design/" + parts[2] + "/x", "version": f.Version,
		}})
	case "GET versions":
		s.versions(w, r, f)
	case "GET comments":
		if v := r.URL.Query().Get("as_md"); !known(r, "as_md") || v != "" && v != "true" && v != "false" {
			s.stray(w, r, "unknown parameter")
			return
		}
		s.answer(w, 200, map[string]any{"comments": append([]map[string]any{}, f.Comments...)})
	case "POST comments":
		s.comment(w, r, parts[2], f, body)
	default:
		s.stray(w, r, "no such call")
	}
}

func (s *site) versions(w http.ResponseWriter, r *http.Request, f *file) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("page_size"))
	if !known(r, "page_size", "before", "after") || err != nil || size > 50 || size < 1 {
		s.stray(w, r, "bad parameters")
		return
	}
	list := f.Versions
	if before := q.Get("before"); before != "" {
		i := slices.IndexFunc(list, func(v map[string]any) bool { return v["id"] == before })
		list = list[i+1:]
	}
	pages := map[string]any{}
	if len(list) > size {
		list = list[:size]
		pages["next_page"] = fmt.Sprintf("https://api.figma.com/v1/files/x/versions?page_size=%d&before=%s", size, list[size-1]["id"])
	}
	s.answer(w, 200, map[string]any{"versions": append([]map[string]any{}, list...), "pagination": pages})
}

func (s *site) comment(w http.ResponseWriter, r *http.Request, key string, f *file, body []byte) {
	var in struct {
		Message *string `json:"message"`
		Below   string  `json:"comment_id"`
		Place   *struct {
			Node   string `json:"node_id"`
			Offset struct {
				X float64 `json:"x"`
				Y float64 `json:"y"`
			} `json:"node_offset"`
		} `json:"client_meta"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if r.Header.Get("Content-Type") != "application/json" || d.Decode(&in) != nil || in.Message == nil || *in.Message == "" || !known(r) {
		s.stray(w, r, "bad comment "+string(body))
		return
	}
	parent := ""
	if in.Below != "" {
		i := slices.IndexFunc(f.Comments, func(m map[string]any) bool { return m["id"] == in.Below })
		switch {
		case i < 0:
			s.refuse(w, http.StatusNotFound, "Comment not found")
			return
		case f.Comments[i]["parent_id"] != "":
			s.refuse(w, http.StatusBadRequest, "comment_id must be a root comment")
			return
		}
		parent = in.Below
	}
	s.next++
	m := map[string]any{
		"id": strconv.Itoa(s.next), "file_key": key, "parent_id": parent, "user": person(botID, "signoff bot"), "created_at": s.now().UTC().Format(time.RFC3339),
		"resolved_at": nil, "message": *in.Message, "order_id": "", "reactions": []any{}, "client_meta": map[string]any{"x": 0, "y": 0},
	}
	if in.Place != nil {
		m["client_meta"] = map[string]any{"node_id": in.Place.Node, "node_offset": map[string]any{"x": 0, "y": 0}}
	}
	f.Comments = append(f.Comments, m)
	s.answer(w, 200, m)
}

func (s *site) render(w http.ResponseWriter, r *http.Request, key string) {
	q := r.URL.Query()
	scale, err := strconv.ParseFloat(q.Get("scale"), 64)
	if !known(r, "ids", "format", "scale", "version") || err != nil || scale < 0.01 || scale > 4 || q.Get("ids") == "" || q.Get("format") != "png" {
		s.stray(w, r, "bad parameters")
		return
	}
	if _, ok := s.files[key]; !ok {
		s.refuse(w, http.StatusNotFound, "Not found")
		return
	}
	if status := s.failing[q.Get("scale")]; status != 0 {
		s.refuse(w, status, "Render timeout, try requesting fewer or smaller images")
		return
	}
	var at any
	if _, ok := s.pictures["node-"+q.Get("ids")]; ok {
		at = s.url + "/pictures/node-" + q.Get("ids")
	}
	if _, ok := s.pictures["half"]; ok && q.Get("scale") == "0.5" {
		at = s.url + "/pictures/half"
	}
	s.answer(w, 200, map[string]any{"err": nil, "images": map[string]any{q.Get("ids"): at}})
}

func (s *site) picture(w http.ResponseWriter, r *http.Request, name string) {
	body, ok := s.pictures[name]
	switch {
	case r.Header.Get("X-Figma-Token") != "" || r.Header.Get("Authorization") != "":
		s.stray(w, r, "a picture is fetched with a token")
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", http.DetectContentType(body))
		if s.chunked {
			w.(http.Flusher).Flush()
		}
		_, _ = w.Write(body)
	}
}

func (s *site) webhooks(w http.ResponseWriter, r *http.Request, rest []string, body []byte) {
	switch {
	case r.Method == http.MethodGet && len(rest) == 0:
		q := r.URL.Query()
		if !known(r, "context", "context_id") || q.Get("context_id") == "" || !slices.Contains([]string{"team", "project", "file"}, q.Get("context")) {
			s.stray(w, r, "Missing required parameter context")
			return
		}
		list := []map[string]any{}
		for _, h := range s.hooks {
			if h["context"] == strings.ToUpper(q.Get("context")) && h["context_id"] == q.Get("context_id") {
				shown := map[string]any{}
				for k, v := range h {
					shown[k] = v
				}
				shown["passcode"] = ""
				list = append(list, shown)
			}
		}
		s.answer(w, 200, map[string]any{"webhooks": list})
	case r.Method == http.MethodPost && len(rest) == 0:
		s.register(w, r, body)
	case r.Method == http.MethodDelete && len(rest) == 1:
		before := len(s.hooks)
		s.hooks = slices.DeleteFunc(s.hooks, func(h map[string]any) bool { return h["id"] == rest[0] })
		if len(s.hooks) == before {
			s.refuse(w, http.StatusNotFound, "Webhook not found")
			return
		}
		s.answer(w, 200, map[string]any{"id": rest[0]})
	case r.Method == http.MethodGet && len(rest) == 2 && rest[1] == "requests":
		s.answer(w, 200, map[string]any{"requests": append([]map[string]any{}, s.sent[rest[0]]...)})
	default:
		s.stray(w, r, "no such call")
	}
}

func (s *site) register(w http.ResponseWriter, r *http.Request, body []byte) {
	var in map[string]string
	if json.Unmarshal(body, &in) != nil {
		s.stray(w, r, "bad webhook")
		return
	}
	for name := range in {
		if !slices.Contains([]string{"event_type", "context", "context_id", "endpoint", "passcode", "status", "description"}, name) {
			s.stray(w, r, "unknown member "+name)
			return
		}
	}
	most := map[string]int{"team": 20, "project": 5, "file": 3}[in["context"]]
	same := 0
	for _, h := range s.hooks {
		if h["context_id"] == in["context_id"] {
			same++
		}
	}
	switch {
	case most == 0, in["event_type"] != strings.ToUpper(in["event_type"]), in["event_type"] == "PING", len(in["endpoint"]) > 2048, !strings.HasPrefix(in["endpoint"], "https://"),
		len(in["passcode"]) < 32, len(in["passcode"]) > 100, len(in["description"]) > 140, in["context_id"] == "":
		s.stray(w, r, fmt.Sprintf("bad webhook %v", in))
		return
	case same >= most:
		s.refuse(w, http.StatusBadRequest, "too many webhooks")
		return
	}
	s.next++
	h := map[string]any{
		"id": strconv.Itoa(s.next), "event_type": in["event_type"], "team_id": "", "context": strings.ToUpper(in["context"]), "context_id": in["context_id"],
		"plan_api_id": "organization-1", "status": "ACTIVE", "client_id": nil, "passcode": in["passcode"], "endpoint": in["endpoint"], "description": in["description"],
	}
	s.hooks = append(s.hooks, h)
	s.answer(w, 200, h)
}
