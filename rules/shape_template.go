package rules

import "signoff/internal/source"

func templateShape() source.Shape {
	return source.Shape{Of: "a template", Doc: "A type of request.", Keys: []source.Key{
		{Name: "label", Form: source.AnyText(), Instead: []string{"name"}, Doc: "Its name in forms. Default: the key in words.", Examples: []string{"Campaign banner"}},
		{Name: "based_on", Form: source.AnyText(), Instead: []string{"extends"}, Doc: "Another template, whose keys and fields are taken over where this one does not say them."},
		{Name: "title", Form: source.AnyText(), Doc: "The title of requests, with fields in {{ }}. .subject is the gist of what was written.", Examples: []string{`"{{ .brand }}: {{ .subject }}"`}},
		{Name: "ask_for", Form: source.ListOf(source.Keyed(fieldShape)), Instead: []string{"fields", "questions"}, Doc: "The fields of the form; missing ones that are required are asked for once.",
			Examples: []string{"[{field: brand, required: true}]"}},
		{Name: "effort_hours", Form: source.Between(0, 1e6), Instead: []string{"effort"}, Doc: "How many hours of work it usually is; assigning by load counts them.", Examples: []string{"6"}},
		{Name: "labels", Form: source.Texts(), Doc: "Labels that every request of the type gets.", Examples: []string{"[banner]"}},
		{Name: "subtasks", Form: source.ListOf(source.Keyed(subtaskShape)), Instead: []string{"tasks"}, Doc: "The pieces of the work; each becomes a ticket below the request's."},
		newVersionKey("requests of the type"),
	}}
}

func fieldShape() source.Shape {
	return source.Shape{Of: "a field", Doc: "Something that is asked for.", Keys: []source.Key{
		{Name: "field", Form: source.AnyText(), Required: true, Instead: []string{"name"}, Doc: "Its name in conditions and texts: small letters, digits and _.", Examples: []string{"brand", "due", "landing_page"}},
		{Name: "label", Form: source.AnyText(), Doc: "What people see. Default: the name in words."},
		{Name: "type", Form: source.OneOf(fieldTypes()...), Instead: []string{"kind"}, Doc: "What is entered. Default: choice where there are choices, else text.", Examples: []string{"date"}},
		{Name: "choices", Form: source.Texts(), Instead: []string{"options"}, Doc: "What can be chosen; they are also found in what people write.", Examples: []string{"[Lumen, Nova]"}},
		{Name: "required", Form: source.Truth(), Instead: []string{"mandatory"}, Doc: "Whether work waits until it is given."},
		{Name: "help", Form: source.AnyText(), Instead: []string{"hint"}, Doc: "A hint below the input.", Examples: []string{`"e.g. 300x250, 728x90"`}},
	}}
}

func subtaskShape() source.Shape {
	return source.Shape{Of: "a subtask", Doc: "A piece of the work with a ticket of its own.", Keys: []source.Key{
		{Name: "title", Form: source.AnyText(), Required: true, Instead: []string{"name"}, Doc: "Its title, with fields in {{ }} as in the template's title.", Examples: []string{`"Copy for {{ .subject }}"`}},
		{Name: "effort_hours", Form: source.AnyNumber(), Instead: []string{"effort"}, Doc: "How many hours of work it is."},
		{Name: "due", Form: source.Like(spanIn("", " before")), Doc: "When it is due, counted back from the request's due date.", Examples: []string{"3 working days before"}},
		{Name: "skills", Form: source.Texts(), Doc: "Skills that whoever does it needs.", Examples: []string{"[brand]"}},
		{Name: "after", Form: source.Texts(), Instead: []string{"depends_on"}, Doc: "Titles of the subtasks that come first, as they are written.", Examples: []string{"[Artwork]"}},
	}}
}

// newVersionKey is the key new_version, which templates, workflows and stages have.
func newVersionKey(of string) source.Key {
	return source.Key{
		Name: "new_version", Form: source.Either(source.OneOf(newVersionWords()...), source.Like("^restart from .+$")), Examples: []string{"ask again", "restart from Brand review"},
		Doc: "What a new version of the work does to approvals of " + of + ": void withdraws them (the usual), ask again asks those who approved, keep with notice tells them, restart from STAGE begins again there.",
	}
}

func newVersionWords() []string { return []string{"void", "ask again", "keep with notice"} }
