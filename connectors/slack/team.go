package slack

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/secret"
)

// Everything that is asked of Slack names the workspace it is asked for, "" where only one is meant. The functions of
// this file are the only ones that know which installation serves a workspace: the one whose bot_token is in the
// settings, or one that was made by OAuth and whose tokens are kept sealed.

// workspace is one installation made by OAuth.
type workspace struct {
	install
	Name    string    `json:"name,omitempty"`
	Org     bool      `json:"org,omitempty"` // for every workspace of the enterprise
	Scopes  []string  `json:"scopes,omitempty"`
	Token   string    `json:"token"`             // sealed
	Refresh string    `json:"refresh,omitempty"` // sealed; only with token rotation
	Made    time.Time `json:"made"`              // when the tokens were given out
	Expires time.Time `json:"expires,omitzero"`
	// Gone says why the installation is of no use any more; it stays, so that its name can be said.
	Gone string `json:"gone,omitempty"`

	token   secret.Secret
	refresh secret.Secret
	api     *slack.Client
}

// key is what an installation is found by: its workspace, or its enterprise when it serves all of that.
func (w *workspace) key() string {
	if w.Org {
		return w.Enterprise
	}
	return w.Team
}

// called is how people know the workspace.
func (w *workspace) called() string { return firstOf(w.Name, w.key()) }

// workspaces are the installations made by OAuth.
type workspaces struct {
	mu      sync.RWMutex
	by      map[string]*workspace
	orgOf   map[string]string // workspace -> its enterprise, as far as deliveries have told
	renewal sync.Mutex        // one renewal of tokens at a time
}

const keyWorkspace = "workspace/"

// of returns the installation that serves a workspace; nil where that is the one of the settings, or none.
func (t *workspaces) of(team string) *workspace {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if w, ok := t.by[team]; ok {
		return w
	}
	if w, ok := t.by[t.orgOf[team]]; ok {
		return w
	}
	var only *workspace
	for _, w := range t.by {
		if w.Org && only != nil || !w.Org {
			continue
		}
		only = w
	}
	if only != nil && team != "" {
		return only
	}
	return nil
}

// all lists the installations by key.
func (t *workspaces) all() []*workspace {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]*workspace, 0, len(t.by))
	for _, w := range t.by {
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b *workspace) int { return strings.Compare(a.key(), b.key()) })
	return list
}

// serves reports whether an installation that works serves the workspace or its enterprise.
func (t *workspaces) serves(enterprise, team string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w, ok := t.by[team]; ok && team != "" {
		return w.Gone == ""
	}
	w, ok := t.by[enterprise]
	if !ok || enterprise == "" || !w.Org || w.Gone != "" {
		return false
	}
	if team != "" {
		t.orgOf[team] = enterprise
	}
	return true
}

func (t *workspaces) put(w *workspace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.by[w.key()] = w
}

// loadWorkspaces reads what was installed before. It only reads our own store.
func (c *Connector) loadWorkspaces(ctx context.Context) error {
	return c.keep.Scan(ctx, keyWorkspace, func(_ string, value []byte) error {
		var w workspace
		if err := json.Unmarshal(value, &w); err != nil {
			return err
		}
		var err error
		if w.token, err = c.box.Open(w.Token, w.key()+"/token"); err == nil && w.Refresh != "" {
			w.refresh, err = c.box.Open(w.Refresh, w.key()+"/refresh")
		}
		if err != nil {
			c.log.Error("the tokens of a workspace cannot be read: store.key is another than the one they were sealed with", "workspace", w.key())
			w.Gone = "its tokens were sealed with another key"
		}
		w.api = c.client(w.token)
		c.teams.put(&w)
		return nil
	})
}

// saveWorkspace keeps an installation with its tokens sealed, and then uses it.
func (c *Connector) saveWorkspace(ctx context.Context, w workspace) error {
	w.Token = c.box.Seal(w.token, w.key()+"/token")
	w.Refresh = ""
	if !w.refresh.Empty() {
		w.Refresh = c.box.Seal(w.refresh, w.key()+"/refresh")
	}
	w.api = c.client(w.token)
	data, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if err := c.replace(ctx, keyWorkspace+w.key(), data); err != nil {
		return err
	}
	c.teams.put(&w)
	return nil
}

func (c *Connector) client(token secret.Secret) *slack.Client {
	return slack.New(token.Reveal(), slack.OptionAPIURL(c.settings.APIURL), slack.OptionHTTPClient(c.http))
}

// web is the Web API as the bot of a workspace.
func (c *Connector) web(team string) *slack.Client {
	if w := c.elsewhere(team); w != nil {
		return w.api
	}
	return c.api
}

// token is the bot token for a workspace.
func (c *Connector) token(team string) string {
	if w := c.elsewhere(team); w != nil {
		return w.token.Reveal()
	}
	return c.settings.BotToken.Reveal()
}

// self is what is known of the installation in a workspace.
func (c *Connector) self(team string) install {
	if w := c.elsewhere(team); w != nil {
		return w.install
	}
	return *c.known.Load()
}

// elsewhere is the installation made by OAuth that serves a workspace, nil where the settings' own does.
func (c *Connector) elsewhere(team string) *workspace {
	if home := c.known.Load().Team; team != "" && team == home && !c.settings.BotToken.Empty() {
		return nil
	}
	if team == "" && !c.settings.BotToken.Empty() {
		return nil
	}
	if team == "" {
		for _, w := range c.teams.all() {
			if w.Gone == "" {
				return w
			}
		}
	}
	return c.teams.of(team)
}

// absent answers for a workspace whose token is no longer taken: what is meant for it waits, and nothing else does.
func (c *Connector) absent(team string, e *connectors.Error) *connectors.Error {
	w := c.elsewhere(team)
	if w == nil || e == nil || e.Class != connectors.Denied {
		return e
	}
	if w.Gone == "" {
		c.log.Error("slack no longer takes the token of a workspace: install the app there again", "workspace", w.called(), "err", e.Err)
		c.leave(w, "Slack no longer takes its token")
	}
	return &connectors.Error{
		Op: e.Op, Class: connectors.Limited, Scope: connectors.ScopeChannel, Key: team, Wait: awayWait, Err: e.Err,
		Person: "signoff is no longer installed in the Slack workspace " + w.called() + ". Install it there again; nothing is lost meanwhile.",
	}
}

const awayWait = 5 * time.Minute

// acceptEnd takes the news that the app was removed or its tokens were revoked. Where the workspace came by OAuth the
// installation ends with it; for our own workspace an operator has to act.
func (c *Connector) acceptEnd(acc connectors.Accepted, e envelope, kind string) connectors.Accepted {
	acc.Kind = "event:" + kind
	if w := c.elsewhere(e.TeamID); w != nil {
		acc.Alarm, acc.Enrich = "signoff was removed from the Slack workspace "+w.called(), true
		return acc
	}
	acc.Ignored, acc.Alarm = ignoredUnused, "signoff was removed from the Slack workspace: install the app again"
	if kind == "tokens_revoked" {
		acc.Alarm = "Slack has revoked tokens of the app: install the app again and set the new bot_token"
	}
	return acc
}

// leave marks an installation as of no use.
func (c *Connector) leave(w *workspace, why string) {
	marked := *w
	marked.Gone = why
	ctx, cancel := context.WithTimeout(context.Background(), pinTime)
	defer cancel()
	if err := c.saveWorkspace(ctx, marked); err != nil {
		c.log.Warn("what slack said is not kept", "what", "workspace", "err", err)
	}
}
