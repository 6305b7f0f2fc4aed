package confluence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
)

const (
	cloudEvery  = time.Minute
	serverEvery = 5 * time.Minute
	sweepEvery  = 10 * time.Minute
	overlap     = 15 // minutes: the index lags
	pollKey     = "poll"
	sentPrefix  = "sent/"
	mostPages   = 40 // of a search
)

// polled is how far the searches have come.
type polled struct {
	Complete time.Time `json:"complete,omitzero"` // when the last search that ended well began
	Swept    time.Time `json:"swept,omitzero"`    // likewise, of all pages with the label
}

// hit is a page that a search found.
type hit struct {
	ID      loose  `json:"id"`
	Type    string `json:"type"`
	Version struct {
		Number int `json:"number"`
	} `json:"version"`
}

// Poll searches for pages with the label: those that changed lately, and every ten minutes all of them, since a label alone
// makes no new version.
func (c *Connector) Poll(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) (time.Duration, error) {
	next := c.every()
	if c.set.Label == "" {
		return time.Hour, nil
	}
	var p polled
	if _, err := c.memory.Load(ctx, pollKey, &p); err != nil {
		return next, err
	}
	now := c.deps.Now().UTC()
	sweep := now.Sub(p.Swept) >= sweepEvery || p.Swept.IsZero()
	hits, whole, err := c.search(ctx, c.cql(p, now, sweep))
	if err != nil {
		return next, err
	}
	if err := c.bring(ctx, hits, deliver); err != nil {
		return next, err
	}
	if sweep && whole {
		if err := c.forget(ctx, hits); err != nil {
			return next, err
		}
		p.Swept = now
	}
	if whole {
		p.Complete = now
	}
	c.memory.Note(pollKey, p)
	return next, nil
}

func (c *Connector) every() time.Duration {
	if c.set.cloud() {
		return cloudEvery
	}
	return serverEvery
}

// cql is the search: in words that depend on nobody's time zone.
func (c *Connector) cql(p polled, now time.Time, all bool) string {
	q := "type = page and label = " + quote(c.set.Label)
	if len(c.set.Spaces) > 0 {
		var keys []string
		for _, key := range c.set.Spaces {
			keys = append(keys, quote(key))
		}
		q += " and space in (" + strings.Join(keys, ",") + ")"
	}
	if !all {
		minutes := int(math.Ceil(now.Sub(p.Complete).Minutes())) + overlap
		q += fmt.Sprintf(` and lastmodified >= now("-%dm")`, minutes)
	}
	return q + " order by lastmodified asc"
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// search reads all pages of a search; whole says that it came to its end. Of the address of the next page only the place is
// taken.
func (c *Connector) search(ctx context.Context, cql string) (hits []hit, whole bool, err error) {
	q := url.Values{"cql": {cql}, "limit": {"50"}, "expand": {"version,space"}}
	seen := map[string]bool{}
	for range mostPages {
		var answer struct {
			Results []hit `json:"results"`
			Links   struct {
				Next string `json:"next"`
			} `json:"_links"`
		}
		if err := c.do(ctx, call{op: "search pages", method: http.MethodGet, path: "rest/api/content/search", query: q}, &answer); err != nil {
			return nil, false, err
		}
		hits = append(hits, answer.Results...)
		if answer.Links.Next == "" {
			return hits, true, nil
		}
		u, err := url.Parse(answer.Links.Next)
		if err != nil {
			return hits, false, nil
		}
		at := "cursor"
		if !c.set.cloud() {
			at = "start"
		}
		place := u.Query().Get(at)
		if place == "" || seen[place] || len(answer.Results) == 0 && at == "start" {
			return hits, false, nil
		}
		seen[place] = true
		q.Set(at, place)
	}
	return hits, false, nil
}

// bring delivers pages that are new, or have a version that is.
func (c *Connector) bring(ctx context.Context, hits []hit, deliver func(context.Context, connectors.Inbound) connectors.Reply) error {
	for _, h := range hits {
		id := string(h.ID)
		if !idForm.MatchString(id) || h.Type != "" && h.Type != "page" {
			continue
		}
		var known int
		if ok, err := c.memory.Load(ctx, sentPrefix+id, &known); err != nil {
			return err
		} else if ok && known >= h.Version.Number {
			continue
		}
		body, err := json.Marshal(map[string]any{"event": labelledEvent, "page": map[string]string{"id": id}, "version": h.Version.Number, "timestamp": c.deps.Now().UnixMilli()})
		if err != nil {
			return err
		}
		reply := deliver(ctx, connectors.Inbound{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, At: c.deps.Now().UTC(), Trusted: true})
		if reply.Status >= http.StatusInternalServerError {
			return &connectors.Error{Op: "bring pages", Class: connectors.Transient, Err: errors.New("not stored (" + strconv.Itoa(reply.Status) + ")")}
		}
		c.memory.Note(sentPrefix+id, h.Version.Number)
	}
	return nil
}

// forget lets pages ask anew that have lost the label. Search is no proof of that: it hides what it has not indexed yet.
func (c *Connector) forget(ctx context.Context, hits []hit) error {
	there := map[string]bool{}
	for _, h := range hits {
		there[string(h.ID)] = true
	}
	var missing []string
	err := c.deps.Keep.Scan(ctx, sentPrefix, func(key string, _ []byte) error {
		if id := strings.TrimPrefix(key, sentPrefix); !there[id] {
			missing = append(missing, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range missing {
		p, _, err := c.fetch(ctx, pageType, id, false)
		if connectors.ClassOf(err) == connectors.Rejected {
			continue // not shown just now
		}
		if err != nil {
			return err
		}
		if !slices.Contains(p.Labels, c.set.Label) {
			c.memory.Forget(sentPrefix + id)
			c.memory.Forget(askedKey(id))
		}
	}
	return nil
}
