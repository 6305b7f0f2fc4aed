package slack

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/secret"
)

// The published worked example of Slack's documentation, and the one of our contract.
const (
	publishedBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	ourBody       = `{"type":"event_callback","team_id":"T0SIGNOFF1","api_app_id":"A0SIGNOFF1","event_id":"Ev0SIGNOFF1","event_time":1760000000,"event":{"type":"app_mention","user":"U0REQUEST1","text":"<@U0BOT00001> banner please","ts":"1760000000.000100","channel":"C0CREATIVE","event_ts":"1760000000.000100"}}`
	ourSignature  = "v0=f8708b5366c034d905a7b57867e6bf89e4d18297cd3177cc497b2011703ba92c"
)

func TestVerify_PublishedVectors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ secret, stamp, body, want string }{
		"slack's own": {"8f742231b10e8888abcd99yyyzzz85a5", "1531420618", publishedBody, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
		"ours":        {testSecret, "1760000000", ourBody, ourSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVerifier(Secrets{secret.New(tc.secret)})
			at, err := strconv.ParseInt(tc.stamp, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			h := http.Header{headerTime: {tc.stamp}, headerSignature: {tc.want}}
			if _, got := v.check(h, []byte(tc.body), time.Unix(at, 0)); got != "" {
				t.Errorf("check(published vector) = %q, want it believed", got)
			}
		})
	}
}

func wantRefusal(t *testing.T, err error, status int) {
	t.Helper()
	var r *connectors.Refusal
	if !errors.As(err, &r) || r.Status != status {
		t.Errorf("Accept = %v, want a refusal with %d", err, status)
	}
}

func TestAccept_RefusesWrongSignatures(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	good := ourSignature
	digest := strings.TrimPrefix(good, "v0=")
	raw, err := hex.DecodeString(digest)
	if err != nil {
		t.Fatal(err)
	}
	other := string(signature([]byte("another-connectors-secret"), "1760000000", []byte(ourBody)))
	for name, sig := range map[string][]string{
		"missing": nil, "empty": {""}, "wrong": {"v0=" + strings.Repeat("0", 64)}, "truncated": {good[:len(good)-2]}, "longer": {good + "00"},
		"other secret": {other}, "upper case": {"v0=" + strings.ToUpper(digest)}, "prefix twice": {"v0=" + good}, "no prefix": {digest},
		"base64": {"v0=+HCLU2bANNkFp7V4Z+a/ieTRgpfNMXfMSXsgEXA7qSw="}, "raw bytes": {"v0=" + string(raw)}, "twice": {good, good}, "wrong version": {"v1=" + digest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inbound("application/json", ourBody)
			in.Header[headerSignature] = sig
			if sig == nil {
				in.Header.Del(headerSignature)
			}
			_, err := r.Accept(in)
			wantRefusal(t, err, http.StatusUnauthorized)
			if err != nil && strings.Contains(err.Error(), digest[:12]) {
				t.Errorf("the refusal %q holds the right signature", err)
			}
		})
	}
	t.Cleanup(func() {
		if strings.Contains(r.log.String(), digest[:12]) {
			t.Errorf("the log holds the right signature: %s", r.log)
		}
	})
}

func TestAccept_RefusesEveryAlteredByte(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := inbound("application/json", ourBody)
	if _, err := r.Accept(in); err != nil {
		t.Fatalf("the unaltered body is refused: %v", err)
	}
	for i := range min(512, len(ourBody)) {
		body := []byte(ourBody)
		body[i] ^= 1
		in.Body = body
		_, err := r.Accept(in)
		wantRefusal(t, err, http.StatusUnauthorized)
	}
	for _, body := range []string{ourBody + "\n", "\ufeff" + ourBody, strings.TrimSuffix(ourBody, "}"), strings.ReplaceAll(ourBody, ",", ", "), ""} {
		in.Body = []byte(body)
		_, err := r.Accept(in)
		wantRefusal(t, err, http.StatusUnauthorized)
	}
}

func TestAccept_Timestamps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := testNow().Unix()
	for stamp, believed := range map[string]bool{
		strconv.FormatInt(now-300, 10): true, strconv.FormatInt(now+300, 10): true,
		strconv.FormatInt(now-301, 10): false, strconv.FormatInt(now+301, 10): false,
		"0": false, "-1760000000": false, "+1760000000": false, "9223372036854775808": false, "1e9": false, "١٧٦٠٠٠٠٠٠٠": false,
		"": false, " 1760000000": false, "1760000000.5": false, "0x68e7a000": false,
	} {
		in := inbound("application/json", ourBody)
		in.Header[headerTime] = []string{stamp}
		in.Header[headerSignature] = []string{string(signature([]byte(testSecret), stamp, in.Body))}
		_, err := r.Accept(in)
		if believed != (err == nil) {
			t.Errorf("timestamp %q: %v, want believed %v", stamp, err, believed)
		}
		if !believed {
			wantRefusal(t, err, http.StatusUnauthorized)
		}
	}
	in := inbound("application/json", ourBody)
	in.Header[headerTime] = []string{"1760000000", "1760000000"}
	_, err := r.Accept(in)
	wantRefusal(t, err, http.StatusUnauthorized)
}

func TestAccept_TwoSecretsWhileRotating(t *testing.T) {
	t.Parallel()
	v := newVerifier(Secrets{secret.New("the-new-signing-secret"), secret.New("the-old-signing-secret")})
	for key, want := range map[string][2]string{
		"the-new-signing-secret": {"current", ""}, "the-old-signing-secret": {"previous", ""}, "a-retired-signing-secret": {"", reasonSignature},
	} {
		h := http.Header{headerTime: {"1760000000"}, headerSignature: {string(signature([]byte(key), "1760000000", []byte("x")))}}
		if secret, reason := v.check(h, []byte("x"), testNow()); [2]string{secret, reason} != want {
			t.Errorf("signed with %s: %q, %q, want %q", key, secret, reason, want)
		}
	}
	if acc := newRig(t).accept(inbound("application/json", ourBody)); acc.Secret != "current" {
		t.Errorf("Accept names the secret %q, want current", acc.Secret)
	}
}

func TestAccept_MethodPathAndType(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, tc := range map[string]struct {
		change func(*connectors.Inbound)
		status int
	}{
		"get":      {func(in *connectors.Inbound) { in.Method = http.MethodGet }, http.StatusMethodNotAllowed},
		"path":     {func(in *connectors.Inbound) { in.Rest = "events" }, http.StatusNotFound},
		"xml":      {func(in *connectors.Inbound) { in.Header.Set("Content-Type", "text/xml") }, http.StatusUnsupportedMediaType},
		"no type":  {func(in *connectors.Inbound) { in.Header.Del("Content-Type") }, http.StatusUnsupportedMediaType},
		"gzip":     {func(in *connectors.Inbound) { in.Header.Set("Content-Encoding", "gzip") }, http.StatusUnsupportedMediaType},
		"unsigned": {func(in *connectors.Inbound) { in.Header.Del(headerSignature) }, http.StatusUnauthorized},
	} {
		in := inbound("application/json; charset=utf-8", ourBody)
		tc.change(&in)
		_, err := r.Accept(in)
		wantRefusal(t, err, tc.status)
		var refusal *connectors.Refusal
		if name == "get" && errors.As(err, &refusal) && refusal.Allow != http.MethodPost {
			t.Errorf("Allow = %q, want POST", refusal.Allow)
		}
	}
}

func TestAccept_Challenge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := inbound("application/json", `{"type":"url_verification","token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV"}`)
	acc := r.accept(in)
	if acc.Answer == nil || string(acc.Answer.Body) != "3eZbrw1aBm2rZgRNFdxV" || !strings.HasPrefix(acc.Answer.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("challenge answered with %+v, want it back as plain text", acc.Answer)
	}
	in.Header.Del(headerSignature)
	_, err := r.Accept(in)
	wantRefusal(t, err, http.StatusUnauthorized)
	if acc := r.accept(inbound("application/x-www-form-urlencoded", "ssl_check=1&token=x")); acc.Answer == nil || len(acc.Answer.Body) != 0 {
		t.Errorf("ssl_check answered with %+v, want an empty 200", acc.Answer)
	}
}
