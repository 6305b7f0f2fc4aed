package jira

import (
	"context"
	"encoding/json"
	"errors"
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
	op     string // "create issue"
	method string
	path   string // below the base, elements already escaped: rest/api/2/issue
	query  url.Values
	body   any
	// once is set for calls that make a new thing each time: their lost answers are Unsure.
	once  bool
	issue string // id of the issue it writes to, for limits per issue
	about string // id of the issue it reads
	scope string // project or thing the call is about, for sentences to people
}

const (
	callTime = 20 * time.Second
	api2     = "rest/api/2/"
	most     = 32 << 20 // bytes read of an answer
)

// do makes the call and decodes its answer into out unless that is nil. Errors are *connectors.Error; the status and
// the decoded problem of a refusal travel in a *refusal inside.
func (c *Connector) do(ctx context.Context, r call, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	path := r.path
	if len(r.query) > 0 {
		path += "?" + r.query.Encode()
	}
	req, err := c.api.NewRequestWithContext(ctx, r.method, path, r.body)
	if err != nil {
		return &connectors.Error{Op: r.op, Class: connectors.Rejected, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	if r.body == nil {
		req.Header.Del("Content-Type")
	}
	resp, err := c.api.Do(req, nil)
	if resp == nil {
		return failure(r, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up; there is nothing left to lose
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, most))
	c.watchLimit(resp.Header)
	if strings.EqualFold(resp.Header.Get("X-Ausername"), "anonymous") && r.path != api2+"serverInfo" {
		return &connectors.Error{Op: r.op, Class: connectors.Denied, Person: tokenRefused, Err: errors.New("Jira takes us for nobody")}
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refused(r, resp.StatusCode, resp.Header, body)
	}
	if out == nil {
		return nil
	}
	if readErr != nil {
		return failure(r, readErr)
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
		e.Person = "Jira's address does not show a trusted certificate, so signoff does not speak to it. An administrator has to look at tracker.jira.url."
	}
	return e
}

// get is a call that reads.
func get(op, path string, query url.Values) call {
	return call{op: op, method: http.MethodGet, path: api2 + path, query: query}
}

// refusal is what Jira said when it did not do something.
type refusal struct {
	status int
	said   said
}

func (r *refusal) Error() string { return r.said.line(r.status) }

// refusalOf returns the refusal inside err, or nil.
func refusalOf(err error) *refusal {
	r, _ := errors.AsType[*refusal](err)
	return r
}
