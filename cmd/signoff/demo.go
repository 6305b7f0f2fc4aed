package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/server"
	"signoff/internal/source"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
)

const demoLong = `Run the whole job on this machine with a pretend Slack, Jira, mail server, Figma, Frame.io, Confluence and GitHub: no
account, nothing leaves the machine, and the data is thrown away at the end. The pretend services speak real HTTP with real signatures through the production
connectors; what you see is the production path.

The clock starts on a working morning and can be moved on the sandbox page, so that reminders come. A ticket dragged past
an open approval is flagged; with --bypass "move back" it is moved back.`

func (a *app) demoCommand() *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:     "demo",
		Short:   "Run with a pretend Slack and Jira, no account needed",
		Long:    demoLong,
		Example: "  signoff demo\n  signoff demo --listen 127.0.0.1:9000 --speed 60",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`host:port` of the pages")
	f.Float64Var(&o.speed, "speed", 1, "by which `factor` the demo's clock runs faster: with 60 a working hour passes every minute")
	f.StringVar(&o.bypass, "bypass", "flag", "what becomes of a ticket dragged past an open approval: `flag` or \"move back\"")
	f.BoolVar(&o.empty, "empty", false, "begin without the example requests")
	f.BoolVar(&o.quietly, "no-open", false, "do not open the browser")
	return c
}

type demoOptions struct {
	listen  string
	speed   float64
	bypass  string
	empty   bool
	quietly bool
	rules   string // instead of the example studio's
}

func (a *app) demo(ctx context.Context, o demoOptions) error {
	if o.speed <= 0 || o.speed > 10_000 {
		return usage("--speed must be more than 0 and at most 10000")
	}
	if o.bypass != "flag" && o.bypass != "move back" {
		return usage(`--bypass must be flag or "move back"`)
	}
	dir, err := os.MkdirTemp("", "signoff-demo-")
	if err != nil {
		return problems("make a folder for the demo: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder; the system clears what is left
	l, err := a.demoListen(o.listen, dir)
	if err != nil {
		return err
	}
	defer l.close()
	d, err := newDemo(a, o, l, dir)
	if err != nil {
		return problems("make the pretend services: %w", err)
	}
	defer d.close()
	h, err := d.hub()
	if err != nil {
		return err
	}
	if err := d.announce(ctx, h); err != nil {
		return err
	}
	return d.run(ctx, h)
}

func (a *app) demoListen(address, dir string) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.public, err = net.Listen("tcp", address); err != nil {
		return l, problems("%w; choose another address with --listen 127.0.0.1:9000", err)
	}
	if l.admin, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return l, problems("%w", err)
	}
	l.socket, err = listenSocket(socketPath(filepath.Join(dir, "signoff.db")))
	return l, err
}

// demo is one run of the demo.
type demo struct {
	app     *app
	options demoOptions
	doors   listeners
	dir     string
	base    string // http://localhost:8080
	local   bool   // only this machine can reach it
	clock   *demoClock
	secrets map[string]string
	world   *world
	db      *boltstore.Store
}

func newDemo(a *app, o demoOptions, l listeners, dir string) (*demo, error) {
	d := &demo{app: a, options: o, doors: l, dir: dir, clock: newDemoClock(a.now, o.speed), secrets: map[string]string{}}
	d.base = "http://" + reachable(l.public.Addr())
	if ip := l.public.Addr().(*net.TCPAddr).IP; ip.IsLoopback() {
		d.local = true
		d.base = fmt.Sprintf("http://localhost:%d", l.public.Addr().(*net.TCPAddr).Port)
	}
	for _, name := range []string{"SLACK_SIGNING_SECRET", "JIRA_WEBHOOK_SECRET", "JIRA_TOKEN", "GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN", "FIGMA_TOKEN", "ADOBE_CLIENT_SECRET", "FRAMEIO_ACTION_SECRET", "WORKFRONT_SESSION", "WORKFRONT_AUTH_TOKEN", "CONFLUENCE_TOKEN", "MAIL_PASSWORD", "API_TOKEN"} {
		d.secrets[name] = random(16)
	}
	d.secrets["SLACK_BOT_TOKEN"] = "xoxb-" + random(16)
	var err error
	d.world, err = newWorld(d)
	return d, err
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (d *demo) close() {
	d.world.close()
	if d.db != nil {
		_ = d.db.Close() // the folder is thrown away
	}
}

// hub writes the configuration of the demo to its folder and reads it as serve would.
func (d *demo) hub() (*hub, error) {
	if err := d.write(); err != nil {
		return nil, problems("write the demo's files: %w", err)
	}
	a := *d.app
	a.config = filepath.Join(d.dir, "config.yaml")
	a.getenv = func(name string) (string, bool) { v, ok := d.secrets[name]; return v, ok }
	f, err := a.read(source.Error)
	if err != nil {
		return nil, err
	}
	if f.problem {
		a.out = a.err
		return nil, f.report(&a, false)
	}
	d.db, err = boltstore.Open(f.config.Store.Path, boltstore.Options{Clock: layout.Clock{Now: d.clock.Now, After: d.clock.After}})
	if err != nil {
		return nil, problems("%w", err)
	}
	key, err := storeKey(f.config.Store, func(b []byte) { _, _ = rand.Read(b) })
	if err != nil {
		return nil, err
	}
	r := &reloader{app: &a}
	h, err := newHub(parts{
		config: f.config, set: f.set, store: d.db, key: key, log: a.logger(f.config.Log, secrets(f.config)...),
		now: d.clock.Now, after: d.clock.After, reload: r.reload, demo: d.pages(),
	})
	r.hub = h
	return h, err
}

// host is the name in the addresses of the demo's pages.
func (d *demo) host() string {
	u, err := url.Parse(d.base)
	if err != nil {
		panic(fmt.Sprintf("address of the demo: %v", err)) // made from a listener
	}
	return u.Hostname()
}

func (d *demo) pages() *server.Demo {
	return &server.Demo{
		Handlers: map[string]http.Handler{
			"/demo/":            d.world.panel(),
			"/demo/clock":       http.HandlerFunc(d.moveClock),
			"/demo/slack/":      d.world.slackHandler(),
			"/demo/jira/":       d.world.jiraHandler(),
			"/demo/github/":     d.world.github.Handler(),
			"/demo/mail/":       d.world.mail.Pages(),
			"/demo/figma/":      d.world.figma.Handler(),
			"/demo/adobe/":      d.world.adobe.Handler(),
			"/demo/confluence/": d.world.confluence.Handler(),
		},
		Roles: []server.Role{
			{Name: "ana", Shown: "Ana Reyes", Words: "reviews brand, designs"},
			{Name: "dana", Shown: "Dana Wolf", Words: "operations, reviews brand and legal"},
			{Name: "ben", Shown: "Ben Osei", Words: "designs"},
			{Name: "chloe", Shown: "Chloé Roy", Words: "designs in New York"},
			{Name: "eli", Shown: "Eli Marsh", Words: "reviews legal"},
		},
		Places: []server.Place{ // as many as a phone shows in a line; the sandbox leads to the others
			{Label: "Slack", Path: "/demo/slack/"}, {Label: "Jira", Path: "/demo/jira/"}, {Label: "Mail", Path: "/demo/mail/"}, {Label: "Sandbox", Path: "/demo/"},
		},
	}
}

// announce says where everything is.
func (d *demo) announce(ctx context.Context, h *hub) error {
	if d.app.output == "json" {
		return json.NewEncoder(d.app.out).Encode(struct {
			Ready  bool   `json:"ready"`
			Listen string `json:"listen"`
			Admin  string `json:"admin"`
			Config string `json:"config"`
		}{true, d.doors.public.Addr().String(), d.doors.admin.Addr().String(), filepath.Join(d.dir, "config.yaml")})
	}
	first, how := d.base, "(sign in as ana, no password; nothing leaves this machine)"
	if !d.local {
		link, err := h.server.Link(ctx, "dana")
		if err != nil {
			return problems("%w", err)
		}
		first, how = link, "(a single-use link, because others can reach this address; make more with signoff open)"
	}
	fmt.Fprintf(d.app.out, `Demo is ready: %s   %s
  A pretend Slack is at %s/demo/slack. At /demo are Jira, mailboxes, Figma, Frame.io, Confluence, GitHub, and every call made.
  Try in #design-requests: "@signoff Need a Nova banner 300x250 by Friday EOD"
  Then reply in its thread with a file and edit your words, comment on the ticket in Jira, drag it past an approval, put
  :art: on a message, write to signoff, look at its Home tab. Each message in #creative-asks is offered as a draft.
  The clock says %s%s and can be moved at /demo.
  Ctrl-C stops; data is thrown away.
`, first, how, d.base, d.clock.Now().In(d.clock.zone).Format("Mon 2 Jan 15:04 MST"), d.pace())
	if d.app.tty && !d.options.quietly {
		openBrowser(ctx, d.base)
	}
	return nil
}

func (d *demo) pace() string {
	if d.options.speed == 1 {
		return ""
	}
	return fmt.Sprintf(", runs %gx", d.options.speed)
}

// openBrowser tries to show the demo; a machine without a desktop simply does not.
func openBrowser(ctx context.Context, address string) {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	}
	if path, err := exec.LookPath(name); err == nil && (runtime.GOOS == "darwin" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "") {
		_ = exec.CommandContext(ctx, path, address).Start() // a courtesy
	}
}

// run plays the example requests while the hub serves.
func (d *demo) run(ctx context.Context, h *hub) error {
	seeding, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.world.seed(seeding, !d.options.empty) }()
	err := h.run(ctx, d.doors)
	stop()
	if seeded := <-done; seeded != nil && !errors.Is(seeded, context.Canceled) && err == nil {
		err = problems("the example requests could not be played: %w", seeded)
	}
	return err
}

// moveClock moves the demo's clock by a step of the sandbox page.
func (d *demo) moveClock(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "post a step", http.StatusMethodNotAllowed)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		http.Error(w, "the form came from another page", http.StatusForbidden)
		return
	}
	if err := d.clock.Step(r.FormValue("step")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.db.Nudge()
	back := r.FormValue("back")
	if !strings.HasPrefix(back, "/demo") {
		back = "/demo"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
