package rules

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/flow"
	"signoff/internal/source"
)

// Person is somebody in the directory.
type Person struct {
	flow.Person
	Pins         map[string]string // account by connector: "slack": "U…", "jira": "557058:…"
	Groups       []string
	Skills       []string
	HoursPerWeek float64 // 0: the hours of the calendar
	Calendar     string  // "" means the workspace's
	Away         []string

	cal *calendar.Calendar
}

// People lists the directory in file order.
func (s *Set) People() []Person {
	out := make([]Person, 0, len(s.dir.people))
	for _, p := range s.dir.people {
		out = append(out, *p)
	}
	return out
}

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
	if !l.Map(n, source.Shape{Of: "a calendar", Keys: []string{"time_zone", "hours", "holidays", "closed"}, Required: []string{"time_zone", "hours"},
		Instead: map[string]string{"zone": "time_zone", "tz": "time_zone", "closures": "closed", "working_hours": "hours"}}) {
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

var (
	emailRE = regexp.MustCompile(`^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$`)
	slackRE = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
)

func (l *loader) person(name, n *source.Node, badCalendars map[string]bool) {
	if !l.Map(n, source.Shape{
		Of:       "a person",
		Keys:     []string{"name", "email", "calendar", "skills", "hours_per_week", "backup", "away", "slack", "jira", "quiet_hours", "language"},
		Required: []string{"name"},
		Instead:  map[string]string{"mail": "email", "cover": "backup", "capacity": "hours_per_week", "holiday": "away", "zone": "calendar", "time_zone": "calendar"},
		Examples: map[string]string{"calendar": "calendar: london"},
	}) {
		return
	}
	p := &Person{Person: flow.Person{Name: name.Value()}, Pins: map[string]string{}}
	p.Shown, _ = l.Text(n.Key("name"))
	p.Email, _ = l.Text(n.Key("email"))
	if p.Email != "" && !emailRE.MatchString(p.Email) {
		l.Errorf(n.Key("email").Pos(), "SO125", "%q is not an e-mail address", p.Email)
	}
	p.Skills, _ = l.Strings(n.Key("skills"))
	p.Calendar, _ = l.Text(n.Key("calendar"))
	p.Backup, _ = l.Text(n.Key("backup"))
	if hours, ok := l.Number(n.Key("hours_per_week")); ok {
		if hours < 0 || hours > 168 {
			l.Errorf(n.Key("hours_per_week").Pos(), "SO127", "a week does not have %g working hours", hours)
		}
		p.HoursPerWeek = hours
	}
	l.away(p, n.Key("away"))
	l.pins(p, n)
	l.quiet(n.Key("quiet_hours"))
	_, _ = l.Text(n.Key("language"))
	l.personCalendar(p, n.Key("calendar"), badCalendars)
	l.set.dir.people = append(l.set.dir.people, p)
	l.set.dir.byName[p.Name] = p
}

func (l *loader) personCalendar(p *Person, n *source.Node, bad map[string]bool) {
	d := l.set.dir
	p.cal = d.studio
	if p.Calendar != "" {
		p.cal = d.calendars[p.Calendar]
		if p.cal == nil && !bad[p.Calendar] {
			l.unknown(n, "SO122", "calendar", p.Calendar, slices.Collect(maps.Keys(d.calendars)))
		}
	}
	p.Zone = l.set.zone
	if p.cal != nil && (p.Calendar != "" || d.calendars[d.calName] != nil) {
		p.Zone = p.cal.Location()
	}
}

// away checks days like closed: in a calendar. Cover during absence is decided elsewhere; see docs/rules.md.
func (l *loader) away(p *Person, n *source.Node) {
	for _, item := range l.Texts(n) {
		_, err := calendar.New(calendar.Spec{Zone: "UTC", Hours: map[string][]string{"mon-sun": {"00:00-24:00"}}, Closed: []string{item.Value()}})
		var all calendar.Errors
		if errors.As(err, &all) {
			what, hint, _ := strings.Cut(all[0].Err.Error(), ": ")
			l.Errorf(item.Pos(), "SO129", "%q %s", item.Value(), what)
			l.Hint("%s", hint)
			continue
		}
		p.Away = append(p.Away, item.Value())
	}
}

func (l *loader) pins(p *Person, n *source.Node) {
	if id, ok := l.Text(n.Key("slack")); ok {
		if !slackRE.MatchString(id) {
			l.Errorf(n.Key("slack").Pos(), "SO125", "%q is not a Slack member id", id)
			l.Hint("it looks like U012AB3CD: in Slack, open the profile and choose Copy member ID")
		}
		p.Pins["slack"] = id
	}
	if id, ok := l.Text(n.Key("jira")); ok {
		p.Pins["jira"] = id
	}
}

var quietRE = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$`)

func (l *loader) quiet(n *source.Node) {
	if s, ok := l.Text(n); ok && !quietRE.MatchString(s) {
		l.Errorf(n.Pos(), "SO127", "%q is not a stretch of hours", s)
		l.Hint(`write "19:00-08:30"`)
	}
}

// emails reports an address that two people have: a vote could not be told apart.
func (l *loader) emails() {
	d := l.set.dir
	for _, p := range d.people {
		if p.Email == "" {
			continue
		}
		key := strings.ToLower(p.Email)
		if other, twice := d.byEmail[key]; twice {
			n := l.entry("people", p.Name).Key("email")
			l.Errorf(n.Pos(), "SO125", "%s has the e-mail address of %s", p.Name, other)
			l.Hint("each person needs their own: votes are told apart by it")
			continue
		}
		d.byEmail[key] = p.Name
	}
	l.sharedPins()
}

func (l *loader) sharedPins() {
	first := map[string]string{}
	for _, p := range l.set.dir.people {
		for _, kind := range slices.Sorted(maps.Keys(p.Pins)) {
			key := kind + " " + p.Pins[kind]
			if other, twice := first[key]; twice {
				l.Errorf(l.entry("people", p.Name).Key(kind).Pos(), "SO125", "%s has the %s account of %s", p.Name, kind, other)
				continue
			}
			first[key] = p.Name
		}
	}
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

// backups checks that backups exist and warns where they only point at each other.
func (l *loader) backups() {
	d := l.set.dir
	for _, p := range d.people {
		n := l.entry("people", p.Name).Key("backup")
		switch {
		case p.Backup == "":
		case p.Backup == p.Name:
			l.Errorf(n.Pos(), "SO121", "%s cannot be their own backup", p.Name)
		case d.byName[p.Backup] == nil:
			l.unknown(n, "SO121", "person", p.Backup, l.peopleNames())
		default:
			l.backupCycle(p, n)
		}
	}
}

// backupCycle warns of a circle of three or more. Two who stand in for each other are a pair, and meant.
func (l *loader) backupCycle(p *Person, n *source.Node) {
	chain := []string{p.Name}
	for next := p; next != nil && next.Backup != ""; next = l.set.dir.byName[next.Backup] {
		chain = append(chain, next.Backup)
		if next.Backup == p.Name {
			if len(chain) > 3 && slices.Min(chain) == p.Name { // say it once per circle
				l.Warnf(n.Pos(), "SO204", "backups go round in a circle: %s", strings.Join(chain, " → "))
				l.Hint("when all of them are away nobody is left to stand in")
			}
			return
		}
		if len(chain) > len(l.set.dir.people)+1 {
			return
		}
	}
}
