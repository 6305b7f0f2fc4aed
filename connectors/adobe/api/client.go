package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

const (
	callTime   = 20 * time.Second
	mostAnswer = 8 << 20
	firstLook  = 5 * time.Second // before that a lost call may still be on its way
)

// FirstLook is how long after a lost call it is of no use to look for what it did.
const FirstLook = firstLook

// Client speaks to one service.
type Client struct {
	Service string   // as people call it: "Frame.io"
	Setting string   // where its settings stand: "connectors.adobe.frameio"
	Base    string   // without trailing slash
	Hosts   []string // further hosts that its answers may lead to, by https: ".adobe.io"
	HTTP    *http.Client
	Agent   string
	Auth    Auth
}

// Auth puts the credential of a service into the header of a call.
type Auth interface {
	// Put adds what proves who we are. Errors are *connectors.Error.
	Put(ctx context.Context, h http.Header) error
	// Drop forgets a credential that was not taken; false where there is no other to be had.
	Drop() bool
}

// Call is one request. Path is below the base, its elements already escaped; Full, where set, is a whole address that stands in
// an answer of the service and is reached only if it may be.
type Call struct {
	Op     string // "read the file"
	Method string // default GET
	Path   string
	Full   string
	Query  url.Values
	Body   any
	Once   bool   // makes a new thing each time: its lost answers are Unsure
	Thing  string // what it is about, for sentences to people: "the file"; empty: nothing that could be gone
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes a call and decodes its answer into out unless that is nil. A token that is not taken is renewed once. Errors are
// *connectors.Error; what the service said travels in an *outbound.Refusal inside.
func (c *Client) Do(ctx context.Context, r Call, out any) error {
	a, err := c.Ask(ctx, r)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		return c.failure(r, errors.New("the answer cannot be read"))
	}
	return nil
}

// Ask is Do that leaves the answer as it is.
func (c *Client) Ask(ctx context.Context, r Call) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	a, err := c.once(ctx, r)
	if outbound.StatusOf(err) == http.StatusUnauthorized && c.Auth != nil && c.Auth.Drop() {
		a, err = c.once(ctx, r) // nothing can have happened by the first
	}
	return a, err
}

func (c *Client) once(ctx context.Context, r Call) (Answer, error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, c.failure(r, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up; there is nothing left to lose
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return Answer{}, c.refused(r, resp.StatusCode, resp.Header, body)
	case err != nil:
		return Answer{}, c.failure(r, err)
	case len(body) > mostAnswer:
		return Answer{}, &connectors.Error{Op: r.Op, Class: connectors.Rejected, Err: fmt.Errorf("the answer is larger than %d MiB", mostAnswer>>20)}
	}
	return Answer{resp.StatusCode, resp.Header, body}, nil
}

func (c *Client) request(ctx context.Context, r Call) (*http.Request, error) {
	address := c.Base + "/" + r.Path
	if r.Full != "" {
		if !c.may(r.Full) {
			return nil, &connectors.Error{Op: r.Op, Class: connectors.Rejected, Err: errors.New("the answer leads to another host")}
		}
		address = r.Full
	}
	req, err := outbound.Call{Method: r.Method, Address: address, Query: r.Query, Body: r.Body}.Request(ctx)
	if err != nil {
		return nil, &connectors.Error{Op: r.Op, Class: connectors.Rejected, Err: errors.New("the call cannot be written")}
	}
	req.Header.Set("User-Agent", c.Agent)
	if c.Auth == nil {
		return req, nil
	}
	return req, c.Auth.Put(ctx, req.Header)
}

// may reports whether an address out of an answer is one that our credential may be shown to.
func (c *Client) may(address string) bool {
	u, err := url.Parse(address)
	base, baseErr := url.Parse(c.Base)
	if err != nil || baseErr != nil || u.User != nil {
		return false
	}
	if u.Scheme == base.Scheme && strings.EqualFold(u.Host, base.Host) {
		return true
	}
	return u.Scheme == "https" && u.Port() == "" && slices.ContainsFunc(c.Hosts, func(suffix string) bool {
		return strings.HasSuffix(strings.ToLower(u.Host), suffix)
	})
}

// failure is a call without a usable answer.
func (c *Client) failure(r Call, err error) error {
	e := outbound.Failure(r.Op, err, !r.Once)
	if e.Class == connectors.Unsure {
		e.Wait = firstLook
	}
	if e.Class == connectors.Denied {
		e.Person = fmt.Sprintf("The address of %s does not show a trusted certificate, so signoff does not speak to it. An administrator has to look at %s.", c.Service, c.Setting)
	}
	return e
}

// Gone reports that the thing that was asked for is not there or cannot be seen.
func Gone(err error) bool {
	e, ok := errors.AsType[*connectors.Error](err)
	return ok && e.Gone != ""
}

// refused turns a status into the error that says what it means for the next try, and for people.
func (c *Client) refused(r Call, status int, header http.Header, body []byte) error {
	cause := &outbound.Refusal{Status: status, Said: said(body)}
	class, wait := outbound.Classify(status, header, !r.Once)
	e := &connectors.Error{Op: r.Op, Class: class, Wait: wait, Err: cause}
	switch {
	case status == http.StatusUnauthorized:
		e.Person = fmt.Sprintf("%s no longer accepts signoff's credentials. An administrator has to put new ones into %s; nothing is lost until then.", c.Service, c.Setting)
	case (status == http.StatusForbidden || status == http.StatusNotFound) && r.Thing != "":
		e.Class, e.Gone = connectors.Rejected, "hidden"
		if status == http.StatusNotFound {
			e.Gone = "deleted"
		}
		e.Person = fmt.Sprintf("%s does not show %s to signoff: it was deleted, or signoff's account may not see it. Somebody who may has to invite that account, or share another link.", c.Service, r.Thing)
	case status == http.StatusPaymentRequired:
		e.Class, e.Person = connectors.Rejected, fmt.Sprintf("The plan at %s does not include this. Whoever keeps the plan has to look at it.", c.Service)
	case status == http.StatusForbidden:
		e.Person = fmt.Sprintf("signoff's account at %s may not do this. Somebody who administers it has to give it the right.", c.Service)
	case class == connectors.Limited:
		e.Scope = connectors.ScopeMethod
		if _, asked := outbound.RetryAfter(header, time.Time{}); !asked && status == http.StatusTooManyRequests {
			e.Wait = firstLook // its buckets run empty within seconds
		}
	case class == connectors.Unsure:
		e.Wait = max(wait, firstLook)
	case class == connectors.Denied: // a redirect
		e.Person = fmt.Sprintf("The address of %s leads elsewhere. An administrator has to correct %s.", c.Service, c.Setting)
	case class == connectors.Rejected:
		e.Person = c.plainly(cause)
	}
	return e
}

func (c *Client) plainly(cause *outbound.Refusal) string {
	if cause.Said == "" {
		return fmt.Sprintf("%s refused (HTTP %d) without saying why. An administrator has to look at the log of signoff.", c.Service, cause.Status)
	}
	return fmt.Sprintf("%s refused: %s. Whoever keeps the settings of signoff has to look at it.", c.Service, strings.TrimRight(cause.Said, "."))
}

// said reads an error in one of the shapes of Adobe's services; a web page says nothing.
func said(body []byte) string {
	var m struct {
		Errors      json.RawMessage `json:"errors"`
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
		Message     string          `json:"message"`
	}
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	parts := []string{m.Description, m.Message, words(m.Errors), words(m.Error)}
	for _, p := range parts {
		if p = OneLine(p, 300); p != "" {
			return p
		}
	}
	return ""
}

// words finds the sentences in an error of any shape.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		var out []string
		for _, one := range list {
			out = append(out, words(one))
		}
		return strings.Join(out, "; ")
	}
	var one struct {
		Detail  string `json:"detail"`
		Title   string `json:"title"`
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &one) != nil {
		return ""
	}
	for _, s := range []string{one.Detail, one.Message, one.Title} {
		if s != "" {
			return s
		}
	}
	return ""
}
