package rules

import (
	"strings"

	"signoff/internal/source"
)

func ruleShape() source.Shape {
	return source.Shape{Of: "a rule", Doc: "What a request looks like, and what becomes of it.", Keys: []source.Key{
		{Name: "name", Form: source.AnyText(), Required: true, Doc: "As reports and reasons name it.", Examples: []string{"Banners"}},
		{Name: "match", Form: source.Keyed(matchShape), Instead: []string{"when", "where"}, Examples: []string{"{source: slack}"},
			Doc: "What must hold: every key, and of a list any. Without match: and if: the rule applies to everything."},
		{Name: "if", Form: source.AnyScalar(), Instead: []string{"condition", "only_if"}, Examples: []string{`request.budget > 5000 and within(request.due, "10 working days")`},
			Doc: "A condition for amounts and dates, which must hold as well."},
		{Name: "do", Form: source.Either(source.OneOf("ignore"), source.Keyed(actionShape)), Required: true, Instead: []string{"then", "action", "actions"},
			Doc: "What becomes of the request; ignore makes none.", Examples: []string{"{workflow: standard}"}},
		{Name: "continue", Form: source.Truth(), Doc: "Go on to later rules, which add what this one leaves open."},
	}}
}

func actionShape() source.Shape {
	return source.Shape{Of: "do", Doc: "What becomes of the request.", Keys: []source.Key{
		{Name: "template", Form: source.AnyText(), Instead: []string{"type"}, Doc: "The type of request. One chosen in a form wins over it."},
		{Name: "workflow", Form: source.AnyText(), Instead: []string{"approval", "stages"}, Doc: "How it is approved: one of workflows:.", Examples: []string{"standard"}},
		{Name: "project", Form: source.Like(projectRE.String()), Doc: "The tracker's project for its ticket.", Examples: []string{"DES"}},
		{Name: "priority", Form: source.AnyText(), Doc: "How urgent it is; the tracker's settings may map the word.", Examples: []string{"high"}},
		{Name: "labels", Form: source.Texts(), Instead: []string{"label"}, Doc: "Labels that it gets besides the template's.", Examples: []string{"[needs-triage]"}},
		{Name: "assign", Form: source.Either(source.Texts(), source.Keyed(assignShape)), Instead: []string{"assignee"}, Doc: "Who does the work.", Examples: []string{"{to: group:designers, by: least loaded}"}},
		{Name: "reminders", Form: source.Texts(), Instead: []string{"reminder"}, Doc: "Plans of reminders: names from reminders:.", Examples: []string{"gentle"}},
		{Name: "escalation", Form: source.AnyText(), Instead: []string{"escalate"}, Doc: "The chain that starts when a time limit passes: one of escalations:.", Examples: []string{"creative-lead"}},
		{Name: "link_to", Form: source.OneOf("request of the file"), Doc: "Join the open request about the same file instead of making a new one.", Examples: []string{"request of the file"}},
		{Name: "start", Form: source.OneOf("review", "work"), Doc: "review asks for approval at once; work lets somebody make it first (the usual)."},
	}}
}

func assignShape() source.Shape {
	return source.Shape{Of: "assign", Doc: "Who does the work.", Keys: []source.Key{
		{Name: "to", Form: source.Texts(), Required: true, Instead: []string{"who"}, Doc: "People, group:NAME, or requester.", Examples: []string{"group:designers"}},
		{Name: "by", Form: source.OneOf("skill", "least loaded", "round robin"), Doc: "How one of several is chosen.", Examples: []string{"least loaded"}},
		{Name: "need", Form: source.Texts(), Instead: []string{"skill", "skills"}, Doc: "With by: skill, what they must be able to do.", Examples: []string{"[motion]"}},
		{Name: "then", Form: source.OneOf("least loaded", "round robin"), Instead: []string{"else"}, Doc: "With by: skill, how one of those who can is chosen."},
		{Name: "limit", Form: source.Like(capacityRE.String()), Instead: []string{"max"}, Doc: "Whoever would be loaded beyond this share is passed over; where everybody would, the work waits for triage.", Examples: []string{"85% of capacity"}},
	}}
}

// instead lists words that people use for a key of match:.
func (k matchKey) instead() []string {
	return map[string][]string{
		"author": {"from", "user"}, "text": {"words", "contains", "message"}, "type": {"template"}, "labels": {"label"},
	}[k.name]
}

func matchShape() source.Shape {
	s := source.Shape{Of: "match", Doc: "What a request must look like: every key must hold; of a list any."}
	for _, k := range matchKeys() {
		doc := strings.ToUpper(k.doc[:1]) + k.doc[1:] + "."
		s.Keys = append(s.Keys, source.Key{Name: k.name, Form: k.form(), Doc: doc, Instead: k.instead()})
	}
	inner := source.Keyed(matchShape)
	return source.Shape{Of: s.Of, Doc: s.Doc, Keys: append(s.Keys,
		source.Key{Name: "any", Form: source.ListOf(inner), Instead: []string{"or"}, Doc: "One of these has to hold."},
		source.Key{Name: "all", Form: source.ListOf(inner), Instead: []string{"and"}, Doc: "All of these have to hold."},
		source.Key{Name: "not", Form: inner, Doc: "This must not hold."},
	)}
}

// form is what the value of a key of match: may be.
func (k matchKey) form() source.Form {
	compared := source.Keyed(func() source.Shape { return comparisonShape(k) })
	if k.kind == "text" {
		return compared
	}
	return source.Either(source.Texts(), compared)
}

func comparisonShape(k matchKey) source.Shape {
	s := source.Shape{Of: "a comparison of " + k.name}
	if k.kind != "who" {
		s.Keys = []source.Key{
			{Name: "contains", Form: source.Texts(), Instead: []string{"has", "includes", "words"}, Doc: "Any of these words, as whole words, in any case.", Examples: []string{"[banner, ad]"}},
			{Name: "matches", Form: source.AnyText(), Instead: []string{"regex"}, Doc: "A regular expression (RE2), in any case.", Examples: []string{`"^(thanks|ta)\\b"`}},
			{Name: "starts_with", Form: source.Texts(), Instead: []string{"prefix", "begins_with"}, Doc: "Any of these at the beginning, in any case."},
		}
	}
	return source.Shape{Of: s.Of, Keys: append(s.Keys,
		source.Key{Name: "not", Form: k.form(), Doc: "This must not hold."},
		source.Key{Name: "any", Form: source.ListOf(k.form()), Instead: []string{"or"}, Doc: "One of these has to hold."},
		source.Key{Name: "all", Form: source.ListOf(k.form()), Instead: []string{"and"}, Doc: "All of these have to hold."},
	)}
}
