package jira

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"signoff/connectors"
)

const (
	hookKey      = "hook" // the webhook that is ours
	filterMember = "issue-related-events-section"
	oldHooks     = "rest/webhooks/1.0/webhook"      // Cloud, and Data Center before 10
	newHooks     = "rest/jira-webhook/1.0/webhooks" // Data Center from 10 on
	firstNew     = 10                               // its first version with those, and with signatures
	manualHook   = "Settings, System, WebHooks: make one for %s with%s the events %s and the filter %s."
	hookMark     = "made and kept by signoff; changes are undone every hour"
	adminMissing = "signoff's account may not look after webhooks (it is no Jira administrator)"
)

func hookEvents() []string {
	return []string{"jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated", "comment_deleted"}
}

// registration is a webhook as Jira shows it. Its two editions write the same things differently.
type registration struct {
	ID      loose             `json:"id"`
	Self    string            `json:"self"`
	Name    string            `json:"name"`
	URL     string            `json:"url"`
	Events  []string          `json:"events"`
	Filters map[string]string `json:"filters"`
	Enabled *bool             `json:"enabled"`
	Active  *bool             `json:"active"`
	Signed  *bool             `json:"isSigned"`
	Without bool              `json:"excludeBody"`
	More    map[string]string `json:"configuration"`
}

func (r registration) id() string {
	if r.ID != "" {
		return string(r.ID)
	}
	return path.Base(r.Self)
}

func (r registration) filter() string {
	if f, ok := r.Filters[filterMember]; ok {
		return f
	}
	var inside map[string]string
	_ = json.Unmarshal([]byte(r.More["FILTERS"]), &inside) // none, or of another form
	return inside[filterMember]
}

func (r registration) off() bool {
	return r.Enabled != nil && !*r.Enabled || r.Active != nil && !*r.Active
}

func (r registration) bodiless() bool {
	v, err := strconv.ParseBool(r.More["EXCLUDE_BODY"])
	return r.Without || err == nil && v
}

// keptHook is what is remembered of the webhook that is ours.
type keptHook struct {
	ID     string `json:"id"`
	Secret string `json:"secret"` // a keyed hash: Jira never shows it
}

// hookTarget is what our webhook has to look like.
type hookTarget struct {
	api    string // where webhooks are looked after
	modern bool   // Data Center from 10 on
	signs  bool
	url    string
	filter string
	secret string
	hash   string
}

func (c *Connector) hookName() string { return "signoff " + c.deps.Instance }

// hookURL is our address without the token.
func (c *Connector) hookURL() string { return c.deps.PublicURL + "/hooks/" + c.deps.Instance }

// secretHash names our secret without showing it.
func (c *Connector) secretHash() string {
	if len(c.set.WebhookSecret) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, c.deps.Key)
	mac.Write([]byte("webhook secret\n" + c.set.WebhookSecret[0].Reveal())) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func (c *Connector) hookFilter() string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(c.set.Projects)) {
		keys = append(keys, quote(key))
	}
	return "project in (" + strings.Join(keys, ", ") + ")"
}

func (c *Connector) wantedHook(ctx context.Context) (hookTarget, error) {
	t := hookTarget{api: oldHooks, signs: true, url: c.hookURL(), filter: c.hookFilter(), hash: c.secretHash()}
	if token := c.set.WebhookToken.Reveal(); token != "" {
		t.url += "/" + token
	}
	if len(c.set.WebhookSecret) > 0 {
		t.secret = c.set.WebhookSecret[0].Reveal()
	}
	e, err := c.edition(ctx)
	if err != nil || e == cloud {
		return t, err
	}
	info, err := c.serverInfo(ctx)
	if err != nil {
		return t, err
	}
	first, _, _ := strings.Cut(info.Version, ".")
	if major, err := strconv.Atoi(first); err == nil && major >= firstNew {
		t.api, t.modern = newHooks, true
	} else {
		t.signs = false
	}
	return t, nil
}

// steps are what an administrator does where signoff cannot.
func (c *Connector) steps() string {
	shown := c.hookURL()
	if c.set.WebhookToken.Reveal() != "" {
		shown += "/ and the token of tracker.jira.webhook_token"
	}
	secret := ""
	if len(c.set.WebhookSecret) > 0 {
		secret = " the secret of tracker.jira.webhook_secret,"
	}
	return fmt.Sprintf(manualHook, shown, secret, strings.Join(hookEvents(), ", "), c.hookFilter())
}

func (c *Connector) warn(text, remedy string) connectors.Finding {
	return connectors.Finding{Level: "warning", What: c.what("webhook"), Text: text, Remedy: remedy}
}

// Register finds our webhook, makes it where it is missing, and repairs what somebody changed. It never leaves two. What
// it may not do is a finding with the steps for an administrator.
func (c *Connector) Register(ctx context.Context) ([]connectors.Finding, error) {
	c.sweepDuplicates(ctx)
	if f, stop := c.unregistered(); stop {
		return f, nil
	}
	t, err := c.wantedHook(ctx)
	if err != nil {
		return nil, err
	}
	if !t.signs && c.set.WebhookToken.Reveal() == "" {
		return []connectors.Finding{c.bad("webhook", "this version of Jira cannot sign webhooks", "Set tracker.jira.webhook_token (openssl rand -hex 32) and leave webhook_secret out.")}, nil
	}
	list, err := c.hooks(ctx, t)
	if err == nil {
		var f []connectors.Finding
		if f, err = c.arrange(ctx, t, list); err == nil {
			return f, nil
		}
	}
	if said := refusalOf(err); said != nil && said.status < 500 && said.status != http.StatusTooManyRequests {
		return []connectors.Finding{c.warn(c.notAllowed(said), c.steps())}, nil
	}
	return nil, err
}

func (c *Connector) notAllowed(said *refusal) string {
	switch said.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return adminMissing
	}
	return "Jira did not take the webhook: " + said.said.line(said.status)
}

// unregistered says why there is nothing to register.
func (c *Connector) unregistered() ([]connectors.Finding, bool) {
	switch {
	case c.set.Webhook == "manual":
		return []connectors.Finding{c.ok("webhook", "looked after by hand (webhook: manual)")}, true
	case c.deps.PublicURL == "":
		return []connectors.Finding{c.warn("signoff has no public address, so Jira cannot tell it anything; tickets are read every quarter of an hour",
			"Set server.public_url to the address under which Jira reaches signoff.")}, true
	}
	return nil, false
}

// hooks lists the webhooks of the site.
func (c *Connector) hooks(ctx context.Context, t hookTarget) ([]registration, error) {
	var list []registration
	err := c.do(ctx, call{op: "read webhooks", method: http.MethodGet, path: t.api, scope: "the site"}, &list)
	return list, err
}

// mine parts the webhooks that are ours, the one that is kept first, from those that only look like it.
func (c *Connector) mine(list []registration, k keptHook) (ours, alike []registration) {
	for _, r := range list {
		switch address, _, _ := strings.Cut(r.URL, "?"); {
		case address == c.hookURL() || strings.HasPrefix(address, c.hookURL()+"/"), k.ID != "" && r.id() == k.ID && r.Name == c.hookName():
			ours = append(ours, r)
		case r.Name == c.hookName():
			alike = append(alike, r)
		}
	}
	slices.SortStableFunc(ours, func(a, b registration) int {
		switch {
		case a.id() == k.ID && b.id() != k.ID:
			return -1
		case b.id() == k.ID && a.id() != k.ID:
			return 1
		}
		return len(a.id()) - len(b.id())
	})
	return ours, alike
}

// arrange makes the list hold exactly one webhook of ours, as it has to be.
func (c *Connector) arrange(ctx context.Context, t hookTarget, list []registration) ([]connectors.Finding, error) {
	var k keptHook
	if _, err := c.memory.Load(ctx, hookKey, &k); err != nil {
		return nil, err
	}
	ours, alike := c.mine(list, k)
	var out []connectors.Finding
	for _, r := range alike {
		out = append(out, c.warn(fmt.Sprintf("there is a webhook %q that leads to another address (%s)", r.Name, hostOf(r.URL)), "Delete it in Jira if nothing uses that address any more."))
	}
	if len(ours) == 0 {
		made, err := c.putHook(ctx, t, call{op: "make webhook", method: http.MethodPost, path: t.api, once: true})
		if err != nil {
			return nil, err
		}
		c.memory.Note(hookKey, keptHook{made.id(), t.hash})
		return append(out, c.ok("webhook", "registered for %s", c.hookURL())), nil
	}
	what := "registered"
	if why := c.differs(ours[0], k, t); why != "" {
		// It is set to what it has to be, whatever of it differs.
		if _, err := c.putHook(ctx, t, call{op: "repair webhook", method: http.MethodPut, path: t.api + "/" + url.PathEscape(ours[0].id())}); err != nil {
			return nil, err
		}
		c.deps.Log.Warn("webhook of Jira repaired", "why", why)
		what = "repaired: " + why
	}
	for _, r := range ours[1:] {
		if err := c.do(ctx, call{op: "delete webhook", method: http.MethodDelete, path: t.api + "/" + url.PathEscape(r.id()), scope: "the site"}, nil); err != nil {
			return nil, err
		}
		what += ", a second one deleted"
	}
	if now := (keptHook{ours[0].id(), t.hash}); now != k {
		c.memory.Note(hookKey, now)
	}
	return append(out, c.ok("webhook", "%s", what)), nil
}

// differs says what is wrong with our webhook, "" when nothing is.
func (c *Connector) differs(r registration, k keptHook, t hookTarget) string {
	address, _, _ := strings.Cut(r.URL, "?")
	missing := slices.DeleteFunc(hookEvents(), func(e string) bool { return slices.Contains(r.Events, e) })
	switch {
	case address != t.url:
		return "it led to another address"
	case r.off():
		return "it was switched off"
	case len(missing) > 0:
		return "it did not tell of " + strings.Join(missing, ", ")
	case r.filter() != t.filter:
		return "it had another filter"
	case r.bodiless():
		return "it was sent without a body"
	case t.signs && t.secret != "" && r.Signed != nil && !*r.Signed:
		return "it was not signed"
	case k.ID != r.id():
		return "it is taken over" // whatever its secret was
	case k.Secret != t.hash:
		return "the secret was changed"
	}
	return ""
}

// putHook sends what our webhook has to be.
func (c *Connector) putHook(ctx context.Context, t hookTarget, r call) (registration, error) {
	filters := map[string]string{filterMember: t.filter}
	body := map[string]any{"name": c.hookName(), "url": t.url, "events": hookEvents(), "filters": filters}
	if t.modern {
		inside, err := json.Marshal(filters)
		if err != nil {
			return registration{}, kept(r.op, err)
		}
		more := map[string]string{"EXCLUDE_BODY": "false", "FILTERS": string(inside)}
		if t.secret != "" {
			more["SECRET"] = t.secret
		}
		body["configuration"], body["active"] = more, true
	} else {
		body["excludeBody"], body["enabled"], body["description"] = false, true, hookMark
		if t.signs && t.secret != "" {
			body["secret"] = t.secret
		}
	}
	r.body, r.scope = body, "the site"
	var made registration
	err := c.do(ctx, r, &made)
	return made, err
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "an address that cannot be read"
	}
	return u.Host
}

// checkHook looks whether our webhook is as it has to be, and changes nothing.
func (c *Connector) checkHook(ctx context.Context) connectors.Finding {
	if c.deps.PublicURL == "" {
		f, _ := c.unregistered()
		return f[0]
	}
	t, err := c.wantedHook(ctx)
	if err != nil {
		return c.failed("webhook", err)
	}
	list, err := c.hooks(ctx, t)
	if said := refusalOf(err); said != nil && said.status < 500 && said.status != http.StatusTooManyRequests {
		return c.warn(adminMissing+", so it is not known whether it is there", c.steps())
	}
	if err != nil {
		return c.failed("webhook", err)
	}
	var k keptHook
	if _, err := c.memory.Load(ctx, hookKey, &k); err != nil {
		return c.failed("webhook", err)
	}
	ours, _ := c.mine(list, k)
	again := c.steps()
	if c.set.Webhook == "auto" {
		again = "signoff repairs it when it runs: at start and every hour."
	}
	switch {
	case len(ours) == 0:
		return c.warn("no webhook leads to "+c.hookURL(), again)
	case len(ours) > 1:
		return c.warn(fmt.Sprintf("%d webhooks lead to %s", len(ours), c.hookURL()), "Delete all but one of them.")
	}
	if c.set.Webhook == "manual" {
		k = keptHook{ours[0].id(), t.hash} // its secret is not ours to know
	}
	if why := c.differs(ours[0], k, t); why != "" {
		return c.warn("the webhook is not as it has to be: "+why, again)
	}
	return c.ok("webhook", "registered for %s", c.hookURL())
}
