package rules

import (
	"strings"

	"signoff/internal/calendar"
	"signoff/internal/source"
)

// Schema is the JSON Schema of rule files. It is made from the shapes that Compile reads by.
func Schema() ([]byte, error) {
	return source.Schema(fileShape(), source.SchemaOptions{Title: "signoff rules"})
}

// namePattern is what the reader takes as the name of an entry; a reader of patterns that counts bytes would count wrongly, so
// the length is left to the loader.
const namePattern = `^[\p{L}\p{N}_.-]+$`

// spanIn is the pattern of a length of time between other words.
func spanIn(before, after string) string {
	return "^" + before + strings.TrimSuffix(strings.TrimPrefix(calendar.SpanPattern, "^"), "$") + after + "$"
}

func spanForm() source.Form { return source.Like(calendar.SpanPattern) }

// spanExamples are the written forms that editors offer.
func spanExamples() []string { return []string{"8 working hours", "2 working days", "3 days"} }

func fileShape() source.Shape {
	return source.Shape{
		Of: "a rule file", Doc: "How the studio works: who there is, what requests look like, who approves, who is reminded, which rule applies. Several files are read as one.",
		Keys: append([]source.Key{{Name: "version", Form: source.Exactly(1), Doc: "The form of the language. This program reads version: 1.", Examples: []string{"1"}}},
			append(directoryShape(), rulesetShape()...)...),
	}
}

func directoryShape() []source.Key {
	return []source.Key{
		{Name: "calendars", Form: entriesOf(source.Keyed(calendarShape)), Instead: []string{"schedules"},
			Doc: "Working time by name: zone, hours, holidays. Time limits and working days are counted in them."},
		{Name: "people", Form: entriesOf(source.Keyed(personShape)), Instead: []string{"users", "staff"},
			Doc: "Everybody who may decide or do work, by a short name. Somebody outside this table may ask for work, but never decides."},
		{Name: "groups", Form: entriesOf(source.Texts()), Instead: []string{"teams"},
			Doc: "Lists of people by name; elsewhere a group is written group:NAME.", Examples: []string{"{brand: [ana, dana]}"}},
	}
}

func rulesetShape() []source.Key {
	return []source.Key{
		{Name: "templates", Form: entriesOf(source.Keyed(templateShape).OrEmpty()), Instead: []string{"types", "request_types"},
			Doc: "The types of request: what is asked for, the title, the effort, the subtasks."},
		{Name: "workflows", Form: entriesOf(source.Keyed(workflowShape)), Instead: []string{"approvals"},
			Doc: "How a request is approved: stages one after the other, or together."},
		{Name: "reminders", Form: entriesOf(source.ListOf(source.Keyed(reminderShape))),
			Doc: "Plans of reminders by name; a rule chooses one with reminders: NAME."},
		{Name: "escalations", Form: entriesOf(source.ListOf(source.Keyed(escalationShape))),
			Doc: "Chains by name of whom to tell, and when, after a time limit has passed; a rule chooses one with escalation: NAME."},
		{Name: "texts", Form: entriesOf(source.Either(source.AnyText(), source.Named(source.AnyText(), `^[a-z]{2}$`))), Instead: []string{"messages"},
			Doc: "Messages in your own words, one text or one per language. Look at one with: signoff render NAME"},
		{Name: "rules", Form: source.ListOf(source.Keyed(ruleShape)).OrEmpty(), Instead: []string{"routes"},
			Doc: "Which rule applies to a request: tried from top to bottom, the first that matches wins."},
	}
}

// entriesOf is a section of named entries, which may be empty.
func entriesOf(value source.Form) source.Form { return source.Named(value, namePattern).OrEmpty() }

func topKeys() []string { return fileShape().Names() }

func directoryKeys() []string { return source.Shape{Keys: directoryShape()}.Names() }

func rulesetKeys() []string { return source.Shape{Keys: rulesetShape()}.Names() }

func calendarShape() source.Shape {
	return source.Shape{Of: "a calendar", Doc: "When somebody works.", Keys: []source.Key{
		{Name: "time_zone", Form: source.AnyText(), Required: true, Instead: []string{"zone", "tz"}, Examples: []string{"Europe/London", "America/New_York"},
			Doc: "An IANA name. Abbreviations such as CET know nothing of summer time."},
		{Name: "hours", Form: source.Named(source.OneOrMore(source.Like(calendar.HoursPattern)), calendar.HoursKeyPattern), Required: true, Instead: []string{"working_hours"},
			Doc: "Stretches of work by day or run of days; several a day as a list.", Examples: []string{`{mon-thu: "09:30-18:00", fri: "09:30-16:30"}`}},
		{Name: "holidays", Form: source.Texts(), Doc: "Countries whose public holidays do not count, some with a region.", Examples: []string{"[gb]", "[us]", "[de-by]"}},
		{Name: "closed", Form: source.OneOrMore(source.Like(calendar.ClosedPattern)), Instead: []string{"closures"},
			Doc: "Days or runs of days on which nobody works, both ends included.", Examples: []string{`["2026-12-24..2027-01-01"]`}},
	}}
}

func personShape() source.Shape {
	pin := func(kind, doc string) source.Key { return source.Key{Name: kind, Form: source.AnyText(), Doc: doc} }
	return source.Shape{Of: "a person", Doc: "Somebody who may decide or do work.", Keys: []source.Key{
		{Name: "name", Form: source.AnyText(), Required: true, Doc: "As colleagues know them.", Examples: []string{"Ana Reyes"}},
		{Name: "email", Form: source.Like(emailRE.String()), Instead: []string{"mail"}, Doc: "Their address at work; accounts elsewhere are found by it once.", Examples: []string{"ana@lumen.example"}},
		{Name: "calendar", Form: source.AnyText(), Instead: []string{"zone", "time_zone"}, Doc: "One of calendars:. Without one the workspace's is used.", Examples: []string{"london"}},
		{Name: "skills", Form: source.Texts(), Doc: "What they can do; assignments and subtasks ask for it.", Examples: []string{"[brand, print]"}},
		{Name: "hours_per_week", Form: source.Between(0, 168), Instead: []string{"capacity"}, Doc: "How much work fits in their week. Default: the hours of their calendar.", Examples: []string{"30"}},
		{Name: "backup", Form: source.AnyText(), Instead: []string{"cover"}, Doc: "Who stands in while they are away, and whom escalations tell with tell: backup."},
		{Name: "away", Form: source.OneOrMore(source.Like(calendar.ClosedPattern)), Instead: []string{"holiday"}, Doc: "Days or runs of days on which they are away, both ends included.", Examples: []string{`["2026-12-01..2026-12-05"]`}},
		{Name: "slack", Form: source.Like(slackRE.String()), Doc: "Their Slack member id, where the e-mail address does not find them.", Examples: []string{"U012AB3CD"}},
		pin("jira", "Their account id (Cloud) or user name (Data Center) in Jira."), pin("github", "Their login on GitHub."),
		pin("figma", "Their user id in Figma."), pin("adobe", "Their user id in Frame.io."),
		{Name: "quiet_hours", Form: source.Like(quietRE.String()), Doc: "When reminders keep still; they come when it ends.", Examples: []string{`"19:00-08:30"`}},
		{Name: "language", Form: source.AnyText(), Doc: "The language of messages to them.", Examples: []string{"en", "de"}},
	}}
}
