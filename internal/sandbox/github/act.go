package github

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What people do. who is a login or a name; place is "lumen/site#7".

// ErrNothing says that something does not exist.
var ErrNothing = errors.New("there is no such thing here")

// locate finds who acts and where. The caller holds the lock.
func (s *Server) locate(who, place string) (*User, *item, error) {
	u := s.user(who)
	full, number, _ := strings.Cut(place, "#")
	r, _ := s.repo(full)
	var n int
	if _, err := fmt.Sscan(number, &n); err != nil || u == nil || r == nil {
		return nil, nil, fmt.Errorf("%s at %s: %w", who, place, ErrNothing)
	}
	i := r.item(n)
	if i == nil || i.deleted || i.movedTo != nil {
		return nil, nil, fmt.Errorf("%s at %s: %w", who, place, ErrNothing)
	}
	return u, i, nil
}

// with lets somebody act on an issue or pull request.
func (s *Server) with(who, place string, do func(u *User, i *item) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, err := s.locate(who, place)
	if err != nil {
		return err
	}
	return do(u, i)
}

func (s *Server) touch(i *item) { i.updated = s.opt.Now() }

// OpenIssueAs opens an issue.
func (s *Server) OpenIssueAs(who, full, title, body string, labels ...string) (Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r := s.user(who), (*repo)(nil)
	if r, _ = s.repo(full); u == nil || r == nil {
		return Issue{}, ErrNothing
	}
	i := s.newItem(r, u, title, body)
	i.labels = labels
	s.announce(r, "issues", "opened", u, object{"issue": s.issueBean(i)})
	for _, l := range labels {
		s.announce(r, "issues", "labeled", u, object{"issue": s.issueBean(i), "label": object{"name": l, "color": "ededed"}})
	}
	return i.show(), nil
}

// OpenPullAs opens a pull request with one commit.
func (s *Server) OpenPullAs(who, full, title, body, message string) (Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r := s.user(who), (*repo)(nil)
	if r, _ = s.repo(full); u == nil || r == nil {
		return Issue{}, ErrNothing
	}
	i := s.newItem(r, u, title, body)
	i.pull, i.branch, i.head = true, fmt.Sprintf("work-%d", i.number), s.newCommit(r, u, message)
	s.announce(r, "pull_request", "opened", u, object{"number": i.number, "pull_request": s.pullBean(i)})
	return i.show(), nil
}

// PushAs adds a commit to a pull request and returns its name.
func (s *Server) PushAs(who, place, message string) (sha string, err error) {
	err = s.with(who, place, func(u *User, i *item) error {
		if !i.pull || i.state != "open" {
			return ErrNothing
		}
		before := i.head
		sha = s.newCommit(i.repo, u, message)
		i.head = sha
		s.touch(i)
		s.announce(i.repo, "pull_request", "synchronize", u, object{"number": i.number, "pull_request": s.pullBean(i), "before": before, "after": sha})
		return nil
	})
	return sha, err
}

// ReviewAs submits a review of the newest commit: approve, request changes or comment.
func (s *Server) ReviewAs(who, place, what, body string) (id int64, err error) {
	state, ok := map[string]string{"approve": "APPROVED", "request changes": "CHANGES_REQUESTED", "comment": "COMMENTED"}[what]
	if !ok {
		return 0, fmt.Errorf("%q is no review", what)
	}
	err = s.with(who, place, func(u *User, i *item) error {
		switch {
		case !i.pull:
			return ErrNothing
		case u == i.author && state != "COMMENTED":
			return errors.New("nobody approves or refuses their own pull request")
		}
		r := &review{id: s.number(), author: u, state: state, body: body, commit: i.head, at: s.opt.Now()}
		i.reviews = append(i.reviews, r)
		s.touch(i)
		id = r.id
		s.announce(i.repo, "pull_request_review", "submitted", u, object{"review": s.reviewBean(i, r, true), "pull_request": s.pullBean(i)})
		return nil
	})
	return id, err
}

// DismissAs takes the weight from a review.
func (s *Server) DismissAs(who, place string, id int64) error {
	return s.with(who, place, func(u *User, i *item) error {
		for _, r := range i.reviews {
			if r.id == id && r.state != "COMMENTED" {
				r.state = "DISMISSED"
				s.touch(i)
				s.announce(i.repo, "pull_request_review", "dismissed", u, object{"review": s.reviewBean(i, r, true), "pull_request": s.pullBean(i)})
				return nil
			}
		}
		return ErrNothing
	})
}

// LineAs comments on a line of a pull request; below is the comment it answers, 0 for a new conversation.
func (s *Server) LineAs(who, place, body string, below int64) (id int64, err error) {
	err = s.with(who, place, func(u *User, i *item) error {
		if !i.pull || below != 0 && i.comment(below) == nil {
			return ErrNothing
		}
		c := s.addLine(i, u, body, below)
		id = c.id
		s.announce(i.repo, "pull_request_review_comment", "created", u, object{"comment": s.commentBean(i, c), "pull_request": s.pullBean(i)})
		return nil
	})
	return id, err
}

func (s *Server) addLine(i *item, u *User, body string, below int64) *comment {
	now := s.opt.Now()
	c := &comment{id: s.number(), author: u, body: body, created: now, updated: now, path: "hero.css", commit: i.head, below: below, review: s.number()}
	i.lines = append(i.lines, c)
	s.touch(i)
	return c
}

// ResolveAs resolves the conversation on a line, or opens it again.
func (s *Server) ResolveAs(who, place string, id int64, resolved bool) error {
	return s.with(who, place, func(u *User, i *item) error {
		c := i.comment(id)
		if c == nil || c.path == "" || c.below != 0 {
			return ErrNothing
		}
		c.resolved = resolved
		action := "resolved"
		if !resolved {
			action = "unresolved"
		}
		thread := []object{s.commentBean(i, c)}
		for _, other := range i.lines {
			if other.below == id {
				thread = append(thread, s.commentBean(i, other))
			}
		}
		s.announce(i.repo, "pull_request_review_thread", action, u, object{"thread": object{"node_id": fmt.Sprintf("PRRT_%d", id), "comments": thread}, "pull_request": s.pullBean(i)})
		return nil
	})
}

// CommentAs says something in the conversation.
func (s *Server) CommentAs(who, place, body string) (id int64, err error) {
	err = s.with(who, place, func(u *User, i *item) error {
		c := s.addComment(i, u, body)
		id = c.id
		return nil
	})
	return id, err
}

func (s *Server) addComment(i *item, u *User, body string) *comment {
	now := s.opt.Now()
	c := &comment{id: s.number(), author: u, body: body, created: now, updated: now}
	i.comments = append(i.comments, c)
	s.touch(i)
	s.announce(i.repo, "issue_comment", "created", u, object{"issue": s.issueBean(i), "comment": s.commentBean(i, c)})
	return c
}

// EditCommentAs changes words.
func (s *Server) EditCommentAs(who, place string, id int64, body string) error {
	return s.with(who, place, func(u *User, i *item) error {
		c := i.comment(id)
		if c == nil {
			return ErrNothing
		}
		s.editComment(i, u, c, body)
		return nil
	})
}

func (s *Server) editComment(i *item, u *User, c *comment, body string) {
	was := c.body
	c.body, c.updated = body, s.opt.Now()
	s.touch(i)
	s.announce(i.repo, eventOf(c), "edited", u, s.aboutComment(i, c, object{"body": object{"from": was}}))
}

func eventOf(c *comment) string {
	if c.path != "" {
		return "pull_request_review_comment"
	}
	return "issue_comment"
}

func (s *Server) aboutComment(i *item, c *comment, changes object) object {
	o := object{"comment": s.commentBean(i, c)}
	if changes != nil {
		o["changes"] = changes
	}
	if c.path != "" {
		o["pull_request"] = s.pullBean(i)
	} else {
		o["issue"] = s.issueBean(i)
	}
	return o
}

// DeleteCommentAs takes words back.
func (s *Server) DeleteCommentAs(who, place string, id int64) error {
	return s.with(who, place, func(u *User, i *item) error {
		c := i.comment(id)
		if c == nil {
			return ErrNothing
		}
		s.deleteComment(i, u, c)
		return nil
	})
}

func (s *Server) deleteComment(i *item, u *User, c *comment) {
	gone := func(list []*comment) []*comment {
		return slices.DeleteFunc(list, func(one *comment) bool { return one == c })
	}
	i.comments, i.lines = gone(i.comments), gone(i.lines)
	s.touch(i)
	s.announce(i.repo, eventOf(c), "deleted", u, s.aboutComment(i, c, nil))
}

// CloseAs closes an issue or pull request: "completed" or "not_planned".
func (s *Server) CloseAs(who, place, reason string) error {
	return s.with(who, place, func(u *User, i *item) error {
		s.setState(i, u, "closed", reason)
		return nil
	})
}

// ReopenAs opens it again.
func (s *Server) ReopenAs(who, place string) error {
	return s.with(who, place, func(u *User, i *item) error {
		s.setState(i, u, "open", "reopened")
		return nil
	})
}

func (s *Server) setState(i *item, u *User, state, reason string) {
	if i.state == state && (state == "open" || i.reason == reason) {
		return
	}
	was := i.state
	i.state, i.reason = state, reason
	s.touch(i)
	action := "closed"
	if state == "open" {
		action = "reopened"
	}
	if was == state {
		return // only the reason changed, of which GitHub tells nobody
	}
	if i.pull {
		s.announce(i.repo, "pull_request", action, u, object{"number": i.number, "pull_request": s.pullBean(i)})
		return
	}
	s.announce(i.repo, "issues", action, u, object{"issue": s.issueBean(i)})
}

// LabelAs puts a label on, or takes it off.
func (s *Server) LabelAs(who, place, label string, on bool) error {
	return s.with(who, place, func(u *User, i *item) error {
		s.setLabel(i, u, label, on)
		return nil
	})
}

func (s *Server) setLabel(i *item, u *User, label string, on bool) {
	if i.has(label) == on {
		return
	}
	action := "labeled"
	if on {
		i.labels = append(i.labels, label)
	} else {
		action = "unlabeled"
		i.labels = slices.DeleteFunc(i.labels, func(l string) bool { return strings.EqualFold(l, label) })
	}
	s.touch(i)
	o := object{"label": object{"name": label, "color": "ededed"}}
	if i.pull {
		o["number"], o["pull_request"] = i.number, s.pullBean(i)
		s.announce(i.repo, "pull_request", action, u, o)
		return
	}
	o["issue"] = s.issueBean(i)
	s.announce(i.repo, "issues", action, u, o)
}

// EditAs changes title and text of an issue.
func (s *Server) EditAs(who, place, title, body string) error {
	return s.with(who, place, func(u *User, i *item) error {
		i.title, i.body = title, body
		s.touch(i)
		s.announce(i.repo, "issues", "edited", u, object{"issue": s.issueBean(i), "changes": object{}})
		return nil
	})
}

// TransferAs moves an issue to another repository, where it gets a new number and id.
func (s *Server) TransferAs(who, place, to string) (Issue, error) {
	var out Issue
	err := s.with(who, place, func(u *User, i *item) error {
		r, _ := s.repo(to)
		if r == nil || i.pull {
			return ErrNothing
		}
		there := s.newItem(r, i.author, i.title, i.body)
		there.state, there.reason, there.assignees, there.comments = i.state, i.reason, i.assignees, i.comments
		i.movedTo = there
		out = there.show()
		s.announce(i.repo, "issues", "transferred", u, object{"issue": s.issueBean(i), "changes": object{"new_issue": s.issueBean(there), "new_repository": s.repoBean(r)}})
		s.announce(r, "issues", "opened", u, object{"issue": s.issueBean(there), "changes": object{"old_issue": s.issueBean(i), "old_repository": s.repoBean(i.repo)}})
		return nil
	})
	return out, err
}

// DeleteAs deletes an issue for good.
func (s *Server) DeleteAs(who, place string) error {
	return s.with(who, place, func(u *User, i *item) error {
		i.deleted = true
		s.announce(i.repo, "issues", "deleted", u, object{"issue": s.issueBean(i)})
		return nil
	})
}

// Rename gives a repository another name; calls to the old one are redirected.
func (s *Server) Rename(full, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := s.repo(full)
	if r == nil {
		return ErrNothing
	}
	s.moved[strings.ToLower(r.Name)] = strings.ToLower(to)
	r.Name = to
	return nil
}
