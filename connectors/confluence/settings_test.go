package confluence_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/confluence"
	"signoff/connectors/connectortest"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	const cloud, server = "url: https://lumen.atlassian.net\nuser: bot@lumen.example\ntoken: t1\n", "url: https://wiki.lumen.example/confluence\ntoken: t1\n"
	for yaml, key := range map[string]string{
		"user: a\ntoken: t\n":                                                      "url",
		"url: https://lumen.atlassian.net\ntoken: t1\n":                            "user",
		"url: https://lumen.atlassian.net\nuser: a:b\ntoken: t1\n":                 "user",
		"url: https://wiki.lumen.example\n":                                        "token",
		"url: http://wiki.lumen.example\ntoken: t1\n":                              "url",
		"url: https://wiki.lumen.example/?x\ntoken: t1\n":                          "url",
		server + "api_url: ftp://x\n":                                              "api_url",
		cloud + "cloud_id: a/b\n":                                                  "cloud_id",
		server + "cloud_id: 1122\n":                                                "user",
		server + "token_expires: soon\n":                                           "token_expires",
		server + "label: Sign Off\n":                                               "label",
		server + "spaces: ['a b']\n":                                               "spaces",
		server + "webhook_secret: short\n":                                         "webhook_secret",
		server + "webhook_secret: aaaaaaaaaaaaaaaa\n":                              "webhook_secret",
		server + "webhook_secret: [abcdefghijklm, bcdefghijklmn, cdefghijklmno]\n": "webhook_secret",
		cloud + "webhook_secret: abcdefghijklmnop\n":                               "webhook_secret",
	} {
		_, err := confluence.New(read(yaml), connectors.Deps{Instance: "confluence", HTTP: connectortest.HTTP(t)})
		s, ok := errors.AsType[*connectors.SettingError](err)
		if !ok || s.Key != key {
			t.Errorf("%q: New = %v, want a problem with %s", yaml, err, key)
		}
	}
	for _, yaml := range []string{cloud, server, cloud + "label: ''\n", strings.Replace(cloud, ".net", ".net/wiki/", 1), cloud + "cloud_id: 1122-aabb\n", server + "spaces: [DES, ~jdoe]\nwebhook_secret: [abcdefghijklm, bcdefghijklmn]\n"} {
		if _, err := confluence.New(read(yaml), connectors.Deps{Instance: "confluence", HTTP: connectortest.HTTP(t)}); err != nil {
			t.Errorf("%q: New = %v, want it taken", yaml, err)
		}
	}
}

// TestDocs_EveryKeyOnce: each key of the settings has one row in the user's page.
func TestDocs_EveryKeyOnce(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/confluence.md")
	if err != nil {
		t.Fatal(err)
	}
	connectortest.DocumentsKeys(t, string(page), confluence.Settings{}, "")
}
