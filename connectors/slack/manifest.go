package slack

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v4"
)

// Manifest returns the app manifest for these settings as YAML. publicURL is where people and Slack reach signoff,
// instance the key under connectors:. It holds only what the configuration uses.
func Manifest(s Settings, publicURL, instance string) (string, error) {
	s = s.reachedAt(publicURL)
	base, instance := strings.TrimRight(publicURL, "/"), firstOf(instance, "slack")
	hook := base + "/hooks/" + instance
	m := manifest{}
	if m.Settings.Socket = s.Mode == modeSocket; m.Settings.Socket {
		hook = "" // nothing comes from outside
	}
	if s.ClientID != "" {
		m.OAuth.Redirects = []string{base + "/oauth/" + instance + "/" + pathReturn}
		m.Settings.Rotation = s.BotToken.Empty() // a bot token in the settings has nobody who would renew it
	}
	m.Metadata.Major, m.Metadata.Minor = 1, 1
	m.Display.Name, m.Display.Color = "signoff", "#1f2937"
	m.Display.Description = "Turns requests into tickets and collects approvals"
	m.Features.Home.Messages = true
	m.Features.Home.Home = s.home()
	m.Features.Unfurl = s.Unfurl
	m.Features.Bot.Name, m.Features.Bot.Online = "signoff", true
	m.Features.Shortcuts = []manifestShortcut{
		{Name: "New creative request", Type: "message", Callback: shortcutMessage, Description: "Turn this message and its thread into a request"},
		{Name: "New creative request", Type: "global", Callback: shortcutGlobal, Description: "Open the request form"},
	}
	m.Features.Commands = []manifestCommand{
		{Command: firstOf(s.Command, defaultCommand), URL: hook, Description: "Ask for creative work", Hint: "Spring banner by Friday", Escape: true},
		{Command: verbCommand, URL: hook, Description: "Create and find requests", Hint: "new | mine | status CR-142 | why CR-142 | away 10-14 Mar | back | help", Escape: true},
	}
	for _, sc := range s.scopes() {
		m.OAuth.Scopes.Bot = append(m.OAuth.Scopes.Bot, sc.name)
	}
	m.Settings.Events.URL = hook
	for _, ev := range s.eventsUsed() {
		m.Settings.Events.Bot = append(m.Settings.Events.Bot, ev.name)
	}
	m.Settings.Interactivity.On, m.Settings.Interactivity.URL = true, hook
	out, err := yaml.Dump(m, yaml.WithIndent(2))
	if err != nil {
		return "", fmt.Errorf("write the manifest: %w", err)
	}
	return string(out), nil
}

// Explain is a table of the scopes and events the manifest asks for, each with its reason.
func Explain(s Settings) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, part := range []struct {
		title string
		list  []scope
	}{{"SCOPE", s.scopes()}, {"EVENT", s.eventsUsed()}} {
		_, _ = fmt.Fprintf(w, "%s\tWHY\n", part.title) // a strings.Builder takes everything
		for _, sc := range part.list {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", sc.name, sc.why)
		}
		_, _ = fmt.Fprintln(w)
	}
	_ = w.Flush()
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// manifest is Slack's format, in the order of its documentation.
type manifest struct {
	Metadata struct {
		Major int `yaml:"major_version"`
		Minor int `yaml:"minor_version"`
	} `yaml:"_metadata"`
	Display struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
		Color       string `yaml:"background_color"`
	} `yaml:"display_information"`
	Features struct {
		Home struct {
			Home     bool `yaml:"home_tab_enabled"`
			Messages bool `yaml:"messages_tab_enabled"`
			ReadOnly bool `yaml:"messages_tab_read_only_enabled"`
		} `yaml:"app_home"`
		Bot struct {
			Name   string `yaml:"display_name"`
			Online bool   `yaml:"always_online"`
		} `yaml:"bot_user"`
		Shortcuts []manifestShortcut `yaml:"shortcuts"`
		Commands  []manifestCommand  `yaml:"slash_commands"`
		Unfurl    []string           `yaml:"unfurl_domains,omitempty"`
	} `yaml:"features"`
	OAuth struct {
		Redirects []string `yaml:"redirect_urls,omitempty"`
		Scopes    struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			URL string   `yaml:"request_url,omitempty"`
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			On  bool   `yaml:"is_enabled"`
			URL string `yaml:"request_url,omitempty"`
		} `yaml:"interactivity"`
		OrgDeploy bool `yaml:"org_deploy_enabled"`
		Socket    bool `yaml:"socket_mode_enabled"`
		Rotation  bool `yaml:"token_rotation_enabled"`
	} `yaml:"settings"`
}

type manifestShortcut struct {
	Name        string `yaml:"name"`
	Type        string `yaml:"type"`
	Callback    string `yaml:"callback_id"`
	Description string `yaml:"description"`
}

type manifestCommand struct {
	Command     string `yaml:"command"`
	URL         string `yaml:"url,omitempty"`
	Description string `yaml:"description"`
	Hint        string `yaml:"usage_hint"`
	Escape      bool   `yaml:"should_escape"`
}
