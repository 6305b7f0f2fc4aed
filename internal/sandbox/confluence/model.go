package confluence

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is a page, or a post of a blog.
type page struct {
	id       int64
	space    *Space
	blog     bool
	author   *User
	owner    *User // nil: nobody
	created  time.Time
	versions []version // the oldest first
	labels   []label
	only     []*User // who may see it; nil = everybody
	trashed  bool
	gone     bool // deleted for good
	comments []*comment
	indexed  []snapshot
}

// version is one state of a page or a comment.
type version struct {
	number      int
	title, body string // body: storage format
	source      string // what it was written as, when not in storage format
	message     string
	by          *User
	at          time.Time
}

type label struct {
	id   int64
	name string
}

type comment struct {
	id       int64
	page     *page
	author   *User
	created  time.Time
	versions []version
	gone     bool
}

// snapshot is what the search knows of a page from a moment on.
type snapshot struct {
	from     time.Time
	space    string
	modified time.Time
	labels   []string
	trashed  bool
}

// Page is a page as tests and pages see it.
type Page struct {
	ID, Space, Title string
	Body             string // storage format
	Version          int
	Author, Owner    string // names; Owner may be ""
	ChangedBy        string
	Created, Changed time.Time
	Labels           []string
	Only             []string // names of those who may see it; empty = everybody
	Trashed          bool
	Blog             bool
	URL              string // where people open it
}

// Comment is a comment as tests and pages see it.
type Comment struct {
	ID, Author string
	Body       string // storage format
	Version    int
	At         time.Time // of the newest version
}

func (p *page) now() version    { return p.versions[len(p.versions)-1] }
func (c *comment) now() version { return c.versions[len(c.versions)-1] }
func (p *page) idString() string {
	return strconv.FormatInt(p.id, 10)
}

func (p *page) kind() string {
	if p.blog {
		return "blogpost"
	}
	return "page"
}

func (p *page) status() string {
	if p.trashed {
		return "trashed"
	}
	return "current"
}

func (p *page) labelNames() []string {
	var names []string
	for _, l := range p.labels {
		names = append(names, l.name)
	}
	return names
}

// shows reports whether somebody may see a page.
func (s *Server) shows(p *page, to *User) bool {
	if to == nil || to == s.bot() && p.space.Hidden {
		return false
	}
	return p.only == nil || slices.Contains(p.only, to)
}

// webui is the address of a page below the base, as its links name it.
func (p *page) webui() string {
	if p.blog {
		return "/spaces/" + p.space.Key + "/blog/" + p.created.UTC().Format("2006/01/02") + "/" + p.idString() + "/" + url.QueryEscape(p.now().title)
	}
	return "/spaces/" + p.space.Key + "/pages/" + p.idString() + "/" + url.QueryEscape(p.now().title)
}

// tiny is the short form of an id.
func tiny(id int64) string {
	var raw [8]byte
	binary.LittleEndian.PutUint64(raw[:], uint64(id)) //nolint:gosec // ids are positive
	text := strings.TrimRight(base64.StdEncoding.EncodeToString(raw[:]), "A=")
	return strings.NewReplacer("/", "-", "+", "_").Replace(text)
}

func (s *Server) base() string { return s.opt.BaseURL + s.wiki() }

func (s *Server) show(p *page) Page {
	v := p.now()
	out := Page{
		ID: p.idString(), Space: p.space.Key, Title: v.title, Body: v.body, Version: v.number, Author: p.author.Name, ChangedBy: v.by.Name,
		Created: p.created, Changed: v.at, Labels: p.labelNames(), Trashed: p.trashed, Blog: p.blog, URL: s.base() + p.webui(),
	}
	if p.owner != nil {
		out.Owner = p.owner.Name
	}
	for _, u := range p.only {
		out.Only = append(out.Only, u.Name)
	}
	return out
}

func (c *comment) show() Comment {
	v := c.now()
	return Comment{ID: strconv.FormatInt(c.id, 10), Author: c.author.Name, Body: v.body, Version: v.number, At: v.at}
}

// PagesOf lists the pages of a space, or of all for "", the oldest first; those in the trash too, those deleted for good not.
func (s *Server) PagesOf(space string) []Page {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Page
	for _, p := range s.pages {
		if !p.gone && (space == "" || p.space.Key == space) {
			out = append(out, s.show(p))
		}
	}
	return out
}

// Comments lists the comments below a page, the oldest first.
func (s *Server) Comments(id string) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.page(id)
	if p == nil {
		return nil
	}
	var out []Comment
	for _, c := range p.living() {
		out = append(out, c.show())
	}
	return out
}

func (p *page) living() []*comment {
	return slices.DeleteFunc(slices.Clone(p.comments), func(c *comment) bool { return c.gone })
}

// page finds a page that is not deleted for good.
func (s *Server) page(id string) *page {
	i := slices.IndexFunc(s.pages, func(p *page) bool { return !p.gone && p.idString() == id })
	if i < 0 {
		return nil
	}
	return s.pages[i]
}

func (s *Server) comment(id string) *comment {
	for _, p := range s.pages {
		for _, c := range p.living() {
			if strconv.FormatInt(c.id, 10) == id && !p.gone && !p.trashed {
				return c
			}
		}
	}
	return nil
}

// touch lets the search know what a page is like now, after its lag. The caller holds the lock.
func (s *Server) touch(p *page) {
	v := p.now()
	p.indexed = append(p.indexed, snapshot{s.opt.Now().Add(s.opt.IndexLag), p.space.Key, v.at, p.labelNames(), p.trashed || p.gone})
	s.wake()
}

// known is what the search knows of a page by now.
func (p *page) known(now time.Time) (snapshot, bool) {
	for _, s := range slices.Backward(p.indexed) {
		if !s.from.After(now) {
			return s, !s.trashed
		}
	}
	return snapshot{}, false
}
