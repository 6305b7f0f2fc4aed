package jira

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/source"
)

// warnBefore is how long before a token ends people hear of it.
const warnBefore = 14 * 24 * time.Hour

// Check asks Jira for its edition, our account, and for each project: permissions, issue type, fields and statuses.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	out := []connectors.Finding{c.checkEdition(ctx), c.checkAccount(ctx)}
	if f, ok := c.checkToken(); ok {
		out = append(out, f)
	}
	if slices.ContainsFunc(out, func(f connectors.Finding) bool { return f.Level == "problem" }) {
		return out // the rest would only say the same again
	}
	out = append(out, c.checkUsers(ctx))
	for _, key := range slices.Sorted(maps.Keys(c.set.Projects)) {
		out = append(out, c.checkProject(ctx, key)...)
	}
	return append(out, connectors.Finding{Level: "ok", What: c.deps.Instance, Text: fmt.Sprintf("webhook secret set, hooks are taken at /hooks/%s", c.deps.Instance)})
}

func (c *Connector) ok(what, format string, args ...any) connectors.Finding {
	return connectors.Finding{Level: "ok", What: c.what(what), Text: fmt.Sprintf(format, args...)}
}

func (c *Connector) bad(what, text, remedy string) connectors.Finding {
	return connectors.Finding{Level: "problem", What: c.what(what), Text: text, Remedy: remedy}
}

// what names the subject of a finding: "jira", "jira DES".
func (c *Connector) what(project string) string {
	return strings.TrimSpace(c.deps.Instance + " " + project)
}

// failed turns an error into a finding: what people can do is in it already.
func (c *Connector) failed(what string, err error) connectors.Finding {
	f := connectors.Finding{Level: "problem", What: c.what(what), Text: err.Error(), Remedy: "look at the address, the account and the network"}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		if e.Person != "" {
			f.Remedy = e.Person
		}
		if e.Class == connectors.Transient || e.Class == connectors.Limited {
			f.Level, f.Remedy = "warning", "Jira does not answer just now; signoff keeps the work and tries again"
		}
	}
	return f
}

func (c *Connector) checkEdition(ctx context.Context) connectors.Finding {
	var info struct {
		Type  string `json:"deploymentType"`
		Title string `json:"serverTitle"`
	}
	if err := c.do(ctx, get("read server info", "serverInfo", nil), &info); err != nil {
		return c.failed("", err)
	}
	if !strings.EqualFold(info.Type, "Cloud") {
		return c.bad("", fmt.Sprintf("%s is Jira %s", c.set.URL, firstOf(info.Type, "of an unknown edition")), "signoff speaks to Jira Cloud only")
	}
	return c.ok("", "%s answers (Jira Cloud)", c.set.URL)
}

func (c *Connector) checkAccount(ctx context.Context) connectors.Finding {
	a, err := c.askAccount(ctx)
	if err != nil {
		return c.failed("", err)
	}
	return c.ok("", "signed in as %s (%s)", firstOf(a.Shown, a.ID), c.set.User)
}

func (c *Connector) checkToken() (connectors.Finding, bool) {
	at, err := time.Parse(time.DateOnly, c.set.TokenExpires)
	if err != nil {
		return connectors.Finding{}, false // not given; a wrong one is refused at start
	}
	left := at.Sub(c.deps.Now())
	days := int(left.Hours() / 24)
	switch {
	case left <= 0:
		return c.bad("", "the token expired on "+c.set.TokenExpires, "make a new token for "+c.set.User+" and put it into tracker.jira.token"), true
	case left < warnBefore:
		return connectors.Finding{Level: "warning", What: c.what(""), Text: fmt.Sprintf("token expires in %d days (%s)", days, c.set.TokenExpires),
			Remedy: "make a new token for " + c.set.User + " and put it into tracker.jira.token"}, true
	}
	return c.ok("", "token valid until %s", c.set.TokenExpires), true
}

type permission struct {
	Name string `json:"name"`
	Have bool   `json:"havePermission"`
}

func (c *Connector) permissions(ctx context.Context, project string, names []string) (map[string]permission, error) {
	q := url.Values{"permissions": {strings.Join(names, ",")}}
	if project != "" {
		q.Set("projectKey", project)
	}
	r := get("read permissions", "mypermissions", q)
	if project != "" {
		r.scope = "project " + project
	}
	var answer struct {
		Permissions map[string]permission `json:"permissions"`
	}
	err := c.do(ctx, r, &answer)
	return answer.Permissions, err
}

// checkUsers: without this permission Jira finds nobody, and does not say so.
func (c *Connector) checkUsers(ctx context.Context) connectors.Finding {
	const key = "USER_PICKER"
	have, err := c.permissions(ctx, "", []string{key})
	switch {
	case err != nil:
		return c.failed("", err)
	case !have[key].Have:
		return connectors.Finding{Level: "warning", What: c.what(""), Text: c.set.User + ` may not "Browse users and groups": people cannot be found by e-mail`,
			Remedy: "Settings, System, Global permissions: give it to " + c.set.User + ", or pin people.<name>.jira"}
	}
	return c.ok("", "people can be found by e-mail")
}

// needed are the permissions by what is lost without them.
func needed(p Project) [][2]string {
	list := [][2]string{
		{"BROWSE_PROJECTS", "tickets cannot be seen"}, {"CREATE_ISSUES", "tickets cannot be made"},
		{"EDIT_ISSUES", "fields cannot be written"}, {"TRANSITION_ISSUES", "tickets cannot be moved"},
		{"ASSIGN_ISSUES", "tickets cannot be assigned"}, {"ADD_COMMENTS", "comments cannot be written"},
		{"LINK_ISSUES", "the thread cannot be linked"},
	}
	if _, ok := p.Fields["due"]; ok {
		list = append(list, [2]string{"SCHEDULE_ISSUES", "due dates cannot be written"})
	}
	return list
}

func (c *Connector) checkProject(ctx context.Context, key string) []connectors.Finding {
	p := c.set.Projects[key]
	var names []string
	for _, n := range needed(p) {
		names = append(names, n[0])
	}
	have, err := c.permissions(ctx, key, names)
	if err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	var out []connectors.Finding
	for _, n := range needed(p) {
		if got := have[n[0]]; !got.Have {
			name := firstOf(got.Name, n[0])
			out = append(out, c.bad(key, fmt.Sprintf("%s may not %q: %s", c.set.User, name, n[1]),
				fmt.Sprintf("Project settings, Permissions: add %q for %s", name, c.set.User)))
		}
	}
	if len(out) == 0 {
		out = append(out, c.ok(key, "%d permissions, none missing", len(names)))
	}
	out = append(out, c.checkFields(ctx, key, p)...)
	return append(out, c.checkStatuses(ctx, key, p)...)
}

func (c *Connector) checkFields(ctx context.Context, key string, p Project) []connectors.Finding {
	c.meta.forget(key)
	s, err := c.screen(ctx, key)
	if err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	var out []connectors.Finding
	mapped := map[string]bool{"project": true, "issuetype": true, "reporter": true, summaryField: true, descriptionField: true, labelsField: true}
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		f, err := s.named(p.Fields[name].Field)
		if err != nil {
			out = append(out, c.unknownField(key, name, p.Fields[name].Field, s, err))
			continue
		}
		mapped[f.ID] = true
		out = append(out, c.checkValues(key, name, p.Fields[name], f)...)
	}
	if _, ok := s.byID(labelsField); !ok {
		out = append(out, c.bad(key, "Labels is not on the create screen of "+s.typeName, "put Labels on the screen: signoff finds its tickets by a label"))
	}
	for _, f := range s.fields {
		if f.Required && !f.Default && !mapped[f.ID] {
			out = append(out, c.bad(key, fmt.Sprintf("%s needs %q, which no field of signoff fills", s.typeName, f.Name),
				fmt.Sprintf("map it in tracker.jira.projects.%s.fields, or make it optional in Jira", key)))
		}
	}
	if len(out) == 0 {
		out = append(out, c.ok(key, "%d fields of %s found", len(p.Fields), s.typeName))
	}
	return out
}

func (c *Connector) unknownField(project, ours, theirs string, s *screen, err error) connectors.Finding {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.Name)
	}
	remedy := "put the field on the create screen of " + s.typeName + ", or correct its name; there are: " + strings.Join(names, ", ")
	if near, ok := source.Nearest(theirs, names); ok {
		remedy = fmt.Sprintf("did you mean %q? Else put the field on the create screen of %s", near, s.typeName)
	}
	return c.bad(project, fmt.Sprintf("%s: %s of %s", ours, err, s.typeName), remedy)
}

// checkValues finds values of the settings that Jira does not offer.
func (c *Connector) checkValues(project, name string, rule FieldRule, f field) []connectors.Finding {
	if len(f.Allowed) == 0 {
		return nil
	}
	var out []connectors.Finding
	for _, ours := range slices.Sorted(maps.Keys(rule.Values)) {
		if _, err := f.choice(rule.Values[ours]); err != nil {
			out = append(out, c.bad(project, fmt.Sprintf("%s: %s", name, err), fmt.Sprintf("correct tracker.jira.projects.%s.fields.%s.values", project, name)))
		}
	}
	return out
}

func (c *Connector) checkStatuses(ctx context.Context, key string, p Project) []connectors.Finding {
	r := get("read statuses", "project/"+url.PathEscape(key)+"/statuses", nil)
	r.scope = "project " + key
	var types []struct {
		ID       string   `json:"id"`
		Name     string   `json:"name"`
		Statuses []status `json:"statuses"`
	}
	if err := c.do(ctx, r, &types); err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	var list []status
	for _, t := range types {
		if t.ID == p.IssueType || strings.EqualFold(t.Name, p.IssueType) {
			list = t.Statuses
		}
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	var out []connectors.Finding
	for _, word := range slices.Sorted(maps.Keys(p.Status)) {
		want := p.Status[word].Status
		if slices.ContainsFunc(list, func(s status) bool { return s.is(want) }) {
			continue
		}
		remedy := "there are: " + strings.Join(names, ", ")
		if near, ok := source.Nearest(want, names); ok {
			remedy = fmt.Sprintf("did you mean %q?", near)
		}
		out = append(out, c.bad(key, fmt.Sprintf("%s: the workflow of %s has no status %q", word, p.IssueType, want), remedy))
	}
	if len(out) == 0 && len(p.Status) > 0 {
		out = append(out, c.ok(key, "%d statuses found", len(p.Status)))
	}
	return out
}
