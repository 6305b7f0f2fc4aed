package jira

import (
	"net/http"
	"slices"
	"strings"
)

// authenticate accepts only the token of the configured account: an API token with its e-mail on Cloud, a personal
// access token elsewhere. The refusal is nil when it did.
func (s *Server) authenticate(req *http.Request, gateway bool) (*User, *reply) {
	if s.quirks.Captcha {
		return nil, locked()
	}
	if s.opt.Token == "" || !s.knows(req) || gateway != (s.opt.CloudID != "") {
		if gateway {
			return nil, answer(http.StatusUnauthorized, object{"code": 401, "message": "Unauthorized"})
		}
		return nil, unauthorized()
	}
	if s.quirks.Anonymous {
		return &User{Name: "Anonymous"}, nil
	}
	return s.bot(), nil
}

// knows tells whether a request carries the token in the way of the edition.
func (s *Server) knows(req *http.Request) bool {
	if !s.cloud() {
		kind, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		return strings.EqualFold(kind, "Bearer") && token == s.opt.Token
	}
	mail, token, ok := req.BasicAuth()
	return ok && strings.EqualFold(mail, s.opt.User) && token == s.opt.Token
}

func unauthorized() *reply {
	rep := problem(http.StatusUnauthorized, "You are not authenticated. Authentication required to perform this operation.")
	rep.header = map[string]string{
		"WWW-Authenticate":     `OAuth realm="https%3A%2F%2Flumen.jira.example"`,
		"X-Seraph-LoginReason": "AUTHENTICATED_FAILED",
	}
	return rep
}

// locked answers for an account that has to solve a CAPTCHA first.
func locked() *reply {
	return &reply{status: http.StatusForbidden, html: "<!doctype html><title>Forbidden (403)</title><h1>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</h1>", header: map[string]string{
		"X-Seraph-LoginReason":           "AUTHENTICATION_DENIED",
		"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://lumen.jira.example/login.jsp",
	}}
}

// scope is what a scoped token of Cloud needs for an operation.
func scope(r route, writes bool) string {
	switch {
	case slices.Contains([]string{"getCurrentUser", "findUsers", "findAssignableUsers", "getUser"}, r.op):
		return "read:jira-user"
	case r.permission == "ADMINISTER":
		return "manage:jira-configuration"
	case writes && !strings.HasPrefix(r.op, "search") && r.op != "countIssues":
		return "write:jira-work"
	}
	return "read:jira-work"
}

// outOfScope refuses an operation for which the token has no scope.
func (s *Server) outOfScope(r route, c call) *reply {
	if s.opt.CloudID == "" || s.opt.Scopes == nil || slices.Contains(s.opt.Scopes, scope(r, c.writes)) {
		return nil
	}
	return answer(http.StatusUnauthorized, object{"code": 401, "message": "Unauthorized; scope does not match"})
}

// nobody answers calls of a caller whose credentials were ignored; nil where everybody may go on.
func nobody(c call) *reply {
	switch {
	case c.by.AccountID != "" || c.op == "getServerInfo" || c.path["key"] != "":
		return nil
	case c.path["project"] != "":
		return problem(http.StatusNotFound, "No project could be found with key '"+c.path["project"]+"'.")
	}
	return problem(http.StatusUnauthorized, "You are not authenticated. Authentication required to perform this operation.")
}

// stamp names the account that a call was made as, as Jira does in a header of its answers.
func (s *Server) stamp(w http.ResponseWriter, c call) {
	for name, v := range c.left {
		w.Header().Set(name, v)
	}
	switch {
	case c.by == nil:
	case !s.cloud() && c.by.Username == "":
		w.Header().Set("X-AUSERNAME", "anonymous")
	case !s.cloud():
		w.Header().Set("X-AUSERNAME", c.by.Username)
	case c.by.AccountID != "":
		w.Header().Set("X-AACCOUNTID", c.by.AccountID)
	default:
		w.Header().Set("X-AUSERNAME", "anonymous")
	}
}
