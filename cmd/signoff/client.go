package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"signoff/internal/config"
	"signoff/internal/server"
	"signoff/internal/source"
)

// client speaks to a running signoff: through the socket beside its store, or over HTTP with a token.
type client struct {
	http  *http.Client
	base  string
	token string
	where string // for messages
}

const answerLimit = 32 << 20

func (a *app) client() (*client, error) {
	if a.server != "" {
		return a.remote()
	}
	c, err := a.readConfig(source.Warning)
	if err != nil {
		return nil, err
	}
	return local(socketPath(c.Store.Path)), nil
}

func (a *app) remote() (*client, error) {
	u, err := url.Parse(a.server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, usage("--server takes an address like https://signoff.lumen.example")
	}
	token, err := a.secretEnv("SIGNOFF_TOKEN")
	if err != nil {
		return nil, usage("%w", err)
	}
	return &client{http: &http.Client{Timeout: 30 * time.Second}, base: strings.TrimRight(a.server, "/"), token: token, where: a.server}, nil
}

// socketPath is where a server with this store listens for commands of the same user.
func socketPath(store string) string { return store + ".sock" }

func local(socket string) *client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &client{http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial}}, base: "http://signoff", where: socket}
}

// call sends in (nil: none) and reads the answer into out (nil: none).
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return c.unreachable(err)
	}
	if resp.StatusCode >= 300 {
		return c.refused(resp.StatusCode, b)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return &exitError{exitUnreachable, fmt.Errorf("%s does not answer as signoff does: %w", c.where, err)}
	}
	return nil
}

// errNothing says that no server runs there.
var errNothing = errors.New("nothing listens")

func (c *client) unreachable(err error) error {
	if errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "connection refused") {
		return &exitError{exitUnreachable, fmt.Errorf("%w at %s; is signoff serve running with this configuration?", errNothing, c.where)}
	}
	return &exitError{exitUnreachable, fmt.Errorf("cannot reach signoff at %s: %w", c.where, cause(err))}
}

func (c *client) refused(status int, body []byte) error {
	var p server.Problem
	if json.Unmarshal(body, &p) != nil || p.Message == "" {
		p.Message = fmt.Sprintf("%s answers %d %s", c.where, status, http.StatusText(status))
	}
	switch {
	case status == http.StatusUnauthorized && c.token == "" && c.where == c.base:
		return &exitError{exitUsage, fmt.Errorf("%s wants a token; set SIGNOFF_TOKEN or SIGNOFF_TOKEN_FILE", c.where)}
	case status == http.StatusBadRequest:
		return &exitError{exitUsage, errors.New(p.Message)} // a filter that the server does not know
	case status == http.StatusNotFound:
		return &exitError{exitProblems, missing(p.Message)}
	case status >= 500:
		return &exitError{exitUnreachable, errors.New(p.Message)}
	}
	return &exitError{exitProblems, errors.New(p.Message)}
}

// missing is the server's word that something does not exist.
type missing string

func (m missing) Error() string { return string(m) }

// named says of what is missing what it is and where to find the names that exist.
func named(err error, what, id, list string) error {
	var m missing
	if errors.As(err, &m) {
		return problems("there is no %s %s; see: signoff %s", what, id, list)
	}
	return err
}

// readConfig reads the configuration for a command that needs only little of it; problems are told all at once.
func (a *app) readConfig(missing source.Level) (*config.Config, error) {
	data, err := os.ReadFile(a.config)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage("there is no %s here; name one with -c FILE, or begin with: signoff init", a.config)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	c, found := config.Load(a.config, data, a.env(), missing)
	if found.Errors() > 0 {
		_ = source.Render(a.err, found, map[string][]byte{a.config: data}, false) // standard error is best effort
		return nil, problems("%s has problems", a.config)
	}
	return c, nil
}
