package text

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestE(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Node{
		"tada":                   {Kind: Emoji, Ref: "tada", Text: "🎉"},
		"thumbsup":               {Kind: Emoji, Ref: "+1", Text: "👍"},
		"thumbsup::skin-tone-3":  {Kind: Emoji, Ref: "+1::skin-tone-3", Text: "👍🏼"},
		"+1::skin-tone-6":        {Kind: Emoji, Ref: "+1::skin-tone-6", Text: "👍🏿"},
		"flag-de":                {Kind: Emoji, Ref: "de", Text: "🇩🇪"},
		"lumen-logo":             {Kind: Emoji, Ref: "lumen-logo", Text: ":lumen-logo:"},
		"tada\t":                 {Kind: Emoji, Ref: "tada\t", Text: ":tada\t:"},
		"":                       {Kind: Emoji, Text: "::"},
		"+1::skin-tone-9":        {Kind: Emoji, Ref: "+1::skin-tone-9", Text: ":+1::skin-tone-9:"},
		"zzz-after-all-of-them!": {Kind: Emoji, Ref: "zzz-after-all-of-them!", Text: ":zzz-after-all-of-them!:"},
	} {
		if diff := cmp.Diff(want, E(name)); diff != "" {
			t.Errorf("E(%q) (-want +got)\n%s", name, diff)
		}
	}
}

// TestEmojiTables: both tables are sorted, every name leads to a character that leads back to a name of the same character.
func TestEmojiTables(t *testing.T) {
	t.Parallel()
	for _, table := range []string{emojiNames, emojiChars} {
		lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
		keys := make([]string, len(lines))
		for i, line := range lines {
			keys[i], _, _ = strings.Cut(line, "\t")
		}
		if len(keys) < 3000 || !slices.IsSorted(keys) {
			t.Errorf("a table of %d lines, sorted %v", len(keys), slices.IsSorted(keys))
		}
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(emojiNames, "\n"), "\n") {
		name, char, _ := strings.Cut(line, "\t")
		usual, ok := EmojiName(char)
		if back := E(usual); !ok || back.Text != char || !cmp.Equal(E(name), back) {
			t.Errorf("%s is %s, which is called %q", name, char, usual)
		}
	}
}

func TestEmojiNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]Node{
		"":                       nil,
		"10:30:45 16:9":          {T("10:30:45 16:9")},
		"std::vector::x":         {T("std::vector::x")},
		":tada::tada:":           {E("tada"), E("tada")},
		"(:+1::skin-tone-2:)":    {T("("), E("+1::skin-tone-2"), T(")")},
		`\:tada: a:tada: :Tada:`: {T(`\:tada: a:tada: :Tada:`)},
		":100: :1: ::":           {E("100"), T(" :1: ::")},
	} {
		if diff := cmp.Diff(want, EmojiNames(in)); diff != "" {
			t.Errorf("EmojiNames(%q) (-want +got)\n%s", in, diff)
		}
	}
}
