package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/github"
	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
)

// world is the pretend outside: a Slack workspace, a Jira site and a GitHub.
type world struct {
	demo   *demo
	ledger *sandbox.Ledger
	faults *sandbox.Faults
	slack  *slack.Server
	jira   *jira.Server
	github *github.Server
}

const (
	demoTeam    = "T0LUMEN01"
	demoApp     = "A0SIGNOFF"
	demoRequest = "C0DESIGN1" // #design-requests
	demoAsks    = "C0ASKS001" // #creative-asks, which is watched
)

func newWorld(d *demo) *world {
	w := &world{demo: d, ledger: sandbox.NewLedger(d.clock.Now), faults: &sandbox.Faults{}}
	w.slack = slack.New(slack.Options{
		Now: d.clock.Now, Real: d.app.now, Ledger: w.ledger, Faults: w.faults, Origin: d.base + "/demo/slack", HookURL: d.base + "/hooks/slack",
		SigningSecret: d.secrets["SLACK_SIGNING_SECRET"], BotToken: d.secrets["SLACK_BOT_TOKEN"],
		Team: slack.Team{ID: demoTeam, Name: "Lumen Studio", Domain: "lumen"}, AppID: demoApp,
		Bot:   slack.Bot{UserID: "U0SIGNOFF", BotID: "B0SIGNOFF", Name: "signoff"},
		Users: demoUsers(), Channels: demoChannels(), Commands: []string{"/signoff", "/request"},
		UnfurlDomains: []string{d.host()},
		Shortcuts: []slack.Shortcut{
			{CallbackID: "request_from_message", Name: "New creative request", Message: true},
			{CallbackID: "request_new", Name: "New creative request"},
		},
		Strict: true, Prefix: "/demo/slack", Back: "/demo",
	})
	w.jira = jira.New(jira.Options{
		Now: d.clock.Now, BaseURL: d.base + "/demo/jira", Prefix: "/demo/jira", User: "signoff-bot@lumen.example", Token: d.secrets["JIRA_TOKEN"],
		IndexLag: 2 * time.Second, Granted: []string{"ADMINISTER"}, // signoff looks after its webhook by itself
		Sleep: d.sleep, Ledger: w.ledger, Faults: w.faults,
	})
	w.github = github.New(github.Options{
		Now: d.clock.Now, BaseURL: d.base + "/demo/github", Prefix: "/demo/github", Token: d.secrets["GITHUB_TOKEN"], Users: demoAccounts(), Ledger: w.ledger, Faults: w.faults,
	})
	return w
}

// sleep waits in the demo's time.
func (d *demo) sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.clock.After(pause):
		return nil
	}
}

// demoAccounts are the people at GitHub, who all show their address there.
func demoAccounts() []github.User {
	users := github.DefaultUsers()
	for i := range users {
		if name, ok := strings.CutSuffix(users[i].Login, "-lumen"); ok {
			users[i].Email = name + "@lumen.example"
		}
	}
	return users
}

func demoUsers() []slack.User {
	user := func(id, name, real, title, zone string) slack.User {
		return slack.User{ID: id, Name: name, RealName: real, Title: title, Email: name + "@lumen.example", TZ: zone}
	}
	const london, newYork = "Europe/London", "America/New_York"
	return []slack.User{
		user("U0MAYA001", "maya", "Maya Lind", "Marketing", london), user("U0ANA0001", "ana", "Ana Reyes", "Brand, design", london),
		user("U0BEN0001", "ben", "Ben Osei", "Design", london), user("U0CHLOE01", "chloe", "Chloé Roy", "Design", newYork),
		user("U0DANA001", "dana", "Dana Wolf", "Creative operations", london), user("U0ELI0001", "eli", "Eli Marsh", "Legal", london),
		user("U0TOM0001", "tom", "Tom Berg", "Sales", london),
	}
}

func demoChannels() []slack.Channel {
	var everybody []string
	for _, u := range demoUsers() {
		everybody = append(everybody, u.ID)
	}
	everybody = append(everybody, "U0SIGNOFF")
	return []slack.Channel{
		{ID: demoRequest, Name: "design-requests", Topic: "Ask for creative work here", Members: everybody},
		{ID: "C0LAUNCH1", Name: "launch", Topic: "Spring launch", Members: everybody},
		{ID: "C0NOVA001", Name: "nova-marketing", Topic: "Nova campaigns", Members: everybody},
		{ID: demoAsks, Name: "creative-asks", Topic: "Every message here is offered as a draft", Members: everybody},
		{ID: "C0OPS0001", Name: "creative-ops", Topic: "What needs attention", Members: everybody},
	}
}

func (w *world) panel() http.Handler {
	return sandbox.NewPanel(sandbox.PanelOptions{
		Prefix: "/demo", Now: func() time.Time { return w.demo.clock.Now().In(w.demo.clock.zone) }, Ledger: w.ledger, Faults: w.faults, Services: []string{"slack", "jira", "github"},
		Places: []sandbox.Place{
			{Name: "Slack", URL: "/demo/slack/", Text: "Ask for work, reply with files, approve; everybody has a Home tab"},
			{Name: "Jira", URL: "/demo/jira/", Text: "The board: drag a ticket, comment on it, attach files"},
			{Name: "GitHub", URL: "/demo/github/lumen/site/pulls", Text: "A pull request: push to it, review it, comment on its lines; the label signoff asks for sign-off"},
			{Name: "signoff", URL: "/", Text: "Requests with every event and its reasons"},
		},
		ClockAction: "/demo/clock", Steps: steps(),
	})
}

// slackHandler serves the Web API and the pages of the workspace.
func (w *world) slackHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/demo/slack/api/", w.slack.API())
	mux.Handle("/demo/slack/actions/", w.slack.API())
	mux.Handle("/demo/slack/commands/", w.slack.API())
	mux.Handle("/", w.slack.Pages())
	return mux
}

func (w *world) jiraHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/demo/jira/rest/", w.jira.API())
	mux.Handle("/", w.jira.Pages())
	return mux
}

func (w *world) close() {
	w.slack.Close()
	w.jira.Close()
	w.github.Close()
}

// seed plays three requests into different stages, as people would: one waits for brand review, one is being worked
// on, one has been approved. Around the first there is a conversation, and a draft waits for Tom.
func (w *world) seed(ctx context.Context, play bool) error {
	if !play {
		return nil
	}
	if _, err := w.github.OpenPullAs("Chloé Roy", "lumen/site", "Darker hero for the spring launch", "Link to this in #design-requests, or give it the label signoff.", "Darken the hero"); err != nil {
		return fmt.Errorf("open the pull request: %w", err)
	}
	asks := []string{
		"<@U0SIGNOFF> Lumen newsletter banner 600x200 for EMEA by Friday EOD",
		"<@U0SIGNOFF> Need a Nova banner 300x250 by Friday EOD",
		"<@U0SIGNOFF> Lumen display ad 728x90, 160x600 for the spring launch by 4 December",
	}
	threads := make([]string, len(asks))
	for i, words := range asks {
		var err error
		if threads[i], err = w.slack.PostAs("U0MAYA001", demoRequest, words, ""); err != nil {
			return fmt.Errorf("ask for request %d: %w", i+1, err)
		}
		if err := w.opened(ctx, fmt.Sprintf("CR-%d", i+1)); err != nil {
			return err
		}
	}
	for _, step := range []struct{ request, words, button string }{
		{"CR-1", "", "Send to review"}, {"CR-1", "Brand review", "Approve"}, {"CR-1", "Sign-off", "Approve"}, {"CR-2", "", "Send to review"},
	} {
		if err := w.press(ctx, step.request, step.words, step.button); err != nil {
			return err
		}
	}
	if err := w.talk(ctx, threads[1], "Nova"); err != nil {
		return err
	}
	_, err := w.slack.PostAs("U0TOM0001", demoAsks, "We need a Lumen display ad for our stand at the trade fair by 2 December", "")
	return err
}

// talk plays a conversation: a reply with a file, and a comment of the ticket with those words in its summary.
func (w *world) talk(ctx context.Context, thread, words string) error {
	_, err := w.slack.Say(slack.Post{
		User: "U0MAYA001", Channel: demoRequest, Thread: thread, Text: "Here is the brief. Please keep the *claim* as it is.",
		Files: []slack.Upload{{Name: "nova-brief.pdf", Data: paper("Nova: spring launch", "Light that moves with you.", "300x250, ends on the claim")}},
	})
	if err != nil {
		return err
	}
	var ticket jira.Issue
	err = w.jira.Wait(ctx, func(s *jira.Server) bool {
		for _, ticket = range s.Issues() {
			if strings.Contains(ticket.Summary, words) && len(ticket.Attachments) > 0 && len(ticket.Comments) > 0 {
				return true
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	return w.jira.CommentAs("jon", ticket.Key, "The publisher needs it below 150 kB.")
}

// opened waits for the card of a request, so that the next one gets the next number.
func (w *world) opened(ctx context.Context, request string) error {
	return w.slack.Wait(ctx, func(s *slack.Server) bool {
		for _, m := range s.Messages(demoRequest) {
			for _, reply := range s.Thread(demoRequest, m.TS) {
				if about(reply, request) {
					return true
				}
			}
		}
		return false
	})
}

// press waits until somebody has a direct message about the request with these words and this button, and presses it.
func (w *world) press(ctx context.Context, request, words, label string) error {
	var user string
	var message slack.Message
	err := w.slack.Wait(ctx, func(s *slack.Server) bool {
		for _, u := range demoUsers() {
			for _, m := range s.DMs(u.ID) {
				if about(m, request) && strings.Contains(m.Shown(), words) && has(m, label) {
					user, message = u.ID, m
					return true
				}
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	if _, err := w.slack.PressButton(user, message.Channel, message.TS, label); err != nil {
		return fmt.Errorf("press %s of %s: %w", label, request, err)
	}
	// The message changes before the next button of the same name is looked for.
	return w.slack.Wait(ctx, func(s *slack.Server) bool {
		for _, m := range s.DMs(user) {
			if m.TS == message.TS {
				return !has(m, label)
			}
		}
		return true
	})
}

func about(m slack.Message, request string) bool {
	payload, _ := m.Metadata["event_payload"].(map[string]any)
	return payload["request"] == request || strings.Contains(m.Shown(), request+" ")
}

func has(m slack.Message, label string) bool {
	for _, b := range m.Buttons() {
		if b.Text == label {
			return true
		}
	}
	return false
}
