package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/secret"
)

// Connector is one Slack workspace. It is safe for concurrent use.
type Connector struct {
	instance, publicURL, storeID string
	settings                     Settings
	verify                       verifier
	seal                         sealer
	http                         caller
	api                          *slack.Client
	keep                         connectors.Keep
	log                          *slog.Logger
	now                          func() time.Time
	known                        atomic.Pointer[install] // what Slack said of the installation
	addresses                    *addresses
	dialHTTP                     func(base string, vendor ...string) *http.Client // whose rules a WebSocket is dialled by
	socketState                  atomic.Pointer[socketStatus]
	*memories
	files *http.Client // for the bytes of files
	teams workspaces
	box   secret.Box // seals the tokens of teams

	pictures *pictures
}

func newConnector(s Settings, d connectors.Deps) *Connector {
	hosts := []string{"slack.com", "hooks.slack.com"}
	if isGov(s.APIURL) {
		hosts = []string{"slack-gov.com", "hooks.slack-gov.com"}
	}
	c := &Connector{
		instance: d.Instance, publicURL: d.PublicURL, storeID: d.StoreID, settings: s.reachedAt(d.PublicURL),
		verify: newVerifier(s.SigningSecret), seal: sealer{key: d.Key},
		http: caller{d.HTTP(s.APIURL, hosts...), newRespites(d.Now)}, keep: d.Keep, log: d.Log, now: d.Now,
		addresses: newAddresses(), dialHTTP: d.HTTP, memories: newMemories(), pictures: newPictures(d.Picture),
	}
	c.files = d.HTTP(s.APIURL, c.fileHost())
	if d.Files != nil {
		c.files = d.Files(s.APIURL, c.fileHost())
	}
	c.api = c.client(s.BotToken)
	c.teams.by, c.teams.orgOf = map[string]*workspace{}, map[string]string{}
	c.known.Store(&install{Team: s.TeamID, App: s.AppID})
	return c
}

func isGov(base string) bool {
	u, err := url.Parse(base)
	return err == nil && (u.Hostname() == "slack-gov.com" || strings.HasSuffix(u.Hostname(), ".slack-gov.com"))
}

// install is what identifies this installation: pinned by the settings or said by Slack.
type install struct {
	Team       string `json:"team"`
	Enterprise string `json:"enterprise,omitempty"`
	App        string `json:"app,omitempty"`
	User       string `json:"user"` // the bot's own user
	Bot        string `json:"bot"`
	URL        string `json:"url,omitempty"` // where people open the workspace: https://lumen.slack.com/
}

const keyInstall = "install"

// installed returns what is known of the installation in a workspace, asking Keep and then Slack the first time.
func (c *Connector) installed(ctx context.Context, team string) (install, error) {
	if in := c.self(team); in.User != "" {
		return in, nil
	}
	if c.settings.BotToken.Empty() {
		return install{}, &connectors.Error{
			Op: "auth.test", Class: connectors.Rejected, Err: errors.New("there is no installation in that workspace"),
			Person: "signoff is not installed in that Slack workspace. Install it at " + c.publicURL + "/oauth/" + c.instance + "/install.",
		}
	}
	if in, ok := c.keptInstall(ctx); ok {
		c.known.Store(&in)
		return in, nil
	}
	in, _, err := c.askInstall(ctx)
	return in, err
}

// keptInstall reads what Slack said at an earlier start; a changed pin or token makes it count for nothing.
func (c *Connector) keptInstall(ctx context.Context) (install, bool) {
	var in struct {
		install
		Token string `json:"token"`
	}
	data, err := c.keep.Get(ctx, keyInstall)
	if err != nil || data == nil || json.Unmarshal(data, &in) != nil || in.User == "" {
		return install{}, false
	}
	return in.install, in.Token == c.tokenMark() && c.pinned(in.install) == nil
}

// tokenMark names the token in use without telling it.
func (c *Connector) tokenMark() string { return c.seal.mac("token", c.settings.BotToken.Reveal()) }

// pinned compares with what the settings pin.
func (c *Connector) pinned(in install) error {
	if c.settings.TeamID != "" && in.Team != c.settings.TeamID {
		return fmt.Errorf("the token belongs to workspace %s, the settings say %s", in.Team, c.settings.TeamID)
	}
	if c.settings.AppID != "" && in.App != "" && in.App != c.settings.AppID {
		return fmt.Errorf("the token belongs to app %s, the settings say %s", in.App, c.settings.AppID)
	}
	return nil
}

// askInstall asks Slack who we are and keeps the answer; scopes are those granted to the token.
func (c *Connector) askInstall(ctx context.Context) (in install, scopes []string, err error) {
	var out struct {
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"enterprise_id"`
		UserID       string `json:"user_id"`
		BotID        string `json:"bot_id"`
		AppID        string `json:"app_id"`
		URL          string `json:"url"`
	}
	header, err := c.read(ctx, "", "auth.test", nil, &out)
	if err != nil {
		return install{}, nil, err
	}
	in = install{
		Team: out.TeamID, Enterprise: out.EnterpriseID, User: out.UserID, Bot: out.BotID,
		App: firstOf(c.settings.AppID, out.AppID), URL: workspaceURL(out.URL),
	}
	if err := c.pinned(in); err != nil {
		return in, nil, &connectors.Error{Op: "auth.test", Class: connectors.Denied, Err: err}
	}
	c.known.Store(&in)
	c.keepInstall(in)
	for scope := range strings.SplitSeq(header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return in, scopes, nil
}

func (c *Connector) keepInstall(in install) {
	c.note(keyInstall, struct {
		install
		Token string `json:"token"`
	}{in, c.tokenMark()})
}

// note keeps v under key without waiting for it: what is asked again, or found by its mark, when the process ends now.
func (c *Connector) note(key string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		c.log.Warn("what slack said is not kept", "what", key, "err", err)
		return
	}
	c.keep.Note(key, data)
}

// put keeps v under key, whatever was there, and waits until it is safe: what keeps something from being said twice. An
// error is no more than logged; when somebody else was faster theirs stays.
func (c *Connector) put(ctx context.Context, key string, v any) {
	data, err := json.Marshal(v)
	if err == nil {
		err = c.replace(ctx, key, data)
	}
	if err != nil && !errors.Is(err, connectors.ErrChanged) {
		c.log.Warn("what slack said is not kept", "what", key, "err", err)
	}
}

func (c *Connector) replace(ctx context.Context, key string, data []byte) error {
	old, err := c.keep.Get(ctx, key)
	if err != nil {
		return err
	}
	return c.keep.Put(ctx, key, old, data)
}

// get reads what was kept under key into v; false when there is nothing readable.
func (c *Connector) get(ctx context.Context, key string, v any) bool {
	data, err := c.keep.Get(ctx, key)
	return err == nil && data != nil && json.Unmarshal(data, v) == nil
}

const pinTime = 5 * time.Second

// Pin turns a pinned member id (U… or W…) into a Ref; where there are several workspaces T…/U… names the one that is
// meant. A fresh installation that pins no team_id asks Slack once for the workspace; while that cannot be told the Ref
// is zero.
func (c *Connector) Pin(id string) flow.Ref {
	if team, member, ok := strings.Cut(id, "/"); ok {
		if strings.Contains(member, "/") || team != c.known.Load().Team && c.teams.of(team) == nil {
			return flow.Ref{}
		}
		return c.ref("user", team, member)
	}
	team := c.known.Load().Team
	if team == "" {
		ctx, cancel := context.WithTimeout(context.Background(), pinTime)
		defer cancel()
		in, err := c.installed(ctx, "")
		if err != nil {
			c.log.Warn("pinned accounts wait for the workspace to be known", "err", err)
		}
		team = in.Team
	}
	if team == "" || id == "" {
		return flow.Ref{}
	}
	return c.ref("user", team, id)
}

// ref names a thing of this instance.
func (c *Connector) ref(kind string, key ...string) flow.Ref {
	return flow.Ref{System: c.instance, Type: kind, Key: strings.Join(key, "/")}
}

// keyed splits a Ref's key into as many parts as its type has; false for a Ref of another instance or shape.
func (c *Connector) keyed(r flow.Ref, kinds ...string) ([]string, bool) {
	if r.System != c.instance {
		return nil, false
	}
	parts := strings.Split(r.Key, "/")
	for _, kind := range kinds {
		if r.Type == kind && len(parts) == partsOf(kind) {
			return parts, true
		}
	}
	return nil, false
}

func partsOf(kind string) int {
	if kind == "thread" || kind == "message" {
		return 3
	}
	return 2
}
