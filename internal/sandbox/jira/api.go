package jira

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

const (
	service  = "jira"
	uploadOp = "addAttachment" // the one operation whose body is not JSON
	// maxRequest is the largest body that the site takes.
	maxRequest = 1 << 20
)

type object = map[string]any

// call is one authenticated request.
type call struct {
	op    string
	path  map[string]string // values of the names in the route
	q     url.Values
	body  []byte
	files []upload // of an upload
	by    *User

	left   map[string]string // what the answer says about the limits
	writes bool              // neither GET nor HEAD
}

// list returns the comma-separated values of a query parameter, which may also be repeated.
func (c call) list(name string) []string {
	var all []string
	for _, v := range c.q[name] {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// page returns startAt and maxResults of the query.
func (c call) page(limit int) (start, count int, refused *reply) {
	start, count = 0, limit
	for name, into := range map[string]*int{"startAt": &start, "maxResults": &count} {
		v := c.q.Get(name)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return 0, 0, problem(http.StatusBadRequest, "The value '"+v+"' of "+name+" is not a number of at least 0.")
		}
		*into = n
	}
	return start, min(count, limit), nil
}

func window[T any](all []T, start, count int) []T {
	start = min(start, len(all))
	return all[start:min(len(all), start+count)]
}

// reply is what the site answers: a JSON body, or none when body is nil.
type reply struct {
	status int
	body   any
	text   string // plain text instead of a JSON body
	html   string // a web page
	file   *file  // the bytes of a file instead of a JSON body
	header map[string]string
}

func answer(status int, body any) *reply { return &reply{status: status, body: body} }

func done() *reply { return &reply{status: http.StatusNoContent} }

// problem is a refusal with a message.
func problem(status int, message string) *reply {
	return answer(status, object{"errorMessages": []string{message}, "errors": object{}})
}

// invalid is a 400 that names the fields at fault.
func invalid(errs map[string]string) *reply {
	return answer(http.StatusBadRequest, object{"errorMessages": []string{}, "errors": errs})
}

func badField(name, message string) *reply { return invalid(map[string]string{name: message}) }

// route is one operation, named as in Atlassian's API description.
type route struct {
	op, pattern string
	permission  string // the account needs it; "" = none beyond seeing the project
	do          func(call) *reply
}

func (s *Server) routes() []route {
	const base, one = "/rest/api/2", "/rest/api/2/issue/{key}"
	return s.byEdition(append(s.hookRoutes(), []route{
		{"getServerInfo", "GET " + base + "/serverInfo", "", s.serverInfo},
		{"getCurrentUser", "GET " + base + "/myself", "", s.myself},
		{"getMyPermissions", "GET " + base + "/mypermissions", "", s.myPermissions},
		{"getProject", "GET " + base + "/project/{project}", "", s.getProject},
		{"getAllStatuses", "GET " + base + "/project/{project}/statuses", "", s.projectStatuses},
		{"getStatuses", "GET " + base + "/status", "", s.allStatuses},
		{"getPriorities", "GET " + base + "/priority", "", s.allPriorities},
		{"searchWorkflows", "GET " + base + "/workflow/search", "ADMINISTER", s.searchWorkflows},
		{"getFields", "GET " + base + "/field", "", s.allFields},
		{"getAttachmentMeta", "GET " + base + "/attachment/meta", "", s.attachmentMeta},
		{"getAttachment", "GET " + base + "/attachment/{id}", "", s.getAttachment},
		{"removeAttachment", "DELETE " + base + "/attachment/{id}", "", s.removeAttachment},
		{"getAttachmentContent", "GET " + base + "/attachment/content/{id}", "", s.getAttachmentContent},
		{uploadOp, "POST " + one + "/attachments", "CREATE_ATTACHMENTS", s.addAttachment},
		{"getCreateIssueMetaIssueTypes", "GET " + base + "/issue/createmeta/{project}/issuetypes", "", s.createMetaTypes},
		{"getCreateIssueMetaIssueTypeId", "GET " + base + "/issue/createmeta/{project}/issuetypes/{type}", "", s.createMetaFields},
		{"findUsers", "GET " + base + "/user/search", "", s.findUsers},
		{"findAssignableUsers", "GET " + base + "/user/assignable/search", "", s.findAssignable},
		{"getUser", "GET " + base + "/user", "", s.getUser},
		{"createIssue", "POST " + base + "/issue", "CREATE_ISSUES", s.createIssue},
		{"getIssue", "GET " + one, "", s.getIssue},
		{"editIssue", "PUT " + one, "EDIT_ISSUES", s.editIssue},
		{"deleteIssue", "DELETE " + one, "DELETE_ISSUES", s.deleteIssue},
		{"assignIssue", "PUT " + one + "/assignee", "ASSIGN_ISSUES", s.assignIssue},
		{"getTransitions", "GET " + one + "/transitions", "", s.getTransitions},
		{"doTransition", "POST " + one + "/transitions", "TRANSITION_ISSUES", s.doTransition},
		{"getChangeLogs", "GET " + one + "/changelog", "", s.getChangelog},
		{"getEditIssueMeta", "GET " + one + "/editmeta", "", s.editMeta},
		{"getIssueWatchers", "GET " + one + "/watchers", "", s.getWatchers},
		{"addWatcher", "POST " + one + "/watchers", "", s.addWatcher},
		{"removeWatcher", "DELETE " + one + "/watchers", "", s.removeWatcher},
		{"getComments", "GET " + one + "/comment", "", s.getComments},
		{"addComment", "POST " + one + "/comment", "ADD_COMMENTS", s.addComment},
		{"getComment", "GET " + one + "/comment/{id}", "", s.getComment},
		{"updateComment", "PUT " + one + "/comment/{id}", "", s.updateComment},
		{"deleteComment", "DELETE " + one + "/comment/{id}", "", s.deleteComment},
		{"getRemoteIssueLinks", "GET " + one + "/remotelink", "", s.getRemoteLinks},
		{"createOrUpdateRemoteIssueLink", "POST " + one + "/remotelink", "LINK_ISSUES", s.putRemoteLink},
		{"deleteRemoteIssueLinkByGlobalId", "DELETE " + one + "/remotelink", "LINK_ISSUES", s.deleteRemoteLink},
		{"getIssuePropertyKeys", "GET " + one + "/properties", "", s.propertyKeys},
		{"getIssueProperty", "GET " + one + "/properties/{property}", "", s.getProperty},
		{"setIssueProperty", "PUT " + one + "/properties/{property}", "EDIT_ISSUES", s.setProperty},
		{"deleteIssueProperty", "DELETE " + one + "/properties/{property}", "EDIT_ISSUES", s.deleteProperty},
		{"searchAndReconsileIssuesUsingJqlPost", "POST " + base + "/search/jql", "", s.searchIssues},
		{"countIssues", "POST " + base + "/search/approximate-count", "", s.countIssues},
		{"searchForIssuesUsingJql", "GET " + base + "/search", "", s.oldSearch},
		{"searchForIssuesUsingJqlPost", "POST " + base + "/search", "", s.oldSearch},
		{"getSecureAttachment", "GET /secure/attachment/{id}/{file}", "", s.getSecureAttachment},
		{"open:login", "GET /login.jsp", "", s.loginPage},
		{"open:tenantInfo", "GET /_edge/tenant_info", "", s.tenantInfo},
	}...))
}

// Operations names every operation, for those who arm faults: the name is what sandbox.Fault.Method is
// compared with. The Name of a sandbox.NamedError is a status, with a message after a space if it should
// say more: "409 The issue was changed by somebody else."
func (s *Server) Operations() []string {
	var all []string
	for _, r := range s.routes() {
		if !everybody(r.op) {
			all = append(all, r.op)
		}
	}
	return append(all, mediaOp)
}

func (s *Server) newAPI() http.Handler {
	s.table = s.routes()
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, values, otherMethod := s.match(s.table, r)
		if _, _, ok := s.local(r); !ok {
			found.op = "open:elsewhere"
			found.do = func(call) *reply {
				return &reply{status: http.StatusNotFound, html: "<!doctype html><title>HTTP Status 404</title>"}
			}
		}
		if found.do == nil {
			found.do = func(call) *reply { return noRoute(r, otherMethod) }
		}
		s.serve(w, r, found, values)
	})
	return sandbox.Faulty{Service: service, Faults: s.opt.Faults, Method: s.opOf, Next: next, Refuse: s.refuse, Note: s.noteFault}
}

// opOf names the operation of a request, "" for none.
func (s *Server) opOf(r *http.Request) string {
	found, _, _ := s.match(s.table, r)
	return found.op
}

// match finds the route of a request and the values in its path. Routes with a literal where others have a
// name come first in the table.
func (s *Server) match(table []route, r *http.Request) (found route, values map[string]string, otherMethod bool) {
	path, _, ok := s.local(r)
	if !ok {
		return route{}, nil, false
	}
	for _, candidate := range table {
		method, pattern, _ := strings.Cut(candidate.pattern, " ")
		values, ok := serve.Bind(pattern, path)
		if ok && method == r.Method {
			return candidate, values, false
		}
		otherMethod = otherMethod || ok
	}
	return route{}, nil, otherMethod
}

func noRoute(r *http.Request, otherMethod bool) *reply {
	if otherMethod {
		return problem(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	}
	return problem(http.StatusNotFound, "No resource method found for "+r.Method+" "+r.URL.Path)
}

// serve runs one call through the checks that come before every operation and records it.
func (s *Server) serve(w http.ResponseWriter, req *http.Request, r route, values map[string]string) {
	c := call{op: r.op, path: values, q: req.URL.Query(), writes: req.Method != http.MethodGet && req.Method != http.MethodHead}
	if r.op == uploadOp {
		rep := s.receive(w, req, r, &c)
		s.records.Came(req, serve.Call{Op: r.op, Status: rep.status, Body: described(c.files)})
		s.log(req, c, rep.status)
		s.stamp(w, c)
		write(w, req, rep)
		return
	}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	rep := problem(http.StatusRequestEntityTooLarge, "The request is too large.")
	if err == nil {
		rep = s.run(req, r, &c)
	}
	s.records.Came(req, serve.Call{Op: r.op, Status: rep.status, Body: c.body})
	s.log(req, c, rep.status)
	s.stamp(w, c)
	write(w, req, rep)
}

func (s *Server) run(req *http.Request, r route, c *call) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rep := s.admit(req, r, c); rep != nil {
		return rep
	}
	return r.do(*c)
}

// admit checks what comes before every operation: who calls, the limits, the permission. The caller holds the lock.
func (s *Server) admit(req *http.Request, r route, c *call) *reply {
	if everybody(r.op) {
		return nil
	}
	_, gateway, _ := s.local(req)
	var rep *reply
	if c.by, rep = s.authenticate(req, gateway); rep != nil {
		if r.op == "getSecureAttachment" {
			return s.toLogin()
		}
		return rep
	}
	if rep := nobody(*c); rep != nil {
		return rep
	}
	if rep := s.outOfScope(r, *c); rep != nil {
		return rep
	}
	if r.op != uploadOp && (req.Method == http.MethodPost || req.Method == http.MethodPut) {
		kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" {
			return problem(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type")
		}
	}
	if rep := s.limited(req.Method, c); rep != nil {
		return rep
	}
	if c.path["key"] != "" {
		if _, rep := s.issueOf(*c); rep != nil {
			return rep
		}
	}
	if s.lacks(r.permission) {
		return forbidden(r.op, r.permission)
	}
	return nil
}

func write(w http.ResponseWriter, req *http.Request, rep *reply) {
	for k, v := range rep.header {
		w.Header().Set(k, v)
	}
	switch {
	case rep.file != nil:
		sendFile(w, req, rep.file)
		return
	case rep.text != "":
		writeText(w, rep.status, "text/plain;charset=UTF-8", rep.text)
		return
	case rep.html != "":
		writeText(w, rep.status, "text/html;charset=UTF-8", rep.html)
		return
	case rep.body == nil:
		w.WriteHeader(rep.status)
		return
	}
	writeJSON(w, rep)
}

func writeText(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the caller may be gone
}

func writeJSON(w http.ResponseWriter, rep *reply) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(rep.body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(rep.status)
	_, _ = w.Write(bytes.TrimRight(buf.Bytes(), "\n")) // the caller may be gone
}

// refuse answers for an armed fault; see Operations for the names of named errors.
func (s *Server) refuse(w http.ResponseWriter, status int, name string) {
	message := http.StatusText(status)
	if name != "" {
		number, rest, _ := strings.Cut(name, " ")
		var err error
		if status, err = strconv.Atoi(number); err != nil || status < 400 || status > 599 {
			status, rest = http.StatusBadRequest, name
		}
		message = rest
	}
	if status == http.StatusTooManyRequests {
		if w.Header().Get("RateLimit-Reason") == "" {
			w.Header().Set("RateLimit-Reason", "jira-burst-based")
		}
		if n, err := strconv.Atoi(w.Header().Get("Retry-After")); err == nil {
			w.Header().Set("X-RateLimit-Reset", s.opt.Now().Add(time.Duration(n)*time.Second).UTC().Format(time.RFC3339))
		}
		w.Header().Set("X-RateLimit-Limit", "100")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-NearLimit", "true")
	}
	writeJSON(w, problem(status, message))
}

func (s *Server) noteFault(req *http.Request, f sandbox.Fault, status int, body []byte) {
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err == nil && kind != "application/json" {
		body = nil // a part of an upload
	}
	s.log(req, call{op: s.opOf(req), body: body}, status)
	s.records.Faulted(req, f, status, body)
}

// mark is the label by which the product finds a ticket again.
var mark = regexp.MustCompile(`signoff-k-[0-9a-z]+`)
