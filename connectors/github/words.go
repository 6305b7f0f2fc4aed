package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

var errNoNumber = errors.New("the answer names no issue")

func pathEscape(s string) string { return url.PathEscape(s) }

// remark is a comment of ours.
type remark struct {
	key  string // of the issue or pull request
	line int64  // the comment on a line that it answers; 0: it goes into the conversation
	body string
	mark string
	id   int64 // of one that is changed
}

func (c *Connector) bodyOf(m remark) string { return m.body + "\n\n" + c.wordsMark(m.mark) }

// post writes a new comment.
func (c *Connector) post(ctx context.Context, m remark) (int64, error) {
	at, err := c.at(ctx, m.key)
	if err != nil {
		return 0, err
	}
	body := c.bodyOf(m)
	if err := c.expect(ctx, m.key, "comment", body); err != nil {
		return 0, err
	}
	path := at.path("issues", "comments")
	if m.line != 0 {
		path = at.path("pulls", "comments", strconv.FormatInt(m.line, 10), "replies")
	}
	r := call{op: "comment", method: http.MethodPost, path: path, body: map[string]string{"body": body}, once: true, repo: at.full(), about: m.line == 0, scope: at.label()}
	var made gogithub.IssueComment
	if err := c.do(ctx, r, &made); err != nil {
		return 0, err
	}
	if made.GetID() == 0 {
		return 0, &connectors.Error{Op: r.op, Class: connectors.Unsure, Wait: firstLook, Err: errors.New("the answer names no comment")}
	}
	return made.GetID(), nil
}

func commentPath(at place, id int64) string {
	return repoPath(at.full(), "/issues/comments/"+strconv.FormatInt(id, 10))
}

// reword changes a comment. One that somebody deleted stays deleted, as long as what it stands at is there.
func (c *Connector) reword(ctx context.Context, m remark) error {
	at, err := c.at(ctx, m.key)
	if err != nil {
		return err
	}
	body := c.bodyOf(m)
	if err := c.expect(ctx, m.key, "comment", body); err != nil {
		return err
	}
	err = c.do(ctx, call{op: "edit comment", method: http.MethodPatch, path: commentPath(at, m.id), body: map[string]string{"body": body}, repo: at.full(), scope: at.label()}, nil)
	if s := refusalOf(err); s == nil || s.status != http.StatusNotFound {
		return err
	}
	if _, _, err := c.readIssue(ctx, m.key); err != nil {
		return err
	}
	c.deps.Log.Info("a comment of ours was deleted at GitHub and is not made again", "where", m.key, "comment", m.id)
	return nil
}

func (c *Connector) unsay(ctx context.Context, key string, id int64) error {
	at, err := c.at(ctx, key)
	if err != nil {
		return err
	}
	if err := c.expect(ctx, key, "comment deleted", strconv.FormatInt(id, 10)); err != nil {
		return err
	}
	err = c.do(ctx, call{op: "delete comment", method: http.MethodDelete, path: commentPath(at, id), repo: at.full(), scope: at.label()}, nil)
	if s := refusalOf(err); s != nil && s.status == http.StatusNotFound {
		return nil
	}
	return err
}

func toldKey(mark string) string { return receiptPrefix + "told/" + mark }

// sayOnce adds a comment that carries its mark, once.
func (c *Connector) sayOnce(ctx context.Context, m remark) error {
	if strings.TrimSpace(m.body) == "" {
		return nil
	}
	var told until
	if ok, err := c.memory.Load(ctx, toldKey(m.mark), &told); ok || err != nil {
		return err
	}
	if _, err := c.post(ctx, m); err != nil {
		return err
	}
	if err := c.memory.Save(ctx, toldKey(m.mark), until{c.deps.Now().Add(receiptLife)}); err != nil {
		return &connectors.Error{Op: "comment", Class: connectors.Unsure, Wait: firstLook, Err: err} // said, and we do not know it
	}
	return nil
}

// target is where something is said: an issue, a pull request, or below a comment of one.
func target(where flow.Ref) (key string, line int64, ok bool) {
	switch where.Type {
	case "issue", "pull":
		key = where.Key
	case talkKind, lineKind, "review", "dismissal":
		at := strings.LastIndexByte(where.Key, '/')
		if at < 0 {
			return "", 0, false
		}
		key = where.Key[:at]
		if where.Type == lineKind {
			line, _ = strconv.ParseInt(where.Key[at+1:], 10, 64)
		}
	}
	_, ok = readKeyed(key)
	return key, line, ok
}

// tell says something once, and shows the decision at the commit it is for. GitHub has no place for one person alone: why
// something did not count is said to them in the open, where they did it, and that it did count they see.
func (c *Connector) tell(ctx context.Context, e flow.Effect) error {
	t := e.Tell
	key, line, ok := target(t.Where)
	switch {
	case t.Private && (!ok || t.View.Kind != flow.RefusalView):
		return nil
	case !ok:
		return cannot("comment", "At GitHub signoff speaks in issues and pull requests only, not to single people.")
	}
	body := c.notice(t.View)
	if t.Private {
		body = c.addressed(e) + body
	}
	if err := c.sayOnce(ctx, remark{key: key, line: line, body: body, mark: e.Mark()}); err != nil || t.Private {
		return err
	}
	return c.commitStatus(ctx, e, key)
}

// addressed begins a comment with whom it is for.
func (c *Connector) addressed(e flow.Effect) string {
	if len(e.Tell.To) == 0 {
		return ""
	}
	who := e.Tell.To[0]
	ref := e.Known[who.ID()]
	if who.Ref.System == c.deps.Instance {
		ref = who.Ref
	}
	if ref.Key == "" || strings.HasPrefix(ref.Key, numbered) {
		return plain(shownName(who)) + ": "
	}
	return "@" + ref.Key + " "
}

// spoken is what we made of words that are shown: one or more comments.
type spoken struct {
	Version int64   `json:"version"`
	Parts   []int64 `json:"parts"` // ids in order; the first is what the link names
}

func (c *Connector) spokenKey(mark string) string { return "said/" + c.hubKey(mark) }

func partMark(mark string, i int) string {
	if i == 0 {
		return mark
	}
	return mark + "/part/" + strconv.Itoa(i+1)
}

// texts are the comments that a view becomes.
func texts(e flow.Effect) []string {
	v := e.Show.View
	if !isLink(e) {
		return bodies(v.Body)
	}
	if v.Link == nil || v.Link.URL == "" {
		return nil
	}
	name := v.Headline
	for _, other := range []string{v.Link.Label, v.Title, v.Link.URL} {
		if strings.TrimSpace(name) == "" {
			name = other
		}
	}
	return []string{"Requested in: [" + plain(name) + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "\n", "").Replace(v.Link.URL) + ")"}
}

func wordsTarget(s *flow.Show) (string, bool) {
	where := s.At
	if s.Link != nil {
		where = s.Link.Ref
	}
	key, _, ok := target(where)
	return key, ok
}

// showWords makes words of a request read as its view has them.
func (c *Connector) showWords(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	key, ok := wordsTarget(e.Show)
	list := texts(e)
	switch {
	case !ok:
		return nil, cannot("comment", "The issue or pull request to comment on is not known.")
	case len(list) == 0 || strings.TrimSpace(list[0]) == "":
		return nil, cannot("comment", "There is nothing to say.")
	}
	var sp spoken
	if _, err := c.memory.Load(ctx, c.spokenKey(e.Mark()), &sp); err != nil {
		return nil, err
	}
	if l := e.Show.Link; l != nil && len(sp.Parts) == 0 {
		if id, err := strconv.ParseInt(l.Ref.Key[strings.LastIndexByte(l.Ref.Key, '/')+1:], 10, 64); err == nil {
			sp.Parts = []int64{id}
		}
	}
	if sp.Version > e.Show.Version && len(sp.Parts) > 0 {
		return c.wordsLink(ctx, e, key, sp.Parts[0]) // newer words are there already
	}
	if err := c.write(ctx, e, key, list, &sp); err != nil {
		return nil, err
	}
	sp.Version = e.Show.Version
	c.memory.Note(c.spokenKey(e.Mark()), sp)
	return c.wordsLink(ctx, e, key, sp.Parts[0])
}

// write brings the parts to the words. What was made is remembered part by part, so that a try that ends in between is gone
// on with.
func (c *Connector) write(ctx context.Context, e flow.Effect, key string, list []string, sp *spoken) error {
	for i, body := range list {
		m := remark{key: key, body: body, mark: partMark(e.Mark(), i)}
		if i < len(sp.Parts) {
			if m.id = sp.Parts[i]; sp.Version == e.Show.Version {
				continue // as it is
			}
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
		c.memory.Note(c.spokenKey(e.Mark()), *sp)
	}
	for len(sp.Parts) > len(list) {
		last := len(sp.Parts) - 1
		if err := c.unsay(ctx, key, sp.Parts[last]); err != nil {
			return err
		}
		sp.Parts = sp.Parts[:last]
	}
	return nil
}

func (c *Connector) wordsLink(ctx context.Context, e flow.Effect, key string, id int64) ([]flow.Link, error) {
	at, err := c.at(ctx, key)
	if err != nil {
		return nil, err
	}
	number := strconv.FormatInt(id, 10)
	return []flow.Link{{
		Ref: c.ref(talkKind, key+"/"+number), Purpose: e.Show.Purpose, Label: at.label(), URL: c.page(at, "issues") + "#issuecomment-" + number,
		Shown: e.Show.Digest, Version: e.Show.Version,
	}}, nil
}
