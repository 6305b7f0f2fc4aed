package figma

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

// Settings are what the configuration says of one account at Figma.
type Settings struct {
	Token           secret.Secret   `yaml:"token"`
	TokenType       string          `yaml:"token_type"`       // personal, plan, oauth
	TokenExpires    string          `yaml:"token_expires"`    // 2027-06-30
	WebhookPasscode []secret.Secret `yaml:"webhook_passcode"` // one, or two while changing it
	Webhook         string          `yaml:"webhook"`          // auto: signoff registers them; manual
	APIURL          string          `yaml:"api_url" doc:"Where the API is reached."`
	ImagesURL       string          `yaml:"images_url"`
	SiteURL         string          `yaml:"site_url"`
	Teams           []string        `yaml:"teams"`
	Projects        []string        `yaml:"projects" doc:"Projects whose files tell of comments and versions: the number in the address."`
	Files           []string        `yaml:"files"`
	Events          []string        `yaml:"events" doc:"What is listened to."`
	Mention         string          `yaml:"mention"`
	Versions        string          `yaml:"versions"`   // named, all
	ReadEvery       string          `yaml:"read_every"` // 15 minutes
	PerMinute       PerMinute       `yaml:"per_minute"`
}

// PerMinute is how many calls of each of Figma's tiers signoff allows itself.
type PerMinute struct {
	Tier1 int `yaml:"tier1" doc:"Renderings."`
	Tier2 int `yaml:"tier2" doc:"Comments, versions, webhooks."`
	Tier3 int `yaml:"tier3" doc:"Names and dates of files."`
}

const (
	defaultAPI     = "https://api.figma.com"
	defaultMention = "@signoff"
	personalToken  = "personal"
	planToken      = "plan"
	oauthToken     = "oauth"
	named          = "named"
	shortest       = 12 // characters of a passcode
	longest        = 100
)

var (
	fileKey   = pattern.New(`^[0-9A-Za-z]{22,128}$`)
	number    = pattern.New(`^[0-9]{1,32}$`)
	inAddress = map[string]*pattern.Pattern{
		"teams": pattern.New(`/team/([0-9]{1,32})(?:/|$|\?)`), "projects": pattern.New(`/project/([0-9]{1,32})(?:/|$|\?)`),
	}
)

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
	add(s.token())
	add(s.passcodes())
	add(s.addresses())
	add(oneOf("webhook", &s.Webhook, "auto", "manual"))
	add(oneOf("versions", &s.Versions, named, "all"))
	add(s.contexts())
	add(s.events())
	add(s.mention())
	add(s.budget())
	_, err := s.look()
	add(err)
	return errors.Join(all...)
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

func (s *Settings) token() error {
	text := s.Token.Reveal()
	switch {
	case strings.TrimSpace(text) == "":
		return problem("token", "the token is missing; make one in Figma with the account of signoff: Settings, Security, Personal access tokens")
	case strings.TrimSpace(text) != text:
		return problem("token", "the token begins or ends with white space")
	}
	if s.TokenExpires != "" {
		if _, err := time.Parse(time.DateOnly, s.TokenExpires); err != nil {
			return problem("token_expires", "must be a day such as 2027-06-30")
		}
	}
	return oneOf("token_type", &s.TokenType, personalToken, planToken, oauthToken)
}

// passcodes refuses passcodes that would verify nothing, or that Figma does not take.
func (s *Settings) passcodes() error {
	const remedy = "make one with: openssl rand -base64 32"
	if len(s.WebhookPasscode) > 2 {
		return problem("webhook_passcode", "one passcode, or two while changing it, not %d", len(s.WebhookPasscode))
	}
	for _, one := range s.WebhookPasscode {
		text := one.Reveal()
		switch {
		case strings.TrimSpace(text) == "":
			return problem("webhook_passcode", "the passcode is empty; without it anybody could post events; "+remedy)
		case strings.TrimSpace(text) != text:
			return problem("webhook_passcode", "the passcode begins or ends with white space")
		case len(text) < shortest:
			return problem("webhook_passcode", "the passcode is shorter than %d characters; %s", shortest, remedy)
		case len(text) > longest:
			return problem("webhook_passcode", "Figma takes passcodes of up to %d characters", longest)
		case placeholder(text):
			return problem("webhook_passcode", "this is a placeholder, not a passcode; "+remedy)
		}
	}
	return nil
}

// placeholder recognises values that were copied from an example.
func placeholder(text string) bool {
	low := strings.ToLower(text)
	for _, word := range []string{"changeme", "change-me", "change_me", "placeholder", "your-passcode", "your_passcode", "replace-me", "replace_me", "${", "xxxxxxxx"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return strings.Trim(low, low[:1]) == ""
}

func (s *Settings) addresses() error {
	if s.APIURL == "" {
		s.APIURL = defaultAPI
	}
	for key, base := range map[string]string{"api_url": s.APIURL, "images_url": s.ImagesURL, "site_url": s.SiteURL} {
		if base == "" {
			continue
		}
		if err := outbound.CheckBase(base); err != nil {
			return problem(key, "%s", err)
		}
		if strings.ContainsAny(base, "?#") {
			return problem(key, "an address without ? and # is needed, for example %s", defaultAPI)
		}
	}
	s.APIURL = strings.TrimRight(s.APIURL, "/")
	s.SiteURL = strings.TrimRight(firstOf(s.SiteURL, string(vendor)), "/")
	s.ImagesURL = firstOf(s.ImagesURL, s.APIURL)
	return nil
}

// contexts reads the teams, projects and files, which people may also name by the address in their browser.
func (s *Settings) contexts() error {
	for key, list := range map[string][]string{"teams": s.Teams, "projects": s.Projects} {
		for i, text := range list {
			if m := inAddress[key].FindStringSubmatch(text); m != nil {
				text = m[1]
			}
			if !number.MatchString(text) {
				return problem(key, "%q is no number; it is the number in the address of its page, https://www.figma.com/files/%s/NUMBER", list[i], strings.TrimSuffix(key, "s"))
			}
			list[i] = text
		}
	}
	for i, text := range s.Files {
		if at, ok := site(s.SiteURL).read(text); ok {
			text = at.key
		}
		if !fileKey.MatchString(text) {
			return problem("files", "%q is neither the address nor the key of a file; the key stands in the address, https://www.figma.com/design/KEY/…", s.Files[i])
		}
		s.Files[i] = text
	}
	return nil
}

// knownEvents are what webhooks can be made for; PING comes by itself.
func knownEvents() []string {
	return []string{"file_comment", "file_version_update", "file_update", "file_delete", "library_publish", "dev_mode_status_update"}
}

func (s *Settings) events() error {
	if s.Events == nil {
		s.Events = knownEvents()[:2]
	}
	seen := map[string]bool{}
	for i, e := range s.Events {
		e = strings.ToLower(strings.TrimSpace(e))
		if !slices.Contains(knownEvents(), e) {
			return problem("events", "%q is not known; known: %s", s.Events[i], strings.Join(knownEvents(), ", "))
		}
		if seen[e] {
			return problem("events", "%s stands there twice", e)
		}
		s.Events[i], seen[e] = e, true
	}
	return nil
}

func (s *Settings) mention() error {
	if s.Mention == "" {
		s.Mention = defaultMention
	}
	if word := strings.TrimLeft(s.Mention, "@#"); word == "" || strings.ContainsAny(word, " \t\n@#") || len(s.Mention) > 64 {
		return problem("mention", `must be one word such as "@signoff"`)
	}
	return nil
}

func (s *Settings) budget() error {
	for _, one := range []struct {
		value *int
		usual int
	}{{&s.PerMinute.Tier1, 8}, {&s.PerMinute.Tier2, 20}, {&s.PerMinute.Tier3, 40}} {
		if *one.value == 0 {
			*one.value = one.usual
		}
		if *one.value < 1 || *one.value > 1000 {
			return problem("per_minute", "must be between 1 and 1000 calls a minute")
		}
	}
	return nil
}

// look is how often files are read, 0 when the settings do not say.
func (s *Settings) look() (time.Duration, error) {
	if s.ReadEvery == "" {
		return 0, nil
	}
	count, unit, _ := strings.Cut(s.ReadEvery, " ")
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 60 || strings.TrimSuffix(unit, "s") != "minute" {
		return 0, problem("read_every", `must be 1 to 60 minutes, such as "15 minutes"`)
	}
	return time.Duration(n) * time.Minute, nil
}
