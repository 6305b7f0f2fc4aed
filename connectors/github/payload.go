package github

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/internal/flow"
	"signoff/internal/strictjson"
)

// payload is the part of a webhook's body that is used, of whichever event.
type payload struct {
	Action     string                       `json:"action"`
	Ref        string                       `json:"ref"` // of a push
	Issue      *gogithub.Issue              `json:"issue"`
	Pull       *gogithub.PullRequest        `json:"pull_request"`
	Review     *gogithub.PullRequestReview  `json:"review"`
	Comment    *gogithub.PullRequestComment `json:"comment"` // of an issue too: it has the same fields, fewer
	Thread     *thread                      `json:"thread"`
	Label      *gogithub.Label              `json:"label"`
	Assignee   *gogithub.User               `json:"assignee"`
	Repository *gogithub.Repository         `json:"repository"`
	Sender     *gogithub.User               `json:"sender"`
	Changes    struct {
		NewIssue      *gogithub.Issue      `json:"new_issue"` // the library drops these two
		NewRepository *gogithub.Repository `json:"new_repository"`
	} `json:"changes"`
	Installation *gogithub.Installation `json:"installation"`
	Removed      []*gogithub.Repository `json:"repositories_removed"`
	Before       string                 `json:"before"`
	After        string                 `json:"after"`

	event string
}

// thread is a conversation on a line of a pull request.
type thread struct {
	Comments []*gogithub.PullRequestComment `json:"comments"`
}

const longestBody = 25 << 20

// readPayload reads a webhook's body; event is its name as the header or the kept kind has it.
func readPayload(body []byte, event string) (*payload, error) {
	p := payload{event: event}
	if err := strictjson.Decode(body, &p, strictjson.Limits{Bytes: longestBody}); err != nil {
		return nil, err
	}
	return &p, nil
}

// unwrap takes the JSON out of a form, in which GitHub sends it when so told.
func unwrap(body []byte, contentType string) ([]byte, bool) {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && media == "application/json":
		return body, true
	case err == nil && media == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil || len(form["payload"]) != 1 {
			return nil, true // believed, and malformed
		}
		return []byte(form["payload"][0]), true
	}
	return nil, false
}

// kind is "event:issues.labeled".
func (p *payload) kind() string {
	if p.Action == "" || len(p.Action) > 40 || strings.ContainsAny(p.Action, " \t\r\n/") {
		return "event:" + p.event
	}
	return "event:" + p.event + "." + p.Action
}

// eventOf takes the name of the event out of a kept kind.
func eventOf(kind string) string {
	event, _, _ := strings.Cut(strings.TrimPrefix(kind, "event:"), ".")
	return event
}

func (p *payload) number() int {
	if p.Pull.GetNumber() != 0 {
		return p.Pull.GetNumber()
	}
	return p.Issue.GetNumber()
}

// thing is "pull" or "issue".
func (p *payload) thing() string {
	if p.Pull != nil || p.Issue != nil && p.Issue.IsPullRequest() {
		return "pull"
	}
	return "issue"
}

func (p *payload) place() place {
	owner, repo, _ := strings.Cut(p.Repository.GetFullName(), "/")
	return place{Owner: owner, Repo: repo, Number: p.number()}
}

func (p *payload) labels() []string {
	var out []string
	for _, l := range p.Issue.Labels {
		out = append(out, l.GetName())
	}
	return out
}

// speaker is whose words it holds.
func (p *payload) speaker() *gogithub.User {
	switch {
	case p.Review != nil:
		return p.Review.GetUser()
	case p.Comment != nil:
		return p.Comment.GetUser()
	}
	return p.Sender
}

// sent is GitHub's own time of what happened.
func (p *payload) sent() time.Time {
	var at gogithub.Timestamp
	switch {
	case p.Review != nil && p.Action == "submitted":
		at = p.Review.GetSubmittedAt()
	case p.Comment != nil && p.Comment.UpdatedAt != nil:
		at = p.Comment.GetUpdatedAt()
	case p.Pull != nil:
		at = p.Pull.GetUpdatedAt()
	case p.Issue != nil:
		at = p.Issue.GetUpdatedAt()
	}
	return at.UTC()
}

// factKey names the fact, whichever of several webhooks told of it.
func (p *payload) factKey() string {
	var id int64
	extra := ""
	switch {
	case p.Comment != nil:
		id, extra = p.Comment.GetID(), hash(p.Comment.GetBody())
	case p.Review != nil:
		id, extra = p.Review.GetID(), p.Review.GetState()+hash(p.Review.GetBody())
	case p.Thread != nil && len(p.Thread.Comments) > 0:
		id = p.Thread.Comments[0].GetID()
	case p.Pull != nil:
		id, extra = p.Pull.GetID(), p.Pull.GetHead().GetSHA()
	case p.Issue != nil:
		id = p.Issue.GetID()
	}
	if id == 0 {
		return ""
	}
	if p.Label != nil {
		extra += "/" + hash(p.Label.GetName())
	}
	if p.Assignee != nil {
		extra += "/" + p.Assignee.GetLogin()
	}
	at := p.sent()
	if p.Pull != nil && p.Thread != nil {
		at = p.Pull.GetUpdatedAt().UTC()
	}
	return fmt.Sprintf("%d/%s/%d/%s/%d/%s", p.Repository.GetID(), p.event+"."+p.Action, id, extra, at.UnixNano(), p.Sender.GetLogin())
}

// used are the events and actions that tell something, by role.
func used(tracker bool) map[string][]string {
	if tracker {
		return map[string][]string{
			"issues":        {"opened", "closed", "reopened", "labeled", "unlabeled", "transferred", "deleted"},
			"issue_comment": {"created", "edited", "deleted"},
		}
	}
	return map[string][]string{
		"issues":                      {"labeled"},
		"issue_comment":               {"created", "edited", "deleted"},
		"pull_request":                {"opened", "reopened", "ready_for_review", "synchronize", "labeled", "closed"},
		"pull_request_review":         {"submitted", "edited", "dismissed"},
		"pull_request_review_comment": {"created", "edited", "deleted"},
		"pull_request_review_thread":  {"resolved", "unresolved"},
	}
}

// learned is what Enrich found out.
type learned struct {
	Key     string           `json:"key,omitempty"` // of the issue or pull request
	Own     bool             `json:"own,omitempty"` // our own account did it, or it is about words of ours
	Receipt bool             `json:"receipt,omitempty"`
	People  map[int64]string `json:"people,omitempty"`  // keys by account number
	Early   bool             `json:"early,omitempty"`   // it was reviewed before the request was opened
	Votes   bool             `json:"votes,omitempty"`   // the reviewer decides on the request
	Undoes  bool             `json:"undoes,omitempty"`  // what was dismissed was an approval, or the reviewer dismissed it
	Version string           `json:"version,omitempty"` // of the whole request, for the vote
	Name    string           `json:"name,omitempty"`    // first line of the commit
	Head    bool             `json:"head,omitempty"`    // the request does not know the commit at the head
	By      *gogithub.User   `json:"by,omitempty"`      // who made the commit
	To      place            `json:"to,omitzero"`       // where it moved
	Intake  bool             `json:"intake,omitempty"`  // the label makes a request
}

func readLearned(raw []byte) (learned, error) {
	var l learned
	if len(raw) == 0 {
		return l, nil
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return l, fmt.Errorf("what was learned: %w", err)
	}
	return l, nil
}

// shortSHA is a commit as people call it.
func shortSHA(sha string) string {
	if len(sha) > 7 {
		return sha[:7]
	}
	return sha
}

func verdict(state string) (flow.Verdict, bool) {
	switch strings.ToLower(state) {
	case "approved":
		return flow.Approve, true
	case "changes_requested":
		return flow.RequestChanges, true
	}
	return "", false
}
