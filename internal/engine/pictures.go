package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/filetype"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Small pictures of the work are fetched once, through the connector that keeps them, and kept: for cards in chat and for our
// own pages, which load nothing from anywhere else.

const (
	picturesTable = "pictures"     // Ref -> media type, NUL, bytes
	framesTable   = "picture_ages" // Ref -> frame

	pictureMost  = 2 << 20  // bytes of one
	picturesMost = 64 << 20 // of all
	pictureKept  = 30 * 24 * time.Hour
	pictureTime  = besideTime
	blurredFor   = 5 * time.Minute // one that could not be fetched is not asked for again
	blurredMost  = 256
)

// frame is what is known of a picture without reading it.
type frame struct {
	Size int       `json:"size"`
	At   time.Time `json:"at"`
}

// pictures knows which are being fetched, and which could not be.
type pictures struct {
	mu      sync.Mutex
	fetched map[flow.Ref]*fetch
	blurred map[flow.Ref]blur
}

// fetch is a picture under way; the others are set once done is closed.
type fetch struct {
	done  chan struct{}
	body  []byte
	media string
	err   error
}

type blur struct {
	err   error
	until time.Time
}

// Picture gives a small picture that an instance keeps: at most 2 MiB of PNG, JPEG, GIF or WebP, as its bytes say. It is
// fetched once, and goes on being fetched when ctx ends before: whoever asks again has it then. Errors are *connectors.Error.
func (e *Engine) Picture(ctx context.Context, ref flow.Ref) (body []byte, mediaType string, err error) {
	if body, mediaType, err = e.picture(ctx, ref); body != nil || err != nil {
		return body, mediaType, err
	}
	f, isNew, err := e.pictures.begin(ref, e.o.Now())
	if err != nil {
		return nil, "", err
	}
	if isNew && !e.beside.Go(func() { e.fetchPicture(context.WithoutCancel(ctx), ref, f) }) {
		f.err = unseen(connectors.Transient, ErrStopping)
		e.pictures.end(ref, f, e.o.Now())
	}
	select {
	case <-f.done:
		return f.body, f.media, f.err
	case <-ctx.Done():
		return nil, "", unseen(connectors.Transient, ctx.Err())
	}
}

// begin joins the fetching of a picture; isNew makes the caller the one that does it.
func (p *pictures) begin(ref flow.Ref, now time.Time) (f *fetch, isNew bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b, bad := p.blurred[ref]; bad && now.Before(b.until) {
		return nil, false, b.err
	}
	if f, busy := p.fetched[ref]; busy {
		return f, false, nil
	}
	if p.fetched == nil {
		p.fetched, p.blurred = map[flow.Ref]*fetch{}, map[flow.Ref]blur{}
	}
	f = &fetch{done: make(chan struct{})}
	p.fetched[ref] = f
	return f, true, nil
}

// end hands a picture to all who wait for it.
func (p *pictures) end(ref flow.Ref, f *fetch, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(f.done)
	delete(p.fetched, ref)
	delete(p.blurred, ref)
	if f.err == nil {
		return
	}
	if len(p.blurred) >= blurredMost {
		clear(p.blurred)
	}
	p.blurred[ref] = blur{err: f.err, until: now.Add(blurredFor)}
}

// fetchPicture reads a picture at its source and keeps it.
func (e *Engine) fetchPicture(ctx context.Context, ref flow.Ref, f *fetch) {
	defer func() { e.pictures.end(ref, f, e.o.Now()) }()
	f.body, f.media, f.err = e.openPicture(ctx, ref)
	if f.err != nil {
		e.o.Log.Info("picture not fetched", "instance", ref.System, "picture", ref.String(), "error", f.err)
		return
	}
	err := e.o.Store.Update(ctx, func(tx store.Tx) error { return keepPicture(tx, ref, f.media, f.body, e.o.Now().UTC()) })
	if err != nil {
		e.o.Log.Warn("picture not kept", "picture", ref.String(), "error", err) // it is shown all the same
	}
}

func unseen(class connectors.Class, err error) *connectors.Error {
	return &connectors.Error{Op: "open picture", Class: class, Err: err}
}

func (e *Engine) openPicture(ctx context.Context, ref flow.Ref) ([]byte, string, error) {
	opener, ok := e.o.Connectors[ref.System].(connectors.Opener)
	if !ok {
		return nil, "", unseen(connectors.Rejected, fmt.Errorf("pictures of %q cannot be read", ref.System))
	}
	if why, stopped := e.gate.why(ref.System); stopped {
		return nil, "", unseen(connectors.Transient, fmt.Errorf("%s is stopped: %s", ref.System, why))
	}
	type picture struct {
		body  []byte
		media string
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	got, err := read(ctx, e.chores, call{job: "picture/" + ref.String(), instance: ref.System, shape: "open picture"},
		func(ctx context.Context) (p picture, err error) {
			p.body, p.media, err = readPicture(ctx, opener, ref)
			return p, err
		})
	if err != nil {
		return nil, "", classed(err)
	}
	return got.body, got.media, nil
}

// readPicture reads a picture whole, unless it is too large or none.
func readPicture(ctx context.Context, opener connectors.Opener, ref flow.Ref) ([]byte, string, error) {
	body, meta, err := opener.Open(ctx, ref)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = body.Close() }() // what was read has been judged already
	if meta.Size > pictureMost {
		return nil, "", unseen(connectors.Rejected, fmt.Errorf("the picture has %d bytes, and up to %d are shown", meta.Size, pictureMost))
	}
	var all bytes.Buffer
	if _, err := all.ReadFrom(io.LimitReader(body, pictureMost+1)); err != nil {
		return nil, "", unseen(connectors.Transient, err)
	}
	if all.Len() > pictureMost {
		return nil, "", unseen(connectors.Rejected, fmt.Errorf("the picture has more than %d bytes", pictureMost))
	}
	kind, err := filetype.Check("", "", all.Bytes())
	if err != nil {
		return nil, "", unseen(connectors.Rejected, err)
	}
	if !kind.Certain || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind.Media) {
		return nil, "", unseen(connectors.Rejected, fmt.Errorf("it is %s and no picture that is shown", kind.Media))
	}
	return all.Bytes(), kind.Media, nil
}

// picture reads a picture that is kept; nil where none is.
func (e *Engine) picture(ctx context.Context, ref flow.Ref) (body []byte, media string, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		b, err := tx.Row(picturesTable, ref.String())
		if err != nil || b == nil {
			return err
		}
		head, rest, ok := bytes.Cut(b, []byte{0})
		if ok {
			media, body = string(head), bytes.Clone(rest)
		}
		return nil
	})
	if err != nil {
		return nil, "", unseen(connectors.Transient, err)
	}
	return body, media, nil
}

// keepPicture puts a picture into the store; the oldest make room for it.
func keepPicture(tx store.Tx, ref flow.Ref, media string, body []byte, now time.Time) error {
	if err := dropPictures(tx, time.Time{}, picturesMost-len(body)); err != nil {
		return err
	}
	if err := putRow(tx, framesTable, ref.String(), frame{Size: len(body), At: now}); err != nil {
		return err
	}
	return tx.PutRow(picturesTable, ref.String(), append(append([]byte(media), 0), body...))
}

// dropPictures forgets pictures from before an instant, and then the oldest until the others fit.
func dropPictures(tx store.Tx, before time.Time, fit int) error {
	type aged struct {
		key string
		frame
	}
	var all []aged
	var keys []string
	err := tx.Rows(framesTable, "", "", 0, func(key string, _ []byte) error { keys = append(keys, key); return nil })
	if err != nil {
		return err
	}
	sum := 0
	for _, key := range keys {
		one := aged{key: key}
		if _, err := row(tx, framesTable, key, &one.frame); err != nil {
			return err
		}
		sum += one.Size
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b aged) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	for _, one := range all {
		if sum <= fit && !one.At.Before(before) {
			return nil
		}
		sum -= one.Size
		if err := errors.Join(tx.DeleteRow(framesTable, one.key), tx.DeleteRow(picturesTable, one.key)); err != nil {
			return err
		}
	}
	return nil
}
