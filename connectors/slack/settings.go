package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

const (
	defaultAPI     = "https://slack.com/api/"
	defaultCommand = "/request"
	verbCommand    = "/signoff" // always there, for the verbs
)

// The words of mode: how deliveries reach us.
const (
	modeHTTP   = "http"   // Slack calls a public address of ours
	modeSocket = "socket" // we call Slack and keep a connection open
)

// The words of app_type. A distributed app reads fewer messages per page of a thread.
const (
	internalApp    = "internal"
	distributedApp = "distributed"
)

// Settings are the keys of one instance under connectors:.
type Settings struct {
	Mode           string        `yaml:"mode"`            // http (default) | socket
	AppToken       secret.Secret `yaml:"app_token"`       // xapp-…, socket mode only
	SigningSecret  Secrets       `yaml:"signing_secret"`  // one, or two while rotating
	BotToken       secret.Secret `yaml:"bot_token"`       // xoxb-…
	ClientID       string        `yaml:"client_id"`       // with client_secret: further workspaces by OAuth
	ClientSecret   secret.Secret `yaml:"client_secret"`   //
	Workspaces     []string      `yaml:"workspaces"`      // the only ones (T…, E…) it may be installed into
	APIURL         string        `yaml:"api_url"`         // default https://slack.com/api/
	Command        string        `yaml:"command"`         // opens the form; default /request
	TeamID         string        `yaml:"team_id"`         // pins the workspace; else Slack is asked
	AppID          string        `yaml:"app_id"`          // pins the app; else Slack is asked
	AppType        string        `yaml:"app_type"`        // internal (default) | distributed
	Emoji          string        `yaml:"emoji"`           // :art: makes a draft of a message; empty: none does
	Watch          []string      `yaml:"watch"`           // channels whose new messages become drafts: #name or C…
	Unfurl         []string      `yaml:"unfurl"`          // domains whose links are unfolded; default public_url's; [] none
	Home           *bool         `yaml:"home"`            // people's own page; default true
	Files          *bool         `yaml:"files"`           // files are carried; default true
	Pictures       *bool         `yaml:"pictures"`        // cards show a picture of the work; default as files
	AllowBroadcast bool          `yaml:"allow_broadcast"` // only false: nothing mentions @here or @channel
}

// Secrets is one secret or a list of them.
type Secrets []secret.Secret

// UnmarshalYAML reads a single value or a list.
func (s *Secrets) UnmarshalYAML(construct func(any) error) error {
	var one secret.Secret
	if err := construct(&one); err == nil {
		*s = Secrets{one}
		return nil
	}
	var many []secret.Secret
	if err := construct(&many); err != nil {
		return errors.New("signing_secret is one value or a list of two")
	}
	*s = many
	return nil
}

// example is YAML for one instance.
const example = `mode: http                                # http | socket (no public address needed)
signing_secret: ${SLACK_SIGNING_SECRET}   # Basic Information; a list of two while rotating
bot_token: ${SLACK_BOT_TOKEN}             # OAuth & Permissions, begins with xoxb-
# app_token: ${SLACK_APP_TOKEN}           # socket mode only: Basic Information, begins with xapp-
# client_id: "123.456"                    # with client_secret: signoff can be installed into further workspaces
# client_secret: ${SLACK_CLIENT_SECRET}   # by OAuth; their tokens are kept sealed under store.key
# workspaces: [T0123456789]               # the only ones it may be installed into; left out: any
# api_url: https://slack.com/api/         # a proxy or a stand-in; ends in /api/
command: /request                         # opens the form; /signoff is always there for the verbs
emoji: ":art:"                            # reacting with it makes a draft of a message
# watch: ["#design-requests"]             # every new message there is offered as a draft
# unfurl: [signoff.lumen.example]         # whose links are unfolded; default the host of public_url, [] for none
home: true                                # a page of one's own in the app's Home tab
files: true                               # files go into the ticket and back
pictures: true                            # cards show a small picture of the work
# team_id: T0123456789                    # pins the workspace; else signoff asks Slack once
# app_id: A0123456789                     # pins the app
# app_type: internal                      # internal | distributed (Slack's tighter limits on reading threads)
allow_broadcast: false                    # never @here / @channel
`

// Kind is this connector as cmd lists it.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "slack", Example: example, New: New}
}

// New decodes the settings and returns a connector that has not yet spoken to Slack.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	var s Settings
	if err := decode(&s); err != nil {
		return nil, err
	}
	s, err := s.checked()
	if err != nil {
		return nil, err
	}
	c := newConnector(s, d)
	if s.ClientID == "" {
		return c, nil
	}
	if c.box, err = secret.NewBox(d.Key, "slack tokens"); err != nil {
		return nil, &connectors.SettingError{Key: "client_id", Text: "needs store.key to seal tokens with: " + err.Error()}
	}
	if in, ok := c.keptInstall(context.Background()); ok {
		c.known.Store(&in)
	}
	if err := c.loadWorkspaces(context.Background()); err != nil {
		return nil, fmt.Errorf("read the workspaces that signoff is installed in: %w", err)
	}
	return c, nil
}

// checked fills in defaults and refuses what cannot work, all of it at once.
func (s Settings) checked() (Settings, error) {
	base, err := apiBase(s.APIURL)
	all := append([]error{s.checkMode(), s.checkSecrets(), s.checkToken(), s.checkOAuth(), err}, s.checkRest()...)
	if all = slices.DeleteFunc(all, func(err error) bool { return err == nil }); len(all) > 0 {
		return s, errors.Join(all...)
	}
	s.APIURL, s.Mode = base, firstOf(s.Mode, modeHTTP)
	s.Command = firstOf(s.Command, defaultCommand)
	s.AppType = firstOf(s.AppType, internalApp)
	return s, nil
}

func (s Settings) checkMode() error {
	switch s.Mode {
	case "", modeHTTP:
		if !s.AppToken.Empty() {
			return &connectors.SettingError{Key: "app_token", Text: "is for mode: socket only; leave it out, or set mode: socket"}
		}
		return nil
	case modeSocket:
		return s.checkAppToken()
	}
	return &connectors.SettingError{Key: "mode", Text: "must be http or socket"}
}

func (s Settings) checkAppToken() error {
	bad := func(text string) error { return &connectors.SettingError{Key: "app_token", Text: text} }
	token := s.AppToken.Reveal()
	switch {
	case strings.TrimSpace(token) == "":
		return bad("is missing; make an app-level token with the scope connections:write under Basic Information of your Slack app")
	case strings.ContainsAny(token, " \t\r\n"):
		return bad("contains white space; copy it again without quotes or line ends")
	case strings.HasPrefix(token, "xoxb-"), strings.HasPrefix(token, "xoxp-"):
		return bad("is not an app-level token; use the one that begins with xapp- under Basic Information of your Slack app")
	case placeholder(token):
		return bad("is a placeholder; copy the app-level token (xapp-…) from Basic Information of your Slack app")
	}
	return nil
}

func (s Settings) checkSecrets() error {
	bad := func(text string) error { return &connectors.SettingError{Key: "signing_secret", Text: text} }
	switch {
	case len(s.SigningSecret) == 0 && s.Mode == modeSocket:
		return nil // the socket authenticates itself; nothing is believed at the hook
	case len(s.SigningSecret) == 0:
		return bad("is missing; copy it from Basic Information of your Slack app")
	case len(s.SigningSecret) > 2:
		return bad("holds more than two values; keep the new one and the one it replaces")
	case len(s.SigningSecret) == 2 && s.SigningSecret[0].Equal(s.SigningSecret[1]):
		return bad("holds the same value twice; keep one")
	}
	for _, one := range s.SigningSecret {
		if why := weak(one.Reveal()); why != "" {
			return bad(why)
		}
	}
	return nil
}

// weak says why a value cannot be a signing secret, without repeating it.
func weak(value string) string {
	switch {
	case strings.TrimSpace(value) == "":
		return "is empty; copy it from Basic Information of your Slack app"
	case strings.ContainsAny(value, " \t\r\n"):
		return "contains white space; copy it again without quotes or line ends"
	case placeholder(value):
		return "is a placeholder; copy the real one from Basic Information of your Slack app"
	case len(value) < 16:
		return "is shorter than 16 characters; copy the whole value"
	}
	return ""
}

func placeholder(value string) bool {
	low := strings.ToLower(value)
	for _, word := range []string{"changeme", "change-me", "change_me", "placeholder", "your-", "your_", "yoursecret", "replace", "todo", "<", "${"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return strings.Trim(low, low[:1]) == "" // one character over and over
}

func (s Settings) checkToken() error {
	bad := func(text string) error { return &connectors.SettingError{Key: "bot_token", Text: text} }
	token := s.BotToken.Reveal()
	switch {
	case strings.TrimSpace(token) == "" && s.ClientID != "":
		return nil // every workspace comes by OAuth
	case strings.TrimSpace(token) == "":
		return bad("is missing; copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions of your Slack app")
	case strings.ContainsAny(token, " \t\r\n"):
		return bad("contains white space; copy it again without quotes or line ends")
	case strings.HasPrefix(token, "xoxp-"), strings.HasPrefix(token, "xapp-"):
		return bad("is not a bot token; use the Bot User OAuth Token, which begins with xoxb-")
	case placeholder(token):
		return bad("is a placeholder; copy the Bot User OAuth Token from OAuth & Permissions of your Slack app")
	}
	return nil
}

func (s Settings) checkOAuth() error {
	secretText := s.ClientSecret.Reveal()
	switch {
	case s.ClientID == "" && secretText == "" && len(s.Workspaces) == 0:
		return nil
	case s.ClientID == "":
		return &connectors.SettingError{Key: "client_id", Text: "is missing; copy it from Basic Information of your Slack app, or leave out client_secret and workspaces"}
	case strings.TrimSpace(secretText) == "" || placeholder(secretText):
		return &connectors.SettingError{Key: "client_secret", Text: "is missing; copy it from Basic Information of your Slack app"}
	case s.Mode == modeSocket && s.BotToken.Empty():
		return &connectors.SettingError{Key: "bot_token", Text: "is missing; with mode: socket the workspace of the app itself needs one"}
	}
	for _, id := range s.Workspaces {
		if !strings.HasPrefix(id, "T") && !strings.HasPrefix(id, "E") {
			return &connectors.SettingError{Key: "workspaces", Text: "must be workspace ids, which begin with T, or ids of an organisation, which begin with E"}
		}
	}
	return nil
}

// checkRest looks at the keys that stand for themselves.
func (s Settings) checkRest() []error {
	command := firstOf(s.Command, defaultCommand)
	var all []error
	refuse := func(wrong bool, key, text string) {
		if wrong {
			all = append(all, &connectors.SettingError{Key: key, Text: text})
		}
	}
	refuse(!strings.HasPrefix(command, "/") || len(command) < 2 || len(command) > 32 || strings.ContainsAny(command[1:], "/ \t\r\n"),
		"command", "must be one word that begins with /, 32 characters at most, for example /request")
	refuse(command == verbCommand, "command", "/signoff is already there for the verbs; choose another word, for example /request")
	refuse(s.TeamID != "" && !strings.HasPrefix(s.TeamID, "T"), "team_id", "must be a workspace id, which begins with T")
	refuse(s.AppID != "" && !strings.HasPrefix(s.AppID, "A"), "app_id", "must be an app id, which begins with A")
	refuse(s.Emoji != "" && !emojiForm.MatchString(s.Emoji), "emoji", "must be one emoji by its name between colons, for example \":art:\"")
	refuse(slices.ContainsFunc(s.Watch, func(w string) bool { return !channelForm.MatchString(w) }),
		"watch", "must list channels by name with # and in small letters, or by id, for example [\"#design-requests\"]")
	refuse(len(s.Unfurl) > unfurlDomains || slices.ContainsFunc(s.Unfurl, func(d string) bool { return !domainForm.MatchString(d) }),
		"unfurl", "must list at most 5 domains without https:// and in small letters, for example [signoff.lumen.example]")
	refuse(s.AppType != "" && s.AppType != internalApp && s.AppType != distributedApp, "app_type", "must be internal or distributed")
	refuse(s.AllowBroadcast, "allow_broadcast", "only false is possible: no message of signoff mentions @here or @channel")
	return all
}

// apiBase completes the address of the Web API so that it ends in /api/.
func apiBase(raw string) (string, error) {
	if raw == "" {
		return defaultAPI, nil
	}
	if err := outbound.CheckBase(raw); err != nil {
		return "", &connectors.SettingError{Key: "api_url", Text: err.Error()}
	}
	u, err := url.Parse(raw)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", &connectors.SettingError{Key: "api_url", Text: "must be a plain address such as https://slack.com/api/"}
	}
	path := strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(path, "/api") {
		path += "/api"
	}
	u.Path = path + "/"
	return u.String(), nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
