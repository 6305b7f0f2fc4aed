package slack

import "regexp"

// What Slack takes for these settings.
var (
	emojiForm   = regexp.MustCompile(`^:[a-z0-9_+'-]{1,100}:$`)
	channelForm = regexp.MustCompile(`^(#[^\s#A-Z]{1,80}|[CG][A-Z0-9]{2,})$`)
	domainForm  = regexp.MustCompile(`^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+)$`)
)

// unfurlDomains is how many domains an app may unfold links of.
const unfurlDomains = 5

// home reports whether people have a page of their own.
func (s Settings) home() bool { return s.Home == nil || *s.Home }

// files reports whether files are carried.
func (s Settings) files() bool { return s.Files == nil || *s.Files }

// pictures reports whether cards show pictures of the work.
func (s Settings) pictures() bool {
	if s.Pictures == nil {
		return s.files()
	}
	return *s.Pictures
}

// reachedAt completes what follows from the public address.
func (s Settings) reachedAt(publicURL string) Settings {
	if s.Unfurl != nil {
		return s
	}
	s.Unfurl = []string{}
	if host := unfurlHost(publicURL); host != "" {
		s.Unfurl = append(s.Unfurl, host)
	}
	return s
}

// unfurls reports whether links are unfolded; as long as the public address is not known they may be.
func (s Settings) unfurls() bool { return s.Unfurl == nil || len(s.Unfurl) > 0 }
