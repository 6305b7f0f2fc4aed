package jira

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// written is a comment as Jira keeps it, the parts that decide.
type written struct {
	ID         string          `json:"id"`
	Body       string          `json:"body"`
	Created    string          `json:"created"`
	Updated    string          `json:"updated"`
	Author     *account        `json:"author"`
	Updater    *account        `json:"updateAuthor"`
	Visibility json.RawMessage `json:"visibility"`
	Public     *bool           `json:"jsdPublic"`
	Properties json.RawMessage `json:"properties"`
	edited     bool            // since it was made
}

func commentPath(issue, id string) string {
	path := api2 + "issue/" + url.PathEscape(issue) + "/comment"
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	return path
}

// remark is a comment of ours; it has its id once it is made.
type remark struct{ issue, id, body, mark string }

// post adds a comment that carries its mark, and returns its id. Jira would add a second one each time.
func (c *Connector) post(ctx context.Context, m remark) (string, error) {
	r, foot, err := c.remarkCall(ctx, m)
	if err != nil {
		return "", err
	}
	r.op, r.method, r.once = "comment", http.MethodPost, true
	if foot {
		r.query = url.Values{"expand": {"properties"}}
	}
	var made written
	if err := c.do(ctx, r, &made); err != nil {
		return "", err
	}
	if foot {
		return made.ID, c.footNeeded(ctx, made)
	}
	return made.ID, nil
}

// rewrite changes the words of a comment. Doing it twice changes nothing.
func (c *Connector) rewrite(ctx context.Context, m remark) error {
	r, _, err := c.remarkCall(ctx, m)
	if err != nil {
		return err
	}
	r.op, r.method = "edit comment", http.MethodPut
	return c.do(ctx, r, nil)
}

// remarkCall is what writing a comment has in common, and whether its mark stands below its words. That it will come back
// from Jira is expected from now on.
func (c *Connector) remarkCall(ctx context.Context, m remark) (r call, foot bool, err error) {
	if foot, err = c.footed(ctx); err != nil {
		return call{}, false, err
	}
	if foot {
		m.body += footer(c.commentMark(m.mark))
	}
	if err := c.expect(ctx, m.issue, "comment", m.body); err != nil {
		return call{}, false, err
	}
	return call{
		path: commentPath(m.issue, m.id), issue: m.issue, scope: c.shownKey(ctx, m.issue),
		body: map[string]any{"body": m.body, "properties": []property{{originKey, c.commentMark(m.mark)}}},
	}, foot, nil
}

// unsay deletes a comment of ours. One that is not there any more is what was wanted.
func (c *Connector) unsay(ctx context.Context, issue, id string) error {
	err := c.do(ctx, call{op: "delete comment", method: http.MethodDelete, path: commentPath(issue, id), issue: issue, scope: c.shownKey(ctx, issue)}, nil)
	if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
		return nil
	}
	return err
}

const footKey = "comment-properties" // whether this Jira keeps the properties of comments: "yes", "no"

// footed tells whether a comment needs its mark written below it: on a Data Center that is not known to keep the
// properties of comments.
func (c *Connector) footed(ctx context.Context) (bool, error) {
	e, err := c.edition(ctx)
	if err != nil || e == cloud {
		return false, err
	}
	var kept string
	_, err = c.memory.Load(ctx, footKey, &kept)
	return kept != "yes", err
}

// footNeeded learns from the answer to a comment whether its property was kept.
func (c *Connector) footNeeded(ctx context.Context, made written) error {
	kept := "no"
	if marksOf(made) != nil {
		kept = "yes"
	}
	var known string
	if _, err := c.memory.Load(ctx, footKey, &known); err != nil || known == kept {
		return nil // a shortcut only: the next comment asks again
	}
	c.memory.Note(footKey, kept)
	return nil
}

// footer is the mark as a line of its own.
func footer(o origin) string {
	sum := sha256.Sum256([]byte(o.Hub + "\n" + o.HubEvent))
	return "\n\n" + footPrefix + hex.EncodeToString(sum[:])[:8]
}

const footPrefix = "signoff:ref:"

// marksOf are the marks in the properties of a comment.
func marksOf(w written) []origin {
	var list []struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(w.Properties, &list) != nil {
		return nil
	}
	var out []origin
	for _, p := range list {
		var o origin
		if p.Key == originKey && json.Unmarshal(p.Value, &o) == nil {
			out = append(out, o)
		}
	}
	return out
}

// bears reports whether a comment carries a mark, as a property or below its words.
func (w written) bears(want origin) bool {
	for _, o := range marksOf(w) {
		if o == want {
			return true
		}
	}
	return strings.HasSuffix(strings.TrimSpace(w.Body), strings.TrimSpace(footer(want)))
}

const (
	commentsPage     = 50
	mostCommentPages = 40
	// clockSlack is how far Jira's clock may be from ours when an instant of ours bounds what is read.
	clockSlack = 10 * time.Minute
)

// comments reads the comments of a ticket, the newest first, until each has seen enough and says false. whole says that
// it saw them all.
func (c *Connector) comments(ctx context.Context, issue string, each func(written) bool) (whole bool, err error) {
	seen := 0
	for range mostCommentPages {
		q := url.Values{"orderBy": {"-created"}, "maxResults": {strconv.Itoa(commentsPage)}, "expand": {"properties"}}
		if seen > 0 {
			q.Set("startAt", strconv.Itoa(seen))
		}
		r := get("read comments", "issue/"+url.PathEscape(issue)+"/comment", q)
		r.scope, r.about = c.shownKey(ctx, issue), issue
		var page struct {
			Total    *int      `json:"total"`
			Comments []written `json:"comments"`
		}
		if err := c.do(ctx, r, &page); err != nil {
			return false, err
		}
		for _, w := range page.Comments {
			if !each(w) {
				return false, nil
			}
		}
		if seen += len(page.Comments); len(page.Comments) == 0 || page.Total != nil && seen >= *page.Total {
			return true, nil
		}
		if page.Total == nil && len(page.Comments) < commentsPage {
			return true, nil
		}
	}
	return false, nil
}

// findMark returns the id of the comment that carries a mark, "" without one. Only comments made since then count.
func (c *Connector) findMark(ctx context.Context, issue, mark string, since time.Time) (string, error) {
	want, id := c.commentMark(mark), ""
	_, err := c.comments(ctx, issue, func(w written) bool {
		if w.bears(want) {
			id = w.ID
			return false
		}
		at, ok := stamp(w.Created)
		return !ok || at.After(since.Add(-clockSlack))
	})
	return id, err
}

// spoken is what we made of a comment that is shown: one or more comments in Jira.
type spoken struct {
	Version int64    `json:"version"`
	Parts   []string `json:"parts"` // ids in order; the first is what the link names
}

func spokenKey(issue, mark string) string { return "said/" + issue + "/" + hash(mark) }

// partMark is the mark of one part of a long comment.
func partMark(mark string, i int) string {
	if i == 0 {
		return mark
	}
	return mark + "/part/" + strconv.Itoa(i+1)
}

// showComment makes words of a request read in the ticket as its view has them: as one comment, or several when they
// are too long for one.
func (c *Connector) showComment(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	s := e.Show
	issue := commentIssue(s)
	if !issueID.MatchString(issue) {
		return nil, cannot("comment", "The ticket to comment on is not known.")
	}
	var sp spoken
	if _, err := c.memory.Load(ctx, spokenKey(issue, e.Mark()), &sp); err != nil {
		return nil, err
	}
	if _, id, ok := strings.Cut(linkKey(s), "/"); ok && len(sp.Parts) == 0 {
		sp.Parts = []string{id}
	}
	if sp.Version > s.Version && len(sp.Parts) > 0 {
		return c.commentLink(ctx, e, issue, sp.Parts[0]), nil // newer words are there already
	}
	if err := c.write(ctx, e, issue, &sp); err != nil {
		return nil, err
	}
	sp.Version = s.Version
	c.memory.Note(spokenKey(issue, e.Mark()), sp)
	return c.commentLink(ctx, e, issue, sp.Parts[0]), nil
}

// write brings the parts to the words of the view. What was made is remembered part by part, so that a try that ends in
// between is gone on with; what the end of the process loses is found again by its mark.
func (c *Connector) write(ctx context.Context, e flow.Effect, issue string, sp *spoken) error {
	bodies := c.bodies(e.Show.View.Body)
	for i, body := range bodies {
		m := remark{issue: issue, body: body, mark: partMark(e.Mark(), i)}
		if i < len(sp.Parts) {
			m.id = sp.Parts[i]
			if err := c.reword(ctx, m); err != nil {
				return err
			}
			continue
		}
		id, err := c.post(ctx, m)
		if err != nil {
			return err
		}
		sp.Parts = append(sp.Parts, id)
		c.memory.Note(spokenKey(issue, e.Mark()), *sp)
	}
	for len(sp.Parts) > len(bodies) {
		last := len(sp.Parts) - 1
		if err := c.unsay(ctx, issue, sp.Parts[last]); err != nil {
			return err
		}
		sp.Parts = sp.Parts[:last]
	}
	return nil
}

// reword changes one part. A comment that somebody deleted in Jira stays deleted, as long as its ticket is there.
func (c *Connector) reword(ctx context.Context, m remark) error {
	err := c.rewrite(ctx, m)
	said := refusalOf(err)
	if said == nil || said.status != http.StatusNotFound || connectors.ClassOf(err) != connectors.Rejected {
		return err
	}
	if _, err := c.read(ctx, m.issue); err != nil {
		return err
	}
	c.deps.Log.Info("a comment of ours was deleted in Jira and is not made again", "ticket", m.issue, "comment", m.id)
	return nil
}

// commentIssue is the ticket a comment belongs to.
func commentIssue(s *flow.Show) string {
	if s.Link == nil && s.At.Type == "issue" {
		return s.At.Key
	}
	issue, _, _ := strings.Cut(linkKey(s), "/")
	return issue
}

func linkKey(s *flow.Show) string {
	if s.Link == nil || s.Link.Ref.Type != "comment" {
		return ""
	}
	return s.Link.Ref.Key
}

func (c *Connector) commentLink(ctx context.Context, e flow.Effect, issue, id string) []flow.Link {
	l := flow.Link{Ref: c.commentRef(issue, id), Purpose: e.Show.Purpose, Shown: e.Show.Digest, Version: e.Show.Version}
	if key, err := c.keyOf(ctx, issue); err == nil && key != "" {
		l.Label, l.URL = key, c.browse(key)+"?focusedCommentId="+url.QueryEscape(id)
	}
	return []flow.Link{l}
}

// findShown looks for the parts of a comment whose making was cut off, and goes on from there.
func (c *Connector) findShown(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	issue := commentIssue(e.Show)
	if !issueID.MatchString(issue) {
		return nil, false, nil
	}
	var sp spoken
	if _, err := c.memory.Load(ctx, spokenKey(issue, e.Mark()), &sp); err != nil {
		return nil, false, err
	}
	for n := len(c.bodies(e.Show.View.Body)); len(sp.Parts) < n; {
		id, err := c.findMark(ctx, issue, partMark(e.Mark(), len(sp.Parts)), tried)
		if err != nil {
			return nil, false, err
		}
		if id == "" {
			if gone := c.deps.Now().Sub(tried); gone < commentLook {
				return nil, false, onItsWay(commentLook - gone)
			}
			break
		}
		sp.Parts = append(sp.Parts, id)
		c.memory.Note(spokenKey(issue, e.Mark()), sp)
	}
	if len(sp.Parts) == 0 {
		return nil, false, nil
	}
	links, err := c.showComment(ctx, e)
	return links, err == nil, err
}
