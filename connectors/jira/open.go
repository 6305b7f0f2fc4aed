package jira

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Open reads a file of a ticket as a stream.
func (c *Connector) Open(ctx context.Context, ref flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	var none connectors.FileMeta
	if ref.Type != "attachment" || !fileID.MatchString(ref.Key) {
		return nil, none, cannot("open file", "The file is not one of Jira's.")
	}
	r := get("open file", "attachment/"+url.PathEscape(ref.Key), nil)
	r.scope = "the file"
	var b attachment
	if err := c.do(ctx, r, &b); err != nil {
		return nil, none, goneFile(err)
	}
	address, err := c.content(ctx, ref.Key, b)
	if err != nil {
		return nil, none, err
	}
	body, err := c.fetch(ctx, r, address)
	if err != nil {
		return nil, none, goneFile(err)
	}
	return body, connectors.FileMeta{Name: b.Name, Type: b.Type, Size: b.Size}, nil
}

func goneFile(err error) error {
	if e, ok := errors.AsType[*connectors.Error](err); ok && e.Class == connectors.Rejected {
		if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
			e.Gone, e.Person = "deleted", "The file is no longer in Jira, or signoff's account may not see it."
		}
	}
	return err
}

// content is where the bytes of a file are. Data Center names the address itself; it is used only if it is on the site.
func (c *Connector) content(ctx context.Context, id string, b attachment) (string, error) {
	e, err := c.edition(ctx)
	if err != nil {
		return "", err
	}
	if e == cloud {
		return c.set.APIURL + "/" + api2 + "attachment/content/" + url.PathEscape(id) + "?redirect=false", nil
	}
	for _, base := range []string{c.set.APIURL, c.set.URL} {
		if below(b.Content, base) {
			return c.set.APIURL + strings.TrimPrefix(b.Content, base), nil
		}
	}
	return "", cannot("open file", "Jira names an address for the file that is not on its own site, so signoff does not follow it. A Jira administrator has to look at the base URL of Jira.")
}

// below reports whether an address has exactly the origin of base and lies below its path.
func below(address, base string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	b, err := url.Parse(base)
	if err != nil || u.Scheme != b.Scheme || u.Host != b.Host || u.User != nil {
		return false
	}
	return strings.HasPrefix(address, base+"/") && !strings.Contains(u.Path, "/../")
}

// fetch opens an address. A redirect is not followed: on a Data Center it leads to the page for signing in.
func (c *Connector) fetch(ctx context.Context, r call, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &connectors.Error{Op: r.op, Class: connectors.Rejected, Err: err}
	}
	resp, err := c.files.Do(req)
	if err != nil {
		return nil, failure(r, err)
	}
	if resp.StatusCode == http.StatusOK && !strings.EqualFold(resp.Header.Get("X-Ausername"), "anonymous") {
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }() // nothing of use in it
	if resp.StatusCode >= 300 && resp.StatusCode < 400 || resp.StatusCode == http.StatusOK {
		return nil, cannot(r.op, "Jira asks signoff to sign in instead of giving the file: its account may not open attachments with a token. The file stays in the ticket.")
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return nil, failure(r, err)
	}
	return nil, c.refused(r, resp.StatusCode, resp.Header, raw)
}
