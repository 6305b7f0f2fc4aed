package jira

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
	"signoff/internal/secret"
	"signoff/internal/source"
)

// Settings are what the configuration says of one Jira site.
type Settings struct {
	URL    string `yaml:"url" doc:"Where people open Jira."`
	APIURL string `yaml:"api_url" doc:"Where the API is reached, when not under url."`
	// CloudID selects the gateway https://api.atlassian.com/ex/jira/{cloud_id}, which scoped tokens need.
	CloudID       string          `yaml:"cloud_id"`
	User          string          `yaml:"user"`
	Token         secret.Secret   `yaml:"token" doc:"The API token of the account (Cloud) or a personal access token (Data Center)."`
	TokenExpires  string          `yaml:"token_expires"`  // 2027-06-30
	WebhookSecret []secret.Secret `yaml:"webhook_secret"` // one, or two while changing it
	// WebhookToken is the last part of the webhook's address where Jira cannot sign (Data Center before 10).
	WebhookToken secret.Secret      `yaml:"webhook_token"`
	Webhook      string             `yaml:"webhook"` // auto: signoff registers it; manual
	WritesPerDay int                `yaml:"writes_per_day" doc:"How much signoff may write in a day; what is beyond waits."`
	Bypass       string             `yaml:"bypass"`      // flag, move back
	Attachments  string             `yaml:"attachments"` // keep, to thread
	ReadEvery    string             `yaml:"read_every"`  // 15 minutes
	Deployment   string             `yaml:"deployment"`  // cloud, server; empty: as Jira says
	Projects     map[string]Project `yaml:"projects" doc:"The projects by key, each with its fields and statuses."`
}

// Project says how requests look in one Jira project.
type Project struct {
	IssueType   string                 `yaml:"issue_type" doc:"The type of the tickets."`
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
	Path   []string          // statuses on the way there, where signoff cannot find it by itself
}

func fieldShape() source.Shape {
	return source.Shape{Of: "a Jira field", Keys: []source.Key{
		{Name: "field", Form: anyValue(), Doc: "Its name or customfield id.", Examples: []string{"Brand"}},
		{Name: "values", Form: source.Named(anyValue()), Doc: "Our value and Jira's, where they differ.", Examples: []string{"{low: Low, normal: Medium, high: High}"}},
		{Name: "owner", Form: anyValue(), Doc: "Whose value counts: signoff writes whenever the request's value changes, jira only when the ticket is made.", Examples: []string{"signoff", "jira"}},
	}}
}

func statusShape() source.Shape {
	return source.Shape{Of: "a Jira status", Keys: []source.Key{
		{Name: "status", Form: anyValue(), Doc: "Its name or id.", Examples: []string{"Done"}},
		{Name: "fields", Form: source.Named(anyValue()), Doc: "Values for fields that the way there asks for.", Examples: []string{"{resolution: Done}"}},
		{Name: "path", Form: source.Form{}, Doc: "Statuses on the way there, where signoff cannot find it by itself.", Examples: []string{"[In Review]"}},
	}}
}

// anyValue is a single value as the library reads it into a text.
func anyValue() source.Form { return source.AnyScalar().OrEmpty() }

// Form implements source.Formed.
func (*FieldRule) Form() source.Form {
	return source.Either(source.AnyScalar(), source.Keyed(fieldShape))
}

// Form implements source.Formed.
func (*StatusEntry) Form() source.Form {
	return source.Either(source.AnyScalar(), source.Keyed(statusShape))
}

// UnmarshalYAML reads "Brand" or {field: Priority, values: {low: Low}, owner: jira}.
func (r *FieldRule) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		r.Field = n.Value
		return nil
	}
	if err := onlyKeys(n, fieldShape()); err != nil {
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
	if err := onlyKeys(n, statusShape()); err != nil {
		return err
	}
	var m struct {
		Status string            `yaml:"status"`
		Fields map[string]string `yaml:"fields"`
		Path   []string          `yaml:"path"`
	}
	if err := n.Decode(&m); err != nil {
		return errors.New("must be the name of a Jira status, or {status: …, fields: {resolution: …}, path: […]}")
	}
	*s = StatusEntry{m.Status, m.Fields, m.Path}
	return nil
}

func onlyKeys(n *yaml.Node, s source.Shape) error {
	known := s.Names()
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
	add(s.token())
	if s.WritesPerDay < 0 {
		add(problem("writes_per_day", "must not be negative; leave it out for no limit"))
	}
	add(oneOf("bypass", &s.Bypass, "flag", "move back"))
	add(oneOf("attachments", &s.Attachments, "keep", "to thread"))
	add(oneOf("webhook", &s.Webhook, "auto", "manual"))
	_, err := s.look()
	add(err)
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

// look is how often open tickets are read, 0 when the settings do not say.
func (s *Settings) look() (time.Duration, error) {
	if s.ReadEvery == "" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(s.ReadEvery, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 60 || strings.TrimSuffix(unit, "s") != "minute" {
		return 0, problem("read_every", `must be 1 to 60 minutes, such as "15 minutes"`)
	}
	return time.Duration(n) * time.Minute, nil
}

// oneOf takes one of the words of a setting; the first is its default.
func oneOf(key string, value *string, words ...string) error {
	if *value == "" {
		*value = words[0]
	}
	if !slices.Contains(words, *value) {
		return problem(key, `%q is not known; write "%s"`, *value, strings.Join(words, `" or "`))
	}
	return nil
}

func (s *Settings) deployment() error {
	switch strings.ToLower(s.Deployment) {
	case "", "auto":
		s.Deployment = ""
		return nil
	case "cloud":
		s.Deployment = string(cloud)
		return nil
	case "server", "datacenter", "data center":
		s.Deployment = string(server)
		if s.CloudID != "" {
			return problem("cloud_id", "only Jira Cloud has a cloud id; leave it out for Data Center")
		}
		return nil
	}
	return problem("deployment", `%q is not known; write "cloud" or "server", or leave it out`, s.Deployment)
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
	s.User = strings.TrimSpace(s.User)
	switch {
	case s.User == "" && s.sure() == cloud:
		return problem("user", "the e-mail address of the account that signoff uses is missing; only the personal access token of a Data Center comes without one")
	case strings.Contains(s.User, ":"):
		return problem("user", "the name of an account cannot hold a colon")
	case strings.TrimSpace(s.Token.Reveal()) == "":
		return problem("token", "the token is missing; make one for the account of signoff: at id.atlassian.com for Cloud, under Profile, Personal access tokens for Data Center")
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
		if s.WebhookToken.Reveal() != "" && s.sure() != cloud {
			return nil
		}
		const missing = "the secret of the Jira webhook is missing; without it anybody could post events. Make one with: openssl rand -hex 32"
		if s.sure() == cloud {
			return problem("webhook_secret", missing)
		}
		return problem("webhook_secret", missing+". A Data Center before version 10 cannot sign: give it a webhook_token instead")
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

var (
	hexToken  = regexp.MustCompile(`^[0-9a-fA-F]{32,128}$`)
	wordToken = regexp.MustCompile(`^[A-Za-z0-9_-]{22,128}$`)
	hexOnly   = regexp.MustCompile(`^[0-9a-fA-F-]*$`)
)

const tokenAsked = "the token must hold at least 128 bits and nothing but letters, digits, - and _; make one with: openssl rand -hex 32"

// token refuses a token of the webhook's address that could be guessed.
func (s *Settings) token() error {
	text := s.WebhookToken.Reveal()
	switch {
	case text == "":
		return nil
	case placeholder(text):
		return problem("webhook_token", "this is a placeholder, not a token; make one with: openssl rand -hex 32")
	case hexToken.MatchString(text), wordToken.MatchString(text) && !hexOnly.MatchString(text):
		return nil
	}
	return problem("webhook_token", "%s", tokenAsked)
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
