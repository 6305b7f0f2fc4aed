package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Call is a request for JSON.
type Call struct {
	Method  string
	Address string // elements of its path already escaped
	Query   url.Values
	Body    any // sent as JSON; nil = none
}

// Request returns the request of a call.
func (c Call) Request(ctx context.Context) (*http.Request, error) {
	address := c.Address
	if len(c.Query) > 0 {
		address += "?" + c.Query.Encode()
	}
	var body io.Reader
	if c.Body != nil {
		raw, err := json.Marshal(c.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if c.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// Refusal is what a service said when it did not do something. Said is free of secrets, and empty where it said nothing
// that can be read.
type Refusal struct {
	Status int
	Said   string
}

func (r *Refusal) Error() string {
	if r.Said == "" {
		return fmt.Sprintf("HTTP %d %s", r.Status, http.StatusText(r.Status))
	}
	return fmt.Sprintf("HTTP %d: %s", r.Status, r.Said)
}

// RefusalOf returns the refusal inside err, or nil.
func RefusalOf(err error) *Refusal {
	r, _ := errors.AsType[*Refusal](err)
	return r
}

// StatusOf is the status of the refusal inside err, 0 without one.
func StatusOf(err error) int {
	if r := RefusalOf(err); r != nil {
		return r.Status
	}
	return 0
}
