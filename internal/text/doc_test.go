package text

import (
	"testing"
	"time"
)

func TestPlain_KeepsLinesAndParagraphs(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"one line":   "Need a banner",
		"two lines":  "Need a banner\nby Friday",
		"paragraphs": "Need a banner\n\nThanks *a lot* <b>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Plain(in).String(); got != in {
				t.Errorf("Plain(%q).String() = %q, want the same", in, got)
			}
		})
	}
}

func TestString_Lists(t *testing.T) {
	t.Parallel()
	doc := Doc{
		P(T("Points for "), Who("lin", "Lin"), T(":")),
		{Kind: Numbers, Kids: []Node{
			{Kind: Item, Kids: []Node{P(T("Logo too small"))}},
			{Kind: Item, Kids: []Node{P(A("see the file", "https://figma.example/x"))}},
		}},
	}
	want := "Points for Lin:\n\n1. Logo too small\n2. see the file (https://figma.example/x)"
	if got := doc.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	if !Plain(" \n\n ").Empty() || Plain("x").Empty() {
		t.Error("Empty() is wrong for blank or written documents")
	}
}

func TestString_Leaves(t *testing.T) {
	t.Parallel()
	doc := Doc{P(E("tada"), T(" "), E("lumen-logo"), T(" "), Node{Kind: Channel, Ref: "C1", Text: "#launch"}, T(" "), Node{Kind: Date, At: time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)})}
	if got, want := doc.String(), "🎉 :lumen-logo: #launch 20 Nov 2026 16:30 UTC"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
