package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
)

// A stage is the outside of one script: a pretend Slack and Jira over real HTTP, and the server processes that the
// script starts against them.
//
// Commands: serve [config.yaml] starts the binary and waits for its ready line ($LISTEN, $ADMIN are set); stop ends it
// with SIGTERM and wants exit 0; signal SIGHUP sends one; slack, jira, http are described at their functions.
type stage struct {
	env    *testscript.Env
	slack  *slack.Server
	jira   *jira.Server
	hosts  []*httptest.Server
	server *process
}

type stageKey struct{}

const (
	stageSigning = "stage-signing-secret-0123456789"
	stageWebhook = "stage-webhook-secret-0123456789"
	stageBot     = "xoxb-stage-0123456789"
	stageJira    = "stage-jira-token"
)

// switchboard lets a server be made before the handler that needs its address.
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
	s := &stage{env: e}
	ledger, faults := sandbox.NewLedger(time.Now), &sandbox.Faults{}
	slackBoard, jiraBoard := &switchboard{}, &switchboard{}
	slackHost, jiraHost := httptest.NewServer(slackBoard), httptest.NewServer(jiraBoard)
	s.hosts = []*httptest.Server{slackHost, jiraHost}
	s.slack = slack.New(slack.Options{
		Now: time.Now, Ledger: ledger, Faults: faults, Origin: slackHost.URL, SigningSecret: stageSigning, BotToken: stageBot,
		Team: slack.Team{ID: demoTeam, Name: "Lumen Studio", Domain: "lumen"}, AppID: demoApp,
		Bot:   slack.Bot{UserID: "U0SIGNOFF", BotID: "B0SIGNOFF", Name: "signoff"},
		Users: demoUsers(), Channels: demoChannels(), Commands: []string{"/signoff", "/request"},
		Retry:     []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, time.Second, 3 * time.Second},
		Shortcuts: []slack.Shortcut{{CallbackID: "request_from_message", Name: "New creative request", Message: true}, {CallbackID: "request_new", Name: "New creative request"}},
	})
	slackBoard.connect(s.slack.API())
	s.jira = jira.New(jira.Options{Now: time.Now, BaseURL: jiraHost.URL, User: "signoff-bot@lumen.example", Token: stageJira, WebhookSecret: stageWebhook, Ledger: ledger, Faults: faults, Requests: recorder()})
	jiraBoard.connect(s.jira.API())
	for name, value := range map[string]string{
		"SLACK_API": slackHost.URL + "/api/", "JIRA_URL": jiraHost.URL, "SLACK_SIGNING_SECRET": stageSigning, "SLACK_BOT_TOKEN": stageBot,
		"JIRA_TOKEN": stageJira, "JIRA_WEBHOOK_SECRET": stageWebhook, "SIGNOFF_API_TOKEN": "stage-api-token-0123456789",
	} {
		e.Setenv(name, value)
	}
	return s
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
	s.slack.Close()
	s.jira.Close()
	for _, h := range s.hosts {
		h.CloseClientConnections()
		h.Close()
	}
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
	log, err := os.Create(ts.MkAbs("serve.log"))
	ts.Check(err)
	cmd.Stderr = log
	ts.Check(cmd.Start())
	s.server = &process{cmd: cmd, done: make(chan error, 1), stderr: log}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, stdout); s.server.done <- cmd.Wait() }()
	if err != nil {
		text, _ := os.ReadFile(log.Name())
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
	s.slack.Connect("http://" + ready.Listen + "/hooks/slack")
	s.jira.SetWebhook("http://"+ready.Listen+"/hooks/jira", stageWebhook)
}

func scriptEnv(ts *testscript.TestScript) []string {
	var out []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SLACK_API", "JIRA_URL", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "JIRA_TOKEN", "JIRA_WEBHOOK_SECRET", "SIGNOFF_API_TOKEN"} {
		out = append(out, name+"="+ts.Getenv(name))
	}
	return out
}

// cmdStop ends the server with SIGTERM: a graceful stop is exit 0.
func cmdStop(ts *testscript.TestScript, neg bool, _ []string) {
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

// cmdAwaitLog waits until the server's log holds the words: the only sign of a reload that was refused.
func cmdAwaitLog(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(patience)
	for {
		text, err := os.ReadFile(on(ts).server.stderr.Name())
		ts.Check(err)
		if strings.Contains(string(text), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the log does not say %q:\n%s", args[0], text)
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
