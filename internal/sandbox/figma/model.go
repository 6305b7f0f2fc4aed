package figma

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNothing is returned by acts on something that is not there.
var ErrNothing = errors.New("there is nothing like that in this sandbox")

// Team owns projects.
type Team struct{ ID, Name string }

// Project is what Figma now calls a folder.
type Project struct {
	ID, Name, Team string
	InviteOnly     bool // webhooks of the team tell nothing of its files
}

// Frame is a drawn node of a file.
type Frame struct {
	Node, Name    string // "1:2"
	Width, Height int
}

// File is a design file. As an option it seeds one, with Versions from the oldest to the newest.
type File struct {
	Key, Name, Project string
	Frames             []Frame
	Versions           []Version
	URL                string // where people open it; not read from options
	Deleted            bool
}

// Version is one entry of a file's history. Without a label and description it is an autosave.
type Version struct {
	ID, Label, Description string
	By, ByID               string // handle and id
	At                     time.Time
	Number                 int // 1, 2, 3, … within the file
}

// Named reports whether somebody saved the version to the history.
func (v Version) Named() bool { return v.Label != "" || v.Description != "" }

// Comment is a comment of a file. Replies have a Parent; only roots have an Order.
type Comment struct {
	ID, File, Parent, Order string
	Node                    string // "" = on the canvas
	X, Y                    float64
	By, ByID                string
	Words                   string
	At, Edited, Resolved    time.Time // zero: never
	ResolvedBy              string
}

// design is a file as the site keeps it.
type design struct {
	key, name, project string
	frames             []Frame
	versions           []*version
	comments           []*comment
	links              []devLink
	deleted, locked    bool // locked: the product's account cannot open it
	order, edits       int
	created            time.Time
}

type version struct {
	id                 string
	label, description string
	by                 *User
	at                 time.Time
	number             int
}

type comment struct {
	id, parent, order    string
	meta                 anchor
	by                   *User
	words                string
	plain                bool // written through the API: nobody is mentioned
	at, edited, resolved time.Time
	resolvedBy           *User
	reactions            []reaction
}

// anchor is where a comment is pinned: client_meta.
type anchor struct {
	Node          string
	X, Y          float64
	Width, Height float64 // of a region
	Corner        string
}

type reaction struct {
	by    *User
	emoji string
	at    time.Time
}

type devLink struct{ id, name, url, node string }

func (v *version) show() Version {
	return Version{ID: v.id, Label: v.label, Description: v.description, By: v.by.Handle, ByID: v.by.ID, At: v.at, Number: v.number}
}

func (v *version) named() bool { return v.show().Named() }

func (c *comment) show(f *design) Comment {
	out := Comment{ID: c.id, File: f.key, Parent: c.parent, Order: c.order, Node: c.meta.Node, X: c.meta.X, Y: c.meta.Y,
		By: c.by.Handle, ByID: c.by.ID, Words: c.words, At: c.at, Edited: c.edited, Resolved: c.resolved}
	if c.resolvedBy != nil {
		out.ResolvedBy = c.resolvedBy.Handle
	}
	return out
}

func (f *design) current() *version { return f.versions[len(f.versions)-1] }

func (f *design) version(id string) *version {
	i := slices.IndexFunc(f.versions, func(v *version) bool { return v.id == id })
	if i < 0 {
		return nil
	}
	return f.versions[i]
}

func (f *design) comment(id string) *comment {
	i := slices.IndexFunc(f.comments, func(c *comment) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return f.comments[i]
}

func (f *design) frame(node string) (Frame, bool) {
	i := slices.IndexFunc(f.frames, func(one Frame) bool { return one.Node == node })
	if i < 0 {
		return Frame{}, false
	}
	return f.frames[i], true
}

// slug is how a name stands in an address.
func slug(name string) string {
	return strings.Trim(strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}), "-"), "-")
}

// path is where a file's page is below the prefix.
func (f *design) path() string { return "/design/" + f.key + "/" + slug(f.name) }

func (s *Server) show(f *design) File {
	out := File{Key: f.key, Name: f.name, Project: f.project, Frames: slices.Clone(f.frames), Deleted: f.deleted, URL: s.opt.BaseURL + f.path()}
	for _, v := range f.versions {
		out.Versions = append(out.Versions, v.show())
	}
	return out
}

// seed makes a file as the options describe it.
func (s *Server) seed(from File) *design {
	f := &design{key: from.Key, name: from.Name, project: from.Project, frames: slices.Clone(from.Frames), created: s.opt.Now()}
	for _, v := range from.Versions {
		at := v.At
		if at.IsZero() {
			at = s.opt.Now().Add(-time.Hour * time.Duration(2*(len(from.Versions)-len(f.versions))))
		}
		by := s.user(v.By)
		if by == nil {
			by = s.users[0]
		}
		s.addVersion(f, &version{label: v.Label, description: v.Description, by: by, at: at})
	}
	if len(f.versions) == 0 {
		s.addVersion(f, &version{by: s.users[0], at: s.opt.Now()})
	}
	f.created = f.versions[0].at
	s.files = append(s.files, f)
	return f
}

func (s *Server) addVersion(f *design, v *version) *version {
	v.number = len(f.versions) + 1
	v.id = fmt.Sprintf("22600%014d", s.number()*1009) // 19 digits, as long as Figma's
	f.versions = append(f.versions, v)
	return v
}

// user finds an account by its id, handle or address.
func (s *Server) user(who string) *User {
	i := slices.IndexFunc(s.users, func(u *User) bool {
		return who != "" && (u.ID == who || strings.EqualFold(u.Handle, who) || strings.EqualFold(u.Email, who))
	})
	if i < 0 {
		return nil
	}
	return s.users[i]
}

func (s *Server) account() *User { return s.users[len(s.users)-1] }

// file finds a file by its key, or by its name as long as it is there.
func (s *Server) file(keyOrName string) *design {
	for _, f := range s.files {
		if f.key == keyOrName || !f.deleted && strings.EqualFold(f.name, keyOrName) {
			return f
		}
	}
	return nil
}

func (s *Server) project(id string) (Project, bool) {
	i := slices.IndexFunc(s.opt.Projects, func(p Project) bool { return p.ID == id })
	if i < 0 {
		return Project{}, false
	}
	return s.opt.Projects[i], true
}

func (s *Server) team(id string) (Team, bool) {
	i := slices.IndexFunc(s.opt.Teams, func(t Team) bool { return t.ID == id })
	if i < 0 {
		return Team{}, false
	}
	return s.opt.Teams[i], true
}

// Files lists every file, deleted ones included, with their versions from the oldest to the newest.
func (s *Server) Files() []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []File
	for _, f := range s.files {
		all = append(all, s.show(f))
	}
	return all
}

// Versions lists the versions of a file from the oldest to the newest.
func (s *Server) Versions(keyOrName string) []Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.file(keyOrName); f != nil {
		return s.show(f).Versions
	}
	return nil
}

// Comments lists the comments of a file from the oldest to the newest.
func (s *Server) Comments(keyOrName string) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Comment
	if f := s.file(keyOrName); f != nil {
		for _, c := range f.comments {
			all = append(all, c.show(f))
		}
	}
	return all
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// stamp is a time of versions and events, stampMilli one of comments.
func stamp(t time.Time) string      { return t.UTC().Format("2006-01-02T15:04:05Z") }
func stampMilli(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
