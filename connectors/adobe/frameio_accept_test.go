package adobe_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
)

// TestFrameio_PublishedSignature holds the example that Frame.io's rules of signing give.
func TestFrameio_PublishedSignature(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	in := connectors.Inbound{
		Method: http.MethodPost, Rest: "frameio/made", At: time.Unix(1763800000, 0),
		Body: []byte(`{"account":{"id":"6f70f1bd-7e89-4a7e-b4d3-7e576585a181"},"project":{"id":"7e46e495-4444-4555-8649-bee4d391a997"},"resource":{"id":"d3075547-4e64-45f0-ad12-d075660eddd2","type":"file"},"type":"file.ready","user":{"id":"56556a3f-859f-4b38-b6c6-e8625b5da8a5"},"workspace":{"id":"378fcbf7-6f88-4224-8139-6a743ed940b2"}}`),
		Header: http.Header{
			"Content-Type": {"application/json"}, "X-Frameio-Request-Timestamp": {"1763800000"},
			"X-Frameio-Signature": {"v0=20d479b00feea2bc2c5c344e72ae0dc73ff47af4187520a7d57266696f3fe4ef"},
		},
	}
	acc, err := r.Accept(in)
	if err != nil || acc.Kind != "frameio:file.ready" || acc.Secret != "current" {
		t.Fatalf("Accept = %+v, %v, want file.ready, signed with the current secret", acc, err)
	}
	for i := range in.Body {
		altered := in
		altered.Body = append([]byte(nil), in.Body...)
		altered.Body[i] ^= 1
		if _, err := r.Accept(altered); status(err) != 401 {
			t.Fatalf("with byte %d altered: Accept = %v, want 401", i, err)
		}
	}
}

// TestFrameio_ASecretCountsAtItsAddress: T11. One secret that leaked signs for nothing but what it was made for.
func TestFrameio_ASecretCountsAtItsAddress(t *testing.T) {
	t.Parallel()
	const first, second = "fio-secret-of-the-first", "fio-secret-of-the-second"
	r := connect(t, strings.Replace(settings, "{made: "+signing+"}", "{one: "+first+", two: "+second+"}", 1))
	for at, want := range map[string]map[string]int{
		"one": {first: 0, second: 401}, "two": {first: 401, second: 0}, "action/two": {first: 401, second: 0},
		"": {first: 404, second: 404}, "three": {first: 404, second: 404},
	} {
		for secret, status1 := range want {
			in := sign(at, secret, begin(), event("file.ready", fileA))
			if _, err := r.Accept(in); status(err) != status1 {
				t.Errorf("at %q signed with %s: Accept = %v, want status %d", at, secret, err, status1)
			}
		}
	}
}

func TestFrameio_Refuses(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	body := event("file.ready", fileA)
	for name, c := range map[string]struct {
		change func(*connectors.Inbound)
		want   int
	}{
		"300 s old":           {func(in *connectors.Inbound) { in.At = begin().Add(300 * time.Second) }, 0},
		"301 s old":           {func(in *connectors.Inbound) { in.At = begin().Add(301 * time.Second) }, 401},
		"301 s ahead":         {func(in *connectors.Inbound) { in.At = begin().Add(-301 * time.Second) }, 401},
		"negative time":       {func(in *connectors.Inbound) { in.Header.Set("X-Frameio-Request-Timestamp", "-1") }, 401},
		"time too long":       {func(in *connectors.Inbound) { in.Header.Set("X-Frameio-Request-Timestamp", "1763800000000") }, 401},
		"time in other marks": {func(in *connectors.Inbound) { in.Header.Set("X-Frameio-Request-Timestamp", "١٧٦٣٨٠٠٠٠٠") }, 401},
		"no time":             {func(in *connectors.Inbound) { in.Header.Del("X-Frameio-Request-Timestamp") }, 401},
		"two signatures": {func(in *connectors.Inbound) {
			in.Header["X-Frameio-Signature"] = append(in.Header["X-Frameio-Signature"], in.Header.Get("X-Frameio-Signature"))
		}, 401},
		"upper case": {func(in *connectors.Inbound) {
			in.Header.Set("X-Frameio-Signature", strings.ToUpper(in.Header.Get("X-Frameio-Signature")))
		}, 401},
		"v0 twice": {func(in *connectors.Inbound) {
			in.Header.Set("X-Frameio-Signature", "v0="+in.Header.Get("X-Frameio-Signature"))
		}, 401},
		"cut": {func(in *connectors.Inbound) {
			in.Header.Set("X-Frameio-Signature", in.Header.Get("X-Frameio-Signature")[:40])
		}, 401},
		"another name":       {func(in *connectors.Inbound) { in.Rest = "frameio/other-name" }, 404},
		"an action":          {func(in *connectors.Inbound) { in.Rest = "frameio/action/made" }, 0},
		"a path":             {func(in *connectors.Inbound) { in.Rest = "frameio/a/b" }, 404},
		"a strange address":  {func(in *connectors.Inbound) { in.Rest = "frameio/" + strings.Repeat("ab", 20) }, 404},
		"no door":            {func(in *connectors.Inbound) { in.Rest = "" }, 0},
		"no door, unsigned":  {func(in *connectors.Inbound) { in.Rest = ""; in.Header.Del("X-Frameio-Signature") }, 404},
		"a part left out":    {func(in *connectors.Inbound) { in.Rest = "io/x" }, 404},
		"wrong method":       {func(in *connectors.Inbound) { in.Method = http.MethodPut }, 405},
		"wrong content type": {func(in *connectors.Inbound) { in.Header.Set("Content-Type", "text/plain") }, 415},
		"too large":          {func(in *connectors.Inbound) { in.Body = make([]byte, 1<<20+1) }, 413},
		"another account": {func(in *connectors.Inbound) {
			*in = sign("made", signing, begin(), bytes.ReplaceAll(body, []byte(account), []byte("11111111-1111-4111-8111-111111111111")))
		}, 401},
	} {
		in := sign("made", signing, begin(), body)
		c.change(&in)
		if _, err := r.Accept(in); status(err) != c.want {
			t.Errorf("%s: Accept = %v, want status %d", name, err, c.want)
		}
	}
	for name, c := range map[string]struct{ body, ignored, malformed string }{
		"unknown event":   {`{"type":"share.viewed","resource":{"id":"x"}}`, "not use", ""},
		"upload begun":    {string(event("file.created", fileA)), "ready", ""},
		"legacy":          {`{"type":"asset.ready","resource":{"id":"x","type":"asset"},"team":{"id":"t"}}`, "legacy", ""},
		"without a file":  {`{"type":"file.ready"}`, "", "names no file"},
		"cut":             {`{"type":"file.ready"`, "", "malformed"},
		"a key twice":     {`{"type":"file.ready","type":"x"}`, "", "twice"},
		"a path as an id": {`{"type":"file.ready","resource":{"id":"../../me","type":"file"}}`, "", "names no file"},
	} {
		acc, err := r.Accept(sign("made", signing, begin(), []byte(c.body)))
		if err != nil || !strings.Contains(acc.Ignored, c.ignored) || !strings.Contains(acc.Malformed, c.malformed) || (acc.Ignored == "") == (acc.Malformed == "") {
			t.Errorf("%s: Accept = ignored %q, malformed %q, %v, want it kept as %q%q", name, acc.Ignored, acc.Malformed, err, c.ignored, c.malformed)
		}
	}
}

// TestFrameio_SameDelivery: what was signed once is one delivery, however often it comes.
func TestFrameio_SameDelivery(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	one, err := r.Accept(sign("made", signing, begin(), event("file.ready", fileA)))
	again, err2 := r.Accept(sign("made", signing, begin(), event("file.ready", fileA)))
	later, err3 := r.Accept(sign("made", signing, begin().Add(time.Second), event("file.ready", fileA)))
	if err != nil || err2 != nil || err3 != nil || one.ID != again.ID || one.ID == later.ID {
		t.Errorf("ids %q, %q, %q (%v, %v, %v), want the first two alike", one.ID, again.ID, later.ID, err, err2, err3)
	}
}
