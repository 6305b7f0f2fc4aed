package connectortest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"signoff/internal/flow"
)

// painting gives a picture, as connectors.Deps.Picture does.
type painting func(ctx context.Context, ref flow.Ref) (body []byte, mediaType string, err error)

// picture is what the connector is given to read pictures by.
func (b *bench) picture(ctx context.Context, ref flow.Ref) ([]byte, string, error) {
	b.opened.Add(1)
	return (*b.paints.Load())(ctx, ref)
}

func (b *bench) paint(p painting) { b.paints.Store(&p) }

// onePNG is a picture by its first bytes, which is what anybody looks at here.
func onePNG(of string) []byte { return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR picture of " + of) }

func painted(_ context.Context, ref flow.Ref) ([]byte, string, error) {
	return onePNG(ref.Key), "image/png", nil
}

// painter starts an outside that shows pictures.
func painter(t *testing.T, h Harness) (*bench, Painter) {
	t.Helper()
	b := start(t, h)
	p, ok := b.Outside.(Painter)
	if !ok {
		t.Skip("this connector shows no pictures")
	}
	return b, p
}

// withPicture is Create with a picture of a version of the work.
func (b *bench) withPicture(version string) flow.Effect {
	e := b.Create()
	show := *e.Show
	show.View.Picture = &flow.Picture{Ref: flow.Ref{System: "studio", Type: "thumb", Key: version}, Alt: "Picture of " + version}
	e.Show = &show
	return e
}

// shows checks which picture stands outside: that of a version, or none.
func (b *bench) shows(p Painter, version string) {
	b.t.Helper()
	got := p.Pictures()
	switch {
	case version == "" && len(got) > 0:
		b.t.Errorf("%d pictures are shown, want none", len(got))
	case version != "" && (len(got) != 1 || string(got["Picture of "+version]) != string(onePNG(version))):
		b.t.Errorf("%d pictures are shown, want that of %s with its description: %.200q", len(got), version, got)
	}
}

func pictured(t *testing.T, h Harness) {
	b, p := painter(t, h)
	b.paint(painted)
	e := b.withPicture("v3")
	var links []flow.Link
	for range 2 {
		var err error
		if links, err = b.do(t.Context(), e); err != nil {
			t.Fatalf("Do(%s): %v", e.ID, err)
		}
	}
	b.shows(p, "v3")
	if _, lasting := b.Outside.(Lasting); lasting {
		return
	}
	for i, step := range []struct {
		version string
		put     int
	}{{"v3", 1}, {"v4", 2}, {"v4", 2}} {
		if _, err := b.do(t.Context(), later(b.withPicture(step.version), links, int64(i+2), "A later title")); err != nil {
			t.Fatalf("Do of a change: %v", err)
		}
		b.shows(p, step.version)
		if n := b.opened.Load(); int(n) != step.put {
			t.Errorf("pictures were read %d times by change %d, want %d: once for each version", n, i+1, step.put)
		}
	}
	b.things(1)
}

// pictureless: whatever becomes of a picture, the thing is made, and shows it once it can be had.
func pictureless(t *testing.T, h Harness) {
	give := func(body string) painting {
		return func(context.Context, flow.Ref) ([]byte, string, error) { return []byte(body), "image/png", nil }
	}
	for name, p := range map[string]painting{
		"cannot be read": func(context.Context, flow.Ref) ([]byte, string, error) {
			return nil, "", errors.New("the source is away")
		},
		"is a page":    give("<!DOCTYPE html><title>Sign in</title>"),
		"is drawn":     give(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"is too large": give(string(onePNG("v3")) + strings.Repeat("x", 2<<20)),
		"is empty":     give(""),
	} {
		t.Run(name, func(t *testing.T) {
			b, out := painter(t, h)
			b.paint(p)
			e := b.withPicture("v3")
			links, err := b.do(t.Context(), e)
			if err != nil {
				t.Fatalf("Do with a picture that %s: %v, want the thing without it", name, err)
			}
			b.things(1)
			b.shows(out, "")
			if _, lasting := b.Outside.(Lasting); lasting {
				return
			}
			b.paint(painted)
			if _, err := b.do(t.Context(), later(b.withPicture("v3"), links, 2, "A later title")); err != nil {
				t.Fatalf("Do of a change: %v", err)
			}
			b.shows(out, "v3")
		})
	}
}
