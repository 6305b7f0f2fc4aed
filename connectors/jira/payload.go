package jira

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
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
			ID       loose    `json:"id"`
			Name     loose    `json:"name"`
			Category category `json:"statusCategory"`
		} `json:"status"`
		Labels json.RawMessage `json:"labels"`
		Files  json.RawMessage `json:"attachment"`
	} `json:"fields"`
}

type hookComment struct {
	ID         loose           `json:"id"`
	Self       string          `json:"self"`
	Author     *account        `json:"author"`
	Updater    *account        `json:"updateAuthor"`
	Body       loose           `json:"body"`
	Created    loose           `json:"created"`
	Updated    loose           `json:"updated"`
	Visibility json.RawMessage `json:"visibility"`
	Public     *bool           `json:"jsdPublic"`
	Properties json.RawMessage `json:"properties"`
}

// account is a user as Jira shows them.
type account struct {
	ID     string `json:"accountId"`      // Cloud
	Name   string `json:"name,omitempty"` // Server and Data Center
	Self   string `json:"self"`
	Type   string `json:"accountType"`
	Shown  string `json:"displayName"`
	Zone   string `json:"timeZone"`
	Email  string `json:"emailAddress"`
	Active bool   `json:"active"`
}

// id is what the edition knows the user by. Cloud sent names too once, so the account's id comes first.
func (a *account) id() string {
	switch {
	case a == nil:
		return ""
	case a.ID != "":
		return a.ID
	}
	return a.Name
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
	case p.TypeName == "issue_created", p.TypeName == "issue_deleted":
		return "jira:" + string(p.TypeName)
	case strings.HasPrefix(string(p.TypeName), "issue_"):
		return "jira:issue_updated"
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
	if who == nil && p.isComment() {
		who = p.Comment.Author
		if p.Comment.Updater != nil {
			who = p.Comment.Updater
		}
	}
	if who == nil {
		return userOf{}
	}
	return userOf{who.id(), who.Self, who}
}

type userOf struct {
	ID, Self string
	account  *account
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

// key is what people call the ticket, "" when the payload does not tell it.
func (p *payload) key() string {
	if issueKey.MatchString(p.Issue.Key) {
		return p.Issue.Key
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
	case p.said() == flow.CommentRemoved && p.issueID() != "":
		return "comment/" + string(p.Comment.ID) + "/deleted"
	case len(p.Changelog.Items) > 0 && p.Changelog.ID != "" && p.issueID() != "":
		return "change/" + p.issueID() + "/" + string(p.Changelog.ID)
	case p.isComment():
		return "comment/" + string(p.Comment.ID) + "/" + string(p.Comment.Updated)
	}
	return ""
}

// use says why the event is of no use, or what it lacks.
func (p *payload) use() (ignored, malformed string) {
	switch p.event() {
	case "":
		return "it says nothing that happened", ""
	case "attachment_created":
		return "it does not say at which ticket; the change of the ticket does", ""
	case "jira:issue_created":
		if p.mark() != "" && p.issueID() != "" {
			return "", "" // it may settle a create whose answer was lost
		}
		return newTicket, ""
	case "jira:issue_updated", "jira:issue_deleted", archivedEvent, "comment_created", "comment_updated", "comment_deleted":
	default:
		return "events of this kind are not used", ""
	}
	switch {
	case !p.isComment() && p.gone() == "" && !p.changed():
		return "nothing that a request follows was changed", ""
	case p.issueID() == "":
		return "", "it does not say which ticket it is about"
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
