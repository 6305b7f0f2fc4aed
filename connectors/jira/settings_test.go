package jira_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/jira"
)

func problemsOf(t *testing.T, yaml string) string {
	t.Helper()
	_, err := jira.New(read(yaml), connectors.Deps{Instance: "jira", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)})
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSettings_Refused(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(settings, "https://lumen.atlassian.net")
	swap := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	secret := func(value string) string { return swap("webhook_secret: "+hookSecret, "webhook_secret: "+value) }
	for name, tc := range map[string]struct{ yaml, want string }{
		"good":                    {good, ""},
		"no address":              {swap("url: https://lumen.atlassian.net", ""), "url: the address of the Jira site is missing"},
		"plain http":              {swap("https://", "http://"), "url: plain http is only spoken to this machine"},
		"not an address":          {swap("https://lumen", "lumen"), "url: "},
		"query in the address":    {swap("atlassian.net", "atlassian.net?x=1"), "url: an address without ? and # is needed"},
		"no user":                 {swap("user: signoff-bot@lumen.example", ""), "user: the e-mail address"},
		"colon in user":           {swap("signoff-bot@", "a:b@"), "user: the name of an account cannot hold a colon"},
		"no token":                {swap("token: "+token, ""), "token: the token is missing"},
		"blank token":             {swap("token: "+token, "token: ' '"), "token: the token is missing"},
		"no secret":               {secret(""), "webhook_secret: the secret of the Jira webhook is missing"},
		"empty secret":            {secret("''"), "webhook_secret: the secret is empty"},
		"blank secret":            {secret("'   '"), "webhook_secret: the secret is empty"},
		"secret with a space":     {secret("'signoff-jira-webhook-secret '"), "webhook_secret: the secret begins or ends with white space"},
		"short secret":            {secret("s3cr3t-8"), "webhook_secret: the secret is shorter than 12 characters"},
		"placeholder":             {secret("changeme-changeme-changeme"), "webhook_secret: this is a placeholder"},
		"variable left over":      {secret("'${JIRA_WEBHOOK_SECRET}'"), "webhook_secret: this is a placeholder"},
		"one letter":              {secret("aaaaaaaaaaaaaaaaaaaaaaaa"), "webhook_secret: this is a placeholder"},
		"second secret short":     {secret("[signoff-jira-webhook-secret, short]"), "webhook_secret: the secret is shorter"},
		"three secrets":           {secret("[signoff-jira-webhook-1, signoff-jira-webhook-2, signoff-jira-webhook-3]"), "webhook_secret: one secret, or two"},
		"server":                  {good + "deployment: server\n", ""},
		"data center":             {good + "deployment: data center\n", ""},
		"server with a cloud id":  {good + "deployment: server\ncloud_id: 1122-aabb\n", "cloud_id: only Jira Cloud has a cloud id"},
		"odd deployment":          {good + "deployment: moon\n", `deployment: "moon" is not known`},
		"cloud":                   {good + "deployment: cloud\n", ""},
		"bypass":                  {good + "bypass: flag\n", ""},
		"move back":               {good + "bypass: move back\n", ""},
		"attachments":             {good + "attachments: to thread\n", ""},
		"odd attachments":         {good + "attachments: yes please\n", `attachments: "yes please" is not known`},
		"reading":                 {good + "read_every: 5 minutes\n", ""},
		"reading each minute":     {good + "read_every: 1 minute\n", ""},
		"reading too often":       {good + "read_every: 10 seconds\n", `read_every: must be 1 to 60 minutes`},
		"reading too seldom":      {good + "read_every: 90 minutes\n", `read_every: must be 1 to 60 minutes`},
		"odd webhook":             {good + "webhook: never\n", `webhook: "never" is not known`},
		"token on Cloud alone":    {secret("") + "webhook_token: 0123456789abcdef0123456789abcdef\n", "webhook_secret: the secret of the Jira webhook is missing"},
		"token":                   {good + "webhook_token: 0123456789abcdef0123456789abcdef\n", ""},
		"token in letters":        {good + "webhook_token: Zk3-9xQ_71bLmN4pRt8sVw\n", ""},
		"short token":             {good + "webhook_token: 0123456789abcdef0123456789\n", "webhook_token: the token must hold at least 128 bits"},
		"token with a slash":      {good + "webhook_token: 0123456789abcdef/0123456789abcdef\n", "webhook_token: the token must hold"},
		"placeholder token":       {good + "webhook_token: changeme-changeme-changeme-1\n", "webhook_token: this is a placeholder"},
		"odd bypass":              {good + "bypass: maybe\n", `bypass: "maybe" is not known; write "flag" or "move back"`},
		"budget":                  {good + "writes_per_day: -1\n", "writes_per_day: must not be negative"},
		"odd day":                 {good + "token_expires: soon\n", "token_expires: must be a day such as 2027-06-30"},
		"odd cloud id":            {good + "cloud_id: ../x\n", "cloud_id: this is not a cloud id"},
		"lower-case project":      {swap("DES:", "des:"), `projects.des: "des" is not a Jira project key`},
		"no projects":             {good[:strings.Index(good, "projects:")], "projects: name at least one Jira project"},
		"unknown status word":     {swap("intake: To Do", "started: To Do"), `projects.DES.status.started: "started" is not a status of a request; known: intake, in_progress`},
		"empty status":            {swap("intake: To Do", "intake: ''"), "projects.DES.status.intake: name the Jira status"},
		"unknown owner":           {swap("owner: jira", "owner: newest"), `projects.DES.fields.priority.owner: "newest" is not known`},
		"field without a name":    {swap("brand: Brand", "brand: ''"), "projects.DES.fields.brand: name the Jira field"},
		"one field twice":         {swap("region: Region", "region: brand"), `projects.DES.fields.region: the Jira field "brand" already holds brand`},
		"unknown key":             {good + "tokn: x\n", `"tokn"`},
		"unknown key of a field":  {swap("owner: jira", "onwer: jira"), `"onwer" is not known here; known: field, values, owner`},
		"unknown key of a status": {swap("declined: Won't Do", "declined: {state: X}"), `"state" is not known here; known: status, fields, path`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := problemsOf(t, tc.yaml)
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("New says %q, want %q", got, tc.want)
			}
			if strings.Contains(got, token) || strings.Contains(got, hookSecret) {
				t.Error("the problem shows a secret")
			}
		})
	}
}

func TestSettings_ProblemsHavePlaces(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(fmt.Sprintf(settings, "ftp://x"), "intake: To Do", "started: To Do", 1)
	_, err := jira.New(read(bad), connectors.Deps{Instance: "jira", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)})
	var keys []string
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("New = %v, want all problems at once", err)
	}
	for _, one := range joined.Unwrap() {
		if s, ok := errors.AsType[*connectors.SettingError](one); ok {
			keys = append(keys, s.Key)
		}
	}
	if got, want := strings.Join(keys, " "), "url projects.DES.status.started"; got != want {
		t.Errorf("problems are of %q, want %q", got, want)
	}
}

// TestSettings_Address: where the API is reached follows from url, api_url and cloud_id.
func TestSettings_Address(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(settings, "https://lumen.atlassian.net/")
	for name, tc := range map[string]struct{ more, want string }{
		"site":               {"", "https://lumen.atlassian.net/rest/api/2/status"},
		"gateway":            {"cloud_id: 1122-aabb\n", "https://api.atlassian.com/ex/jira/1122-aabb/rest/api/2/status"},
		"own address":        {"api_url: https://proxy.lumen.example/jira/\n", "https://proxy.lumen.example/jira/rest/api/2/status"},
		"own gateway":        {"api_url: https://proxy.lumen.example\ncloud_id: 1122-aabb\n", "https://proxy.lumen.example/ex/jira/1122-aabb/rest/api/2/status"},
		"own gateway, whole": {"api_url: https://proxy.lumen.example/ex/jira/1122-aabb\ncloud_id: 1122-aabb\n", "https://proxy.lumen.example/ex/jira/1122-aabb/rest/api/2/status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			c, err := jira.New(read(good+tc.more), connectors.Deps{Instance: "jira", HTTP: func(string, ...string) *http.Client {
				return &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
					got = r.URL.String()
					return nil, errors.New("no network")
				})}
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.(*jira.Connector).Statuses(t.Context()); err == nil {
				t.Error("Statuses without a network succeeds")
			}
			if got != tc.want {
				t.Errorf("asked %s, want %s", got, tc.want)
			}
		})
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
