package text

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                               "",
		"Café 👩‍🎨 x":                     "Café 👩‍🎨 x",
		"two\nlines\tand a tab":          "two\nlines\tand a tab",
		"red \x1b[31mhot\x00\x7f\r\n":    "red [31mhot\n",
		"Approve\u202egnp.exe\u2066x":    "Approvegnp.exex",
		"\u05e9\u05dc\u05d5\u05dd\u200f": "\u05e9\u05dc\u05d5\u05dd\u200f",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"": true, " \n\u00a0": true, "\u202e\u200b\ufeff": true, "a": false, "👍": false, "·": false} {
		if got := Blank(in); got != want {
			t.Errorf("Blank(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestDoc_Clean(t *testing.T) {
	t.Parallel()
	doc := Doc{P(T("a\u202eb"), A("c\x1b", "https://x.example/\u202e")), {Kind: Bullets, Kids: []Node{{Kind: Item, Kids: Doc{P(B("d\x00"))}}}}}
	want := Doc{P(T("ab"), A("c", "https://x.example/")), {Kind: Bullets, Kids: []Node{{Kind: Item, Kids: Doc{P(B("d"))}}}}}
	if diff := cmp.Diff(want, doc.Clean()); diff != "" {
		t.Errorf("Clean (-want +got):\n%s", diff)
	}
	if doc[0].Kids[0].Text != "a\u202eb" {
		t.Error("Clean changed the document it was given")
	}
}
