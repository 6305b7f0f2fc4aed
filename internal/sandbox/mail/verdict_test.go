package mail_test

import (
	"strings"
	"testing"

	"signoff/internal/sandbox/mail"
)

// found reads what the server wrote about a letter, without line breaks.
func found(l mail.Letter) string {
	return strings.Join(strings.Fields(l.Header("Authentication-Results")), " ")
}

func TestVerdict_OnlyTheOwnerSpeaksForAnAddress(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, who, forge, want string
	}{
		{"the owner", "maya@lumen.example", "", "mx.lumen.example; spf=pass smtp.mailfrom=maya@lumen.example; dkim=pass header.d=lumen.example; dmarc=pass header.from=lumen.example"},
		{"a colleague's name", "Ben Osei", "Maya Lind <maya@lumen.example>",
			"mx.lumen.example; spf=pass smtp.mailfrom=ben@lumen.example; dkim=pass header.d=lumen.example; dmarc=fail header.from=lumen.example"},
		{"an agency that passes", "olga@agency.example", "", "mx.lumen.example; spf=pass smtp.mailfrom=olga@agency.example; dkim=pass header.d=agency.example; dmarc=pass header.from=agency.example"},
		{"somebody else at the agency", "olga@agency.example", "studio@agency.example",
			"mx.lumen.example; spf=pass smtp.mailfrom=olga@agency.example; dkim=pass header.d=agency.example; dmarc=pass header.from=agency.example"},
		{"an agency as one of the studio", "olga@agency.example", "ana@lumen.example",
			"mx.lumen.example; spf=pass smtp.mailfrom=olga@agency.example; dkim=pass header.d=agency.example; dmarc=fail header.from=lumen.example"},
		{"a domain that vouches for nobody", "A stranger", "", "mx.lumen.example; spf=none smtp.mailfrom=someone@elsewhere.example; dkim=none header.d=elsewhere.example; dmarc=none header.from=elsewhere.example"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, _ := start(t)
			if _, err := s.WriteAs(tc.who, mail.Draft{To: []string{"requests@lumen.example"}, Subject: "Banner", Text: "Please", ForgeFrom: tc.forge}); err != nil {
				t.Fatal(err)
			}
			l, ok := s.Find("requests@lumen.example", "banner")
			if got := found(l); !ok || got != tc.want {
				t.Errorf("found\n%q, want\n%q", got, tc.want)
			}
		})
	}
}

func TestVerdict_FromOtherServers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, want string }{
		"in the studio's name":     {"maya@lumen.example", "dmarc=fail"},
		"a domain as it was set":   {"a@client.example", "spf=softfail smtp.mailfrom=a@client.example; dkim=pass header.d=client.example; dmarc=pass"},
		"a domain nobody knows of": {"a@far.example", "dmarc=none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, addr := start(t)
			s.SetVerdict("client.example", mail.Verdict{SPF: "softfail"})
			dial(t, addr).say("EHLO me => 250", "MAIL FROM:<"+tc.from+"> => 250", "RCPT TO:<requests@lumen.example> => 250", "DATA => 354",
				"From: "+tc.from+"\r\nSubject: x\r\n\r\nhello\r\n. => 250")
			if got := found(s.Inbox("requests@lumen.example")[0]); !strings.Contains(got, tc.want) {
				t.Errorf("found %q, want %q in it", got, tc.want)
			}
		})
	}
}
