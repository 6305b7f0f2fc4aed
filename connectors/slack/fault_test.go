package slack

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// TestFaults_EveryCallHasItsClass: what each fault of Slack means for each way of calling it (F30 to F33, F36). A call
// that may be repeated is never in doubt; one that posts is, unless Slack said no.
func TestFaults_EveryCallHasItsClass(t *testing.T) {
	t.Parallel()
	person := ref("user", "T0SIGNOFF1/U0MAYA0001")
	calls := map[string]struct {
		method string
		posts  bool
		call   func(*rig) error
	}{
		"comment": {"chat.postMessage", true, func(r *rig) error { _, err := r.Do(context.Background(), commentEffect(3, longBody(1))); return err }},
		"change a comment": {"chat.update", false, func(r *rig) error {
			e := commentEffect(4, longBody(1))
			e.Show.Link = &flow.Link{Ref: ref("message", threadKey), Version: 3}
			_, err := r.Do(context.Background(), e)
			return err
		}},
		"unfurl": {"chat.unfurl", false, func(r *rig) error { _, err := r.Do(context.Background(), unfurlEffect()); return err }},
		"home":   {"views.publish", false, func(r *rig) error { return r.Home(context.Background(), person, homeOf(1)) }},
		"thread": {"conversations.replies", false, func(r *rig) error {
			_, err := r.Said(context.Background(), ref("thread", threadKey), time.Time{})
			return err
		}},
		"file": {"files.info", false, func(r *rig) error {
			_, _, err := r.Open(context.Background(), ref("file", "T0SIGNOFF1/F1"))
			return err
		}},
		"begin a file": {"files.getUploadURLExternal", false, func(r *rig) error {
			_, err := r.Attach(context.Background(), copyEffect(), connectors.FileMeta{Name: "a.png", Size: 9}, strings.NewReader("png-bytes"))
			return err
		}},
		"emoji": {"conversations.history", false, func(r *rig) error {
			in := event(reaction("art", "1760000000.000100"))
			_, err := r.Enrich(context.Background(), delivery(in, r.accept(in)))
			return err
		}},
	}
	for name, c := range calls {
		doubt := connectors.Transient
		if c.posts {
			doubt = connectors.Unsure
		}
		for fault, tc := range map[string]struct {
			answer func(http.ResponseWriter, apiCall)
			class  connectors.Class
			wait   time.Duration
		}{
			"429 after 600 s":    {status(429, "Retry-After", "600"), connectors.Limited, 600 * time.Second},
			"429 without a time": {status(429), connectors.Limited, time.Second},
			"ratelimited":        {refuse("ratelimited"), connectors.Limited, time.Second},
			"500":                {status(500), doubt, 0},
			"502":                {status(502), doubt, 0},
			"503":                {status(503), doubt, 0},
			"hung up":            {hangUp, doubt, 0},
			"login page":         {func(w http.ResponseWriter, _ apiCall) { _, _ = w.Write([]byte("<html>Sign in</html>")) }, doubt, 0},
			"empty":              {func(http.ResponseWriter, apiCall) {}, doubt, 0},
			"half of the JSON":   {say(`{"ok":tr`), doubt, 0},
			"fatal_error":        {refuse("fatal_error"), doubt, 0},
			"internal_error":     {refuse("internal_error"), doubt, 0},
			"request_timeout":    {refuse("request_timeout"), connectors.Transient, 0},
			"token_revoked":      {refuse("token_revoked"), connectors.Denied, 0},
			"account_inactive":   {refuse("account_inactive"), connectors.Denied, 0},
			"invalid_auth":       {refuse("invalid_auth"), connectors.Denied, 0},
			"401":                {status(401), connectors.Denied, 0},
		} {
			r := newRig(t, `emoji: ":art:"`)
			r.api.on(c.method, tc.answer)
			e := asError(t, c.call(r))
			if e.Class != tc.class || e.Wait < tc.wait {
				t.Errorf("%s, %s: class %s, wait %v (%v), want %s and at least %v", name, fault, e.Class, e.Wait, e, tc.class, tc.wait)
			}
			if tc.class == connectors.Limited && (e.Scope != connectors.ScopeMethod || e.Op != c.method) {
				t.Errorf("%s, %s: scope %s of %s, want only the method %s to wait", name, fault, e.Scope, e.Op, c.method)
			}
		}
	}
}

// TestFaults_RetriesWhileTheFirstIsRunning: Slack sends an event again when it does not hear from us in three seconds;
// the number of the try changes nothing (F45).
func TestFaults_RetriesWhileTheFirstIsRunning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.accept(direct("A banner by Friday"))
	for n := range 3 {
		again := direct("A banner by Friday")
		again.Header.Set("X-Slack-Retry-Num", fmt.Sprint(n+1))
		again.Header.Set("X-Slack-Retry-Reason", "http_timeout")
		if acc := r.accept(again); acc.ID != first.ID || acc.Key != first.Key {
			t.Errorf("try %d: %+v, want the delivery %+v again", n+1, acc, first)
		}
	}
	q := &fakeQuery{}
	in := direct("help")
	acc := r.accept(in)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if reply := r.Respond(context.Background(), in, acc, q); reply.Beside != nil {
				reply.Beside(context.Background())
			}
		})
	}
	group.Wait()
	if n := len(r.api.of("chat.postMessage")); n != 1 {
		t.Errorf("a question that came four times is answered %d times, want once", n)
	}
}

// TestResponseAddress_OnlySlacks: a press whose response address is anybody else's replaces nothing and calls nobody
// (T72).
func TestResponseAddress_OnlySlacks(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://hooks.slack.com.evil.example/x", "https://evil.example/hooks.slack.com", "http://hooks.slack.com/x", "https://hooks.slack.com@evil.example/x",
		"https://hooks.slack.com:8443/x", "file:///etc/passwd", "//hooks.slack.com/x", "https://files.slack.com/x", "",
	} {
		r := newRig(t)
		values, err := form(r.pressDraft("dismiss_draft").Body)
		if err != nil {
			t.Fatal(err)
		}
		r.respond(interactive(strings.Replace(values.Get("payload"), r.api.replyAddress(), address, 1)), draftRequest())
		if n := len(r.api.calls); n != 0 {
			t.Errorf("%q: %d calls: %+v", address, n, r.api.calls)
		}
	}
}

// TestHostile_NewSurfacesMentionNobody: what people write stays text in comments, drafts, unfolded links, pages and
// answers (T74).
func TestHostile_NewSurfacesMentionNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i, s := range hostile() {
		s = clip(s, 1000) // escaped it is more than a section holds, and a comment more than a message
		v := hostileView(flow.DraftView, s)
		var read []string
		for _, kind := range []flow.ViewKind{flow.DraftView, flow.UnfurlView, flow.RefusalView} {
			v.Kind = kind
			read = append(read, lintMessage(t, fmt.Sprintf("%s of text %d", kind, i), r.render(show(v)))...)
		}
		for _, part := range r.commentParts(show(hostileView(flow.CommentView, s))) {
			read = append(read, lintMessage(t, fmt.Sprintf("comment of text %d", i), part)...)
		}
		v.Kind = flow.AskView
		page := map[string]any{"type": "home", "blocks": r.homeBlocks(flow.Home{Notes: []string{s}, Sections: []flow.HomeSection{{Name: "waiting", Title: s, Empty: s, Items: []flow.View{v}, Page: 1, Pages: 1}}})}
		read = append(read, lintSurface(t, fmt.Sprintf("page of text %d", i), asJSON(t, page).(map[string]any))...)
		for _, ping := range []string{"<!channel", "<!here", "<!everyone", "<@", "<#", "<!subteam", "<https://evil.example|Figma"} {
			if all := strings.Join(read, "\n"); strings.Contains(all, ping) {
				t.Errorf("text %d %.40q: %s is in what is shown", i, s, ping)
			}
		}
	}
}

func TestCheck_WatchedChannels(t *testing.T) {
	t.Parallel()
	r := newRig(t, `watch: ["#launch", "#design", C0GONE0001]`)
	r.api.on("conversations.list",
		say(`{"ok":true,"channels":[{"id":"C0LAUNCH01","name":"launch","is_member":true}],"response_metadata":{"next_cursor":"c2"}}`),
		say(`{"ok":true,"channels":[{"id":"C0DESIGN01","name":"design","is_member":false}]}`))
	levels := map[string]string{}
	for _, f := range r.checkWatch(t.Context(), testTeam) {
		levels[f.What] = f.Level
		if (f.Level == "ok") != (f.Remedy == "") {
			t.Errorf("finding %+v", f)
		}
	}
	if want := map[string]string{"channel #launch": "ok", "channel #design": "warning", "channel C0GONE0001": "warning"}; fmt.Sprint(levels) != fmt.Sprint(want) {
		t.Errorf("findings %v, want %v", levels, want)
	}
	r.api.on("conversations.list", refuse("missing_scope"))
	if f := r.checkWatch(t.Context(), testTeam); len(f) != 1 || f[0].Level != "warning" || f[0].Remedy == "" {
		t.Errorf("without the scope: %+v", f)
	}
	if f := newRig(t).checkWatch(t.Context(), testTeam); len(f) != 0 {
		t.Errorf("nothing watched: %+v", f)
	}
}
