package events

import (
	"strings"

	"signoff/connectors/adobe/api"
	"signoff/internal/secret"
)

// Settings are what the configuration says of Adobe I/O Events.
type Settings struct {
	ClientID        string        `yaml:"client_id"`
	ClientSecret    secret.Secret `yaml:"client_secret"`
	Scopes          []string      `yaml:"scopes" doc:"What the credential asks for, where it is not the usual."`
	APIURL          string        `yaml:"api_url" doc:"Where the API is reached."`
	IMSURL          string        `yaml:"ims_url" doc:"Where Adobe gives out tokens."`
	KeysURL         string        `yaml:"keys_url" doc:"Where the keys of signatures are fetched."`
	JournalURL      string        `yaml:"journal_url"`
	Registration    string        `yaml:"registration" doc:"The id of the registration, so that doctor can look at its state."`
	LegacySignature bool          `yaml:"legacy_signature" doc:"Whether the older signature is believed too."`
}

const (
	defaultAPI  = "https://api.adobe.io"
	defaultKeys = "https://static.adobeioevents.com"
)

// Complete fills in defaults and returns all that cannot be right.
func (s *Settings) Complete(prefix string) []error {
	var all []error
	add := func(err error) {
		if err != nil {
			all = append(all, err)
		}
	}
	if s.ClientID = strings.TrimSpace(s.ClientID); s.ClientID == "" {
		add(api.Problem(prefix+"client_id", "the client id of the project in the Adobe Developer Console is missing; only events for it are believed"))
	}
	add(api.Address(prefix+"api_url", &s.APIURL, defaultAPI))
	add(api.Address(prefix+"ims_url", &s.IMSURL, api.DefaultIMS))
	add(api.Address(prefix+"keys_url", &s.KeysURL, defaultKeys))
	if s.JournalURL != "" {
		add(api.Address(prefix+"journal_url", &s.JournalURL, ""))
	}
	if s.Registration = strings.Trim(s.Registration, "/"); s.Registration != "" && strings.Count(s.Registration, "/") != 3 {
		add(api.Problem(prefix+"registration", "write ORGANIZATION/PROJECT/WORKSPACE/REGISTRATION, the four ids of the registration"))
	}
	if s.ClientSecret.Empty() && (s.JournalURL != "" || s.Registration != "" || s.LegacySignature) {
		add(api.Problem(prefix+"client_secret", "the journal, the state of the registration and the older signature need the client secret"))
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid", "AdobeID", "read_organizations", "adobeio_api"}
	}
	return all
}
