package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// studioOf is a service that keeps designs and pages: designs.example/KEY and pages.example/ID.
type studioOf struct {
	*outside
	mu     sync.Mutex
	looks  []looked
	reads  []time.Time
	newest flow.Version
	said   []flow.Event
	err    error
	every  time.Duration
	seq    string
}

type looked struct {
	at, since time.Time
	ref       flow.Ref
}

func design(key string) flow.Ref { return flow.Ref{System: "figma", Type: "file", Key: key} }

// Recognize implements connectors.Source.
func (s *studioOf) Recognize(address string) (flow.Asset, bool) {
	key, ok := strings.CutPrefix(address, "https://designs.example/")
	if key == "panic" {
		panic("boom")
	}
	key, node, _ := strings.Cut(key, "?node=")
	a := flow.Asset{Ref: design(key), URL: "https://designs.example/" + key}
	if node != "" {
		a.Nodes = []string{node}
	}
	return a, ok
}

// Look implements connectors.Source.
func (s *studioOf) Look(_ context.Context, a flow.Asset, since time.Time) ([]flow.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = append(s.looks, looked{time.Now(), since, a.Ref})
	if s.err != nil {
		return nil, s.err
	}
	return append([]flow.Event{{
		Kind: flow.AssetChanged, Subject: a.Ref, Actor: flow.Actor{Ref: flow.Ref{System: "figma", Type: "user", Key: "F1"}, Shown: "Lin"},
		Versions: []flow.Version{s.newest}, Assets: []flow.Asset{{Ref: a.Ref, Label: "Hero"}},
	}}, s.said...), nil
}

// LookEvery implements connectors.Source.
func (s *studioOf) LookEvery() time.Duration { return s.every }

// Brief implements connectors.Briefer.
func (s *studioOf) Brief(address string) (flow.Ref, bool) {
	id, ok := strings.CutPrefix(address, "https://pages.example/")
	return flow.Ref{System: "figma", Type: "page", Key: id}, ok
}

// ReadBrief implements connectors.Briefer.
func (s *studioOf) ReadBrief(_ context.Context, page flow.Ref) (flow.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, time.Now())
	return flow.Event{
		Kind: flow.BriefRead, Subject: page, Fields: map[string][]string{"title": {"Spring campaign"}}, Seq: s.seq,
		Links: []flow.Link{{Ref: page, Purpose: "brief", URL: "https://pages.example/" + page.Key}}, Body: text.Plain("All of it."),
	}, s.err
}

func (s *studioOf) looked() []looked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]looked(nil), s.looks...)
}

func (s *studioOf) change(f func(*studioOf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func version(id string) flow.Version {
	return flow.Version{ID: id, Name: id, At: time.Date(2026, 11, 25, 12, 0, len(id), 0, time.UTC), Seq: id}
}

// withDesigns runs a test in a world whose work is kept elsewhere.
func withDesigns(t *testing.T, test func(*world, *studioOf)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := &studioOf{outside: newOutside("figma", time.Now), newest: version("v3"), seq: "1"}
		w.conns["figma"] = s
		w.start()
		defer func() { w.stop() }()
		synctest.Wait()
		test(w, s)
	})
}

// links is a request whose words link to something.
func links(id, words string) body {
	b := ask(id, "Banner "+id)
	b.Event.Body = text.Plain(words)
	return b
}

func TestAssets_AreRecognizedWhereverTheyAreShown(t *testing.T) {
	t.Parallel()
	for what, b := range map[string]func() body{
		"as words":    func() body { return links("1", "Please see https://designs.example/KEY, thanks.") },
		"in brackets": func() body { return links("1", "The hero (https://designs.example/KEY)") },
		"as a link": func() body {
			b := links("1", "")
			b.Event.Body = text.Doc{text.P(text.Node{Kind: text.Link, Href: "https://designs.example/KEY", Kids: []text.Node{text.T("here")}})}
			return b
		},
		"in a field": func() body {
			b := links("1", "")
			b.Event.Fields["asset_link"] = []string{"https://designs.example/KEY"}
			return b
		},
		"beside a file": func() body {
			b := links("1", "")
			b.Event.Files = []flow.File{{Name: "Hero", URL: "https://designs.example/KEY", External: true}}
			return b
		},
		"beside what makes the source fall over": func() body { return links("1", "https://designs.example/panic https://designs.example/KEY") },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withDesigns(t, func(w *world, s *studioOf) {
				w.hook(b())
				w.settle()
				r := w.request("CR-1")
				if len(r.Assets) != 1 || r.Assets[0].Ref != design("KEY") || r.Assets[0].Current().ID != "v3" {
					t.Errorf("assets %+v, want the design at v3", r.Assets)
				}
				if n := len(s.looked()); n != 1 {
					t.Errorf("looked %d times, want once", n)
				}
				if r, ok, err := w.engine.Query().Touching(context.Background(), design("KEY")); err != nil || !ok || r.ID != "CR-1" {
					t.Errorf("the design touches %q, %v, %v; want CR-1", r.ID, ok, err)
				}
			})
		})
	}
	t.Run("on our own doors", func(t *testing.T) {
		t.Parallel()
		withDesigns(t, func(w *world, _ *studioOf) {
			_, _, err := w.engine.Submit(context.Background(), engine.Intake{Source: "web", Text: "https://designs.example/KEY", Requester: flow.Actor{Name: "ben"}})
			must(t, err)
			w.settle()
			if r := w.request("CR-1"); len(r.Assets) != 1 || r.Assets[0].Current().ID != "v3" {
				t.Errorf("assets %+v, want the design at v3", r.Assets)
			}
		})
	})
}

// TestAssets_InWhatReviewersAskFor: the work they point at is followed; what an approval mentions is not.
func TestAssets_InWhatReviewersAskFor(t *testing.T) {
	t.Parallel()
	words := "- Larger logo\n- As in https://designs.example/KEY"
	for what, tc := range map[string]struct {
		kind    flow.Kind
		verdict flow.Verdict
		who     string
		want    int
	}{
		"changes":                 {flow.VoteCast, flow.RequestChanges, "ana", 1},
		"an approval":             {flow.VoteCast, flow.Approve, "ana", 0},
		"a vote of somebody else": {flow.VoteCast, flow.RequestChanges, "ben", 0},
		"a change request":        {flow.PointAsked, "", "ana", 1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withDesigns(t, func(w *world, s *studioOf) {
				w.hook(links("1", "Banner"))
				w.settle()
				b := press("v", tc.who, "CR-1", tc.verdict)
				b.Event.Kind, b.Event.Body = tc.kind, text.Plain(words)
				w.hook(b)
				w.settle()
				r := w.request("CR-1")
				if len(r.Assets) != tc.want || len(s.looked()) != tc.want {
					t.Errorf("assets %+v, looked at %d times; want %d", r.Assets, len(s.looked()), tc.want)
				}
			})
		})
	}
}

// TestAssets_AreLookedAtWhileOpen: what no webhook told of is found, each asset is asked for once a round, and a closed
// request is left alone.
func TestAssets_AreLookedAtWhileOpen(t *testing.T) {
	t.Parallel()
	withDesigns(t, func(w *world, s *studioOf) {
		w.hook(links("1", "https://designs.example/KEY"))
		w.hook(links("2", "https://designs.example/KEY?node=1"))
		w.pass(10 * time.Minute)
		s.change(func(s *studioOf) {
			s.looks, s.newest = nil, version("v4")
			s.said = []flow.Event{{
				Kind: flow.CommentAdded, Subject: design("KEY"), Said: flow.Ref{System: "figma", Type: "comment", Key: "KEY/1"}, Sent: time.Now(),
				Actor: flow.Actor{Ref: flow.Ref{System: "figma", Type: "user", Key: "F2"}, Shown: "Chloé"}, Body: text.Plain("Nice."),
			}}
		})
		w.pass(45 * time.Minute)
		looks := s.looked()
		if len(looks) != 3 {
			t.Errorf("looked %d times in three rounds, want once each", len(looks))
		}
		for _, id := range []string{"CR-1", "CR-2"} {
			if got := w.request(id).Assets[0].Current().ID; got != "v4" {
				t.Errorf("%s is at %s, want v4", id, got)
			}
		}
		if a, b := len(w.request("CR-1").Comments), len(w.request("CR-2").Comments); a != 0 || b != 1 {
			t.Errorf("%d comments in CR-1, %d in CR-2; want one in the newest", a, b)
		}
		for i := 1; i < len(looks); i++ {
			if want := looks[i-1].at.Add(-2 * time.Minute); !looks[i].since.Equal(want) {
				t.Errorf("look %d asks since %v, want the last one less the overlap, %v", i, looks[i].since, want)
			}
		}
		records := len(detail(w, "CR-1").Records)
		w.pass(time.Hour)
		if got := len(detail(w, "CR-1").Records); got != records {
			t.Errorf("%d records after looks without news, want %d", got, records)
		}
		for _, id := range []flow.RequestID{"CR-1", "CR-2"} {
			_, _, err := w.engine.Act(context.Background(), flow.Event{Kind: flow.RequestWithdrawn, Request: id, Actor: w.request(string(id)).Requester})
			must(t, err)
		}
		w.pass(15 * time.Minute)
		n := len(s.looked())
		w.pass(2 * time.Hour)
		if got := len(s.looked()); got != n {
			t.Errorf("looked %d times at the work of closed requests", got-n)
		}
	})
}

func detail(w *world, id string) engine.Detail {
	w.t.Helper()
	d, err := w.engine.Request(context.Background(), id)
	must(w.t, err)
	return d
}

func TestAssets_ServiceInTrouble(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		err         error
		least, most int // looks in the first 14 minutes
	}{
		"away":    {errors.New("connection reset"), 4, 12},
		"limited": {&connectors.Error{Op: "look", Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: 5 * time.Minute}, 2, 3},
		"refused": {&connectors.Error{Op: "look", Class: connectors.Rejected, Err: errors.New("no access")}, 1, 3},
		"revoked": {&connectors.Error{Op: "look", Class: connectors.Denied, Err: errors.New("revoked")}, 1, 14},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withDesigns(t, func(w *world, s *studioOf) {
				s.change(func(s *studioOf) { s.err = tc.err })
				w.hook(links("1", "https://designs.example/KEY"))
				w.pass(14 * time.Minute)
				if n := len(s.looked()); n < tc.least || n > tc.most {
					t.Errorf("looked %d times, want %d to %d", n, tc.least, tc.most)
				}
				s.change(func(s *studioOf) { s.err = nil })
				w.pass(30 * time.Minute)
				if got := w.request("CR-1").Assets[0].Current().ID; got != "v3" {
					t.Errorf("once it answers the request is at %q, want v3", got)
				}
			})
		})
	}
}

// TestAssets_ManyAreSpreadOverTheRound: they are not asked for all at once.
func TestAssets_ManyAreSpreadOverTheRound(t *testing.T) {
	t.Parallel()
	withDesigns(t, func(w *world, s *studioOf) {
		for i := range 30 {
			w.hook(links(name("%d", i), name("https://designs.example/K%d", i)))
		}
		w.pass(2 * time.Minute)
		s.change(func(s *studioOf) { s.looks = nil })
		w.pass(15 * time.Minute)
		looks := s.looked()
		if len(looks) < 28 || len(looks) > 60 {
			t.Fatalf("looked %d times in a round, want once at each of 30", len(looks))
		}
		for i := 10; i < len(looks); i++ {
			if looks[i].at.Sub(looks[i-10].at) < time.Minute {
				t.Fatalf("ten looks within %v", looks[i].at.Sub(looks[i-10].at))
			}
		}
	})
}

// TestAssets_AVersionReachesEveryRequestAboutIt: a webhook names the work, not the request.
func TestAssets_AVersionReachesEveryRequestAboutIt(t *testing.T) {
	t.Parallel()
	withDesigns(t, func(w *world, s *studioOf) {
		w.hook(links("1", "https://designs.example/KEY"))
		w.hook(links("2", "https://designs.example/KEY"))
		w.settle()
		s.change(func(s *studioOf) { s.newest = version("v4") })
		b := body{ID: "hook1", Event: &flow.Event{Kind: flow.AssetChanged, Subject: design("KEY"), Versions: []flow.Version{version("v4")}}}
		for range 2 {
			w.engine.Hook(context.Background(), "figma", wire(b))
			w.settle()
		}
		for _, id := range []string{"CR-1", "CR-2"} {
			if got := w.request(id).Assets[0].Current().ID; got != "v4" {
				t.Errorf("%s is at %s, want v4", id, got)
			}
		}
	})
}

// TestAssets_WhoSavedTheVersionHasAPartInIt, whichever account they saved it with.
func TestAssets_WhoSavedTheVersionHasAPartInIt(t *testing.T) {
	t.Parallel()
	withDesigns(t, func(w *world, s *studioOf) {
		s.change(func(s *studioOf) {
			s.newest.Name = "v3 \u202eliame"
			s.newest.By = flow.Actor{Ref: flow.Ref{System: "figma", Type: "user", Key: "F9"}, Name: "dana", Shown: "Ana", Email: "ana@lumen.example"}
		})
		w.hook(links("1", "https://designs.example/KEY"))
		w.settle()
		r := w.request("CR-1")
		if v := r.Assets[0].Current(); v.By.Name != "ana" || v.Name != "v3 liame" {
			t.Errorf("version %q by %+v, want the clean name, by ana", v.Name, v.By)
		}
		if got := flow.WaitingFor(w.rules.Policy(w.rules), r); len(got) != 1 || got[0].Name != "dana" {
			t.Errorf("waits for %+v, want dana alone", got)
		}
	})
}

func TestBrief_IsRead(t *testing.T) {
	t.Parallel()
	withDesigns(t, func(w *world, s *studioOf) {
		w.hook(links("1", "The brief is https://pages.example/7, the hero https://designs.example/KEY"))
		w.hook(links("2", "No brief"))
		w.settle()
		if n := len(s.reads); n != 1 {
			t.Errorf("read %d times, want once", n)
		}
		if got := w.metric("signoff_decisions_total", "kind=brief.read"); got != 1 {
			t.Errorf("%v briefs decided, want one", got)
		}
	})
}

// TestBrief_IsReadAgainAsItChanges: as long as the request is open, and a page that did not change is no news.
func TestBrief_IsReadAgainAsItChanges(t *testing.T) {
	t.Parallel()
	withDesigns(t, func(w *world, s *studioOf) {
		w.hook(links("1", "The brief is https://pages.example/7"))
		w.settle()
		if b := w.request("CR-1").Brief; b == nil || b.Title != "Spring campaign" {
			t.Fatalf("brief %+v, want the page", b)
		}
		version := w.request("CR-1").Version
		w.pass(16 * time.Minute)
		if got := w.request("CR-1").Version; got != version {
			t.Errorf("version %d after a look at the same page, want %d", got, version)
		}
		s.change(func(s *studioOf) { s.seq = "2" })
		w.pass(31 * time.Minute)
		if b := w.request("CR-1").Brief; b.Seq != "2" {
			t.Errorf("brief %+v, want its new version", b)
		}
	})
}
