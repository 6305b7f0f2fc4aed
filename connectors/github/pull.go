package github

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/internal/flow"
)

// Recognize reads the address of a pull request, of whichever of its pages, in a repository that is set up.
func (c *Connector) Recognize(address string) (flow.Asset, bool) {
	p, kind, ok := c.readPage(address)
	if !ok || kind != "pull" || c.deps.Tracker || !c.mine(p.full()) && !c.mine(c.names.of(p.full())) {
		return flow.Asset{}, false
	}
	owner, repo, _ := strings.Cut(c.names.of(p.full()), "/")
	return flow.Asset{Ref: c.ref("pull", place{owner, repo, p.Number}.key()), Label: p.label(), URL: c.page(p, "pull")}, true
}

// LookEvery is how often pull requests of open requests are read.
func (c *Connector) LookEvery() time.Duration {
	every, _ := c.set.look() // a wrong one is refused at start
	return every
}

// Look reads a pull request as it is now, and what was said and decided there since an instant.
func (c *Connector) Look(ctx context.Context, a flow.Asset, since time.Time) ([]flow.Event, error) {
	key := a.Ref.Key
	at, err := c.at(ctx, key)
	if err != nil {
		return nil, err
	}
	if _, err := c.account(ctx); err != nil {
		return nil, err
	}
	r := get("read pull request", at, "pulls")
	r.about = true
	var pull gogithub.PullRequest
	if err := c.do(ctx, r, &pull); err != nil {
		return c.goneOr(ctx, a, err)
	}
	if pull.GetNumber() == 0 || pull.GetHead().GetSHA() == "" {
		return nil, failure(r, errNoNumber)
	}
	found := c.placeOf(pull.GetHTMLURL(), pull.GetNumber(), at)
	if err := c.follows(ctx, key, at, found); err != nil {
		return nil, err
	}
	l := look{c: c, asset: a, at: found, pull: &pull, since: since.Add(-clockSlack)}
	return l.read(ctx)
}

// goneOr tells that a pull request cannot be read any more, by a service that knows us.
func (c *Connector) goneOr(ctx context.Context, a flow.Asset, err error) ([]flow.Event, error) {
	why := goneWhy(err)
	if why == "" {
		return nil, err
	}
	if _, site := c.askAccount(ctx); site != nil {
		return nil, site
	}
	return []flow.Event{{
		ID: c.deps.Instance + "/read/" + a.Ref.Key + "/gone", Kind: flow.AssetGone, At: c.deps.Now().UTC(), Subject: a.Ref,
		Fields: map[string][]string{"why": {why}},
	}}, nil
}

// look is one reading of a pull request.
type look struct {
	c      *Connector
	asset  flow.Asset
	at     place
	pull   *gogithub.PullRequest
	since  time.Time
	events []flow.Event
}

func (l *look) read(ctx context.Context) ([]flow.Event, error) {
	if err := l.version(ctx); err != nil {
		return nil, err
	}
	first := l.events[0]
	l.events = nil
	if err := l.reviews(ctx); err != nil {
		return nil, err
	}
	talk, err := l.c.saidAt(ctx, l.asset.Ref, talkKind, l.since)
	if err != nil {
		return nil, err
	}
	lines, err := l.c.saidAt(ctx, l.asset.Ref, lineKind, l.since)
	if err != nil {
		return nil, err
	}
	return append([]flow.Event{first}, inOrder(append(append(l.events, talk...), lines...))...), nil
}

func (l *look) base() flow.Event {
	return flow.Event{At: l.c.deps.Now().UTC(), Subject: l.asset.Ref, Fields: map[string][]string{}}
}

// version is the commit at the head; who made it is asked once.
func (l *look) version(ctx context.Context) error {
	sha := l.pull.GetHead().GetSHA()
	ev := l.base()
	ev.ID, ev.Kind = l.c.deps.Instance+"/read/"+l.asset.Ref.Key+"/version/"+sha, flow.AssetChanged
	ev.Sent = l.pull.GetUpdatedAt().UTC()
	name := ""
	known := slices.ContainsFunc(l.asset.Versions, func(v flow.Version) bool { return v.ID == sha })
	if !known {
		commit, err := l.c.commit(ctx, l.at.full(), sha)
		if err != nil {
			return err
		}
		name = commitName(commit, sha)
		if u := commit.GetAuthor(); u.GetID() != 0 {
			key, err := l.c.known(ctx, u)
			if err != nil {
				return err
			}
			ev.Actor = l.c.actor(u, map[int64]string{u.GetID(): key})
		}
	}
	l.c.version(&ev, l.pull, name)
	ev.Fields = nil
	l.events = append(l.events, ev)
	return nil
}

// commitName is what people call a commit: 0a1b2c3 Darken the hero.
func commitName(commit *gogithub.RepositoryCommit, sha string) string {
	first, _, _ := strings.Cut(commit.GetCommit().GetMessage(), "\n")
	return phrase(shortSHA(sha) + " " + first)
}

func (c *Connector) commit(ctx context.Context, full, sha string) (*gogithub.RepositoryCommit, error) {
	var commit gogithub.RepositoryCommit
	r := call{op: "read commit", method: http.MethodGet, path: repoPath(full, "/commits/"+url.PathEscape(sha)), repo: full, scope: "commit " + shortSHA(sha)}
	err := c.do(ctx, r, &commit)
	if s := refusalOf(err); s != nil && (s.status == http.StatusNotFound || s.status == http.StatusUnprocessableEntity) {
		return &commit, nil // the commit went away between the two calls
	}
	return &commit, err
}

// reviewRow is what is remembered of a review that was told: its vote is not cast again, and its words are told again
// when they change.
type reviewRow struct {
	Verdict   flow.Verdict `json:"verdict,omitempty"`
	Body      string       `json:"body,omitempty"`
	Dismissed bool         `json:"dismissed,omitempty"`
}

func reviewKey(key string, id int64) string {
	return "review/" + key + "/" + strconv.FormatInt(id, 10)
}

func (c *Connector) reviewOf(ctx context.Context, key string, id int64) (reviewRow, error) {
	var row reviewRow
	_, err := c.memory.Load(ctx, reviewKey(key, id), &row)
	return row, err
}

// reviews tells of those that no webhook told of.
func (l *look) reviews(ctx context.Context) error {
	var list []*gogithub.PullRequestReview
	_, err := pages(ctx, l.c, get("read reviews", l.at, "pulls", "reviews"), mostPages, func(page []*gogithub.PullRequestReview) bool {
		list = append(list, page...)
		return true
	})
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := l.review(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) review(ctx context.Context, one *gogithub.PullRequestReview) error {
	c, key := l.c, l.asset.Ref.Key
	if one.GetSubmittedAt().Before(l.since) || c.isSelf(one.GetUser()) || strings.EqualFold(one.GetState(), "pending") {
		return nil
	}
	var row reviewRow
	told, err := c.memory.Load(ctx, reviewKey(key, one.GetID()), &row)
	if err != nil {
		return err
	}
	dismissed := strings.EqualFold(one.GetState(), "dismissed")
	words := hash(normal(one.GetBody()))
	if told && (dismissed == row.Dismissed || dismissed && row.Verdict != flow.Approve) && words == row.Body {
		return nil
	}
	ev, ok, err := l.reviewed(ctx, one, told, row)
	if err != nil {
		return err
	}
	word, _ := verdict(one.GetState())
	if dismissed {
		word = row.Verdict
	}
	c.memory.Note(reviewKey(key, one.GetID()), reviewRow{Verdict: word, Body: words, Dismissed: dismissed})
	if ok {
		l.events = append(l.events, ev)
	}
	return nil
}

// reviewed is what a review means that was not told of as it is now.
func (l *look) reviewed(ctx context.Context, one *gogithub.PullRequestReview, told bool, row reviewRow) (flow.Event, bool, error) {
	c, key := l.c, l.asset.Ref.Key
	ev := l.base()
	name, err := c.known(ctx, one.GetUser())
	if err != nil {
		return ev, false, err
	}
	people := map[int64]string{one.GetUser().GetID(): name}
	ev.Actor, ev.Sent = c.actor(one.GetUser(), people), one.GetSubmittedAt().UTC()
	ev.ID = c.deps.Instance + "/read/" + key + "/review/" + strconv.FormatInt(one.GetID(), 10)
	dismissed := strings.EqualFold(one.GetState(), "dismissed")
	switch {
	case told && dismissed && !row.Dismissed && row.Verdict == flow.Approve:
		ev.ID += "/dismissed"
		ev.Kind, ev.Said, ev.Fields = flow.VoteUndone, c.reviewRef(key, one.GetID()), nil
		return ev, true, nil
	case dismissed && !told:
		return ev, false, nil // it came and went while nobody looked
	case told:
		ev.ID += "/" + hash(normal(one.GetBody()))
		ev.Kind = flow.CommentEdited
		c.reviewWords(&ev, one)
		ev.Fields, ev.Sent = nil, c.deps.Now().UTC()
		return ev, !ev.Body.Empty(), nil
	}
	info := learned{Key: key, People: people}
	if _, decides := verdict(one.GetState()); decides {
		if err := c.decides(ctx, ballot{key: key, who: ev.Actor, commit: one.GetCommitID(), at: one.GetSubmittedAt().Time}, &info); err != nil {
			return ev, false, err
		}
	}
	ev, ok := c.reviewEvent(ev, one, info)
	return ev, ok, nil
}

// Said reads what people said in a ticket since an instant, as webhooks would have told it.
func (c *Connector) Said(ctx context.Context, ticket flow.Ref, since time.Time) ([]flow.Event, error) {
	if _, ok := readKeyed(ticket.Key); !ok || ticket.Type != "issue" && ticket.Type != "pull" {
		return nil, cannot("read comments", strconv.Quote(ticket.Key)+" is not an issue of GitHub.")
	}
	if _, err := c.account(ctx); err != nil {
		return nil, err
	}
	events, err := c.saidAt(ctx, ticket, talkKind, since.Add(-clockSlack))
	return inOrder(events), err
}

func inOrder(list []flow.Event) []flow.Event {
	slices.SortStableFunc(list, func(a, b flow.Event) int { return a.Sent.Compare(b.Sent) })
	return list
}

// saidAt reads the comments of one kind at an issue or pull request: all of them, since what is missing was deleted.
func (c *Connector) saidAt(ctx context.Context, where flow.Ref, kind string, since time.Time) ([]flow.Event, error) {
	at, err := c.at(ctx, where.Key)
	if err != nil {
		return nil, err
	}
	things := "issues"
	if kind == lineKind {
		things = "pulls"
	}
	there := map[int64]bool{}
	var out []flow.Event
	var failed error
	r := get("read comments", at, things, "comments")
	r.about = true
	whole, err := pages(ctx, c, r, mostPages, func(list []*gogithub.PullRequestComment) bool {
		for _, one := range list {
			there[one.GetID()] = true
			ev, ok, err := c.heardAt(ctx, where, kind, one, since)
			if failed = err; err != nil {
				return false
			}
			if ok {
				out = append(out, ev)
			}
		}
		return true
	})
	if err != nil || failed != nil {
		return nil, firstErr(failed, err)
	}
	if !whole {
		return out, nil
	}
	missed, err := c.missed(ctx, where, kind, there)
	return append(out, missed...), err
}

func firstErr(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// heardAt is what one comment means, if it is not known as it is now.
func (c *Connector) heardAt(ctx context.Context, where flow.Ref, kind string, one *gogithub.PullRequestComment, since time.Time) (flow.Event, bool, error) {
	var ev flow.Event
	if one.GetID() == 0 || c.isSelf(one.GetUser()) || one.GetUpdatedAt().Before(since) {
		return ev, false, nil
	}
	row := heardKey(where.Key, kind, one.GetID())
	var last string
	told, err := c.memory.Load(ctx, row, &last)
	now := stamp(one.GetUpdatedAt().Time)
	if err != nil || told && last == now {
		return ev, false, err
	}
	name, err := c.known(ctx, one.GetUser())
	if err != nil {
		return ev, false, err
	}
	c.memory.Note(row, now)
	ev = flow.Event{
		ID:   c.deps.Instance + "/read/" + where.Key + "/" + kind + "/" + strconv.FormatInt(one.GetID(), 10) + "/" + now,
		Kind: flow.CommentAdded, At: c.deps.Now().UTC(), Sent: one.GetUpdatedAt().UTC(), Subject: where, Fields: map[string][]string{},
		Actor: c.actor(one.GetUser(), map[int64]string{one.GetUser().GetID(): name}),
	}
	if told || one.GetUpdatedAt().After(one.GetCreatedAt().Add(time.Second)) && one.GetCreatedAt().Before(since) {
		ev.Kind = flow.CommentEdited
	}
	c.said(&ev, one, kind)
	if len(ev.Fields) == 0 {
		ev.Fields = nil
	}
	return ev, true, nil
}

// missed tells of the comments that were heard and are not there any more.
func (c *Connector) missed(ctx context.Context, where flow.Ref, kind string, there map[int64]bool) ([]flow.Event, error) {
	prefix := heardPrefix(where.Key) + kind + "/"
	now := c.deps.Now().UTC()
	var out []flow.Event
	err := c.deps.Keep.Scan(ctx, prefix, func(row string, _ []byte) error {
		text := strings.TrimPrefix(row, prefix)
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || there[id] {
			return nil
		}
		c.memory.Forget(row)
		out = append(out, flow.Event{
			ID:   c.deps.Instance + "/read/" + where.Key + "/" + kind + "/" + text + "/gone",
			Kind: flow.CommentRemoved, At: now, Sent: now, Seq: text, Subject: where, Said: c.ref(kind, where.Key+"/"+text),
		})
		return nil
	})
	return out, kept("read what was heard", err)
}

func goneWhy(err error) string {
	e, ok := errAs(err)
	if !ok {
		return ""
	}
	return e.Gone
}
