package confluence_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

func TestReadBrief(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, cloud bool) {
		ev, err := c.ReadBrief(t.Context(), ref("page", "98305"))
		if err != nil {
			t.Fatal(err)
		}
		owner, by := flow.Actor{Ref: ref("user", anaID), Shown: "Ana Reyes", Email: "ana@lumen.example"}, flow.Actor{Ref: ref("user", benID), Shown: "Ben Osei"}
		address := c.site.url + "/wiki/spaces/DES/pages/98305/x"
		if !cloud {
			owner, by, address = flow.Actor{Ref: ref("user", "ana"), Shown: "Ana Reyes"}, flow.Actor{Ref: ref("user", "ben"), Shown: "Ben Osei"}, c.site.url+"/confluence/display/DES/x"
		}
		if ev.Kind != flow.BriefRead || ev.Subject != ref("page", "98305") || ev.Field("title") != "Brief: winter hero" || ev.To != owner || ev.Actor != by ||
			ev.Seq != "7" || !ev.Sent.Equal(begin().Add(-time.Hour)) || ev.Body.String() != "New hero" || len(ev.Links) != 1 || ev.Links[0].URL != address || ev.ID == "" {
			t.Errorf("ReadBrief = %+v", ev)
		}
	})
}

func TestReadBrief_NoOwner(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	c.site.with(func() { c.site.pages["98305"].Owner = "" })
	ev, err := c.ReadBrief(t.Context(), ref("page", "98305"))
	if err != nil || ev.To.Ref != ref("user", anaID) {
		t.Errorf("without an owner it is %+v's, %v, want its author's", ev.To, err)
	}
}

func TestReadBrief_ByTitle(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, cloud bool) {
		at := ref("title", "DES/Brief:%20winter%20hero")
		ev, err := c.ReadBrief(t.Context(), at)
		if err != nil || ev.Subject != at || ev.Links[0].Ref != ref("page", "98305") {
			t.Errorf("ReadBrief = %+v, %v, want the page under the name it was asked by", ev, err)
		}
		c.site.with(func() {
			two := *c.site.pages["98305"]
			two.ID = "98306"
			c.site.pages["98306"] = &two
		})
		_, err = c.ReadBrief(t.Context(), at)
		if person(err) == "" || !strings.HasPrefix(person(err), "2 pages in the space DES are called") {
			t.Errorf("two of one title: %v, want it said", err)
		}
		if _, err = c.ReadBrief(t.Context(), ref("title", "DES/Nothing")); !strings.HasPrefix(person(err), "No pages in the space DES") {
			t.Errorf("none of a title: %v, want it said", err)
		}
	})
}

func person(err error) string {
	e, ok := err.(*connectors.Error) //nolint:errorlint // exactly this type crosses the boundary
	if !ok || e.Class != connectors.Rejected {
		return ""
	}
	return e.Person
}

func TestReadBrief_Refused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		at     flow.Ref
		change func(*site)
		want   string // of the sentence for people
		gone   string
		class  connectors.Class
	}{
		"hidden":     {ref("page", "5"), nil, "The page was not found in Confluence, or is not shared with signoff's account signoff-bot@lumen.example.", "hidden", connectors.Rejected},
		"draft":      {ref("page", "98305"), func(s *site) { s.pages["98305"].Status = "draft" }, "The page is not published yet.", "", connectors.Rejected},
		"archived":   {ref("page", "98305"), func(s *site) { s.pages["98305"].Status = "archived" }, "The page is archived.", "archived", connectors.Rejected},
		"in trash":   {ref("page", "98305"), func(s *site) { s.pages["98305"].Status = "trashed" }, "The page is in Confluence's trash.", "deleted", connectors.Rejected},
		"whiteboard": {ref("other", "whiteboard"), nil, "signoff cannot read a whiteboard", "", connectors.Rejected},
		"odd id":     {ref("page", "../5"), nil, "is not the id of a page", "", connectors.Rejected},
		"odd kind":   {ref("user", "5"), nil, "It is no page", "", connectors.Rejected},
		"no token":   {ref("page", "98305"), func(s *site) { s.noToken = true }, "An administrator has to put a new one", "", connectors.Denied},
		"nobody":     {ref("page", "5"), func(s *site) { s.anonymous = true }, "An administrator has to put a new one", "", connectors.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, true, "")
			c.site.with(func() {
				if tc.change != nil {
					tc.change(c.site)
				}
			})
			_, err := c.ReadBrief(t.Context(), tc.at)
			e, ok := err.(*connectors.Error) //nolint:errorlint // exactly this type crosses the boundary
			if !ok || e.Class != tc.class || e.Gone != tc.gone || !strings.Contains(e.Person, tc.want) {
				t.Errorf("ReadBrief = %+v, want class %q gone %q and %q", err, tc.class, tc.gone, tc.want)
			}
		})
	}
}

// poll asks once, taking each delivery in the way the engine does, and returns what it states.
func (r *rig) poll(t *testing.T) []string {
	t.Helper()
	var out []string
	_, err := r.Poll(t.Context(), func(ctx context.Context, in connectors.Inbound) connectors.Reply {
		out = append(out, r.take(t, in)...)
		return connectors.Reply{Status: http.StatusOK}
	})
	if err != nil {
		t.Fatalf("Poll: %v", err)
	}
	return out
}

// take takes one delivery and returns the kinds of what it states with the page, twice: the second time as it is after a
// restart before the first was decided.
func (r *rig) take(t *testing.T, in connectors.Inbound) []string {
	t.Helper()
	acc, err := r.Accept(in)
	if err != nil || acc.Malformed != "" || acc.Ignored != "" || !acc.Enrich {
		t.Fatalf("Accept(%s) = %+v, %v", in.Body, acc, err)
	}
	d := flow.Delivery{ID: "confluence/" + acc.ID, Instance: "confluence", Kind: acc.Kind, At: in.At, Body: in.Body}
	var all [2][]string
	for i := range all {
		if d.Learned, err = r.Enrich(t.Context(), d); err != nil {
			t.Fatalf("Enrich: %v", err)
		}
		events, err := r.Parse(d)
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		for _, ev := range events {
			all[i] = append(all[i], string(ev.Kind)+" "+ev.Subject.Key)
		}
	}
	if !slices.Equal(all[0], all[1]) {
		t.Errorf("read again it says %v, first %v", all[1], all[0])
	}
	return all[0]
}

func TestPoll(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, cloud bool) {
		c.Ask(inquiry{})
		step := func(what string, wait time.Duration, change func(p *page), want ...string) {
			t.Helper()
			c.clock.Advance(wait)
			c.site.with(func() {
				if change != nil {
					change(c.site.pages["98305"])
				}
			})
			if got := c.poll(t); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		label := func(p *page) { p.Labels = []string{"hero", "signoff"} }
		step("no label", 0, nil)
		step("a label on an old page shows within ten minutes", 2*time.Minute, label)
		step("it does", 9*time.Minute, nil, "request.submitted 98305")
		step("nothing new", 11*time.Minute, nil)
		c.Ask(inquiry{touches: "98305"})
		step("a change of the brief", time.Minute, func(p *page) { p.Version, p.Changed = 8, c.clock.Now() }, "brief.read 98305")
		c.Ask(inquiry{})
		step("a change after the request is closed", time.Minute, func(p *page) { p.Version, p.Changed = 9, c.clock.Now() })
		step("the label is taken off", 11*time.Minute, func(p *page) { p.Labels = nil })
		step("and put back", 11*time.Minute, label, "request.submitted 98305")
		if cql := c.site.queries; !strings.HasSuffix(cql[0], `type = page and label = "signoff" order by lastmodified asc`) || !strings.Contains(cql[1], `and lastmodified >= now("-17m")`) {
			t.Errorf("the searches are %q", cql)
		}
	})
}

// TestPoll_Pages: of the address of the next page the place alone is taken, and it ends where it repeats itself.
func TestPoll_Pages(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, cloud bool) {
		c.Ask(inquiry{})
		c.site.with(func() {
			c.site.pageSize = 2
			for _, id := range []string{"98305", "98306", "98307", "98308", "98309"} {
				p := *c.site.pages["98305"]
				p.ID, p.Labels = id, []string{"signoff"}
				c.site.pages[id] = &p
			}
		})
		if got := c.poll(t); len(got) != 5 {
			t.Errorf("found %v, want all five", got)
		}
		n := 0
		for _, call := range c.site.seen() {
			if strings.HasSuffix(call, "/search") {
				n++
			}
		}
		if n != 3 {
			t.Errorf("%d searches, want three pages", n)
		}
	})
}

// TestPoll_NotStored: what could not be stored is brought again.
func TestPoll_NotStored(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	c.site.with(func() { c.site.pages["98305"].Labels = []string{"signoff"} })
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusOK, http.StatusOK} {
		n := 0
		_, err := c.Poll(t.Context(), func(context.Context, connectors.Inbound) connectors.Reply {
			n++
			return connectors.Reply{Status: status}
		})
		if (err != nil) != (status == http.StatusServiceUnavailable) {
			t.Errorf("Poll where %d is answered = %v", status, err)
		}
		c.clock.Advance(time.Minute)
		if status == http.StatusServiceUnavailable && n != 1 {
			t.Errorf("brought %d times, want once", n)
		}
	}
}

func TestPoll_Spaces(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "spaces: [MKT, '~5b10a']\nlabel: creative-brief\n")
	c.poll(t)
	if want := `type = page and label = "creative-brief" and space in ("MKT","~5b10a") order by lastmodified asc`; c.site.queries[0] != want {
		t.Errorf("the search is %s, want %s", c.site.queries[0], want)
	}
	off := connect(t, true, "label: ''\n")
	if off.poll(t); len(off.site.seen()) != 0 {
		t.Errorf("without a label it is searched: %v", off.site.seen())
	}
}

func TestSubmitted(t *testing.T) {
	t.Parallel()
	c := connect(t, false, "")
	c.Ask(inquiry{})
	c.site.with(func() { c.site.pages["98305"].Labels = []string{"signoff"} })
	acc, err := c.Accept(hookOf(updated("page_updated", "98305")))
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "confluence/" + acc.ID, Body: []byte(updated("page_updated", "98305")), At: begin()}
	if d.Learned, err = c.Enrich(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	events, err := c.Parse(d)
	if err != nil || len(events) != 1 {
		t.Fatalf("Parse = %+v, %v", events, err)
	}
	ev := events[0]
	if ev.Kind != flow.RequestSubmitted || ev.Field("source") != "confluence" || ev.Field("title") != "Brief: winter hero" || ev.Field("space") != "DES" || ev.Actor.Ref != ref("user", "ana") ||
		len(ev.Links) != 2 || ev.Links[0].Purpose != "brief" || ev.Links[1].Purpose != "thread" || ev.Links[0].Ref != ref("page", "98305") || ev.Links[1].Ref != ref("page", "98305") || !strings.Contains(ev.Body.String(), c.site.url+"/confluence/display/DES/x") {
		t.Errorf("the request is %+v", ev)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	c := connect(t, false, "")
	const vector = `{"timestamp":1763800000000,"event":"page_updated","userKey":"ff80","page":{"id":98305}}`
	in := hookOf(vector)
	in.At = time.UnixMilli(1763800000000).Add(time.Minute)
	if got := in.Header.Get("X-Hub-Signature"); got != "sha256=5a8a7360c1b26b5b5cfc7148fe5f4d803c61c8729831adf3e34612ba5d6cfb11" {
		t.Errorf("the test signs with %s", got)
	}
	if acc, err := c.Accept(in); err != nil || !acc.Enrich || acc.Secret != "current" {
		t.Errorf("Accept = %+v, %v, want it believed", acc, err)
	}
	in.At = in.At.Add(25 * time.Hour)
	if acc, err := c.Accept(in); err != nil || !strings.HasPrefix(acc.Ignored, "superseded") {
		t.Errorf("a day later Accept = %+v, %v, want it left aside", acc, err)
	}
	test := connectors.Inbound{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: []byte(`{"test":true}`), At: begin()}
	if acc, err := c.Accept(test); err != nil || acc.Answer == nil || acc.Answer.Status != http.StatusOK {
		t.Errorf("a test of the connection: Accept = %+v, %v, want 200 and nothing else", acc, err)
	}
	for name, body := range map[string]string{
		"a removed page": updated("page_removed", "98305"), "a space": updated("space_created", "1"), "a label in a form of its own": `{"timestamp":1,"event":"label_added","label":{"name":"signoff"}}`,
		"our own word": updated("signoff:labelled", "98305"),
	} {
		if acc, err := c.Accept(hookOf(body)); err != nil || acc.Ignored == "" || acc.Enrich {
			t.Errorf("%s: Accept = %+v, %v, want it ignored", name, acc, err)
		}
	}
	test.Body = []byte(`{"test":true,"event":"page_updated","page":{"id":98305}}`)
	if _, err := c.Accept(test); err == nil {
		t.Error("a test with more in it is believed unsigned")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, cloud bool) {
		c.site.with(func() { c.site.pages["98305"].Labels = []string{"signoff"} })
		said := ""
		for _, f := range c.Check(t.Context()) {
			said += f.Level + ": " + f.Text + "\n"
		}
		want := "signed in as signoff bot\nok: 1 pages bear the label signoff where signoff can see them\nok: "
		want += map[bool]string{true: "pages are asked for every minute\n", false: "a webhook tells of pages at https://signoff.lumen.example/hooks/confluence; they are asked for every 5 minutes besides\n"}[cloud]
		if !strings.HasSuffix(said, want) {
			t.Errorf("Check says\n%swant\n%s", said, want)
		}
		c.site.with(func() { c.site.noToken = true })
		if err := c.Probe(t.Context()); connectors.ClassOf(err) != connectors.Denied {
			t.Errorf("Probe without a token = %v, want class denied", err)
		}
	})
}
