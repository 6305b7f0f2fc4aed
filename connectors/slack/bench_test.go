package slack

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkAccept reads a signed event of 4 KiB, which stands before every acknowledgement.
func BenchmarkAccept(b *testing.B) {
	r := newRig(b)
	block := `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"words and words"}]}]}`
	in := event(fmt.Sprintf(`{"type":"app_mention","user":"U1","text":"<@U0BOT00001> hi","channel":"C1","ts":"1.1","blocks":[%s]}`,
		strings.TrimSuffix(strings.Repeat(block+",", 34), ",")))
	b.SetBytes(int64(len(in.Body)))
	for b.Loop() {
		if acc, err := r.Accept(in); err != nil || acc.Key == "" {
			b.Fatal(acc, err)
		}
	}
}
