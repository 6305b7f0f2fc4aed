package rehearsal

import (
	"signoff/internal/source"
)

// Shape describes a test file: what the parser reads and what editors complete.
func Shape() source.Shape {
	return source.Shape{Of: "a file of rule tests", Doc: "Tests of rule files: what comes in, what people do, and what should have happened.", Keys: []source.Key{
		{Name: "rules", Form: source.Texts(), Required: true, Instead: []string{"rule_files", "files"}, Doc: "The rule files that are tested, relative to this file; patterns leave tests out.", Examples: []string{"[studio.yaml]"}},
		nowKey(), zoneKey(),
		{Name: "calendar", Form: source.AnyText(), Doc: "The calendar that counts where a rule needs the studio's working time. Default: what config.yaml says, else the only one there is."},
		{Name: "tests", Form: source.ListOf(source.Keyed(testShape)), Required: true, Instead: []string{"cases", "test"}, Doc: "The tests, each on its own: nothing of one is left for the next."},
	}}
}

func nowKey() source.Key {
	return source.Key{Name: "now", Form: source.AnyScalar(), Instead: []string{"time", "start", "clock"}, Doc: "When it is at the beginning; the clock moves only when a step says so.", Examples: []string{`"2026-11-18 15:00"`}}
}

func zoneKey() source.Key {
	return source.Key{Name: "time_zone", Form: source.AnyText(), Instead: []string{"zone"}, Doc: "In which zone the times of the test are written.", Examples: []string{"Europe/London"}}
}

func expectKey() source.Key {
	return source.Key{Name: "expect", Form: source.Keyed(expectShape).OrEmpty(), Instead: []string{"expects", "then", "want", "assert"}, Doc: "What should be the case now; what is not mentioned may be anything."}
}

func testShape() source.Shape {
	return source.Shape{Of: "a test", Keys: []source.Key{
		{Name: "name", Form: source.AnyText(), Required: true, Instead: []string{"title"}, Doc: "What the test shows, as a sentence."},
		nowKey(), zoneKey(),
		{Name: "given", Form: source.Keyed(givenShape), Required: true, Instead: []string{"when", "input", "setup"}, Doc: "How it begins."},
		expectKey(),
		{Name: "steps", Form: source.ListOf(source.Keyed(stepShape)).OrEmpty(), Instead: []string{"then", "actions"}, Doc: "What happens next, one thing at a time."},
	}}
}

func givenShape() source.Shape {
	return source.Shape{Of: "given", Keys: append(sourceKeys(), []source.Key{
		{Name: "stage", Form: source.AnyText(), Doc: "With request: the stage it is in; what comes before it has been approved.", Examples: []string{"Brand review"}},
		{Name: "load", Form: source.Named(source.AnyNumber()), Instead: []string{"booked", "workload"}, Doc: "Hours of work that people have already.", Examples: []string{"{ana: 20, ben: 31}"}},
		{Name: "people_away", Form: source.Either(source.Texts(), source.Named(source.Either(source.AnyText(), source.Keyed(awayShape)).OrEmpty())), Instead: []string{"away", "absent"},
			Doc: "Who is away: names, or names with who covers for them.", Examples: []string{"[ana]", "{ana: dana}"}},
		{Name: "history", Form: source.ListOf(source.Keyed(historyShape)), Instead: []string{"before"}, Doc: "What came in earlier, in order: for turns, for load, and for what joins a request that is there."},
	}...)}
}

func historyShape() source.Shape {
	return source.Shape{Of: "history", Keys: sourceKeys()}
}

func awayShape() source.Shape {
	return source.Shape{Of: "an absence", Keys: []source.Key{
		{Name: "cover", Form: source.AnyText(), Instead: []string{"backup"}, Doc: "Who stands in. Default: the backup of the people table."},
		{Name: "until", Form: source.AnyScalar(), Doc: "The last day.", Examples: []string{`"2026-11-20"`}},
	}}
}

// sourceKeys are the ways in which a test may begin.
func sourceKeys() []source.Key {
	return []source.Key{
		{Name: "slack", Form: source.Keyed(slackShape), Instead: []string{"message", "chat"}, Doc: "Somebody asks for work in Slack."},
		{Name: "email", Form: source.Keyed(emailShape), Instead: []string{"mail"}, Doc: "Somebody asks for work by mail."},
		{Name: "figma", Form: source.Keyed(func() source.Shape { return fileShape("figma") }), Doc: "Something happens in a Figma file."},
		{Name: "adobe", Form: source.Keyed(func() source.Shape { return fileShape("adobe") }), Instead: []string{"frameio"}, Doc: "Something happens to a file at Adobe."},
		{Name: "github", Form: source.Keyed(githubShape), Doc: "An issue or pull request asks for sign-off."},
		{Name: "webhook", Form: source.Keyed(webhookShape), Instead: []string{"api"}, Doc: "A program asks for work."},
		{Name: "request", Form: openForm(requestShape), Doc: "A request that is there already, whichever rule made it."},
	}
}

func fromKey() source.Key {
	return source.Key{Name: "from", Form: source.AnyText(), Required: true, Instead: []string{"by", "author", "user", "who"}, Doc: "Who it is: a name of the people table, or anybody else.", Examples: []string{"maya"}}
}

func textKey(doc string) source.Key {
	return source.Key{Name: "text", Form: source.AnyText(), Instead: []string{"message", "body", "words"}, Doc: doc}
}

func formKeys() []source.Key {
	return []source.Key{
		{Name: "type", Form: source.AnyText(), Instead: []string{"template"}, Doc: "The type of request that was chosen in a form: the name of a template."},
		{Name: "title", Form: source.AnyText(), Doc: "The title that was written in a form."},
		{Name: "fields", Form: source.Named(source.Texts()), Doc: "What was filled in, by the names of the template's fields.", Examples: []string{"{brand: Nova}"}},
	}
}

func slackShape() source.Shape {
	keys := []source.Key{
		{Name: "channel", Form: source.AnyText(), Doc: "Where it is written.", Examples: []string{`"#design-requests"`}},
		fromKey(), textKey("What is written, without the mention of signoff."),
		{Name: "bot", Form: source.Truth(), Doc: "Whether a program wrote it."},
	}
	return source.Shape{Of: "a Slack message", Keys: append(keys, formKeys()...)}
}

func emailShape() source.Shape {
	return source.Shape{Of: "a mail", Keys: []source.Key{
		{Name: "from", Form: source.AnyText(), Required: true, Instead: []string{"by", "sender"}, Doc: "A name of the people table, or an address.", Examples: []string{"sam@client-a.example"}},
		{Name: "subject", Form: source.AnyText(), Instead: []string{"title"}, Doc: "Its subject."},
		textKey("What is written in it."),
		{Name: "verified", Form: source.OneOf("dmarc", "dkim", "spf", "none"), Doc: "How the mail server knows that the sender is who it says. Default: dmarc."},
	}}
}

func fileShape(of string) source.Shape {
	return source.Shape{Of: of, Keys: []source.Key{
		{Name: "event", Form: source.AnyText(), Required: true, Doc: "What happened.", Examples: []string{"file_comment", "file_version_update"}},
		{Name: "file", Form: source.AnyText(), Doc: "The name of the file. Default: Artwork."},
		fromKey(), textKey("The words of the comment, or of the version's description."),
		{Name: "version", Form: source.AnyText(), Doc: "The name of the version that was saved."},
	}}
}

func githubShape() source.Shape {
	return source.Shape{Of: "github", Keys: []source.Key{
		{Name: "event", Form: source.AnyText(), Required: true, Doc: "What happened.", Examples: []string{"pull_request", "issues"}},
		fromKey(),
		{Name: "title", Form: source.AnyText(), Doc: "The title of the issue or pull request."},
		textKey("Its description."),
	}}
}

func webhookShape() source.Shape {
	keys := []source.Key{
		{Name: "source", Form: source.AnyText(), Doc: "What rules know the program as. Default: api."},
		{Name: "event", Form: source.AnyText(), Doc: "What happened."},
		{Name: "from", Form: source.AnyText(), Instead: []string{"by", "requester"}, Doc: "For whom it asks."},
		textKey("What is asked for."),
	}
	return source.Shape{Of: "a webhook", Keys: append(keys, formKeys()...)}
}

// requestKeys are what every request has, besides the fields of its template.
func requestKeys() []string {
	var names []string
	for _, k := range requestShape().Keys {
		names = append(names, k.Name)
	}
	return names
}

func requestShape() source.Shape {
	return source.Shape{Of: "a request", Doc: "Besides these, every field of its template by its name.", Keys: []source.Key{
		{Name: "title", Form: source.AnyText(), Doc: "Its title."},
		{Name: "text", Form: source.AnyText(), Doc: "The words that asked for it."},
		{Name: "requester", Form: source.AnyText(), Instead: []string{"from", "by"}, Doc: "Who asked for it. Default: maya."},
		{Name: "template", Form: source.AnyText(), Instead: []string{"type"}, Doc: "Its type: the name of a template."},
		{Name: "workflow", Form: source.AnyText(), Doc: "How it is approved: the name of a workflow."},
		{Name: "assignee", Form: source.AnyText(), Instead: []string{"designer", "assigned_to"}, Doc: "Who does the work."},
		{Name: "project", Form: source.AnyText(), Doc: "The tracker's project of its ticket."},
		{Name: "priority", Form: source.AnyText(), Doc: "How urgent it is."},
		{Name: "labels", Form: source.Texts(), Doc: "Its labels."},
		{Name: "due", Form: source.AnyScalar(), Doc: "When it is due.", Examples: []string{`"2026-11-20 16:30"`}},
		{Name: "reminders", Form: source.Texts(), Doc: "Its plans of reminders."},
		{Name: "escalation", Form: source.AnyText(), Doc: "Its chain of escalation."},
		{Name: "effort_hours", Form: source.AnyNumber(), Doc: "How many hours of work it is."},
		{Name: "subtasks", Form: source.Form{}, Doc: "How many subtasks it has, or which."},
		{Name: "source", Form: source.AnyText(), Doc: "Where it came from.", Examples: []string{"slack"}},
	}}
}

// openForm is a form of known keys to which rule files add others: fields of templates, names of channels.
func openForm(shape func() source.Shape) source.Form {
	return source.Either(source.Keyed(shape), source.Named(source.Form{}))
}
