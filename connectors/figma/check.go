package figma

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// warnBefore is how long before a token ends people hear of it.
const warnBefore = 14 * 24 * time.Hour

// Check asks Figma for our account, the files that are named, and the webhooks.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	out := []connectors.Finding{c.checkAccount(ctx)}
	if f, given := c.checkToken(); given {
		out = append(out, f)
	}
	if out[0].Level == "problem" {
		return out // the rest would only say the same again
	}
	out = append(out, c.checkLimits()...)
	for _, key := range c.set.Files {
		out = append(out, c.checkFile(ctx, key))
	}
	if f, stop := c.unregistered(); stop {
		return append(out, f...)
	}
	kept, err := c.keptHooks(ctx)
	if err != nil {
		return append(out, c.failed("webhook", err))
	}
	for _, at := range c.contexts() {
		out = append(out, c.checkHooks(ctx, at, kept)...)
	}
	return out
}

func (c *Connector) ok(what, format string, args ...any) connectors.Finding {
	return connectors.Finding{Level: "ok", What: c.what(what), Text: fmt.Sprintf(format, args...)}
}

func (c *Connector) warn(what, text, remedy string) connectors.Finding {
	return connectors.Finding{Level: "warning", What: c.what(what), Text: text, Remedy: remedy}
}

func (c *Connector) what(thing string) string {
	return strings.TrimSpace(c.deps.Instance + " " + thing)
}

// failed turns an error into a finding: what people can do is in it already.
func (c *Connector) failed(what string, err error) connectors.Finding {
	f := connectors.Finding{Level: "problem", What: c.what(what), Text: err.Error(), Remedy: "Look at the address, the token and the network."}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		if e.Class == connectors.Transient || e.Class == connectors.Limited {
			f.Level, f.Remedy = "warning", "Figma does not answer just now; signoff keeps the work and tries again."
		}
		if e.Person != "" {
			f.Remedy = e.Person
		}
	}
	return f
}

func (c *Connector) checkAccount(ctx context.Context) connectors.Finding {
	if c.set.TokenType == planToken {
		return c.warn("", "the token is one of the organization's plan: comments and versions are read, decisions cannot be written back",
			"Use a personal token of an account made for signoff if decisions should be answered in Figma.")
	}
	u, err := c.askAccount(ctx)
	if said := outbound.RefusalOf(err); said != nil && connectors.ClassOf(err) == connectors.Rejected {
		return c.warn("", "Figma does not say whose token it is: "+said.Error(), "Make a token with the scope current_user:read: without it signoff takes its own comments for somebody's.")
	}
	if err != nil {
		return c.failed("", err)
	}
	return c.ok("", "signed in as %s", firstOf(strings.TrimSpace(u.Handle+" "+bracket(u.Email)), string(u.ID)))
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func (c *Connector) checkToken() (connectors.Finding, bool) {
	at, err := time.Parse(time.DateOnly, c.set.TokenExpires)
	if err != nil {
		return connectors.Finding{}, false // not given; a wrong one is refused at start
	}
	const remedy = "Make a new token with the same account and put it into connectors.figma.token."
	now := c.deps.Now().UTC()
	left := at.Sub(now)
	days := int(at.Sub(now.Truncate(24*time.Hour)) / (24 * time.Hour)) // of the calendar
	switch {
	case left <= 0:
		return connectors.Finding{Level: "problem", What: c.what(""), Text: "the token expired on " + c.set.TokenExpires, Remedy: remedy}, true
	case left < warnBefore:
		return c.warn("", fmt.Sprintf("token expires in %d days (%s)", days, c.set.TokenExpires), remedy), true
	}
	return c.ok("", "token valid until %s", c.set.TokenExpires), true
}

// checkLimits says which calls Figma has refused until when.
func (c *Connector) checkLimits() []connectors.Finding {
	var out []connectors.Finding
	for tier, what := range []string{"pictures", "comments, versions and webhooks", "names of files"} {
		held, ok := c.heldBack(tier)
		if !ok {
			continue
		}
		remedy := "Nothing has to be done; signoff goes on by itself then. Fewer calls: connectors.figma.per_minute."
		if held.Low {
			remedy = lowSeat
		}
		out = append(out, c.warn("limits", fmt.Sprintf("Figma refuses %s until %s", what, held.Until.UTC().Format("2 Jan 15:04 UTC")), remedy))
	}
	return out
}

func (c *Connector) checkFile(ctx context.Context, key string) connectors.Finding {
	m, err := c.metaOf(ctx, key)
	if err != nil {
		return c.failed("file "+key, err)
	}
	return c.ok("file "+key, "%s can be read", firstOf(oneLine(m.Name, longestName), "it"))
}

// checkHooks looks whether each event of one place has its webhook, and whether Figma has reached us through it.
func (c *Connector) checkHooks(ctx context.Context, at scoped, kept []keptHook) []connectors.Finding {
	const again = "signoff repairs it when it runs: at start and every hour."
	what := at.String() + " webhook" // the watch leaves it to the registrar by this end
	list, err := c.hooks(ctx, at)
	if err != nil {
		f := c.failed(what, err)
		if connectors.ClassOf(err) == connectors.Rejected {
			f.Level = "warning" // files are read all the same
		}
		return []connectors.Finding{f}
	}
	a := arrangement{c: c, at: at, before: kept, list: list}
	var out []connectors.Finding
	for _, event := range c.set.Events {
		good, bad := a.sorted(event)
		switch {
		case len(good) == 0 && len(bad) > 0:
			out = append(out, c.warn(what, "the webhook for "+event+" is switched off, or of an earlier installation", again))
		case len(good) == 0:
			out = append(out, c.warn(what, "there is no webhook for "+event, again))
		case len(good)+len(bad) > 1:
			out = append(out, c.warn(what, fmt.Sprintf("%d webhooks tell of %s", len(good)+len(bad), event), again))
		default:
			out = append(out, c.checkReached(ctx, what, event, good[0], kept)...)
		}
	}
	if len(out) == 0 {
		out = append(out, c.ok(what, "tells of %s", strings.Join(c.set.Events, ", ")))
	}
	return out
}

const pingWithin = 10 * time.Minute

// checkReached looks for the PING with which Figma begins.
func (c *Connector) checkReached(ctx context.Context, what, event string, h hook, kept []keptHook) []connectors.Finding {
	for _, k := range kept {
		if k.ID != string(h.ID) || c.deps.Now().Sub(k.Since) < pingWithin {
			continue
		}
		var at time.Time
		if ok, err := c.memory.Load(ctx, pingKey(k.ID), &at); err == nil && !ok {
			return []connectors.Finding{c.warn(what, "Figma has not reached signoff through the webhook for "+event, "See that "+c.hookURL()+" can be reached from the internet.")}
		}
	}
	return nil
}
