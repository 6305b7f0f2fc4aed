package github

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
)

func (c *Connector) hookURL() string { return c.deps.PublicURL + "/hooks/" + c.deps.Instance }

// events are those that the webhook of a repository is to tell of; "" stands for all repositories together.
func (c *Connector) events(full string) []string {
	var list []string
	switch {
	case c.deps.Tracker:
		return []string{"issue_comment", "issues"}
	case full == "" && len(c.set.Repositories) > 0 || full != "" && c.mine(full):
		list = []string{"issue_comment", "issues", "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread"}
	}
	if c.set.Rules != nil && (full == "" || strings.EqualFold(full, c.set.Rules.Repository)) {
		list = append(list, "pull_request", "push")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// finding is a line of a check; an empty what is the connection itself.
func finding(level, what, text, remedy string) connectors.Finding {
	return connectors.Finding{Level: level, What: strings.TrimSpace("github " + what), Text: text, Remedy: remedy}
}

const (
	okLevel      = "ok"
	warningLevel = "warning"
	problemLevel = "problem"
)

// Register finds, makes and repairs the webhook of every repository, or the one of the app.
func (c *Connector) Register(ctx context.Context) ([]connectors.Finding, error) {
	if err := c.meet(ctx); err != nil {
		return nil, err
	}
	switch {
	case c.set.Webhook != "auto":
		return nil, nil
	case c.deps.PublicURL == "":
		return []connectors.Finding{finding(warningLevel, "webhook", "signoff has no public address, so GitHub cannot tell it anything; issues and pull requests are read now and then instead", "set server.public_url")}, nil
	case c.app != nil:
		return c.registerApp(ctx)
	}
	var out []connectors.Finding
	for _, full := range c.hooked() {
		found, err := c.registerAt(ctx, full)
		if err != nil && connectors.ClassOf(err) != connectors.Rejected {
			return out, err
		}
		if err != nil {
			found = finding(problemLevel, "webhook "+full, "signoff may not look after the webhook: "+err.Error(),
				"give the token the permission Webhooks (read and write), or make the webhook by hand and set webhook: manual")
		}
		out = append(out, found)
	}
	return out, nil
}

// hookConfig is what GitHub wants to know of where a webhook goes.
type hookConfig struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	InsecureSSL string `json:"insecure_ssl"`
	Secret      string `json:"secret,omitempty"`
}

func (c *Connector) wantedConfig() hookConfig {
	return hookConfig{URL: c.hookURL(), ContentType: "json", InsecureSSL: "0", Secret: c.set.WebhookSecret[0].Reveal()}
}

func (c *Connector) ownHooks(ctx context.Context, full string) ([]*gogithub.Hook, error) {
	var ours []*gogithub.Hook
	r := call{op: "list webhooks", path: repoPath(full, "/hooks"), repo: full, scope: "repository " + full}
	_, err := pages(ctx, c, r, mostPages, func(list []*gogithub.Hook) bool {
		for _, h := range list {
			if strings.TrimRight(h.Config.GetURL(), "/") == c.hookURL() {
				ours = append(ours, h)
			}
		}
		return true
	})
	slices.SortFunc(ours, func(a, b *gogithub.Hook) int { return int(a.GetID() - b.GetID()) })
	return ours, err
}

// secretKey remembers, as a hash, which secret a webhook was last given: GitHub never shows it.
func secretKey(full string) string { return "hooksecret/" + strings.ToLower(full) }

func (c *Connector) registerAt(ctx context.Context, full string) (connectors.Finding, error) {
	what := "webhook of " + full
	ours, err := c.ownHooks(ctx, full)
	if err != nil {
		return connectors.Finding{}, err
	}
	body := map[string]any{"active": true, "events": c.events(full), "config": c.wantedConfig()}
	r := call{op: "make webhook", method: http.MethodPost, path: repoPath(full, "/hooks"), repo: full, scope: "repository " + full}
	mark := c.hubKey("webhook/" + c.set.WebhookSecret[0].Reveal())
	var given string
	if _, err := c.memory.Load(ctx, secretKey(full), &given); err != nil {
		return connectors.Finding{}, err
	}
	for _, extra := range ours[min(1, len(ours)):] {
		gone := call{op: "delete webhook", method: http.MethodDelete, path: repoPath(full, "/hooks/"+strconv.FormatInt(extra.GetID(), 10)), repo: full, scope: r.scope}
		if err := c.do(ctx, gone, nil); err != nil {
			return connectors.Finding{}, err
		}
	}
	switch {
	case len(ours) == 0:
		body["name"], r.body = "web", body
		if err := c.do(ctx, r, nil); err != nil {
			return connectors.Finding{}, err
		}
		return finding(okLevel, what, "made", ""), c.memory.Save(ctx, secretKey(full), mark)
	case given == mark && c.right(ours[0], full):
		return finding(okLevel, what, "in order", ""), nil
	}
	r.op, r.method, r.path, r.body = "repair webhook", http.MethodPatch, r.path+"/"+strconv.FormatInt(ours[0].GetID(), 10), body
	if err := c.do(ctx, r, nil); err != nil {
		return connectors.Finding{}, err
	}
	return finding(okLevel, what, "brought in order", ""), c.memory.Save(ctx, secretKey(full), mark)
}

// right reports whether a webhook is as it should be.
func (c *Connector) right(h *gogithub.Hook, full string) bool {
	for _, ev := range c.events(full) {
		if !slices.Contains(h.Events, ev) && !slices.Contains(h.Events, "*") {
			return false
		}
	}
	return h.GetActive() && h.Config.GetContentType() == "json" && h.Config.GetInsecureSSL() != "1"
}

// registerApp looks after the one webhook of an app. Its events are chosen in the app's settings.
func (c *Connector) registerApp(ctx context.Context) ([]connectors.Finding, error) {
	const what = "webhook"
	var now hookConfig
	r := call{op: "read webhook", method: http.MethodGet, path: "app/hook/config", asApp: true, scope: what}
	if err := c.do(ctx, r, &now); err != nil {
		if connectors.ClassOf(err) == connectors.Rejected {
			return []connectors.Finding{finding(problemLevel, what, "the app has no webhook", "switch it on in the app's settings, with the address "+c.hookURL())}, nil
		}
		return nil, err
	}
	out := []connectors.Finding{finding(okLevel, what, "in order", "")}
	mark := c.hubKey("webhook/" + c.set.WebhookSecret[0].Reveal())
	var given string
	if _, err := c.memory.Load(ctx, secretKey("app"), &given); err != nil {
		return nil, err
	}
	if now.URL != c.hookURL() || now.ContentType != "json" || now.InsecureSSL == "1" || given != mark {
		r.op, r.method, r.body = "repair webhook", http.MethodPatch, c.wantedConfig()
		if err := c.do(ctx, r, nil); err != nil {
			return nil, err
		}
		if err := c.memory.Save(ctx, secretKey("app"), mark); err != nil {
			return nil, err
		}
		out[0].Text = "brought in order"
	}
	return append(out, c.appEvents(ctx)...), nil
}

func (c *Connector) appEvents(ctx context.Context) []connectors.Finding {
	var a gogithub.App
	if err := c.do(ctx, call{op: "read app", method: http.MethodGet, path: "app", asApp: true}, &a); err != nil {
		return nil // Check says so
	}
	var missing []string
	for _, ev := range c.events("") {
		if !slices.Contains(a.Events, ev) {
			missing = append(missing, ev)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []connectors.Finding{finding(warningLevel, "webhook", fmt.Sprintf("GitHub does not tell of %s", strings.Join(missing, ", ")), "choose them in the app's settings under Permissions & events")}
}
