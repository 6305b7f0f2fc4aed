package rules

import (
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/internal/calendar"
	"signoff/internal/source"
)

// reminder is one line of a reminder plan: at a share of the time limit, or by cron.
type reminder struct {
	pos     source.Pos
	percent int
	cron    calendar.Schedule
	hasCron bool
	zone    *time.Location // nil: the recipient's
	to      []who
	where   []string
	digest  bool
	text    string
}

// escalationStep is one line of an escalation chain.
type escalationStep struct {
	pos        source.Pos
	limit      bool // after: time limit
	after      calendar.Span
	more       bool // counted from the step before
	tell       []who
	channels   []string // "#creative-ops"
	mayApprove bool
	where      []string
	text       string
}

var percentRE = pattern.New(`^(\d{1,3}) ?% of (?:the )?time limit$`)

func (l *loader) reminders() {
	for name, value := range l.entries("reminders") {
		items, ok := l.List(value)
		if !ok {
			continue
		}
		plan := []*reminder{}
		for _, item := range items {
			if r := l.reminder(item); r != nil {
				plan = append(plan, r)
			}
		}
		l.set.rules.reminders[name.Value()] = plan
	}
}

func (l *loader) reminder(n *source.Node) *reminder {
	if !l.Map(n, reminderShape()) {
		return nil
	}
	r := &reminder{pos: n.Pos()}
	switch hasAt, hasCron := n.Key("at") != nil, n.Key("cron") != nil; {
	case hasAt && hasCron:
		l.Errorf(n.KeyNode("cron").Pos(), "SO134", "a reminder has either at or cron")
		l.Hint("make two reminders of it")
	case hasAt:
		l.share(r, n.Key("at"))
	case hasCron:
		l.cron(r, n)
	default:
		l.Require(n, "a reminder", "at")
		l.Hint(`write at: 50%% of time limit, or cron: "30 9 * * 1-5"`)
	}
	if v := n.Key("time_zone"); v != nil && !r.hasCron && n.Key("cron") == nil {
		l.Errorf(v.Pos(), "SO134", "time_zone goes with cron")
		l.Hint("a share of the time limit is counted in each reviewer's own calendar")
	}
	r.to = l.who(n.Key("to"), "reviewers", "waiting reviewers", "requester", "assignee")
	r.where = l.via(n.Key("via"))
	if as, ok := l.Enum(n.Key("as"), reminderShape().Words("as")...); ok {
		r.digest = as == "digest"
	}
	r.text = l.textKey(n.Key("text"))
	return r
}

func (l *loader) share(r *reminder, n *source.Node) {
	s, ok := l.Text(n)
	if !ok {
		return
	}
	g := percentRE.FindStringSubmatch(s)
	if g == nil {
		l.Errorf(n.Pos(), "SO134", "%q is not a share of the time limit", s)
		l.Hint("write 50%% of time limit")
		return
	}
	r.percent = atoi(g[1])
	if r.percent < 1 || r.percent > 100 {
		l.Errorf(n.Pos(), "SO134", "a reminder comes between 1%% and 100%% of the time limit, not at %d%%", r.percent)
		l.Hint("after the time limit an escalation takes over")
	}
}

func (l *loader) cron(r *reminder, n *source.Node) {
	line, ok := l.Text(n.Key("cron"))
	if ok {
		schedule, err := calendar.ParseCron(line)
		if err != nil {
			what, hint, _ := strings.Cut(strings.TrimPrefix(err.Error(), "cron line "), ": ")
			l.Errorf(n.Key("cron").Pos(), "SO133", "the cron line %s", what)
			if hint != "" {
				l.Hint("%s", hint)
			}
		} else {
			r.cron, r.hasCron = schedule, true
		}
	}
	zone, ok := l.Text(n.Key("time_zone"))
	if !ok || zone == "recipient" {
		l.gap(r, n.Key("cron"), l.zones())
		return
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		l.Errorf(n.Key("time_zone").Pos(), "SO128", "%q is not a known time zone", zone)
		l.Hint(`write recipient, or an IANA name such as "Europe/London"`)
		return
	}
	r.zone = loc
	l.gap(r, n.Key("cron"), []*time.Location{loc})
}

// zones lists the zones of the directory and the workspace, each once, by name.
func (l *loader) zones() []*time.Location {
	byName := map[string]*time.Location{l.set.zone.String(): l.set.zone}
	for _, c := range l.set.dir.calendars {
		byName[c.Location().String()] = c.Location()
	}
	var out []*time.Location
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// The years in which gaps are looked for. They are fixed, because the rules have no clock.
const firstGapYear, lastGapYear = 2026, 2030

// gap warns of a line that falls into an hour which the clocks skip.
func (l *loader) gap(r *reminder, n *source.Node, zones []*time.Location) {
	if !r.hasCron {
		return
	}
	from, to := time.Date(firstGapYear, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(lastGapYear, 12, 31, 0, 0, 0, 0, time.UTC)
	for _, zone := range zones {
		slots := r.cron.InGap(zone, from, to)
		if len(slots) == 0 {
			continue
		}
		l.Warnf(n.Pos(), "SO206", "%s does not exist in %s: the clocks go forward", strings.Replace(slots[0].Label, "T", " ", 1), zone)
		l.Hint("it then runs at %s; choose another hour to avoid it", slots[0].At.In(zone).Format("15:04"))
		return
	}
}

func (l *loader) escalations() {
	for name, value := range l.entries("escalations") {
		items, ok := l.List(value)
		if !ok {
			continue
		}
		steps := []*escalationStep{}
		for i, item := range items {
			if s := l.escalation(item, i == 0); s != nil {
				steps = append(steps, s)
			}
		}
		l.set.rules.escalations[name.Value()] = steps
	}
}

func (l *loader) escalation(n *source.Node, first bool) *escalationStep {
	if !l.Map(n, escalationShape()) {
		return nil
	}
	s := &escalationStep{pos: n.Pos()}
	l.after(s, n.Key("after"), first)
	l.tell(s, n.Key("tell"))
	if and, ok := l.Enum(n.Key("and"), escalationShape().Words("and")...); ok {
		s.mayApprove = and == "may approve"
		if len(s.tell) == 0 && len(s.channels) > 0 {
			l.Errorf(n.Key("and").Pos(), "SO139", "a channel cannot approve")
			l.Hint("tell a person or a group")
		}
	}
	s.where = l.via(n.Key("via"))
	s.text = l.textKey(n.Key("text"))
	return s
}

func (l *loader) after(s *escalationStep, n *source.Node, first bool) {
	words, ok := l.Text(n)
	if !ok {
		return
	}
	if words == "time limit" {
		s.limit = true
		if !first {
			l.Errorf(n.Pos(), "SO139", "only the first step of a chain can come at the time limit")
			l.Hint("write how much later: 4 working hours more")
		}
		return
	}
	span, more := strings.CutSuffix(words, " more")
	if more && first {
		l.Errorf(n.Pos(), "SO139", "the first step of a chain has nothing to come later than")
		l.Hint("write time limit, or a length of time from the start of the stage: 8 working hours")
	}
	parsed, err := calendar.ParseSpan(span)
	if err != nil {
		l.badSpan(n, span, err)
	}
	s.after, s.more = parsed, more
}

// tell splits people from channels.
func (l *loader) tell(s *escalationStep, n *source.Node) {
	for _, item := range l.Texts(n) {
		if strings.HasPrefix(item.Value(), "#") {
			s.channels = append(s.channels, item.Value())
			continue
		}
		if w, ok := l.oneWho(item, []string{"backup", "requester", "assignee", "reviewers"}); ok {
			s.tell = append(s.tell, w)
		}
	}
}

// via reads where a message goes: "slack dm", "slack thread", "email", or a channel. What is known but not configured
// falls back to a direct message, with a warning.
func (l *loader) via(n *source.Node) []string {
	var out []string
	add := func(where string) {
		if !slices.Contains(out, where) {
			out = append(out, where)
		}
	}
	for _, item := range l.Texts(n) {
		word := item.Value()
		if strings.HasPrefix(word, "#") && len(word) > 1 {
			add(word)
			continue
		}
		channel, place, _ := strings.Cut(word, " ")
		switch {
		case !l.knownVia(channel, place):
			l.Errorf(item.Pos(), source.CodeChoice, "%q is not a way to reach people", word)
			l.Hint("%s", viaHint(word))
		case !slices.Contains(l.options.Channels, channel), place != "" && !l.options.Chat:
			l.Warnf(item.Pos(), "SO201", "%s is not configured, so this goes to the person directly", channel)
			hint := "configure connectors." + channel
			if place != "dm" {
				hint += ", or write slack dm"
			}
			l.Hint("%s", hint)
			add("dm")
		case place == "thread":
			add("thread")
		case channel == "email":
			add("email")
		default:
			add("dm")
		}
	}
	return out
}

func viaWords() []string { return []string{"slack dm", "slack thread", "email"} }

func viaHint(word string) string {
	if near := nearest(word, viaWords()); near != "" {
		return `did you mean "` + near + `"?`
	}
	return "one of: slack thread, slack dm, email, or a channel such as #creative-ops"
}

// knownVia reports whether a way to reach people is one that rules know: e-mail, or a chat with a place in it.
func (l *loader) knownVia(channel, place string) bool {
	if channel == "email" {
		return place == ""
	}
	chat := channel == "slack" || slices.Contains(l.options.Channels, channel)
	return chat && (place == "dm" || place == "thread")
}
