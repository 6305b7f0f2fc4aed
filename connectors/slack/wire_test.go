package slack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
	"signoff/internal/sandbox"
	standin "signoff/internal/sandbox/slack"
	"signoff/internal/text"
)

// stage is the connector and the strict stand-in over real HTTP, with as much of an engine between them as it takes to
// collect events.
type stage struct {
	t     *testing.T
	slack *standin.Server
	conn  *Connector
	query *fakeQuery

	mu     sync.Mutex
	events []flow.Event
	beside sync.WaitGroup

	arrived chan struct{} // an event was collected
}

func newStage(t *testing.T, more ...string) *stage {
	t.Helper()
	s := &stage{t: t, query: studioQuery(), arrived: make(chan struct{}, 100)}
	hook := httptest.NewServer(http.HandlerFunc(s.receive))
	wire := httptest.NewUnstartedServer(nil)
	origin := "http://" + wire.Listener.Addr().String()
	s.slack = standin.New(standin.Options{
		Now: testNow, Ledger: sandbox.NewLedger(testNow), Faults: &sandbox.Faults{}, Origin: origin, HookURL: hook.URL,
		SigningSecret: testSecret, BotToken: testToken, AppID: testApp, Team: standin.Team{ID: testTeam, Name: "Lumen", Domain: "lumen"},
		Bot: standin.Bot{UserID: testBot, BotID: testBotID, Name: "signoff"},
		Users: []standin.User{
			{ID: maya, Name: "maya", RealName: "Maya Lind", Email: "maya@lumen.example", TZ: "Europe/London"},
			{ID: ravi, Name: "ravi", RealName: "Ravi Nair", Email: "ravi@lumen.example", TZ: "Asia/Kolkata"},
			{ID: olga, Name: "olga", RealName: "Olga Berg", Email: "olga@agency.example", Guest: true},
			{ID: jon, Name: "jon", RealName: "Jon Park", Email: "ravi@lumen.example", Team: "T0AGENCY01"},
		},
		Channels:      []standin.Channel{{ID: "C0LAUNCH01", Name: "launch", Members: []string{maya, ravi, olga, jon, testBot}}},
		UnfurlDomains: []string{"hub.lumen.example"},
		Commands:      []string{"/signoff", "/request"},
		Shortcuts:     []standin.Shortcut{{CallbackID: "request_from_message", Name: "New creative request", Message: true}, {CallbackID: "request_new", Name: "New creative request"}},
	})
	wire.Config.Handler = s.slack.API()
	wire.Start()
	d := testDeps(newKeep(), io.Discard)
	d.HTTP = connectortest.HTTP(t)
	conn, err := New(decodeYAML(settingsYAML(origin+"/api/")+strings.Join(more, "\n")), d)
	if err != nil {
		t.Fatal(err)
	}
	s.conn = conn.(*Connector)
	s.conn.Ask(s.query)
	t.Cleanup(func() {
		s.slack.Close()
		s.beside.Wait()
		hook.Close()
		wire.Close()
	})
	return s
}

// receive is the way of a delivery through the engine.
func (s *stage) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	in := inbound("", "")
	in.Method, in.Header, in.Body = r.Method, r.Header, body
	acc, err := s.conn.Accept(in)
	if err != nil {
		s.t.Errorf("Accept: %v of %s", err, body)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if acc.Waits {
		reply := s.conn.Respond(r.Context(), in, acc, s.query)
		if reply.Beside != nil {
			s.beside.Go(func() { reply.Beside(s.t.Context()) })
		}
		for key, v := range reply.Header {
			w.Header()[key] = v
		}
		if !reply.Store || len(reply.Body) > 0 {
			w.WriteHeader(reply.Status)
			_, _ = w.Write(reply.Body)
			return
		}
	}
	if acc.Ignored == "" && acc.Malformed == "" && acc.Answer == nil {
		s.decide(in.Body, delivery(in, acc))
	}
}

func (s *stage) decide(body []byte, d flow.Delivery) {
	var err error
	d.Learned, err = s.conn.Enrich(s.t.Context(), d)
	if connectors.ClassOf(err) == connectors.Transient {
		return // an engine asks again; by then the call that made this message is answered
	}
	if err != nil {
		s.t.Errorf("Enrich of %s: %v", body, err)
	}
	events, err := s.conn.Parse(d)
	if err != nil {
		s.t.Errorf("Parse of %s: %v", body, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, events...)
	s.arrived <- struct{}{}
}

// last returns the newest event.
func (s *stage) last() flow.Event {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		s.t.Fatal("nothing came of it")
	}
	return s.events[len(s.events)-1]
}

// done fails the test on an error or a toast, and waits for what runs beside.
func (s *stage) done(a standin.Answer, err error) {
	s.t.Helper()
	s.beside.Wait()
	if err != nil || a.Toast != "" || len(a.Errors) > 0 {
		s.t.Fatalf("answer %+v, %v", a, err)
	}
}

func (s *stage) do(e flow.Effect) flow.Link {
	s.t.Helper()
	links, err := s.conn.Do(s.t.Context(), e)
	if err != nil {
		s.t.Fatalf("Do(%s): %v", e.ID, err)
	}
	if len(links) == 0 {
		return flow.Link{}
	}
	return links[0]
}

// TestWire_ARequestFromShortcutToVote plays the main job against the strict stand-in.
func TestWire_ARequestFromShortcutToVote(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ts, err := s.slack.PostAs(maya, "C0LAUNCH01", "Need a Nova banner", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.slack.PostAs(ravi, "C0LAUNCH01", "by Friday", ts); err != nil {
		t.Fatal(err)
	}
	s.done(s.slack.OpenShortcut(maya, "C0LAUNCH01", ts, "request_from_message"))
	modal, open := s.slack.Modal(maya)
	if !open || !strings.Contains(modal.Shown(), "Brand") {
		t.Fatalf("the form is not open: %+v", modal)
	}
	s.done(s.slack.Choose(maya, "Type", "video"))
	if modal, _ = s.slack.Modal(maya); !strings.Contains(modal.Shown(), "Ratios") {
		t.Errorf("choosing Video shows %s", modal.Shown())
	}
	s.done(s.slack.Choose(maya, "Type", "banner"))
	s.query.validate = func(d flow.Form) map[string]string {
		if len(d.Fields["sizes"]) == 0 {
			return map[string]string{"sizes": "Name a size."}
		}
		return nil
	}
	a, err := s.slack.SubmitModal(maya, map[string]string{"Brand": "Nova", "Due": "2026-11-20"})
	if err != nil || len(a.Errors) != 1 {
		t.Errorf("an incomplete form: %+v, %v; want one message beside an input", a, err)
	}
	s.done(s.slack.SubmitModal(maya, map[string]string{"Sizes": "300x250, 728x90"}))
	if _, open := s.slack.Modal(maya); open {
		t.Error("the form is still open")
	}
	ev := s.last()
	if ev.Kind != flow.RequestSubmitted || ev.Field("brand") != "Nova" || len(ev.Fields["sizes"]) != 2 || ev.Field("channel") != "#launch" ||
		ev.Actor.Email != "maya@lumen.example" || ev.Links[0].Ref.Key != "T0SIGNOFF1/C0LAUNCH01/"+ts || ev.Links[0].URL == "" ||
		!strings.Contains(ev.Body.String(), "by Friday") {
		t.Errorf("event %+v", ev)
	}

	v := card()
	e := show(v)
	e.Show.At = ev.Links[0].Ref
	e.Known["ana"] = ref("user", testTeam+"/"+ravi)
	link := s.do(e)
	e = later(e, 8, "Nova: banner, approved")
	e.Show.Link = &link
	s.do(e)
	thread := s.slack.Thread("C0LAUNCH01", ts)
	if len(thread) != 3 || thread[2].Text != "Nova: banner, approved" {
		t.Errorf("the thread holds %d messages, want the card once and current: %+v", len(thread), thread)
	}

	ask := show(v)
	ask.ID, ask.Show.Purpose, ask.Show.At, ask.Show.To = "CR-142/7/3", "ask/2/Brand review/ravi", flow.Ref{}, flow.Actor{Name: "ravi"}
	ask.Known["ravi"] = ref("user", testTeam+"/"+ravi)
	s.do(ask)
	dm := s.slack.DMs(ravi)[0]
	s.done(s.slack.PressButton(ravi, s.slack.Direct(ravi), dm.TS, "Approve"))
	if ev := s.last(); ev.Kind != flow.VoteCast || ev.Field("verdict") != "approve" || ev.Actor.Email != "ravi@lumen.example" || ev.Actor.Zone != "Asia/Kolkata" {
		t.Errorf("vote %+v", ev)
	}
	refusal := flow.Effect{ID: "CR-142/9/1", Request: "CR-142", Known: ask.Known, Tell: &flow.Tell{
		To: []flow.Actor{{Name: "ravi"}}, Where: s.last().Where, Private: true, InReplyTo: s.last().Delivery,
		View: flow.View{Kind: flow.RefusalView, Headline: "You already approved this."},
	}}
	s.do(refusal)
	refusal.Tell.InReplyTo = ""
	s.do(refusal)
	if got := s.slack.Ephemerals(ravi); len(got) != 2 || got[0].Text != "You already approved this." {
		t.Errorf("ravi alone sees %+v, want the refusal both ways", got)
	}
	s.done(s.slack.PressButton(ravi, s.slack.Direct(ravi), dm.TS, "Request changes"))
	s.done(s.slack.SubmitModal(ravi, map[string]string{"What should change?": "- Logo larger\n- Less red", "Link": "https://x.example"}))
	if ev := s.last(); ev.Field("verdict") != "request_changes" || ev.Body.String() != "- Logo larger\n- Less red https://x.example" {
		t.Errorf("vote %+v", ev)
	}
}

func TestWire_MentionCommandAndNotices(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := s.slack.Mention(maya, "C0LAUNCH01", "a *Nova* banner & more"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.arrived:
	case <-time.After(patience):
	}
	if ev := s.last(); ev.Kind != flow.RequestSubmitted || ev.Body.String() != "a Nova banner & more" || ev.Actor.Shown != "Maya Lind" {
		t.Errorf("mention %+v", ev)
	}
	s.done(s.slack.SlashCommand(maya, "C0LAUNCH01", "/signoff", "help"))
	s.done(s.slack.SlashCommand(maya, "C0LAUNCH01", "/request", "Nova banner"))
	if _, open := s.slack.Modal(maya); !open {
		t.Error("the command opens no form")
	}
	notice := flow.Effect{ID: "CR-1/1/1", Request: "CR-1", Known: map[string]flow.Ref{"ravi": ref("user", testTeam+"/"+ravi)}, Tell: &flow.Tell{
		To: []flow.Actor{{Name: "ravi"}}, View: flow.View{Kind: flow.NoticeView, Headline: "Half of the time is over.", Body: text.Plain("Please look.")},
	}}
	s.do(notice)
	s.do(notice)
	if got := s.slack.DMs(ravi); len(got) != 1 || got[0].Text != "Half of the time is over." {
		t.Errorf("ravi was told %+v, want it once", got)
	}
	if _, found, err := s.conn.Find(t.Context(), notice, testNow()); err != nil || !found {
		t.Errorf("Find = %v, %v; want the notice", found, err)
	}
	if f := s.conn.Check(t.Context()); len(f) != 2 || f[0].Level != "ok" || f[1].Level != "ok" {
		t.Errorf("Check = %+v", f)
	}
	who, found, err := s.conn.Identify(t.Context(), "Ravi@lumen.example")
	if err != nil || !found || who.Ref != ref("user", testTeam+"/"+ravi) {
		t.Errorf("Identify = %+v, %v, %v", who, found, err)
	}
}
