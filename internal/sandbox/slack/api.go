package slack

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

// maxRequest is the most a call may carry, in bytes.
const maxRequest = 1 << 20

// failure is an answer with ok:false.
type failure struct {
	code  string
	extra object
}

func fail(code string) *failure { return &failure{code: code} }

// refused is a failure that lists what is wrong with a payload.
func refused(code string, l *lint) *failure {
	return &failure{code: code, extra: object{
		"errors": l.messages, "response_metadata": object{"messages": l.errorLines()},
	}}
}

// method is one Web API method. do runs with the server locked.
type method struct {
	scopes    []string                               // all of them are needed
	perMinute int                                    // 0: no tier of its own
	do        func(*Server, args) (object, *failure) // nil: by no bot token
}

// Tiers of the Web API, in calls a minute.
const (
	tier2 = 20
	tier3 = 50
	tier4 = 100
)

// methods lists what the stand-in can do. Scopes that depend on the kind of channel are checked by the method.
func methods() map[string]method {
	return map[string]method{
		"auth.test":                      {nil, 300, (*Server).authTest},
		"auth.revoke":                    {nil, tier3, (*Server).revokeAuth},
		"chat.postMessage":               {[]string{"chat:write"}, 0, (*Server).postMessage},
		"chat.update":                    {[]string{"chat:write"}, tier3, (*Server).updateMessage},
		"chat.postEphemeral":             {[]string{"chat:write"}, tier4, (*Server).postEphemeral},
		"chat.delete":                    {[]string{"chat:write"}, tier3, (*Server).deleteMessage},
		"chat.unfurl":                    {[]string{"links:write"}, tier3, (*Server).unfurl},
		"chat.getPermalink":              {nil, 300, (*Server).permalink},
		"conversations.open":             {[]string{"im:write"}, tier3, (*Server).openConversation},
		"conversations.info":             {nil, tier3, (*Server).conversationInfo},
		"conversations.list":             {[]string{"channels:read"}, tier2, (*Server).listConversations},
		"conversations.history":          {nil, tier3, (*Server).history},
		"conversations.replies":          {nil, tier3, (*Server).threadReplies},
		"users.info":                     {[]string{"users:read"}, tier4, (*Server).userInfo},
		"users.lookupByEmail":            {[]string{"users:read.email"}, tier3, (*Server).userByEmail},
		"usergroups.list":                {[]string{"usergroups:read"}, tier2, (*Server).listGroups},
		"usergroups.users.list":          {[]string{"usergroups:read"}, tier2, (*Server).groupUsers},
		"views.open":                     {nil, tier4, (*Server).openView},
		"views.push":                     {nil, tier4, (*Server).pushView},
		"views.update":                   {nil, tier4, (*Server).updateView},
		"views.publish":                  {nil, tier4, (*Server).publishView},
		"reactions.add":                  {[]string{"reactions:write"}, tier3, (*Server).addReaction},
		"reactions.get":                  {[]string{"reactions:read"}, tier3, (*Server).getReactions},
		"reactions.remove":               {[]string{"reactions:write"}, tier2, (*Server).removeReaction},
		"oauth.v2.access":                {nil, tier4, nil},
		"apps.connections.open":          {nil, tier2, nil},
		"apps.event.authorizations.list": {nil, tier4, nil},
		"team.info":                      {[]string{"team:read"}, tier3, (*Server).teamInfo},

		"files.info":                   {[]string{"files:read"}, tier4, (*Server).fileInfo},
		"files.getUploadURLExternal":   {[]string{"files:write"}, tier4, (*Server).uploadURL},
		"files.completeUploadExternal": {[]string{"files:write"}, tier4, (*Server).completeUpload},
	}
}

// API serves /api/METHOD, the response addresses and the addresses of files, with or without the mount prefix.
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	known := methods()
	mux.HandleFunc("/api/{method}", func(w http.ResponseWriter, r *http.Request) { s.serveMethod(w, r, known) })
	mux.HandleFunc("POST /actions/{team}/{id}/{secret}", s.at((*Server).serveResponseURL))
	mux.HandleFunc("POST /commands/{team}/{id}/{secret}", s.at((*Server).serveResponseURL))
	mux.HandleFunc("GET /files-pri/{file}/{name}", s.serveFile)
	mux.HandleFunc("GET /files-pri/{file}/download/{name}", s.serveFile)
	mux.HandleFunc("POST /upload/v1/{team}/{secret}", s.at((*Server).serveUpload))
	p := newPages(s)
	mux.Handle("GET /oauth/v2/authorize", guarded(http.HandlerFunc(p.authorize)))
	mux.Handle("POST /oauth/v2/authorize", guarded(http.HandlerFunc(p.decide)))
	faulty := sandbox.Faulty{
		Service: service, Faults: s.opt.Faults, Method: methodName, Next: mux, Refuse: refuse,
		Note: func(r *http.Request, f sandbox.Fault, status int, body []byte) {
			s.opt.Ledger.Add(sandbox.Entry{
				Service: service, Direction: sandbox.In, Method: r.Method, Path: methodName(r), Status: status,
				Note: "fault " + string(f.Kind), Failed: true, Body: masked(string(body)), Mark: markIn(body),
			})
		},
	}
	return s.unprefixed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/link/" {
			s.serveSocket(w, r) // a connection, not a call: the fault switches do not know it
			return
		}
		faulty.ServeHTTP(w, r)
	}))
}

// unprefixed lets a handler see paths without the mount prefix.
func (s *Server) unprefixed(next http.Handler) http.Handler {
	if s.opt.Prefix == "" {
		return next
	}
	stripped := http.StripPrefix(s.opt.Prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, s.opt.Prefix+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// methodName is the API method of a call, or a name for what is no method: "response_url", "files.download", "files.upload".
func methodName(r *http.Request) string {
	switch _, name, ok := strings.Cut(r.URL.Path, "/api/"); {
	case ok:
		return name
	case strings.Contains(r.URL.Path, "/files-pri/"):
		return "files.download"
	case strings.Contains(r.URL.Path, "/upload/v1/"):
		return "files.upload"
	case strings.Contains(r.URL.Path, "/oauth/v2/"):
		return "oauth.authorize"
	}
	return "response_url"
}

// refuse answers for the fault switches.
func refuse(w http.ResponseWriter, status int, name string) {
	switch {
	case name != "":
		writeJSON(w, http.StatusOK, object{"ok": false, "error": name})
	case status == http.StatusTooManyRequests:
		writeJSON(w, status, object{"ok": false, "error": "ratelimited"})
	default:
		writeJSON(w, status, object{"ok": false, "error": "internal_error"})
	}
}

// call is one call that was admitted, or why it was not.
type call struct {
	of     *Server // the workspace whose token it carries
	args   args
	wait   time.Duration
	failed *failure
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request, known map[string]method) {
	name := r.PathValue("method")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	entry := sandbox.Entry{
		Service: service, Direction: sandbox.In, Method: r.Method, Path: name,
		Status: http.StatusOK, Body: masked(readable(r, body)),
	}
	var answer object
	c := call{of: s, failed: fail("request_timeout")}
	if err == nil {
		c = s.admit(r, body, known)
		entry.Mark = markOf(c.args)
	}
	if c.failed == nil {
		answer, c.failed = s.run(r, name, c, known)
	}
	if c.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(c.wait.Seconds()))))
		entry.Status = http.StatusTooManyRequests
	}
	w.Header().Set("X-Accepted-OAuth-Scopes", strings.Join(known[name].scopes, ","))
	w.Header().Set("X-OAuth-Scopes", strings.Join(*c.of.scopes.Load(), ","))
	entry.Note, entry.Failed = note(c.failed, r), c.failed != nil || r.Header.Get(sandbox.FaultHeader) != ""
	s.opt.Ledger.Add(entry)
	writeJSON(w, entry.Status, envelope(answer, c.failed))
}

// run does what an admitted call asks for.
func (s *Server) run(r *http.Request, name string, c call, known map[string]method) (object, *failure) {
	switch name {
	case "oauth.v2.access":
		return s.access(r, c.args)
	case "apps.connections.open":
		return s.openConnection()
	case "apps.event.authorizations.list":
		return s.listAuthorizations(c.args)
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	return known[name].do(c.of, c.args)
}

// admit decides whether a call may run: a known method, a valid token, the scopes, the rate.
func (s *Server) admit(r *http.Request, body []byte, known map[string]method) call {
	name := r.PathValue("method")
	m, ok := known[name]
	if !ok {
		return call{of: s, failed: &failure{code: "unknown_method", extra: object{"req_method": name}}}
	}
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return call{of: s, failed: fail("invalid_http_method")}
	}
	a, token, err := readArgs(r, body)
	c := call{of: s, args: a}
	switch {
	case err != nil:
		c.failed = fail(err.Error())
	case m.do == nil: // not by bot token
		c.failed = s.admitApp(name, token)
	default:
		c.of, c.failed = s.admitBot(m, token)
	}
	if c.failed == nil {
		if c.wait = c.of.limits.take(name, m.perMinute, a.str("channel")); c.wait > 0 {
			c.failed = fail("ratelimited")
		}
	}
	return c
}

// admitBot finds the workspace of a bot token and checks the scopes.
func (s *Server) admitBot(m method, token string) (*Server, *failure) {
	if token == "" {
		return s, fail("not_authed")
	}
	of, failed := s.app.holder(token, s.opt.Now())
	if of == nil {
		of = s
	}
	if failed != nil {
		return of, failed
	}
	for _, scope := range m.scopes {
		if f := of.wantScope(scope); f != nil {
			return of, f
		}
	}
	return of, nil
}

// admitApp checks the token of a method of the app itself. oauth.v2.access has none.
func (s *Server) admitApp(name, token string) *failure {
	switch {
	case name == "oauth.v2.access":
		return nil
	case token == "":
		return fail("not_authed")
	case token == s.opt.AppToken:
	case strings.HasPrefix(token, "xapp-"):
		return fail("invalid_auth")
	default:
		return fail("not_allowed_token_type")
	}
	needed := "connections:write"
	if name != "apps.connections.open" {
		needed = "authorizations:read"
	}
	if !slices.Contains(s.opt.AppScopes, needed) {
		return &failure{code: "missing_scope", extra: object{
			"needed": needed, "provided": strings.Join(s.opt.AppScopes, ","),
		}}
	}
	return nil
}

// wantScope refuses a call when the app was not granted scope.
func (s *Server) wantScope(scope string) *failure {
	if s.granted(scope) {
		return nil
	}
	return &failure{code: "missing_scope", extra: object{
		"needed": scope, "provided": strings.Join(*s.scopes.Load(), ","),
	}}
}

func (s *Server) granted(scope string) bool { return slices.Contains(*s.scopes.Load(), scope) }

func envelope(answer object, failed *failure) object {
	out := object{"ok": failed == nil}
	for key, v := range answer {
		out[key] = v
	}
	if failed != nil {
		out["error"] = failed.code
		for key, v := range failed.extra {
			out[key] = v
		}
	}
	return out
}

// note is the ledger's phrase for the outcome of a call.
func note(failed *failure, r *http.Request) string {
	out := "ok"
	if failed != nil {
		out = failed.code
		if lines, ok := failed.extra["errors"].([]string); ok {
			out += ": " + strings.Join(lines, "; ")
		}
		if needed, ok := failed.extra["needed"].(string); ok {
			out += ": " + needed
		}
	}
	if f := r.Header.Get(sandbox.FaultHeader); f != "" {
		out += ", then fault " + f
	}
	return out
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller may be gone; the ledger has the entry
}
