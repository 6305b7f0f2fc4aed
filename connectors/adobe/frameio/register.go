package frameio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

// hook is a webhook as Frame.io shows it. Its secret is shown only when it is made.
type hook struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Active *bool    `json:"active"`
	Old    *bool    `json:"is_active"` // as the older interface calls it
	Secret string   `json:"secret"`
	Sign   string   `json:"signing_secret"`
}

func (p *Part) hookURL() string { return p.deps.PublicURL + "/hooks/" + p.deps.Instance + "/" + Door }

// restOf is the end of a webhook's address, where signoff registered it.
func (p *Part) restOf(h hook) string {
	rest, ours := strings.CutPrefix(h.URL, p.hookURL()+"/")
	if !ours || !registrationForm.MatchString(rest) {
		return ""
	}
	return rest
}

func (p *Part) finding(level, text, remedy string) connectors.Finding {
	return connectors.Finding{Level: level, What: p.deps.Instance + " frameio webhook", Text: text, Remedy: remedy}
}

// unregistered says why there is nothing to register.
func (p *Part) unregistered() (connectors.Finding, bool) {
	switch {
	case p.set.Webhook == auto && p.set.Mode != legacy && len(p.set.Workspaces) > 0:
		return connectors.Finding{}, false
	case len(p.set.SigningSecrets) > 0:
		return p.finding("ok", "made by hand; they lead to "+p.hookURL()+"/NAME", ""), true
	}
	return p.finding("warning", "no workspace is named, so no webhook is registered; files of open requests are read every quarter of an hour",
		"Name workspaces in connectors.adobe.frameio.workspaces, or make webhooks by hand with connectors.adobe.frameio.signing_secrets."), true
}

// Register finds our webhook in each workspace of the settings, makes it where it is missing, and replaces it where it was
// switched off, tells of other events, or its secret is not known any more: Frame.io says a secret only once.
func (p *Part) Register(ctx context.Context) ([]connectors.Finding, error) {
	p.sweep(ctx)
	if err := p.loadSecrets(ctx); err != nil {
		return nil, err
	}
	kept, err := p.keptHooks(ctx)
	if err != nil {
		return nil, err
	}
	if f, stop := p.unregistered(); stop {
		return []connectors.Finding{f}, p.leave(ctx, kept)
	}
	var out []connectors.Finding
	for _, w := range p.set.Workspaces {
		f, err := p.arrange(ctx, w, kept)
		if refused := outbound.RefusalOf(err); refused != nil && connectors.ClassOf(err) == connectors.Rejected {
			f, err = p.finding("warning", fmt.Sprintf("workspace %s: %s", w, refused.Error()), "The account needs the right to manage webhooks in the workspace."), nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, p.leave(ctx, kept)
}

// arrange makes a workspace hold exactly one webhook of ours.
func (p *Part) arrange(ctx context.Context, workspace string, kept map[string]keptHook) (connectors.Finding, error) {
	hooks, err := p.hooks(ctx, workspace)
	if err != nil {
		return connectors.Finding{}, err
	}
	var good, bad []hook
	for _, h := range hooks {
		rest := p.restOf(h)
		switch {
		case rest == "" && kept[rest].ID == "" && !p.remembered(h.ID, kept):
		case rest != "" && len(good) == 0 && p.works(h, rest, kept):
			good = append(good, h)
		default:
			bad = append(bad, h)
		}
	}
	did := ""
	if len(good) == 0 {
		if err := p.make(ctx, workspace); err != nil {
			return connectors.Finding{}, err
		}
		did = " (registered)"
	}
	for _, h := range bad {
		if err := p.drop(ctx, workspace, h); err != nil {
			return connectors.Finding{}, err
		}
		did += " (an old one deleted)"
	}
	return p.finding("ok", fmt.Sprintf("workspace %s tells of %s%s", workspace, strings.Join(p.set.Events, ", "), did), ""), nil
}

func (p *Part) remembered(id string, kept map[string]keptHook) bool {
	for _, k := range kept {
		if k.ID == id {
			return true
		}
	}
	return false
}

// works reports whether a webhook is switched on, tells of what is wanted, and is signed with a secret that we know.
func (p *Part) works(h hook, rest string, kept map[string]keptHook) bool {
	one := p.secrets.of(rest)
	want, has := slices.Clone(p.set.Events), slices.Clone(h.Events)
	slices.Sort(want)
	slices.Sort(has)
	return on(h.Active) && on(h.Old) && slices.Equal(want, has) && p.registered(rest) && kept[rest].ID == h.ID && !one.Empty()
}

// on reports whether a switch is on; one that is not told of is.
func on(b *bool) bool { return b == nil || *b }

func (p *Part) hooks(ctx context.Context, workspace string) ([]hook, error) {
	return list[hook](ctx, p, get("read webhooks", p.path("workspaces", workspace, "webhooks"), "the workspace"))
}

// make registers a webhook and keeps its secret, sealed, before anything else happens.
func (p *Part) make(ctx context.Context, workspace string) error {
	rest := p.newRegistration()
	body := map[string]any{"data": map[string]any{
		"name": "signoff " + p.deps.Instance, "url": p.hookURL() + "/" + rest, "events": p.set.Events,
	}}
	made, err := read[hook](ctx, p, api.Call{
		Op: "register a webhook", Method: http.MethodPost, Path: p.path("workspaces", workspace, "webhooks"), Body: body, Once: true, Thing: "the workspace",
	})
	if err != nil {
		return err // one that was made all the same has no secret that we know: the next time it is deleted
	}
	one := secret.New(api.First(made.Secret, made.Sign))
	if made.ID == "" || one.Empty() {
		return &connectors.Error{Op: "register a webhook", Class: connectors.Transient, Err: errors.New("the answer holds no signing secret")}
	}
	p.secrets.put(rest, one)
	return p.Save(ctx, hookKeep+rest, keptHook{ID: made.ID, Workspace: workspace, Sealed: p.box.Seal(one, rest), Since: p.deps.Now().UTC()})
}

// drop deletes a webhook; one that is gone already is as good. Which of two addresses a webhook has is documented either way.
func (p *Part) drop(ctx context.Context, workspace string, h hook) error {
	var err error
	for _, path := range []string{p.path("webhooks", h.ID), p.path("workspaces", workspace, "webhooks", h.ID)} {
		err = p.client.Do(ctx, api.Call{Op: "delete a webhook", Method: http.MethodDelete, Path: path, Thing: "the webhook"}, nil)
		if outbound.StatusOf(err) != http.StatusNotFound {
			break
		}
	}
	if err != nil && outbound.StatusOf(err) != http.StatusNotFound {
		return err
	}
	if rest := p.restOf(h); rest != "" {
		return p.Save(ctx, hookKeep+rest, nil)
	}
	return nil
}

// leave deletes our webhooks in workspaces that the settings no longer name, and forgets those that are gone.
func (p *Part) leave(ctx context.Context, kept map[string]keptHook) error {
	for rest, k := range kept {
		if p.set.Webhook == auto && slices.Contains(p.set.Workspaces, k.Workspace) {
			continue
		}
		if err := p.drop(ctx, k.Workspace, hook{ID: k.ID, URL: p.hookURL() + "/" + rest}); err != nil {
			p.deps.Log.Warn("a webhook that is no longer wanted could not be deleted", "workspace", k.Workspace, "error", err)
		}
	}
	return p.loadSecrets(ctx)
}

const receiptLife = 30 * 24 * 60 * 60 // seconds

// sweep throws away receipts that nobody asks for any more.
func (p *Part) sweep(ctx context.Context) {
	err := p.deps.Keep.Scan(ctx, receiptKeep, func(key string, _ []byte) error {
		var r receipt
		if ok, err := p.Load(ctx, key, &r); err == nil && (!ok || p.deps.Now().Sub(r.At).Seconds() > receiptLife) {
			p.Forget(key)
		}
		return nil
	})
	if err != nil {
		p.deps.Log.Warn("receipts not swept", "error", err)
	}
}
