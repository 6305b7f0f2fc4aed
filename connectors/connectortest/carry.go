package connectortest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
)

// carrier starts an outside that takes files and makes the thing they are for.
func carrier(t *testing.T, h Harness) (*bench, Carrier, []flow.Link) {
	t.Helper()
	b := start(t, h)
	w, ok := b.Outside.(Carrier)
	if !ok {
		t.Skip("this connector takes no files")
	}
	_, made := b.made()
	return b, w, made
}

// attach hands a file over and checks that an error is one that may cross the boundary.
func (b *bench) attach(e flow.Effect, size int64, body io.Reader) ([]flow.Link, error) {
	b.t.Helper()
	a, ok := b.Connector().(connectors.Attacher)
	if !ok {
		b.t.Fatal("the connector takes no files (connectors.Attacher)")
	}
	links, err := a.Attach(b.t.Context(), e, connectors.FileMeta{Name: e.Copy.File.Name, Type: "application/pdf", Size: size}, body)
	b.note(err)
	return links, err
}

// content is a file that is surely not all alike.
func content(size int) []byte {
	out := slices.Grow([]byte("%PDF-1.7\n"), size)
	for i := 0; len(out) < size; i++ {
		out = append(out, byte(i*i>>3))
	}
	return out[:size]
}

const someSize = 200_000

func carried(t *testing.T, h Harness) {
	b, w, made := carrier(t, h)
	want := content(someSize)
	e := w.Carry(made, "brief.pdf", someSize)
	first, err := b.attach(e, someSize, bytes.NewReader(want))
	if err != nil || len(first) == 0 || first[0].Ref.Zero() {
		t.Fatalf("Attach = %+v, %v, want a link to the file", first, err)
	}
	again, err := b.attach(e, someSize, bytes.NewReader(want))
	if err != nil || len(again) == 0 || again[0].Ref != first[0].Ref {
		t.Errorf("Attach again = %+v, %v, want the same file: %v", again, err, first[0].Ref)
	}
	b.holds(w, want)
	if links, found := b.look(e, b.clock.Now()); !found || links[0].Ref != first[0].Ref {
		t.Errorf("Find = %+v, %v, want the file", links, found)
	}
}

// holds checks that exactly one file is there, byte by byte; none when want is nil.
func (b *bench) holds(w Carrier, want []byte) {
	b.t.Helper()
	got := w.Carried()
	if want == nil {
		if len(got) != 0 {
			b.t.Errorf("%d files are there, want none", len(got))
		}
		return
	}
	if len(got) != 1 || !bytes.Equal(got["brief.pdf"], want) {
		b.t.Errorf("%d files are there, brief.pdf with %d bytes, want one with these %d", len(got), len(got["brief.pdf"]), len(want))
	}
}

func carryLost(t *testing.T, h Harness) {
	b, w, made := carrier(t, h)
	want := content(someSize)
	e := w.Carry(made, "brief.pdf", someSize)
	if !b.Arm(Fault{Does: true}) {
		t.Skip("nothing can be lost on the way to this outside")
	}
	tried := b.clock.Now()
	if _, err := b.attach(e, someSize, bytes.NewReader(want)); connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Attach with a lost answer = %v, want class %q", err, connectors.Unsure)
	}
	if links, found := b.look(e, tried); !found || len(links) == 0 || links[0].Ref.Zero() {
		t.Errorf("Find = %+v, %v, want the file", links, found)
	}
	b.holds(w, want)
}

var errBroke = errors.New("the source broke off")

func carryRefused(t *testing.T, h Harness) {
	b, w, made := carrier(t, h)
	e := w.Carry(made, "brief.pdf", someSize)
	for name, body := range map[string]io.Reader{
		"breaks off":  io.MultiReader(bytes.NewReader(content(someSize/2)), &brokenReader{errBroke}),
		"ends early":  bytes.NewReader(content(someSize / 2)),
		"has no byte": &brokenReader{errBroke},
	} {
		if _, err := b.attach(e, someSize, body); err == nil {
			t.Errorf("a source that %s is taken", name)
		}
		b.holds(w, nil)
	}
	if most := w.MostBytes(); most > 0 {
		large := w.Carry(made, "large.pdf", most+1)
		_, err := b.attach(large, most+1, bytes.NewReader(nil))
		ce, ok := errors.AsType[*connectors.Error](err)
		if !ok || ce.Class != connectors.Rejected || ce.Person == "" {
			t.Errorf("a file of %d bytes where %d are taken = %v, want it rejected with a sentence", most+1, most, err)
		}
		b.holds(w, nil)
	}
	want := content(someSize)
	if _, err := b.attach(e, someSize, bytes.NewReader(want)); err != nil {
		t.Errorf("the whole file after those = %v, want it taken", err)
	}
	b.holds(w, want)
}

type brokenReader struct{ err error }

// Read implements io.Reader.
func (r *brokenReader) Read([]byte) (int, error) { return 0, r.err }
