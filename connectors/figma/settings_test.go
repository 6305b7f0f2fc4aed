package figma_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/figma"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	const good = "token: figd_1\n"
	for yaml, key := range map[string]string{
		"":                                 "token",
		"token: ''\n":                      "token",
		"token: ' figd_1'\n":               "token",
		good + "token_type: robot\n":       "token_type",
		good + "token_expires: soon\n":     "token_expires",
		good + "webhook_passcode: short\n": "webhook_passcode",
		good + "webhook_passcode: ''\n":    "webhook_passcode",
		good + "webhook_passcode: changeme-changeme\n":                                     "webhook_passcode",
		good + "webhook_passcode: [aaaaaaaaaaaaaaab, bbbbbbbbbbbbbbbc, ccccccccccccccd]\n": "webhook_passcode",
		good + "webhook_passcode: " + strings.Repeat("ab", 51) + "\n":                      "webhook_passcode",
		good + "webhook: sometimes\n":                                                      "webhook",
		good + "api_url: http://figma.example\n":                                           "api_url",
		good + "api_url: https://figma.example/?x\n":                                       "api_url",
		good + "images_url: ftp://x\n":                                                     "images_url",
		good + "teams: [lumen]\n":                                                          "teams",
		good + "projects: ['https://www.figma.com/files/team/1/x']\n":                      "projects",
		good + "files: [short]\n":                                                          "files",
		good + "files: ['https://figma.com.evil.example/design/" + fileA + "/x']\n":        "files",
		good + "events: [ping]\n":                                                          "events",
		good + "events: [file_comment, FILE_COMMENT]\n":                                    "events",
		good + "mention: '@'\n":                                                            "mention",
		good + "mention: 'please sign off'\n":                                              "mention",
		good + "versions: some\n":                                                          "versions",
		good + "read_every: daily\n":                                                       "read_every",
		good + "per_minute: {tier2: -1}\n":                                                 "per_minute",
	} {
		_, err := figma.New(read(yaml), connectors.Deps{Instance: "figma", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)})
		s, ok := errors.AsType[*connectors.SettingError](err)
		if !ok || s.Key != key {
			t.Errorf("%q: New = %v, want a problem with %s", yaml, err, key)
		}
	}
	for _, yaml := range []string{
		good, good + "events: []\n", good + "teams: [1012345678901234567, 'https://www.figma.com/files/972/team/55/Lumen?x=1']\n", good + "webhook_passcode: [one-of-the-passcodes, two-of-the-passcodes]\n",
		good + "files: ['https://www.figma.com/design/" + fileA + "/Hero?node-id=1-2']\nper_minute: {tier1: 1}\nread_every: 1 minute\nmention: '#review'\n",
	} {
		if _, err := figma.New(read(yaml), connectors.Deps{Instance: "figma", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)}); err != nil {
			t.Errorf("%q: New = %v, want it taken", yaml, err)
		}
	}
}

func TestDocs_EveryKeyOnce(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/figma.md")
	if err != nil {
		t.Fatal(err)
	}
	connectortest.DocumentsKeys(t, string(page), figma.Settings{}, "")
}
