package letter

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// zone answers for names, or fails.
type zone struct {
	txt  map[string]string
	fail map[string]bool
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if z.fail[name] {
		return nil, errors.New("the server does not answer")
	}
	if v, ok := z.txt[name]; ok {
		return []string{v}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (zone) LookupMX(context.Context, string) ([]*net.MX, error)            { return nil, nil }
func (zone) LookupIPAddr(context.Context, string) ([]net.IPAddr, error)     { return nil, nil }
func (zone) LookupAddr(context.Context, string) (names []string, err error) { return nil, nil }

// signedMail signs a mail as the domain and returns it with the record of its key.
func signedMail(t *testing.T, domain string, raw []byte) (mail []byte, record string) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	var b bytes.Buffer
	err := dkim.Sign(&b, bytes.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: "s", Signer: key, HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed, HeaderKeys: []string{"From", "Subject"}})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

func TestVerify_Signatures(t *testing.T) {
	t.Parallel()
	plain := rawMail("From: Ana <ana@design.lumen.example>", "Subject: Banner", "", "Looks good.")
	by := func(domain string) []byte { m, _ := signedMail(t, domain, plain); return m }
	_, record := signedMail(t, "lumen.example", plain)
	policy := func(domain, tags string) map[string]string {
		return map[string]string{"s._domainkey.design.lumen.example": record, "s._domainkey.lumen.example": record, "s._domainkey.evil.example": record, "_dmarc." + domain: "v=DMARC1; p=reject" + tags}
	}
	const own, org = "design.lumen.example", "lumen.example"
	for name, c := range map[string]struct {
		raw       []byte
		zone      zone
		how       Method
		temporary bool
	}{
		"its own, with a policy":               {by(own), zone{txt: policy(own, "")}, DMARC, false},
		"of the organisation":                  {by(org), zone{txt: policy(org, "")}, DMARC, false},
		"of the organisation, not near enough": {by(org), zone{txt: policy(own, "; adkim=s")}, None, false},
		"its own, strictly":                    {by(own), zone{txt: policy(org, "; adkim=s")}, DMARC, false},
		"no policy":                            {by(own), zone{txt: policy("other.example", "")}, DKIM, false},
		"of another domain":                    {by("evil.example"), zone{txt: policy(own, "")}, None, false},
		"of the public suffix":                 {by("example"), zone{txt: map[string]string{"s._domainkey.example": record}}, None, false},
		"none":                                 {plain, zone{txt: policy(own, "")}, None, false},
		"changed":                              {bytes.Replace(by(own), []byte("good"), []byte("evil"), 1), zone{txt: policy(own, "")}, None, false},
		"another author":                       {bytes.Replace(by(own), []byte("Ana <ana@"), []byte("Ceo <ceo@"), 1), zone{txt: policy(own, "")}, None, false},
		"two From":                             {append([]byte("From: ceo@design.lumen.example\r\n"), by(own)...), zone{txt: policy(own, "")}, None, false},
		"two subjects":                         {append([]byte("Subject: Pay this\r\n"), by(own)...), zone{txt: policy(own, "")}, None, false},
		"two authors":                          {bytes.Replace(by(own), []byte("example>"), []byte("example>, b@x.example"), 1), zone{txt: policy(own, "")}, None, false},
		"no key":                               {by(own), zone{}, None, false},
		"no key for now":                       {by(own), zone{fail: map[string]bool{"s._domainkey.design.lumen.example": true}}, None, true},
		"no key of another for now":            {by("evil.example"), zone{fail: map[string]bool{"s._domainkey.evil.example": true}}, None, false},
		"no policy for now":                    {by(own), zone{txt: policy("other.example", ""), fail: map[string]bool{"_dmarc.design.lumen.example": true}}, None, true},
		"out of a mailbox, in LF":              {append([]byte("From x\n"), bytes.ReplaceAll(by(own), []byte("\r\n"), []byte("\n"))...), zone{txt: policy(own, "")}, DMARC, false},
		"put before a signed mail":             {append([]byte("DKIM-Signature: v=1\r\nFrom: ceo@design.lumen.example\n\nPay this.\r\n"), by(own)...), zone{txt: policy(own, "")}, None, false},
		"put before it, ended by \\r\\r\\n":    {append([]byte("DKIM-Signature: v=1\r\nFrom: ceo@design.lumen.example\r\n\r\r\nPay this.\r\n"), by(own)...), zone{txt: policy(own, "")}, None, false},
		"put before it, in a mailbox":          {append([]byte("From x\r\nDKIM-Signature: v=1\r\nFrom: ceo@design.lumen.example\n\nPay this.\r\n"), by(own)...), zone{txt: policy(own, "")}, None, false},
		"put before it, all in LF":             {append([]byte("DKIM-Signature: v=1\nFrom: ceo@design.lumen.example\n\nPay this.\n"), bytes.ReplaceAll(by(own), []byte("\r\n"), []byte("\n"))...), zone{txt: policy(own, "")}, None, false},
		"a carriage return in a field":         {append([]byte("X: a\rFrom: ceo@design.lumen.example\r\n"), by(own)...), zone{txt: policy(own, "")}, DMARC, false},
		"a signature for ever":                 {append([]byte("DKIM-Signature: v=1; h="+strings.Repeat("from:", 4000)+"\r\n"), by(own)...), zone{txt: policy(own, "")}, None, false},
	} {
		got := Verify(context.Background(), c.raw, Trust{Resolver: c.zone})
		if got.How != c.how || got.Temporary != c.temporary {
			t.Errorf("%s: %+v, want %s, temporary %v", name, got, c.how, c.temporary)
		}
	}
}

func TestVerify_SPF(t *testing.T) {
	t.Parallel()
	raw := rawMail("From: Ana <ana@lumen.example>", "", "Looks good.")
	ip := netip.MustParseAddr("192.0.2.7")
	spf := map[string]string{"lumen.example": "v=spf1 ip4:192.0.2.7 -all", "mail.lumen.example": "v=spf1 ip4:192.0.2.7 -all", "evil.example": "v=spf1 +all"}
	with := func(tags string) map[string]string {
		m := map[string]string{"_dmarc.lumen.example": "v=DMARC1; p=none" + tags}
		for k, v := range spf {
			m[k] = v
		}
		return m
	}
	for name, c := range map[string]struct {
		e         Envelope
		zone      zone
		how       Method
		temporary bool
	}{
		"its server":               {Envelope{Known: true, From: "ana@lumen.example", IP: ip}, zone{txt: spf}, SPF, false},
		"with a policy":            {Envelope{Known: true, From: "bounce@mail.lumen.example", IP: ip}, zone{txt: with("")}, DMARC, false},
		"not near enough":          {Envelope{Known: true, From: "bounce@mail.lumen.example", IP: ip}, zone{txt: with("; aspf=s")}, None, false},
		"another server":           {Envelope{Known: true, From: "ana@lumen.example", IP: netip.MustParseAddr("192.0.2.8")}, zone{txt: spf}, None, false},
		"another domain's":         {Envelope{Known: true, From: "x@evil.example", IP: ip}, zone{txt: spf}, None, false},
		"nobody knows the server":  {Envelope{Known: true, From: "ana@lumen.example"}, zone{txt: spf}, None, false},
		"the null sender":          {Envelope{Known: true, IP: ip}, zone{txt: spf}, None, false},
		"no answer for now":        {Envelope{Known: true, From: "ana@lumen.example", IP: ip}, zone{fail: map[string]bool{"lumen.example": true}}, None, true},
		"the envelope is not told": {Envelope{From: "ana@lumen.example", IP: ip}, zone{txt: spf}, None, false},
	} {
		got := Verify(context.Background(), raw, Trust{Resolver: c.zone, Envelope: c.e})
		if got.How != c.how || got.Temporary != c.temporary {
			t.Errorf("%s: %+v, want %s, temporary %v", name, got, c.how, c.temporary)
		}
	}
}

func TestVerify_Results(t *testing.T) {
	t.Parallel()
	const from = "From: Ana <ana@lumen.example>"
	ours := []string{"mx.hub.example"}
	for name, c := range map[string]struct {
		lines    []string
		believed []string
		how      Method
		server   string
	}{
		"dmarc":                         {[]string{"Authentication-Results: mx.hub.example; dmarc=pass header.from=lumen.example"}, ours, DMARC, "mx.hub.example"},
		"of Gmail":                      {[]string{"Authentication-Results: mx.hub.example;\r\n dkim=pass header.i=@lumen.example header.s=s header.b=abc;\r\n spf=pass (hub: domain of ana@lumen.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=ana@lumen.example;\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=lumen.example"}, ours, DMARC, "mx.hub.example"},
		"a version":                     {[]string{"Authentication-Results: mx.hub.example 1; dmarc=pass header.from=lumen.example"}, ours, DMARC, "mx.hub.example"},
		"dmarc fails, dkim fits":        {[]string{"Authentication-Results: mx.hub.example; dkim=pass header.d=lumen.example; dmarc=fail header.from=lumen.example"}, ours, None, "mx.hub.example"},
		"no policy, dkim":               {[]string{"Authentication-Results: mx.hub.example; dkim=fail header.d=x.example; dkim=pass header.d=mail.lumen.example; dmarc=none"}, ours, DKIM, "mx.hub.example"},
		"dkim of another":               {[]string{"Authentication-Results: mx.hub.example; dkim=pass header.d=evil.example"}, ours, None, "mx.hub.example"},
		"spf":                           {[]string{"Authentication-Results: mx.hub.example; spf=pass smtp.mailfrom=ana@lumen.example"}, ours, SPF, "mx.hub.example"},
		"spf of another":                {[]string{"Authentication-Results: mx.hub.example; spf=pass smtp.mailfrom=x@evil.example"}, ours, None, "mx.hub.example"},
		"dmarc of another domain":       {[]string{"Authentication-Results: mx.hub.example; dmarc=pass header.from=evil.example"}, ours, None, "mx.hub.example"},
		"another server":                {[]string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=lumen.example"}, ours, None, ""},
		"a name like ours":              {[]string{"Authentication-Results: mx.hub.example.evil.example; dmarc=pass"}, ours, None, ""},
		"forged below":                  {[]string{"Authentication-Results: mx.hub.example; dmarc=fail", "Authentication-Results: mx.hub.example; dmarc=pass header.from=lumen.example"}, ours, None, "mx.hub.example"},
		"another's above":               {[]string{"Authentication-Results: filter.hub.example; dmarc=fail", "Authentication-Results: mx.hub.example; dmarc=pass header.from=lumen.example"}, ours, DMARC, "mx.hub.example"},
		"in a comment":                  {[]string{"Authentication-Results: mx.hub.example; spf=fail (domain of x; dmarc=pass header.from=lumen.example) smtp.mailfrom=x@evil.example"}, ours, None, "mx.hub.example"},
		"in quotation marks":            {[]string{`Authentication-Results: mx.hub.example; spf=fail smtp.mailfrom="x; dmarc=pass header.from=lumen.example"@evil.example`}, ours, None, "mx.hub.example"},
		"a comment in a comment":        {[]string{`Authentication-Results: mx.hub.example; spf=fail (a (b\) ; dmarc=pass) c; dmarc=pass) smtp.mailfrom=x@evil.example`}, ours, None, "mx.hub.example"},
		"none":                          {[]string{"Authentication-Results: mx.hub.example; none"}, ours, None, "mx.hub.example"},
		"nobody is believed":            {[]string{"Authentication-Results: mx.hub.example; dmarc=pass header.from=lumen.example"}, nil, None, ""},
		"Exchange":                      {[]string{"Received: from a by b.prod.outlook.com; now", "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=lumen.example; dkim=pass (signature was verified) header.d=lumen.example;dmarc=pass action=none header.from=lumen.example;compauth=pass reason=100"}, []string{"protection.outlook.com"}, DMARC, "outlook.com"},
		"Exchange, best guess":          {[]string{"Received: from a by b.prod.outlook.com; now", "Authentication-Results: spf=pass smtp.mailfrom=lumen.example; dkim=none; dmarc=bestguesspass action=none header.from=lumen.example"}, []string{"protection.outlook.com"}, SPF, "outlook.com"},
		"Exchange, forged":              {[]string{"Received: from a by mx.hub.example; now", "Authentication-Results: dmarc=pass header.from=lumen.example"}, []string{"protection.outlook.com"}, None, ""},
		"Exchange, forged in a comment": {[]string{"Received: from a (x by b.prod.outlook.com) by mx.hub.example; now", "Authentication-Results: dmarc=pass header.from=lumen.example"}, []string{"protection.outlook.com"}, None, ""},
		"Exchange is not believed":      {[]string{"Received: from a by b.prod.outlook.com; now", "Authentication-Results: dmarc=pass header.from=lumen.example"}, ours, None, ""},
	} {
		got := Verify(context.Background(), rawMail(append(c.lines, from, "", "words")...), Trust{Authserv: c.believed})
		if got.How != c.how || got.Authserv != c.server || got.Temporary {
			t.Errorf("%s: %+v, want %s by %q", name, got, c.how, c.server)
		}
	}
}
