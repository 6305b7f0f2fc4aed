package frameio

import (
	"context"
	"fmt"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
)

// Check asks Frame.io for our account and for our webhooks.
func (p *Part) Check(ctx context.Context) []connectors.Finding {
	what := p.deps.Instance + " frameio"
	u, err := p.askAccount(ctx)
	if err != nil {
		return []connectors.Finding{api.Failed(what, "Frame.io", err)}
	}
	out := []connectors.Finding{{Level: "ok", What: what, Text: "signed in as " + api.First(api.OneLine(u.Name, 100), u.Email, u.ID)}}
	if f, stop := p.unregistered(); stop {
		return append(out, f)
	}
	if err := p.loadSecrets(ctx); err != nil {
		return append(out, api.Failed(what+" webhook", "Frame.io", err))
	}
	kept, err := p.keptHooks(ctx)
	if err != nil {
		return append(out, api.Failed(what+" webhook", "Frame.io", err))
	}
	for _, w := range p.set.Workspaces {
		out = append(out, p.checkWorkspace(ctx, w, kept))
	}
	return out
}

func (p *Part) checkWorkspace(ctx context.Context, workspace string, kept map[string]keptHook) connectors.Finding {
	hooks, err := p.hooks(ctx, workspace)
	if err != nil {
		return api.Failed(p.deps.Instance+" frameio webhook", "Frame.io", err)
	}
	for _, h := range hooks {
		if rest := p.restOf(h); rest != "" && p.works(h, rest, kept) {
			return p.finding("ok", fmt.Sprintf("workspace %s: registered", workspace), "")
		}
	}
	return p.finding("warning", fmt.Sprintf("workspace %s: there is no webhook that works", workspace), "signoff repairs it when it runs: at start and every hour.")
}

// Probe asks whether our credentials are taken.
func (p *Part) Probe(ctx context.Context) error {
	_, err := p.askAccount(ctx)
	return err
}
