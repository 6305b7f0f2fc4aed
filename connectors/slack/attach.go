package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const (
	opUploadURL = "files.getUploadURLExternal"
	opUpload    = "upload file"
	opComplete  = "files.completeUploadExternal"
)

// Attach puts a file into a thread in Slack's three steps: an address is asked for, the bytes go there, and only the third
// step shows the file. Whatever fails before it leaves nothing behind.
func (c *Connector) Attach(ctx context.Context, e flow.Effect, m connectors.FileMeta, body io.Reader) ([]flow.Link, error) {
	if e.Copy == nil {
		return nil, &connectors.Error{Op: opUpload, Class: connectors.Rejected, Err: errors.New("the effect copies nothing")}
	}
	in, err := c.installed(ctx, c.teamOf(e))
	if err != nil {
		return nil, err
	}
	out, err := c.place(e.Copy.To)
	if err != nil {
		return nil, err
	}
	var known keptFile
	if c.get(ctx, keyCopied(e), &known) {
		return c.fileLinks(in, e, known), nil
	}
	if body, m.Size, err = sized(body, m.Size, e.Copy.Limit); err != nil {
		return nil, err
	}
	return c.upload(ctx, upload{in: in, effect: e, out: out, file: m}, body)
}

// upload is a file on its way into a thread.
type upload struct {
	in     install
	effect flow.Effect
	out    outgoing
	file   connectors.FileMeta
}

// keptFile is what we remember of a file that was put into a thread.
type keptFile struct {
	ID  string `json:"id"`
	URL string `json:"url,omitempty"`
}

func keyCopied(e flow.Effect) string { return "copied/" + e.Mark() }

func (c *Connector) fileLinks(in install, e flow.Effect, f keptFile) []flow.Link {
	return []flow.Link{{Ref: c.ref("file", in.Team, f.ID), Purpose: e.Copy.Purpose, Label: e.Copy.File.Name, URL: f.URL, Version: e.Copy.Version}}
}

// sized finds out how long a file is where its source does not say: Slack wants to know before.
func sized(body io.Reader, size, limit int64) (io.Reader, int64, error) {
	if size >= 0 {
		return outbound.Exact(body, size), size, nil
	}
	if limit <= 0 {
		limit = outbound.FileMost
	}
	data, err := io.ReadAll(outbound.Limit(body, limit))
	if err != nil {
		return nil, 0, outbound.Failure(opUpload, err, true)
	}
	return strings.NewReader(string(data)), int64(len(data)), nil
}

func (c *Connector) upload(ctx context.Context, u upload, body io.Reader) ([]flow.Link, error) {
	if u.file.Size == 0 {
		return nil, &connectors.Error{Op: opUpload, Class: connectors.Rejected, Err: errors.New("the file is empty"), Person: "The file “" + clip(oneLine(u.file.Name), 100) + "” is empty; Slack takes no empty files."}
	}
	id, err := c.bring(ctx, u.out.team, u.file, body)
	if err != nil {
		return nil, err
	}
	return c.complete(ctx, u, id)
}

// bring is the first two steps: a file is announced and its bytes are sent.
func (c *Connector) bring(ctx context.Context, team string, m connectors.FileMeta, body io.Reader) (id string, err error) {
	var begun struct {
		URL string `json:"upload_url"`
		ID  string `json:"file_id"`
	}
	args := url.Values{"filename": {m.Name}, "length": {strconv.FormatInt(m.Size, 10)}}
	if _, err := c.read(ctx, team, opUploadURL, args, &begun); err != nil {
		return "", err
	}
	if begun.ID == "" || !c.mayFetch(begun.URL) {
		return "", &connectors.Error{Op: opUploadURL, Class: connectors.Rejected, Err: errors.New("the address for the file is none of Slack's")}
	}
	if err := c.send(ctx, begun.URL, m.Size, body); err != nil {
		return "", err
	}
	c.wrote(ctx, team, "file", begun.ID) // before it is shown: the event about it comes at once
	return begun.ID, nil
}

// send gives the bytes to the address, which is a secret of its own: no token goes there.
func (c *Connector) send(ctx context.Context, address string, size int64, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return &connectors.Error{Op: opUpload, Class: connectors.Rejected, Err: errors.New("the address for the file cannot be used")}
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := c.files.Do(req)
	if err != nil {
		return outbound.Failure(opUpload, err, true) // nothing is shown before the third step
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // only so that the connection can be used again
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	failed := outbound.Answer(opUpload, resp.StatusCode, resp.Header, true, "")
	if failed == nil || failed.Class == connectors.Denied {
		return &connectors.Error{Op: opUpload, Class: connectors.Transient, Err: &statusError{code: resp.StatusCode}} // the address has expired
	}
	return failed
}

// complete shows the file in the thread.
func (c *Connector) complete(ctx context.Context, u upload, id string) ([]flow.Link, error) {
	list, err := json.Marshal([]map[string]string{{"id": id, "title": fileTitle(u.effect, u.file.Name)}})
	if err != nil {
		return nil, &connectors.Error{Op: opComplete, Class: connectors.Rejected, Err: err}
	}
	args := url.Values{"files": {string(list)}, "channel_id": {u.out.channel}}
	if u.out.thread != "" {
		args.Set("thread_ts", u.out.thread)
	}
	if u.effect.Copy.Note != "" {
		args.Set("initial_comment", escape(oneLine(u.effect.Copy.Note)))
	}
	var done struct {
		Files []attached `json:"files"`
	}
	if _, err := c.write(ctx, u.out.team, opComplete, args, &done); err != nil {
		return nil, err
	}
	kept := keptFile{ID: id}
	if len(done.Files) > 0 {
		kept.URL = webOnly(string(done.Files[0].Page))
	}
	c.note(keyCopied(u.effect), kept)
	return c.fileLinks(u.in, u.effect, kept), nil
}

// fileTitle is what people read above the file; its end is what Find looks for.
func fileTitle(e flow.Effect, name string) string { return oneLine(name) + fileMark(e) }

func fileMark(e flow.Effect) string {
	return " · " + string(e.Request) + " " + strings.ReplaceAll(e.Copy.Purpose, "/", " ")
}

// findFile looks in the thread for a file of ours with the mark, the name and the size.
func (c *Connector) findFile(ctx context.Context, in install, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	var known keptFile
	if c.get(ctx, keyCopied(e), &known) {
		return c.fileLinks(in, e, known), true, nil
	}
	out, err := c.place(e.Copy.To)
	if err != nil {
		return nil, false, err
	}
	var found *attached
	err = c.eachSince(ctx, out, tried.Add(-lookBack), func(m candidate) bool {
		for _, f := range attachedIn(m.Files) {
			ours := m.BotID == in.Bot || string(m.User) == in.User
			if ours && strings.HasSuffix(string(f.Title), fileMark(e)) && (e.Copy.File.Size <= 0 || f.Size == 0 || int64(f.Size) == e.Copy.File.Size) {
				found = &f
				return true
			}
		}
		return false
	})
	if err != nil || found == nil {
		return nil, false, err
	}
	known = keptFile{ID: string(found.ID), URL: webOnly(string(found.Page))}
	c.note(keyCopied(e), known)
	return c.fileLinks(in, e, known), true, nil
}
