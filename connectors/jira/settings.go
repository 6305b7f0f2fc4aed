package jira

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

// Settings are what the configuration says of one Jira site.
type Settings struct {
	URL    string `yaml:"url"`     // where people open Jira: https://lumen.atlassian.net
	APIURL string `yaml:"api_url"` // where the API is reached, when not under URL
	// CloudID selects the gateway https://api.atlassian.com/ex/jira/{cloud_id}, which scoped tokens need.
	CloudID       string             `yaml:"cloud_id"`
	User          string             `yaml:"user"`
	Token         secret.Secret      `yaml:"token"`
	TokenExpires  string             `yaml:"token_expires"`  // 2027-06-30
	WebhookSecret []secret.Secret    `yaml:"webhook_secret"` // one, or two while changing it
	WritesPerDay  int                `yaml:"writes_per_day"`
	Bypass        string             `yaml:"bypass"`     // flag
	Deployment    string             `yaml:"deployment"` // cloud
	Projects      map[string]Project `yaml:"projects"`
}

// Project says how requests look in one Jira project.
type Project struct {
	IssueType   string                 `yaml:"issue_type"`
	SubtaskType string                 `yaml:"subtask_type"`
	Fields      map[string]FieldRule   `yaml:"fields"` // by signoff's field name
	Status      map[string]StatusEntry `yaml:"status"` // by status word; an unmapped word leaves the ticket alone
}

// FieldRule says which Jira field holds a field of the request.
type FieldRule struct {
	Field  string            // name or customfield id
	Values map[string]string // our value -> Jira's, where they differ
	// Owner is whose value counts: signoff (default) writes whenever the request's value changes, jira only when the
	// ticket is made.
	Owner string
}

// StatusEntry is the Jira status of a status word, with values for fields that the way there asks for.
type StatusEntry struct {
	Status string            // name or id
	Fields map[string]string // resolution: Done
}

// UnmarshalYAML reads "Brand" or {field: Priority, values: {low: Low}, owner: jira}.
func (r *FieldRule) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		r.Field = n.Value
		return nil
	}
	if err := onlyKeys(n, "field", "values", "owner"); err != nil {
		return err
	}
	var m struct {
		Field  string            `yaml:"field"`
		Values map[string]string `yaml:"values"`
		Owner  string            `yaml:"owner"`
	}
	if err := n.Decode(&m); err != nil {
		return errors.New("must be the name of a Jira field, or {field: …, values: {ours: theirs}, owner: jira}")
	}
	*r = FieldRule{m.Field, m.Values, m.Owner}
	return nil
}

// UnmarshalYAML reads "Done" or {status: Done, fields: {resolution: Done}}.
func (s *StatusEntry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		s.Status = n.Value
		return nil
	}
	if err := onlyKeys(n, "status", "fields"); err != nil {
		return err
	}
	var m struct {
		Status string            `yaml:"status"`
		Fields map[string]string `yaml:"fields"`
	}
	if err := n.Decode(&m); err != nil {
		return errors.New("must be the name of a Jira status, or {status: …, fields: {resolution: …}}")
	}
	*s = StatusEntry{m.Status, m.Fields}
	return nil
}

func onlyKeys(n *yaml.Node, known ...string) error {
	if n.Kind != yaml.MappingNode {
		return errors.New("must be a name or keys and values")
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; !slices.Contains(known, key) {
			return fmt.Errorf("%q is not known here; known: %s", key, strings.Join(known, ", "))
		}
	}
	return nil
}

var (
	projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,}$`)
	issueKey   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,}-[1-9][0-9]*$`)
	issueID    = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	cloudID    = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

const gateway = "https://api.atlassian.com/ex/jira/"

// words are the status words in the order in which a Jira status that stands for several is read back.
func words() []flow.Status {
	return []flow.Status{
		flow.Intake, flow.InProgress, flow.InReview, flow.Approved, flow.Declined, flow.Withdrawn, flow.NeedsInfo,
		flow.Expired, flow.Merged, flow.Snoozed, flow.Draft,
	}
}

func problem(key, format string, args ...any) error {
	return &connectors.SettingError{Key: key, Text: fmt.Sprintf(format, args...)}
}

// complete fills in defaults and says what cannot be right; all problems at once.
func (s *Settings) complete() error {
	var all []error
	add := func(err error) {
		if err != nil {
			all = append(all, err)
		}
	}
	add(s.deployment())
	add(s.addresses())
	add(s.account())
	add(s.secrets())
	switch {
	case s.WritesPerDay < 0:
		add(problem("writes_per_day", "must not be negative; leave it out for no limit"))
	case s.Bypass == "":
		s.Bypass = "flag"
	case s.Bypass == "move back":
		add(problem("bypass", `"move back" is not supported; with "flag" a ticket moved past an open approval is shown in the thread and left where it is`))
	case s.Bypass != "flag":
		add(problem("bypass", `%q is not known; write "flag"`, s.Bypass))
	}
	if len(s.Projects) == 0 {
		add(problem("projects", "name at least one Jira project, for example DES: {issue_type: Task}"))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Projects)) {
		p := s.Projects[key]
		all = append(all, p.complete(key)...)
		s.Projects[key] = p
	}
	return errors.Join(all...)
}

func (s *Settings) deployment() error {
	switch strings.ToLower(s.Deployment) {
	case "", "cloud":
		s.Deployment = "cloud"
		return nil
	case "server", "datacenter", "data center":
		return problem("deployment", "Jira Server and Data Center are not supported; signoff speaks to Jira Cloud")
	}
	return problem("deployment", `%q is not known; write "cloud" or leave it out`, s.Deployment)
}

func (s *Settings) addresses() error {
	if s.URL == "" {
		return problem("url", "the address of the Jira site is missing, for example https://lumen.atlassian.net")
	}
	for key, base := range map[string]string{"url": s.URL, "api_url": s.APIURL} {
		if base == "" {
			continue
		}
		if err := outbound.CheckBase(base); err != nil {
			return problem(key, "%s", err)
		}
		if u, err := url.Parse(base); err != nil || u.RawQuery != "" || u.Fragment != "" {
			return problem(key, "an address without ? and # is needed, for example https://lumen.atlassian.net")
		}
	}
	if s.CloudID != "" && !cloudID.MatchString(s.CloudID) {
		return problem("cloud_id", "this is not a cloud id; find it at %s/_edge/tenant_info", strings.TrimRight(s.URL, "/"))
	}
	s.URL = strings.TrimRight(s.URL, "/")
	switch {
	case s.APIURL != "" && s.CloudID != "" && !strings.Contains(s.APIURL, s.CloudID):
		s.APIURL = strings.TrimRight(s.APIURL, "/") + "/ex/jira/" + s.CloudID
	case s.APIURL == "" && s.CloudID != "":
		s.APIURL = gateway + s.CloudID
	case s.APIURL == "":
		s.APIURL = s.URL
	}
	s.APIURL = strings.TrimRight(s.APIURL, "/")
	return nil
}

func (s *Settings) account() error {
	switch {
	case strings.TrimSpace(s.User) == "":
		return problem("user", "the e-mail address of the account that signoff uses is missing")
	case strings.Contains(s.User, ":"):
		return problem("user", "an e-mail address cannot hold a colon")
	case strings.TrimSpace(s.Token.Reveal()) == "":
		return problem("token", "the API token is missing; make one for the account of signoff at id.atlassian.com")
	}
	if s.TokenExpires != "" {
		if _, err := time.Parse(time.DateOnly, s.TokenExpires); err != nil {
			return problem("token_expires", "must be a day such as 2027-06-30")
		}
	}
	return nil
}

const shortestSecret = 12

// secrets refuses webhook secrets that would verify nothing.
func (s *Settings) secrets() error {
	if len(s.WebhookSecret) == 0 {
		return problem("webhook_secret", "the secret of the Jira webhook is missing; without it anybody could post events")
	}
	if len(s.WebhookSecret) > 2 {
		return problem("webhook_secret", "one secret, or two while changing it, not %d", len(s.WebhookSecret))
	}
	for _, one := range s.WebhookSecret {
		text := one.Reveal()
		switch {
		case strings.TrimSpace(text) == "":
			return problem("webhook_secret", "the secret is empty; without it anybody could post events")
		case strings.TrimSpace(text) != text:
			return problem("webhook_secret", "the secret begins or ends with white space; Jira would not sign with it")
		case len(text) < shortestSecret:
			return problem("webhook_secret", "the secret is shorter than %d characters; make one with: openssl rand -hex 32", shortestSecret)
		case placeholder(text):
			return problem("webhook_secret", "this is a placeholder, not a secret; make one with: openssl rand -hex 32")
		}
	}
	return nil
}

// placeholder recognises values that were copied from an example.
func placeholder(text string) bool {
	low := strings.ToLower(text)
	for _, word := range []string{"changeme", "change-me", "change_me", "placeholder", "your-secret", "your_secret", "yoursecret",
		"your-webhook", "your_webhook", "replace-me", "replace_me", "secret-here", "secret_here", "${", "xxxxxxxx"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return strings.Trim(low, low[:1]) == ""
}

func (p *Project) complete(key string) []error {
	var all []error
	at := "projects." + key
	if !projectKey.MatchString(key) {
		all = append(all, problem(at, "%q is not a Jira project key; keys are written like DES", key))
	}
	if p.IssueType == "" {
		p.IssueType = "Task"
	}
	targets := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		rule := p.Fields[name]
		switch {
		case strings.TrimSpace(rule.Field) == "":
			all = append(all, problem(at+".fields."+name, "name the Jira field"))
		case rule.Owner != "" && rule.Owner != "jira" && rule.Owner != "signoff":
			all = append(all, problem(at+".fields."+name+".owner", `%q is not known; write "jira" or "signoff"`, rule.Owner))
		case targets[strings.ToLower(rule.Field)] != "":
			all = append(all, problem(at+".fields."+name, "the Jira field %q already holds %s", rule.Field, targets[strings.ToLower(rule.Field)]))
		}
		targets[strings.ToLower(rule.Field)] = name
	}
	for _, word := range slices.Sorted(maps.Keys(p.Status)) {
		if !slices.Contains(words(), flow.Status(word)) {
			all = append(all, problem(at+".status."+word, "%q is not a status of a request; known: %s", word, joined(words())))
		} else if strings.TrimSpace(p.Status[word].Status) == "" {
			all = append(all, problem(at+".status."+word, "name the Jira status, or leave the line out"))
		}
	}
	return all
}

func joined(list []flow.Status) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

// word reads a Jira status back: the first status word it stands for, or "".
func (p Project) word(names ...string) flow.Status {
	for _, w := range words() {
		entry, ok := p.Status[string(w)]
		if ok && slices.ContainsFunc(names, func(n string) bool { return n != "" && strings.EqualFold(n, entry.Status) }) {
			return w
		}
	}
	return ""
}
