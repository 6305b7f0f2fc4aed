package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// said is the text of a refusal, whichever of Jira's shapes it came in.
type said struct {
	messages []string
	fields   map[string]string // by field id
}

// readSaid reads an error body as far as it can be read; a web page says nothing.
func readSaid(body []byte) said {
	var raw struct {
		ErrorMessages json.RawMessage            `json:"errorMessages"`
		Errors        map[string]json.RawMessage `json:"errors"`
		ErrorMessage  json.RawMessage            `json:"errorMessage"` // service management
		Message       json.RawMessage            `json:"message"`      // the gateway
	}
	if json.Unmarshal(body, &raw) != nil {
		return said{}
	}
	var s said
	var list []json.RawMessage
	if json.Unmarshal(raw.ErrorMessages, &list) != nil {
		list = []json.RawMessage{raw.ErrorMessages}
	}
	for _, m := range append(list, raw.ErrorMessage, raw.Message) {
		if t := phrase(m); t != "" {
			s.messages = append(s.messages, t)
		}
	}
	for id, m := range raw.Errors {
		if s.fields == nil {
			s.fields = map[string]string{}
		}
		s.fields[id] = phrase(m)
	}
	return s
}

const longestPhrase = 300

// phrase makes one line of a JSON value that should be a text.
func phrase(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	return cut(text, longestPhrase, "…")
}

// line is everything that was said, for the log.
func (s said) line(status int) string {
	text := s.plain(nil)
	if text == "" {
		text = http.StatusText(status)
	}
	return fmt.Sprintf("HTTP %d: %s", status, text)
}

// plain is everything that was said, with the names that people know the fields by.
func (s said) plain(name func(id string) string) string {
	parts := slices.Clone(s.messages)
	for _, id := range slices.Sorted(maps.Keys(s.fields)) {
		label := id
		if name != nil {
			label = name(id)
		}
		parts = append(parts, label+": "+s.fields[id])
	}
	return strings.Join(parts, "; ")
}

// refused turns a status into the error that says what it means for the next try, and for people.
func (c *Connector) refused(r call, status int, header http.Header, body []byte) error {
	cause := &refusal{status: status, said: readSaid(body)}
	class, wait := outbound.Classify(status, header, !r.once)
	e := &connectors.Error{Op: r.op, Class: class, Wait: wait, Err: cause}
	switch {
	case status == http.StatusUnauthorized:
		e.Person = tokenRefused
		if strings.Contains(header.Get("X-Authentication-Denied-Reason"), "CAPTCHA") {
			e.Person = captcha
		}
	case status == http.StatusForbidden:
		c.forbidden(r, header, cause, e)
	case status == http.StatusNotFound:
		notFound(r, header, body, e)
	case status == http.StatusTooManyRequests:
		c.limited(r, header, e)
	case class == connectors.Limited:
		e.Scope = connectors.ScopeInstance
	case class == connectors.Unsure:
		e.Wait = max(wait, firstLook)
	case class == connectors.Denied: // a redirect
		e.Person = "Jira's address leads elsewhere. An administrator has to correct tracker.jira.url."
	case archived(r, status, cause.said):
		e.Gone = "archived"
		e.Person = fmt.Sprintf("Jira takes no changes to %s: it is archived. Restore it in Jira, then try again.", firstOf(r.scope, "the ticket"))
	case class == connectors.Rejected:
		e.Person = rejected(status, cause.said)
	}
	return e
}

const (
	tokenRefused = "Jira no longer accepts signoff's token. An administrator has to put a new one into tracker.jira.token; nothing is lost until then."
	captcha      = "Jira asks signoff's account to solve a captcha. An administrator has to sign in once with that account; nothing is lost until then."
)

// forbidden tells a missing permission, which concerns one thing, from an account that is locked out.
func (c *Connector) forbidden(r call, header http.Header, cause *refusal, e *connectors.Error) {
	if strings.Contains(header.Get("X-Authentication-Denied-Reason"), "CAPTCHA") {
		e.Person = captcha
		return
	}
	if r.scope == "" || header.Get("X-Seraph-Loginreason") == "AUTHENTICATION_DENIED" || header.Get("X-Authentication-Denied-Reason") != "" {
		e.Person = "Jira does not let signoff's account in. An administrator has to look at the account and its token."
		return
	}
	e.Class = connectors.Rejected
	e.Person = fmt.Sprintf("signoff's account may not %s in Jira (%s). A Jira administrator has to give it the permission.", r.op, r.scope)
	if text := cause.said.plain(nil); text != "" {
		e.Person = fmt.Sprintf("signoff's account may not %s in Jira (%s): %s A Jira administrator has to give it the permission.", r.op, r.scope, sentence(text))
	}
}

// notFound: what Jira hides it calls not found, so nothing is concluded but that it cannot be worked on. A web page says
// nothing of a ticket at all.
func notFound(r call, header http.Header, body []byte, e *connectors.Error) {
	if strings.EqualFold(header.Get("X-Ausername"), "anonymous") {
		e.Class, e.Person = connectors.Denied, tokenRefused
		return
	}
	if len(body) > 0 && !json.Valid(body) {
		e.Class = connectors.Transient
		return
	}
	what := r.scope
	if what == "" {
		what = "it"
	}
	if r.aboutTicket() {
		e.Gone = "hidden"
	}
	e.Person = fmt.Sprintf("Jira does not show %s to signoff: it was deleted or moved, or signoff's account may not browse it. Restore it or give the permission, then try again.", what)
}

// aboutTicket reports whether nothing but the ticket itself can be what was not found.
func (r call) aboutTicket() bool {
	return r.about != "" || r.issue != "" && !strings.Contains(r.path, "/comment/") && !strings.HasSuffix(r.path, "/assignee")
}

// archived tells a ticket that can be read and not written.
func archived(r call, status int, s said) bool {
	return status == http.StatusBadRequest && r.issue != "" && strings.Contains(strings.ToLower(s.plain(nil)), "archived")
}

// limited says who has to wait.
func (c *Connector) limited(r call, header http.Header, e *connectors.Error) {
	if _, said := outbound.RetryAfter(header, c.deps.Now()); !said {
		e.Wait = max(firstLook, c.untilReset(header)) // the engine waits longer each time
	}
	switch reason := strings.ToLower(header.Get("Ratelimit-Reason")); {
	case strings.Contains(reason, "quota"):
		e.Scope = connectors.ScopeInstance
		e.Wait = max(e.Wait, c.untilReset(header))
	case strings.Contains(reason, "per-issue") && r.issue != "":
		e.Scope, e.Key = connectors.ScopeIssue, r.issue
	case strings.Contains(reason, "burst"):
		e.Scope = connectors.ScopeMethod
	default:
		e.Scope = connectors.ScopeInstance
	}
}

const longestWait = 2 * time.Hour

// untilReset reads when a quota is given anew; the instant is sometimes written without seconds.
func (c *Connector) untilReset(header http.Header) time.Duration {
	text := header.Get("X-Ratelimit-Reset")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z"} {
		if at, err := time.Parse(layout, text); err == nil {
			return min(max(at.Sub(c.deps.Now()), 0), longestWait)
		}
	}
	return 0
}

func rejected(status int, s said) string {
	text := s.plain(nil)
	switch status {
	case http.StatusRequestEntityTooLarge:
		return "Jira takes no more for this ticket, it is at one of its limits. Make room in the ticket, then try again."
	case http.StatusGone:
		return "Jira no longer offers something that this version of signoff uses. An administrator has to update signoff."
	}
	if text == "" {
		return fmt.Sprintf("Jira refused (HTTP %d) without saying why. An administrator has to look at the log of signoff.", status)
	}
	return "Jira refused: " + sentence(text) + " A Jira administrator, or whoever keeps the settings of signoff, has to correct it."
}

// sentence ends a text with one full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// cut shortens s to at most n runes, at a rune boundary, and ends it with note where it did.
func cut(s string, n int, note string) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	keep := max(n-len([]rune(note)), 0)
	return string(runes[:keep]) + note
}
