package text

import (
	"strings"
	"testing"
	"time"
)

// TestMarkdown_Hostile: a long text that is made to hurt neither fails nor takes long.
func TestMarkdown_Hostile(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{
		"a", "*a ", "**a", "_*~~", "> ", ">", "- ", "1. ", "[", "![", "[a](", "<", "`", "``` ", "&", "&#", "\\", "a@", "www.", "https://", "http://a.b/", "\n> ", "\n- ", "\n\n- a\n  ",
		"~~", ":a", "👩‍", "[a]: b\n", "<!--", "<a ", "#", "\t", "a\n===\n", "  ",
	} {
		for _, long := range []int{longestMarkup / 4, 1 << 17} {
			start := time.Now()
			if Markdown(strings.Repeat(piece, long/len(piece))).Empty() && strings.TrimSpace(piece) != "" && !strings.ContainsAny(piece, ">-#1=`:~") {
				t.Errorf("%q repeated is nothing", piece)
			}
			if took := time.Since(start); took > 30*time.Second { // alone a tenth of a second at most, on a busy machine with -race much more
				t.Errorf("%d bytes of %q take %v", long, piece, took)
			}
		}
	}
}
