package frameio

import (
	"net/url"
	"slices"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/flow"
)

var (
	uuidForm = pattern.New(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	labelled = pattern.New(`^<([^|>]*)(\|[^>]*)?>$`)
)

// Recognize reads an address of one file: in a project or a share of Frame.io (or of what site_url names), or of the older player. Short addresses (f.io)
// say nothing without being asked, so they stay ordinary links.
func (p *Part) Recognize(address string) (flow.Asset, bool) {
	address = strings.TrimSpace(address)
	if m := labelled.FindStringSubmatch(address); m != nil {
		address = m[1]
	}
	u, err := url.Parse(strings.ReplaceAll(address, "&amp;", "&"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Opaque != "" {
		return flow.Asset{}, false
	}
	u.RawQuery, u.Fragment, u.Host = "", "", strings.ToLower(u.Host)
	path, own := strings.CutPrefix(u.String(), p.set.SiteURL+"/")
	if !own {
		if port := u.Port(); port != "" && port != "443" && port != "80" || !slices.Contains(hosts, u.Hostname()) {
			return flow.Asset{}, false
		}
		u.Scheme, u.Host, path = "https", u.Hostname(), u.Path
	}
	id := fileIn(strings.Split(strings.Trim(path, "/"), "/"))
	if id == "" {
		return flow.Asset{}, false
	}
	return flow.Asset{Ref: p.file(id), URL: u.String()}, true
}

// fileIn finds the file in /project/P/view/F, /share/S/view/F, /player/F, /presentations/…/F and /reviews/R/F.
func fileIn(parts []string) string {
	n := len(parts)
	if n < 2 || !uuidForm.MatchString(parts[n-1]) {
		return ""
	}
	id := strings.ToLower(parts[n-1])
	switch {
	case n >= 4 && slices.Contains([]string{"project", "projects", "share", "shares"}, parts[0]) && slices.Contains([]string{"view", "files"}, parts[n-2]):
		return id
	case n == 2 && parts[0] == "player":
		return id
	case n == 3 && slices.Contains([]string{"reviews", "presentations"}, parts[0]):
		return id
	}
	return ""
}
