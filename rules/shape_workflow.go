package rules

import "signoff/internal/source"

func workflowShape() source.Shape {
	return source.Shape{Of: "a workflow", Doc: "The stages in which a request is approved.", Keys: []source.Key{
		{Name: "stages", Form: source.ListOf(source.Either(source.Keyed(stageShape), source.Keyed(togetherShape))), Instead: []string{"steps"},
			Doc: "One after the other; stages below together: run side by side."},
		{Name: "based_on", Form: source.AnyText(), Instead: []string{"extends"}, Doc: "Another workflow: a stage of the same name replaces its stage, others follow at the end."},
		newVersionKey("its stages"),
	}}
}

func togetherShape() source.Shape {
	return source.Shape{Of: "stages that run together", Keys: []source.Key{
		{Name: "together", Form: source.ListOf(source.Keyed(stageShape)), Doc: "Stages that run side by side; the next begins when all of them are decided."},
	}}
}

func stageShape() source.Shape {
	return source.Shape{Of: "a stage", Doc: "Who decides, how many are needed, and how long they have.", Keys: []source.Key{
		{Name: "name", Form: source.AnyText(), Required: true, Doc: "As people see it.", Examples: []string{"Brand review"}},
		{Name: "reviewers", Form: source.Texts(), Required: true, Instead: []string{"approvers"}, Doc: "Who may decide: people, group:NAME, requester, assignee.", Examples: []string{"group:brand"}},
		{Name: "needs", Form: source.Either(source.Whole(1), source.OneOf("all", "any"), source.Like(ofRE.String())), Instead: []string{"quorum", "approvals"},
			Doc: "How many of them have to approve. Default: 1.", Examples: []string{"1", "2 of 3", "all"}},
		{Name: "time_limit", Form: spanForm(), Instead: []string{"deadline", "sla", "limit"}, Examples: []string{"8 working hours"},
			Doc: "How long the stage may take, counted in each reviewer's own calendar where it says working."},
		{Name: "on_timeout", Form: source.OneOf("wait", "escalate", "expire", "approve", "decline"), Instead: []string{"timeout"},
			Doc: "What happens when the time limit has passed. Default: escalate where the rule names a chain, else wait."},
		{Name: "on_changes", Form: source.OneOf("back to designer"), Doc: "Where the work goes when changes are requested."},
		{Name: "only_if", Form: source.AnyScalar(), Instead: []string{"if", "when", "condition"}, Examples: []string{`request.region == "EMEA"`},
			Doc: "A condition; where it does not hold the stage is skipped, and the record says why."},
		{Name: "four_eyes", Form: source.Truth(), Doc: "Whether who asked for, made or uploaded the work is kept from approving it. Default: true."},
		{Name: "assurance", Form: source.OneOf("chat", "web", "web+reauth"), Doc: "Where a decision counts: anywhere (chat), only signed in on the web, or after signing in again."},
		{Name: "checklist", Form: source.Texts(), Doc: "Lines that have to be ticked before approving.", Examples: []string{"[Claims are sourced, Licences attached]"}},
		{Name: "veto", Form: source.Texts(), Doc: "Reviewers whose decline ends it, whatever the others say.", Examples: []string{"[eli]"}},
		newVersionKey("the stage"),
		{Name: "together", Form: source.ListOf(source.Keyed(stageShape)), Instead: []string{"parallel"}, Doc: "Stands by itself, in place of a stage."},
	}}
}

// viaForm is a way to reach people.
func viaForm() source.Form { return source.Texts() }

func reminderShape() source.Shape {
	return source.Shape{Of: "a reminder", Doc: "One line of a plan: at a share of the time limit, or by the clock.", Keys: []source.Key{
		{Name: "at", Form: source.Like(percentRE.String()), Instead: []string{"when", "after"}, Doc: "After which share of the stage's time limit.", Examples: []string{"50% of time limit"}},
		{Name: "cron", Form: source.AnyText(), Instead: []string{"schedule"}, Doc: "By the clock: minute, hour, day of the month, month, day of the week. A line at 9:30 on working days is 30 9 * * 1-5.",
			Examples: []string{`"30 9 * * 1-5"`}},
		{Name: "time_zone", Form: source.AnyText(), Instead: []string{"zone"}, Doc: "With cron: in whose zone. Default: the recipient's.", Examples: []string{"recipient", "Europe/London"}},
		{Name: "to", Form: source.Texts(), Required: true, Instead: []string{"who"}, Doc: "Whom: people, group:NAME, reviewers, waiting reviewers, requester, assignee.", Examples: []string{"waiting reviewers"}},
		{Name: "via", Form: viaForm(), Instead: []string{"channel"}, Doc: "Where: slack dm, slack thread, email, or a channel.", Examples: []string{"slack dm", "slack thread", "email", `"#creative-ops"`}},
		{Name: "as", Form: source.OneOf("digest", "message"), Doc: "One message for each request, or one digest for all that wait."},
		{Name: "text", Form: source.AnyText(), Instead: []string{"message"}, Doc: "One of texts:; without it signoff uses words of its own."},
	}}
}

func escalationShape() source.Shape {
	return source.Shape{Of: "an escalation step", Doc: "Whom to tell, and when.", Keys: []source.Key{
		{Name: "after", Form: source.Either(source.OneOf("time limit"), source.Like(spanIn("", "( more)?"))), Required: true, Instead: []string{"at", "when"},
			Doc: "When: at the time limit, a length of time after the stage began, or for later steps so much more than the step before.", Examples: []string{"time limit", "4 working hours more"}},
		{Name: "tell", Form: source.Texts(), Required: true, Instead: []string{"to", "notify"}, Doc: "Whom: people, group:NAME, backup, requester, assignee, reviewers, or a channel.", Examples: []string{"backup", `"#creative-ops"`}},
		{Name: "and", Form: source.OneOf("may approve"), Instead: []string{"may"}, Doc: "Whether they may decide from then on.", Examples: []string{"may approve"}},
		{Name: "via", Form: viaForm(), Doc: "Where they are told: slack dm, slack thread, email, or a channel.", Examples: []string{"[slack dm, email]"}},
		{Name: "text", Form: source.AnyText(), Instead: []string{"message"}, Doc: "One of texts:; without it signoff uses words of its own.", Examples: []string{"late"}},
	}}
}
