package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// refusal is what GitHub said when it did not do something.
type refusal struct {
	status  int
	message string
	fields  []string // that were at fault
}

func (r *refusal) Error() string {
	text := r.message
	if len(r.fields) > 0 {
		text += " (" + strings.Join(r.fields, ", ") + ")"
	}
	if text == "" {
		text = http.StatusText(r.status)
	}
	return fmt.Sprintf("HTTP %d: %s", r.status, text)
}

// refusalOf returns the refusal inside err, or nil.
func refusalOf(err error) *refusal {
	e, ok := err.(*connectors.Error) //nolint:errorlint // what crosses the boundary is never wrapped
	if !ok {
		return nil
	}
	r, _ := e.Err.(*refusal) //nolint:errorlint // likewise
	return r
}

const longestPhrase = 300

// phrase makes one line of what GitHub said.
func phrase(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(s); len(runes) > longestPhrase {
		return string(runes[:longestPhrase]) + "…"
	}
	return s
}

// readRefusal reads an error body as far as it can be read; a web page says nothing.
func readRefusal(a answer) *refusal {
	out := &refusal{status: a.status}
	var raw struct {
		Message string            `json:"message"`
		Errors  []json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(a.body, &raw) != nil {
		return out
	}
	out.message = phrase(raw.Message)
	for _, one := range raw.Errors {
		var e struct{ Resource, Field, Code, Message string }
		var text string
		switch {
		case json.Unmarshal(one, &text) == nil:
			out.message = phrase(out.message + ": " + text)
		case json.Unmarshal(one, &e) == nil:
			if e.Field != "" {
				out.fields = append(out.fields, phrase(e.Field))
			}
			if e.Message != "" {
				out.message = phrase(out.message + ": " + e.Message)
			}
		}
	}
	return out
}

const (
	tokenRefused = "GitHub no longer accepts signoff's token. An administrator has to put a new one into the settings; nothing is lost until then."
	keyRefused   = "GitHub does not accept the private key of signoff's app. An administrator has to put a new one into the settings; nothing is lost until then."
	restWait     = time.Minute // where a limit names no time
	longestWait  = 2 * time.Hour
)

// refused turns an answer into the error that says what it means for the next try, and for people.
func (c *Connector) refused(r call, a answer) error {
	cause := readRefusal(a)
	if wait, limited := c.limited(a, cause); limited {
		e := &connectors.Error{Op: r.op, Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: wait, Err: cause}
		if strings.HasPrefix(r.path, "search/") { // it has a small limit of its own
			e.Scope = connectors.ScopeMethod
		}
		return e
	}
	class, wait := outbound.Classify(a.status, a.header, !r.once)
	e := &connectors.Error{Op: r.op, Class: class, Wait: wait, Err: cause}
	switch {
	case a.status == http.StatusUnauthorized:
		if e.Person = tokenRefused; r.asApp {
			e.Person = keyRefused
		}
	case a.status == http.StatusForbidden:
		forbidden(r, a, cause, e)
	case a.status == http.StatusNotFound, a.status == http.StatusGone:
		missing(r, a, e)
	case a.status == http.StatusUnavailableForLegalReasons:
		e.Person = "GitHub has closed the repository for legal reasons. An administrator has to look at it."
	case class == connectors.Limited:
		e.Scope = connectors.ScopeInstance
	case class == connectors.Unsure:
		e.Wait = max(wait, firstLook)
	case class == connectors.Denied: // a redirect that leads elsewhere
		e.Person = "GitHub's address leads elsewhere. An administrator has to correct api_url."
	case class == connectors.Rejected:
		e.Person = "GitHub refused: " + sentence(said(cause)) + " Whoever keeps the settings of signoff has to correct it."
	}
	return e
}

func said(r *refusal) string {
	text := r.message
	if text == "" {
		text = fmt.Sprintf("HTTP %d without a reason", r.status)
	}
	if len(r.fields) > 0 {
		text += " (" + strings.Join(r.fields, ", ") + ")"
	}
	return text
}

// sentence ends a text with one full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// limited tells both kinds of limits from other refusals: they come as 403 or 429, the second kind often without any
// header.
func (c *Connector) limited(a answer, cause *refusal) (time.Duration, bool) {
	if a.status != http.StatusForbidden && a.status != http.StatusTooManyRequests {
		return 0, false
	}
	wait, asked := outbound.RetryAfter(a.header, c.deps.Now())
	if asked {
		return wait, true
	}
	if a.header.Get("X-Ratelimit-Remaining") == "0" {
		if at, err := strconv.ParseInt(a.header.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
			return min(max(time.Unix(at, 0).Sub(c.deps.Now()), time.Second), longestWait), true
		}
		return restWait, true
	}
	low := strings.ToLower(cause.message)
	if a.status == http.StatusTooManyRequests || strings.Contains(low, "rate limit") || strings.Contains(low, "abuse") {
		return restWait, true
	}
	return 0, false
}

// forbidden tells a missing permission, which concerns one thing, from an account that is locked out.
func forbidden(r call, a answer, cause *refusal, e *connectors.Error) {
	low := strings.ToLower(cause.message)
	switch {
	case strings.Contains(low, "suspended"):
		e.Person = "GitHub has suspended signoff's access. An administrator has to look at the app or the account; nothing is lost until then."
	case r.scope == "" || cause.message == "" || strings.Contains(low, "sso") || strings.Contains(low, "saml"):
		e.Person = "GitHub does not let signoff's account in (" + said(cause) + "). An administrator has to look at the account and its token."
	default:
		e.Class = connectors.Rejected
		e.Person = fmt.Sprintf("signoff may not %s at GitHub (%s): %s An administrator has to give the token or the app the permission.", r.op, r.scope, sentence(said(cause)))
		if want := phrase(a.header.Get("X-Accepted-Github-Permissions")); want != "" {
			e.Person = fmt.Sprintf("signoff may not %s at GitHub (%s). An administrator has to give the token or the app the permission %s.", r.op, r.scope, want)
		}
	}
}

// missing: what GitHub hides it calls not found, and what was deleted gone. A web page says nothing at all.
func missing(r call, a answer, e *connectors.Error) {
	if len(a.body) > 0 && !json.Valid(a.body) {
		e.Class = connectors.Transient
		return
	}
	what := r.scope
	if what == "" {
		what = "it"
	}
	if r.about {
		if e.Gone = "hidden"; a.status == http.StatusGone {
			e.Gone = "deleted"
		}
	}
	e.Person = fmt.Sprintf("GitHub does not show %s to signoff: it was deleted or moved, or the token or app may not see it. Restore it or give the permission, then try again.", what)
	if a.status == http.StatusGone {
		e.Person = fmt.Sprintf("GitHub says that %s is gone: it was deleted, or issues are switched off in the repository.", what)
	}
}

// errAs is the error as it crosses the boundary, which is never wrapped.
func errAs(err error) (*connectors.Error, bool) {
	e, ok := err.(*connectors.Error) //nolint:errorlint // see above
	return e, ok
}
