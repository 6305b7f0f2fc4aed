package frameio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const opOpen = "read a picture"

// Open reads a small picture of a version, or the file itself, from the address that Frame.io gives out for a while. The token
// is not shown there.
func (p *Part) Open(ctx context.Context, ref flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	id := p.fileID(ref)
	if id == "" {
		return nil, connectors.FileMeta{}, cannot(opOpen, "It is no file of the account that signoff is connected to.")
	}
	include := []string{"media_links.thumbnail_high_quality", "media_links.thumbnail"}
	if ref.Type == "original" {
		include = []string{"media_links.original"}
	}
	a, err := p.show(ctx, id, include...)
	if err != nil {
		return nil, connectors.FileMeta{}, err
	}
	var address string
	for _, l := range []*link{a.Links.Thumbnail, a.Links.Large} {
		if l != nil && ref.Type != "original" {
			address = api.First(address, l.URL, l.Inline, l.Download)
		}
	}
	if ref.Type == "original" {
		if l := a.Links.Original; l != nil {
			address = api.First(l.Download, l.Inline, l.URL)
		}
		address = api.First(address, a.Original)
	} else {
		address = api.First(address, a.Thumb)
	}
	if address == "" {
		return nil, connectors.FileMeta{}, cannot(opOpen, "Frame.io has no picture of this file (yet).")
	}
	return p.fetch(ctx, address, ref.Type == "original", a)
}

func (p *Part) fetch(ctx context.Context, address string, whole bool, a asset) (io.ReadCloser, connectors.FileMeta, error) {
	none := connectors.FileMeta{}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, none, &connectors.Error{Op: opOpen, Class: connectors.Rejected, Err: errors.New("its address cannot be used")}
	}
	resp, err := p.files.Do(req)
	if err != nil {
		return nil, none, outbound.Failure(opOpen, err, true)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	refused := ""
	switch {
	case resp.StatusCode != http.StatusOK:
		refused = fmt.Sprintf("HTTP %d", resp.StatusCode)
	case !whole && !strings.HasPrefix(media, "image/"):
		refused = "it is no picture"
	}
	if refused != "" {
		_ = resp.Body.Close() // nothing of use in it
		class := connectors.Rejected
		if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusForbidden {
			class = connectors.Transient // such addresses end after a while; the next one is new
		}
		return nil, none, &connectors.Error{Op: opOpen, Class: class, Err: errors.New(refused)}
	}
	name := api.First(api.OneLine(a.Name, longestName), "file")
	if !whole {
		name = "picture." + strings.TrimPrefix(media, "image/")
	}
	return resp.Body, connectors.FileMeta{Name: name, Type: media, Size: resp.ContentLength}, nil
}
