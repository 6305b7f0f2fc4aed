package figma

import (
	"net/url"
	"slices"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/flow"
)

// place is what an address of Figma names.
type place struct {
	key     string // of the file, or of the branch
	parent  string // of the file that a branch is of
	node    string // with colons
	version string
	title   string // as the address spells it
}

var (
	plainNode  = pattern.New(`^[0-9]+-[0-9]+$`)
	anyNode    = pattern.New(`^(I?-?[0-9]+:-?[0-9]+)(;-?[0-9]+:-?[0-9]+)*$`)
	versionID  = pattern.New(`^[0-9]{1,25}$`)
	labelled   = pattern.New(`^<([^|>]*)(\|[^>]*)?>$`)
	filePaths  = []string{"design", "file", "proto", "board", "jamboard", "slides", "deck", "buzz", "site", "make"}
	figmaHosts = []string{"figma.com", "www.figma.com", "embed.figma.com"}
)

// Recognize reads an address of a file: each kind of file, branches, embedded ones, with a node or a version. What is no
// file (community pages, teams, profiles) and what only looks like Figma is refused.
func (c *Connector) Recognize(address string) (flow.Asset, bool) {
	at, ok := c.site.read(address)
	if !ok {
		return flow.Asset{}, false
	}
	a := flow.Asset{Ref: c.file(at.key), Label: at.title, URL: c.site.address(at)}
	if at.node != "" {
		a.Nodes = []string{at.node}
	}
	if at.version != "" {
		a.Versions = []flow.Version{{ID: at.version, URL: c.site.address(at)}}
	}
	return a, true
}

// site is where people open files: Figma's address, or that of a stand-in.
type site string

const vendor site = "https://www.figma.com"

// read reads an address as people paste it, also in Slack's angle brackets.
func (s site) read(address string) (place, bool) {
	address = strings.TrimSpace(address)
	if m := labelled.FindStringSubmatch(address); m != nil {
		address = m[1]
	}
	u, ok := s.parse(strings.ReplaceAll(address, "&amp;", "&"))
	if !ok {
		return place{}, false
	}
	if embedded := query(u, "url"); strings.Trim(u.Path, "/") == "embed" && embedded != "" {
		if u, ok = s.parse(embedded); !ok {
			return place{}, false
		}
	}
	return readFile(u)
}

// parse takes an address only if its host is Figma's, whatever it looks like, or if it lies below the address of the site.
func (s site) parse(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	if own, err := url.Parse(string(s)); s != vendor && err == nil && u.Scheme == own.Scheme && strings.EqualFold(u.Host, own.Host) {
		below := strings.TrimPrefix(u.EscapedPath(), own.EscapedPath())
		short, err := url.Parse(below + "?" + u.RawQuery)
		return short, err == nil && strings.HasPrefix(u.EscapedPath(), own.EscapedPath()+"/")
	}
	host := strings.ToLower(u.Hostname())
	if port := u.Port(); port != "" && port != "443" && port != "80" {
		return nil, false
	}
	return u, slices.Contains(figmaHosts, host)
}

// readFile reads /design/KEY/NAME and its relatives.
func readFile(u *url.URL) (place, bool) {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	if len(parts) < 2 || !slices.Contains(filePaths, parts[0]) || !fileKey.MatchString(parts[1]) {
		return place{}, false
	}
	at := place{key: parts[1], version: query(u, "version-id")}
	rest := parts[2:]
	if len(rest) >= 2 && rest[0] == "branch" {
		if !fileKey.MatchString(rest[1]) {
			return place{}, false
		}
		at.parent, at.key, rest = at.key, rest[1], rest[2:]
	}
	if n := len(rest); n >= 2 && rest[n-2] == "version" {
		at.version, rest = rest[n-1], rest[:n-2]
	}
	if len(rest) > 0 {
		at.title = title(rest[0])
	}
	if !versionID.MatchString(at.version) {
		at.version = ""
	}
	at.node = nodeID(query(u, "node-id"))
	if parts[0] == "proto" && at.node == "" {
		at.node = nodeID(query(u, "starting-point-node-id"))
	}
	return at, true
}

// title is a file's name as its address spells it.
func title(slug string) string {
	text, err := url.PathUnescape(slug)
	if err != nil {
		return ""
	}
	return oneLine(strings.ReplaceAll(text, "-", " "), longestName)
}

// query returns the first value of a parameter. Go's own reader drops what has a semicolon, as nodes in instances have.
func query(u *url.URL, name string) string {
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key != name {
			continue
		}
		if text, err := url.QueryUnescape(value); err == nil {
			return text
		}
	}
	return ""
}

// nodeID brings a node into the form of the API: 12-34 is 12:34. A negative number without a colon could be read in two
// ways and is not read at all.
func nodeID(text string) string {
	parts := strings.Split(text, ";")
	for i, part := range parts {
		instance := strings.HasPrefix(part, "I")
		if part = strings.TrimPrefix(part, "I"); plainNode.MatchString(part) {
			part = strings.Replace(part, "-", ":", 1)
		}
		if instance {
			part = "I" + part
		}
		parts[i] = part
	}
	if text = strings.Join(parts, ";"); anyNode.MatchString(text) && len(text) <= 200 {
		return text
	}
	return ""
}

// address is the one address that we show for a place.
func (s site) address(at place) string {
	path := "/design/" + at.key + "/"
	if at.parent != "" {
		path = "/design/" + at.parent + "/branch/" + at.key + "/"
	}
	var q []string
	if at.node != "" {
		q = append(q, "node-id="+url.QueryEscape(strings.ReplaceAll(at.node, ":", "-")))
	}
	if at.version != "" {
		q = append(q, "version-id="+url.QueryEscape(at.version))
	}
	if len(q) == 0 {
		return string(s) + path
	}
	return string(s) + path + "?" + strings.Join(q, "&")
}
