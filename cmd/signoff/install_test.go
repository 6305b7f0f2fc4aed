package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/slack"
)

// The other workspace of the world oauth.
const otherTeam = "T0EMEA001"

// cmdInstall installs the app into one more workspace, as somebody does who follows the link that the last command printed
// and allows it in Slack.
func cmdInstall(ts *testscript.TestScript, _ bool, _ []string) {
	s := on(ts)
	s.slack.AddWorkspace(slack.Options{
		Team: slack.Team{ID: otherTeam, Name: "Lumen EMEA", Domain: "lumen-emea"}, Bot: slack.Bot{UserID: "U0EMEABOT", BotID: "B0EMEABOT", Name: "signoff"},
		Users: []slack.User{{ID: "U0OLGA001", Name: "olga", RealName: "Olga Petrova", Email: "olga@lumen.example"}},
	})
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	fetch := func(resp *http.Response, err error) (string, string) {
		ts.Check(err)
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		ts.Check(err)
		if resp.StatusCode >= 400 {
			ts.Fatalf("%s: %s\n%s", resp.Request.URL, resp.Status, page)
		}
		return string(page), resp.Header.Get("Location")
	}
	link := strings.TrimSpace(ts.ReadFile("stdout"))
	page, _ := fetch(c.Get(link))
	token := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		ts.Fatalf("the page of the link has no form:\n%s", page)
	}
	fetch(c.PostForm(link, url.Values{"form": {token[1]}}))
	_, ask := fetch(c.Get(ts.Getenv("PUBLIC") + "/oauth/slack/install"))
	back, err := s.slack.Allow(ask, otherTeam)
	ts.Check(err)
	if page, _ = fetch(c.Get(back)); !strings.Contains(page, "Lumen EMEA") {
		ts.Fatalf("the way back shows\n%s", page)
	}
}

// cmdSealed wants files to be readable by their owner alone, to name the other workspace, and to hold no secret: sealed FILE KEY.
func cmdSealed(ts *testscript.TestScript, _ bool, args []string) {
	key := bytes.TrimSpace(read(ts, args[1]))
	secrets := [][]byte{key, []byte(stageSigning), []byte(stageWebhook), []byte(stageBot), []byte(stageApp), []byte(stageClient), []byte(stageJira), []byte("stage-api-token")}
	if raw, err := hex.DecodeString(string(key)); err == nil {
		secrets = append(secrets, raw)
	}
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if mode := info.Mode().Perm(); mode != 0o600 {
			ts.Fatalf("%s has the mode %o, want 600", name, mode)
		}
	}
	data := read(ts, args[0])
	if !bytes.Contains(data, []byte(otherTeam)) {
		ts.Fatalf("%s knows nothing of the workspace %s", args[0], otherTeam)
	}
	for _, secret := range secrets {
		if bytes.Contains(data, secret) {
			ts.Fatalf("%s holds a secret as it is: %.6s…", args[0], secret)
		}
	}
	if found := regexp.MustCompile(`xox[a-z](\.xox[a-z])?-[0-9A-Za-z]|xapp-`).Find(data); found != nil {
		ts.Fatalf("%s holds a token as it is: %s…", args[0], found)
	}
}
