package figma

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
)

// call is one request to the API.
type call struct {
	op     string // "read versions"
	tier   int
	method string
	path   string // below the base, elements already escaped
	query  url.Values
	body   any
	once   bool   // makes a new thing each time: its lost answers are Unsure
	file   string // key of the file it is about
	about  string // what it is about, for sentences to people, where it is no file
	scope  string // the scope of the token that it needs
	long   bool   // its answer may be long
}

const (
	callTime   = 20 * time.Second
	mostLong   = 16 << 20
	mostAnswer = 8 << 20
	firstLook  = 5 * time.Second // before that a lost call may still be on its way
)

// do makes the call and decodes its answer into out unless that is nil. Errors are *connectors.Error; what Figma said travels
// in a *outbound.Refusal inside.
func (c *Connector) do(ctx context.Context, r call, out any) error {
	if err := c.admit(ctx, r.op, r.tier); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	req, err := outbound.Call{Method: r.method, Address: c.set.APIURL + "/" + r.path, Query: r.query, Body: r.body}.Request(ctx)
	if err != nil {
		return &connectors.Error{Op: r.op, Class: connectors.Rejected, Err: err}
	}
	client, most := c.api, int64(mostAnswer)
	if r.long {
		client, most = c.long, mostLong
	}
	resp, err := client.Do(req)
	if err != nil {
		return failure(r, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up; there is nothing left to lose
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return c.refused(r, resp.StatusCode, resp.Header, body)
	case out == nil:
		return nil
	case err != nil:
		return failure(r, err)
	case int64(len(body)) > most:
		return &connectors.Error{Op: r.op, Class: connectors.Rejected, Err: fmt.Errorf("the answer is larger than %d MiB", most>>20)}
	}
	if err := json.Unmarshal(body, out); err != nil {
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
		e.Person = "The address of Figma's API does not show a trusted certificate, so signoff does not speak to it. An administrator has to look at connectors.figma.api_url."
	}
	return e
}

// readSaid reads an error in either of Figma's shapes; a web page says nothing.
func readSaid(body []byte) string {
	var m struct {
		Err     json.RawMessage `json:"err"`
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	for _, raw := range []json.RawMessage{m.Err, m.Message} {
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" {
			return oneLine(text, 300)
		}
	}
	return ""
}

// refused turns a status into the error that says what it means for the next try, and for people.
func (c *Connector) refused(r call, status int, header http.Header, body []byte) error {
	cause := &outbound.Refusal{Status: status, Said: readSaid(body)}
	if status == http.StatusTooManyRequests {
		err := c.limited(r.op, r.tier, header)
		if e, ok := errors.AsType[*connectors.Error](err); ok {
			e.Err = cause
		}
		return err
	}
	class, wait := outbound.Classify(status, header, !r.once)
	e := &connectors.Error{Op: r.op, Class: class, Wait: wait, Err: cause}
	switch {
	case status == http.StatusUnauthorized:
		e.Person = tokenRefused
	case status == http.StatusForbidden:
		c.forbidden(r, cause, e)
	case status == http.StatusNotFound:
		c.notFound(r, e)
	case class == connectors.Limited:
		e.Scope = connectors.ScopeMethod
	case class == connectors.Unsure:
		e.Wait = max(wait, firstLook)
	case class == connectors.Denied: // a redirect
		e.Person = "The address of Figma's API leads elsewhere. An administrator has to correct connectors.figma.api_url."
	case class == connectors.Rejected:
		e.Person = refusedPlainly(cause)
	}
	return e
}

const tokenRefused = "Figma no longer accepts signoff's token. An administrator has to put a new one into connectors.figma.token; nothing is lost until then."

func refusedPlainly(cause *outbound.Refusal) string {
	if cause.Said == "" {
		return fmt.Sprintf("Figma refused (HTTP %d) without saying why. An administrator has to look at the log of signoff.", cause.Status)
	}
	return "Figma refused: " + strings.TrimRight(cause.Said, ".") + ". Whoever keeps the settings of signoff has to look at it."
}

// forbidden tells a token that is no longer good from one that lacks a scope, and both from a file that it may not see.
func (c *Connector) forbidden(r call, cause *outbound.Refusal, e *connectors.Error) {
	low := strings.ToLower(cause.Said)
	switch {
	case strings.Contains(low, "scope"):
		e.Class = connectors.Rejected
		e.Person = fmt.Sprintf("signoff's token may not %s in Figma: it lacks the scope %s. An administrator has to make a new token with it.", r.op, firstOf(r.scope, "that this needs"))
	case strings.Contains(low, "token") || r.file == "" && r.about == "":
		e.Person = tokenRefused
	case r.once && c.set.TokenType == planToken:
		e.Class = connectors.Rejected
		e.Person = "signoff's token is one of the organization's plan; Figma lets those read, but not write comments. An administrator has to use a personal token instead."
	default:
		e.Class = connectors.Rejected
		c.hidden(r, e)
	}
}

func (c *Connector) notFound(r call, e *connectors.Error) {
	if r.file == "" && r.about == "" {
		e.Person = refusedPlainly(&outbound.Refusal{Status: http.StatusNotFound})
		return
	}
	c.hidden(r, e)
}

// hidden: what Figma does not show it calls not found or forbidden; either way it cannot be read until somebody invites us.
func (c *Connector) hidden(r call, e *connectors.Error) {
	if r.file == "" {
		e.Person = fmt.Sprintf("Figma does not let signoff's account %s of %s. Somebody who may has to invite %s there.", r.op, r.about, c.ourselves())
		return
	}
	e.Gone = "hidden"
	e.Person = fmt.Sprintf("Figma does not show the file to signoff: it was deleted, or %s is not invited. Invite that account to the file, or share another link.", c.ourselves())
}

// ourselves is what people know our account by.
func (c *Connector) ourselves() string {
	if me := c.self.Load(); me != nil {
		return firstOf(me.Email, me.Handle, "signoff's account")
	}
	return "signoff's account"
}

func firstOf(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// get is a call that reads something of a file.
func get(op string, tier int, key, rest, scope string) call {
	return call{op: op, tier: tier, method: http.MethodGet, path: "v1/files/" + url.PathEscape(key) + rest, file: key, scope: scope}
}
