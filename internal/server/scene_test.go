package server_test

import (
	"context"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

type ctxt = context.Context

func at(hours float64) time.Time { return noon.Add(time.Duration(hours * float64(time.Hour))) }

func maya() flow.Actor {
	return flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "U0MAYA"}, Shown: "Maya Lind"}
}

func named(name string) flow.Actor { return flow.Actor{Name: name} }

// banner is a request in its second revision, with something of everything.
func banner() engine.Detail {
	r := flow.Request{
		ID: "CR-142", Ruleset: "5f2c", Workflow: "standard", Template: "banner", Rule: "Banners", Version: 9, Status: flow.InReview, Round: 2,
		Opened: at(-26), Updated: at(-1), Since: at(-3), Title: "Nova: banner 300x250", Body: text.Plain("Need a Nova banner 300x250 by Friday EOD"),
		Requester: maya(), Assignee: named("chloe"), Due: at(52), Source: "slack", Project: "DES", Priority: "high", Labels: []string{"banner"},
		Fields: map[string][]string{"brand": {"Nova"}, "sizes": {"300x250", "728x90"}}, Places: flow.Places{Chat: "slack", Tracker: "jira"},
		Stages: []flow.StageRun{
			{
				Name: "Brand review", Round: 1, Together: 1, State: flow.StageChanges, Entered: at(-24), FirstResponse: at(-22), Decided: at(-22),
				DecidedBy: []flow.Actor{named("ana")}, Asked: []flow.Actor{named("ana"), named("dana")}, Waiting: []flow.Wait{{On: []string{"ana", "dana"}, From: at(-24), To: at(-22)}},
			},
			{
				Name: "Brand review", Round: 2, Together: 1, State: flow.StageOpen, Entered: at(-3), Asked: []flow.Actor{named("ana"), named("dana")},
				Waiting: []flow.Wait{{On: []string{"ana", "dana"}, From: at(-3)}},
			},
		},
		Points: []flow.Point{
			{Number: 1, Round: 1, Stage: "Brand review", By: named("ana"), Note: text.Plain("Logo too small"), At: at(-22), Answer: text.Plain("Now 40 px")},
			{Number: 2, Round: 1, Stage: "Brand review", By: named("ana"), Note: text.Plain("Wrong blue"), At: at(-22)},
		},
		Votes: []flow.Vote{{Event: "slack/Ev7", Stage: "Brand review", Round: 1, Version: "1", By: named("ana"), Verdict: flow.RequestChanges, Note: text.Plain("Logo too small\n\nWrong blue"), Via: "slack", At: at(-22)}},
		Links: []flow.Link{
			{Purpose: "thread", Ref: flow.Ref{System: "slack", Type: "thread", Key: "C1/1"}, URL: "https://lumen.slack.com/archives/C1/p1"},
			{Purpose: "ticket", Ref: flow.Ref{System: "jira", Type: "issue", Key: "10231"}, Label: "DES-231", URL: "https://lumen.atlassian.net/browse/DES-231"},
			{Purpose: "card", Ref: flow.Ref{System: "slack", Type: "message", Key: "C1/2"}},
		},
		Ticket:   flow.TicketState{Status: "In Review"},
		Problems: []flow.Problem{{Purpose: "ask/2/Brand review/dana", Text: "Dana Wolf could not be asked in Slack.", Since: at(-2)}},
	}
	return engine.Detail{
		Request: r,
		Records: []flow.Record{
			{Seq: 11, Request: r.ID, Version: 1, Event: flow.Event{ID: "slack/Ev0/1", Kind: flow.RequestSubmitted, At: at(-26), Actor: maya(), Delivery: "slack/Ev0/1", Body: r.Body}, Ruleset: "5f2c",
				Why: []flow.Reason{{Code: "rule", Text: `The rule "Banners" applies: text has "banner".`, Place: "rules/studio.yaml:84", Held: true}, {Code: "rule", Text: `"Video with budget": text has none of video, reel.`, Place: "rules/studio.yaml:70"}}, Effects: []string{"CR-142/1/1"}},
			{Seq: 14, Request: r.ID, Version: 2, Event: flow.Event{ID: "slack/Ev7", Kind: flow.VoteCast, At: at(-22), Actor: named("ana"), Fields: map[string][]string{"verdict": {"request_changes"}}}, Ruleset: "5f2c", Why: []flow.Reason{{Code: flow.CodeRecorded, Text: "Ana Reyes asked for changes."}}},
		},
		Effects: []engine.EffectState{
			{ID: "CR-142/9/2", Purpose: "ask/2/Brand review/dana", Target: "slack", State: "parked", Attempts: 5, At: at(-2), Why: "channel_not_found", Job: "do/CR-142/9/2"},
			{ID: "CR-142/9/1", Purpose: "card", Target: "slack", State: "done", Attempts: 1, At: at(-1)},
		},
		Waiting: []flow.Actor{named("ana"), named("dana")},
		Stages: []flow.StageDef{
			{Name: "Brand review", Together: 1, Needs: flow.Quorum{N: 1}, FourEyes: true, Limit: "8 working hours", Checklist: []string{"Logo is right"}},
			{Name: "Legal", Together: 2, Needs: flow.Quorum{N: 2}, Skip: "The region is not EMEA."},
			{Name: "Sign-off", Together: 2, Needs: flow.Quorum{All: true}},
		},
	}
}

func deliveries() []flow.Delivery {
	return []flow.Delivery{
		{ID: "slack/Ev0/1", Instance: "slack", Kind: "block_actions", At: at(-26), Type: "application/json", State: flow.Done, Request: "CR-142",
			Body: []byte(`{"type":"block_actions","token":"tok-secret","response_url":"https:\/\/hooks.slack.com\/actions\/T1\/2\/abc"}`)},
		{ID: "slack/Ev1?x=1#y", Instance: "slack", Kind: "event:message", At: at(-1), Type: "application/x-www-form-urlencoded", State: flow.Dead, Why: "no channel",
			Body: []byte(`command=%2Frequest&token=tok-secret&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2Fabc&payload=%7B%22response_url%22%3A%22https%3A%2F%2Fhooks.slack.com%2Fx%22%7D`)},
		{ID: "jira/9", Instance: "jira", Kind: "jira:issue_updated", At: at(-2), State: flow.Malformed, Why: "no issue", Body: []byte("\xff\xfe{")},
	}
}

func textOf(s string) text.Doc { return text.Plain(s) }

func pageOf(r flow.Request) engine.RequestPage {
	return engine.RequestPage{Requests: []flow.Request{r}, Total: 1}
}

// spoil puts a text wherever a request holds one from outside.
func spoil(r *flow.Request, evil string) {
	r.Title, r.Body, r.Requester.Shown, r.Project, r.Priority, r.Labels = evil, textOf(evil), evil, evil, evil, []string{evil}
	r.Template, r.Rule, r.Workflow, r.Source, r.Ticket.Status = evil, evil, evil, evil, evil
	r.Fields = map[string][]string{evil: {evil}, "brand": {evil}}
	for i := range r.Stages {
		r.Stages[i].Why, r.Stages[i].Asked[0].Shown = evil, evil
		r.Stages[i].DecidedBy = []flow.Actor{{Ref: flow.Ref{System: "slack", Type: "user", Key: "U1"}, Shown: evil}}
	}
	for i := range r.Points {
		r.Points[i].Note, r.Points[i].Answer, r.Points[i].Stage = textOf(evil), textOf(evil), evil
	}
	for i := range r.Votes {
		r.Votes[i].Note, r.Votes[i].Via, r.Votes[i].By = textOf(evil), evil, flow.Actor{Ref: flow.Ref{Key: "x"}, Shown: evil}
	}
	for i := range r.Links {
		r.Links[i].Label, r.Links[i].URL = evil, evil
	}
	r.Problems[0].Text = evil
}
