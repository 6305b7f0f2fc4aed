package confluence

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

// Settings are what the configuration says of one Confluence.
type Settings struct {
	URL           string          `yaml:"url"`      // where people open it
	APIURL        string          `yaml:"api_url"`  // where the API is reached, when not under URL
	CloudID       string          `yaml:"cloud_id"` // selects Atlassian's gateway, which scoped tokens need
	User          string          `yaml:"user"`     // Cloud only
	Token         secret.Secret   `yaml:"token"`
	TokenExpires  string          `yaml:"token_expires"` // 2027-06-30
	Label         string          `yaml:"label"`
	Spaces        []string        `yaml:"spaces"`
	WebhookSecret []secret.Secret `yaml:"webhook_secret"` // one, or two while changing it

	people string // where people open pages: URL, on Cloud with /wiki
}

const (
	gateway      = "https://api.atlassian.com/ex/confluence/"
	unset        = "\x00" // a label that the settings do not mention
	defaultLabel = "signoff"
	shortest     = 12 // characters of a secret
)

var (
	cloudID   = pattern.New(`^[A-Za-z0-9-]{1,64}$`)
	labelForm = pattern.New(`^[a-z0-9][a-z0-9_-]{0,254}$`)
	spaceForm = pattern.New(`^~?[A-Za-z0-9_.@:-]{1,255}$`)
)

func problem(key, format string, args ...any) error {
	return &connectors.SettingError{Key: key, Text: fmt.Sprintf(format, args...)}
}

// cloud reports which of the two editions it is: accounts of Cloud have an address, tokens of Data Center need none.
func (s *Settings) cloud() bool { return s.User != "" }

// complete fills in defaults and says what cannot be right; all problems at once.
func (s *Settings) complete() error {
	var all []error
	for _, err := range []error{s.account(), s.addresses(), s.secrets(), s.pages()} {
		if err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (s *Settings) account() error {
	s.User = strings.TrimSpace(s.User)
	switch {
	case strings.Contains(s.User, ":"):
		return problem("user", "the name of an account cannot hold a colon")
	case s.User == "" && (s.CloudID != "" || onCloud(s.URL)):
		return problem("user", "the e-mail address of the account that signoff uses is missing; only the personal access token of a Data Center comes without one")
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

func onCloud(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(strings.ToLower(u.Hostname()), ".atlassian.net")
}

func (s *Settings) addresses() error {
	if s.URL == "" {
		return problem("url", "the address of Confluence is missing, for example https://lumen.atlassian.net")
	}
	for key, base := range map[string]string{"url": s.URL, "api_url": s.APIURL} {
		if base == "" {
			continue
		}
		if err := outbound.CheckBase(base); err != nil {
			return problem(key, "%s", err)
		}
		if strings.ContainsAny(base, "?#") {
			return problem(key, "an address without ? and # is needed, for example https://lumen.atlassian.net")
		}
	}
	if s.CloudID != "" && !cloudID.MatchString(s.CloudID) {
		return problem("cloud_id", "this is not a cloud id; find it at %s/_edge/tenant_info", strings.TrimRight(s.URL, "/"))
	}
	s.URL, s.APIURL = strings.TrimRight(s.URL, "/"), strings.TrimRight(s.APIURL, "/")
	s.people = s.wiki(s.URL)
	switch {
	case s.CloudID != "" && s.APIURL == "":
		s.APIURL = gateway + s.CloudID
	case s.CloudID != "" && !strings.Contains(s.APIURL, s.CloudID):
		s.APIURL += "/ex/confluence/" + s.CloudID
	case s.APIURL == "":
		s.APIURL = s.URL
	}
	s.APIURL = s.wiki(s.APIURL)
	return nil
}

// wiki is an address with the path below which Cloud keeps Confluence.
func (s *Settings) wiki(base string) string {
	if s.cloud() && !strings.HasSuffix(base, "/wiki") {
		return base + "/wiki"
	}
	return base
}

// secrets refuses webhook secrets that would verify nothing.
func (s *Settings) secrets() error {
	const remedy = "make one with: openssl rand -hex 32"
	if len(s.WebhookSecret) > 2 {
		return problem("webhook_secret", "one secret, or two while changing it, not %d", len(s.WebhookSecret))
	}
	for _, one := range s.WebhookSecret {
		text := one.Reveal()
		low := strings.ToLower(text)
		switch {
		case s.cloud():
			return problem("webhook_secret", "Confluence Cloud has no webhooks for accounts; leave it out, pages are asked for every minute")
		case strings.TrimSpace(text) == "":
			return problem("webhook_secret", "the secret is empty; without it anybody could post events")
		case strings.TrimSpace(text) != text:
			return problem("webhook_secret", "the secret begins or ends with white space; Confluence would not sign with it")
		case len(text) < shortest:
			return problem("webhook_secret", "the secret is shorter than %d characters; %s", shortest, remedy)
		case strings.Contains(low, "changeme"), strings.Contains(low, "placeholder"), strings.Contains(low, "${"), strings.Trim(low, low[:1]) == "":
			return problem("webhook_secret", "this is a placeholder, not a secret; "+remedy)
		}
	}
	return nil
}

func (s *Settings) pages() error {
	if s.Label == unset {
		s.Label = defaultLabel
	}
	if s.Label != "" && !labelForm.MatchString(s.Label) {
		return problem("label", "%q is no label of Confluence's: small letters, digits, - and _", s.Label)
	}
	for _, key := range s.Spaces {
		if !spaceForm.MatchString(key) {
			return problem("spaces", "%q is no key of a space; it stands in the address of its pages, /spaces/KEY/", key)
		}
	}
	return nil
}
