package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// transition is a way out of a status, as Jira lists it for our account.
type transition struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Available *bool            `json:"isAvailable"`
	To        *status          `json:"to"`
	Fields    map[string]field `json:"fields"`
}

type status struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Category category `json:"statusCategory"`
}

func (s status) is(name string) bool {
	return name != "" && (s.ID == name || strings.EqualFold(s.Name, name))
}

// target is the Jira status that the request's status stands for; false when the ticket is to be left alone.
func (c *Connector) target(e flow.Effect, project string) (StatusEntry, bool) {
	if t := e.Show.View.Ticket; t != nil && t.KeepStatus {
		return StatusEntry{}, false
	}
	entry, ok := c.set.Projects[project].Status[string(e.Show.View.Status)]
	return entry, ok
}

const mostHops = 5

// settle moves a ticket to the status of its request, over several statuses if the workflow is known well enough.
func (c *Connector) settle(ctx context.Context, e flow.Effect, now *issue) error {
	entry, ok := c.target(e, now.Fields.Project.Key)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for range mostHops {
		at := now.Fields.Status
		if at.is(entry.Status) {
			return nil
		}
		list, err := c.transitions(ctx, now)
		if err != nil {
			return err
		}
		seen[at.ID] = true
		hop, err := c.hop(ctx, now, list, entry, seen)
		if err != nil {
			return err
		}
		if now, err = c.pass(ctx, now, hop, entry); err != nil {
			return err
		}
	}
	if now.Fields.Status.is(entry.Status) {
		return nil
	}
	return noWay(now, entry, nil)
}

// transitions lists the ways out, and learns them.
func (c *Connector) transitions(ctx context.Context, now *issue) ([]transition, error) {
	r := get("read transitions", "issue/"+url.PathEscape(now.ID)+"/transitions", url.Values{"expand": {"transitions.fields"}})
	r.scope = "ticket " + now.Key
	var answer struct {
		Transitions []transition `json:"transitions"`
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return nil, err
	}
	usable := slices.DeleteFunc(answer.Transitions, func(t transition) bool {
		return t.To == nil || t.ID == "" || t.Available != nil && !*t.Available
	})
	return usable, c.learn(ctx, now, usable)
}

// hop chooses the next transition: straight to the target, else the first of the shortest known way, else one that
// leads along the words the settings map. seen are statuses that were passed already.
func (c *Connector) hop(ctx context.Context, now *issue, list []transition, entry StatusEntry, seen map[string]bool) (transition, error) {
	var direct []transition
	for _, t := range list {
		if t.To.is(entry.Status) {
			direct = append(direct, t)
		}
	}
	if len(direct) > 0 {
		slices.SortStableFunc(direct, func(a, b transition) int { return len(a.missing(entry)) - len(b.missing(entry)) })
		return direct[0], nil
	}
	if t, ok := leadsTo(list, entry.next(now.Fields.Status), seen); ok {
		return t, nil
	}
	for _, known := range []func() (ways, error){
		func() (ways, error) { return c.edges(ctx, now) },
		func() (ways, error) { return c.plan(ctx, now.Fields.Project.Key, now.Fields.Type.ID) },
	} {
		w, err := known()
		if err != nil {
			return transition{}, err
		}
		if t, ok := leadsTo(list, w.first(now.Fields.Status.ID, entry.Status, seen), seen); ok {
			return t, nil
		}
	}
	if t, ok := c.set.Projects[now.Fields.Project.Key].along(now, list, entry, seen); ok {
		return t, nil
	}
	return transition{}, noWay(now, entry, list)
}

// leadsTo finds the transition to a status, by its id or name, that was not passed yet.
func leadsTo(list []transition, target string, seen map[string]bool) (transition, bool) {
	for _, t := range list {
		if target != "" && t.To.is(target) && !seen[t.To.ID] {
			return t, true
		}
	}
	return transition{}, false
}

// rank orders the words a ticket normally passes on its way to approval.
func rank(w flow.Status) int {
	return slices.Index([]flow.Status{flow.Intake, flow.NeedsInfo, flow.InProgress, flow.InReview, flow.Approved}, w)
}

// along finds a transition to a mapped status that lies between here and the target on the normal way of a request:
// a ticket that is to be reviewed may pass "in progress", never "declined". A status that is not mapped lies before all.
func (p Project) along(now *issue, list []transition, entry StatusEntry, seen map[string]bool) (transition, bool) {
	here := p.word(now.Fields.Status.Name, now.Fields.Status.ID)
	from, to := rank(here), rank(p.word(entry.Status))
	best, found := transition{}, -1
	for _, t := range list {
		r := rank(p.word(t.To.Name, t.To.ID))
		if (from >= 0 || here == "") && r > from && r < to && r > found && !seen[t.To.ID] {
			best, found = t, r
		}
	}
	return best, found >= 0
}

// noWay is for people: nothing is forced, the ticket stays.
func noWay(now *issue, entry StatusEntry, list []transition) error {
	text := fmt.Sprintf("No transition in Jira leads %s from %q to %q.", now.Key, now.Fields.Status.Name, entry.Status)
	if len(list) == 0 {
		text += " Jira lists none at all: signoff's account may lack the permission to transition issues."
	}
	return cannot("move issue", text+" Move the ticket by hand, or have a Jira administrator add the transition.")
}

// missing are the names of the required fields for which there is no value.
func (t transition) missing(entry StatusEntry) []string {
	var names []string
	for _, id := range slices.Sorted(maps.Keys(t.Fields)) {
		f := t.Fields[id]
		f.ID = id
		if f.Required && !f.Default && f.fill(entry, *t.To) == nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// fields are the values for the required fields of the screen.
func (t transition) fields(entry StatusEntry) map[string]any {
	out := map[string]any{}
	for id, f := range t.Fields {
		f.ID = id
		_, asked := entry.value(f)
		if (f.Required && !f.Default) || asked {
			if v := f.fill(entry, *t.To); v != nil {
				out[id] = v
			}
		}
	}
	return out
}

// value is what the settings say for a field of the way to this status.
func (s StatusEntry) value(f field) (string, bool) {
	for name, v := range s.Fields {
		if strings.EqualFold(name, f.ID) || strings.EqualFold(name, f.Name) {
			return v, true
		}
	}
	return "", false
}

// fill finds a value: the one in the settings, the only one there is, or a resolution that says the same as the status.
func (f field) fill(entry StatusEntry, to status) any {
	if v, ok := entry.value(f); ok {
		shaped, err := f.shape([]string{v}, nil)
		if err != nil {
			return nil
		}
		return shaped
	}
	if len(f.Allowed) == 1 {
		return f.wrap(readAllowed(f.Allowed[0]))
	}
	if f.ID != "resolution" {
		return nil
	}
	for _, raw := range f.Allowed {
		if a := readAllowed(raw); a.is(to.Name) {
			return f.wrap(a)
		}
	}
	return nil
}

func (f field) wrap(a allowed) any {
	if f.Schema.Type == "array" {
		return []any{a.ref()}
	}
	return a.ref()
}

// pass carries out a transition and returns the ticket as it is then. An error counts only if the ticket did not move.
// After the last one Jira's word is enough: were the ticket read again, a move by somebody a moment later would look
// like ours gone wrong and be undone.
func (c *Connector) pass(ctx context.Context, now *issue, t transition, entry StatusEntry) (*issue, error) {
	last := t.To.is(entry.Status)
	if !last {
		entry = c.set.Projects[now.Fields.Project.Key].entryOf(*t.To) // the values are for the last hop
	}
	if names := t.missing(entry); len(names) > 0 {
		return nil, cannot("move issue", fmt.Sprintf("Jira asks for %s to move %s to %q. Move the ticket by hand, or have an administrator add the value to tracker.jira.projects.%s.status.",
			strings.Join(names, " and "), now.Key, t.To.Name, now.Fields.Project.Key))
	}
	for _, to := range []string{t.To.ID, t.To.Name} {
		if err := c.expect(ctx, now.ID, "status", to); err != nil {
			return nil, err
		}
	}
	body := map[string]any{"transition": map[string]string{"id": t.ID}}
	if fields := t.fields(entry); len(fields) > 0 {
		body["fields"] = fields
	}
	r := call{
		op: "move issue", method: http.MethodPost, path: api2 + "issue/" + url.PathEscape(now.ID) + "/transitions",
		body: body, issue: now.ID, scope: "ticket " + now.Key,
	}
	moveErr := c.do(ctx, r, nil)
	if class := connectors.ClassOf(moveErr); class == connectors.Limited || class == connectors.Denied {
		return nil, moveErr
	}
	if last && moveErr == nil {
		there := *now
		there.Fields.Status.ID, there.Fields.Status.Name = t.To.ID, t.To.Name
		return &there, nil
	}
	after, err := c.read(ctx, now.ID)
	switch {
	case err != nil && moveErr != nil:
		return nil, moveErr
	case err != nil:
		return nil, err
	case moveErr != nil && after.Fields.Status.ID == now.Fields.Status.ID:
		return nil, moveErr
	}
	c.changed(now.ID, now.Key)
	return after, nil // there, or moved elsewhere by somebody: the way is looked for anew from there
}

// entryOf is what the settings say of a status, nothing where they do not map it.
func (p Project) entryOf(s status) StatusEntry {
	for _, w := range words() {
		if e, ok := p.Status[string(w)]; ok && s.is(e.Status) {
			return e
		}
	}
	return StatusEntry{}
}

// ways are the transitions seen so far in one workflow: from status id to status ids, with their names.
type ways struct {
	To    map[string][]string `json:"to"`
	Names map[string]string   `json:"names"`
}

func waysKey(now *issue) string { return "ways/" + now.Fields.Project.Key + "/" + now.Fields.Type.ID }

func (c *Connector) edges(ctx context.Context, now *issue) (ways, error) {
	var w ways
	_, err := c.memory.Load(ctx, waysKey(now), &w)
	return w, err
}

// learn keeps the ways out of a status. What is listed replaces what was known: workflows change.
func (c *Connector) learn(ctx context.Context, now *issue, list []transition) error {
	known, err := c.edges(ctx, now)
	if err != nil {
		return err
	}
	before, err := json.Marshal(known)
	if err != nil {
		return kept("learn transitions", err)
	}
	if known.To == nil {
		known = ways{To: map[string][]string{}, Names: map[string]string{}}
	}
	var to []string
	for _, t := range list {
		to = append(to, t.To.ID)
		known.Names[t.To.ID] = t.To.Name
	}
	slices.Sort(to)
	known.To[now.Fields.Status.ID] = slices.Compact(to)
	known.Names[now.Fields.Status.ID] = now.Fields.Status.Name
	after, err := json.Marshal(known)
	if err != nil || string(before) == string(after) {
		return kept("learn transitions", err)
	}
	c.memory.Note(waysKey(now), known)
	return nil
}

// first returns the first step of the shortest known way to a status, "" when there is none within a few hops.
func (w ways) first(from, target string, seen map[string]bool) string {
	type step struct {
		at, first string
		hops      int
	}
	done := maps.Clone(seen)
	queue := []step{{at: from}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if s.hops > 0 && (status{ID: s.at, Name: w.Names[s.at]}).is(target) {
			return s.first
		}
		if s.hops == mostHops {
			continue
		}
		for _, to := range w.To[s.at] {
			if done[to] {
				continue
			}
			done[to] = true
			first := s.first
			if first == "" {
				first = to
			}
			queue = append(queue, step{to, first, s.hops + 1})
		}
	}
	return ""
}
