package workfront

import (
	"net/netip"
	"slices"
	"strings"

	"signoff/internal/pattern"

	"signoff/connectors/adobe/api"
	"signoff/internal/secret"
)

// Settings are what the configuration says of Workfront.
type Settings struct {
	URL           string          `yaml:"url" doc:"Where people open Workfront."`
	APIURL        string          `yaml:"api_url" doc:"Where the API is reached, when not under url."`
	APIVersion    string          `yaml:"api_version" doc:"The version of the API."`
	Session       secret.Secret   `yaml:"session"`
	Token         secret.Secret   `yaml:"token" doc:"A token of the account, in place of session."`
	ClientID      string          `yaml:"client_id" doc:"A server-to-server credential, in place of session."`
	ClientSecret  secret.Secret   `yaml:"client_secret" doc:"Of the credential that client_id names."`
	Scopes        []string        `yaml:"scopes" doc:"What the credential asks for, where it is not the usual."`
	IMSURL        string          `yaml:"ims_url" doc:"Where Adobe gives out tokens."`
	AuthToken     []secret.Secret `yaml:"auth_token"`
	AllowFrom     []string        `yaml:"allow_from" doc:"The addresses that events may come from."`
	Webhook       string          `yaml:"webhook" doc:"auto: signoff registers its subscriptions and keeps them right; manual."`
	Subscriptions []string        `yaml:"subscriptions" doc:"What is subscribed to, where it is not the usual."`
}

const (
	auto           = "auto"
	defaultVersion = "v19.0"
	longestToken   = 255
)

var (
	versionForm = pattern.New(`^v[0-9]{1,3}\.[0-9]$`)
	codeForm    = pattern.New(`^[A-Za-z_]{2,40}$`)
)

// Complete fills in defaults and returns all that cannot be right.
func (s *Settings) Complete(prefix string) []error {
	var all []error
	add := func(err error) {
		if err != nil {
			all = append(all, err)
		}
	}
	add(api.Address(prefix+"url", &s.URL, ""))
	if s.APIURL == "" {
		s.APIURL = s.URL
	}
	add(api.Address(prefix+"api_url", &s.APIURL, ""))
	add(api.Address(prefix+"ims_url", &s.IMSURL, api.DefaultIMS))
	add(api.OneOf(prefix+"webhook", &s.Webhook, auto, "manual"))
	if s.APIVersion == "" {
		s.APIVersion = defaultVersion
	}
	if !versionForm.MatchString(s.APIVersion) {
		add(api.Problem(prefix+"api_version", "must be a version such as %s", defaultVersion))
	}
	add(s.tokens(prefix))
	add(s.identity(prefix))
	for _, from := range s.AllowFrom {
		if _, err := prefixOf(from); err != nil {
			add(api.Problem(prefix+"allow_from", "%q is neither an address nor a network such as 52.1.2.0/24", from))
		}
	}
	if s.Subscriptions == nil {
		s.Subscriptions = []string{"DOCU", "DOCV", "NOTE", "PRFAPL"}
	}
	for _, code := range s.Subscriptions {
		if !codeForm.MatchString(code) {
			add(api.Problem(prefix+"subscriptions", "%q is no kind of object of Workfront's, such as DOCV", code))
		}
	}
	return all
}

func (s *Settings) tokens(prefix string) error {
	if len(s.AuthToken) == 0 || len(s.AuthToken) > 2 {
		return api.Problem(prefix+"auth_token", "one token that Workfront shows with each event, or two while changing it; make one with: openssl rand -base64 32")
	}
	for _, one := range s.AuthToken {
		if err := api.CheckSecret(prefix+"auth_token", one); err != nil {
			return err
		}
		if len(one.Reveal()) > longestToken {
			return api.Problem(prefix+"auth_token", "Workfront takes at most %d characters", longestToken)
		}
	}
	return nil
}

func (s *Settings) identity(prefix string) error {
	given := 0
	for _, there := range []bool{!s.Session.Empty(), !s.Token.Empty(), s.ClientID != "" || !s.ClientSecret.Empty()} {
		if there {
			given++
		}
	}
	switch {
	case given > 1:
		return api.Problem(prefix+"token", "one of session, token, and client_id with client_secret, not several")
	case (s.ClientID == "") != s.ClientSecret.Empty():
		return api.Problem(prefix+"client_secret", "client_id and client_secret belong together")
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid", "AdobeID", "additional_info.projectedProductContext"}
	}
	return nil
}

// prefixOf reads an address or a network.
func prefixOf(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		at, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(at.Unmap(), at.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// allowed reports whether events may come from an address.
func (s *Settings) allowed(remote string) bool {
	if len(s.AllowFrom) == 0 {
		return true
	}
	at, err := netip.ParseAddr(remote)
	if err != nil {
		port, err := netip.ParseAddrPort(remote)
		if err != nil {
			return false
		}
		at = port.Addr()
	}
	at = at.Unmap()
	return slices.ContainsFunc(s.AllowFrom, func(from string) bool {
		p, err := prefixOf(from)
		return err == nil && p.Contains(at)
	})
}
