package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/secret"
)

var (
	deliveryName = regexp.MustCompile(`^[A-Za-z0-9._-]{8,100}$`)
	eventName    = regexp.MustCompile(`^[a-z][a-z_]{0,59}$`)
)

// Accept believes a webhook that is signed with one of the secrets.
func (c *Connector) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	var none connectors.Accepted
	if in.Method != http.MethodPost {
		return none, &connectors.Refusal{Status: http.StatusMethodNotAllowed, Reason: "method", Allow: http.MethodPost}
	}
	if in.Header.Get("Content-Encoding") != "" {
		return none, &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "content encoding"}
	}
	body, known := unwrap(in.Body, in.Header.Get("Content-Type"))
	if !known {
		return none, &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "content type"}
	}
	which, why := verify(in.Header.Values("X-Hub-Signature-256"), in.Body, c.set.WebhookSecret)
	if why != "" {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: why}
	}
	acc := connectors.Accepted{ID: deliveryID(in), Kind: "event:unknown", Type: "application/json", Secret: which}
	event := in.Header.Get("X-Github-Event")
	if !eventName.MatchString(event) {
		acc.Malformed = "the header X-GitHub-Event is missing or names no event"
		return acc, nil
	}
	acc.Kind = "event:" + event
	p, err := readPayload(body, event)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	if acc.Kind = p.kind(); event == "ping" {
		acc.Answer = &connectors.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"ok":true}`)}
		return acc, nil
	}
	if len(body) != len(in.Body) {
		acc.Kept = body
	}
	acc.Key, acc.Alarm = p.factKey(), c.lostAccess(p)
	acc.Ignored, acc.Malformed = c.classify(p)
	if c.onShelf(p) && acc.Ignored+acc.Malformed != "" {
		acc.Ignored, acc.Malformed = "", "" // it tells of the rules alone, which are read from the repository
		return acc, nil
	}
	if acc.Ignored == "" && acc.Malformed == "" {
		acc.Enrich = true
		c.about(p, &acc)
	}
	return acc, nil
}

// lostAccess says that the app was taken away, or a repository from it.
func (c *Connector) lostAccess(p *payload) string {
	who := phrase(p.Installation.GetAccount().GetLogin())
	switch {
	case p.event == "installation" && (p.Action == "deleted" || p.Action == "suspend"):
		return fmt.Sprintf("GitHub: the app was taken away from %s (%s); nothing there can be read or written until it is installed again", who, p.Action)
	case p.event == "installation_repositories" && p.Action == "removed":
		for _, r := range p.Removed {
			if c.mine(r.GetFullName()) {
				return fmt.Sprintf("GitHub: the app may not see %s any more", r.GetFullName())
			}
		}
	}
	return ""
}

// about names what a delivery is of no use without. What may begin a request, or is a ticket of ours that is only just
// being made, is never dropped for it.
func (c *Connector) about(p *payload, acc *connectors.Accepted) {
	if c.begins(p) || p.event == "issues" && p.Action == "opened" {
		return
	}
	acc.About = c.ref(p.thing(), c.firstKey(p))
}

// begins reports whether a label of ours was put on something, so that it becomes a request. GitHub tells of labels that
// something is opened with, too.
func (c *Connector) begins(p *payload) bool {
	return !c.deps.Tracker && c.set.Label != "" && p.Action == "labeled" && strings.EqualFold(p.Label.GetName(), c.set.Label)
}

// classify says why a delivery is of no use, or what is wrong with it.
func (c *Connector) classify(p *payload) (ignored, malformed string) {
	actions, known := used(c.deps.Tracker)[p.event]
	switch {
	case !known:
		return "events of this kind are not used", ""
	case !slices.Contains(actions, p.Action):
		return "this action is not used", ""
	case p.Repository.GetFullName() == "" || p.Repository.GetID() == 0:
		return "", "it names no repository"
	case !c.mine(p.Repository.GetFullName()) && !c.mine(c.names.in(p.Repository)):
		return "its repository is not set up", ""
	}
	if why := p.lacks(); why != "" {
		return "", why
	}
	switch {
	case c.deps.Tracker && p.thing() == "pull":
		return "pull requests are no tickets", ""
	case !c.deps.Tracker && p.event == "issues" && !c.begins(p):
		return "the label is another one", ""
	case p.event == "pull_request" && p.Action == "labeled" && !c.begins(p):
		return "the label is another one", ""
	case c.deps.Tracker && p.event == "issues" && p.Action == "opened" && markOf(p.Issue.GetBody()) == "":
		return "the issue is no ticket", ""
	case c.deps.Tracker && (p.Action == "labeled" || p.Action == "unlabeled") && c.set.statusLabel([]string{p.Label.GetName()}) == "":
		return "the label stands for no status", ""
	}
	return "", ""
}

// lacks says what a used event does not hold.
func (p *payload) lacks() string {
	switch {
	case p.place().zero(), p.Issue == nil && (p.event == "issues" || p.event == "issue_comment"):
		return "it names no issue or pull request"
	case !repositoryName.MatchString(p.Repository.GetFullName()):
		return "the repository's name cannot be one"
	case strings.HasPrefix(p.event, "pull_request") && p.Pull.GetHead().GetSHA() == "" && p.event != "pull_request_review_thread":
		return "it names no commit"
	case strings.HasSuffix(p.event, "_comment") && p.Comment.GetID() == 0:
		return "it names no comment"
	case p.event == "pull_request_review" && p.Review.GetID() == 0:
		return "it names no review"
	case p.event == "pull_request_review_thread" && (p.Thread == nil || len(p.Thread.Comments) == 0 || p.Thread.Comments[0].GetID() == 0):
		return "it names no conversation"
	case (p.Action == "labeled" || p.Action == "unlabeled") && p.Label.GetName() == "":
		return "it names no label"
	}
	return ""
}

// verify returns which secret a body is signed with, or why it is not believed.
func verify(headers []string, body []byte, secrets []secret.Secret) (which, why string) {
	switch {
	case len(headers) == 0 || headers[0] == "":
		return "", "signature missing"
	case len(headers) > 1:
		return "", "two signatures"
	}
	text, ok := strings.CutPrefix(headers[0], "sha256=")
	if !ok {
		return "", "signature method not known"
	}
	given, err := hex.DecodeString(text)
	if err != nil || len(given) != sha256.Size || text != strings.ToLower(text) {
		return "", "signature malformed"
	}
	names := []string{"current", "previous"}
	for i, s := range secrets { // all of them, so that the time does not tell which
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		mac.Write(body) // never fails
		if hmac.Equal(mac.Sum(nil), given) && which == "" {
			which = names[min(i, 1)]
		}
	}
	if which == "" {
		return "", "signature wrong"
	}
	return which, ""
}

// deliveryID is GitHub's own, the same on redelivery; without a usable one, the hash of the body.
func deliveryID(in connectors.Inbound) string {
	id := in.Header.Get("X-Github-Delivery")
	if !deliveryName.MatchString(id) {
		sum := sha256.Sum256(in.Body)
		return hex.EncodeToString(sum[:])
	}
	return id
}

func marshal(l learned, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(l)
}
