package slack

import (
	"net/http"
	"strings"
	"testing"

	"signoff/internal/flow"
)

// notIn lets nobody write into the channel; direct messages work as usual.
func (r *rig) notIn(method, code string) {
	usual := r.api.usual(method)
	r.api.on(method, func(w http.ResponseWriter, c apiCall) {
		if strings.HasPrefix(c.Args["channel"], "D") {
			usual(w, c)
			return
		}
		refuse(code)(w, c)
	})
}

func awayCard() flow.Effect {
	e := show(card())
	e.Show.To = flow.Actor{Name: "ana", Shown: "Ana Reyes"}
	return e
}

// TestDo_CardOfAChannelWithoutAccess: it goes to whoever asked, says how to let signoff in, and is kept up to date there.
func TestDo_CardOfAChannelWithoutAccess(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"channel_not_found", "not_in_channel", "is_archived"} {
		r := newRig(t)
		r.notIn("chat.postMessage", code)
		links, err := r.Do(t.Context(), awayCard())
		if err != nil || len(links) != 2 || !strings.HasPrefix(links[0].Ref.Key, "T0SIGNOFF1/D0ANA00001/") || links[0].URL != "" || links[1].Purpose != "card/thread" {
			t.Fatalf("%s: Do = %+v, %v; want a direct message", code, links, err)
		}
		if _, err := r.Do(t.Context(), later(awayCard(), 8, "Title 8")); err != nil {
			t.Fatal(err)
		}
		posts := r.api.of("chat.postMessage")
		for _, args := range []map[string]string{posts[len(posts)-1].Args, r.api.only("chat.update").Args} {
			if args["channel"] != "D0ANA00001" || !strings.Contains(args["blocks"], "/invite @signoff") || !strings.Contains(args["blocks"], "#C0LAUNCH01") {
				t.Errorf("%s: %v does not say where and how to invite signoff", code, args)
			}
		}
		if len(posts) != 2 {
			t.Errorf("%s: %d posts, want one try at the channel and one direct message", code, len(posts))
		}
	}
}

func TestDo_WithoutAccessAndPersonIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.notIn("chat.postMessage", "channel_not_found")
	if _, err := r.Do(t.Context(), show(card())); !strings.Contains(asError(t, err).Person, "/invite @signoff") {
		t.Errorf("Do = %v, want to be told to invite signoff", err)
	}
}

func TestFind_LooksWhereItWentWithoutAccess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", refuse("channel_not_found"))
	r.api.on("conversations.history", say(`{"ok":true,"messages":[{"ts":"1760000100.000002","metadata":{"event_type":"signoff_card","event_payload":{"mark":"CR-142/card","store":"store-1"}}}]}`))
	links, found, err := r.Find(t.Context(), awayCard(), testNow())
	if err != nil || !found || links[0].Ref.Key != "T0SIGNOFF1/D0ANA00001/1760000100.000002" {
		t.Errorf("Find = %+v, %v, %v; want the direct message", links, found, err)
	}
}

// TestTell_ThreadWithoutAccess: what is said in a thread goes to the people it is for, each once.
func TestTell_ThreadWithoutAccess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.notIn("chat.postMessage", "not_in_channel")
	e := tell(ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"), "ana", "ben")
	for range 2 {
		if _, err := r.Do(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	var direct []string
	for _, c := range r.api.of("chat.postMessage") {
		if strings.HasPrefix(c.Args["channel"], "D") {
			direct = append(direct, c.Args["channel"])
		}
	}
	if strings.Join(direct, " ") != "D0ANA D0BEN" {
		t.Errorf("told %v, want Ana and Ben once each", direct)
	}
	r.api.on("conversations.replies", refuse("not_in_channel"))
	if links, found, err := r.Find(t.Context(), e, testNow()); err != nil || !found || len(links) != 2 {
		t.Errorf("Find = %+v, %v, %v; want both direct messages", links, found, err)
	}
}
