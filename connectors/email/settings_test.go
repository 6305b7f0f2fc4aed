package email_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/email"
)

func TestSettings_WhatCannotBeRight(t *testing.T) {
	t.Parallel()
	const (
		imap = "receive:\n  imap: {host: imap.lumen.example, user: u, password: p}\n"
		send = "send:\n  smtp: {host: smtp.lumen.example}\n"
		from = "from: requests@lumen.example\n"
	)
	for name, c := range map[string]struct{ settings, key string }{
		"nothing at all":               {from, "receive"},
		"no from":                      {imap, "from"},
		"from is no address":           {imap + "from: requests\n", "from"},
		"from holds a line break":      {imap + "from: \"requests@lumen.example\\r\\nBcc: eve@evil.example\"\n", "from"},
		"two froms":                    {imap + "send: {from: a@lumen.example}\n" + from, "send.from"},
		"reply_to with a tag":          {imap + from + "reply_to: approvals+x@lumen.example\n", "reply_to"},
		"IMAP elsewhere without TLS":   {strings.Replace(imap, "user", "tls: none, user", 1) + from, "receive.imap.tls"},
		"an unknown word for TLS":      {strings.Replace(imap, "user", "tls: ssl, user", 1) + from, "receive.imap.tls"},
		"SMTP elsewhere without TLS":   {strings.Replace(send, "}", ", tls: none}", 1) + from, "send.smtp.tls"},
		"no host":                      {"receive:\n  imap: {user: u, password: p}\n" + from, "receive.imap.host"},
		"no user":                      {"receive:\n  imap: {host: h, password: p}\n" + from, "receive.imap.user"},
		"no password":                  {"receive:\n  imap: {host: h, user: u}\n" + from, "receive.imap.password"},
		"a password and a token":       {"receive:\n  imap: {host: h, user: u, password: p, token: t}\n" + from, "receive.imap.token"},
		"a token and a file of one":    {"send:\n  smtp: {host: h, user: u, token: t, token_file: /x}\n" + from, "send.smtp.token"},
		"a password and a file":        {"send:\n  smtp: {host: h, user: u, password: p, token_file: /x}\n" + from, "send.smtp.token_file"},
		"a port that is none":          {strings.Replace(imap, "user", "port: 70000, user", 1) + from, "receive.imap.port"},
		"mail is moved to where it is": {strings.Replace(imap, "user", "done: INBOX, user", 1) + from, "receive.imap.mailbox"},
		"require what":                 {imap + "  require: spf\n" + from, "receive.require"},
		"accept whom":                  {imap + "  accept_from: [lumen.example]\n" + from, "receive.accept_from"},
		"accept half an address":       {imap + "  accept_from: [\"ma*@lumen.example\"]\n" + from, "receive.accept_from"},
		"dns without a port":           {imap + "  dns: 127.0.0.1\n" + from, "receive.dns"},
		"a door without a place":       {"receive:\n  smtp: {domain: d.example}\n" + from, "receive.smtp.listen"},
		"a door with two places":       {"receive:\n  smtp: {domain: d.example, listen: \":2525\", socket: /x}\n" + from, "receive.smtp.socket"},
		"a door without a name":        {"receive:\n  smtp: {listen: \":2525\"}\n" + from, "receive.smtp.domain"},
		"half a certificate":           {"receive:\n  smtp: {listen: \":2525\", domain: d.example, key: /nowhere/key}\n" + from, "receive.smtp.certificate"},
		"a certificate that is absent": {"receive:\n  smtp: {listen: \":2525\", domain: d.example, certificate: /nowhere/c, key: /nowhere/key}\n" + from, "receive.smtp.key"},
		"an authority that is absent":  {strings.Replace(send, "}", ", ca: /nowhere/ca}", 1) + from, "send.smtp.ca"},
		"a list without a name":        {imap + "  lists: [\"\"]\n" + from, "receive.lists"},
	} {
		_, err := email.New(decoder(c.settings), deps(t))
		var keys []string
		for _, one := range separate(err) {
			var s *connectors.SettingError
			if errors.As(one, &s) {
				keys = append(keys, s.Key)
			}
		}
		if !strings.Contains(" "+strings.Join(keys, " ")+" ", " "+c.key+" ") {
			t.Errorf("%s: problems with %q (%v), want one with %s", name, keys, err, c.key)
		}
	}
}

func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func TestSettings_WhatIsTaken(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"sending only":                "send:\n  smtp: {host: smtp.lumen.example, user: u, password: p}\nfrom: requests@lumen.example\n",
		"from below send":             "send:\n  smtp: {host: smtp.lumen.example}\n  from: Requests <requests@lumen.example>\n",
		"a server on this machine":    "send:\n  smtp: {host: 127.0.0.1, tls: none}\nfrom: requests@lumen.example\n",
		"both ways in":                "receive:\n  imap: {host: h, user: u, token: t}\n  smtp: {socket: /run/x, domain: d.example}\nfrom: requests@lumen.example\n",
		"patterns of every form":      "receive:\n  imap: {host: h, user: u, password: p}\n  accept_from: [\"*@lumen.example\", \"*@*.lumen.example\", eve@agency.example]\nfrom: requests@lumen.example\n",
		"an address that is a number": "receive:\n  imap: {host: \"::1\", tls: none, user: u, password: p}\nfrom: requests@lumen.example\n",
	} {
		c, err := email.New(decoder(settings), deps(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := c.(connectors.Mailer).Mails(), strings.Contains(settings, "send:"); got != want {
			t.Errorf("%s: Mails() = %v, want %v", name, got, want)
		}
	}
}

// TestDocs_SettingsAreTaken reads the settings of the user's page as a user would copy them.
func TestDocs_SettingsAreTaken(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/email.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("docs/email.md shows settings %d times, want IMAP, a server of one's own and OAuth", len(blocks))
	}
	for _, block := range blocks {
		yaml, _, _ := strings.Cut(block, "```")
		yaml = strings.TrimPrefix(yaml, "connectors:\n  email:\n")
		var b strings.Builder
		for line := range strings.Lines(yaml) {
			b.WriteString(strings.TrimPrefix(line, "    "))
		}
		if _, err := email.New(decoder(b.String()), deps(t)); err != nil {
			t.Errorf("these settings of docs/email.md: %v\n%s", err, yaml)
		}
	}
}

// TestDocs_EveryKeyOnce: each key of the settings has one row in the user's page.
func TestDocs_EveryKeyOnce(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/email.md")
	if err != nil {
		t.Fatal(err)
	}
	connectortest.DocumentsKeys(t, string(page), email.Settings{}, "")
	connectortest.DocumentsKeys(t, string(page), email.Receive{}, "receive.")
	connectortest.DocumentsKeys(t, string(page), email.Mailbox{}, "receive.imap.")
	connectortest.DocumentsKeys(t, string(page), email.Door{}, "receive.smtp.")
	connectortest.DocumentsKeys(t, string(page), email.Send{}, "send.")
	connectortest.DocumentsKeys(t, string(page), email.Relay{}, "send.smtp.")
}
