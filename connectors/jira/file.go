package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/filetype"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

var fileID = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

// attachment is a file at a ticket as Jira describes it.
type attachment struct {
	ID      loose    `json:"id"`
	Name    string   `json:"filename"`
	Type    string   `json:"mimeType"`
	Size    int64    `json:"size"`
	Created string   `json:"created"`
	Content string   `json:"content"`
	Author  *account `json:"author"`
}

func (c *Connector) fileOf(b attachment) flow.File {
	return flow.File{
		Ref: c.file(string(b.ID)), Name: b.Name, Type: b.Type, Size: b.Size,
		URL: c.set.URL + "/secure/attachment/" + url.PathEscape(string(b.ID)) + "/" + url.PathEscape(b.Name),
	}
}

// fileReceipt is what we put at a ticket: kept before the bytes leave, so that a lost answer can be settled by looking.
type fileReceipt struct {
	ID   string `json:"id,omitempty"` // once Jira has said it
	Name string `json:"name"`
	Size int64  `json:"size"` // -1: not known
}

func fileKey(issue, mark string) string { return "file/" + issue + "/" + hash(mark) }

// Attach puts a file at a ticket. Its bytes are passed on as they come.
func (c *Connector) Attach(ctx context.Context, e flow.Effect, m connectors.FileMeta, body io.Reader) ([]flow.Link, error) {
	issue := e.Copy.To.Key
	if e.Copy.To.Type != "issue" || !issueID.MatchString(issue) {
		return nil, cannot("attach file", "The ticket to put the file at is not known.")
	}
	var r fileReceipt
	if ok, err := c.memory.Load(ctx, fileKey(issue, e.Mark()), &r); err != nil {
		return nil, err
	} else if ok && r.ID != "" {
		return c.fileLink(e, r), nil
	}
	limit, err := c.uploadLimit(ctx)
	if err != nil {
		return nil, err
	}
	r = fileReceipt{Name: filetype.CleanName(m.Name), Size: m.Size}
	if limit > 0 && m.Size > limit {
		return nil, tooLarge(r.Name, m.Size, limit)
	}
	if err := c.memory.Save(ctx, fileKey(issue, e.Mark()), r); err != nil {
		return nil, err
	}
	if err := c.expect(ctx, issue, "attachment", r.Name); err != nil {
		return nil, err
	}
	return c.upload(ctx, e, r, body)
}

func (c *Connector) upload(ctx context.Context, e flow.Effect, r fileReceipt, body io.Reader) ([]flow.Link, error) {
	issue := e.Copy.To.Key
	if r.Size >= 0 {
		body = outbound.Exact(body, r.Size)
	}
	src := &watched{r: body}
	form := outbound.NewForm("file", r.Name, src, r.Size)
	k := call{
		op: "attach file", method: http.MethodPost, path: api2 + "issue/" + url.PathEscape(issue) + "/attachments",
		once: true, issue: issue, scope: c.shownKey(ctx, issue),
	}
	req, err := http.NewRequestWithContext(ctx, k.method, c.set.APIURL+"/"+k.path, form)
	if err != nil {
		return nil, &connectors.Error{Op: k.op, Class: connectors.Rejected, Err: err}
	}
	req.ContentLength = form.Length
	req.Header.Set("Content-Type", form.Type)
	req.Header.Set("X-Atlassian-Token", "no-check")
	req.Header.Set("Accept", "application/json")
	var list []attachment
	err = c.send(k, req, &list)
	read := src.progress()
	if read.ended && r.Size < 0 {
		r.Size = read.n
		c.memory.Note(fileKey(issue, e.Mark()), r)
	}
	switch {
	case read.err != nil:
		return nil, broken(k.op, read.err)
	case err != nil:
		return nil, c.refusedFile(ctx, err, r)
	case len(list) == 0 || !fileID.MatchString(string(list[0].ID)):
		return nil, &connectors.Error{Op: k.op, Class: connectors.Unsure, Wait: firstLook, Err: errors.New("the answer names no file")}
	}
	r.ID = string(list[0].ID)
	c.memory.Note(fileKey(issue, e.Mark()), r) // else it is found by name and size
	return c.fileLink(e, r), nil
}

// send carries out a call of the client for files and decodes its answer.
func (c *Connector) send(k call, req *http.Request, out any) error {
	resp, err := c.files.Do(req)
	if err != nil {
		return failure(k, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	raw, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return c.refused(k, resp.StatusCode, resp.Header, raw)
	case err != nil:
		return failure(k, err)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return failure(k, errors.New("the answer cannot be read"))
	}
	return nil
}

// mostAnswer is what is read of an answer that only names files.
const mostAnswer = 1 << 20

// watched remembers how reading from a source ended. An answer can come while it is still read.
type watched struct {
	r io.Reader

	mu   sync.Mutex
	seen progress
}

// progress is how far a source was read.
type progress struct {
	n     int64
	ended bool
	err   error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.n += int64(n)
	switch {
	case errors.Is(err, io.EOF):
		w.seen.ended = true
	case err != nil:
		w.seen.err = err
	}
	return n, err
}

func (w *watched) progress() progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}

// broken is a source that ended in an error: the file never became whole, so nothing was stored.
func broken(op string, err error) error {
	if inner, ok := errors.AsType[*connectors.Error](err); ok {
		return inner
	}
	return &connectors.Error{Op: op, Class: connectors.Transient, Err: err}
}

func (c *Connector) fileLink(e flow.Effect, r fileReceipt) []flow.Link {
	return []flow.Link{{
		Ref: c.file(r.ID), Purpose: e.Copy.Purpose, Label: r.Name, Version: e.Copy.Version,
		URL: c.set.URL + "/secure/attachment/" + r.ID + "/" + url.PathEscape(r.Name),
	}}
}

// refusedFile says of a file that is too large how large it may be.
func (c *Connector) refusedFile(ctx context.Context, err error, r fileReceipt) error {
	said := refusalOf(err)
	if said == nil || said.status != http.StatusRequestEntityTooLarge {
		return err
	}
	c.limit.Store(nil) // it may have been changed
	limit, limitErr := c.uploadLimit(ctx)
	if limitErr == nil && limit > 0 && (r.Size < 0 || r.Size > limit) {
		return tooLarge(r.Name, r.Size, limit)
	}
	e, ok := errors.AsType[*connectors.Error](err)
	if ok {
		e.Person = fmt.Sprintf("Jira does not take %s: it is too large, or the ticket has as many files as Jira allows. Put it somewhere else and share the link.", r.Name)
	}
	return err
}

// tooLarge refuses a file; a size below zero is one that only came to an end after the limit.
func tooLarge(name string, size, limit int64) error {
	is := "too large"
	if size >= 0 {
		is = megabytes(size)
	}
	text := fmt.Sprintf("%s: the file is %s and Jira takes %s: make it smaller, or put it somewhere else and share the link. A Jira administrator can raise the limit.", name, is, megabytes(limit))
	return &connectors.Error{Op: "attach file", Class: connectors.Rejected, Person: text, Err: errors.New("the file is too large")}
}

// megabytes writes a size as people do: as a whole number, or with one digit where it would read as nothing.
func megabytes(n int64) string {
	const mb = 1 << 20
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < mb:
		return fmt.Sprintf("%d kB", n>>10)
	case n%mb == 0 || n >= 100*mb:
		return fmt.Sprintf("%d MB", n/mb)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/mb)
}

// limits is what a site says of attachments.
type limits struct {
	Enabled *bool `json:"enabled"`
	Most    int64 `json:"uploadLimit"`
	until   time.Time
}

const limitLife = time.Hour

// uploadLimit is how many bytes a file may have, 0 when Jira does not say.
func (c *Connector) uploadLimit(ctx context.Context) (int64, error) {
	l, err := c.attachments(ctx)
	if err != nil {
		return 0, err
	}
	if l.Enabled != nil && !*l.Enabled {
		return 0, cannot("attach file", "Attachments are switched off in this Jira, so files are only linked. A Jira administrator can switch them on under System, Attachments.")
	}
	return l.Most, nil
}

func (c *Connector) attachments(ctx context.Context) (*limits, error) {
	if l := c.limit.Load(); l != nil && c.deps.Now().Before(l.until) {
		return l, nil
	}
	var l limits
	if err := c.do(ctx, get("read the limits of attachments", "attachment/meta", nil), &l); err != nil {
		return nil, err
	}
	l.until = c.deps.Now().Add(limitLife)
	c.limit.Store(&l)
	return &l, nil
}

// findFile looks for a file whose upload was cut off: by what was remembered, else among the newest files of the ticket
// by name and size.
func (c *Connector) findFile(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	issue := e.Copy.To.Key
	if !issueID.MatchString(issue) {
		return nil, false, nil
	}
	var r fileReceipt
	ok, err := c.memory.Load(ctx, fileKey(issue, e.Mark()), &r)
	switch {
	case err != nil:
		return nil, false, err
	case !ok:
		return nil, false, nil // nothing was ever sent
	case r.ID != "":
		return c.fileLink(e, r), true, nil
	}
	list, err := c.filesOf(ctx, issue)
	if err != nil {
		return nil, false, err
	}
	known, err := c.knownFiles(ctx, issue)
	if err != nil {
		return nil, false, err
	}
	for _, b := range list {
		at, dated := stamp(b.Created)
		if b.Name != r.Name || r.Size >= 0 && b.Size != r.Size || known[string(b.ID)] || dated && at.Before(tried.Add(-clockSlack)) {
			continue
		}
		r.ID = string(b.ID)
		c.memory.Note(fileKey(issue, e.Mark()), r)
		return c.fileLink(e, r), true, nil
	}
	if gone := c.deps.Now().Sub(tried); gone < commentLook {
		return nil, false, onItsWay(commentLook - gone)
	}
	return nil, false, nil
}

// filesOf lists the files of a ticket.
func (c *Connector) filesOf(ctx context.Context, issue string) ([]attachment, error) {
	r := get("read files", "issue/"+url.PathEscape(issue), url.Values{"fields": {"attachment"}})
	r.scope, r.about = c.shownKey(ctx, issue), issue
	var answer struct {
		Fields struct {
			Files []attachment `json:"attachment"`
		} `json:"fields"`
	}
	err := c.do(ctx, r, &answer)
	return answer.Fields.Files, err
}

// knownFiles are the ids of the files that are known to be ours.
func (c *Connector) knownFiles(ctx context.Context, issue string) (map[string]bool, error) {
	out := map[string]bool{}
	err := c.deps.Keep.Scan(ctx, "file/"+issue+"/", func(_ string, value []byte) error {
		var r fileReceipt
		if json.Unmarshal(value, &r) == nil && r.ID != "" {
			out[r.ID] = true
		}
		return nil
	})
	return out, kept("read files", err)
}
