package github

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
)

const (
	// redeliverable is how far back GitHub sends a webhook again.
	redeliverable = 72 * time.Hour
	pollEvery     = 10 * time.Minute
	// pollOverlap is read again each time: a delivery may enter the list late.
	pollOverlap = 5 * time.Minute
	// patience is how long a delivery that was asked for again may take before it is asked for once more, and mostAgain
	// how often that is done.
	patience  = 30 * time.Minute
	mostAgain = 3
)

// again is what is remembered of a delivery that GitHub was asked to send again.
type again struct {
	Until time.Time `json:"until"` // swept as receipts are
	At    time.Time `json:"at"`
	Times int       `json:"times"`
}

// Poll reads which deliveries did not arrive and asks GitHub to send them again: nobody else will. It goes back to the last
// time it was done, at most three days.
func (c *Connector) Poll(ctx context.Context, _ func(context.Context, connectors.Inbound) connectors.Reply) (time.Duration, error) {
	if err := c.meet(ctx); err != nil || c.deps.PublicURL == "" {
		return pollEvery, err
	}
	if c.app != nil {
		return pollEvery, c.pollHook(ctx, hookPath{base: "app/hook", asApp: true, name: "app"})
	}
	for _, full := range c.hooked() {
		hooks, err := c.ownHooks(ctx, full)
		if connectors.ClassOf(err) == connectors.Rejected {
			c.deps.Log.Debug("the webhook's deliveries cannot be read", "repository", full, "err", err)
			continue
		}
		if err != nil {
			return pollEvery, err
		}
		for _, h := range hooks {
			id := strconv.FormatInt(h.GetID(), 10)
			if err := c.pollHook(ctx, hookPath{base: repoPath(full, "/hooks/"+id), repo: full, name: strings.ToLower(full) + "/" + id}); err != nil {
				return pollEvery, err
			}
		}
	}
	return pollEvery, nil
}

// hookPath is where the deliveries of a webhook are listed.
type hookPath struct {
	base, repo, name string
	asApp            bool
}

func (c *Connector) pollHook(ctx context.Context, h hookPath) error {
	began := c.deps.Now()
	since := began.Add(-redeliverable + time.Hour) // what is nearly too old may be refused a moment later
	var last time.Time
	if _, err := c.memory.Load(ctx, "poll/"+h.name, &last); err != nil {
		return err
	}
	if from := last.Add(-pollOverlap - patience); !last.IsZero() && from.After(since) {
		since = from
	}
	lost, whole, err := c.lost(ctx, h, since)
	if err != nil {
		return err
	}
	for _, d := range lost {
		if err := c.redeliver(ctx, h, d); err != nil {
			return err
		}
	}
	if len(lost) > 0 || !whole {
		return nil // looked at again from the same place: what was asked for may fail again
	}
	return c.memory.Save(ctx, "poll/"+h.name, began)
}

// lost are the deliveries since then of which no try arrived, the oldest first, one of each.
func (c *Connector) lost(ctx context.Context, h hookPath, since time.Time) (out []*gogithub.HookDelivery, whole bool, err error) {
	arrived := map[string]bool{}
	newest := map[string]*gogithub.HookDelivery{}
	var order []string
	cursor, seen := "", map[string]bool{}
	for range mostPages * 5 {
		q := url.Values{"per_page": {strconv.Itoa(perPage)}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		var list []*gogithub.HookDelivery
		a, err := c.ask(ctx, call{op: "list deliveries", method: http.MethodGet, path: h.base + "/deliveries", query: q, repo: h.repo, asApp: h.asApp, scope: "the webhook of " + h.name}, &list)
		if err != nil {
			return nil, false, err
		}
		old := false
		for _, d := range list {
			switch code := d.GetStatusCode(); {
			case d.GetDeliveredAt().Before(since):
				old = true
			case code >= 200 && code < 300:
				arrived[d.GetGUID()] = true
			case newest[d.GetGUID()] == nil && d.GetGUID() != "" && d.GetID() != 0:
				newest[d.GetGUID()] = d
				order = append(order, d.GetGUID())
			}
		}
		cursor = nextCursor(a.header.Get("Link"))
		if whole = old || cursor == "" || seen[cursor]; whole {
			break
		}
		seen[cursor] = true
	}
	for i := len(order) - 1; i >= 0; i-- {
		if d := newest[order[i]]; !arrived[order[i]] && d.GetEvent() != "ping" {
			out = append(out, d)
		}
	}
	return out, whole, nil
}

// redeliver asks for a delivery that is not here, unless it was asked for a moment ago. One that is here although its
// answer was lost is never asked for.
func (c *Connector) redeliver(ctx context.Context, h hookPath, d *gogithub.HookDelivery) error {
	if c.deps.Delivery != nil {
		body, err := c.deps.Delivery(ctx, d.GetGUID())
		if err != nil || body != nil {
			return kept("look up delivery", err)
		}
	}
	now := c.deps.Now()
	key := receiptPrefix + "again/" + d.GetGUID()
	var row again
	if _, err := c.memory.Load(ctx, key, &row); err != nil {
		return err
	}
	if row.Times >= mostAgain || row.Times > 0 && now.Sub(row.At) < patience {
		return nil
	}
	row = again{Until: now.Add(redeliverable), At: now, Times: row.Times + 1}
	if err := c.memory.Save(ctx, key, row); err != nil {
		return err
	}
	if row.Times == mostAgain {
		c.deps.Log.Warn("a webhook of github does not arrive; it is asked for once more, and then given up", "delivery", d.GetGUID(), "event", d.GetEvent())
	}
	r := call{op: "redeliver", method: http.MethodPost, path: h.base + "/deliveries/" + strconv.FormatInt(d.GetID(), 10) + "/attempts", repo: h.repo, asApp: h.asApp, scope: "the webhook of " + h.name}
	err := c.do(ctx, r, nil)
	if connectors.ClassOf(err) == connectors.Rejected { // too old, or it is gone
		c.deps.Log.Warn("a webhook that was missed cannot be sent again", "delivery", d.GetGUID(), "err", err)
		return nil
	}
	return err
}

// nextCursor is the cursor of the next page in a Link header.
func nextCursor(link string) string {
	for part := range strings.SplitSeq(link, ",") {
		address, rel, _ := strings.Cut(part, ";")
		if !strings.Contains(rel, `rel="next"`) {
			continue
		}
		u, err := url.Parse(strings.Trim(strings.TrimSpace(address), "<>"))
		if err == nil {
			return u.Query().Get("cursor")
		}
	}
	return ""
}
