package slack

import (
	"net/http"
	"net/url"
	"strings"
)

// grantPage is the page on which a person lets the app into a workspace.
type grantPage struct {
	Prefix, Team, AppName string
	Problem               string
	Fields                [][2]string // the request, carried along
	Teams                 []Team
	Scopes                []grantLine
}

type grantLine struct{ Scope, Means string }

// scopeMeanings says what scopes allow, as the page puts it.
func scopeMeanings() map[string]string {
	return map[string]string{
		"app_mentions:read": "See messages that mention it", "channels:history": "Read messages in public channels it is in",
		"channels:read": "See public channels and who is in them", "chat:write": "Send messages",
		"chat:write.public": "Send messages to public channels it is not in", "commands": "Add shortcuts and slash commands",
		"files:read": "Read files shared where it is", "files:write": "Upload files",
		"groups:history": "Read messages in private channels it is in", "groups:read": "See private channels it is in",
		"im:history": "Read direct messages sent to it", "im:read": "See who writes to it directly", "im:write": "Start direct messages",
		"links:read": "See links to its pages", "links:write": "Show previews below those links",
		"metadata.message:read": "Read the metadata of messages", "mpim:history": "Read group messages it is in",
		"mpim:read": "See group messages it is in", "reactions:read": "See reactions", "reactions:write": "Add reactions",
		"team:read": "See the name of the workspace", "usergroups:read": "See user groups", "users:read": "See people",
		"users:read.email": "See people's e-mail addresses",
	}
}

// authorize shows /oauth/v2/authorize.
func (p pages) authorize(w http.ResponseWriter, r *http.Request) { p.showGrant(w, r.URL.Query()) }

func (p pages) showGrant(w http.ResponseWriter, q url.Values) {
	data := grantPage{Prefix: p.s.opt.Prefix, Team: p.s.opt.Team.Name, AppName: p.s.opt.Bot.Name}
	ask, err := p.s.readAsking(q)
	if err != nil {
		data.Problem = sentence(err)
		p.renderAs(w, http.StatusBadRequest, "authorize", data)
		return
	}
	for _, key := range []string{"client_id", "scope", "state", "redirect_uri"} {
		if v := q.Get(key); v != "" {
			data.Fields = append(data.Fields, [2]string{key, v})
		}
	}
	for _, one := range p.s.app.all() {
		data.Teams = append(data.Teams, one.opt.Team)
	}
	for _, scope := range ask.scopes {
		data.Scopes = append(data.Scopes, grantLine{Scope: scope, Means: firstOf(scopeMeanings()[scope], scope)})
	}
	letFormsLeadTo(w, ask.redirect)
	p.renderAs(w, http.StatusOK, "authorize", data)
}

// letFormsLeadTo widens the policy of a page by the place its form redirects to.
func letFormsLeadTo(w http.ResponseWriter, address string) {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		w.Header().Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' "+u.Scheme+"://"+u.Host, 1))
	}
}

// decide is the form of that page.
func (p pages) decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ask, err := p.s.readAsking(r.PostForm)
	of := p.s.app.team(firstOf(r.PostFormValue("team"), p.s.opt.Team.ID))
	if err != nil || of == nil {
		p.showGrant(w, r.PostForm)
		return
	}
	to := ask.answer("error", "access_denied")
	if r.PostFormValue("do") == "allow" {
		to = ask.answer("code", p.s.app.newCode(of, ask, p.s.opt.Now()))
	}
	letFormsLeadTo(w, ask.redirect)
	http.Redirect(w, r, to, http.StatusFound)
}
