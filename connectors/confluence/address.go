package confluence

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/flow"
)

const (
	pageType  = "page"
	blogType  = "blog"
	titleType = "title" // SPACE/TITLE, both escaped: to be looked up
	otherType = "other" // what cannot be read: the key says in words what it is
	tinyMost  = 11
)

var idForm = pattern.New(`^[1-9][0-9]{0,18}$`)

// Brief names the page at an address of this Confluence, in any of the forms that its editions know. Foreign addresses are
// ordinary links.
func (c *Connector) Brief(address string) (flow.Ref, bool) {
	path, q, ok := c.below(address)
	if !ok {
		return flow.Ref{}, false
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if n := len(parts); strings.HasSuffix(parts[n-1], ".action") {
		return c.byAction(parts[n-1], q)
	}
	switch {
	case len(parts) == 2 && parts[0] == "x":
		if id, ok := untiny(parts[1]); ok {
			return c.page(id), true
		}
	case parts[0] == "spaces" && len(parts) > 2:
		return c.inSpace(parts[2:])
	case parts[0] == "display" && len(parts) > 2:
		return c.displayed(parts[1:])
	case parts[0] == "l" && len(parts) > 1:
		return c.ref(otherType, "share link"), true
	}
	return flow.Ref{}, false
}

// below returns what stands behind our own address, escaped as it was.
func (c *Connector) below(address string) (path string, q url.Values, ok bool) {
	u, err := url.Parse(strings.ReplaceAll(strings.TrimSpace(address), "&amp;", "&"))
	if err != nil || u.User != nil || u.Opaque != "" {
		return "", nil, false
	}
	base, err := url.Parse(c.set.people)
	if err != nil || !strings.EqualFold(u.Scheme, base.Scheme) || !strings.EqualFold(u.Host, base.Host) {
		return "", nil, false
	}
	path, ok = strings.CutPrefix(u.EscapedPath(), strings.TrimRight(base.EscapedPath(), "/")+"/")
	return path, u.Query(), ok
}

// inSpace reads /spaces/KEY/… behind the key.
func (c *Connector) inSpace(parts []string) (flow.Ref, bool) {
	switch parts[0] {
	case "pages":
		for _, part := range parts[1:] {
			if idForm.MatchString(part) {
				return c.page(part), true
			}
			if part != "edit" && part != "edit-v2" {
				return flow.Ref{}, false
			}
		}
	case "blog":
		if n := len(parts); n > 4 && idForm.MatchString(parts[4]) {
			return c.ref(blogType, parts[4]), true
		} else if n > 1 && idForm.MatchString(parts[1]) {
			return c.ref(blogType, parts[1]), true
		}
	case "whiteboard", "database", "folder", "embed":
		return c.ref(otherType, parts[0]), true
	}
	return flow.Ref{}, false
}

// displayed reads /display/KEY/Title, and /display/KEY/2026/11/22/Title of a blog.
func (c *Connector) displayed(parts []string) (flow.Ref, bool) {
	space, rest := parts[0], parts[1:]
	if len(rest) == 4 && allNumbers(rest[:3]) {
		return c.titled("blogpost "+space, rest[3])
	}
	if len(rest) != 1 {
		return flow.Ref{}, false
	}
	return c.titled(space, rest[0])
}

func allNumbers(list []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return strings.Trim(s, "0123456789") != "" || s == "" })
}

// titled names a page by its space and its title, which may hold anything.
func (c *Connector) titled(space, escaped string) (flow.Ref, bool) {
	title, err := url.QueryUnescape(escaped)
	space, spaceErr := url.PathUnescape(space)
	if err != nil || spaceErr != nil || strings.TrimSpace(title) == "" || len(title) > 255*4 {
		return flow.Ref{}, false
	}
	return c.ref(titleType, url.PathEscape(space)+"/"+url.PathEscape(title)), true
}

// byAction reads the addresses of older pages: viewpage.action?pageId=1 and its relatives.
func (c *Connector) byAction(action string, q url.Values) (flow.Ref, bool) {
	switch action {
	case "viewpage.action", "viewinfo.action", "viewpreviousversions.action", "releaseview.action", "resumedraft.action", "viewpageattachments.action":
	default:
		return flow.Ref{}, false
	}
	for _, name := range []string{"pageId", "draftId"} {
		if id := q.Get(name); idForm.MatchString(id) {
			return c.page(id), true
		}
	}
	if space, title := q.Get("spaceKey"), q.Get("title"); space != "" && title != "" {
		return c.titled(url.PathEscape(space), url.QueryEscape(title))
	}
	return flow.Ref{}, false
}

// untiny reads the id in a short address: its bytes from the lowest on, in Base64 with two other letters, its end cut.
func untiny(text string) (string, bool) {
	if text == "" || len(text) > tinyMost {
		return "", false
	}
	text = strings.NewReplacer("-", "/", "_", "+").Replace(text) + strings.Repeat("A", tinyMost-len(text))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	id := strconv.FormatUint(binary.LittleEndian.Uint64(raw), 10)
	return id, idForm.MatchString(id)
}
