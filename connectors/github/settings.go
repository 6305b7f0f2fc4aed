package github

import (
	"cmp"
	"crypto/rsa"
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
)

// Settings are what the configuration says of one connection to GitHub.
type Settings struct {
	URL           string                 `yaml:"url"`     // where people open it: https://github.com
	APIURL        string                 `yaml:"api_url"` // https://api.github.com
	Token         secret.Secret          `yaml:"token"`
	TokenExpires  string                 `yaml:"token_expires"` // 2027-02-01
	App           *App                   `yaml:"app"`
	WebhookSecret []secret.Secret        `yaml:"webhook_secret"` // one, or two while changing it
	Webhook       string                 `yaml:"webhook"`        // auto, manual
	Repository    string                 `yaml:"repository" doc:"Under tracker: the repository whose issues are the tickets."`
	Status        map[string]StatusEntry `yaml:"status"`     // by status word
	Bypass        string                 `yaml:"bypass"`     // flag, move back
	ReadEvery     string                 `yaml:"read_every"` // 15 minutes
	WritesPerDay  int                    `yaml:"writes_per_day" doc:"How much signoff may write in a day; what is beyond waits."`
	Repositories  []string               `yaml:"repositories" doc:"Under connectors: the repositories whose pull requests are decided on."`
	Label         string                 `yaml:"label"`         // makes a request; none
	Reviews       string                 `yaml:"reviews"`       // votes, comments
	CommitStatus  string                 `yaml:"commit_status"` // name of the commit status; empty: none
	Rules         *Shelf                 `yaml:"rules"`         // the repository that keeps the rule files
}

// App is a GitHub App, which speaks with tokens that it is given for an hour.
type App struct {
	ID         string        `yaml:"id"`
	PrivateKey secret.Secret `yaml:"private_key"`

	key *rsa.PrivateKey
}

// StatusEntry is how an issue looks whose request has a status.
type StatusEntry struct {
	State  string // open, closed
	Reason string // of closed: completed, not_planned
	Label  string // empty: none
}

// UnmarshalYAML reads "closed", "closed as not planned" or {state: closed, reason: not planned, label: …}.
func (s *StatusEntry) UnmarshalYAML(n *yaml.Node) error {
	const wanted = `must be "open", "closed", "closed as not planned", or {state: closed, reason: not planned, label: …}`
	if n.Kind == yaml.ScalarNode {
		state, reason, _ := strings.Cut(n.Value, " as ")
		*s = StatusEntry{State: state, Reason: reason, Label: "-"} // the usual label
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return errors.New(wanted)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; !slices.Contains([]string{"state", "reason", "label"}, key) {
			return fmt.Errorf("%q is not known here; known: state, reason, label", key)
		}
	}
	m := struct {
		State  string  `yaml:"state"`
		Reason string  `yaml:"reason"`
		Label  *string `yaml:"label"`
	}{}
	if err := n.Decode(&m); err != nil {
		return errors.New(wanted)
	}
	*s = StatusEntry{State: m.State, Reason: m.Reason, Label: "-"}
	if m.Label != nil {
		s.Label = *m.Label
	}
	return nil
}

const (
	publicAPI  = "https://api.github.com"
	publicSite = "https://github.com"
	apiPath    = "/api/v3" // of GitHub Enterprise Server

	open       = "open"
	closed     = "closed"
	completed  = "completed"
	notPlanned = "not_planned"

	labelPrefix = "signoff:"
)

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)

// words are the status words in the order in which a state that stands for several is read back.
func words() []flow.Status {
	return []flow.Status{
		flow.Intake, flow.InProgress, flow.InReview, flow.Approved, flow.Declined, flow.Withdrawn, flow.NeedsInfo,
		flow.Expired, flow.Merged, flow.Snoozed, flow.Draft,
	}
}

// usual is how an issue looks unless the settings say otherwise.
func usual(word flow.Status) StatusEntry {
	switch {
	case word == flow.Approved:
		return StatusEntry{State: closed, Reason: completed, Label: labelPrefix + string(word)}
	case word.Closed():
		return StatusEntry{State: closed, Reason: notPlanned, Label: labelPrefix + string(word)}
	}
	return StatusEntry{State: open, Label: labelPrefix + string(word)}
}

func problem(key, format string, args ...any) error {
	return &connectors.SettingError{Key: key, Text: fmt.Sprintf(format, args...)}
}

// complete fills in defaults and says what cannot be right; all problems at once.
func (s *Settings) complete(tracker bool) error {
	var all []error
	add := func(err error) {
		if err != nil {
			all = append(all, err)
		}
	}
	add(s.addresses())
	add(s.account())
	add(s.secrets())
	add(oneOf("webhook", &s.Webhook, "auto", "manual"))
	add(oneOf("bypass", &s.Bypass, "flag", "move back"))
	add(oneOf("reviews", &s.Reviews, "votes", "comments"))
	if s.WritesPerDay < 0 {
		add(problem("writes_per_day", "must not be negative; leave it out for no limit"))
	}
	_, err := s.look()
	add(err)
	all = append(all, s.places(tracker)...)
	if s.Rules != nil {
		add(s.Rules.complete(tracker))
	}
	all = append(all, s.statuses()...)
	switch s.Label = strings.TrimSpace(s.Label); {
	case s.Label == "":
		s.Label = "signoff"
	case s.Label == "none":
		s.Label = ""
	case len(s.Label) > 50:
		add(problem("label", "GitHub takes labels of at most 50 characters"))
	}
	return errors.Join(all...)
}

func (s *Settings) addresses() error {
	s.APIURL = strings.TrimRight(cmp.Or(strings.TrimSpace(s.APIURL), publicAPI), "/")
	s.URL = strings.TrimRight(strings.TrimSpace(s.URL), "/")
	if s.URL == "" {
		s.URL = publicSite // also behind a proxy or a stand-in
		if base, ok := strings.CutSuffix(s.APIURL, apiPath); ok {
			s.URL = base
		}
	}
	for _, one := range [][2]string{{"url", s.URL}, {"api_url", s.APIURL}} {
		if err := outbound.CheckBase(one[1]); err != nil {
			return problem(one[0], "%s", err)
		}
		if u, err := url.Parse(one[1]); err != nil || u.RawQuery != "" || u.Fragment != "" {
			return problem(one[0], "an address without ? and # is needed, for example %s", publicAPI)
		}
	}
	return nil
}

func (s *Settings) account() error {
	token := strings.TrimSpace(s.Token.Reveal())
	switch {
	case s.App != nil && token != "":
		return problem("app", "a token and an app are set up; signoff speaks as one of them, so take the other out")
	case s.App == nil && token == "":
		return problem("token", "the token is missing; make a fine-grained one for the account of signoff, or set up an app")
	case s.App != nil:
		return s.App.complete()
	}
	if s.TokenExpires != "" {
		if _, err := time.Parse(time.DateOnly, s.TokenExpires); err != nil {
			return problem("token_expires", "must be a day such as 2027-02-01")
		}
	}
	return nil
}

func (a *App) complete() error {
	if a.ID = strings.TrimSpace(a.ID); a.ID == "" {
		return problem("app.id", "the app's client id or number is missing; it stands at the top of the app's settings at GitHub")
	}
	key, err := readKey(a.PrivateKey.Reveal())
	if err != nil {
		return problem("app.private_key", "%s", err)
	}
	a.key = key
	return nil
}

const shortestSecret = 12

// secrets refuses webhook secrets that would verify nothing.
func (s *Settings) secrets() error {
	switch n := len(s.WebhookSecret); {
	case n == 0:
		return problem("webhook_secret", "the secret of the webhook is missing; without it anybody could post events. Make one with: openssl rand -hex 32")
	case n > 2:
		return problem("webhook_secret", "one secret, or two while changing it, not %d", n)
	}
	for _, one := range s.WebhookSecret {
		text := one.Reveal()
		switch {
		case strings.TrimSpace(text) == "":
			return problem("webhook_secret", "the secret is empty; without it anybody could post events")
		case strings.TrimSpace(text) != text:
			return problem("webhook_secret", "the secret begins or ends with white space; GitHub would not sign with it")
		case len(text) < shortestSecret:
			return problem("webhook_secret", "the secret is shorter than %d characters; make one with: openssl rand -hex 32", shortestSecret)
		case strings.Contains(text, "${"), strings.Contains(strings.ToLower(text), "changeme"), strings.Trim(text, text[:1]) == "":
			return problem("webhook_secret", "this is a placeholder, not a secret; make one with: openssl rand -hex 32")
		}
	}
	return nil
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

// look is how often things are read, 0 when the settings do not say.
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

func (s *Settings) places(tracker bool) []error {
	var all []error
	switch {
	case tracker && s.Repository == "":
		all = append(all, problem("repository", "name the repository whose issues are the tickets, for example lumen/requests"))
	case !tracker && len(s.Repositories) == 0 && s.Rules == nil:
		all = append(all, problem("repositories", "name the repositories whose pull requests are decided on, for example [lumen/site]"))
	}
	if s.Repository != "" && !repositoryName.MatchString(s.Repository) {
		all = append(all, problem("repository", "%q is not the name of a repository; they are written like lumen/requests", s.Repository))
	}
	for _, one := range s.Repositories {
		if !repositoryName.MatchString(one) {
			all = append(all, problem("repositories", "%q is not the name of a repository; they are written like lumen/site", one))
		}
	}
	return all
}

func (s *Settings) statuses() []error {
	var all []error
	full := map[string]StatusEntry{}
	for _, word := range words() {
		full[string(word)] = usual(word)
	}
	for _, word := range slices.Sorted(maps.Keys(s.Status)) {
		e, at := s.Status[word], "status."+word
		was, known := full[word]
		if !known {
			all = append(all, problem(at, "%q is not a status of a request", word))
			continue
		}
		e.Reason = strings.ReplaceAll(e.Reason, " ", "_")
		if e.State == closed && e.Reason == "" {
			e.Reason = cmp.Or(was.Reason, completed)
		}
		if e.Label == "-" {
			e.Label = was.Label
		}
		switch {
		case e.State != open && e.State != closed:
			all = append(all, problem(at, `%q is not a state of an issue; write "open" or "closed"`, e.State))
		case e.State == open && e.Reason != "":
			all = append(all, problem(at, "only a closed issue has a reason"))
		case e.State == closed && e.Reason != completed && e.Reason != notPlanned:
			all = append(all, problem(at, `%q is not a reason that GitHub knows; write "completed" or "not planned"`, e.Reason))
		case len(e.Label) > 50:
			all = append(all, problem(at, "GitHub takes labels of at most 50 characters"))
		}
		full[word] = e
	}
	s.Status = full
	return all
}

// name is what the state of an issue is called, as people see it: the label of an open one, else how it was closed.
func (s *Settings) name(state, reason string, labels []string) string {
	if state != closed {
		if l := s.statusLabel(labels); l != "" {
			return l
		}
		return open
	}
	if reason == notPlanned || reason == "duplicate" {
		return "closed as not planned"
	}
	return closed
}

// statusLabel is the first label that stands for a status.
func (s *Settings) statusLabel(labels []string) string {
	for _, word := range words() {
		if l := s.Status[string(word)].Label; l != "" && slices.Contains(labels, l) {
			return l
		}
	}
	return ""
}

// word reads the state of an issue back: the label says which of several words with the same state it is.
func (s *Settings) word(state, reason string, labels []string) flow.Status {
	if state == closed && reason != notPlanned && reason != "duplicate" {
		reason = completed
	} else if state == closed {
		reason = notPlanned
	} else {
		reason = ""
	}
	label := s.statusLabel(labels)
	var first flow.Status
	for _, word := range words() {
		e := s.Status[string(word)]
		if e.State != state || e.Reason != reason {
			continue
		}
		if e.Label != "" && e.Label == label {
			return word
		}
		if first == "" && state == closed {
			first = word
		}
	}
	return first
}
