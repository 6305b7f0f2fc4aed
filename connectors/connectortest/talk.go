package connectortest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// talker starts an outside that copies words and makes the thing they are about.
func talker(t *testing.T, h Harness) (*bench, Talker, []flow.Link) {
	t.Helper()
	b := start(t, h)
	w, ok := b.Outside.(Talker)
	if !ok {
		t.Skip("this connector copies no words")
	}
	_, made := b.made()
	return b, w, made
}

// copied carries out a copy of words.
func (b *bench) copied(e flow.Effect) []flow.Link {
	b.t.Helper()
	links, err := b.do(b.t.Context(), e)
	if err != nil {
		b.t.Fatalf("Do(%s): %v", e.ID, err)
	}
	if len(links) == 0 || links[0].Ref.Zero() {
		b.t.Fatalf("Do(%s) = %+v, want a link to the copy", e.ID, links)
	}
	return links
}

// reworded is a copy as the engine sends it when its words have changed.
func reworded(e flow.Effect, links []flow.Link, version int64, body text.Doc) flow.Effect {
	e = later(e, links, version, e.Show.View.Title)
	e.Show.View.Body = body
	return e
}

func talked(t *testing.T, h Harness) {
	b, w, made := talker(t, h)
	e := w.Talk(made, text.Plain("The hero is too dark."))
	links := b.copied(e)
	if again := b.copied(e); again[0].Ref != links[0].Ref {
		t.Errorf("Do again = %v, want the same copy as first: %v", again[0].Ref, links[0].Ref)
	}
	b.spoken(w, "The hero is too dark.")
	for range 2 {
		b.copied(reworded(e, links, e.Show.Version+2, text.Plain("The hero is too bright.")))
	}
	b.spoken(w, "The hero is too bright.")
	if _, ok := b.Outside.(Versionless); !ok {
		b.copied(reworded(e, links, e.Show.Version+1, text.Plain("An older view.")))
		b.spoken(w, "The hero is too bright.")
	}
}

// spoken checks that exactly these words stand outside.
func (b *bench) spoken(w Talker, want string) {
	b.t.Helper()
	got := w.Spoken()
	if len(got) != 1 || !strings.Contains(got[0], want) {
		b.t.Errorf("what stands there is %q, want %q once", got, want)
	}
}

func talkedLong(t *testing.T, h Harness) {
	b, w, made := talker(t, h)
	const paragraphs = 700
	var long text.Doc
	for i := range paragraphs {
		long = append(long, text.P(text.T(fmt.Sprintf("Word%04d: nothing of this may be lost on the way, however long it gets.", i))))
	}
	e := w.Talk(made, long)
	links := b.copied(e)
	b.copied(e)
	all := strings.Join(w.Spoken(), "\n")
	for _, i := range []int{0, 1, paragraphs / 3, paragraphs / 2, paragraphs - 1} {
		if n := strings.Count(all, fmt.Sprintf("Word%04d:", i)); n != 1 {
			t.Errorf("paragraph %d stands there %d times, want once", i, n)
		}
	}
	if n := strings.Count(all, "nothing of this may be lost"); n != paragraphs {
		t.Errorf("%d paragraphs arrive, want %d", n, paragraphs)
	}
	b.copied(reworded(e, links, e.Show.Version+1, text.Plain("Short now.")))
	if all = strings.Join(w.Spoken(), "\n"); !strings.Contains(all, "Short now.") || strings.Contains(all, "Word") {
		t.Errorf("after an edit there stands %.200q, want the short words alone", all)
	}
}

func talkLost(t *testing.T, h Harness) {
	b, w, made := talker(t, h)
	e := w.Talk(made, text.Plain("The hero is too dark."))
	tried := b.lose(e, Fault{Does: true})
	links, found := b.look(e, tried)
	if !found || len(links) == 0 || links[0].Ref.Zero() {
		t.Fatalf("Find = %+v, %v, want what the lost call said", links, found)
	}
	b.copied(reworded(e, links, e.Show.Version+1, text.Plain("The hero is too bright.")))
	b.spoken(w, "The hero is too bright.")
}

// heard takes the webhooks of something said, changed and taken back, each twice: the same facts come out.
func heard(t *testing.T, h Harness) {
	b := start(t, h)
	o, ok := b.Outside.(Listener)
	r, receives := b.Connector().(connectors.Receiver)
	if !ok || !receives {
		t.Skip("this connector hears nothing")
	}
	_, made := b.made()
	added, edited, removed := o.Hear(made)
	var said flow.Ref
	for _, step := range []struct {
		kind flow.Kind
		in   []connectors.Inbound
	}{{flow.CommentAdded, added}, {flow.CommentEdited, edited}, {flow.CommentRemoved, removed}} {
		n := 0
		for _, in := range step.in {
			first, second := b.read(r, in), b.read(r, in)
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("%s: read again it says something else:\n%s", step.kind, diff)
			}
			for _, ev := range first {
				if said.Zero() {
					said = ev.Said
				}
				n++
				switch {
				case ev.Kind != step.kind || ev.Said.Zero() || ev.Said != said:
					t.Errorf("heard %s of %v, want %s of %v", ev.Kind, ev.Said, step.kind, said)
				case ev.Echo || ev.Subject.Zero() || ev.Sent.IsZero(), ev.Actor.ID() == "" && ev.Kind != flow.CommentRemoved: // services need not say who took it back
					t.Errorf("%s lacks who, where or when: %+v", ev.Kind, ev)
				case ev.Body.Empty() != (step.kind == flow.CommentRemoved):
					t.Errorf("%s has the words %q", ev.Kind, ev.Body)
				}
			}
		}
		if n == 0 {
			t.Errorf("%s is not heard in %d webhooks", step.kind, len(step.in))
		}
	}
}

// read takes one webhook the way the engine does. What is of no use gives nothing.
func (b *bench) read(r connectors.Receiver, in connectors.Inbound) []flow.Event {
	b.t.Helper()
	acc, err := r.Accept(in)
	if err != nil {
		b.t.Fatalf("Accept: %v", err)
	}
	if acc.Ignored != "" || acc.Malformed != "" || acc.Answer != nil {
		return nil
	}
	d := flow.Delivery{ID: "x/" + acc.ID, Instance: "x", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: in.Body, Key: acc.Key}
	if e, ok := r.(connectors.Enricher); ok && acc.Enrich {
		if d.Learned, err = e.Enrich(b.t.Context(), d); err != nil {
			b.t.Fatalf("Enrich: %v", err)
		}
	}
	events, err := r.Parse(d)
	if err != nil {
		b.t.Fatalf("Parse: %v", err)
	}
	return events
}
