package github

import (
	"context"
	"fmt"
	"net/http"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
)

const warnBefore = 14 * 24 * time.Hour

// Probe asks whether the credentials are taken.
func (c *Connector) Probe(ctx context.Context) error {
	full := c.hooked()[0]
	return c.do(ctx, call{op: "read repository", method: http.MethodGet, path: repoPath(full, ""), repo: full, scope: "repository " + full}, nil)
}

// Check asks who we are and what we may do in each repository.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	me, err := c.askAccount(ctx)
	if err != nil {
		return []connectors.Finding{failed("", err, "correct the token, or the app's id and private key")}
	}
	out := []connectors.Finding{finding(okLevel, "", "GitHub knows signoff as "+me.Login, "")}
	out = append(out, c.checkEnd()...)
	for _, full := range c.hooked() {
		out = append(out, c.checkRepository(ctx, full)...)
	}
	if c.set.Webhook != "auto" {
		out = append(out, finding(okLevel, "webhook", "made by hand: it has to lead to "+c.hookURL(), ""))
	}
	return out
}

func failed(what string, err error, remedy string) connectors.Finding {
	text := err.Error()
	if e, ok := errAs(err); ok && e.Person != "" {
		text = e.Person
	}
	return finding(problemLevel, what, text, remedy)
}

// checkEnd warns before the token ends.
func (c *Connector) checkEnd() []connectors.Finding {
	end := time.Unix(c.ends.Load(), 0)
	if c.ends.Load() == 0 {
		at, err := time.Parse(time.DateOnly, c.set.TokenExpires)
		if err != nil {
			return nil
		}
		end = at
	}
	left := end.Sub(c.deps.Now())
	day := end.UTC().Format("2 January 2006")
	switch {
	case left <= 0:
		return []connectors.Finding{finding(problemLevel, "token", "the token ended on "+day, "make a new one")}
	case left < warnBefore:
		return []connectors.Finding{finding(warningLevel, "token", "the token ends on "+day, "make a new one before")}
	}
	return []connectors.Finding{finding(okLevel, "token", "good until "+day, "")}
}

func (c *Connector) checkRepository(ctx context.Context, full string) []connectors.Finding {
	var r gogithub.Repository
	if err := c.do(ctx, call{op: "read repository", method: http.MethodGet, path: repoPath(full, ""), repo: full, scope: "repository " + full}, &r); err != nil {
		return []connectors.Finding{failed(full, err, "correct the name, or give the token or app access to the repository")}
	}
	what := full
	may := r.GetPermissions()
	switch {
	case r.GetArchived():
		return []connectors.Finding{finding(problemLevel, what, "it is archived and takes no changes", "unarchive it, or name another one")}
	case c.deps.Tracker && !r.GetHasIssues():
		return []connectors.Finding{finding(problemLevel, what, "issues are switched off", "switch them on in the repository's settings")}
	case c.deps.Tracker && c.app == nil && may != nil && !may["push"] && !may["triage"] && !may["maintain"] && !may["admin"]:
		return []connectors.Finding{finding(warningLevel, what, "the account may not set labels and assignees: GitHub leaves them out without a word", "give the account the role Triage or Write")}
	}
	return []connectors.Finding{finding(okLevel, what, fmt.Sprintf("%s can be read", r.GetFullName()), "")}
}
