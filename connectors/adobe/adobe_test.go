package adobe_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
	"signoff/internal/source"
)

func begin() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// settings are those of the whole package's tests, %s being the address of the stand-in.
const settings = `frameio:
  api_url: %[1]s
  ims_url: %[1]s
  account: ` + account + `
  client_id: ` + clientID + `
  client_secret: ` + clientKey + `
  signing_secrets: {made: ` + signing + `}
`

func read(yaml string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("config.yaml", []byte(yaml))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a connection to Adobe", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

// rig is a connector before a site of its own.
type rig struct {
	*adobe.Connector
	site   *site
	clock  *connectortest.Clock
	keep   *connectortest.Keep
	log    *connectortest.Log
	stored map[string][]byte // deliveries by the sender's id
}

func connect(t *testing.T, yaml string) *rig {
	t.Helper()
	r := &rig{clock: connectortest.NewClock(begin()), keep: &connectortest.Keep{}, log: &connectortest.Log{}, stored: map[string][]byte{}}
	r.site = newSite(t, r.clock.Now)
	return r.again(t, yaml)
}

// again is a connector with other settings before the same site, with the same memory.
func (r *rig) again(t *testing.T, yaml string) *rig {
	t.Helper()
	if strings.Contains(yaml, "%") {
		yaml = fmt.Sprintf(yaml, r.site.url)
	}
	d := r.deps(t)
	c, err := adobe.New(read(yaml), d)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	out := *r
	out.Connector = c.(*adobe.Connector)
	return &out
}

func (r *rig) deps(t *testing.T) connectors.Deps {
	return connectors.Deps{
		Instance: "adobe", Version: "1.0", PublicURL: "https://signoff.lumen.example", StoreID: "store-1", Key: []byte("0123456789abcdef0123456789abcdef"),
		HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
		Delivery: func(_ context.Context, id string) ([]byte, error) { return r.stored[id], nil },
	}
}

// inquiry answers what a connector asks of requests.
type inquiry struct {
	connectors.Query
	requests []flow.Request
	types    []flow.RequestType
	wrong    map[string]string
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

func (q inquiry) Types() []flow.RequestType { return q.types }

func (q inquiry) Validate(f flow.Form) map[string]string {
	out := map[string]string{}
	for name, why := range q.wrong {
		if f.Fields[name] == nil {
			out[name] = why
		}
	}
	return out
}

func ref(kind, key string) flow.Ref { return flow.Ref{System: "adobe", Type: kind, Key: key} }

func file(id string) flow.Ref { return ref("file", account+"/"+id) }

func commentAt(file, id string) flow.Ref { return ref("comment", account+"/"+file+"/"+id) }

// knows lets the connector know of an open request about something.
func (r *rig) knows(about flow.Ref, versions ...flow.Version) {
	r.Ask(inquiry{requests: []flow.Request{{ID: "CR-142", Title: "Hero", Status: flow.InReview, Assets: []flow.Asset{{Ref: about, Versions: versions}}}}})
}

// approved lets the connector know of an approved request about something.
func (r *rig) approved(about flow.Ref, versions ...flow.Version) {
	r.Ask(inquiry{requests: []flow.Request{{ID: "CR-142", Title: "Hero", Status: flow.Approved, Assets: []flow.Asset{{Ref: about, Versions: versions}}}}})
}

// sign is a delivery as Frame.io sends it.
func sign(rest, secret string, at time.Time, body []byte) connectors.Inbound {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + string(body)))
	return connectors.Inbound{
		Method: http.MethodPost, Rest: "frameio/" + rest, Body: body, At: at,
		Header: http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"Frame.io V4 API"},
			"X-Frameio-Request-Timestamp": {stamp}, "X-Frameio-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
		},
	}
}

// event is a webhook as Frame.io writes it.
func event(kind, id string) []byte {
	what, _, _ := strings.Cut(kind, ".")
	raw, err := json.Marshal(map[string]any{
		"account": map[string]string{"id": account}, "project": map[string]string{"id": project}, "resource": map[string]string{"id": id, "type": what},
		"type": kind, "user": map[string]string{"id": evanID}, "workspace": map[string]string{"id": workspace},
	})
	if err != nil {
		panic(err)
	}
	return raw
}

// take takes one webhook the way the engine does.
func (r *rig) take(t *testing.T, in connectors.Inbound) (connectors.Accepted, []flow.Event) {
	t.Helper()
	acc, err := r.Accept(in)
	if err != nil {
		t.Fatalf("Accept: %v", err)
	}
	r.stored[acc.ID] = in.Body
	if acc.Ignored != "" || acc.Malformed != "" || acc.Answer != nil {
		return acc, nil
	}
	d := flow.Delivery{ID: "adobe/" + acc.ID, Instance: "adobe", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: in.Body, Key: acc.Key}
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

// ring takes a webhook of Frame.io's.
func (r *rig) ring(t *testing.T, kind, id string) []flow.Event {
	t.Helper()
	_, events := r.take(t, sign("made", signing, r.clock.Now(), event(kind, id)))
	return events
}

type harness struct{}

func (harness) Kind() connectors.Kind { return adobe.Kind() }

func (harness) Env() map[string]string {
	return map[string]string{
		"ADOBE_CLIENT_ID": clientID, "ADOBE_CLIENT_SECRET": clientKey, "FRAMEIO_ACTION_SECRET": signing, "FRAMEIO_TOKEN": "fio-u-canary", "WORKFRONT_AUTH_TOKEN": "wf-canary-token", "WORKFRONT_SESSION": "wf-canary-session",
	}
}

func (harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	t.Helper()
	o := &outside{site: newSite(t, d.Now)}
	o.site.say(fileA, "c0000000-0000-4000-8000-000000000500", "", evanID, "Please sign off")
	d.HTTP, d.Files = connectortest.HTTP(t), connectortest.Files(t)
	c, err := adobe.New(read(fmt.Sprintf(settings, o.site.url)), d)
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
func (o *outside) Secrets() []string {
	return []string{clientKey, signing, "canary-token-1", "canary-token-2"}
}

func (o *outside) Create() flow.Effect {
	return flow.Effect{ID: "CR-142/3/1", Request: "CR-142", Target: "adobe", Show: &flow.Show{
		Purpose: "notice/1", At: file(fileA), Version: 1, Digest: "digest-1",
		View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Title: "Hero", Headline: "The hero is too dark."},
	}}
}

func (o *outside) Say([]flow.Link) (flow.Effect, bool) {
	return tell("CR-142/4/1", commentAt(fileA, "c0000000-0000-4000-8000-000000000500"), "Approved by Ana."), true
}

func tell(id string, where flow.Ref, words string) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-142", Target: "adobe", Tell: &flow.Tell{
		Where: where, View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Headline: words, Page: "/requests/CR-142"},
	}}
}

// ours are the comments of our account; told says whether those of Say.
func (o *outside) ours(told bool) []string {
	var out []string
	o.site.with(func() {
		for _, m := range o.site.comments[fileA] {
			s := m["text"].(string)
			if strings.Contains(s, "signoff ref ") && strings.Contains(s, "Approved") == told {
				out = append(out, s)
			}
		}
	})
	return out
}

func (o *outside) Things() []string { return o.ours(false) }
func (o *outside) Said() int        { return len(o.ours(true)) }

func (o *outside) Arm(f connectortest.Fault) bool {
	o.site.arm(f)
	return true
}

func (o *outside) Faults() []connectortest.Case {
	return []connectortest.Case{
		{Name: "not allowed", Fault: connectortest.Fault{Status: 403, Body: `{"errors":[{"detail":"Forbidden"}]}`}, Class: connectors.Rejected, Person: true},
		{Name: "gone", Fault: connectortest.Fault{Status: 404, Body: `{"errors":[{"detail":"Not found"}]}`}, Class: connectors.Rejected, Person: true},
		{Name: "plan", Fault: connectortest.Fault{Status: 402, Body: `{"errors":[{"detail":"Plan limit"}]}`}, Class: connectors.Rejected, Person: true},
		{Name: "bad request", Fault: connectortest.Fault{Status: 422, Body: `{"errors":[{"detail":"text can't be blank","source":{"pointer":"/data/text"}}]}`}, Class: connectors.Rejected, Person: true},
		{Name: "made without an id", Fault: connectortest.Fault{Does: true, Status: 201, Body: `{"data":{}}`}, Class: connectors.Unsure},
	}
}

func (o *outside) Hooks() (believed, refused []connectors.Inbound) {
	good := func(body string) connectors.Inbound { return sign("made", signing, begin(), []byte(body)) }
	wrong := sign("made", "another-secret", begin(), event("file.ready", fileA))
	old := sign("made", signing, begin(), event("file.ready", fileA))
	old.At = begin().Add(301 * time.Second)
	none, get, encoded, other := good("{}"), good("{}"), good("{}"), good("{}")
	none.Header.Del("X-Frameio-Signature")
	get.Method = http.MethodGet
	encoded.Header.Set("Content-Encoding", "gzip")
	other.Rest = "nowhere/x"
	return []connectors.Inbound{
			good(string(event("file.ready", fileA))), good(string(event("comment.created", "c0000000-0000-4000-8000-000000000500"))), good(string(event("share.viewed", "x1"))),
			good(`{"type":`), good(`{"type":"file.ready"}`),
		},
		[]connectors.Inbound{wrong, old, none, get, encoded, other}
}

func TestConnector(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{})
}
