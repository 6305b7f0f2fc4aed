package adobe_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors/connectortest"
)

const (
	account   = "6f70f1bd-7e89-4a7e-b4d3-7e576585a181"
	workspace = "378fcbf7-6f88-4224-8139-6a743ed940b2"
	project   = "7e46e495-4444-4555-8649-bee4d391a997"
	fileA     = "d3075547-4e64-45f0-ad12-d075660eddd2"
	fileB     = "a1075547-4e64-45f0-ad12-d075660eddd2"
	stackA    = "51ac5547-4e64-45f0-ad12-d075660eddd2"
	folderA   = "f01d5547-4e64-45f0-ad12-d075660eddd2"
	botID     = "b0755555-859f-4b38-b6c6-e8625b5da8a5"
	evanID    = "56556a3f-859f-4b38-b6c6-e8625b5da8a5"
	clientID  = "adobe-client-id"
	clientKey = "p8e-canary-client-secret"
	signing   = "fio-signing-secret-example"
)

// site is a stand-in of Frame.io V4 and of IMS that is as strict as their descriptions: bodies in "data", unknown members and
// parameters refused, tokens that end.
type site struct {
	t   *testing.T
	url string
	now func() time.Time

	mu       sync.Mutex
	armed    *connectortest.Fault
	calls    []string
	strays   []string
	next     int
	tokens   int
	token    string
	files    map[string]map[string]any
	stacks   map[string][]string
	comments map[string][]map[string]any // by file
	hooks    []map[string]any
	status   map[string]string // of files
	pictures map[string][]byte
	wrong    bool // IMS knows nobody
}

func newSite(t *testing.T, now func() time.Time) *site {
	t.Helper()
	s := &site{
		t: t, now: now, next: 100, files: map[string]map[string]any{}, stacks: map[string][]string{}, comments: map[string][]map[string]any{},
		status: map[string]string{}, pictures: map[string][]byte{},
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	s.save(fileA, folderA, "Hero.mp4", now().Add(-time.Hour))
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, stray := range s.strays {
			t.Errorf("Frame.io would refuse the form of a call: %s", stray)
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

// save puts a file into a folder or stack.
func (s *site) save(id, parent, name string, at time.Time) {
	s.with(func() {
		s.files[id] = map[string]any{
			"id": id, "name": name, "type": "file", "media_type": "video/mp4", "file_size": 27454966, "status": "transcoded", "parent_id": parent,
			"project_id": project, "created_at": at.UTC().Format("2006-01-02T15:04:05.000000Z"), "updated_at": at.UTC().Format("2006-01-02T15:04:05.000000Z"),
			"view_url": "https://next.frame.io/project/" + project + "/view/" + id,
		}
		s.status[id] = "Needs Review"
	})
}

// stack makes versions of files.
func (s *site) stack(id string, files ...string) {
	s.with(func() {
		s.stacks[id] = files
		for _, f := range files {
			s.files[f]["parent_id"] = id
		}
	})
}

func person(id string) map[string]any {
	return map[string]any{"id": id, "name": map[string]string{evanID: "Evan Wallace", botID: "signoff"}[id], "email": "evan@lumen.example", "active": true, "avatar_url": nil}
}

// say adds a comment; below names the one it answers.
func (s *site) say(file, id, below, who, words string) map[string]any {
	at := s.now().UTC().Format("2006-01-02T15:04:05.000000Z")
	m := map[string]any{
		"id": id, "file_id": file, "text": words, "owner": person(who), "created_at": at, "updated_at": at, "text_edited_at": nil, "completed_at": nil,
		"completer_id": nil, "timestamp": 48, "page": nil, "annotation": nil, "duration": nil, "replies": []map[string]any{},
	}
	s.with(func() {
		if below == "" {
			s.comments[file] = append(s.comments[file], m)
			return
		}
		for _, root := range s.comments[file] {
			if root["id"] == below {
				root["replies"] = append(root["replies"].([]map[string]any), m)
			}
		}
	})
	return m
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.RequestURI())
	f := s.armed
	if f != nil && r.Method != http.MethodGet && !strings.HasPrefix(r.URL.Path, "/ims/") {
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
	if f.Status == 401 {
		s.mu.Lock()
		s.armed = f // whoever comes with another token is not known either
		s.mu.Unlock()
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
	s.answer(w, status, map[string]any{"errors": []any{map[string]any{"detail": why}}})
}

func (s *site) stray(w http.ResponseWriter, r *http.Request, why string) {
	s.strays = append(s.strays, r.Method+" "+r.URL.RequestURI()+": "+why)
	s.refuse(w, http.StatusUnprocessableEntity, why)
}

func (s *site) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := strings.CutPrefix(r.URL.Path, "/pictures/"); ok {
		if r.Header.Get("Authorization") != "" {
			s.stray(w, r, "a picture is fetched with the token")
			return
		}
		w.Header().Set("Content-Type", http.DetectContentType(s.pictures[name]))
		_, _ = w.Write(s.pictures[name])
		return
	}
	if r.URL.Path == "/ims/token/v3" {
		s.ims(w, r, body)
		return
	}
	if s.token == "" || r.Header.Get("Authorization") != "Bearer "+s.token {
		s.refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	q := r.URL.Query()
	for name := range q {
		if !slices.Contains([]string{"include", "page_size", "after"}, name) {
			s.stray(w, r, "unknown parameter "+name)
			return
		}
	}
	for one := range strings.SplitSeq(q.Get("include"), ",") {
		if !slices.Contains([]string{"", "creator", "project", "owner", "replies", "metadata", "media_links.thumbnail", "media_links.thumbnail_high_quality", "media_links.original"}, one) {
			s.stray(w, r, "unknown include "+one)
			return
		}
	}
	if r.URL.Path == "/v4/me" {
		s.answer(w, 200, map[string]any{"data": person(botID)})
		return
	}
	rest, ours := strings.CutPrefix(r.URL.Path, "/v4/accounts/"+account+"/")
	if !ours {
		s.refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	s.account(w, r, strings.Split(rest, "/"), body)
}

func (s *site) ims(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if r.Method != http.MethodPost || err != nil || form.Get("grant_type") != "client_credentials" || form.Get("scope") == "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		s.stray(w, r, "bad token request")
		return
	}
	if form.Get("client_id") != clientID || form.Get("client_secret") != clientKey || s.wrong {
		s.answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_client", "error_description": "invalid client_secret parameter"})
		return
	}
	s.tokens++
	s.token = fmt.Sprintf("canary-token-%d", s.tokens)
	s.answer(w, 200, map[string]any{"access_token": s.token, "token_type": "bearer", "expires_in": 86399})
}

func pageOf(list []map[string]any) map[string]any {
	if list == nil {
		list = []map[string]any{}
	}
	return map[string]any{"data": list, "links": map[string]any{"next": nil}}
}

// listed are comments as lists show them: who wrote a reply is not in there.
func listed(comments []map[string]any) []map[string]any {
	var out []map[string]any
	for _, m := range comments {
		shown := maps.Clone(m)
		var replies []map[string]any
		for _, reply := range m["replies"].([]map[string]any) {
			reply = maps.Clone(reply)
			delete(reply, "owner")
			replies = append(replies, reply)
		}
		shown["replies"] = replies
		out = append(out, shown)
	}
	return out
}

func (s *site) account(w http.ResponseWriter, r *http.Request, parts []string, body []byte) {
	id := ""
	if len(parts) > 1 {
		id = parts[1]
	}
	switch pattern := r.Method + " " + parts[0] + "/" + strings.Join(parts[min(2, len(parts)):], "/"); pattern {
	case "GET files/":
		s.file(w, r, id)
	case "GET files/metadata":
		s.answer(w, 200, map[string]any{"data": map[string]any{"file_id": id, "metadata": s.metadata(id)}})
	case "GET version_stacks/":
		if s.stacks[id] == nil {
			s.refuse(w, 404, "Not found")
			return
		}
		s.answer(w, 200, map[string]any{"data": map[string]any{"id": id, "type": "version_stack", "head_version": map[string]any{"id": s.stacks[id][len(s.stacks[id])-1]}}})
	case "GET version_stacks/children":
		s.children(w, id)
	case "GET files/comments":
		if s.files[id] == nil {
			s.refuse(w, 404, "Not found")
			return
		}
		s.answer(w, 200, pageOf(listed(s.comments[id])))
	case "POST files/comments":
		s.comment(w, r, id, body)
	case "GET comments/":
		m, _ := s.find(id)
		if m == nil {
			s.refuse(w, 404, "Not found")
			return
		}
		shown := map[string]any{}
		for k, v := range m {
			if k != "replies" {
				shown[k] = v
			}
		}
		s.answer(w, 200, map[string]any{"data": shown})
	case "PATCH comments/":
		s.edit(w, r, id, body)
	case "GET workspaces/webhooks", "POST workspaces/webhooks":
		s.webhooks(w, r, body)
	case "DELETE webhooks/":
		n := len(s.hooks)
		s.hooks = slices.DeleteFunc(s.hooks, func(h map[string]any) bool { return h["id"] == id })
		if n == len(s.hooks) {
			s.refuse(w, 404, "Not found")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case "PATCH projects/metadata/values":
		s.values(w, r, body)
	case "GET projects/":
		s.answer(w, 200, map[string]any{"data": map[string]any{"id": project, "name": "Spring", "root_folder_id": folderA}})
	case "GET folders/children":
		s.answer(w, 200, pageOf(s.inFolder(id)))
	case "DELETE workspaces/webhooks/" + id:
		s.refuse(w, 404, "Not found")
	default:
		s.stray(w, r, "no such call "+pattern)
	}
}

func (s *site) file(w http.ResponseWriter, r *http.Request, id string) {
	f := s.files[id]
	if f == nil {
		s.refuse(w, 404, "Not found")
		return
	}
	shown := map[string]any{}
	for k, v := range f {
		shown[k] = v
	}
	include := r.URL.Query().Get("include")
	if strings.Contains(include, "creator") {
		shown["creator"] = person(evanID)
	}
	if strings.Contains(include, "media_links") {
		shown["media_links"] = map[string]any{"thumbnail": nil}
		if len(s.pictures[id]) > 0 {
			shown["media_links"] = map[string]any{"thumbnail": map[string]any{"url": s.url + "/pictures/" + id, "download_url": nil}}
		}
	}
	s.answer(w, 200, map[string]any{"data": shown})
}

func (s *site) children(w http.ResponseWriter, id string) {
	list, ok := s.stacks[id]
	if !ok {
		s.refuse(w, 404, "Not found")
		return
	}
	var out []map[string]any
	for _, f := range slices.Backward(list) { // the newest first, as people see them
		shown := map[string]any{"creator": person(evanID)}
		for k, v := range s.files[f] {
			shown[k] = v
		}
		out = append(out, shown)
	}
	s.answer(w, 200, pageOf(out))
}

func (s *site) inFolder(id string) []map[string]any {
	var out []map[string]any
	for stack := range s.stacks {
		out = append(out, map[string]any{"id": stack, "type": "version_stack", "name": "stack", "parent_id": id})
	}
	for _, f := range s.files {
		if f["parent_id"] == id {
			out = append(out, f)
		}
	}
	return out
}
