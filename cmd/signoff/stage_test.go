package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/frameio"
	"signoff/internal/sandbox/confluence"
	"signoff/internal/sandbox/figma"
	"signoff/internal/sandbox/github"
	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/mail"
	"signoff/internal/sandbox/slack"
)

// A stage is the outside of one script: a pretend Slack and Jira over real HTTP, and the server processes that the
// script starts against them.
//
// Commands: world makes the outside another one; serve [config.yaml] starts the binary and waits for its ready line
// ($LISTEN, $ADMIN are set, and $PUBLIC leads there over restarts); stop ends it with SIGTERM and wants exit 0; signal
// SIGHUP sends one; demo and clock are described with their functions, slack, jira, fault and http likewise.
type stage struct {
	env    *testscript.Env
	ledger *sandbox.Ledger
	faults *sandbox.Faults
	slack  *slack.Server
	jira   *jira.Server
	github *github.Server
	mail   *mail.Server
	figma  *figma.Server
	adobe  *adobe.Server

	confluence *confluence.Server

	boards map[string]*switchboard // by the names of stageHosts
	keeps  bool                    // signoff looks after the webhook of Jira by itself
	urls   map[string]string
	hosts  []*httptest.Server
	server *process
	demo   *demoRun
}

type stageKey struct{}

const (
	stageSigning = "stage-signing-secret-0123456789"
	stageWebhook = "stage-webhook-secret-0123456789"
	stageBot     = "xoxb-stage-0123456789"
	stageApp     = "xapp-stage-0123456789"
	stageClient  = "stage-client-secret-0123456789"
	stageJira    = "stage-jira-token"
	stageGitHub  = "stage-github-token-0123456789"
	stageGitHook = "stage-github-webhook-secret-0123456789"
	stageFigma   = "stage-figma-token-0123456789"
	stageAdobe   = "stage-adobe-secret-0123456789"
	stageAction  = "stage-frameio-action-secret-0123456789"
	stageWiki    = "stage-confluence-token-0123456789"
	stageMail    = "stage-mail-password-0123456789"
)

// switchboard lets a server be made before the handler that needs its address, and another handler take its place.
type switchboard struct {
	mu sync.Mutex
	h  http.Handler
}

func (s *switchboard) connect(h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h = h
}

func (s *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.h
	s.mu.Unlock()
	h.ServeHTTP(w, r)
}

func newStage(e *testscript.Env) *stage {
	s := &stage{env: e, ledger: sandbox.NewLedger(time.Now), faults: &sandbox.Faults{}, boards: map[string]*switchboard{}, urls: map[string]string{}}
	for _, name := range stageHosts() {
		board := &switchboard{h: http.NotFoundHandler()}
		host := httptest.NewServer(board)
		s.boards[name], s.urls[name], s.hosts = board, host.URL, append(s.hosts, host)
	}
	s.pretend(nil)
	s.openMail()
	for name, value := range map[string]string{
		"SLACK_API": s.urls["slack"] + "/api/", "JIRA_URL": s.urls["jira"], "PUBLIC": s.urls["public"],
		"SLACK_SIGNING_SECRET": stageSigning, "SLACK_BOT_TOKEN": stageBot, "SLACK_APP_TOKEN": stageApp, "SLACK_CLIENT_SECRET": stageClient,
		"JIRA_TOKEN": stageJira, "JIRA_WEBHOOK_SECRET": stageWebhook, "GITHUB_SITE": s.urls["github"], "GITHUB_API": s.urls["github"] + "/api/v3", "GITHUB_TOKEN": stageGitHub, "GITHUB_WEBHOOK_SECRET": stageGitHook,
		"FIGMA_SITE": s.urls["figma"], "FIGMA_TOKEN": stageFigma, "ADOBE_SITE": s.urls["adobe"], "ADOBE_CLIENT_SECRET": stageAdobe, "FRAMEIO_ACTION_SECRET": stageAction, "CONFLUENCE_SITE": s.urls["confluence"], "CONFLUENCE_TOKEN": stageWiki, "MAIL_PASSWORD": stageMail, "SIGNOFF_API_TOKEN": "stage-api-token-0123456789",
	} {
		e.Setenv(name, value)
	}
	return s
}

func stageHosts() []string {
	return []string{"slack", "jira", "media", "github", "figma", "adobe", "confluence", "public"}
}

// openMail makes the mail server; $MAIL_SMTP and $MAIL_IMAP are its ports.
func (s *stage) openMail() {
	people := mail.DefaultPeople()
	for i := range people {
		if people[i].Service {
			people[i].Password = stageMail
		}
	}
	s.mail = mail.New(mail.Options{Now: time.Now, People: people, RetryAfter: []time.Duration{50 * time.Millisecond, time.Second}, Ledger: s.ledger, Faults: s.faults})
	for name, serve := range map[string]func(net.Listener){"MAIL_SMTP": s.mail.ServeSMTP, "MAIL_IMAP": s.mail.ServeIMAP} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		serve(l)
		s.env.Setenv(name, fmt.Sprint(port(l)))
	}
}

// pretend makes the workspace and the site, of the wanted kinds.
func (s *stage) pretend(kinds []string) {
	so, jo := s.slackOptions(), s.jiraOptions()
	for _, kind := range kinds {
		stageKinds()[kind](s, &so, &jo)
	}
	s.slack, s.jira = slack.New(so), jira.New(jo)
	s.github = github.New(github.Options{Now: time.Now, BaseURL: s.urls["github"], Token: stageGitHub, Ledger: s.ledger, Faults: s.faults})
	s.figma = figma.New(figma.Options{Now: time.Now, BaseURL: s.urls["figma"], Token: stageFigma, Limits: figma.Limits{Tier1: -1, Tier2: -1, Tier3: -1}, Ledger: s.ledger, Faults: s.faults})
	s.confluence = confluence.New(confluence.Options{Now: time.Now, BaseURL: s.urls["confluence"], Token: stageWiki, Ledger: s.ledger, Faults: s.faults})
	s.adobe = adobe.New(adobe.Options{
		Now: time.Now, BaseURL: s.urls["adobe"], ClientSecret: stageAdobe, Unlimited: true, Ledger: s.ledger, Faults: s.faults,
		Frameio: frameio.Options{Actions: []frameio.Action{{Name: "Ask for sign-off", URL: s.urls["public"] + "/hooks/adobe/frameio/signoff", Secret: stageAction}}},
	})
	s.boards["adobe"].connect(s.adobe.Handler())
	s.boards["figma"].connect(s.figma.Handler())
	s.boards["confluence"].connect(s.confluence.Handler())
	s.boards["github"].connect(s.github.Handler())
	s.boards["slack"].connect(s.slack.API())
	s.boards["jira"].connect(s.jira.API())
	s.boards["media"].connect(s.jira.Media())
}

func (s *stage) slackOptions() slack.Options {
	return slack.Options{
		Now: time.Now, Ledger: s.ledger, Faults: s.faults, Origin: s.urls["slack"], SigningSecret: stageSigning, BotToken: stageBot, AppToken: stageApp,
		Team: slack.Team{ID: demoTeam, Name: "Lumen Studio", Domain: "lumen"}, AppID: demoApp,
		Bot:   slack.Bot{UserID: "U0SIGNOFF", BotID: "B0SIGNOFF", Name: "signoff"},
		Users: demoUsers(), Channels: demoChannels(), Commands: []string{"/signoff", "/request"}, UnfurlDomains: []string{"127.0.0.1", "signoff.lumen.example"},
		Retry:     []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, time.Second, 3 * time.Second},
		Shortcuts: []slack.Shortcut{{CallbackID: "request_from_message", Name: "New creative request", Message: true}, {CallbackID: "request_new", Name: "New creative request"}},
	}
}

func (s *stage) jiraOptions() jira.Options {
	return jira.Options{
		Now: time.Now, BaseURL: s.urls["jira"], User: "signoff-bot@lumen.example", Token: stageJira, WebhookSecret: stageWebhook, Ledger: s.ledger, Faults: s.faults, Requests: recorder(),
		MediaURL: s.urls["media"], RetryAfter: []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second, 3 * time.Second},
	}
}

// stageKinds are the other outsides that a script can ask for with world.
func stageKinds() map[string]func(*stage, *slack.Options, *jira.Options) {
	return map[string]func(*stage, *slack.Options, *jira.Options){
		// Slack's deliveries come through a connection that signoff opens.
		"socket": func(_ *stage, so *slack.Options, _ *jira.Options) { so.SocketMode = true },
		// People install the app by OAuth, in further workspaces too.
		"oauth": func(s *stage, so *slack.Options, _ *jira.Options) {
			so.OAuth = slack.OAuth{ClientID: "123.456", ClientSecret: stageClient, Redirects: []string{s.urls["public"] + "/oauth/slack/callback"}, Rotation: true}
		},
		// Jira Data Center, with a personal access token.
		"datacenter": func(s *stage, _ *slack.Options, jo *jira.Options) {
			jo.Edition, jo.MediaURL, jo.Requests = jira.DataCenter, "", nil
		},
		// signoff's account may look after webhooks, and finds none.
		"admin": func(s *stage, _ *slack.Options, jo *jira.Options) { s.keeps, jo.Granted = true, []string{"ADMINISTER"} },
	}
}

// cmdWorld makes the outside anew before the server starts: world socket datacenter.
func cmdWorld(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts)
	for _, kind := range args {
		if stageKinds()[kind] == nil {
			ts.Fatalf("a world of the kind %s is not known", kind)
		}
	}
	s.shut()
	s.pretend(args)
}

// recorder keeps what Jira is asked in the file that SIGNOFF_JIRA_REQUESTS names, for a validator (tools/jiraspec).
func recorder() io.Writer {
	name := os.Getenv("SIGNOFF_JIRA_REQUESTS")
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

func (s *stage) close() {
	if s.server != nil {
		_ = s.server.cmd.Process.Kill()
		<-s.server.done
	}
	if s.demo != nil {
		s.demo.end()
	} else {
		s.shut()
		s.mail.Close()
	}
	for _, h := range s.hosts {
		h.CloseClientConnections()
		h.Close()
	}
}

// shut ends the services that a script can have of another kind.
func (s *stage) shut() {
	s.slack.Close()
	s.jira.Close()
	s.github.Close()
	s.figma.Close()
	s.adobe.Close()
	s.confluence.Close()
}

func on(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// process is a running signoff serve.
type process struct {
	cmd    *exec.Cmd
	done   chan error
	stderr *os.File
}

func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	s := on(ts)
	file := "config.yaml"
	if len(args) == 1 {
		file = args[0]
	}
	name, err := exec.LookPath("signoff")
	if path := ts.Getenv("PATH"); err != nil {
		for dir := range strings.SplitSeq(path, string(os.PathListSeparator)) {
			if _, statErr := os.Stat(filepath.Join(dir, "signoff")); statErr == nil {
				name, err = filepath.Join(dir, "signoff"), nil
			}
		}
	}
	ts.Check(err)
	cmd := exec.Command(name, "serve", "-c", file)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = scriptEnv(ts)
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := os.OpenFile(ts.MkAbs("serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	cmd.Stderr = stderr
	ts.Check(cmd.Start())
	s.server = &process{cmd: cmd, done: make(chan error, 1), stderr: stderr}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, stdout); s.server.done <- cmd.Wait() }()
	if err != nil {
		text, _ := os.ReadFile(stderr.Name())
		s.server.done <- <-s.server.done
		if !neg {
			ts.Fatalf("serve ended before it was ready:\n%s", text)
		}
		s.server = nil
		return
	}
	var ready struct{ Listen, Admin string }
	ts.Check(json.Unmarshal([]byte(line), &ready))
	ts.Setenv("LISTEN", ready.Listen)
	ts.Setenv("ADMIN", ready.Admin)
	s.reach(ready.Listen)
}

// reach leads the public address, and what the services send, to the server that runs now.
func (s *stage) reach(listen string) {
	to := &url.URL{Scheme: "http", Host: listen}
	s.boards["public"].connect(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		ErrorLog: log.New(io.Discard, "", 0), // nothing listens between two servers
	})
	s.slack.Connect("http://" + listen + "/hooks/slack")
	if !s.keeps {
		s.jira.SetWebhook("http://"+listen+"/hooks/jira", stageWebhook)
	}
}

func scriptEnv(ts *testscript.TestScript) []string {
	var out []string
	names := []string{"PATH", "HOME", "TMPDIR", "SLACK_API", "JIRA_URL", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CLIENT_SECRET", "PUBLIC", "JIRA_TOKEN", "JIRA_WEBHOOK_SECRET"}
	names = append(names, "GITHUB_API", "GITHUB_TOKEN", "GITHUB_WEBHOOK_SECRET", "FIGMA_SITE", "FIGMA_TOKEN", "ADOBE_SITE", "ADOBE_CLIENT_SECRET", "FRAMEIO_ACTION_SECRET", "CONFLUENCE_SITE", "CONFLUENCE_TOKEN", "MAIL_SMTP", "MAIL_IMAP", "MAIL_PASSWORD", "SIGNOFF_API_TOKEN")
	for _, name := range names {
		out = append(out, name+"="+ts.Getenv(name))
	}
	return out
}

// cmdStop ends the server with SIGTERM: a graceful stop is exit 0.
func cmdStop(ts *testscript.TestScript, neg bool, _ []string) {
	if d := on(ts).demo; d != nil {
		d.stop(ts)
		return
	}
	p := on(ts).server
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.done:
		if (err != nil) != neg {
			text, _ := os.ReadFile(p.stderr.Name())
			ts.Fatalf("after SIGTERM: %v\n%s", err, text)
		}
	case <-time.After(patience):
		ts.Fatalf("the server did not stop in %s", patience)
	}
	on(ts).server = nil
}

func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"SIGHUP": syscall.SIGHUP, "SIGKILL": syscall.SIGKILL}
	sig, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("signal %s is not known here", args[0])
	}
	p := on(ts).server
	ts.Check(p.cmd.Process.Signal(sig))
	if sig == syscall.SIGKILL {
		<-p.done
		on(ts).server = nil
	}
}

// cmdAwaitLog waits until the server's log holds the words, as often as the second argument says: the only sign of a reload that was refused.
func cmdAwaitLog(ts *testscript.TestScript, _ bool, args []string) {
	times := 1
	if len(args) > 1 {
		var err error
		times, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	deadline := time.Now().Add(patience)
	for {
		text, err := os.ReadFile(on(ts).server.stderr.Name())
		ts.Check(err)
		if strings.Count(string(text), args[0]) >= times {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the log does not say %q %d times:\n%s", args[0], times, text)
		}
		time.Sleep(5 * time.Millisecond) // a log file gives no signal
	}
}

// cmdHTTP asks the server: http METHOD PATH [JSON]. The answer's status and body are the script's stdout. PATH may
// start with admin: for the admin listener; $TOKEN is the bearer token where it is set.
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("http METHOD PATH [JSON]")
	}
	base, path := "http://"+ts.Getenv("LISTEN"), args[1]
	if rest, ok := strings.CutPrefix(path, "admin:"); ok {
		base, path = "http://"+ts.Getenv("ADMIN"), rest
	}
	var body io.Reader
	if len(args) > 2 {
		body = strings.NewReader(args[2])
	}
	req, err := http.NewRequest(args[0], base+path, body)
	ts.Check(err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token := ts.Getenv("TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if (resp.StatusCode >= 400) != neg {
		ts.Fatalf("%s %s: %s\n%s", args[0], args[1], resp.Status, b)
	}
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", resp.StatusCode, b)
}
