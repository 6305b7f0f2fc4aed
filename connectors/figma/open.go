package figma

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const (
	opPicture   = "read a picture"
	mostPicture = 5 << 20
	mostDrawn   = 2 << 20 // of what can be asked for once more, smaller
)

// Open reads a small picture of a version: the node rendered, at half and then at a quarter of its size, else the picture that
// Figma keeps of the version or of the file. Pictures are fetched without the token.
func (c *Connector) Open(ctx context.Context, ref flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	parts := strings.SplitN(ref.Key, "/", 3)
	if ref.Type != "thumb" || len(parts) != 3 || !fileKey.MatchString(parts[0]) || parts[1] != "" && !savedForm.MatchString(parts[1]) || parts[2] != "" && !anyNode.MatchString(parts[2]) {
		return nil, connectors.FileMeta{}, cannot(opPicture, "It is no picture of a file in Figma.")
	}
	p := picture{c: c, key: parts[0], version: parts[1], node: parts[2]}
	last := cannot(opPicture, "Figma has no picture of it.")
	for i, address := range []func(context.Context) (string, error){p.half, p.quarter, p.ofVersion, p.ofFile} {
		at, err := address(ctx)
		if err == nil && at != "" {
			var body io.ReadCloser
			var m connectors.FileMeta
			if body, m, err = c.fetchWithin(ctx, at, i == 0 && p.node != ""); err == nil {
				return body, m, nil
			}
		}
		if err != nil {
			last = err
		}
		if class := connectors.ClassOf(err); class == connectors.Denied || ctx.Err() != nil {
			break
		}
		if unseen(err) {
			break // the file, so all of it
		}
	}
	return nil, connectors.FileMeta{}, last
}

// picture finds addresses of one picture.
type picture struct {
	c                  *Connector
	key, version, node string
	done               bool // another scale would not help
}

func (p *picture) half(ctx context.Context) (string, error) { return p.render(ctx, "0.5") }

func (p *picture) quarter(ctx context.Context) (string, error) { return p.render(ctx, "0.25") }

// render lets Figma draw the node. Large ones may fail, or come out too large: they are asked for once more, smaller.
func (p *picture) render(ctx context.Context, scale string) (string, error) {
	if p.node == "" || p.done {
		return "", nil
	}
	r := call{
		op: "render a picture", tier: tier1, method: http.MethodGet, path: "v1/images/" + url.PathEscape(p.key), file: p.key, scope: "file_content:read",
		query: url.Values{"ids": {p.node}, "format": {"png"}, "scale": {scale}},
	}
	if p.version != "" {
		r.query.Set("version", p.version)
	}
	var answer struct {
		Err    *string            `json:"err"`
		Images map[string]*string `json:"images"`
	}
	if err := p.c.do(ctx, r, &answer); err != nil {
		status := outbound.StatusOf(err)
		p.done = status != http.StatusBadRequest && status < 500
		if unseen(err) && status == http.StatusNotFound {
			return "", cannot(opPicture, "The node is not in the file any more.") // the file itself is asked below
		}
		return "", err
	}
	at := answer.Images[p.node]
	if at == nil || *at == "" {
		p.done = true // it cannot be drawn at any size
		return "", nil
	}
	return *at, nil
}

// ofVersion is the picture that Figma keeps of a version.
func (p *picture) ofVersion(ctx context.Context) (string, error) {
	if p.version == "" {
		return "", nil
	}
	list, _, err := p.c.versionPage(ctx, p.key, "")
	if err != nil {
		return "", err
	}
	for _, v := range list {
		if string(v.ID) == p.version {
			return v.Thumb, nil
		}
	}
	return "", nil
}

// ofFile is the picture that Figma keeps of the file as it is.
func (p *picture) ofFile(ctx context.Context) (string, error) {
	m, err := p.c.metaOf(ctx, p.key)
	return m.Thumb, err
}

// fetchWithin opens a picture. One that can be asked for once more, smaller, is read first: it may turn out too large.
func (c *Connector) fetchWithin(ctx context.Context, address string, again bool) (io.ReadCloser, connectors.FileMeta, error) {
	if !again {
		return c.fetch(ctx, address, mostPicture)
	}
	body, m, err := c.fetch(ctx, address, mostDrawn)
	if err != nil {
		return nil, m, err
	}
	defer func() { _ = body.Close() }() // read to its end
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, m, outbound.Failure(opPicture, err, true)
	}
	m.Size = int64(len(raw))
	return io.NopCloser(bytes.NewReader(raw)), m, nil
}

// fetch opens a picture at an address that Figma named: by https at its own hosts or Amazon's, without our token.
func (c *Connector) fetch(ctx context.Context, address string, most int64) (io.ReadCloser, connectors.FileMeta, error) {
	none := connectors.FileMeta{}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, none, &connectors.Error{Op: opPicture, Class: connectors.Rejected, Err: errors.New("its address cannot be used")}
	}
	req.Header.Set("Accept", "image/png, image/jpeg, image/gif, image/webp")
	resp, err := c.pictures.Do(req)
	if err != nil {
		return nil, none, outbound.Failure(opPicture, err, true)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	refused := ""
	switch {
	case resp.StatusCode != http.StatusOK:
		refused = fmt.Sprintf("HTTP %d", resp.StatusCode)
	case !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, media):
		refused = "it is no picture"
	case resp.ContentLength > most:
		refused = fmt.Sprintf("it is larger than %d MiB", most>>20)
	}
	if refused != "" {
		_ = resp.Body.Close() // nothing of use in it
		class := connectors.Rejected
		if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
			class = connectors.Transient
		}
		return nil, none, &connectors.Error{Op: opPicture, Class: class, Err: errors.New(refused)}
	}
	name := "picture." + strings.TrimPrefix(media, "image/")
	return &bounded{ReadCloser: resp.Body, left: most}, connectors.FileMeta{Name: name, Type: media, Size: resp.ContentLength}, nil
}

// bounded ends with an error where a picture turns out to be too large.
type bounded struct {
	io.ReadCloser
	left int64
}

var errTooLarge = errors.New("the picture is too large")

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
