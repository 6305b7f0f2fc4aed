package frameio

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

const (
	aFile   = "file"
	aFolder = "folder"
	aStack  = "version_stack"

	created    = "created"
	uploaded   = "uploaded"
	transcoded = "transcoded"

	// framesPerSecond of every film here: a comment stands at a frame, the first of which is 1.
	framesPerSecond = 24
)

type workspace struct {
	id, name string
	created  time.Time
	hooks    []*hook
	actions  []Action
}

type project struct {
	id, name string
	space    *workspace
	owner    *site.Person
	created  time.Time
	root     *asset
}

// asset is a file, a folder or a version stack, whose children are its versions, the oldest first.
type asset struct {
	id, kind, name   string
	project          *project
	parent           *asset
	children         []*asset
	creator          *site.Person
	created, updated time.Time

	media    string
	size     int64
	length   time.Duration // of a film
	status   string
	values   map[string]any // by field
	comments []*comment
}

func (a *asset) add(child *asset) {
	child.parent = a
	a.children = append(a.children, child)
}

func (a *asset) find(ok func(*asset) bool) *asset {
	if ok(a) {
		return a
	}
	for _, child := range a.children {
		if found := child.find(ok); found != nil {
			return found
		}
	}
	return nil
}

func (a *asset) video() bool { return strings.HasPrefix(a.media, "video/") }

// head is the version on top of a stack.
func (a *asset) head() *asset {
	if len(a.children) == 0 {
		return nil
	}
	return a.children[len(a.children)-1]
}

// versions are all versions of a file, the oldest first.
func (a *asset) versions() []*asset {
	if a.parent != nil && a.parent.kind == aStack {
		return a.parent.children
	}
	return []*asset{a}
}

// number is which version of its stack a file is, counted from 1.
func (a *asset) number() int { return slices.Index(a.versions(), a) + 1 }

func mediaOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".mov":
		return "video/quicktime"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".pdf":
		return "application/pdf"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

type comment struct {
	id         string
	file       *asset
	parent     *comment // of a reply
	replies    []*comment
	by         *site.Person
	text       string
	annotation string
	frame      int // 0 = nowhere
	page       int
	created    time.Time
	updated    time.Time
	edited     time.Time
	completed  time.Time
	completer  *site.Person
}

type definition struct {
	id, name, kind string
	mutable        bool
	options        []option
}

type option struct {
	ID   string `json:"id"`
	Name string `json:"display_name"`
}

func (d *definition) option(idOrName string) *option {
	i := slices.IndexFunc(d.options, func(o option) bool { return o.ID == idOrName || o.Name == idOrName })
	if i < 0 {
		return nil
	}
	return &d.options[i]
}

// set gives a file a value: of a select the id of its option, "" for none. The caller holds the lock.
func (s *Site) set(f *asset, d *definition, value any) {
	if value == "" || value == nil {
		delete(f.values, d.id)
	} else {
		f.values[d.id] = value
	}
	f.updated = s.Now()
}

// File is a file as tests and pages see it.
type File struct {
	ID, Name  string
	Project   string
	Stack     string // "" outside of one
	Version   int    // in its stack, from 1
	Creator   string
	Created   time.Time
	MediaType string
	Size      int64
	Length    time.Duration
	State     string // created, uploaded, transcoded
	Status    string // the option of the field Status, "" for none
	URL       string
	Comments  []Comment
}

// Comment is a comment as tests and pages see it.
type Comment struct {
	ID, By, Text string
	At           time.Duration // in the film
	Timed        bool          // it stands at a moment of the film
	Page         int
	Created      time.Time
	Edited       bool
	Completed    bool
	Completer    string
	Replies      []Comment
}

func (s *Site) show(f *asset) File {
	out := File{
		ID: f.id, Name: f.name, Project: f.project.id, Creator: f.creator.Name, Created: f.created, MediaType: f.media, Size: f.size, Length: f.length,
		State: f.status, URL: s.viewURL(f), Version: f.number(),
	}
	if f.parent != nil && f.parent.kind == aStack {
		out.Stack = f.parent.id
	}
	if o := s.fields[0].option(fmt.Sprint(f.values[StatusField])); o != nil {
		out.Status = o.Name
	}
	for _, c := range f.comments {
		out.Comments = append(out.Comments, c.show())
	}
	return out
}

func (c *comment) show() Comment {
	out := Comment{ID: c.id, By: c.by.Name, Text: c.text, Page: c.page, Created: c.created, Edited: !c.edited.IsZero(), Completed: !c.completed.IsZero()}
	if c.frame > 0 {
		out.At, out.Timed = time.Duration(c.frame-1)*time.Second/framesPerSecond, true
	}
	if c.completer != nil && out.Completed {
		out.Completer = c.completer.Name
	}
	for _, r := range c.replies {
		out.Replies = append(out.Replies, r.show())
	}
	return out
}

// Files lists the newest version of everything in a project.
func (s *Site) Files(projectID string) []File {
	s.Lock()
	defer s.Unlock()
	p := s.project(projectID)
	if p == nil {
		return nil
	}
	var out []File
	for _, a := range p.root.children {
		if f := s.file(a.id); f != nil {
			out = append(out, s.show(f))
		}
	}
	return out
}

// File returns a file by its id or name, or the newest version of a stack.
func (s *Site) File(idOrName string) (File, bool) {
	s.Lock()
	defer s.Unlock()
	f := s.file(idOrName)
	if f == nil {
		return File{}, false
	}
	return s.show(f), true
}

// Versions lists all versions of a file, the oldest first.
func (s *Site) Versions(idOrName string) []File {
	s.Lock()
	defer s.Unlock()
	f := s.file(idOrName)
	if f == nil {
		return nil
	}
	var out []File
	for _, v := range f.versions() {
		out = append(out, s.show(v))
	}
	return out
}

// Comments lists the comments on one file, replies below theirs.
func (s *Site) Comments(idOrName string) []Comment {
	f, _ := s.File(idOrName)
	return f.Comments
}
