package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/flow"
	"signoff/internal/server"
)

func (a *app) requestCommand() *cobra.Command {
	c := &cobra.Command{Use: "request", Short: "Read requests", Long: "Read requests of a running signoff.",
		Example: "  signoff request list --waiting-on ana\n  signoff request show CR-142", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.requestList(), a.requestShow())
	return c
}

func (a *app) requestList() *cobra.Command {
	var q = url.Values{}
	var status, stage, waiting, text, page string
	c := &cobra.Command{
		Use: "list", Short: "List requests", Long: "List requests, newest first, fifty to a page.",
		Example: "  signoff request list --status in_review\n  signoff request list --waiting-on ana -o csv",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for k, v := range map[string]string{"status": status, "stage": stage, "waiting_on": waiting, "q": text, "page": page} {
				if v != "" {
					q.Set(k, v)
				}
			}
			cl, err := a.client()
			if err != nil {
				return err
			}
			var list server.RequestList
			if err := cl.call(c.Context(), "GET", "/api/v1/requests?"+q.Encode(), nil, &list); err != nil {
				return err
			}
			return a.printRequests(list)
		},
	}
	f := c.Flags()
	f.StringVar(&status, "status", "", "only requests in this `status`")
	f.StringVar(&stage, "stage", "", "only requests in this `stage`")
	f.StringVar(&waiting, "waiting-on", "", "only requests that wait for this `person`")
	f.StringVar(&text, "search", "", "only requests whose key, title or ticket holds these `words`")
	f.StringVar(&page, "page", "", "the `page`, as the previous one named it")
	words := []string{"intake", "needs_info", "in_progress", "in_review", "approved", "declined", "withdrawn", "merged", "snoozed", "expired"}
	_ = c.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) printRequests(list server.RequestList) error {
	l := listing{head: []string{"request", "title", "status", "stage", "waiting on", "ticket", "due"}, whole: list, none: "No requests."}
	for _, r := range list.Requests {
		l.rows = append(l.rows, []string{string(r.ID), r.Title, r.Status.Words(), strings.Join(r.Stages, ", "), strings.Join(r.WaitingOn, ", "), ticketKey(r), shortTime(r.Due)})
	}
	if err := a.print(l); err != nil {
		return err
	}
	if a.output == "table" && !a.quiet && list.Next != "" {
		fmt.Fprintf(a.err, "%d of %d shown. Next page: signoff request list --page %s\n", len(list.Requests), list.Total, list.Next)
	}
	return nil
}

func ticketKey(r server.RequestItem) string {
	if r.Ticket == nil {
		return ""
	}
	return r.Ticket.Key
}

// minute prints an instant in UTC without saying so.
func minute(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// shortTime prints an instant with its zone; listings are read in any zone.
func shortTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("2006-01-02 15:04 MST")
}

func (a *app) requestShow() *cobra.Command {
	return &cobra.Command{
		Use: "show REQUEST", Short: "Show one request with every event", Args: needs("the key of one request or ticket, such as CR-142", 1, 1),
		Long:              "Show a request, by its own key or its ticket's: stages with timestamps, votes, links, and every event with the reasons of its decision.",
		Example:           "  signoff request show CR-142\n  signoff request show DES-231 -o json",
		ValidArgsFunction: a.completeRequests,
		RunE: func(c *cobra.Command, args []string) error {
			d, err := a.request(c, args[0])
			if err != nil {
				return err
			}
			if a.output != "table" {
				return a.print(detailListing(d))
			}
			a.printDetail(d)
			return nil
		},
	}
}

func (a *app) request(c *cobra.Command, id string) (server.RequestDetail, error) {
	var d server.RequestDetail
	cl, err := a.client()
	if err != nil {
		return d, err
	}
	err = cl.call(c.Context(), "GET", "/api/v1/requests/"+url.PathEscape(id), nil, &d)
	return d, named(err, "request or ticket", id, "request list")
}

// completeRequests offers the keys of recent requests; without a running server it offers nothing.
func (a *app) completeRequests(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cl, err := a.client()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list server.RequestList
	if cl.call(c.Context(), "GET", "/api/v1/requests", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, r := range list.Requests {
		out = append(out, string(r.ID)+"\t"+r.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func detailListing(d server.RequestDetail) listing {
	l := listing{head: []string{"time", "event", "by", "why"}, whole: d}
	for _, e := range d.Events {
		l.rows = append(l.rows, []string{e.At.Format(time.RFC3339), string(e.Kind), actorOf(e), reasonsOf(e.Why)})
	}
	return l
}

func actorOf(e server.EventItem) string {
	if e.Actor == nil {
		return ""
	}
	return e.Actor.Shown
}

func reasonsOf(why []flow.Reason) string {
	var out []string
	for _, r := range why {
		out = append(out, r.Text)
	}
	return strings.Join(out, "; ")
}

func (a *app) printDetail(d server.RequestDetail) {
	fmt.Fprintf(a.out, "%s  %s\n", d.ID, visible(d.Title))
	a.fact("status", string(d.Status.Words())+revision(d.Revision))
	a.fact("requester", d.Requester.Shown)
	if d.Assignee != nil {
		a.fact("assignee", d.Assignee.Shown)
	}
	a.fact("due", shortTime(d.Due))
	if d.Ticket != nil {
		a.fact("ticket", strings.TrimSpace(d.Ticket.Key+"  "+d.Ticket.Status))
	}
	a.fact("waiting on", strings.Join(d.WaitingOn, ", "))
	a.fact("rule", d.Rule)
	a.fact("page", d.URL)
	for _, p := range d.Problems {
		a.fact("problem", p)
	}
	a.printStages(d.StageRuns)
	a.printVotes(d.Votes)
	a.printLinks(d.Links)
	a.printEvents(d)
}

func (a *app) fact(name, value string) {
	if value != "" {
		fmt.Fprintf(a.out, "  %-11s %s\n", name, visible(value))
	}
}

func revision(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(", revision %d", n)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
