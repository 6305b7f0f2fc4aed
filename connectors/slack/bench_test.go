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

// BenchmarkWords takes words of a channel that belong to no request, which is nearly everything Slack sends.
func BenchmarkWords(b *testing.B) {
	r := newRig(b, `watch: ["#design-requests"]`)
	r.channels.put("C0LAUNCH01", "#launch", testNow())
	for name, in := range map[string]struct {
		inner   string
		ignored bool
	}{
		"channel": {`{"type":"message","channel":"C0LAUNCH01","channel_type":"channel","user":"U1","text":"lunch?","ts":"1.1"}`, true},
		"thread":  {inThread("1760000005.000200", `,"user":"U1","text":"yes, at noon"`), false},
	} {
		b.Run(name, func(b *testing.B) {
			body := event(in.inner)
			for b.Loop() {
				if acc, err := r.Accept(body); err != nil || acc.About.Zero() || (acc.Ignored != "") != in.ignored {
					b.Fatal(acc, err)
				}
			}
		})
	}
}
