package jira

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	workflowLife = 24 * time.Hour
	mostFlows    = 20 // pages of workflows
)

// keptWorkflow is a workflow as an administrator's account may read it; without ways where it may not, or where nothing
// says which of several is meant.
type keptWorkflow struct {
	At   time.Time `json:"at"`
	Ways ways      `json:"ways"`
}

// described is a workflow as Jira Cloud describes it to administrators.
type described struct {
	Statuses    []status `json:"statuses"`
	Transitions []struct {
		From []string `json:"from"`
		To   string   `json:"to"`
		Type string   `json:"type"`
	} `json:"transitions"`
}

// plan is the workflow of a project's issue type as far as Jira describes it. A site that does not is no error: then only
// what was seen is known.
func (c *Connector) plan(ctx context.Context, project, typ string) (ways, error) {
	if e, err := c.edition(ctx); err != nil || e != cloud {
		return ways{}, err
	}
	key := "workflow/" + project + "/" + typ
	var k keptWorkflow
	ok, err := c.memory.Load(ctx, key, &k)
	if err != nil || ok && c.deps.Now().Sub(k.At) < workflowLife {
		return k.Ways, err
	}
	k = keptWorkflow{At: c.deps.Now()}
	list, err := c.workflows(ctx)
	if said := refusalOf(err); said != nil && said.status < 500 && said.status != http.StatusTooManyRequests {
		c.memory.Note(key, k) // no administrator
		return ways{}, nil
	}
	if err != nil {
		return ways{}, err
	}
	statuses, err := c.statusesOf(ctx, project, typ)
	if err != nil {
		return ways{}, err
	}
	var fits []described
	for _, d := range list {
		if sameStatuses(d.Statuses, statuses) {
			fits = append(fits, d)
		}
	}
	if len(fits) == 1 {
		k.Ways = fits[0].ways()
	}
	c.memory.Note(key, k)
	return k.Ways, nil
}

func (c *Connector) workflows(ctx context.Context) ([]described, error) {
	var all []described
	for range mostFlows {
		q := url.Values{"expand": {"transitions,statuses"}, "startAt": {strconv.Itoa(len(all))}, "maxResults": {strconv.Itoa(pageSize)}}
		r := get("read workflows", "workflow/search", q)
		r.scope = "the site"
		var page struct {
			IsLast bool        `json:"isLast"`
			Values []described `json:"values"`
		}
		if err := c.do(ctx, r, &page); err != nil {
			return nil, err
		}
		if all = append(all, page.Values...); page.IsLast || len(page.Values) == 0 {
			break
		}
	}
	return all, nil
}

func sameStatuses(a, b []status) bool {
	if len(a) != len(b) {
		return false
	}
	for _, s := range a {
		if !slices.ContainsFunc(b, func(o status) bool { return o.ID == s.ID }) {
			return false
		}
	}
	return true
}

// ways turns the description into edges. A transition from everywhere leads from each status but its own.
func (d described) ways() ways {
	w := ways{To: map[string][]string{}, Names: map[string]string{}}
	for _, s := range d.Statuses {
		w.Names[s.ID] = s.Name
	}
	for _, t := range d.Transitions {
		if t.Type == "initial" {
			continue
		}
		from := t.From
		if len(from) == 0 {
			for _, s := range d.Statuses {
				from = append(from, s.ID)
			}
		}
		for _, id := range from {
			if id != t.To && !slices.Contains(w.To[id], t.To) {
				w.To[id] = append(w.To[id], t.To)
			}
		}
	}
	return w
}

// entry reports whether any edge leads to a status.
func (w ways) entry(target status) bool {
	for _, to := range w.To {
		if slices.Contains(to, target.ID) {
			return true
		}
	}
	return false
}

// along the path that the settings give, the next status after the one the ticket is in.
func (s StatusEntry) next(at status) string {
	for i, name := range s.Path {
		if !at.is(name) {
			continue
		}
		if i+1 < len(s.Path) {
			return s.Path[i+1]
		}
		return s.Status
	}
	if len(s.Path) > 0 {
		return s.Path[0]
	}
	return ""
}
