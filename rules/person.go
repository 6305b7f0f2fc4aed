package rules

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"signoff/internal/pattern"

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

	cal   *calendar.Calendar
	quiet quiet
}

// People lists the directory in file order.
func (s *Set) People() []Person {
	out := make([]Person, 0, len(s.dir.people))
	for _, p := range s.dir.people {
		out = append(out, *p)
	}
	return out
}

func (l *loader) person(name, n *source.Node, badCalendars map[string]bool) {
	if !l.Map(n, personShape()) {
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
	p.quiet = l.quiet(n.Key("quiet_hours"))
	p.Language, _ = l.Text(n.Key("language"))
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

var (
	emailRE = pattern.New(`^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$`)
	slackRE = pattern.New(`^[UW][A-Z0-9]{2,}$`)
)

// away reads days like closed: in a calendar.
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
	for _, kind := range []string{"jira", "github", "figma", "adobe"} {
		if id, ok := l.Text(n.Key(kind)); ok {
			p.Pins[kind] = id
		}
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
	l.set.filed = l.set.readFiled()
	l.coverCircles()
}

// coverCircles reports absences of the file during which a chain of backups comes back to itself, because everybody of it
// is away at one time.
func (l *loader) coverCircles() {
	if l.Errors() > 0 {
		return
	}
	filed := l.set.filed
	told := map[string]bool{}
	for _, a := range filed {
		chain := l.set.Circle(filed, a)
		if chain == nil {
			continue
		}
		key := strings.Join(slices.Sorted(slices.Values(chain[:len(chain)-1])), " ")
		if told[key] {
			continue // the same people, seen from another of them
		}
		told[key] = true
		n := l.entry("people", a.Person).Key("away")
		l.Errorf(n.Pos(), "SO161", "while %s is away nobody stands in: %s", l.set.dir.byName[a.Person].Shown, strings.Join(chain, " → "))
		l.Hint("all of them are away then; give one of them another backup")
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
