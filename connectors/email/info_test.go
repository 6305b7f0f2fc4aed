package email_test

import (
	"strings"
	"testing"

	"signoff/internal/flow"
)

// TestDo_WhatIsMissingIsAskedByALink: whoever asked by mail fills it in without signing in; once it is there no mail says so.
func TestDo_WhatIsMissingIsAskedByALink(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	kim := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "kim@agency.example"}, Shown: "Kim", Email: "kim@agency.example"}
	e := flow.Effect{ID: "CR-142/1/3", Request: "CR-142", Target: "email", Show: &flow.Show{Purpose: "info", To: kim, Version: 1, View: flow.View{
		Kind: flow.InfoView, Request: "CR-142", Title: "Spring banner", Headline: "CR-142 Spring banner needs 2 things before it can start: Audience and Legal claim.", Page: "/requests/CR-142",
		Buttons: []flow.Button{{Action: "add_detail", Label: "Fill in 2 fields", Style: "primary", Value: "audience,legal_claim"}, {Action: "open", Label: "Open", URL: "/requests/CR-142"}},
	}}}
	links := p.do(e)
	o := readMail(t, p.last().data)
	for _, want := range []string{"needs 2 things before it can start", "Fill in 2 fields: https://signoff.lumen.example/a/email:address:kim@agency.example.CR-142..0."} {
		if !strings.Contains(o.text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, o.text)
		}
	}
	next := e
	next.ID, next.Show = "CR-142/5/1", &flow.Show{Purpose: "info", To: kim, Version: 5, Link: &links[0], View: flow.View{Kind: flow.InfoView, Request: "CR-142", Headline: "CR-142 Spring banner: the brief is complete."}}
	p.do(next)
	if n := len(p.sink.taken()); n != 1 {
		t.Errorf("%d mails, want one", n)
	}
}
