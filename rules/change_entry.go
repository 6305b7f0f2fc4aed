package rules

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/source"
)

// alike is how much of two entries must be the same for one to be the other under a new name.
const alike = 0.6

// pair finds the entries of a section that were renamed.
func (c *comparison) pair(s comparedSection) {
	gone, fresh := c.lonely(s.key)
	for old, now := range c.matches(s.key, gone, fresh) {
		c.renamed[s.key+"/"+old] = now
	}
}

// lonely lists the entries that only one side has.
func (c *comparison) lonely(section string) (gone, fresh []entry) {
	for _, e := range c.old[section] {
		if c.now.find(section, e.name) == nil {
			gone = append(gone, e)
		}
	}
	for _, e := range c.now[section] {
		if c.old.find(section, e.name) == nil {
			fresh = append(fresh, e)
		}
	}
	return gone, fresh
}

// matches pairs entries whose values are mostly the same, the most alike first; each is paired once.
func (c *comparison) matches(section string, gone, fresh []entry) map[string]string {
	type couple struct {
		old, now string
		share    float64
	}
	var all []couple
	for _, g := range gone {
		for _, f := range fresh {
			if share := likeness(section, g.value, f.value); share >= alike {
				all = append(all, couple{g.name, f.name, share})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b couple) int {
		switch {
		case a.share > b.share:
			return -1
		case a.share < b.share:
			return 1
		}
		return 0
	})
	out, taken := map[string]string{}, map[string]bool{}
	for _, p := range all {
		if out[p.old] == "" && !taken[p.now] {
			out[p.old], taken[p.now] = p.now, true
		}
	}
	return out
}

// likeness is the share of leaves that two values have in common. People are known by their address, whatever else of
// them changes.
func likeness(section string, a, b *source.Node) float64 {
	if section == "people" {
		if mail := a.Key("email").Value(); mail != "" && strings.EqualFold(mail, b.Key("email").Value()) {
			return 1
		}
	}
	x, y := leaves(a, ""), leaves(b, "")
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	same := 0
	for leaf, n := range x {
		same += min(n, y[leaf])
	}
	total := 0
	for _, n := range x {
		total += n
	}
	for _, n := range y {
		total += n
	}
	return 2 * float64(same) / float64(total)
}

// leaves counts the scalars of a value with the path of keys to each; the name that an entry bears is none of them.
func leaves(n *source.Node, path string) map[string]int {
	out := map[string]int{}
	switch n.Kind() {
	case source.Scalar:
		out[path+"="+n.Value()]++
	case source.Map:
		for key, value := range n.Pairs() {
			if path == "" && key.Value() == "name" {
				continue
			}
			addLeaves(out, leaves(value, path+"/"+key.Value()))
		}
	case source.List:
		for item := range n.Items() {
			addLeaves(out, leaves(item, path+"/"))
		}
	}
	return out
}

func addLeaves(into, more map[string]int) {
	for leaf, n := range more {
		into[leaf] += n
	}
}

// section lists the changes of a named section.
func (c *comparison) section(s comparedSection) []Change {
	var out []Change
	for _, e := range c.now[s.key] {
		was := c.before(s.key, e.name)
		if was == nil {
			out = append(out, Change{Kind: Added, What: s.what, Name: e.name, New: at(e.pos)})
			continue
		}
		out = append(out, c.entry(s, *was, e)...)
	}
	for _, e := range c.old[s.key] {
		if c.now.find(s.key, e.name) == nil && c.renamed[s.key+"/"+e.name] == "" {
			out = append(out, Change{Kind: Removed, What: s.what, Name: e.name, Old: at(e.pos)})
		}
	}
	return out
}

// before finds the old entry that an entry of today was, under its own name or another.
func (c *comparison) before(section, name string) *entry {
	if e := c.old.find(section, name); e != nil {
		return e
	}
	for _, e := range c.old[section] {
		if c.renamed[section+"/"+e.name] == name {
			return &e
		}
	}
	return nil
}

// entry compares one entry with what it was. The stages of a workflow are changes of their own.
func (c *comparison) entry(s comparedSection, was, is entry) []Change {
	change := Change{Kind: Changed, What: s.what, Name: is.name, Old: at(was.pos), New: at(is.pos)}
	if was.name != is.name {
		change.Kind, change.Was = Renamed, was.name
	}
	oldValue, newValue := was.value, is.value
	var stages []Change
	if s.key == "workflows" {
		stages = c.stages(is.name, oldValue.Key("stages"), newValue.Key("stages"))
		oldValue, newValue = oldValue.Without("stages"), newValue.Without("stages")
	}
	change.Values = c.values(s.key, oldValue, newValue)
	if len(change.Values)+len(stages) > 0 {
		change.Also = c.basedOn(s.key, is.name)
	}
	switch {
	case change.Kind == Renamed || len(change.Values) > 0:
		return append([]Change{change}, stages...)
	case len(stages) > 0:
		stages[0].Also = change.Also
	}
	return stages
}

// basedOn lists the entries that are built on one, directly or not.
func (c *comparison) basedOn(section, name string) []string {
	if section != "workflows" && section != "templates" {
		return nil
	}
	var out []string
	for grown := true; grown; {
		grown = false
		for _, e := range c.now[section] {
			base := e.value.Key("based_on").Value()
			if (base == name || slices.Contains(out, base)) && base != "" && e.name != name && !slices.Contains(out, e.name) {
				out, grown = append(out, e.name), true
			}
		}
	}
	return out
}

// stageEntry is a stage with the number of the group it runs in.
type stageEntry struct {
	entry
	together []string // the stages that run beside it
}

func stageEntries(list *source.Node) []stageEntry {
	var out []stageEntry
	for item := range list.Items() {
		group := []*source.Node{item}
		if beside := item.Key("together"); beside.Kind() == source.List {
			group = slices.Collect(beside.Items())
		}
		var names []string
		for _, n := range group {
			names = append(names, n.Key("name").Value())
		}
		for i, n := range group {
			others := slices.Delete(slices.Clone(names), i, i+1)
			out = append(out, stageEntry{entry{names[i], n.Pos(), n}, others})
		}
	}
	return out
}

// stages compares the stages of a workflow.
func (c *comparison) stages(workflow string, old, now *source.Node) []Change {
	was, is := stageEntries(old), stageEntries(now)
	former := formerStages(was, is)
	kept := unmoved(stageNames(was), stageNames(is), former)
	var out []Change
	for i, s := range is {
		change := Change{What: "stage", In: workflow, Name: s.name, New: at(s.pos)}
		j := slices.IndexFunc(was, func(o stageEntry) bool { return former[o.name] == s.name })
		if j < 0 {
			change.Kind, change.Where = Added, placeOf(stageNames(is), i)
			out = append(out, change)
			continue
		}
		change.Old, change.Values = at(was[j].pos), c.values("stage", was[j].value.Without("name"), s.value.Without("name"))
		if a, b := c.beside(was[j], former), strings.Join(s.together, ", "); a != b {
			change.Values = append(change.Values, Value{Key: "runs beside", Old: a, New: b, OldPlace: at(was[j].pos), NewPlace: at(s.pos)})
		}
		change = change.named(was[j].name, s.name).placed(kept[s.name], placeOf(stageNames(is), i))
		if change.Kind != "" {
			out = append(out, change)
		}
	}
	for _, s := range was {
		if former[s.name] == "" {
			out = append(out, Change{Kind: Removed, What: "stage", In: workflow, Name: s.name, Old: at(s.pos)})
		}
	}
	return out
}

func (c *comparison) beside(s stageEntry, former map[string]string) string {
	var names []string
	for _, n := range s.together {
		names = append(names, firstOf(former[n], n))
	}
	return strings.Join(names, ", ")
}

// named says whether a paired entry has changed, and whether it bears another name.
func (c Change) named(was, is string) Change {
	if len(c.Values) > 0 {
		c.Kind = Changed
	}
	if was != is {
		c.Kind, c.Was = Renamed, was
	}
	return c
}

// placed says where an entry stands now that has left its order.
func (c Change) placed(kept bool, where string) Change {
	if kept {
		return c
	}
	c.Where = where
	if c.Kind == "" {
		c.Kind = Moved
	} else {
		c.Where = "moves " + where
	}
	return c
}

func stageNames(list []stageEntry) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.name)
	}
	return out
}

// formerStages maps each old stage to its name of today.
func formerStages(was, is []stageEntry) map[string]string {
	out := map[string]string{}
	c := &comparison{old: parts{}, now: parts{}}
	for _, s := range was {
		c.old["stage"] = append(c.old["stage"], s.entry)
	}
	for _, s := range is {
		c.now["stage"] = append(c.now["stage"], s.entry)
		if c.old.find("stage", s.name) != nil {
			out[s.name] = s.name
		}
	}
	gone, fresh := c.lonely("stage")
	for old, now := range c.matches("stage", gone, fresh) {
		out[old] = now
	}
	return out
}

// pairRules maps each old rule to its name of today.
func (c *comparison) pairRules() map[string]string {
	out := map[string]string{}
	for _, e := range c.old["rules"] {
		if c.now.find("rules", e.name) != nil {
			out[e.name] = e.name
		}
	}
	gone, fresh := c.lonely("rules")
	for old, now := range c.matches("rules", gone, fresh) {
		out[old] = now
	}
	return out
}

// rules compares the list of rules, in which the order decides.
func (c *comparison) rules() []Change {
	was, is := entryNames(c.old["rules"]), entryNames(c.now["rules"])
	kept := unmoved(was, is, c.sameRules)
	var out []Change
	for i, e := range c.now["rules"] {
		change := Change{What: "rule", Name: e.name, New: at(e.pos)}
		j := slices.IndexFunc(c.old["rules"], func(o entry) bool { return c.sameRules[o.name] == e.name })
		if j < 0 {
			change.Kind, change.Where = Added, placeOf(is, i)
			out = append(out, change)
			continue
		}
		o := c.old["rules"][j]
		change.Old, change.Values = at(o.pos), c.values("rules", o.value.Without("name"), e.value.Without("name"))
		if change = change.named(o.name, e.name).placed(kept[e.name], placeOf(is, i)); change.Kind != "" {
			out = append(out, change)
		}
	}
	for _, e := range c.old["rules"] {
		if c.sameRules[e.name] == "" {
			out = append(out, Change{Kind: Removed, What: "rule", Name: e.name, Old: at(e.pos)})
		}
	}
	return out
}

func entryNames(list []entry) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.name)
	}
	return out
}

func placeOf(names []string, i int) string {
	if i+1 < len(names) {
		return fmt.Sprintf("before %q", names[i+1])
	}
	return "at the end"
}

// unmoved finds the largest part of a list that is in the order it was: the names of today that have not moved. What
// is new has not moved either.
func unmoved(was, is []string, former map[string]string) map[string]bool {
	rank := map[string]int{}
	for i, name := range was {
		if now := former[name]; now != "" {
			rank[now] = i + 1
		}
	}
	best, from := make([]int, len(is)), make([]int, len(is))
	last := -1
	for i, name := range is {
		best[i], from[i] = 1, -1
		if rank[name] == 0 {
			best[i] = 0
			continue
		}
		for j := range i {
			if rank[is[j]] > 0 && rank[is[j]] < rank[name] && best[j]+1 > best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	kept := map[string]bool{}
	for ; last >= 0; last = from[last] {
		kept[is[last]] = true
	}
	for _, name := range is {
		kept[name] = kept[name] || rank[name] == 0
	}
	return kept
}
