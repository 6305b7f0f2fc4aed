package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/events"
	"signoff/internal/sandbox/adobe/frameio"
	"signoff/internal/sandbox/adobe/workfront"
	"signoff/internal/sandbox/confluence"
	"signoff/internal/sandbox/figma"
	"signoff/internal/sandbox/github"
	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/mail"
	"signoff/internal/sandbox/slack"
)

// world is the pretend outside: a Slack workspace, a Jira site, a mail server, and where creative work lies.
type world struct {
	demo   *demo
	ledger *sandbox.Ledger
	faults *sandbox.Faults
	slack  *slack.Server
	jira   *jira.Server
	github *github.Server
	mail   *mail.Server
	figma  *figma.Server
	adobe  *adobe.Server

	confluence *confluence.Server

	smtp, imap net.Listener
}

const (
	demoTeam    = "T0LUMEN01"
	demoApp     = "A0SIGNOFF"
	demoRequest = "C0DESIGN1" // #design-requests
	demoAsks    = "C0ASKS001" // #creative-asks, which is watched
)

func newWorld(d *demo) (*world, error) {
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
	w.figma = figma.New(figma.Options{
		Now: d.clock.Now, Zone: d.clock.zone, BaseURL: d.base + "/demo/figma", Prefix: "/demo/figma", Back: "/demo", Token: d.secrets["FIGMA_TOKEN"],
		Sleep: d.sleep, Ledger: w.ledger, Faults: w.faults,
	})
	w.adobe = adobe.New(adobe.Options{
		Now: d.clock.Now, BaseURL: d.base + "/demo/adobe", Prefix: "/demo/adobe", Back: "/demo", ClientID: "signoff-demo-client", ClientSecret: d.secrets["ADOBE_CLIENT_SECRET"],
		Frameio: frameio.Options{Actions: []frameio.Action{{
			Name: "Ask for sign-off", Description: "Make a request of this file", URL: d.base + "/hooks/adobe/frameio/signoff", Secret: d.secrets["FRAMEIO_ACTION_SECRET"],
		}}},
		Events:    events.Options{WebhookURL: d.base + "/hooks/adobe/io/signoff"},
		Workfront: workfront.Options{Session: d.secrets["WORKFRONT_SESSION"]},
		Sleep:     d.sleep, Ledger: w.ledger, Faults: w.faults,
	})
	w.confluence = confluence.New(confluence.Options{
		Now: d.clock.Now, Zone: d.clock.zone, BaseURL: d.base + "/demo/confluence", Prefix: "/demo/confluence", Back: "/demo", Token: d.secrets["CONFLUENCE_TOKEN"],
		Ledger: w.ledger, Faults: w.faults,
	})
	return w, w.openMail()
}

// openMail makes the mail server, which this machine alone can reach.
func (w *world) openMail() (err error) {
	people := mail.DefaultPeople()
	for i := range people {
		if people[i].Service {
			people[i].Password = w.demo.secrets["MAIL_PASSWORD"]
		}
	}
	w.mail = mail.New(mail.Options{Now: func() time.Time { return w.demo.clock.Now().In(w.demo.clock.zone) }, BaseURL: w.demo.base + "/demo/mail", Prefix: "/demo/mail", Back: "/demo", People: people, Sleep: w.demo.sleep, Ledger: w.ledger, Faults: w.faults})
	if w.smtp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if w.imap, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return errors.Join(err, w.smtp.Close())
	}
	w.mail.ServeSMTP(w.smtp)
	w.mail.ServeIMAP(w.imap)
	return nil
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
		Prefix: "/demo", Now: func() time.Time { return w.demo.clock.Now().In(w.demo.clock.zone) }, Ledger: w.ledger, Faults: w.faults, Services: []string{"slack", "jira", "mail", "figma", "frameio", "adobeio", "workfront", "confluence", "github"},
		Places: []sandbox.Place{
			{Name: "Slack", URL: "/demo/slack/", Text: "Ask for work, reply with files, approve; everybody has a Home tab"},
			{Name: "Jira", URL: "/demo/jira/", Text: "The board: drag a ticket, comment on it, attach files"},
			{Name: "Mail", URL: "/demo/mail/", Text: "A mailbox for everybody: write to requests@lumen.example, answer, be out of office, decide by a link"},
			{Name: "Figma", URL: "/demo/figma/", Text: "Save a version, comment on a frame; @signoff in a comment asks for sign-off"},
			{Name: "Adobe", URL: "/demo/adobe/", Text: "Frame.io: upload a version, comment at a second of the film, press “Ask for sign-off”. I/O Events and Workfront: save an asset, a document"},
			{Name: "Confluence", URL: "/demo/confluence/", Text: "Briefs: link to one, or put the label signoff on a page"},
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
	w.figma.Close()
	w.adobe.Close()
	w.confluence.Close()
	w.mail.Close()
}
