package frameio

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/pattern"

	"signoff/connectors/adobe/api"
	"signoff/internal/secret"
)

// Settings are what the configuration says of Frame.io.
type Settings struct {
	Mode           string                     `yaml:"mode"` // v4, legacy
	APIURL         string                     `yaml:"api_url" doc:"Where the API is reached."`
	Account        string                     `yaml:"account"`
	Workspaces     []string                   `yaml:"workspaces"`
	Projects       []string                   `yaml:"projects"`
	Token          secret.Secret              `yaml:"token"`
	ClientID       string                     `yaml:"client_id"`
	ClientSecret   secret.Secret              `yaml:"client_secret" doc:"Of the credential that client_id names."`
	Scopes         []string                   `yaml:"scopes" doc:"What the credential asks for, where it is not the usual."`
	IMSURL         string                     `yaml:"ims_url" doc:"Where Adobe gives out tokens."`
	Webhook        string                     `yaml:"webhook"` // auto, manual
	SigningSecrets map[string][]secret.Secret `yaml:"signing_secrets"`
	Events         []string                   `yaml:"events" doc:"Which events the webhook asks for, where it is not the usual ones."`
	Mention        string                     `yaml:"mention"`
	FilesURL       string                     `yaml:"files_url" doc:"Where the bytes of files come from."`
	SiteURL        string                     `yaml:"site_url" doc:"Where people open files."`
	Status         Status                     `yaml:"status" doc:"The status field of files that signoff keeps in step."`
	ReadEvery      string                     `yaml:"read_every" doc:"How often files of open requests are read for what no webhook told of."`
}

// Status names the metadata field that shows where a file stands, and the option that each status word becomes.
type Status struct {
	Field      string `yaml:"field" doc:"The name of the field."`
	InReview   string `yaml:"in_review" doc:"Its value while a request waits for review."`
	InProgress string `yaml:"in_progress" doc:"Its value while changes are made."`
	Approved   string `yaml:"approved" doc:"Its value once a request is approved."`
	Declined   string `yaml:"declined" doc:"Its value once a request is declined."`
}

const (
	defaultAPI  = "https://api.frame.io"
	defaultSite = "https://next.frame.io"
	legacy      = "legacy"
	auto        = "auto"
)

var (
	idForm   = pattern.New(`^[0-9A-Za-z][0-9A-Za-z:._|-]{0,127}$`)
	nameForm = pattern.New(`^[0-9A-Za-z_-]{1,64}$`)
)

// knownEvents are those that are acted on; the first ones are registered where the settings name none.
func knownEvents() []string {
	return []string{
		"file.ready", "file.versioned", "file.deleted", "comment.created", "comment.updated", "comment.deleted", "comment.completed",
		"comment.uncompleted", "metadata.value.updated", "file.updated", "file.upload.completed", "file.created",
	}
}

const usualEvents = 9

// Complete fills in defaults and returns all that cannot be right.
func (s *Settings) Complete(prefix string) []error {
	var all []error
	add := func(err error) {
		if err != nil {
			all = append(all, err)
		}
	}
	add(api.OneOf(prefix+"mode", &s.Mode, "v4", legacy))
	add(api.OneOf(prefix+"webhook", &s.Webhook, auto, "manual"))
	add(api.Address(prefix+"api_url", &s.APIURL, defaultAPI))
	add(api.Address(prefix+"site_url", &s.SiteURL, defaultSite))
	add(api.Address(prefix+"ims_url", &s.IMSURL, api.DefaultIMS))
	if s.FilesURL != "" {
		add(api.Address(prefix+"files_url", &s.FilesURL, ""))
	}
	add(s.identity(prefix))
	add(s.ids(prefix))
	add(s.secrets(prefix))
	add(s.events(prefix))
	if s.Mention == "" {
		s.Mention = "@signoff"
	}
	if word := strings.TrimLeft(s.Mention, "@#"); word == "" || strings.ContainsAny(word, " \t\n@#") || len(s.Mention) > 64 {
		add(api.Problem(prefix+"mention", `must be one word such as "@signoff"`))
	}
	if s.Status.Field == "" && s.Status != (Status{}) {
		add(api.Problem(prefix+"status.field", "name the field of Frame.io that shows the status, for example Status"))
	}
	_, err := api.Minutes(prefix+"read_every", s.ReadEvery)
	add(err)
	return all
}

func (s *Settings) identity(prefix string) error {
	switch {
	case s.Mode == legacy && s.Token.Empty():
		return api.Problem(prefix+"token", "the legacy interface takes a developer token (fio-u-…)")
	case s.Token.Empty() && s.ClientID == "" && s.ClientSecret.Empty():
		return api.Problem(prefix+"client_id", "credentials are missing: client_id and client_secret of a server-to-server credential of the Adobe Developer Console, or a token")
	case !s.Token.Empty() && s.ClientID != "":
		return api.Problem(prefix+"token", "either a token or client_id and client_secret, not both")
	case s.Token.Empty() && (s.ClientID == "" || s.ClientSecret.Empty()):
		return api.Problem(prefix+"client_secret", "client_id and client_secret belong together")
	case strings.TrimSpace(s.Token.Reveal()) != s.Token.Reveal():
		return api.Problem(prefix+"token", "the token begins or ends with white space")
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid", "AdobeID", "frame.s2s.all"}
	}
	return nil
}

func (s *Settings) ids(prefix string) error {
	if s.Mode == legacy {
		s.Account = legacy
	}
	if !idForm.MatchString(s.Account) {
		return api.Problem(prefix+"account", "the id of the account is missing; it is what https://api.frame.io/v4/accounts lists")
	}
	for key, list := range map[string][]string{"workspaces": s.Workspaces, "projects": s.Projects} {
		for _, id := range list {
			if !idForm.MatchString(id) {
				return api.Problem(prefix+key, "%q is no id of Frame.io", id)
			}
		}
	}
	return nil
}

func (s *Settings) secrets(prefix string) error {
	for name, list := range s.SigningSecrets {
		key := prefix + "signing_secrets." + name
		if !nameForm.MatchString(name) {
			return api.Problem(prefix+"signing_secrets", "%q cannot be the end of an address: use letters, digits, - and _", name)
		}
		if len(list) == 0 || len(list) > 2 {
			return api.Problem(key, "one secret, or two while changing it, not %d", len(list))
		}
		for _, one := range list {
			if err := api.CheckSecret(key, one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Settings) events(prefix string) error {
	if s.Events == nil {
		s.Events = knownEvents()[:usualEvents]
	}
	seen := map[string]bool{}
	for _, e := range s.Events {
		if !slices.Contains(knownEvents(), e) || seen[e] {
			return api.Problem(prefix+"events", "%q is not known or stands there twice; known: %s", e, strings.Join(knownEvents(), ", "))
		}
		seen[e] = true
	}
	return nil
}

// option is what Frame.io's field shows for a status word; "" leaves it.
func (s Status) option(word string) string {
	return map[string]string{
		"in_review": s.InReview, "in_progress": s.InProgress, "approved": s.Approved, "declined": s.Declined,
	}[word]
}

func (s *Settings) setting(key string) string { return fmt.Sprintf("connectors.adobe.frameio.%s", key) }
