package figma

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

// maxRequest is the largest body that the site takes.
const maxRequest = 1 << 20

// call is one authenticated request.
type call struct {
	*http.Request
	route
	body  []byte
	query url.Values
	token Token
	by    *User
	file  *design // of paths that name one
}

// reply is what the site answers: a body, or words that are put into one of the shapes of Figma's errors.
type reply struct {
	status int
	body   any
	err    string
	header map[string]string
}

func answer(body any) *reply                { return &reply{status: http.StatusOK, body: body} }
func problem(status int, why string) *reply { return &reply{status: status, err: why} }
func badRequest(format string, args ...any) *reply {
	return problem(http.StatusBadRequest, fmt.Sprintf(format, args...))
}
func notFound() *reply  { return problem(http.StatusNotFound, "Not found") }
func forbidden() *reply { return problem(http.StatusForbidden, "Forbidden") }

// route is one operation, named as in Figma's OpenAPI document.
type route struct {
	op, pattern string
	tier        int
	scopes      []string // one of them is needed
	query       []string // the keys it knows
	personal    bool     // not for plan access tokens
	boolean     []int    // statuses whose errors have the shape {"error": true, …}; the others are {"status", "err"}
	do          func(call) *reply
}

func either(scopes ...string) []string { return scopes }

func (s *Server) routes() []route {
	const one = "/v1/files/{file_key}"
	content, comments := either("file_content:read", "files:read"), either("file_comments:read", "files:read")
	say, reads, writes := either("file_comments:write"), either("webhooks:read", "files:read"), either("webhooks:write")
	plain, missing, all := []int{400}, []int{400, 404}, []int{400, 401, 403, 404, 429, 500}
	return []route{
		{"getMe", "GET /v1/me", 3, either("current_user:read", "files:read"), nil, true, nil, s.getMe},
		{"getFile", "GET " + one, 1, content, []string{"version", "ids", "depth", "geometry", "plugin_data", "branch_data"}, false, nil, s.getFile},
		{"getFileNodes", "GET " + one + "/nodes", 1, content, []string{"version", "ids", "depth", "geometry", "plugin_data"}, false, nil, s.getNodes},
		{"getImages", "GET /v1/images/{file_key}", 1, content, imageKeys(), false, nil, s.getImages},
		{"getImageFills", "GET " + one + "/images", 2, content, nil, false, nil, s.getFills},
		{"getFileMeta", "GET " + one + "/meta", 3, either("file_metadata:read", "files:read"), nil, false, nil, s.getMeta},
		{"getFileVersions", "GET " + one + "/versions", 2, either("file_versions:read", "files:read"), []string{"page_size", "before", "after"}, false, nil, s.getVersions},
		{"getComments", "GET " + one + "/comments", 2, comments, []string{"as_md"}, false, nil, s.getComments},
		{"postComment", "POST " + one + "/comments", 2, say, nil, true, plain, s.postComment},
		{"deleteComment", "DELETE " + one + "/comments/{comment_id}", 2, say, nil, true, nil, s.deleteComment},
		{"getCommentReactions", "GET " + one + "/comments/{comment_id}/reactions", 2, comments, []string{"cursor"}, false, nil, s.getReactions},
		{"postCommentReaction", "POST " + one + "/comments/{comment_id}/reactions", 2, say, nil, true, plain, s.postReaction},
		{"deleteCommentReaction", "DELETE " + one + "/comments/{comment_id}/reactions", 2, say, []string{"emoji"}, true, nil, s.deleteReaction},
		{"getDevResources", "GET " + one + "/dev_resources", 2, either("file_dev_resources:read"), []string{"node_ids"}, false, all, s.getLinks},
		{"postDevResources", "POST /v1/dev_resources", 2, either("file_dev_resources:write"), nil, false, all, s.postLinks},
		{"deleteDevResource", "DELETE " + one + "/dev_resources/{link_id}", 2, either("file_dev_resources:write"), nil, false, all, s.deleteLink},
		{"getOEmbed", "GET /v1/oembed", 0, either("file_metadata:read"), []string{"url", "maxwidth", "maxheight"}, true, plain, s.getEmbed},
		{"getTeamProjects", "GET /v1/teams/{team_id}/projects", 2, either("projects:read", "files:read"), nil, false, plain, s.getTeamProjects},
		{"getProjectFiles", "GET /v1/projects/{project_id}/files", 2, either("projects:read", "files:read"), []string{"branch_data"}, false, plain, s.getProjectFiles},
		{"getProjectMeta", "GET /v1/projects/{project_id}/meta", 3, either("project_metadata:read"), nil, false, nil, s.getProjectMeta},
		{"getTeamFolders", "GET /v2/teams/{team_id}/folders", 2, either("folders:read"), nil, false, plain, s.getTeamFolders},
		{"getFolderFolders", "GET /v2/folders/{project_id}/folders", 2, either("folders:read"), nil, false, plain, s.getFolderFolders},
		{"getFolderFiles", "GET /v2/folders/{project_id}/files", 2, either("folders:read"), []string{"branch_data"}, false, plain, s.getProjectFiles},
		{"getFolderMeta", "GET /v2/folders/{project_id}/meta", 3, either("folder_metadata:read"), nil, false, nil, s.getProjectMeta},
		{"getWebhooks", "GET /v2/webhooks", 2, either("webhooks:read"), []string{"context", "context_id", "plan_api_id", "cursor"}, false, plain, s.getHooks},
		{"postWebhook", "POST /v2/webhooks", 2, writes, nil, false, plain, s.postHook},
		{"getWebhook", "GET /v2/webhooks/{webhook_id}", 2, reads, nil, false, missing, s.getHook},
		{"putWebhook", "PUT /v2/webhooks/{webhook_id}", 2, writes, nil, false, missing, s.putHook},
		{"deleteWebhook", "DELETE /v2/webhooks/{webhook_id}", 2, writes, nil, false, missing, s.deleteHook},
		{"getWebhookRequests", "GET /v2/webhooks/{webhook_id}/requests", 2, reads, nil, false, missing, s.getRequests},
		{"getTeamWebhooks", "GET /v2/teams/{team_id}/webhooks", 2, reads, nil, false, nil, s.getTeamHooks},
	}
}

// Operations names every operation, for those who arm faults.
func (s *Server) Operations() []string {
	var all []string
	for _, r := range s.routes() {
		all = append(all, r.op)
	}
	return all
}

func (s *Server) newAPI() http.Handler {
	table := s.routes()
	rest := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r, values := s.match(table, req)
		for name, v := range values {
			req.SetPathValue(name, v)
		}
		s.serve(w, req, r)
	})
	opOf := func(req *http.Request) string {
		r, _ := s.match(table, req)
		return r.op
	}
	next := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, s.opt.Prefix+picturePath) {
			s.servePicture(w, req)
			return
		}
		rest(w, req)
	})
	return sandbox.Faulty{Service: service, Faults: s.opt.Faults, Method: opOf, Next: next, Refuse: s.refuse, Note: s.records.Faulted}
}

// match finds the route of a request and the values in its path.
func (s *Server) match(table []route, req *http.Request) (route, map[string]string) {
	path, ok := strings.CutPrefix(req.URL.EscapedPath(), s.opt.Prefix)
	if ok && strings.HasPrefix(path, picturePath) {
		return route{op: "picture"}, nil
	}
	for _, r := range table {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		if values, fits := serve.Bind(pattern, path); ok && fits && method == req.Method {
			return r, values
		}
	}
	return route{}, nil
}

// serve runs one call through the checks that come before every operation and records it.
func (s *Server) serve(w http.ResponseWriter, req *http.Request, r route) {
	c := call{Request: req, route: r}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	rep := problem(http.StatusRequestEntityTooLarge, "Request too large")
	if err == nil {
		s.mu.Lock()
		if rep = s.admit(&c); rep == nil {
			rep = r.do(c)
		}
		s.mu.Unlock()
	}
	s.records.Came(req, serve.Call{Op: c.op, Status: rep.status, Body: c.body, Failed: rep.err != "", Why: rep.err})
	s.write(w, rep, r)
}

// admit checks what comes before every operation. The caller holds the lock.
func (s *Server) admit(c *call) *reply {
	if c.do == nil {
		return notFound()
	}
	if rep := s.authenticate(c); rep != nil {
		return rep
	}
	if rep := s.spend(c); rep != nil {
		return rep
	}
	var err error
	if c.query, err = url.ParseQuery(c.URL.RawQuery); err != nil {
		return badRequest("Malformed query")
	}
	for key, values := range c.query {
		if !slices.Contains(c.route.query, key) {
			return badRequest("Unexpected query parameter %s", key)
		}
		if len(values) > 1 {
			return badRequest("Query parameter %s is given more than once", key)
		}
	}
	if rep := c.checkBody(); rep != nil {
		return rep
	}
	if key := c.PathValue("file_key"); key != "" {
		return s.find(c, key)
	}
	return nil
}

// checkBody holds that calls which write bring JSON, and the others nothing.
func (c *call) checkBody() *reply {
	if c.Method == http.MethodGet || c.Method == http.MethodDelete {
		if len(c.body) > 0 {
			return badRequest("Unexpected request body")
		}
		return nil
	}
	kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) != "application/json" || !json.Valid(c.body) {
		return badRequest("Request body is not valid JSON")
	}
	return nil
}

// find resolves the file that a path names.
func (s *Server) find(c *call, key string) *reply {
	i := slices.IndexFunc(s.files, func(f *design) bool { return f.key == key })
	switch {
	case i < 0 || s.files[i].deleted:
		return notFound()
	case s.files[i].locked:
		return forbidden()
	}
	c.file = s.files[i]
	return nil
}

// flag reads a query parameter that is true or false.
func (c *call) flag(key string) (bool, *reply) {
	switch c.query.Get(key) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, badRequest("Invalid value for %s: expected true or false", key)
}

// decode reads an object that may hold only the given keys, each once and none of them null.
func decode(raw []byte, into any, keys ...string) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("expected an object")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if seen[key] || !slices.Contains(keys, key) {
			return fmt.Errorf("unexpected property %q", key)
		}
		seen[key] = true
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return err
		}
		if string(v) == "null" {
			return fmt.Errorf("property %q must not be null", key)
		}
	}
	return json.Unmarshal(raw, into)
}

func (s *Server) write(w http.ResponseWriter, rep *reply, r route) {
	for k, v := range rep.header {
		w.Header().Set(k, v)
	}
	body := rep.body
	if rep.err != "" {
		body = object{"status": rep.status, "err": rep.err}
		if slices.Contains(r.boolean, rep.status) {
			body = object{"error": true, "status": rep.status, "message": rep.err}
		}
	}
	writeJSON(w, rep.status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller may be gone
}

// refuse answers for an armed fault. The Name of a named error is a status, with words after a space.
func (s *Server) refuse(w http.ResponseWriter, status int, name string) {
	words := http.StatusText(status)
	if name != "" {
		number, rest, _ := strings.Cut(name, " ")
		var err error
		if status, err = strconv.Atoi(number); err != nil || status < 400 || status > 599 {
			status, rest = http.StatusBadRequest, name
		}
		words = rest
	}
	writeJSON(w, status, object{"status": status, "err": words})
}

// mark is the reference by which the product finds again what it wrote.
var mark = regexp.MustCompile(`signoff ref [0-9A-Za-z]+`)
