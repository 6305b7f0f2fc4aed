package github

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signoff/internal/flow"
)

const longestStatus = 140

// commitStatus shows how a request stands at the commit that it was decided for, where the settings want it. What is
// decided for one commit is never shown at another: without knowing which it was, nothing is shown.
func (c *Connector) commitStatus(ctx context.Context, e flow.Effect, key string) error {
	q := c.asked()
	if c.set.CommitStatus == "" || q == nil || e.Tell.Where.Type != "pull" {
		return nil
	}
	r, ok, err := q.Request(ctx, string(e.Request))
	if err != nil || !ok {
		return kept("look up request", err)
	}
	sha := decidedFor(r, e.Tell.Where)
	if sha == "" {
		return nil
	}
	at, err := c.at(ctx, key)
	if err != nil {
		return err
	}
	body := map[string]string{
		"state": stateWord(e.Tell.View.Status), "context": c.set.CommitStatus,
		"description": fitting(oneLine(e.Tell.View.Headline), longestStatus, "…"),
	}
	if c.deps.PublicURL != "" {
		body["target_url"] = c.deps.PublicURL + "/requests/" + url.PathEscape(string(e.Request))
	}
	return c.do(ctx, call{op: "set commit status", method: http.MethodPost, path: repoPath(at.full(), "/statuses/"+url.PathEscape(sha)), body: body, repo: at.full(), scope: at.label()}, nil)
}

// decidedFor is the commit that the newest votes are for, else the newest one that is known.
func decidedFor(r flow.Request, pull flow.Ref) string {
	i := slices.IndexFunc(r.Assets, func(a flow.Asset) bool { return a.Ref == pull })
	if i < 0 {
		return ""
	}
	for _, v := range slices.Backward(r.Votes) {
		if !v.Undone.IsZero() {
			continue
		}
		for part := range strings.SplitSeq(v.Version, "+") {
			if slices.ContainsFunc(r.Assets[i].Versions, func(one flow.Version) bool { return one.ID == part }) {
				return part
			}
		}
	}
	if r.Status.Closed() {
		return ""
	}
	return r.Assets[i].Current().ID
}

func stateWord(s flow.Status) string {
	switch {
	case s == flow.Approved:
		return "success"
	case s == flow.InReview:
		return "pending"
	}
	return "failure"
}
