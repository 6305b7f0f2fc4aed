package confluence_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/confluence"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
	"signoff/internal/source"
	"signoff/internal/text"
)

func begin() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

const (
	cloudSettings  = "url: %s\nuser: " + user + "\ntoken: " + token + "\n"
	serverSettings = "url: %s/confluence\ntoken: " + token + "\nwebhook_secret: " + secret + "\n"
)

// read decodes settings as the configuration does.
func read(yaml string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("config.yaml", []byte(yaml))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a Confluence connection", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

// rig is a connector before a site of its own.
type rig struct {
	*confluence.Connector
	site  *site
	clock *connectortest.Clock
	keep  *connectortest.Keep
	log   *connectortest.Log
}

func connect(t *testing.T, cloud bool, more string) *rig {
	t.Helper()
	r := &rig{clock: connectortest.NewClock(begin()), keep: &connectortest.Keep{}, log: &connectortest.Log{}}
	r.site = newSite(t, cloud, r.clock.Now)
	yaml := serverSettings
	if cloud {
		yaml = cloudSettings
	}
	c, err := confluence.New(read(fmt.Sprintf(yaml, r.site.url)+more), connectors.Deps{
		Instance: "confluence", Version: "1.0", PublicURL: "https://signoff.lumen.example", StoreID: "store-1", Key: []byte("0123456789abcdef0123456789abcdef"),
		HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Connector = c.(*confluence.Connector)
	return r
}

// editions runs a test on both.
func editions(t *testing.T, test func(t *testing.T, c *rig, cloud bool)) {
	t.Helper()
	for name, cloud := range map[string]bool{"cloud": true, "server": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, connect(t, cloud, ""), cloud)
		})
	}
}

func ref(kind, key string) flow.Ref {
	return flow.Ref{System: "confluence", Type: kind, Key: key}
}

// inquiry answers what a connector asks of requests.
type inquiry struct {
	connectors.Query
	touches string // the page that an open request is about
}

func (q inquiry) Touching(_ context.Context, at flow.Ref) (flow.Request, bool, error) {
	return flow.Request{ID: "CR-142"}, q.touches != "" && at == ref("page", q.touches), nil
}

type harness struct{ cloud bool }

func (harness) Kind() connectors.Kind { return confluence.Kind() }

func (harness) Env() map[string]string { return map[string]string{"CONFLUENCE_TOKEN": token} }

func (h harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	t.Helper()
	o := &outside{site: newSite(t, h.cloud, d.Now)}
	yaml := serverSettings
	if h.cloud {
		yaml = cloudSettings
	}
	d.HTTP, d.Files = connectortest.HTTP(t), connectortest.Files(t)
	c, err := confluence.New(read(fmt.Sprintf(yaml, o.site.url)), d)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	o.c = c
	return o
}

type outside struct {
	c    connectors.Connector
	site *site
}

func (o *outside) Connector() connectors.Connector { return o.c }
func (o *outside) Secrets() []string               { return []string{token, secret} }

func (o *outside) Create() flow.Effect {
	return flow.Effect{ID: "CR-142/3/1", Request: "CR-142", Target: "confluence", Show: &flow.Show{
		Purpose: "comment/1", At: ref("page", "98305"), Version: 1, Digest: "digest-1",
		View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Title: "Winter hero", Headline: "Winter hero"},
	}}
}

func (o *outside) Say([]flow.Link) (flow.Effect, bool) {
	return tell("CR-142/4/1", ref("page", "98305"), "Approved by Ana."), true
}

func tell(id string, where flow.Ref, words string) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-142", Target: "confluence", Tell: &flow.Tell{
		Where: where, View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Headline: words, Page: "/requests/CR-142"},
	}}
}

func (o *outside) with(words string, without bool) []string {
	var out []string
	o.site.with(func() {
		for _, c := range o.site.pages["98305"].Comments {
			if strings.Contains(c.Body, words) != without {
				out = append(out, c.Body)
			}
		}
	})
	return out
}

func (o *outside) Things() []string { return o.with("Approved", true) }
func (o *outside) Said() int        { return len(o.with("Approved", false)) }

func (o *outside) Arm(f connectortest.Fault) bool {
	o.site.arm(f)
	return true
}

func (o *outside) Faults() []connectortest.Case {
	return []connectortest.Case{
		{Name: "may not comment", Fault: connectortest.Fault{Status: 403, Body: `{"statusCode":403,"message":"You may not."}`}, Class: connectors.Rejected, Person: true},
		{Name: "not shared", Fault: connectortest.Fault{Status: 404, Body: `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`}, Class: connectors.Rejected, Person: true},
		{Name: "bad markup", Fault: connectortest.Fault{Status: 400, Body: `{"statusCode":400,"message":"Error parsing xhtml"}`}, Class: connectors.Rejected, Person: true},
		{Name: "too large", Fault: connectortest.Fault{Status: 413}, Class: connectors.Rejected, Person: true},
		{Name: "made without an id", Fault: connectortest.Fault{Does: true, Status: 200, Body: `{}`}, Class: connectors.Unsure},
	}
}

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func hookOf(body string) connectors.Inbound {
	return connectors.Inbound{Method: http.MethodPost, At: begin(), Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}, "X-Hub-Signature": {sign(body)}}}
}

func updated(event, id string) string {
	return fmt.Sprintf(`{"timestamp":%d,"event":%q,"userKey":"ff80","page":{"id":%s}}`, begin().UnixMilli(), event, id)
}

func (o *outside) Hooks() (believed, refused []connectors.Inbound) {
	body := updated("page_updated", "98305")
	unsigned, wrong, bare, get := hookOf(body), hookOf(body), hookOf(body), hookOf(body)
	unsigned.Header.Del("X-Hub-Signature")
	wrong.Body = append(wrong.Body, ' ')
	bare.Header.Set("X-Hub-Signature", strings.TrimPrefix(sign(body), "sha256="))
	get.Method = http.MethodGet
	if o.site.cloud {
		return nil, []connectors.Inbound{hookOf(body), unsigned}
	}
	return []connectors.Inbound{hookOf(body), hookOf(updated("space_created", "1")), hookOf(`{"a":1,"a":2}`), hookOf(`{"event":"label_added","label":{}}`)},
		[]connectors.Inbound{unsigned, wrong, bare, get}
}

func TestConnector_Cloud(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{cloud: true})
}

func TestConnector_DataCenter(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{})
}

// TestTell_Words: nothing of what people said is markup, and the mark is in the comment.
func TestTell_Words(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, _ bool) {
		e := tell("CR-142/3/1", ref("page", "98305"), `Ana asks for <b>changes</b> & more`)
		e.Tell.View.Points = []flow.Point{{Number: 1, Note: text.Plain("Logo > 40 px")}}
		links, err := c.Do(t.Context(), e)
		if err != nil || len(links) != 1 || !strings.HasSuffix(links[0].URL, "/pages/viewpage.action?pageId=98305&focusedCommentId=901") {
			t.Fatalf("Do = %+v, %v", links, err)
		}
		const want = `<p>Ana asks for &lt;b&gt;changes&lt;/b&gt; &amp; more</p><ul><li><p>1. Logo &gt; 40 px</p></li></ul><p><a href="https://signoff.lumen.example/requests/CR-142">CR-142</a></p><p><code>signoff:ref:`
		if got := c.site.pages["98305"].Comments[0].Body; !strings.HasPrefix(got, want) {
			t.Errorf("the comment is\n%s\nwant it to begin\n%s", got, want)
		}
	})
}

// TestTell_OneComment: all that is said about one request stands in one comment, each once, also when an answer is lost.
func TestTell_OneComment(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, _ bool) {
		do := func(e flow.Effect) (string, error) {
			links, err := c.Do(t.Context(), e)
			if err != nil {
				return "", err
			}
			return links[0].Ref.Key, nil
		}
		at := ref("page", "98305")
		first, err := do(tell("CR-142/3/1", at, "Ben asks for changes."))
		if err != nil {
			t.Fatal(err)
		}
		c.site.arm(connectortest.Fault{Does: true})
		second := tell("CR-142/9/1", at, "Approved by Ana.")
		if _, err := do(second); connectors.ClassOf(err) != connectors.Transient {
			t.Errorf("a lost change = %v, want it tried again", err)
		}
		for range 2 {
			if id, err := do(second); err != nil || id != first {
				t.Errorf("Do = %s, %v, want %s", id, err, first)
			}
		}
		if _, err := do(flow.Effect{ID: "CR-7/1/1", Request: "CR-7", Tell: second.Tell}); err != nil {
			t.Fatal(err)
		}
		list := c.site.pages["98305"].Comments
		if len(list) != 2 || strings.Count(list[0].Body, "Approved") != 1 || strings.Index(list[0].Body, "Ben asks") > strings.Index(list[0].Body, "Approved") || list[0].Version != 2 {
			t.Fatalf("the comments are %+v", list)
		}
		c.site.with(func() { c.site.pages["98305"].Comments = nil })
		if id, err := do(tell("CR-142/12/1", at, "v5 was saved after this approval.")); err != nil || id == first {
			t.Errorf("after the comment was deleted Do = %s, %v, want a new one", id, err)
		}
	})
}

func TestTell_Refused(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	private := tell("CR-142/3/1", ref("page", "98305"), "Psst")
	private.Tell.Private = true
	card := (&outside{}).Create()
	card.Show.View.Kind = flow.CardView
	for name, e := range map[string]flow.Effect{"private": private, "a card": card, "a person": tell("CR-142/3/2", ref("user", anaID), "Hi"), "no page": tell("CR-142/3/3", ref("title", "DES/x"), "Hi")} {
		if _, err := c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Rejected {
			t.Errorf("%s: Do = %v, want it rejected", name, err)
		}
	}
}
