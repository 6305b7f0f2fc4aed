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

// Check asks Jira for its edition, our account and its token, for each project's permissions, issue types, fields and
// statuses, and for attachments and the webhook.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	out := []connectors.Finding{c.checkEdition(ctx)}
	if out[0].Level == "ok" {
		out = append(out, c.checkAccount(ctx))
	}
	answers := out[len(out)-1].Level == "ok"
	f, given := c.checkToken()
	if given {
		out = append(out, f)
	}
	if !answers || given && f.Level == "problem" {
		return out // the rest would only say the same again
	}
	out = append(out, c.checkUsers(ctx), c.checkAttachments(ctx), c.checkHook(ctx))
	for _, key := range slices.Sorted(maps.Keys(c.set.Projects)) {
		out = append(out, c.checkProject(ctx, key)...)
	}
	return out
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
	f := connectors.Finding{Level: "problem", What: c.what(what), Text: err.Error(), Remedy: "Look at the address, the account and the network."}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		if e.Person != "" {
			f.Remedy = e.Person
		}
		if e.Class == connectors.Transient || e.Class == connectors.Limited {
			f.Level, f.Remedy = "warning", "Jira does not answer just now; signoff keeps the work and tries again."
		}
	}
	return f
}

func (c *Connector) checkEdition(ctx context.Context) connectors.Finding {
	info, err := c.serverInfo(ctx)
	if err != nil {
		return c.failed("", err)
	}
	found, ok := editionOf(info.Type)
	switch want := c.set.sure(); {
	case !ok && want == "":
		return c.bad("", fmt.Sprintf("%s is Jira %s", c.set.URL, firstOf(info.Type, "of an unknown edition")), "Say in tracker.jira.deployment whether it is cloud or server.")
	case ok && want != "" && want != found:
		return c.bad("", fmt.Sprintf("%s is Jira %s, and the settings are for %s", c.set.URL, info.Type, want), "Correct tracker.jira.deployment, user and token.")
	case found == server:
		return c.ok("", "%s answers (Jira Data Center %s)", c.set.URL, info.Version)
	}
	return c.ok("", "%s answers (Jira Cloud)", c.set.URL)
}

func (c *Connector) checkAccount(ctx context.Context) connectors.Finding {
	a, err := c.askAccount(ctx)
	if err != nil {
		return c.failed("", err)
	}
	return c.ok("", "signed in as %s (%s)", firstOf(a.Shown, a.id()), firstOf(c.set.User, a.id()))
}

// ourselves is what an administrator knows our account by.
func (c *Connector) ourselves() string {
	if c.set.User != "" {
		return c.set.User
	}
	if self := c.self.Load(); self != nil {
		return firstOf(self.Shown, self.id())
	}
	return "the account of the token"
}

// checkAttachments asks whether files can be put at tickets, and how large they may be.
func (c *Connector) checkAttachments(ctx context.Context) connectors.Finding {
	c.limit.Store(nil)
	l, err := c.attachments(ctx)
	switch {
	case err != nil:
		return c.failed("attachments", err)
	case l.Enabled != nil && !*l.Enabled:
		return connectors.Finding{Level: "warning", What: c.what("attachments"), Text: "attachments are switched off: files are linked and not copied",
			Remedy: "Settings, System, Attachments: allow them."}
	case l.Most > 0 && l.Most < 25<<20:
		return c.ok("attachments", "files up to %s are taken; larger ones are linked", megabytes(l.Most))
	}
	return c.ok("attachments", "files are taken")
}

func (c *Connector) checkToken() (connectors.Finding, bool) {
	at, err := time.Parse(time.DateOnly, c.set.TokenExpires)
	if err != nil {
		return connectors.Finding{}, false // not given; a wrong one is refused at start
	}
	now := c.deps.Now().UTC()
	left := at.Sub(now)
	days := int(at.Sub(now.Truncate(24*time.Hour)) / (24 * time.Hour)) // of the calendar
	switch {
	case left <= 0:
		return c.bad("", "the token expired on "+c.set.TokenExpires, "Make a new token for "+c.ourselves()+" and put it into tracker.jira.token."), true
	case left < warnBefore:
		return connectors.Finding{Level: "warning", What: c.what(""), Text: fmt.Sprintf("token expires in %d days (%s)", days, c.set.TokenExpires),
			Remedy: "Make a new token for " + c.ourselves() + " and put it into tracker.jira.token."}, true
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
		return connectors.Finding{Level: "warning", What: c.what(""), Text: c.ourselves() + ` may not "Browse users and groups": people cannot be found by e-mail`,
			Remedy: "Settings, System, Global permissions: give it to " + c.ourselves() + ", or pin people.<name>.jira."}
	}
	return c.ok("", "people can be found by e-mail")
}

// need is a permission with what is lost without it. Soft ones are not worth stopping for.
type need struct {
	key, lost string
	soft      bool
}

func needed(p Project) []need {
	list := []need{
		{"BROWSE_PROJECTS", "tickets cannot be seen", false}, {"CREATE_ISSUES", "tickets cannot be made", false},
		{"EDIT_ISSUES", "fields cannot be written", false}, {"TRANSITION_ISSUES", "tickets cannot be moved", false},
		{"ASSIGN_ISSUES", "tickets cannot be assigned", false}, {"ASSIGNABLE_USER", "tickets cannot be given to signoff's own account", true},
		{"ADD_COMMENTS", "comments cannot be written", false}, {"EDIT_OWN_COMMENTS", "comments cannot follow edits in the thread", false},
		{"DELETE_OWN_COMMENTS", "parts of a long comment that was shortened stay", true},
		{"CREATE_ATTACHMENTS", "files cannot be copied into tickets", false}, {"LINK_ISSUES", "the thread cannot be linked", false},
		{"MANAGE_WATCHERS", "people cannot be put on the list of watchers", true},
	}
	if _, ok := p.Fields["due"]; ok {
		list = append(list, need{"SCHEDULE_ISSUES", "due dates cannot be written", false})
	}
	return list
}

func (c *Connector) checkProject(ctx context.Context, key string) []connectors.Finding {
	p := c.set.Projects[key]
	var names []string
	for _, n := range needed(p) {
		names = append(names, n.key)
	}
	have, err := c.permissions(ctx, key, names)
	if err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	var out []connectors.Finding
	for _, n := range needed(p) {
		if got := have[n.key]; !got.Have {
			name := firstOf(got.Name, n.key)
			f := c.bad(key, fmt.Sprintf("%s may not %q: %s", c.ourselves(), name, n.lost),
				fmt.Sprintf("Project settings, Permissions: add %q for %s.", name, c.ourselves()))
			if n.soft {
				f.Level = "warning"
			}
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		out = append(out, c.ok(key, "%d permissions, none missing", len(names)))
	}
	out = append(out, c.checkFields(ctx, key, p)...)
	out = append(out, c.checkSubtasks(ctx, key, p)...)
	out = append(out, c.checkStatuses(ctx, key, p)...)
	return append(out, c.checkSearch(ctx, key))
}

// checkSubtasks looks for the type of sub-tasks, where one is named.
func (c *Connector) checkSubtasks(ctx context.Context, key string, p Project) []connectors.Finding {
	if p.SubtaskType == "" {
		return nil
	}
	types, err := c.issueTypes(ctx, key)
	if err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	at := fmt.Sprintf("tracker.jira.projects.%s.subtask_type", key)
	for _, t := range types {
		switch {
		case t.ID != p.SubtaskType && !strings.EqualFold(t.Name, p.SubtaskType):
		case !t.Subtask:
			return []connectors.Finding{c.bad(key, fmt.Sprintf("%s is no type of sub-tasks", t.Name), "Correct "+at+".")}
		default:
			return []connectors.Finding{c.ok(key, "sub-tasks are made as %s", t.Name)}
		}
	}
	return []connectors.Finding{c.bad(key, fmt.Sprintf("there is no issue type %q", p.SubtaskType), "Correct "+at+"; there are: "+typeNames(types)+".")}
}

// checkSearch searches for a mark that no ticket has: that is how a lost ticket is found again.
func (c *Connector) checkSearch(ctx context.Context, key string) connectors.Finding {
	if _, err := c.search(ctx, key, strings.Repeat("0", 16)); err != nil {
		return c.failed(key, err)
	}
	return c.ok(key, "search answers")
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
		f, err := s.fieldOf(p.Fields[name])
		if err != nil {
			out = append(out, c.bad(key, fmt.Sprintf("%s: %s of %s", name, err, s.typeName), s.without(p.Fields[name].Field)))
			continue
		}
		mapped[f.ID] = true
		out = append(out, c.checkValues(key, name, p.Fields[name], f)...)
	}
	if _, ok := s.byID(labelsField); !ok {
		out = append(out, c.bad(key, "Labels is not on the create screen of "+s.typeName, "Put Labels on the screen: signoff finds its tickets by a label."))
	}
	for _, f := range s.fields {
		if f.Required && !f.Default && !mapped[f.ID] {
			out = append(out, c.bad(key, fmt.Sprintf("%s needs %q, which no field of signoff fills", s.typeName, f.Name),
				fmt.Sprintf("Map it in tracker.jira.projects.%s.fields, or make it optional in Jira.", key)))
		}
	}
	if len(out) == 0 {
		out = append(out, c.ok(key, "%d fields of %s found", len(p.Fields), s.typeName))
	}
	return out
}

// without says what to do about a field that the settings name and the screen does not have.
func (s *screen) without(field string) string {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.Name)
	}
	if near, ok := source.Nearest(field, names); ok {
		return fmt.Sprintf("Did you mean %q? Else put the field on the create screen of %s.", near, s.typeName)
	}
	return "Put the field on the create screen of " + s.typeName + ", or correct its name; there are: " + strings.Join(names, ", ") + "."
}

// checkValues finds values of the settings that Jira does not offer.
func (c *Connector) checkValues(project, name string, rule FieldRule, f field) []connectors.Finding {
	if len(f.Allowed) == 0 {
		return nil
	}
	var out []connectors.Finding
	for _, ours := range slices.Sorted(maps.Keys(rule.Values)) {
		if _, err := f.choice(rule.Values[ours]); err != nil {
			out = append(out, c.bad(project, fmt.Sprintf("%s: %s", name, err), fmt.Sprintf("Correct tracker.jira.projects.%s.fields.%s.values.", project, name)))
		}
	}
	return out
}

// statusesOf lists the statuses of an issue type in a project, by the type's name or id.
func (c *Connector) statusesOf(ctx context.Context, project, typ string) ([]status, error) {
	r := get("read statuses", "project/"+url.PathEscape(project)+"/statuses", nil)
	r.scope = "project " + project
	var types []struct {
		ID       string   `json:"id"`
		Name     string   `json:"name"`
		Statuses []status `json:"statuses"`
	}
	if err := c.do(ctx, r, &types); err != nil {
		return nil, err
	}
	for _, t := range types {
		if t.ID == typ || strings.EqualFold(t.Name, typ) {
			return t.Statuses, nil
		}
	}
	return nil, nil
}

func (c *Connector) checkStatuses(ctx context.Context, key string, p Project) []connectors.Finding {
	list, err := c.statusesOf(ctx, key, p.IssueType)
	if err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	var out []connectors.Finding
	for _, word := range slices.Sorted(maps.Keys(p.Status)) {
		for _, want := range append([]string{p.Status[word].Status}, p.Status[word].Path...) {
			if slices.ContainsFunc(list, func(s status) bool { return s.is(want) }) {
				continue
			}
			remedy := "There are: " + strings.Join(names, ", ") + "."
			if near, ok := source.Nearest(want, names); ok {
				remedy = fmt.Sprintf("Did you mean %q?", near)
			}
			out = append(out, c.bad(key, fmt.Sprintf("%s: the workflow of %s has no status %q", word, p.IssueType, want), remedy))
		}
	}
	if len(out) == 0 && len(p.Status) > 0 {
		out = append(out, c.ok(key, "%d statuses found", len(p.Status)))
	}
	return append(out, c.checkReach(ctx, key, p, list)...)
}

// checkReach looks whether a transition leads to every status that the settings map: in the workflow where Jira describes
// it, else among the transitions that were seen so far.
func (c *Connector) checkReach(ctx context.Context, key string, p Project, list []status) []connectors.Finding {
	s, err := c.screen(ctx, key)
	if err != nil {
		return nil // said where the fields are checked
	}
	plan, err := c.plan(ctx, key, s.typeID)
	if err != nil {
		return []connectors.Finding{c.failed(key, err)}
	}
	if len(plan.To) == 0 {
		return []connectors.Finding{c.ok(key, "whether every status can be reached shows when tickets move: Jira describes its workflow to administrators only")}
	}
	var out []connectors.Finding
	for i, at := range list {
		mapped := p.entryOf(at)
		if i == 0 || mapped.Status == "" || plan.entry(at) {
			continue // a new ticket is in the first one
		}
		out = append(out, c.bad(key, fmt.Sprintf("no transition leads to %q", at.Name), "Have a Jira administrator add one, or map another status in tracker.jira.projects."+key+".status."))
	}
	if len(out) == 0 {
		out = append(out, c.ok(key, "every mapped status can be reached"))
	}
	return out
}
