package github

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// Parse turns a stored webhook into events.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	p, err := readPayload(d.Body, eventOf(d.Kind))
	if err != nil {
		return nil, err
	}
	ignored, malformed := c.classify(p)
	if c.onShelf(p) && ignored+malformed != "" {
		r := reading{c: c, p: p, base: flow.Event{ID: d.ID, At: d.At, Delivery: d.ID, Actor: c.actor(p.Sender, nil)}}
		r.pushed()
		r.events[0].ID = d.ID
		return r.events, nil
	}
	switch {
	case malformed != "":
		return nil, fmt.Errorf("webhook: %s", malformed)
	case ignored != "":
		return nil, nil
	}
	l, err := readLearned(d.Learned)
	if err != nil {
		return nil, err
	}
	if l.Key == "" {
		l.Key = c.firstKey(p)
	}
	r := reading{c: c, p: p, l: l, base: flow.Event{
		At: d.At, Sent: p.sent(), Delivery: d.ID, Actor: c.actor(p.Sender, l.People), Subject: c.ref(p.thing(), l.Key),
		Echo: l.Own || c.isSelf(p.Sender),
	}}
	if r.base.Echo && !l.Receipt && l.Own {
		r.base.Fields = map[string][]string{"receipt": {"no"}}
	}
	r.read()
	if c.onShelf(p) {
		r.pushed()
	}
	for i := range r.events {
		if r.events[i].ID = d.ID; i > 0 {
			r.events[i].ID += "/" + strconv.Itoa(i+1)
		}
	}
	return r.events, nil
}

// firstKey is the key of what a delivery is about, as far as it is known without asking.
func (c *Connector) firstKey(p *payload) string {
	owner, repo, _ := strings.Cut(c.names.in(p.Repository), "/")
	return place{owner, repo, p.number()}.key()
}

// reading is one webhook while it becomes events.
type reading struct {
	c      *Connector
	p      *payload
	l      learned
	base   flow.Event
	events []flow.Event
}

// add appends an event that is filled in from what all of them share.
func (r *reading) add(kind flow.Kind, fill func(*flow.Event)) {
	ev := r.base
	ev.Kind, ev.Fields = kind, map[string][]string{}
	for k, v := range r.base.Fields {
		ev.Fields[k] = v
	}
	fill(&ev)
	if len(ev.Fields) == 0 {
		ev.Fields = nil
	}
	r.events = append(r.events, ev)
}

func (r *reading) read() {
	switch p := r.p; p.event {
	case "issues":
		r.issue()
	case "issue_comment", "pull_request_review_comment":
		r.comment()
	case "pull_request":
		r.pull()
	case "pull_request_review":
		r.review()
	case "pull_request_review_thread":
		r.thread()
	}
}

func (r *reading) issue() {
	switch p := r.p; {
	case r.l.Intake:
		r.submit("issue", p.Issue.GetTitle(), p.Issue.GetBody(), p.Issue.GetHTMLURL(), p.Issue.GetUser())
	case !r.c.deps.Tracker:
	case p.Action == "transferred":
		if r.l.To.zero() {
			r.add(flow.TicketGone, func(ev *flow.Event) { ev.Fields["why"] = []string{"hidden"} })
			return
		}
		r.add(flow.TicketRenamed, func(ev *flow.Event) {
			ev.Fields["key"] = []string{r.l.To.label()}
			ev.Links = []flow.Link{{Ref: ev.Subject, Label: r.l.To.label(), URL: r.c.page(r.l.To, "issues")}}
		})
	case p.Action == "deleted":
		r.add(flow.TicketGone, func(ev *flow.Event) { ev.Fields["why"] = []string{"deleted"} })
	case slices.Contains([]string{"closed", "reopened", "labeled", "unlabeled"}, p.Action):
		r.add(flow.TicketMoved, r.moved)
	}
}

// moved tells the state that the issue has now: a label, or open and closed.
func (r *reading) moved(ev *flow.Event) {
	i := r.p.Issue
	labels := r.p.labels()
	ev.Seq = i.GetUpdatedAt().UTC().Format(time.RFC3339)
	ev.Fields["status"] = []string{r.c.set.name(i.GetState(), i.GetStateReason(), labels)}
	if w := r.c.set.word(i.GetState(), i.GetStateReason(), labels); w != "" {
		ev.Fields["word"] = []string{string(w)}
	}
	if i.GetState() == closed {
		ev.Fields["done"] = []string{"yes"}
	}
}

// submit opens a request from an issue or pull request that got the label.
func (r *reading) submit(thing, title, body, address string, author *gogithub.User) {
	r.add(flow.RequestSubmitted, func(ev *flow.Event) {
		ev.Fields["title"], ev.Fields["source"] = []string{phrase(title)}, []string{"github"}
		ev.Fields["event"] = []string{r.p.event}
		ev.Actor, ev.Body = r.c.actor(author, r.l.People), read(body)
		if ev.Actor.Bot || ev.Actor.ID() == "" {
			ev.Actor = r.c.actor(r.p.Sender, r.l.People)
		}
		ev.Links = []flow.Link{{Ref: ev.Subject, Purpose: "thread", Label: r.p.place().label(), URL: address}}
		ev.Said = ev.Subject
		if thing == "pull" {
			ev.Assets = []flow.Asset{{Ref: ev.Subject, Label: r.p.place().label(), URL: address}}
		}
	})
}

func (r *reading) comment() {
	p := r.p
	kind := map[string]flow.Kind{"created": flow.CommentAdded, "edited": flow.CommentEdited, "deleted": flow.CommentRemoved}[p.Action]
	r.add(kind, func(ev *flow.Event) {
		ev.Actor = r.c.actor(p.Comment.GetUser(), r.l.People)
		if kind == flow.CommentRemoved {
			ev.Actor = r.c.actor(p.Sender, r.l.People)
			ev.Sent = ev.At // GitHub says nothing of when it was deleted
		}
		r.c.said(ev, p.Comment, commentKind(p.event))
	})
}

// said fills in which comment it is, its words and where people read it. On a line of a pull request it asks for a change,
// or answers what asked for one.
func (c *Connector) said(ev *flow.Event, one *gogithub.PullRequestComment, kind string) {
	id := strconv.FormatInt(one.GetID(), 10)
	ev.Said = c.ref(kind, ev.Subject.Key+"/"+id)
	ev.Seq = id
	ev.Links = []flow.Link{{Ref: ev.Said, URL: one.GetHTMLURL()}}
	if ev.Kind == flow.CommentRemoved {
		return
	}
	ev.Body = read(one.GetBody())
	if ev.Body.Empty() {
		ev.Body = text.Plain("(no words)")
	}
	if ev.Actor.Bot {
		ev.Fields["automatic"] = []string{"yes"}
	}
	if kind != lineKind {
		return
	}
	ev.Fields["point"] = []string{"yes"}
	if one.GetPath() != "" {
		ev.Fields["file"] = []string{one.GetPath()}
	}
	if root := one.GetInReplyTo(); root != 0 {
		ev.Fields["below"] = []string{c.ref(lineKind, ev.Subject.Key+"/"+strconv.FormatInt(root, 10)).String()}
	}
}

func (r *reading) pull() {
	p := r.p
	if p.Action == "closed" {
		r.add(flow.CommentAdded, r.closed)
		return
	}
	if r.l.Intake {
		r.submit("pull", p.Pull.GetTitle(), p.Pull.GetBody(), p.Pull.GetHTMLURL(), p.Pull.GetUser())
	}
	r.add(flow.AssetChanged, func(ev *flow.Event) {
		if p.Action != "synchronize" { // who labels or reopens it has saved nothing
			ev.Actor = r.c.actor(r.l.By, r.l.People)
		}
		r.c.version(ev, p.Pull, r.l.Name)
	})
}

// closed notes that a pull request was merged or closed: it decides nothing, and people should know.
func (r *reading) closed(ev *flow.Event) {
	ev.Said = r.c.ref("closing", ev.Subject.Key+"/"+strconv.FormatInt(r.p.sent().Unix(), 10))
	ev.Links = []flow.Link{{Ref: ev.Said, URL: r.p.Pull.GetHTMLURL()}}
	ev.Fields["automatic"] = []string{"yes"}
	ev.Body = text.Plain("The pull request was closed on GitHub without being merged.")
	if r.p.Pull.GetMerged() {
		ev.Body = text.Plain("The pull request was merged on GitHub.")
	}
}

// version tells of the commit at the head of a pull request, by its number and first line.
func (c *Connector) version(ev *flow.Event, pull *gogithub.PullRequest, name string) {
	sha := pull.GetHead().GetSHA()
	v := flow.Version{ID: sha, Name: name, By: ev.Actor, At: pull.GetUpdatedAt().UTC()}
	v.URL = pull.GetHTMLURL() + "/commits/" + sha
	ev.Versions = []flow.Version{v}
	ev.Assets = []flow.Asset{{Ref: ev.Subject, Label: c.labelOf(pull), URL: pull.GetHTMLURL()}}
}

// labelOf is what people call a pull request: lumen/site#7 Darker hero.
func (c *Connector) labelOf(pull *gogithub.PullRequest) string {
	label := pull.GetTitle()
	if p, _, ok := c.readPage(pull.GetHTMLURL()); ok {
		label = p.label() + " " + label
	}
	return phrase(label)
}

// review tells which commit is at the head, where that is not known, then what the reviewer decided or said.
func (r *reading) review() {
	p := r.p
	who := r.c.actor(p.Review.GetUser(), r.l.People)
	if p.Action == "submitted" && r.l.Head && !r.base.Echo {
		r.add(flow.AssetChanged, func(ev *flow.Event) {
			ev.Actor = r.c.actor(r.l.By, r.l.People) // who reviews has saved nothing
			r.c.version(ev, p.Pull, r.l.Name)
		})
	}
	switch p.Action {
	case "submitted":
		if ev, ok := r.c.reviewEvent(r.base, p.Review, r.l); ok {
			ev.Actor = who
			r.events = append(r.events, ev)
		}
	case "edited": // words may change; a vote never does by that
		r.add(flow.CommentEdited, func(ev *flow.Event) {
			ev.Actor = who
			r.c.reviewWords(ev, p.Review)
		})
	case "dismissed":
		if r.l.Undoes && !r.base.Echo {
			r.add(flow.VoteUndone, func(ev *flow.Event) {
				ev.Actor, ev.Said = who, r.c.reviewRef(ev.Subject.Key, p.Review.GetID())
			})
			return
		}
		r.add(flow.CommentAdded, func(ev *flow.Event) {
			ev.Said = r.c.ref("dismissal", r.base.Subject.Key+"/"+strconv.FormatInt(p.Review.GetID(), 10))
			ev.Links = []flow.Link{{Ref: ev.Said, URL: p.Review.GetHTMLURL()}}
			ev.Fields["automatic"] = []string{"yes"}
			ev.Body = text.Plain("The review of " + shownName(who) + " was dismissed on GitHub. What was decided in signoff stands.")
		})
	}
}

func (c *Connector) reviewRef(key string, id int64) flow.Ref {
	return c.ref("review", key+"/"+strconv.FormatInt(id, 10))
}

// reviewEvent is what a submitted review means; false when it says nothing by itself, as one that only carries comments on
// lines.
func (c *Connector) reviewEvent(base flow.Event, review *gogithub.PullRequestReview, l learned) (flow.Event, bool) {
	ev := base
	ev.Fields = map[string][]string{}
	for k, v := range base.Fields {
		ev.Fields[k] = v
	}
	word, decides := verdict(review.GetState())
	if decides && l.Votes && !base.Echo {
		ev.Kind = flow.VoteCast
		ev.Where = ev.Subject
		ev.Fields["verdict"], ev.Fields["version"] = []string{string(word)}, []string{l.Version}
		c.reviewWords(&ev, review)
		if ev.Body.Empty() && word == flow.RequestChanges {
			ev.Body = text.Plain("Changes are asked for in the comments on the pull request.")
		}
		return ev, true
	}
	ev.Kind = flow.CommentAdded
	c.reviewWords(&ev, review)
	switch {
	case !ev.Body.Empty():
	case decides && l.Early:
		ev.Body = text.Plain("Reviewed on GitHub before this request was opened.")
	case decides && word == flow.Approve:
		ev.Body = text.Plain("Approved on GitHub. It does not count here: whoever did it does not decide on this request.")
	case decides:
		ev.Body = text.Plain("Asked for changes on GitHub, in comments on the pull request.")
	default:
		return ev, false
	}
	return ev, true
}

func (c *Connector) reviewWords(ev *flow.Event, review *gogithub.PullRequestReview) {
	ev.Said = c.reviewRef(ev.Subject.Key, review.GetID())
	ev.Links = []flow.Link{{Ref: ev.Said, URL: review.GetHTMLURL()}}
	ev.Seq = strconv.FormatInt(review.GetID(), 10)
	ev.Body = read(review.GetBody())
}

// thread tells that a conversation on a line was resolved, or opened again.
func (r *reading) thread() {
	r.add(flow.PointResolved, func(ev *flow.Event) {
		root := r.p.Thread.Comments[0]
		ev.Said = r.c.ref(lineKind, ev.Subject.Key+"/"+strconv.FormatInt(root.GetID(), 10))
		state := "resolved"
		if r.p.Action == "unresolved" {
			state = "open"
		}
		ev.Fields["state"] = []string{state}
	})
}
