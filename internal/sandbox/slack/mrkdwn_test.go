package slack

import (
	"regexp"
	"testing"
	"time"
)

func TestMrkdwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	soon := "1772528400" // 2026-03-03 09:00 UTC, the day after the clock of the test
	for _, tc := range []struct{ in, want string }{
		{"plain & <b>", "plain &amp; b"},
		{"a &lt;script&gt; &amp; b", "a &lt;script&gt; &amp; b"},
		{"*bold* _italic_ ~gone~ `a*b*`", "<strong>bold</strong> <em>italic</em> <s>gone</s> <code>a*b*</code>"},
		{"2*3*4 and snake_case_name", "2*3*4 and snake_case_name"},
		{"*a _b_ c*", "<strong>a <em>b</em> c</strong>"},
		{"one\ntwo", "one<br>two"},
		{"&gt; quoted\nnot", "<blockquote>quoted</blockquote>not"},
		{"```x < y\n*no*```", "<pre>x &lt; y\n*no*</pre>"},
		{"<@" + ravi + ">", `<span class="mention">@Ravi Nair</span>`},
		{"<@" + maya + "> <!here>", `<span class="mention me">@Maya Lind</span> <span class="mention">@here</span>`},
		{"<!subteam^S0BRAND001>", `<span class="mention">@brand</span>`},
		{"<https://lumen.example/?a=1&amp;b=2|the *file*>", `<a href="https://lumen.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">the *file*</a>`},
		{"<javascript:alert(1)|click>", "click"},
		{`<https://x.example/" onclick="x|q>`, `<a href="https://x.example/&#34; onclick=&#34;x" target="_blank" rel="noopener noreferrer">q</a>`},
		{"<#" + legal + ">", `<span class="mention">#private channel</span>`},
		{":white_check_mark: done :unknown:", "✅ done :unknown:"},
		{"<!date^" + soon + "^{date_short_pretty} at {time}|fallback>", `<time datetime="2026-03-03T09:00:00Z" title="fallback">tomorrow at 09:00</time>`},
		{"<!date^soon^{date}|some day>", "some day"},
	} {
		w.mu.Lock()
		got := string(w.reader(maya).mrkdwn(tc.in))
		w.mu.Unlock()
		if got != tc.want {
			t.Errorf("mrkdwn(%q):\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

func TestDates_InTheReadersZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := time.Date(2026, 3, 20, 16, 30, 0, 0, time.UTC)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tc := range []struct{ user, format, want string }{
		{maya, "{date_short} {time}", "Mar 20, 2026 16:30"},
		{ravi, "{date_short} {time}", "Mar 20, 2026 12:30 PM"},
		{ravi, "{date_long}", "Friday, March 20th, 2026"},
		{maya, "{ago}", "18 days from now"},
	} {
		r := w.reader(tc.user)
		if got := r.date(at.In(r.zone), tc.format); got != tc.want {
			t.Errorf("%s for %s: got %q, want %q", tc.format, tc.user, got, tc.want)
		}
	}
}

var (
	anyTag = regexp.MustCompile(`<[^>]*>?`)
	ownTag = regexp.MustCompile(`^<(/?(strong|em|s|code|pre|blockquote|span|a|time)|br|span class="mention( me)?"|` +
		`(a class="mention" href="/|a href="(https?:|mailto:|tel:))[^"<>]*"( target="_blank" rel="noopener noreferrer")?|` +
		`time datetime="[^"<>]*" title="[^"<>]*")>$`)
)

func FuzzMrkdwn(f *testing.F) {
	for _, seed := range []string{"*a*", "<@U1|x>", "`<b>`", "```", "<!date^1^{date}^https://x|y>", "> q\n*", "_~*x*~_"} {
		f.Add(seed)
	}
	s := New(Options{Now: func() time.Time { return time.Unix(1772442000, 0) }})
	f.Fuzz(func(t *testing.T, in string) {
		s.mu.Lock()
		got := string(s.reader("U1").mrkdwn(in))
		s.mu.Unlock()
		for _, tag := range anyTag.FindAllString(got, -1) {
			if !ownTag.MatchString(tag) {
				t.Errorf("mrkdwn(%q) = %s: tag %s is not ours", in, got, tag)
			}
		}
	})
}
