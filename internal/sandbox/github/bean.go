package github

import (
	"fmt"
	"strings"
)

type object = map[string]any

func (s *Server) apiURL(format string, args ...any) string {
	return s.opt.BaseURL + apiPath + fmt.Sprintf(format, args...)
}

func (s *Server) userBean(u *User) any {
	if u == nil {
		return nil
	}
	kind := "User"
	if u.Bot {
		kind = "Bot"
	}
	return object{"login": u.Login, "id": u.ID, "node_id": fmt.Sprintf("U_%d", u.ID), "type": kind, "site_admin": false, "html_url": s.opt.BaseURL + "/" + u.Login, "url": s.apiURL("/users/%s", u.Login)}
}

func (s *Server) repoBean(r *repo) object {
	owner, name, _ := strings.Cut(r.Name, "/")
	return object{
		"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": name, "full_name": r.Name, "private": true, "html_url": s.opt.BaseURL + "/" + r.Name,
		"owner": object{"login": owner, "id": 900, "type": "Organization"}, "default_branch": "main", "has_issues": !r.NoIssues, "archived": false,
		"permissions": object{"admin": !r.ReadOnly, "maintain": !r.ReadOnly, "push": !r.ReadOnly, "triage": !r.ReadOnly, "pull": true},
	}
}

func (i *item) kind() string {
	if i.pull {
		return "pull"
	}
	return "issues"
}

func (s *Server) htmlURL(i *item) string {
	return fmt.Sprintf("%s/%s/%s/%d", s.opt.BaseURL, i.repo.Name, i.kind(), i.number)
}

func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Server) labelBeans(i *item) []object {
	out := []object{}
	for n, l := range i.labels {
		out = append(out, object{"id": i.id*100 + int64(n), "name": l, "color": "ededed", "default": false, "description": nil})
	}
	return out
}

func (s *Server) issueBean(i *item) object {
	people := []any{}
	var first any
	for _, u := range i.assignees {
		people = append(people, s.userBean(u))
	}
	if len(people) > 0 {
		first = people[0]
	}
	o := object{
		"id": i.id, "node_id": fmt.Sprintf("I_%d", i.id), "number": i.number, "title": i.title, "body": nullable(i.body), "state": i.state, "state_reason": nullable(i.reason),
		"labels": s.labelBeans(i), "assignees": people, "assignee": first, "user": s.userBean(i.author), "comments": len(i.comments), "locked": i.locked,
		"html_url": s.htmlURL(i), "url": s.apiURL("/repos/%s/issues/%d", i.repo.Name, i.number), "repository_url": s.apiURL("/repos/%s", i.repo.Name),
		"created_at": stamp(i.created), "updated_at": stamp(i.updated), "author_association": "MEMBER", "milestone": nil,
	}
	if i.pull {
		o["pull_request"] = object{"url": s.apiURL("/repos/%s/pulls/%d", i.repo.Name, i.number), "html_url": s.htmlURL(i)}
	}
	return o
}

func (s *Server) pullBean(i *item) object {
	return object{
		"id": i.id, "node_id": fmt.Sprintf("PR_%d", i.id), "number": i.number, "title": i.title, "body": nullable(i.body), "state": i.state, "draft": false,
		"merged": i.merged, "merged_at": i.mergedAt(), "user": s.userBean(i.author), "labels": s.labelBeans(i), "requested_reviewers": []any{}, "html_url": s.htmlURL(i),
		"head": object{"ref": i.branch, "sha": i.head, "repo": s.repoBean(i.repo)}, "base": object{"ref": "main", "sha": "0000000000000000000000000000000000000000", "repo": s.repoBean(i.repo)},
		"created_at": stamp(i.created), "updated_at": stamp(i.updated), "url": s.apiURL("/repos/%s/pulls/%d", i.repo.Name, i.number),
	}
}

func (i *item) mergedAt() any {
	if i.merged {
		return stamp(i.updated)
	}
	return nil
}

func (s *Server) commentBean(i *item, c *comment) object {
	o := object{"id": c.id, "node_id": fmt.Sprintf("C_%d", c.id), "body": c.body, "user": s.userBean(c.author), "created_at": stamp(c.created), "updated_at": stamp(c.updated), "author_association": "MEMBER"}
	if c.path == "" {
		o["html_url"] = fmt.Sprintf("%s#issuecomment-%d", s.htmlURL(i), c.id)
		o["url"] = s.apiURL("/repos/%s/issues/comments/%d", i.repo.Name, c.id)
		return o
	}
	o["html_url"] = fmt.Sprintf("%s#discussion_r%d", s.htmlURL(i), c.id)
	o["url"] = s.apiURL("/repos/%s/pulls/comments/%d", i.repo.Name, c.id)
	o["path"], o["commit_id"], o["original_commit_id"], o["line"], o["pull_request_review_id"] = c.path, c.commit, c.commit, 1, c.review
	if c.below != 0 {
		o["in_reply_to_id"] = c.below
	}
	return o
}

// reviewBean writes the state in small letters for webhooks and in capitals for the API, as GitHub does.
func (s *Server) reviewBean(i *item, r *review, hook bool) object {
	state := r.state
	if hook {
		state = strings.ToLower(state)
	}
	return object{
		"id": r.id, "node_id": fmt.Sprintf("PRR_%d", r.id), "state": state, "body": nullable(r.body), "user": s.userBean(r.author), "commit_id": r.commit,
		"submitted_at": stamp(r.at), "html_url": fmt.Sprintf("%s#pullrequestreview-%d", s.htmlURL(i), r.id), "author_association": "MEMBER",
	}
}

func (s *Server) commitBean(r *repo, c *commit) object {
	who := object{"name": c.author.Name, "email": c.author.Login + "@users.noreply.github.lumen.example", "date": stamp(c.at)}
	return object{"sha": c.sha, "html_url": s.opt.BaseURL + "/" + r.Name + "/commit/" + c.sha, "author": s.userBean(c.author), "committer": s.userBean(c.author),
		"commit": object{"message": c.message, "author": who, "committer": who}}
}
