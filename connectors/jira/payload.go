package jira

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/strictjson"
)

// payload is the part of a webhook's body that is used. What vendors write in several forms is read tolerantly.
type payload struct {
	Timestamp json.RawMessage `json:"timestamp"` // ms
	Event     loose           `json:"webhookEvent"`
	TypeName  loose           `json:"issue_event_type_name"`
	User      *account        `json:"user"`
	Issue     hookIssue       `json:"issue"`
	Comment   hookComment     `json:"comment"`
	Changelog struct {
		ID    loose    `json:"id"`
		Items []change `json:"items"`
	} `json:"changelog"`
}

type hookIssue struct {
	ID     loose  `json:"id"`
	Self   string `json:"self"`
	Key    string `json:"key"`
	Fields struct {
		Project struct {
			Key loose `json:"key"`
		} `json:"project"`
		Status struct {
			ID   loose `json:"id"`
			Name loose `json:"name"`
		} `json:"status"`
		Labels json.RawMessage `json:"labels"`
	} `json:"fields"`
}

type hookComment struct {
	ID         loose           `json:"id"`
	Self       string          `json:"self"`
	Author     *account        `json:"author"`
	Updater    *account        `json:"updateAuthor"`
	Body       loose           `json:"body"`
	Updated    loose           `json:"updated"`
	Visibility json.RawMessage `json:"visibility"`
	Public     *bool           `json:"jsdPublic"`
}

// account is a user as Jira shows them.
type account struct {
	ID     string `json:"accountId"`
	Self   string `json:"self"`
	Type   string `json:"accountType"`
	Shown  string `json:"displayName"`
	Zone   string `json:"timeZone"`
	Email  string `json:"emailAddress"`
	Active bool   `json:"active"`
}

// change is one changed field. Every part may be null or missing.
type change struct {
	Field    loose `json:"field"`
	FieldID  loose `json:"fieldId"`
	From     loose `json:"from"`
	FromText loose `json:"fromString"`
	To       loose `json:"to"`
	ToText   loose `json:"toString"`
}

// loose is a text that may come as a number, as null, or as something of no use.
type loose string

// UnmarshalJSON never fails: what is neither text nor number reads as "".
func (l *loose) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*l = loose(s)
		return nil
	}
	if n, err := strconv.ParseFloat(string(raw), 64); err == nil && n == float64(int64(n)) {
		*l = loose(strconv.FormatInt(int64(n), 10))
	}
	return nil
}

// longestBody is what Jira sends at most.
const longestBody = 25 << 20

// readPayload reads a body strictly: every byte must mean one thing, because it is what was signed.
func readPayload(body []byte) (*payload, error) {
	var p payload
	if err := strictjson.Decode(body, &p, strictjson.Limits{Bytes: longestBody}); err != nil {
		return nil, err
	}
	return &p, nil
}

// sent is Jira's own time, zero where it gives none.
func (p *payload) sent() time.Time {
	ms, err := strconv.ParseInt(strings.Trim(string(p.Timestamp), `"`), 10, 64)
	if err != nil || ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_:.-]{0,63}$`)

// event is Jira's name of what happened; payloads that lack it are told by what they hold.
func (p *payload) event() string {
	switch {
	case p.Event != "":
		return string(p.Event)
	case p.Comment.ID != "" && len(p.Changelog.Items) == 0:
		return "comment_created"
	case len(p.Changelog.Items) > 0:
		return "jira:issue_updated"
	}
	return ""
}

func (p *payload) kind() string {
	if e := p.event(); word.MatchString(e) {
		return "event:" + e
	}
	return "event:unknown"
}

// user is who did it.
func (p *payload) user() userOf {
	who := p.User
	if p.isComment() {
		who = p.Comment.Author
		if p.Comment.Updater != nil {
			who = p.Comment.Updater
		}
	}
	if who == nil {
		return userOf{}
	}
	return userOf{who.ID, who.Self, who}
}

type userOf struct {
	AccountID, Self string
	account         *account
}

// isComment reports whether words were added; Jira says so in two ways, sometimes in both for one comment.
func (p *payload) isComment() bool {
	switch p.event() {
	case "comment_created", "comment_updated":
		return true
	case "jira:issue_updated":
		return p.Comment.ID != "" && (p.TypeName == "issue_commented" || p.TypeName == "issue_comment_edited") && p.moved() == nil
	}
	return false
}

// moved returns the change of status, nil without one.
func (p *payload) moved() *change {
	for i := range p.Changelog.Items {
		if it := &p.Changelog.Items[i]; it.FieldID == "status" || (it.FieldID == "" && it.Field == "status") {
			return it
		}
	}
	return nil
}

var commentSelf = regexp.MustCompile(`/issue/([1-9][0-9]*)/comment/[0-9]+$`)

// issueID is the numeric id of the ticket, "" when the payload does not tell it.
func (p *payload) issueID() string {
	if id := string(p.Issue.ID); issueID.MatchString(id) {
		return id
	}
	if m := commentSelf.FindStringSubmatch(p.Comment.Self); m != nil {
		return m[1]
	}
	return ""
}

// project is the key of the project the ticket is in.
func (p *payload) project() string {
	if k := string(p.Issue.Fields.Project.Key); projectKey.MatchString(k) {
		return k
	}
	if issueKey.MatchString(p.Issue.Key) {
		return p.Issue.Key[:strings.LastIndexByte(p.Issue.Key, '-')]
	}
	return ""
}

// factKey names what happened, whichever delivery says it.
func (p *payload) factKey() string {
	switch {
	case p.isComment():
		return "comment/" + string(p.Comment.ID) + "/" + string(p.Comment.Updated)
	case p.moved() != nil && p.Changelog.ID != "" && p.issueID() != "":
		return "change/" + p.issueID() + "/" + string(p.Changelog.ID)
	}
	return ""
}

// use says why the event is of no use, or what it lacks.
func (p *payload) use() (ignored, malformed string) {
	switch p.event() {
	case "":
		return "it says nothing that happened", ""
	case "jira:issue_updated", "comment_created", "comment_updated":
	case "jira:issue_deleted":
		return "the ticket was deleted in Jira; its request goes on and says so when the ticket is next written", ""
	case "jira:issue_created":
		if p.mark() != "" && p.issueID() != "" {
			return "", "" // it may settle a create whose answer was lost
		}
		return newTicket, ""
	default:
		return "events of this kind are not used", ""
	}
	switch {
	case !p.isComment() && p.moved() == nil:
		return "nothing that a request follows was changed", ""
	case p.issueID() == "":
		return "", "it does not say which ticket it is about"
	case p.isComment() && p.Comment.restricted():
		return "the comment is not for everybody", ""
	case p.moved() != nil && p.status() == "":
		return "", "it does not say which status the ticket has"
	}
	return "", ""
}

const newTicket = "a new ticket says nothing about a request"

var markLabel = regexp.MustCompile(`^` + labelPrefix + `([0-9a-f]{16})$`)

// mark is the mark that a new ticket carries, "" without one.
func (p *payload) mark() string {
	var labels []string
	if p.event() != "jira:issue_created" || json.Unmarshal(p.Issue.Fields.Labels, &labels) != nil {
		return ""
	}
	for _, l := range labels {
		if m := markLabel.FindStringSubmatch(l); m != nil {
			return m[1]
		}
	}
	return ""
}

// restricted reports whether only some may read the comment.
func (c hookComment) restricted() bool {
	v := strings.TrimSpace(string(c.Visibility))
	return (v != "" && v != "null" && v != "{}") || (c.Public != nil && !*c.Public)
}

// status is the name of the status the ticket came to.
func (p *payload) status() string {
	it := p.moved()
	if it == nil {
		return ""
	}
	if it.ToText != "" {
		return string(it.ToText)
	}
	if s := p.Issue.Fields.Status; it.To == "" || it.To == s.ID {
		return string(s.Name)
	}
	return ""
}
