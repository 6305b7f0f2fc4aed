package github

import (
	"crypto/sha1" //nolint:gosec // as Git names commits
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

type repo struct {
	Repository
	items    []*item // issues and pull requests, by number
	commits  map[string]*commit
	statuses map[string][]CommitStatus // by commit
	labels   map[string]bool
	hooks    []*hook
	main     string // the commit at the head of the default branch; "" before anything was pushed
}

// item is an issue or a pull request.
type item struct {
	id          int64
	repo        *repo
	number      int
	author      *User
	title, body string
	state       string
	reason      string // state_reason
	labels      []string
	assignees   []*User
	created     time.Time
	updated     time.Time
	locked      bool
	deleted     bool
	movedTo     *item
	comments    []*comment

	pull    bool
	head    string
	branch  string
	base    string // where it began
	merged  bool
	reviews []*review
	lines   []*comment
}

type comment struct {
	id       int64
	author   *User
	body     string
	created  time.Time
	updated  time.Time
	path     string // on a line
	commit   string
	below    int64 // root of its thread
	review   int64
	resolved bool
}

type review struct {
	id     int64
	author *User
	state  string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED
	body   string
	commit string
	at     time.Time
}

type commit struct {
	sha, message string
	author       *User
	at           time.Time
	files        map[string]string // the whole tree, by path; nil: nobody looks into it
}

// CommitStatus is one state that somebody gave a commit.
type CommitStatus struct {
	State, Context, Description, TargetURL string
}

// Issue is an issue or pull request as tests see it.
type Issue struct {
	Repository  string
	Number      int
	Title, Body string
	Author      string
	State       string
	Reason      string
	Labels      []string
	Assignees   []string
	Deleted     bool
	Pull        bool
	Head        string
	Comments    []Comment
	Lines       []Comment
}

// Comment is a comment as tests see it.
type Comment struct {
	ID           int64
	Author, Body string
	Below        int64
}

func (s *Server) newCommit(r *repo, by *User, message string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("%d %s %s", s.number(), r.Name, message))) //nolint:gosec // as Git names commits
	sha := hex.EncodeToString(sum[:])
	r.commits[sha] = &commit{sha: sha, message: message, author: by, at: s.opt.Now()}
	return sha
}

func (r *repo) item(number int) *item {
	i := slices.IndexFunc(r.items, func(i *item) bool { return i.number == number })
	if i < 0 {
		return nil
	}
	return r.items[i]
}

func (i *item) show() Issue {
	out := Issue{
		Repository: i.repo.Name, Number: i.number, Title: i.title, Body: i.body, Author: i.author.Login, State: i.state, Reason: i.reason,
		Labels: slices.Clone(i.labels), Deleted: i.deleted, Pull: i.pull, Head: i.head,
	}
	for _, u := range i.assignees {
		out.Assignees = append(out.Assignees, u.Login)
	}
	for _, c := range i.comments {
		out.Comments = append(out.Comments, Comment{c.id, c.author.Login, c.body, 0})
	}
	for _, c := range i.lines {
		out.Lines = append(out.Lines, Comment{c.id, c.author.Login, c.body, c.below})
	}
	return out
}

// Issues lists the issues and pull requests of a repository, deleted and transferred ones left out.
func (s *Server) Issues(full string) []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := s.repo(full)
	if r == nil {
		return nil
	}
	var out []Issue
	for _, i := range r.items {
		if !i.deleted && i.movedTo == nil {
			out = append(out, i.show())
		}
	}
	return out
}

// Statuses lists the states that were given to a commit.
func (s *Server) Statuses(full, sha string) []CommitStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, _ := s.repo(full); r != nil {
		return slices.Clone(r.statuses[sha])
	}
	return nil
}

func (s *Server) newItem(r *repo, by *User, title, body string) *item {
	now := s.opt.Now()
	i := &item{id: s.number(), repo: r, number: len(r.items) + 1, author: by, title: title, body: body, state: "open", created: now, updated: now}
	r.items = append(r.items, i)
	return i
}

func (i *item) has(label string) bool {
	return slices.ContainsFunc(i.labels, func(l string) bool { return strings.EqualFold(l, label) })
}

func (i *item) comment(id int64) *comment {
	for _, c := range append(slices.Clone(i.comments), i.lines...) {
		if c.id == id {
			return c
		}
	}
	return nil
}

// stamp is an instant to the second, as GitHub gives them.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
