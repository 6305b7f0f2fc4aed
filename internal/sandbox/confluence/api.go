package confluence

import (
	"encoding/json"
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
const maxRequest = 5 << 20

type object = map[string]any

// call is one authenticated request.
type call struct {
	*http.Request
	route route
	body  []byte
	by    *User // nil: nobody, as the credentials were ignored
	query url.Values
	page  *page // of paths that name one
}

// reply is what the site answers.
type reply struct {
	status int
	body   any
	html   string // instead of body
	header map[string]string
}

func answer(status int, body any) *reply { return &reply{status: status, body: body} }

// route is one operation, named as in Atlassian's description of its API.
type route struct {
	op, pattern string // the pattern begins with the method; its path is below /wiki on Cloud
	scopes      string // which a scoped token needs, all of them
	query       string // the keys of its query that the sandbox knows; Confluence knows some more
	do          func(call) *reply
}

// second tells version 2 of the API from version 1.
func (r route) second() bool { return strings.Contains(r.pattern, " /api/v2/") }

func (s *Server) cloudRoutes() []route {
	const (
		one     = "body-format status version include-labels"
		paged   = " cursor limit"
		page    = "read:page:confluence"
		space   = "read:space:confluence"
		read    = "read:comment:confluence"
		write   = "write:comment:confluence"
		labels  = "read:label:confluence write:label:confluence"
		search  = "search:confluence"
		account = "read:confluence-user"
		thread  = "body-format sort" + paged
	)
	return []route{
		{"getPages", "GET /api/v2/pages", page, "id space-id status title body-format" + paged, s.listPages},
		{"getPageById", "GET /api/v2/pages/{page}", page, one, s.getPage},
		{"getPageLabels", "GET /api/v2/pages/{page}/labels", page, "prefix" + paged, s.pageLabels},
		{"getPageFooterComments", "GET /api/v2/pages/{page}/footer-comments", read, thread, s.footerComments},
		{"getBlogPosts", "GET /api/v2/blogposts", page, "id space-id status title body-format" + paged, s.listPages},
		{"getBlogPostById", "GET /api/v2/blogposts/{post}", page, one, s.getPage},
		{"getBlogPostLabels", "GET /api/v2/blogposts/{post}/labels", page, "prefix" + paged, s.pageLabels},
		{"getBlogPostFooterComments", "GET /api/v2/blogposts/{post}/footer-comments", read, thread, s.footerComments},
		{"createFooterComment", "POST /api/v2/footer-comments", write, "", s.createFooterComment},
		{"getFooterCommentById", "GET /api/v2/footer-comments/{comment}", read, "body-format", s.getFooterComment},
		{"updateFooterComment", "PUT /api/v2/footer-comments/{comment}", write, "", s.updateFooterComment},
		{"deleteComment", "DELETE /api/v2/footer-comments/{comment}", "delete:comment:confluence", "", s.deleteFooterComment},
		{"getSpaces", "GET /api/v2/spaces", space, "ids keys" + paged, s.listSpaces},
		{"getSpaceById", "GET /api/v2/spaces/{space}", space, "", s.getSpace},
		{"createBulkUserLookup", "POST /api/v2/users-bulk", "read:user:confluence", "", s.usersBulk},
		{"convertContentIdsToContentTypes", "POST /api/v2/content/convert-ids-to-types", "read:content.metadata:confluence", "", s.convertIDs},
		{"searchContentByCQL", "GET /rest/api/content/search", search, "cql expand" + paged, s.searchContent},
		{"searchByCQL", "GET /rest/api/search", search, "cql expand" + paged, s.searchAll},
		{"addLabelsToContent", "POST /rest/api/content/{content}/label", labels, "", s.addLabels},
		{"removeLabelFromContentUsingQueryParameter", "DELETE /rest/api/content/{content}/label", "write:label:confluence", "name", s.removeLabel},
		{"getCurrentUser", "GET /rest/api/user/current", account, "", s.currentUser},
		{"getBulkUserLookup", "GET /rest/api/user/bulk", account, "accountId", s.userBulk},
	}
}

func (s *Server) serverRoutes() []route {
	const paged = " start limit"
	return []route{
		{"searchContentByCQL", "GET /rest/api/content/search", "", "cql expand" + paged, s.searchContent},
		{"searchByCQL", "GET /rest/api/search", "", "cql expand" + paged, s.searchAll},
		{"getContent", "GET /rest/api/content", "", "type spaceKey title expand" + paged, s.listContent},
		{"createContent", "POST /rest/api/content", "", "", s.createContent},
		{"getContentById", "GET /rest/api/content/{any}", "", "status version expand", s.getContent},
		{"updateContent", "PUT /rest/api/content/{any}", "", "", s.updateContent},
		{"deleteContent", "DELETE /rest/api/content/{any}", "", "", s.deleteContent},
		{"getContentChildrenByType", "GET /rest/api/content/{content}/child/comment", "", "expand depth" + paged, s.childComments},
		{"getLabels", "GET /rest/api/content/{content}/label", "", paged, s.contentLabels},
		{"addLabels", "POST /rest/api/content/{content}/label", "", "", s.addLabels},
		{"deleteLabelWithQueryParam", "DELETE /rest/api/content/{content}/label", "", "name", s.removeLabel},
		{"getCurrentUser", "GET /rest/api/user/current", "", "", s.currentUser},
		{"getUser", "GET /rest/api/user", "", "key username", s.getUser},
		{"getWebhooks", "GET /rest/api/webhooks", "", "", s.listHooks},
		{"createWebhook", "POST /rest/api/webhooks", "", "", s.createHook},
		{"deleteWebhook", "DELETE /rest/api/webhooks/{hook}", "", "", s.deleteHook},
	}
}

func (s *Server) routes() []route {
	if s.cloud() {
		return s.cloudRoutes()
	}
	return s.serverRoutes()
}

// Operations names every operation of the edition, for those who arm faults.
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

// match finds the route of a request and the values in its path.
func (s *Server) match(table []route, req *http.Request) (route, map[string]string) {
	path, _ := strings.CutPrefix(req.URL.EscapedPath(), s.opt.Prefix)
	if s.opt.CloudID != "" {
		path, _ = strings.CutPrefix(path, "/ex/confluence/"+s.opt.CloudID)
	}
	path, ok := strings.CutPrefix(path, s.wiki())
	other := route{do: func(call) *reply {
		return &reply{status: http.StatusNotFound, html: "<!doctype html><title>Page not found</title><h1>Page not found</h1>"}
	}}
	for _, r := range table {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		values, fits := serve.Bind(pattern, path)
		if ok && fits && method == req.Method {
			return r, values
		}
		if ok && fits {
			other.do = func(c call) *reply { return c.problem(http.StatusMethodNotAllowed, "Method Not Allowed") }
		}
	}
	return other, nil
}

// serve runs one call through the checks that come before every operation and records it.
func (s *Server) serve(w http.ResponseWriter, req *http.Request, r route) {
	c := call{Request: req, route: r}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	rep := c.problem(http.StatusRequestEntityTooLarge, "The request is too large")
	if err == nil {
		s.mu.Lock()
		if rep = s.admit(&c); rep == nil {
			rep = r.do(c)
		}
		s.mu.Unlock()
	}
	s.records.Came(req, serve.Call{Op: r.op, Status: rep.status, Body: c.body, Failed: rep.status >= http.StatusBadRequest})
	write(w, rep)
}

// admit checks what comes before every operation. The caller holds the lock.
func (s *Server) admit(c *call) *reply {
	if rep := s.authenticate(c); rep != nil {
		return rep
	}
	if rep := s.limited(c); rep != nil {
		return rep
	}
	if c.route.op == "" {
		return nil
	}
	var err error
	if c.query, err = url.ParseQuery(c.URL.RawQuery); err != nil {
		return c.problem(http.StatusBadRequest, "The query cannot be read")
	}
	for key, values := range c.query {
		if !slices.Contains(strings.Fields(c.route.query), key) {
			return c.problem(http.StatusBadRequest, "Provided parameter '"+key+"' is not known here")
		}
		if len(values) > 1 && !slices.Contains([]string{"accountId", "id", "ids", "keys", "status", "space-id", "expand"}, key) {
			return c.problem(http.StatusBadRequest, "Provided parameter '"+key+"' comes more than once")
		}
		if key == "status" && slices.ContainsFunc(values, func(v string) bool { return !slices.Contains([]string{"current", "trashed", "historical", "any"}, v) }) {
			return c.problem(http.StatusBadRequest, "Provided value for 'status' is not valid")
		}
	}
	if c.Method == http.MethodPost || c.Method == http.MethodPut {
		if kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";"); kind != "application/json" {
			return c.problem(http.StatusUnsupportedMediaType, "Unsupported Media Type")
		}
	} else if len(c.body) > 0 {
		return c.problem(http.StatusBadRequest, "A body is not expected here")
	}
	return s.find(c)
}

var idForm = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

// find resolves what a path names: pages, posts and comments that the caller may see.
func (s *Server) find(c *call) *reply {
	for _, name := range []string{"page", "post", "content", "any", "comment", "space", "hook"} {
		id := c.PathValue(name)
		if id == "" {
			continue
		}
		if !idForm.MatchString(id) {
			return c.problem(http.StatusBadRequest, "Provided value {"+id+"} for 'id' is not the correct type. Expected type is long")
		}
		p := s.page(id)
		asked := slices.Contains(c.query["status"], "trashed") || slices.Contains(c.query["status"], "any")
		if p != nil && s.shows(p, c.by) && (!p.trashed || asked) && (name != "page" || !p.blog) && (name != "post" || p.blog) {
			c.page = p
		}
		if c.page == nil && (name == "page" || name == "post" || name == "content") {
			return c.notFound(id)
		}
	}
	return nil
}

// problem is a refusal as the version of the API words it.
func (c call) problem(status int, text string) *reply {
	if !c.route.second() {
		return answer(status, object{"statusCode": status, "message": text, "reason": http.StatusText(status)})
	}
	code := map[int]string{http.StatusBadRequest: "INVALID_REQUEST_PARAMETER", http.StatusConflict: "CONFLICT"}[status]
	if code == "" {
		code = strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
	}
	return answer(status, object{"errors": []object{{"status": status, "code": code, "title": text, "detail": nil}}})
}

func (c call) bad(text string) *reply { return c.problem(http.StatusBadRequest, text) }

func (c call) notFound(id string) *reply {
	return c.problem(http.StatusNotFound, "No content found with id : "+id+", or the calling user does not have permission to view it")
}

// refuse answers for an armed fault. The name of a named error is a status, with a message after a space.
func (s *Server) refuse(w http.ResponseWriter, status int, name string) {
	text := http.StatusText(status)
	if name != "" {
		number, rest, _ := strings.Cut(name, " ")
		var err error
		if status, err = strconv.Atoi(number); err != nil || status < 400 || status > 599 {
			status, rest = http.StatusBadRequest, name
		}
		text = rest
	}
	write(w, call{}.problem(status, text))
}

func write(w http.ResponseWriter, rep *reply) {
	for k, v := range rep.header {
		w.Header().Set(k, v)
	}
	raw, kind := []byte(rep.html), "text/html; charset=utf-8"
	if rep.html == "" && rep.body != nil {
		var err error
		if raw, err = json.Marshal(rep.body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		kind = "application/json"
	}
	if len(raw) > 0 {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(rep.status)
	_, _ = w.Write(raw) // the caller may be gone
}

// mark is that by which the product finds again what it wrote.
var mark = regexp.MustCompile(`signoff:ref:[0-9A-Za-z-]+`)
