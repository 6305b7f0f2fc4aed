package slack

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// settingsPage is what an administrator sees of the app: where it is installed, what it may do, how deliveries reach it.
type settingsPage struct {
	Prefix, Team, AppName, Said string
	SocketMode                  bool
	Sockets                     int
	Places                      []installation
	Events                      []Event
}

type installation struct {
	ID, Name         string
	Installed, Alive bool
	Scopes           []grantedScope
}

type grantedScope struct {
	grantLine
	Granted bool
}

// shownEvents is how many of the last events can be sent again from the page.
const shownEvents = 12

func (p pages) settings(w http.ResponseWriter, r *http.Request) {
	s := p.s
	data := settingsPage{
		Prefix: s.opt.Prefix, Team: s.opt.Team.Name, AppName: s.opt.Bot.Name, Said: r.URL.Query().Get("said"),
		SocketMode: s.app.hub.using(), Sockets: s.Sockets(),
	}
	for _, one := range s.app.all() {
		data.Places = append(data.Places, one.installation())
		events := one.Events()
		slices.Reverse(events)
		data.Events = append(data.Events, events[:min(len(events), shownEvents)]...)
	}
	p.renderAs(w, http.StatusOK, "settings", data)
}

func (s *Server) installation() installation {
	out := installation{ID: s.opt.Team.ID, Name: s.opt.Team.Name, Alive: s.BotToken() != ""}
	s.mu.Lock()
	out.Installed = s.installed
	s.mu.Unlock()
	for _, scope := range allScopes() {
		out.Scopes = append(out.Scopes, grantedScope{
			grantLine: grantLine{Scope: scope, Means: scopeMeanings()[scope]}, Granted: s.granted(scope),
		})
	}
	return out
}

// administer is the form of that page: "do" names what is done, "team" where, "event" to which event.
func (p pages) administer(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	of := p.s.app.team(firstOf(r.PostFormValue("team"), p.s.opt.Team.ID))
	if of == nil {
		http.NotFound(w, r)
		return
	}
	said, err := of.administer(r.Context(), r.PostFormValue("do"), r.PostForm["scope"], r.PostFormValue("event"))
	if err != nil {
		said = sentence(err)
	}
	http.Redirect(w, r, with(p.s.opt.Prefix+"/app", "said", said), http.StatusSeeOther)
}

// administer does what an administrator, or the network, does to the app and says so.
func (s *Server) administer(ctx context.Context, do string, scopes []string, event string) (string, error) {
	switch do {
	case "uninstall":
		s.Uninstall()
		return "Uninstalled.", nil
	case "revoke":
		s.TokensRevoked()
		return "The bot token is revoked.", nil
	case "renew":
		s.Renew()
		return "The bot token is good again.", nil
	case "scopes":
		s.SetScopes(scopes...)
		return "The scopes are " + firstOf(strings.Join(scopes, ", "), "none") + ".", nil
	case "limit":
		status, err := s.RateLimited(ctx)
		return fmt.Sprintf("Told that events were dropped: answer %d.", status), err
	case "again":
		status, err := s.Redeliver(ctx, event)
		return fmt.Sprintf("Delivered again: answer %d.", status), err
	case "socket-on", "socket-off":
		s.SocketMode(do == "socket-on")
		return "Socket Mode is " + strings.TrimPrefix(do, "socket-") + ".", nil
	case "warning", "refresh_requested":
		s.Disconnect(do)
		return "Every connection was told: " + do + ".", nil
	case "cut":
		s.Cut()
		return "Every connection is cut.", nil
	}
	return "", fmt.Errorf("%q is nothing that can be done here", do)
}
