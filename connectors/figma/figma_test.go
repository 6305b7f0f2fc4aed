package figma_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/figma"
	"signoff/internal/flow"
	"signoff/internal/source"
	"signoff/internal/text"
)

func begin() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// settings are those of the whole package's tests, %s being the address.
const settings = `api_url: %s
token: figd_canary-token
webhook_passcode: hand-made-passcode-of-ours
`

// read decodes settings as the configuration does.
func read(yaml string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("config.yaml", []byte(yaml))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a Figma connection", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

// rig is a connector before a site of its own.
type rig struct {
	*figma.Connector
	site  *site
	clock *connectortest.Clock
	keep  *connectortest.Keep
	log   *connectortest.Log
}

// connect returns a connector with these settings beyond the usual ones.
func connect(t *testing.T, more string) *rig {
	t.Helper()
	r := &rig{clock: connectortest.NewClock(begin()), keep: &connectortest.Keep{}, log: &connectortest.Log{}}
	r.site = newSite(t, r.clock.Now)
	return r.again(t, more)
}

// again is a connector with other settings before the same site, with the same memory.
func (r *rig) again(t *testing.T, more string) *rig {
	t.Helper()
	c, err := figma.New(read(fmt.Sprintf(settings, r.site.url)+more), connectors.Deps{
		Instance: "figma", Version: "1.0", PublicURL: "https://signoff.lumen.example", StoreID: "store-1", Key: []byte("0123456789abcdef0123456789abcdef"),
		HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	out := *r
	out.Connector = c.(*figma.Connector)
	return &out
}

// inquiry answers what a connector asks of requests.
type inquiry struct {
	connectors.Query
	requests []flow.Request
}

func (q inquiry) Touching(_ context.Context, ref flow.Ref) (flow.Request, bool, error) {
	return q.about(ref, false)
}

func (q inquiry) Signed(_ context.Context, ref flow.Ref) (flow.Request, bool, error) {
	return q.about(ref, true)
}

func (q inquiry) about(ref flow.Ref, closed bool) (flow.Request, bool, error) {
	for _, r := range q.requests {
		if r.Status.Closed() == closed && slices.ContainsFunc(r.Assets, func(a flow.Asset) bool { return a.Ref == ref }) {
			return r, true, nil
		}
	}
	return flow.Request{}, false, nil
}

func (q inquiry) Request(_ context.Context, id string) (flow.Request, bool, error) {
	for _, r := range q.requests {
		if string(r.ID) == id {
			return r, true, nil
		}
	}
	return flow.Request{}, false, nil
}

func file1(key string) flow.Ref { return flow.Ref{System: "figma", Type: "file", Key: key} }

func commentAt(key, id string) flow.Ref {
	return flow.Ref{System: "figma", Type: "comment", Key: key + "/" + id}
}

// knows lets the connector know of an open request about a file.
func (r *rig) knows(key string, nodes []string, versions ...flow.Version) {
	r.Ask(inquiry{requests: []flow.Request{{ID: "CR-142", Status: flow.InReview, Assets: []flow.Asset{{Ref: file1(key), Nodes: nodes, Versions: versions}}}}})
}

// body is a webhook as Figma sends it now; members replace the usual ones, nil leaves one out.
func body(event string, members map[string]any) []byte {
	m := map[string]any{
		"event_type": event, "passcode": passcode, "timestamp": begin().Format(time.RFC3339), "webhook_id": "22", "retries": 0, "protocol_version": "2",
		"file_key": fileA, "file_name": "Homepage hero", "triggered_by": map[string]any{"id": evanID, "handle": "Evan Wallace"},
	}
	for k, v := range members {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return raw
}

// commented is the webhook of a comment.
func commented(id, parent, words string) []byte {
	return body("FILE_COMMENT", map[string]any{
		"comment": []any{map[string]any{"text": words}}, "comment_id": id, "parent_id": parent, "order_id": "23 ", "resolved_at": "", "created_at": begin().Format(time.RFC3339),
	})
}

func hookOf(body []byte) connectors.Inbound {
	return connectors.Inbound{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, At: begin()}
}

// take takes one webhook the way the engine does.
func (r *rig) take(t *testing.T, in connectors.Inbound) (connectors.Accepted, []flow.Event) {
	t.Helper()
	acc, err := r.Accept(in)
	if err != nil {
		t.Fatalf("Accept: %v", err)
	}
	if acc.Ignored != "" || acc.Malformed != "" {
		return acc, nil
	}
	d := flow.Delivery{ID: "figma/" + acc.ID, Instance: "figma", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: acc.Kept, Key: acc.Key}
	if acc.Enrich {
		if d.Learned, err = r.Enrich(t.Context(), d); err != nil {
			t.Fatalf("Enrich: %v", err)
		}
	}
	events, err := r.Parse(d)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return acc, events
}

type harness struct{}

func (harness) Kind() connectors.Kind { return figma.Kind() }

func (harness) Env() map[string]string {
	return map[string]string{"FIGMA_TOKEN": token, "FIGMA_PASSCODE": passcode}
}

func (harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	t.Helper()
	o := &outside{site: newSite(t, d.Now)}
	o.site.say(fileA, "500", "", evanID, "Please sign off", nil)
	d.HTTP, d.Files = connectortest.HTTP(t), connectortest.Files(t)
	c, err := figma.New(read(fmt.Sprintf(settings, o.site.url)), d)
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
func (o *outside) Secrets() []string               { return []string{token, passcode} }
func (o *outside) Lasting() string                 { return "Figma lets nobody change a comment" }

func (o *outside) Create() flow.Effect {
	return flow.Effect{ID: "CR-142/3/1", Request: "CR-142", Target: "figma", Show: &flow.Show{
		Purpose: "comment/1", At: commentAt(fileA, "500"), Version: 1, Digest: "digest-1",
		View: flow.View{Kind: flow.CommentView, Request: "CR-142", Title: "Homepage hero", Headline: "Homepage hero", Body: text.Plain("The hero is too dark.")},
	}}
}

func (o *outside) Say([]flow.Link) (flow.Effect, bool) {
	return tell("CR-142/4/1", commentAt(fileA, "500"), "Approved by Ana."), true // in the thread: what was made stands in it
}

// tell is an effect that says something.
func tell(id string, where flow.Ref, words string) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-142", Target: "figma", Tell: &flow.Tell{
		Where: where, View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Headline: words, Page: "/requests/CR-142"},
	}}
}

// ours are the comments of our account that hold some words.
func (o *outside) ours(words string) []string {
	var out []string
	o.site.with(func() {
		for _, m := range o.site.files[fileA].Comments {
			if s := m["message"].(string); strings.Contains(s, "signoff ref ") && strings.Contains(s, words) {
				out = append(out, s)
			}
		}
	})
	return out
}

func (o *outside) Things() []string { return o.ours("too dark") }
func (o *outside) Said() int        { return len(o.ours("Approved")) }

func (o *outside) Arm(f connectortest.Fault) bool {
	o.site.arm(f)
	return true
}

func (o *outside) Faults() []connectortest.Case {
	days := http.Header{"Retry-After": {"396749"}, "X-Figma-Rate-Limit-Type": {"low"}, "X-Figma-Plan-Tier": {"pro"}}
	return []connectortest.Case{
		{Name: "token not good", Fault: connectortest.Fault{Status: 403, Body: `{"status":403,"err":"Invalid token"}`}, Class: connectors.Denied, Person: true},
		{Name: "token expired", Fault: connectortest.Fault{Status: 403, Body: `{"status":403,"err":"Token has expired"}`}, Class: connectors.Denied, Person: true},
		{Name: "scope missing", Fault: connectortest.Fault{Status: 403, Body: `{"status":403,"err":"Invalid scope: [\"file_comments:read\"]. This endpoint requires the file_comments:write scope"}`}, Class: connectors.Rejected, Person: true},
		{Name: "not invited", Fault: connectortest.Fault{Status: 403, Body: `{"status":403,"err":"You don't have permission"}`}, Class: connectors.Rejected, Person: true},
		{Name: "bad request", Fault: connectortest.Fault{Status: 422, Body: `{"error":true,"status":422,"message":"Not so."}`}, Class: connectors.Rejected, Person: true},
		{Name: "days", Fault: connectortest.Fault{Status: 429, Header: days, Body: `{"status":429,"err":"Rate limit exceeded"}`}, Class: connectors.Limited, Wait: 396749 * time.Second, Person: true},
		{Name: "made without an id", Fault: connectortest.Fault{Does: true, Status: 200, Body: `{}`}, Class: connectors.Unsure},
	}
}

func (o *outside) Hooks() (believed, refused []connectors.Inbound) {
	wrong, none, list, get, encoded := hookOf(body("PING", map[string]any{"passcode": "not-this-passcode"})), hookOf(body("PING", map[string]any{"passcode": nil})),
		hookOf(body("PING", map[string]any{"passcode": []string{passcode}})), hookOf(body("PING", nil)), hookOf(body("PING", nil))
	get.Method = http.MethodGet
	encoded.Header.Set("Content-Encoding", "gzip")
	return []connectors.Inbound{hookOf(body("PING", nil)), hookOf(commented("7", "", "hello @signoff")), hookOf(body("FILE_UNHEARD_OF", nil)), hookOf(body("FILE_COMMENT", nil))},
		[]connectors.Inbound{wrong, none, list, get, encoded, hookOf([]byte(`[]`)), hookOf([]byte(`{"passcode":`))}
}

func TestConnector(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{})
}

// settingsOf is a connector with other settings, %s being the address, before the same site.
func (r *rig) settingsOf(t *testing.T, yaml string) *rig {
	t.Helper()
	c, err := figma.New(read(fmt.Sprintf(yaml, r.site.url)), connectors.Deps{
		Instance: "figma", PublicURL: "https://signoff.lumen.example", StoreID: "store-1", Key: []byte("0123456789abcdef0123456789abcdef"),
		HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	out := *r
	out.Connector = c.(*figma.Connector)
	return &out
}

// bare has no passcode for webhooks made by hand.
func (r *rig) bare(t *testing.T) *rig {
	t.Helper()
	return r.settingsOf(t, strings.Replace(settings, "webhook_passcode: "+passcode+"\n", "", 1))
}
