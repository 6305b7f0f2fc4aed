package rules

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/source"
)

// unwritten lists what a key means where it is not written, by section and key: writing it out changes nothing.
func unwritten(section, key string) string {
	switch section + "." + key {
	case "stage.needs":
		return "1"
	case "stage.four_eyes":
		return "true"
	case "stage.assurance":
		return "chat"
	case "stage.on_changes":
		return "back to designer"
	case "rules.continue", "field.required":
		return "false"
	case "field.type":
		return "text"
	}
	return ""
}

// ordered reports whether the order of a list means something; elsewhere a list is a set of words.
func ordered(key string) bool {
	return slices.Contains([]string{"choices", "checklist", "to", "reviewers", "groups", "subtasks", "ask_for", "after"}, key)
}

// identity is the key by which the maps of a list are told apart, "" where they have none.
func identity(list string) string {
	switch list {
	case "ask_for":
		return "field"
	case "subtasks":
		return "title"
	}
	return ""
}

// values lists the keys below two nodes that differ.
func (c *comparison) values(section string, old, now *source.Node) []Value {
	d := &valueDiff{c: c, section: section}
	if old.Kind() == source.Map && now.Kind() == source.Map {
		d.maps("", old, now)
	} else {
		d.any("", section, old, now)
	}
	return d.out
}

type valueDiff struct {
	c       *comparison
	section string
	out     []Value
}

// maps compares two maps key by key: first the keys of today in their order, then those that are gone.
func (d *valueDiff) maps(path string, old, now *source.Node) {
	for key, value := range now.Pairs() {
		d.any(joined(path, key.Value()), key.Value(), old.Key(key.Value()), value)
	}
	for key, value := range old.Pairs() {
		if now.Key(key.Value()) == nil {
			d.any(joined(path, key.Value()), key.Value(), value, nil)
		}
	}
}

func joined(path, key string) string {
	word := strings.ReplaceAll(key, "_", " ")
	if path == "" {
		return word
	}
	return path + " / " + word
}

func (d *valueDiff) any(path, key string, old, now *source.Node) {
	switch {
	case old.Kind() == source.Map && now.Kind() == source.Map:
		d.maps(path, old, now)
	case ofMaps(old) || ofMaps(now):
		d.lists(path, key, old, now)
	default:
		d.scalars(path, key, old, now)
	}
}

// ofMaps reports whether a node is a list of maps.
func ofMaps(n *source.Node) bool {
	for item := range n.Items() {
		return item.Kind() == source.Map
	}
	return false
}

// lists compares two lists of maps: by what identifies their items, else by their number.
func (d *valueDiff) lists(path, key string, old, now *source.Node) {
	was, is := slices.Collect(old.Items()), slices.Collect(now.Items())
	id := identity(key)
	if id == "" {
		d.numbered(path, was, is)
		return
	}
	find := func(list []*source.Node, name string) *source.Node {
		i := slices.IndexFunc(list, func(n *source.Node) bool { return n.Key(id).Value() == name })
		if i < 0 {
			return nil
		}
		return list[i]
	}
	for _, item := range is {
		name := item.Key(id).Value()
		d.item(path+" / "+name, find(was, name), item, id)
	}
	for _, item := range was {
		if name := item.Key(id).Value(); find(is, name) == nil {
			d.item(path+" / "+name, item, nil, id)
		}
	}
	d.order(path, id, was, is)
}

// item compares two entries of a list that are the same one; one of them may be nil.
func (d *valueDiff) item(path string, old, now *source.Node, id string) {
	if old != nil && now != nil {
		within := &valueDiff{c: d.c, section: "field"}
		within.maps(path, old.Without(id), now.Without(id))
		d.out = append(d.out, within.out...)
		return
	}
	d.add(path, old, now, wordsOr(old, id), wordsOr(now, id))
}

// wordsOr says what an entry of a list holds beside its name.
func wordsOr(n *source.Node, id string) string {
	if n == nil {
		return ""
	}
	return firstOf(words(n.Without(id)), "yes")
}

// order says that the entries of a list stand in another order.
func (d *valueDiff) order(path, id string, was, is []*source.Node) {
	names := func(list, other []*source.Node) []string {
		var out []string
		for _, n := range list {
			name := n.Key(id).Value()
			if slices.ContainsFunc(other, func(o *source.Node) bool { return o.Key(id).Value() == name }) {
				out = append(out, name)
			}
		}
		return out
	}
	if a, b := names(was, is), names(is, was); !slices.Equal(a, b) {
		d.out = append(d.out, Value{Key: path + " / order", Old: strings.Join(a, ", "), New: strings.Join(b, ", "), OldPlace: at(was[0].Pos()), NewPlace: at(is[0].Pos())})
	}
}

// numbered compares lists whose items have no names: what both have, in order, is left out; the rest is compared one by
// one.
func (d *valueDiff) numbered(path string, was, is []*source.Node) {
	for len(was) > 0 && len(is) > 0 && d.equal(was[len(was)-1], is[len(is)-1]) {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	for i := range max(len(was), len(is)) {
		var a, b *source.Node
		if i < len(was) {
			a = was[i]
		}
		if i < len(is) {
			b = is[i]
		}
		name := fmt.Sprintf("line %d", i+1)
		if path != "" {
			name = path + " / " + name
		}
		if a.Kind() == source.Map && b.Kind() == source.Map {
			d.maps(name, a, b)
		} else if !d.equal(a, b) {
			d.add(name, a, b, words(a), words(b))
		}
	}
}

func (d *valueDiff) equal(a, b *source.Node) bool {
	other := &valueDiff{c: d.c, section: d.section}
	other.any("", "", a, b)
	return len(other.out) == 0
}

// scalars compares words and lists of words.
func (d *valueDiff) scalars(path, key string, old, now *source.Node) {
	was, is := d.list(key, old), d.list(key, now)
	for i := range was {
		was[i] = d.today(key, was[i])
	}
	a, b := slices.Clone(was), slices.Clone(is)
	if !ordered(key) && d.section != "groups" {
		slices.Sort(a)
		slices.Sort(b)
	}
	if slices.Equal(a, b) {
		return
	}
	d.add(path, old, now, strings.Join(was, ", "), strings.Join(is, ", "))
}

// list is a value as words: one word and a list of it are the same.
func (d *valueDiff) list(key string, n *source.Node) []string {
	switch n.Kind() {
	case source.List:
		var out []string
		for item := range n.Items() {
			out = append(out, words(item))
		}
		return out
	case source.Scalar:
		return []string{d.plain(key, n.Value())}
	case source.Map:
		return []string{words(n)}
	}
	if v := unwritten(d.section, key); v != "" {
		return []string{v}
	}
	return nil
}

// plain writes values that mean the same in one way.
func (d *valueDiff) plain(key, value string) string {
	value = strings.Join(strings.Fields(value), " ")
	if g := ofRE.FindStringSubmatch(value); g != nil && key == "needs" {
		return g[1]
	}
	if v := unwritten(d.section, key); v == "true" || v == "false" {
		switch strings.ToLower(value) {
		case "yes", "on", "true":
			return "true"
		case "no", "off", "false":
			return "false"
		}
	}
	return value
}

// today gives a name of the old rules as it is called now: what follows a rename is no change of its own.
func (d *valueDiff) today(key, value string) string {
	for _, s := range comparedSections() {
		if !refersTo(s.key, key) {
			continue
		}
		for _, prefix := range s.refs {
			if name, ok := strings.CutPrefix(value, prefix); ok {
				if now := d.c.renamed[s.key+"/"+name]; now != "" {
					return prefix + now
				}
			}
		}
	}
	return value
}

// refersTo reports whether the values of a key name entries of a section.
func refersTo(section, key string) bool {
	people := []string{"reviewers", "to", "tell", "veto", "backup", "author", "requester", "groups", "assign"}
	switch section {
	case "templates":
		return slices.Contains([]string{"template", "type", "based_on"}, key)
	case "workflows":
		return slices.Contains([]string{"workflow", "based_on"}, key)
	case "reminders":
		return key == "reminders"
	case "escalations":
		return key == "escalation"
	case "texts":
		return key == "text"
	case "people", "groups":
		return slices.Contains(people, key)
	case "calendars":
		return key == "calendar"
	}
	return false
}

func (d *valueDiff) add(path string, old, now *source.Node, was, is string) {
	v := Value{Key: firstOf(path, "value"), Old: was, New: is}
	if old != nil {
		v.OldPlace = at(old.Pos())
	}
	if now != nil {
		v.NewPlace = at(now.Pos())
	}
	d.out = append(d.out, v)
}

// words writes a value on one line.
func words(n *source.Node) string {
	switch n.Kind() {
	case source.Scalar:
		return strings.Join(strings.Fields(n.Value()), " ")
	case source.List:
		var out []string
		for item := range n.Items() {
			out = append(out, words(item))
		}
		return "[" + strings.Join(out, ", ") + "]"
	case source.Map:
		var out []string
		for key, value := range n.Pairs() {
			out = append(out, strings.ReplaceAll(key.Value(), "_", " ")+": "+words(value))
		}
		return strings.Join(out, ", ")
	}
	return ""
}
