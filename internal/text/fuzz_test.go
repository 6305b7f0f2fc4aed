package text

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzMarkdown: reading never fails, gives the normal form, and what is printed of it is read back.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"# a\n\n- *b* **c**\n  1. `d`\n> e", "[a](<b c> \"t\") ![i](j) <https://x.example> www.x.example", "~~a~~ :tada: &amp; \\*", "<b>\n\n```go\nx\n```", "\x00\xff\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc := Markdown(s)
		if diff := cmp.Diff(doc, doc.Normal()); diff != "" {
			t.Errorf("Markdown(%q) is not normal (-got +normal)\n%s", s, diff)
		}
		printed := doc.Markdown()
		if diff := cmp.Diff(doc, Markdown(printed)); diff != "" {
			t.Errorf("Markdown(%q) printed as %q (-want +got)\n%s", s, printed, diff)
		}
	})
}
