package confluence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/text"
)

// call is one request to the API.
type call struct {
	op     string
	method string
	path   string // below the base, elements already escaped
	query  url.Values
	body   any
	once   bool   // makes a new thing each time: its lost answers are Unsure
	about  string // what it is about, for sentences to people
	page   bool   // it reads or writes at one page
}

const (
	callTime  = 20 * time.Second
	most      = 8 << 20
	firstLook = 5 * time.Second // before that a lost call may still be on its way
)

// do makes the call and decodes its answer into out unless that is nil. Errors are *connectors.Error; what Confluence said
// travels in a *outbound.Refusal inside.
func (c *Connector) do(ctx context.Context, r call, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	req, err := outbound.Call{Method: r.method, Address: c.set.APIURL + "/" + r.path, Query: r.query, Body: r.body}.Request(ctx)
	if err != nil {
		return &connectors.Error{Op: r.op, Class: connectors.Rejected, Err: err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return failure(r, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up; there is nothing left to lose
	raw, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return c.refused(r, resp.StatusCode, resp.Header, raw)
	case out == nil:
		return nil
	case len(raw) > most:
		return failure(r, &outbound.TooLargeError{Limit: most})
	case err != nil:
		return failure(r, err)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return failure(r, errors.New("the answer cannot be read"))
	}
	return nil
}

// failure is a call without a usable answer.
func failure(r call, err error) error {
	e := outbound.Failure(r.op, err, !r.once)
	if e.Class == connectors.Unsure {
		e.Wait = firstLook
	}
	if e.Class == connectors.Denied {
		e.Person = "Confluence's address does not show a trusted certificate, so signoff does not speak to it. An administrator has to look at connectors.confluence.url."
	}
	return e
}

// tooLarge reports that an answer was larger than what is read.
func tooLarge(err error) bool {
	_, ok := errors.AsType[*outbound.TooLargeError](err)
	return ok
}

// readSaid reads an error in either version's shape; a web page says nothing.
func readSaid(body []byte) string {
	var m struct {
		Message json.RawMessage `json:"message"`
		Errors  []struct {
			Title  string `json:"title"`
			Detail string `json:"detail"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	var said string
	if json.Unmarshal(m.Message, &said) == nil && said != "" {
		return oneLine(said, 300)
	}
	if len(m.Errors) > 0 {
		return oneLine(strings.TrimSpace(m.Errors[0].Title+" "+m.Errors[0].Detail), 300)
	}
	return ""
}

// refused turns a status into the error that says what it means for the next try, and for people.
func (c *Connector) refused(r call, status int, header http.Header, body []byte) error {
	cause := &outbound.Refusal{Status: status, Said: readSaid(body)}
	class, wait := outbound.Classify(status, header, !r.once)
	e := &connectors.Error{Op: r.op, Class: class, Wait: wait, Err: cause}
	switch {
	case status == http.StatusUnauthorized:
		e.Person = tokenRefused
	case status == http.StatusForbidden && r.page:
		e.Class = connectors.Rejected
		c.hidden(r, e)
	case status == http.StatusForbidden:
		e.Person = tokenRefused
	case status == http.StatusNotFound && r.page:
		c.hidden(r, e)
	case status == http.StatusNotFound:
		e.Person = "Confluence does not know the address of its API. An administrator has to look at connectors.confluence.url: Cloud is at https://SITE.atlassian.net, Data Center may need a path."
	case class == connectors.Limited:
		e.Scope, e.Wait = connectors.ScopeInstance, max(wait, firstLook)
	case class == connectors.Unsure:
		e.Wait = max(wait, firstLook)
	case class == connectors.Denied: // a redirect
		e.Person = "Confluence's address leads elsewhere, or asks signoff to sign in. An administrator has to look at connectors.confluence.url and the token."
	case class == connectors.Rejected:
		e.Person = rejected(cause)
	}
	return e
}

const tokenRefused = "Confluence does not accept signoff's token. An administrator has to put a new one into connectors.confluence.token; nothing is lost until then."

func rejected(cause *outbound.Refusal) string {
	if cause.Said == "" {
		return fmt.Sprintf("Confluence refused (HTTP %d) without saying why. An administrator has to look at the log of signoff.", cause.Status)
	}
	return "Confluence refused: " + strings.TrimRight(cause.Said, ".") + ". Whoever keeps the settings of signoff has to look at it."
}

// hidden: what Confluence hides it calls not found, so nothing is concluded but that it cannot be read.
func (c *Connector) hidden(r call, e *connectors.Error) {
	e.Gone = "hidden"
	e.Person = fmt.Sprintf("%s was not found in Confluence, or is not shared with signoff's account %s. Share it with that account, or link another page.", upper(firstOf(r.about, "the page")), c.ourselves())
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// ourselves is what people know our account by.
func (c *Connector) ourselves() string {
	if c.set.User != "" {
		return c.set.User
	}
	if me := c.self.Load(); me != nil {
		return firstOf(me.Shown, me.id())
	}
	return "(the one of its token)"
}

func firstOf(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// oneLine makes one line of what somebody wrote, of at most n characters.
func oneLine(s string, n int) string {
	s = text.Clean(strings.Join(strings.Fields(s), " "))
	if runes := []rune(s); len(runes) > n {
		return strings.TrimSpace(string(runes[:n-1])) + "…"
	}
	return s
}
