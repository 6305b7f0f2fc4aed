package jira_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
	"signoff/internal/text"
)

// TestServer_Token: a personal access token travels as a bearer token, below the context path.
func TestServer_Token(t *testing.T) {
	t.Parallel()
	c, o := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition, o.ContextPath = site.DataCenter, "/jira" })
	under := reconnect(t, c, fmt.Sprintf(dataCenter, o.url+"/jira"), "")
	links := under.do(t, o.ticket())
	if want := o.url + "/jira/browse/DES-1"; links[0].URL != want {
		t.Errorf("the ticket is at %s, want %s", links[0].URL, want)
	}
	if _, err := c.Do(t.Context(), o.ticket()); err == nil {
		t.Error("beside the context path a ticket is made, want none")
	}
	for _, h := range o.front.headers() {
		if got := h.Get("Authorization"); got != "Bearer "+token {
			t.Errorf("Authorization is %q, want the token as a bearer", got)
		}
	}
}

func TestServer_LockedOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quirks site.Quirks
		person string
	}{
		"captcha":   {site.Quirks{Captcha: true}, "Jira asks signoff's account to solve a captcha."},
		"anonymous": {site.Quirks{Anonymous: true}, "Jira no longer accepts signoff's token."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition, o.Quirks = site.DataCenter, tc.quirks })
			_, err := c.Do(t.Context(), o.ticket())
			ce, ok := err.(*connectors.Error) //nolint:errorlint // exactly this type
			if !ok || ce.Class != connectors.Denied || !strings.HasPrefix(ce.Person, tc.person) {
				t.Errorf("Do = %+v, want class denied and people told %q", err, tc.person)
			}
			o.site.SetQuirks(site.Quirks{})
			c.do(t, o.ticket())
		})
	}
}

func TestServer_People(t *testing.T) {
	t.Parallel()
	c, _ := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition = site.DataCenter })
	who, ok, err := c.Identify(t.Context(), "Ana@lumen.example")
	if err != nil || !ok || who.Ref.Key != "ana" || who.Ref != c.Pin("ana") {
		t.Errorf("Identify = %+v, %v, %v, want ana by name", who, ok, err)
	}
	if _, ok, err := c.Identify(t.Context(), "an@lumen.example"); ok || err != nil {
		t.Errorf("Identify of the beginning of an address = %v, %v, want nobody", ok, err)
	}
}

// TestServer_Proof: old versions drop the property of a create request; it is put there afterwards.
func TestServer_Proof(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		c.do(t, o.ticket())
		got := string(o.site.Issues()[0].Properties["signoff.origin"])
		if !strings.Contains(got, `"hubKey":"`+mark+`"`) {
			t.Errorf("the property is %s, want our mark", got)
		}
	})
}

func TestServer_LostCreate(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]int{"one page": 0, "short pages": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition, o.PageSize = site.DataCenter, pages })
			o.front.arm(lose(true))
			tried := c.clock.Now()
			if _, err := c.Do(t.Context(), o.ticket()); connectors.ClassOf(err) != connectors.Unsure {
				t.Fatalf("Do = %v, want unsure", err)
			}
			c.clock.Advance(5 * time.Second)
			links, found, err := c.Find(t.Context(), o.ticket(), tried)
			if err != nil || !found || links[0].Label != "DES-1" {
				t.Errorf("Find = %+v, %v, %v, want the ticket", links, found, err)
			}
			c.do(t, o.ticket())
			if n := len(o.site.Issues()); n != 1 {
				t.Errorf("there are %d tickets, want one", n)
			}
		})
	}
}

// TestServer_Webhook: without signatures the address is the secret.
func TestServer_Webhook(t *testing.T) {
	t.Parallel()
	c, _ := scriptedAs(t, dataCenter, nil)
	body := []byte(fmt.Sprintf(movedBody, begin().UnixMilli(), anaID, "Ana"))
	for rest, ok := range map[string]bool{
		"4f1d9c0b7a6e5d8c3b2a19087f6e5d4c": true, "4f1d9c0b7a6e5d8c3b2a19087f6e5d4c/": true,
		"": false, "4f1d9c0b7a6e5d8c3b2a19087f6e5d4d": false, "4f1d9c0b7a6e5d8c3b2a19087f6e5d4": false,
		"x/4f1d9c0b7a6e5d8c3b2a19087f6e5d4c": false, "4F1D9C0B7A6E5D8C3B2A19087F6E5D4C": false,
	} {
		in := connectors.Inbound{Method: http.MethodPost, Rest: rest, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, At: begin()}
		acc, err := c.Accept(in)
		if (err == nil) != ok {
			t.Errorf("Accept at %q = %v, want believed %v", rest, err, ok)
		}
		if err == nil && (acc.ID == "" || acc.Secret != "") {
			t.Errorf("Accept = %+v, want a name made of the body, and no secret", acc)
		}
	}
	both := reconnect(t, c, fmt.Sprintf(dataCenter, c.url)+"webhook_secret: "+hookSecret+"\n", "")
	in := hook(body)
	if _, err := both.Accept(in); err == nil {
		t.Error("a signature alone is believed although the address has a token")
	}
	in.Rest = "4f1d9c0b7a6e5d8c3b2a19087f6e5d4c"
	if acc, err := both.Accept(in); err != nil || acc.Secret != "current" {
		t.Errorf("Accept with both = %+v, %v, want it believed", acc, err)
	}
	in.Header.Del("X-Hub-Signature")
	if _, err := both.Accept(in); err == nil {
		t.Error("the token alone is believed although there is a secret")
	}
}

// TestAccept_NamesTheSecret: the counter of rotations wants to know which secret matched.
func TestAccept_NamesTheSecret(t *testing.T) {
	t.Parallel()
	c, _ := scriptedAs(t, strings.Replace(settings, "webhook_secret: "+hookSecret, "webhook_secret: [the-new-secret-of-jira, "+hookSecret+"]", 1), nil)
	body := []byte(fmt.Sprintf(movedBody, begin().UnixMilli(), anaID, "Ana"))
	for secret, want := range map[string]string{"the-new-secret-of-jira": "current", hookSecret: "previous"} {
		in := hook(body)
		in.Header.Set("X-Hub-Signature", sign(secret, body))
		if acc, err := c.Accept(in); err != nil || acc.Secret != want {
			t.Errorf("Accept = %+v, %v, want secret %q", acc, err, want)
		}
	}
}

// TestServer_Moves: several hops on a Data Center, where nothing is listed without the permission.
func TestServer_Moves(t *testing.T) {
	t.Parallel()
	c, o := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition = site.DataCenter })
	made := c.do(t, o.ticket())
	c.do(t, known(o.ticket(), made, 2, flow.InReview))
	if got := o.status(t); got != "In Review" {
		t.Errorf("the ticket is %q, want In Review", got)
	}
	o.site.Deny("TRANSITION_ISSUES")
	_, err := c.Do(t.Context(), known(o.ticket(), made, 3, flow.InProgress))
	if ce, ok := err.(*connectors.Error); !ok || !strings.Contains(ce.Person, "may lack the permission to transition issues") { //nolint:errorlint // exactly this type
		t.Errorf("Do without the permission = %v, want it said", err)
	}
}

// TestGateway: the scoped token of a service account works through the gateway alone; links name the site.
func TestGateway(t *testing.T) {
	t.Parallel()
	c, o := riggedAs(t, settings, func(o *site.Options) { o.CloudID = "1122-aabb" })
	yaml := strings.Replace(fmt.Sprintf(settings, "https://lumen.atlassian.net"), "user:", "api_url: "+o.url+"\ncloud_id: 1122-aabb\nuser:", 1)
	c = reconnect(t, c, yaml, "")
	made := c.do(t, o.ticket())
	if made[0].URL != "https://lumen.atlassian.net/browse/DES-1" {
		t.Errorf("the ticket is at %s, want the site", made[0].URL)
	}
	c.do(t, words(made[0].Ref, 2, text.Plain("Hello")))
	links, err := c.Attach(t.Context(), copying(made[0].Ref, 1, "brief.pdf", 100), meta("brief.pdf", 100), bytes.NewReader(pdf(100)))
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := c.Open(t.Context(), links[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	for i, call := range o.front.calls() {
		if !strings.Contains(call, " /ex/jira/1122-aabb/") {
			t.Errorf("call %d is %s, want it through the gateway", i, call)
		}
	}
}
