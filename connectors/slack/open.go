package slack

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const opDownload = "download file"

// fileHost is where Slack keeps files; nothing else is ever shown a token for one.
func (c *Connector) fileHost() string {
	if isGov(c.settings.APIURL) {
		return "files.slack-gov.com"
	}
	return "files.slack.com"
}

// mayFetch reports whether an address is one of Slack's for files, or of the stand-in that api_url names.
func (c *Connector) mayFetch(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	if u.Scheme == "https" && u.Host == c.fileHost() {
		return true
	}
	base, err := url.Parse(c.settings.APIURL)
	return err == nil && c.settings.APIURL != defaultAPI && u.Scheme == base.Scheme && u.Host == base.Host
}

// Open reads a file as a stream. It asks Slack first what the file is now: it may be deleted, hidden or elsewhere.
func (c *Connector) Open(ctx context.Context, ref flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	key, ok := c.keyed(ref, "file")
	if !ok {
		return nil, connectors.FileMeta{}, &connectors.Error{Op: opDownload, Class: connectors.Rejected, Err: errors.New("it is no file of this Slack workspace")}
	}
	info, err := c.fileInfo(ctx, key[0], key[1])
	if err != nil {
		return nil, connectors.FileMeta{}, fileGone(err)
	}
	now := c.file(key[0], info)
	address := firstOf(string(info.Download), string(info.Private))
	meta := connectors.FileMeta{Name: now.Name, Type: now.Type, Size: now.Size}
	switch {
	case now.Gone != "":
		return nil, meta, &connectors.Error{Op: opDownload, Class: connectors.Rejected, Gone: "deleted", Err: errors.New(now.Gone), Person: "The file “" + clip(oneLine(now.Name), 100) + "” is not there: " + now.Gone + ". Share it again in the thread."}
	case now.External, !c.mayFetch(address):
		return nil, meta, &connectors.Error{Op: opDownload, Class: connectors.Rejected, Err: errors.New("the file is kept outside Slack"), Person: "The file “" + clip(oneLine(now.Name), 100) + "” is kept elsewhere; open it by its link."}
	}
	body, size, err := c.fetch(ctx, key[0], address, info)
	if size >= 0 {
		meta.Size = size
	} else if meta.Size == 0 || info.Mode == "snippet" {
		meta.Size = -1 // what Slack says of snippets is not their size
	}
	return body, meta, err
}

// fileGone says of an answer of files.info what it means for people.
func fileGone(err error) error {
	var e *connectors.Error
	if !errors.As(err, &e) {
		return err
	}
	switch codeOf(err) {
	case "file_not_found", "file_deleted":
		return &connectors.Error{Op: e.Op, Class: connectors.Rejected, Gone: "deleted", Err: err, Person: "The file is no longer in Slack. Share it again in the thread."}
	}
	return err
}

// fetch begins the download. A sign-in page with status 200 is what Slack gives to a token that may not read the file.
func (c *Connector) fetch(ctx context.Context, team, address string, info attached) (io.ReadCloser, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, -1, &connectors.Error{Op: opDownload, Class: connectors.Rejected, Err: errors.New("the file's address cannot be used")}
	}
	req.Header.Set("Authorization", "Bearer "+c.token(team))
	resp, err := c.files.Do(req)
	if err != nil {
		return nil, -1, outbound.Failure(opDownload, err, true)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch page := kind == "text/html" && !strings.HasPrefix(string(info.Type), "text/"); {
	case resp.StatusCode == http.StatusOK && !page:
		return resp.Body, resp.ContentLength, nil
	case resp.StatusCode == http.StatusOK:
		err = unreadableFile(errors.New("a web page came instead of the file"))
	default:
		err = refusedFile(resp)
	}
	_ = resp.Body.Close()
	return nil, -1, err
}

func unreadableFile(err error) error {
	return &connectors.Error{
		Op: opDownload, Class: connectors.Rejected, Err: err,
		Person: "Slack does not let signoff read it. Whoever looks after signoff can allow that (scope files:read).",
	}
}

// refusedFile classes a download that was not answered with the file.
func refusedFile(resp *http.Response) error {
	e := outbound.Answer(opDownload, resp.StatusCode, resp.Header, true, "")
	switch {
	case e == nil: // 204 and the like
		return &connectors.Error{Op: opDownload, Class: connectors.Transient, Err: &statusError{code: resp.StatusCode}}
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return unreadableFile(&statusError{code: resp.StatusCode}) // of one file: the token itself is judged by the Web API
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone:
		e.Class, e.Gone, e.Person = connectors.Rejected, "deleted", "The file is no longer in Slack. Share it again in the thread."
	case e.Class == connectors.Limited:
		e.Scope = connectors.ScopeMethod
	}
	return e
}
