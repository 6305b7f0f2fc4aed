package flow

import (
	"slices"
	"strings"
	"time"
)

// WaitingFor lists whom the request waits for now, each person once: reviewers of open stages, whoever makes the
// revision that is in progress, or the requester whose brief is not complete.
func WaitingFor(p Policy, r Request) []Actor {
	s := scene{p: p, r: &r}
	var all []Actor
	for _, run := range r.Open() {
		all = with(all, s.waiting(run)...)
	}
	if r.Status == InProgress && r.Workflow != "" {
		all = with(all, s.r.askedForWork())
	}
	if r.Status == NeedsInfo {
		all = with(all, r.Requester)
	}
	return all
}

// Terms lists the index terms of a request, sorted: status, open, triage (yes: it waits there), stage, waiting, covered (for whom somebody stands in), requester, assignee, part (who makes an open subtask of somebody else's request), due (the day in
// UTC), ticket (its label in lower case) and ref for everything it is linked to but the copies of
// comments and files. A draft that came to nothing has open:no, draft:closed and ref only.
func Terms(r Request) []string {
	if r.Version == 0 {
		return nil
	}
	terms := standingTerms(r)
	for _, l := range r.Links {
		if copyOf(l.Purpose) { // copies are found by the ticket or the thread they are in
			continue
		}
		terms = append(terms, "ref:"+l.Ref.String())
		if l.Purpose == "ticket" && l.Label != "" {
			terms = append(terms, "ticket:"+strings.ToLower(l.Label))
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// standingTerms are the terms of where a request stands. A draft that came to nothing is in no list of requests.
func standingTerms(r Request) []string {
	open := "open:yes"
	switch {
	case r.Offer != nil && r.Status.Closed():
		return []string{"open:no", "draft:closed"}
	case r.Status.Closed():
		open = "open:no"
	}
	terms := []string{"status:" + string(r.Status), open}
	if r.Triage != "" {
		terms = append(terms, "triage:yes")
	}
	for _, run := range r.Open() {
		terms = append(terms, "stage:"+run.Name)
		if n := len(run.Waiting); n > 0 && run.Waiting[n-1].To.IsZero() {
			terms = append(terms, prefixed("waiting:", run.Waiting[n-1].On)...)
		}
		for _, c := range run.Covers {
			terms = append(terms, "covered:"+c.For.ID())
		}
	}
	if r.Status == InProgress && r.Workflow != "" {
		terms = append(terms, prefixed("waiting:", ids([]Actor{r.askedForWork()}))...)
	}
	if r.Status == NeedsInfo {
		terms = append(terms, prefixed("waiting:", ids([]Actor{r.Requester}))...)
	}
	terms = append(terms, prefixed("requester:", ids([]Actor{r.Requester}))...)
	terms = append(terms, prefixed("assignee:", ids([]Actor{r.Assignee}))...)
	for _, p := range r.Parts {
		if p.Done.IsZero() && p.Gone == "" && p.Assignee.Name != "" && !same(p.Assignee, r.Assignee) {
			terms = append(terms, "part:"+p.Assignee.Name)
		}
	}
	if !r.Due.IsZero() {
		terms = append(terms, "due:"+r.Due.UTC().Format(time.DateOnly))
	}
	return terms
}

// copyOf reports whether a purpose is that of a copied comment or file.
func copyOf(purpose string) bool {
	return strings.HasPrefix(purpose, "comment/") && !strings.HasSuffix(purpose, "/thread") || strings.HasPrefix(purpose, "file/")
}

// prefixed makes a term of every value that is not empty.
func prefixed(prefix string, values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, prefix+v)
		}
	}
	return out
}
