package github

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

const (
	apiPath = "/api/v3"
	// maxRequest is the largest body that the site takes.
	maxRequest = 1 << 20
	tokenLife  = time.Hour
)

// call is one authenticated request.
type call struct {
	*http.Request
	op   string
	body []byte
	by   *User // nil: the app itself
	repo *repo // of paths that name one
	item *item
}

// reply is what the site answers.
type reply struct {
	status int
	body   any
	header map[string]string
}

func answer(status int, body any) *reply { return &reply{status: status, body: body} }

// problem is a refusal with a message.
func problem(status int, message string) *reply {
	return answer(status, object{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

// invalid is a 422 that names the field at fault.
func invalid(resource, field, code string) *reply {
	return answer(http.StatusUnprocessableEntity, object{"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest",
		"errors": []object{{"resource": resource, "field": field, "code": code}}})
}

func notFound() *reply { return problem(http.StatusNotFound, "Not Found") }

// route is one operation, named as in GitHub's description of its API.
type route struct {
	op, pattern string
	do          func(call) *reply
}

func (s *Server) routes() []route {
	const one = "/repos/{owner}/{repo}"
	return []route{
		{"users/get-authenticated", "GET /user", s.getSelf},
		{"users/get-by-id", "GET /user/{id}", s.getUserByID},
		{"users/get-by-username", "GET /users/{login}", s.getUser},
		{"search/users", "GET /search/users", s.searchUsers},
		{"apps/get-authenticated", "GET /app", s.getApp},
		{"apps/get-repo-installation", "GET " + one + "/installation", s.getInstallation},
		{"apps/create-installation-access-token", "POST /app/installations/{id}/access_tokens", s.createToken},
		{"apps/get-webhook-config-for-app", "GET /app/hook/config", s.getAppHook},
		{"apps/update-webhook-config-for-app", "PATCH /app/hook/config", s.updateAppHook},
		{"apps/list-webhook-deliveries", "GET /app/hook/deliveries", s.listAppDeliveries},
		{"apps/redeliver-webhook-delivery", "POST /app/hook/deliveries/{delivery}/attempts", s.redeliverApp},
		{"repos/get", "GET " + one, s.getRepo},
		{"issues/check-user-can-be-assigned", "GET " + one + "/assignees/{login}", s.checkAssignee},
		{"issues/list-for-repo", "GET " + one + "/issues", s.listIssues},
		{"issues/create", "POST " + one + "/issues", s.createIssue},
		{"issues/get-comment", "GET " + one + "/issues/comments/{id}", s.getComment},
		{"issues/update-comment", "PATCH " + one + "/issues/comments/{id}", s.updateComment},
		{"issues/delete-comment", "DELETE " + one + "/issues/comments/{id}", s.removeComment},
		{"issues/get", "GET " + one + "/issues/{number}", s.getIssue},
		{"issues/update", "PATCH " + one + "/issues/{number}", s.updateIssue},
		{"issues/list-comments", "GET " + one + "/issues/{number}/comments", s.listComments},
		{"issues/create-comment", "POST " + one + "/issues/{number}/comments", s.createComment},
		{"issues/add-labels", "POST " + one + "/issues/{number}/labels", s.addLabels},
		{"issues/remove-label", "DELETE " + one + "/issues/{number}/labels/{name}", s.removeLabel},
		{"issues/add-assignees", "POST " + one + "/issues/{number}/assignees", s.addAssignees},
		{"issues/remove-assignees", "DELETE " + one + "/issues/{number}/assignees", s.removeAssignees},
		{"pulls/list", "GET " + one + "/pulls", s.listPulls},
		{"pulls/get", "GET " + one + "/pulls/{number}", s.getPull},
		{"pulls/list-files", "GET " + one + "/pulls/{number}/files", s.listPullFiles},
		{"pulls/list-reviews", "GET " + one + "/pulls/{number}/reviews", s.listReviews},
		{"pulls/list-review-comments", "GET " + one + "/pulls/{number}/comments", s.listLines},
		{"pulls/create-reply-for-review-comment", "POST " + one + "/pulls/{number}/comments/{id}/replies", s.replyToLine},
		{"repos/get-branch", "GET " + one + "/branches/{branch}", s.getBranch},
		{"git/get-tree", "GET " + one + "/git/trees/{sha}", s.getTree},
		{"git/get-blob", "GET " + one + "/git/blobs/{sha}", s.getBlob},
		{"repos/get-commit", "GET " + one + "/commits/{sha}", s.getCommit},
		{"repos/create-commit-status", "POST " + one + "/statuses/{sha}", s.createStatus},
		{"repos/list-webhooks", "GET " + one + "/hooks", s.listHooks},
		{"repos/create-webhook", "POST " + one + "/hooks", s.createHook},
		{"repos/update-webhook", "PATCH " + one + "/hooks/{id}", s.updateHook},
		{"repos/delete-webhook", "DELETE " + one + "/hooks/{id}", s.deleteHook},
		{"repos/list-webhook-deliveries", "GET " + one + "/hooks/{id}/deliveries", s.listDeliveries},
		{"repos/redeliver-webhook-delivery", "POST " + one + "/hooks/{id}/deliveries/{delivery}/attempts", s.redeliverHook},
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
	next := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
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
	return sandbox.Faulty{Service: service, Faults: s.opt.Faults, Method: opOf, Next: next, Refuse: s.refuse, Note: s.records.Faulted}
}

// match finds the route of a request and the values in its path. Routes with a literal where others have a name come first
// in the table.
func (s *Server) match(table []route, req *http.Request) (route, map[string]string) {
	path, ok := strings.CutPrefix(req.URL.EscapedPath(), s.opt.Prefix+apiPath)
	for _, r := range table {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		if values, fits := serve.Bind(pattern, path); ok && fits && method == req.Method {
			return r, values
		}
	}
	return route{do: func(call) *reply { return notFound() }}, nil
}

// serve runs one call through the checks that come before every operation and records it.
func (s *Server) serve(w http.ResponseWriter, req *http.Request, r route) {
	c := call{Request: req, op: r.op}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	rep := problem(http.StatusRequestEntityTooLarge, "Payload too big")
	if err == nil {
		s.mu.Lock()
		if rep = s.admit(&c); rep == nil {
			rep = r.do(c)
		}
		s.mu.Unlock()
	}
	s.records.Came(req, serve.Call{Op: r.op, Status: rep.status, Body: c.body})
	s.write(w, req, rep)
}

// admit checks what comes before every operation. The caller holds the lock.
func (s *Server) admit(c *call) *reply {
	switch {
	case c.UserAgent() == "":
		return problem(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
	case c.Header.Get("X-Github-Api-Version") != "" && c.Header.Get("X-Github-Api-Version") != "2022-11-28":
		return problem(http.StatusBadRequest, "The API version is not supported.")
	}
	if rep := s.authenticate(c); rep != nil {
		return rep
	}
	if rep := s.limits(c); rep != nil {
		return rep
	}
	if len(c.body) > 0 && c.Method != http.MethodGet {
		kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
		if kind != "application/json" || !json.Valid(c.body) {
			return problem(http.StatusBadRequest, "Problems parsing JSON")
		}
	}
	return s.find(c)
}

// find resolves the repository and the issue or pull request that a path names, or redirects to where they are now.
func (s *Server) find(c *call) *reply {
	owner, name := c.PathValue("owner"), c.PathValue("repo")
	if owner == "" {
		return nil
	}
	r, moved := s.repo(owner + "/" + name)
	if r == nil {
		return notFound()
	}
	if c.repo = r; moved {
		return s.redirect(c, r.Name, c.PathValue("number"), c.PathValue("number"))
	}
	number := c.PathValue("number")
	if number == "" {
		return nil
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return notFound()
	}
	i := r.item(n)
	switch {
	case i == nil, !i.pull && strings.Contains(c.URL.Path, "/pulls/"):
		return notFound()
	case i.deleted:
		return problem(http.StatusGone, "This issue was deleted")
	case i.movedTo != nil:
		return s.redirect(c, i.movedTo.repo.Name, number, strconv.Itoa(i.movedTo.number))
	}
	c.item = i
	return nil
}

var numberAt = regexp.MustCompile(`/(issues|pulls)/\d+`)

func (s *Server) redirect(c *call, full, was, now string) *reply {
	rest := strings.TrimPrefix(c.URL.Path, s.opt.Prefix+apiPath+"/repos/"+c.PathValue("owner")+"/"+c.PathValue("repo"))
	if was != now {
		rest = numberAt.ReplaceAllString(rest, "/$1/"+now)
	}
	to := s.apiURL("/repos/%s%s", full, rest)
	if c.URL.RawQuery != "" {
		to += "?" + c.URL.RawQuery
	}
	status := http.StatusMovedPermanently
	if c.Method != http.MethodGet {
		status = http.StatusTemporaryRedirect
	}
	return &reply{status: status, body: object{"message": "Moved Permanently", "url": to}, header: map[string]string{"Location": to}}
}

// members decodes the JSON object of a body, which may hold only the allowed keys, each once.
func members(raw []byte, allowed ...string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("Body should be a JSON object")
	}
	all := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := all[key]; twice || !slices.Contains(allowed, key) {
			return nil, fmt.Errorf("%q is not a permitted key.", key)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		all[key] = v
	}
	return all, nil
}

// fields decodes a body into texts and lists of texts.
func fields(c call, resource string, texts, lists []string) (map[string]string, map[string][]string, *reply) {
	m, err := members(c.body, append(slices.Clone(texts), lists...)...)
	if err != nil {
		return nil, nil, problem(http.StatusUnprocessableEntity, "Invalid request.\n\n"+err.Error())
	}
	t, l := map[string]string{}, map[string][]string{}
	for key, raw := range m {
		var text string
		var list []string
		switch {
		case slices.Contains(texts, key) && json.Unmarshal(raw, &text) == nil && string(raw) != "null":
			t[key] = text
		case slices.Contains(lists, key) && json.Unmarshal(raw, &list) == nil && list != nil:
			l[key] = list
		default:
			return nil, nil, invalid(resource, key, "invalid")
		}
	}
	return t, l, nil
}

// page cuts a list to what the query asks for, with the Link header.
func (s *Server) page(c call, all []any) *reply {
	per, page := s.opt.PerPage, 1
	if n, err := strconv.Atoi(c.URL.Query().Get("per_page")); err == nil && n > 0 {
		per = min(n, s.opt.PerPage)
	} else if c.URL.Query().Get("per_page") == "" {
		per = min(30, s.opt.PerPage)
	}
	if n, err := strconv.Atoi(c.URL.Query().Get("page")); err == nil && n > 0 {
		page = n
	}
	from := min((page-1)*per, len(all))
	rep := answer(http.StatusOK, append([]any{}, all[from:min(from+per, len(all))]...))
	if from+per < len(all) {
		q := c.URL.Query()
		q.Set("page", strconv.Itoa(page+1))
		rep.header = map[string]string{"Link": "<" + s.opt.BaseURL + strings.TrimPrefix(c.URL.Path, s.opt.Prefix) + "?" + q.Encode() + `>; rel="next"`}
	}
	return rep
}

func (s *Server) write(w http.ResponseWriter, req *http.Request, rep *reply) {
	h := w.Header()
	h.Set("X-Ratelimit-Limit", "5000")
	h.Set("X-Ratelimit-Remaining", "4990")
	for k, v := range rep.header {
		h.Set(k, v)
	}
	if rep.body == nil {
		w.WriteHeader(rep.status)
		return
	}
	raw, err := json.Marshal(rep.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if rep.status == http.StatusOK && req.Method == http.MethodGet {
		sum := sha256.Sum256(raw)
		tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
		h.Set("Etag", tag)
		if req.Header.Get("If-None-Match") == tag {
			s.unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(rep.status)
	_, _ = w.Write(raw) // the caller may be gone
}

// refuse answers for an armed fault. The Name of a named error is a status, with a message after a space.
func (s *Server) refuse(w http.ResponseWriter, status int, name string) {
	message := http.StatusText(status)
	if name != "" {
		number, rest, _ := strings.Cut(name, " ")
		var err error
		if status, err = strconv.Atoi(number); err != nil || status < 400 || status > 599 {
			status, rest = http.StatusUnprocessableEntity, name
		}
		message = rest
	}
	raw, _ := json.Marshal(object{"message": message}) // a map of texts
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller may be gone
}

// mark is the comment by which the product finds again what it wrote.
var mark = regexp.MustCompile(`signoff(?:-ref)?:[^ ]+`)

func cursorOf(u *url.URL) string { return u.Query().Get("cursor") }

// NotModified is how often an answer was one that the caller had already.
func (s *Server) NotModified() int { return int(s.unchanged.Load()) }
