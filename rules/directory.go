package rules

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/source"
)

// calendar returns the working time of a person; the studio's for people without one and for strangers.
func (d *directory) calendar(name string) *calendar.Calendar {
	if p := d.byName[name]; p != nil && p.cal != nil {
		return p.cal
	}
	return d.studio
}

// workspace reads the zone and the calendar that rules fall back to; config names the latter.
func (l *loader) workspace() {
	zone := l.options.Workspace.Zone
	if zone == "" {
		zone = "UTC"
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		l.Errorf(source.Pos{File: "workspace.time_zone"}, "SO128", "%q is not a known time zone", zone)
		l.Hint(`write an IANA name such as "Europe/London"`)
		return
	}
	l.set.zone = loc
	l.set.quiet, _ = ParseQuiet(l.options.Workspace.QuietHours) // config has checked it
}

func (l *loader) directory() {
	d := l.set.dir
	d.calendars = map[string]*calendar.Calendar{}
	bad := map[string]bool{}
	for name, value := range l.entries("calendars") {
		if c := l.calendar(value); c != nil {
			d.calendars[name.Value()] = c
		} else {
			bad[name.Value()] = true
		}
	}
	l.studio(bad)
	for name, value := range l.entries("people") {
		l.person(name, value, bad)
	}
	l.emails()
	for name, value := range l.entries("groups") {
		l.group(name, value)
	}
	l.backups()
}

// studio chooses the workspace's calendar: the one that config names, else the only one, else nine to five.
func (l *loader) studio(bad map[string]bool) {
	d, name := l.set.dir, l.options.Workspace.Calendar
	if name == "" && len(d.calendars) == 1 {
		for only := range d.calendars {
			name = only
		}
	}
	d.studio, d.calName = d.calendars[name], name
	if d.studio != nil {
		return
	}
	if name != "" && !bad[name] {
		l.unknown(nil, "SO122", "calendar", name, slices.Collect(maps.Keys(d.calendars)))
		l.Problems[len(l.Problems)-1].Pos = source.Pos{File: "workspace.calendar"}
	}
	zone := l.set.zone.String()
	d.studio, _ = calendar.New(calendar.Spec{Zone: zone, Hours: map[string][]string{"mon-fri": {"09:00-17:00"}}})
	d.calName = "Monday to Friday, 9:00 to 17:00"
}

// calendar reads one entry of calendars:; nil when it cannot be used.
func (l *loader) calendar(n *source.Node) *calendar.Calendar {
	before := l.Errors()
	if !l.Map(n, calendarShape()) {
		return nil
	}
	spec := calendar.Spec{Hours: map[string][]string{}}
	spec.Zone, _ = l.Text(n.Key("time_zone"))
	if hours := n.Key("hours"); hours != nil && hours.Kind() != source.Map {
		l.Wrong(hours, `days with their hours, such as {mon-thu: "09:30-18:00", fri: "09:30-16:30"}`)
	} else {
		for day, windows := range hours.Pairs() {
			spec.Hours[day.Value()], _ = l.Strings(windows)
		}
	}
	spec.Holidays, _ = l.Strings(n.Key("holidays"))
	spec.Closed, _ = l.Strings(n.Key("closed"))
	if l.Errors() > before {
		return l.partial(n, spec)
	}
	c, err := calendar.New(spec)
	l.calendarProblems(n, err)
	return c
}

// partial still looks for problems of a calendar that is already known to be wrong, except for what is missing.
func (l *loader) partial(n *source.Node, spec calendar.Spec) *calendar.Calendar {
	if spec.Zone == "" {
		spec.Zone = "UTC"
	}
	if len(spec.Hours) == 0 || n.Key("hours").Kind() != source.Map {
		spec.Hours = map[string][]string{"mon-fri": {"09:00-17:00"}}
	}
	for day, windows := range spec.Hours {
		if len(windows) == 0 {
			delete(spec.Hours, day)
		}
	}
	_, err := calendar.New(spec)
	l.calendarProblems(n, err)
	return nil
}

func (l *loader) calendarProblems(n *source.Node, err error) {
	var all calendar.Errors
	if !errors.As(err, &all) {
		return
	}
	for _, e := range all {
		node, code := calendarPlace(n, e)
		what, hint, _ := strings.Cut(e.Err.Error(), ": ")
		value := e.Value
		if value == "" {
			value = e.Key
		}
		switch {
		case sentence(what):
			l.Errorf(node.Pos(), code, "%s", what)
		case value == "":
			l.Errorf(node.Pos(), code, "%s %s", e.Field, what)
		default:
			l.Errorf(node.Pos(), code, "%q %s", value, what)
		}
		if hint != "" {
			l.Hint("%s", hint)
		}
	}
}

// sentence reports whether a calendar's complaint names what it speaks of: "fri already has its hours".
func sentence(s string) bool {
	first, _, _ := strings.Cut(s, " ")
	return slices.Contains([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun", "the", "no"}, first)
}

// calendarPlace finds the node that a calendar error speaks of.
func calendarPlace(n *source.Node, e *calendar.Error) (*source.Node, string) {
	pick := func(list *source.Node) *source.Node {
		i := 0
		for item := range list.Items() {
			if i == e.Index {
				return item
			}
			i++
		}
		return list
	}
	switch e.Field {
	case "zone":
		return n.Key("time_zone"), "SO128"
	case "hours":
		hours := n.Key("hours")
		if e.Key == "" {
			return hours, "SO127"
		}
		if value := hours.Key(e.Key); e.Value != "" && value != nil {
			return pick(value), "SO127"
		}
		return hours.KeyNode(e.Key), "SO127"
	case "holidays":
		return pick(n.Key("holidays")), "SO129"
	}
	if n.Key("closed") == nil {
		return n, "SO129"
	}
	return pick(n.Key("closed")), "SO129"
}

// entry finds the value of a named entry in any file.
func (l *loader) entry(section, name string) *source.Node {
	for _, s := range l.sections[section] {
		if n := s.value.Key(name); n != nil {
			return n
		}
	}
	return nil
}

func (l *loader) group(name, n *source.Node) {
	d := l.set.dir
	members := []string{}
	for _, item := range l.Texts(n) {
		member := item.Value()
		switch {
		case d.byName[member] == nil:
			l.unknown(item, "SO121", "person", member, l.peopleNames())
		case slices.Contains(members, member):
			l.Errorf(item.Pos(), "SO120", "%s is named twice in the group", member)
		default:
			members = append(members, member)
			d.byName[member].Groups = append(d.byName[member].Groups, name.Value())
		}
	}
	if n.Kind() == source.List && n.Len() == 0 {
		l.Errorf(n.Pos(), source.CodeType, "the group %s has nobody in it", name.Value())
	}
	d.groups[name.Value()] = members
}

func (l *loader) peopleNames() []string { return slices.Collect(maps.Keys(l.set.dir.byName)) }

func (l *loader) groupNames() []string { return slices.Collect(maps.Keys(l.set.dir.groups)) }
