package confluence

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"signoff/connectors"
)

// warnBefore is how long before a token ends people hear of it.
const warnBefore = 14 * 24 * time.Hour

// Check asks Confluence for our account, for the spaces that are named, and whether search answers.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	var out []connectors.Finding
	me, err := c.askAccount(ctx)
	if err != nil {
		out = append(out, c.failed("", err))
	} else {
		edition := "Data Center"
		if c.set.cloud() {
			edition = "Cloud"
		}
		out = append(out, c.ok("", "%s answers (Confluence %s), signed in as %s", c.set.people, edition, firstOf(me.Shown, me.id())))
	}
	if f, given := c.checkToken(); given {
		out = append(out, f)
	}
	if err != nil || c.set.Label == "" {
		return out
	}
	return append(out, c.checkSearch(ctx), c.checkWebhook())
}

func (c *Connector) ok(what, format string, args ...any) connectors.Finding {
	return connectors.Finding{Level: "ok", What: c.what(what), Text: fmt.Sprintf(format, args...)}
}

func (c *Connector) what(thing string) string {
	return strings.TrimSpace(c.deps.Instance + " " + thing)
}

// failed turns an error into a finding: what people can do is in it already.
func (c *Connector) failed(what string, err error) connectors.Finding {
	f := connectors.Finding{Level: "problem", What: c.what(what), Text: err.Error(), Remedy: "Look at the address, the account and the network."}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		if e.Class == connectors.Transient || e.Class == connectors.Limited {
			f.Level, f.Remedy = "warning", "Confluence does not answer just now; signoff tries again."
		}
		if e.Person != "" {
			f.Remedy = e.Person
		}
	}
	return f
}

func (c *Connector) checkToken() (connectors.Finding, bool) {
	at, err := time.Parse(time.DateOnly, c.set.TokenExpires)
	if err != nil {
		return connectors.Finding{}, false // not given; a wrong one is refused at start
	}
	const remedy = "Make a new token with the same account and put it into connectors.confluence.token."
	now := c.deps.Now().UTC()
	days := int(at.Sub(now.Truncate(24*time.Hour)) / (24 * time.Hour)) // of the calendar
	switch left := at.Sub(now); {
	case left <= 0:
		return connectors.Finding{Level: "problem", What: c.what(""), Text: "the token expired on " + c.set.TokenExpires, Remedy: remedy}, true
	case left < warnBefore:
		return connectors.Finding{Level: "warning", What: c.what(""), Text: fmt.Sprintf("token expires in %d days (%s)", days, c.set.TokenExpires), Remedy: remedy}, true
	}
	return c.ok("", "token valid until %s", c.set.TokenExpires), true
}

// checkSearch runs the search for labelled pages.
func (c *Connector) checkSearch(ctx context.Context) connectors.Finding {
	hits, whole, err := c.search(ctx, c.cql(polled{}, c.deps.Now(), true))
	if err != nil {
		return c.failed("label", err)
	}
	more := ""
	if !whole {
		more = " at least"
	}
	return c.ok("label", "%d pages%s bear the label %s where signoff can see them", len(hits), more, c.set.Label)
}

// checkWebhook says how changes become known.
func (c *Connector) checkWebhook() connectors.Finding {
	if c.set.cloud() || len(c.set.WebhookSecret) == 0 {
		return c.ok("changes", "pages are asked for %s", c.everyWords())
	}
	return c.ok("changes", "a webhook tells of pages at %s/hooks/%s; they are asked for %s besides", c.deps.PublicURL, c.deps.Instance, c.everyWords())
}

func (c *Connector) everyWords() string {
	if c.every() == time.Minute {
		return "every minute"
	}
	return fmt.Sprintf("every %d minutes", int(c.every()/time.Minute))
}
