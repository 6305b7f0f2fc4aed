package slack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/secret"
)

const (
	stateTime   = 10 * time.Minute // how long somebody may take to agree
	oauthTime   = 10 * time.Second
	keyState    = "oauth/"
	opOAuth     = "oauth.v2.access"
	pathInstall = "install"
	pathReturn  = "callback"
)

// Authorize installs the app into one more workspace: "install" sends the browser to Slack, "callback" is where Slack
// sends it back. What comes back is believed for a state of ours only, once and within ten minutes
// (https://docs.slack.dev/authentication/installing-with-oauth).
func (c *Connector) Authorize(ctx context.Context, in connectors.Inbound) connectors.Reply {
	switch {
	case c.settings.ClientID == "":
		return page(http.StatusNotFound, "This Slack connection is not set up to be installed into further workspaces. Set client_id and client_secret first.")
	case in.Method != http.MethodGet:
		r := page(http.StatusMethodNotAllowed, "Open this address in a browser.")
		r.Header.Set("Allow", http.MethodGet)
		return r
	case in.Rest == pathInstall:
		return c.sendToSlack(ctx)
	case in.Rest == pathReturn:
		return c.backFromSlack(ctx, in)
	}
	return page(http.StatusNotFound, "There is nothing at this address.")
}

// page is an answer in plain words; the server puts its own frame around it.
func page(status int, words string) connectors.Reply {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}, "Cache-Control": {"no-store"}}
	return connectors.Reply{Status: status, Header: header, Body: []byte(words + "\n")}
}

func (c *Connector) redirectURI() string {
	return c.publicURL + "/oauth/" + c.instance + "/" + pathReturn
}

// pendingState is a state that was given out.
type pendingState struct {
	Until time.Time `json:"until"`
}

func stateKey(state string) string {
	sum := sha256.Sum256([]byte(state))
	return keyState + hex.EncodeToString(sum[:])
}

func (c *Connector) sendToSlack(ctx context.Context) connectors.Reply {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: it ends the process instead
	state := hex.EncodeToString(raw)
	data, err := json.Marshal(pendingState{Until: c.now().Add(stateTime)})
	if err == nil {
		err = c.keep.Put(ctx, stateKey(state), nil, data)
	}
	if err != nil {
		c.log.Error("the way to slack cannot be prepared", "err", err)
		return page(http.StatusServiceUnavailable, "signoff cannot write to its store just now. Try again in a minute.")
	}
	var scopes []string
	for _, sc := range c.settings.scopes() {
		scopes = append(scopes, sc.name)
	}
	to := strings.TrimSuffix(c.settings.APIURL, "api/") + "oauth/v2/authorize?" + url.Values{
		"client_id": {c.settings.ClientID}, "scope": {strings.Join(scopes, ",")}, "state": {state}, "redirect_uri": {c.redirectURI()},
	}.Encode()
	r := page(http.StatusFound, "Slack asks for your consent.")
	r.Header.Set("Location", to)
	return r
}

func (c *Connector) backFromSlack(ctx context.Context, in connectors.Inbound) connectors.Reply {
	q := url.Values(in.Query)
	if !c.takeState(ctx, q.Get("state")) {
		return page(http.StatusBadRequest, "This way back from Slack is not one that signoff opened, or it was used before or is older than ten minutes. Begin again.")
	}
	if why := q.Get("error"); why != "" {
		if why == "access_denied" {
			return page(http.StatusOK, "Nothing was installed: you did not allow it in Slack.")
		}
		return page(http.StatusBadGateway, "Slack did not install signoff: it answered "+shown(why)+". Begin again.")
	}
	if q.Get("code") == "" {
		return page(http.StatusBadRequest, "Slack sent no code along. Begin again.")
	}
	w, err := c.exchange(ctx, q.Get("code"))
	if err != nil {
		c.log.Error("slack was not installed", "err", err)
		return page(http.StatusBadGateway, "signoff was not installed: "+err.Error()+". Begin again.")
	}
	c.log.Info("slack installed", "workspace", w.called(), "team", w.Team)
	return page(http.StatusOK, "signoff is installed in the Slack workspace "+w.called()+". You can close this page.")
}

// takeState reports whether a state was given out and not used yet, and uses it up.
func (c *Connector) takeState(ctx context.Context, state string) bool {
	if len(state) != 64 {
		return false
	}
	data, err := c.keep.Get(ctx, stateKey(state))
	var p pendingState
	if err != nil || data == nil || json.Unmarshal(data, &p) != nil {
		return false
	}
	if err := c.keep.Put(ctx, stateKey(state), data, nil); err != nil {
		return false // somebody else was faster, or it would count twice
	}
	return c.now().Before(p.Until)
}

// exchange gets the tokens for a code and keeps the installation. Its errors are words for the person and hold no
// secret.
func (c *Connector) exchange(ctx context.Context, code string) (*workspace, error) {
	ctx, cancel := context.WithTimeout(ctx, oauthTime)
	defer cancel()
	got, err := slack.GetOAuthV2ResponseContext(ctx, c.http, c.settings.ClientID, c.settings.ClientSecret.Reveal(), code,
		c.redirectURI(), slack.OAuthOptionAPIURL(c.settings.APIURL))
	if err != nil {
		return nil, saidByOAuth(c.failed(call{op: opOAuth}, err))
	}
	w := workspace{
		install: install{Team: got.Team.ID, Enterprise: got.Enterprise.ID, App: got.AppID, User: got.BotUserID},
		Name:    firstOf(got.Team.Name, got.Enterprise.Name), Org: got.IsEnterpriseInstall,
	}
	w.tokens(got, c.now())
	if err := c.acceptable(w); err != nil {
		return nil, err
	}
	if err := c.introduce(ctx, &w); err != nil {
		return nil, err
	}
	if err := c.saveWorkspace(ctx, w); err != nil {
		c.log.Error("the new workspace is not kept", "err", err)
		return nil, errors.New("signoff cannot write to its store just now")
	}
	return c.teams.of(w.key()), nil
}

// saidByOAuth is a failure in words that hold nothing of the answer but Slack's own code.
func saidByOAuth(e *connectors.Error) error {
	if code := codeOf(e); code != "" {
		return errors.New("Slack answered " + shown(code))
	}
	return errors.New("Slack could not be asked for the tokens")
}

// tokens takes over what an answer gives out.
func (w *workspace) tokens(got *slack.OAuthV2Response, now time.Time) {
	w.token, w.refresh = secret.New(got.AccessToken), secret.New(got.RefreshToken)
	w.Made, w.Expires, w.Gone = now.UTC(), time.Time{}, ""
	if got.ExpiresIn > 0 {
		w.Expires = w.Made.Add(time.Duration(got.ExpiresIn) * time.Second)
	}
	w.Scopes = nil
	for scope := range strings.SplitSeq(got.Scope, ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			w.Scopes = append(w.Scopes, scope)
		}
	}
}

func (c *Connector) acceptable(w workspace) error {
	allowed := c.settings.Workspaces
	switch {
	case w.token.Empty() || w.key() == "":
		return errors.New("Slack gave no bot token for a workspace")
	case c.settings.AppID != "" && w.App != c.settings.AppID:
		return fmt.Errorf("the tokens are for the app %s, not for ours", shown(w.App))
	case len(allowed) > 0 && !slices.Contains(allowed, w.Team) && !slices.Contains(allowed, w.Enterprise):
		return fmt.Errorf("the workspace %s is not one of those in the settings", shown(w.called()))
	}
	return nil
}

// introduce asks Slack who we are there: the answer to a code does not tell our bot id.
func (c *Connector) introduce(ctx context.Context, w *workspace) error {
	said, err := c.client(w.token).AuthTestContext(ctx)
	if err != nil {
		return saidByOAuth(c.failed(call{op: "auth.test", repeatable: true}, err))
	}
	if w.Team != "" && said.TeamID != "" && said.TeamID != w.Team {
		return errors.New("the token is for another workspace than Slack said")
	}
	w.Bot, w.User, w.URL = said.BotID, firstOf(said.UserID, w.User), workspaceURL(said.URL)
	return nil
}

// Register renews the tokens that have passed half of their time. It is called at start and every hour; a token lives
// twelve hours.
func (c *Connector) Register(ctx context.Context) ([]connectors.Finding, error) {
	c.teams.renewal.Lock()
	defer c.teams.renewal.Unlock()
	var found []connectors.Finding
	for _, w := range c.teams.all() {
		if w.Gone != "" || w.refresh.Empty() || c.now().Before(w.Made.Add(w.Expires.Sub(w.Made)/2)) {
			continue
		}
		if err := c.renew(ctx, *w); err != nil {
			c.log.Error("the token of a workspace was not renewed", "workspace", w.called(), "err", err)
			found = append(found, connectors.Finding{
				Level: "problem", What: "workspace " + w.called(), Text: "its token could not be renewed: " + err.Error(),
				Remedy: "It is tried again every hour; once the token has expired, install signoff there again.",
			})
		}
	}
	return found, nil
}

// renew gets new tokens; the pair is kept before it is used, because the old refresh token is worth nothing any more.
func (c *Connector) renew(ctx context.Context, w workspace) error {
	ctx, cancel := context.WithTimeout(ctx, oauthTime)
	defer cancel()
	got, err := slack.RefreshOAuthV2TokenContext(ctx, c.http, c.settings.ClientID, c.settings.ClientSecret.Reveal(), w.refresh.Reveal(),
		slack.OAuthOptionAPIURL(c.settings.APIURL))
	if err != nil {
		return saidByOAuth(c.failed(call{op: opOAuth}, err))
	}
	if got.AccessToken == "" {
		return errors.New("Slack gave no new token")
	}
	scopes := w.Scopes
	w.tokens(got, c.now())
	if len(w.Scopes) == 0 {
		w.Scopes = scopes
	}
	return c.saveWorkspace(ctx, w)
}

// uninstalled marks the installation of a workspace as of no use when a delivery says so. The two events that say it
// come in either order; revoked tokens of people alone say nothing of ours.
func (c *Connector) uninstalled(d flow.Delivery) bool {
	if d.Kind != "event:app_uninstalled" && d.Kind != "event:tokens_revoked" {
		return false
	}
	var said struct {
		Team  string `json:"team_id"`
		Event struct {
			Tokens struct {
				Bot []string `json:"bot"`
			} `json:"tokens"`
		} `json:"event"`
	}
	if err := json.Unmarshal(d.Body, &said); err != nil {
		return true
	}
	if d.Kind == "event:tokens_revoked" && len(said.Event.Tokens.Bot) == 0 {
		return true
	}
	if w := c.elsewhere(said.Team); w != nil && w.Gone == "" {
		c.leave(w, "signoff was removed from the workspace")
	}
	return true
}
