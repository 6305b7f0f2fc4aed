package frameio

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// What people do. who is a name, an address or an id; file is an id or a name, and of a stack the version on top.

// ErrNothing says that something does not exist.
var ErrNothing = errors.New("there is no such thing in this Frame.io")

// Untimed is the moment of a comment that stands nowhere in the film.
const Untimed = time.Duration(-1)

// with lets somebody act on a file.
func (s *Site) with(who, file string, do func(by *site.Person, f *asset) error) error {
	s.Lock()
	defer s.Unlock()
	by, f := s.Person(who), s.file(file)
	if by == nil || f == nil {
		return fmt.Errorf("%s at %q: %w", who, file, ErrNothing)
	}
	return do(by, f)
}

// UploadAs puts a new file into a project.
func (s *Site) UploadAs(who, projectID, name string) (File, error) {
	s.Lock()
	defer s.Unlock()
	by, p := s.Person(who), s.project(projectID)
	if by == nil || p == nil {
		return File{}, fmt.Errorf("%s in %q: %w", who, projectID, ErrNothing)
	}
	if name = strings.TrimSpace(name); name == "" {
		return File{}, errors.New("a file needs a name")
	}
	f := s.newFile(p, by, name)
	p.root.add(f)
	s.announce(p, "file.created", aFile, f.id, by)
	s.finish(f)
	return s.show(f), nil
}

// UploadVersionAs puts a new version on top of a file. The first one makes a version stack of both.
func (s *Site) UploadVersionAs(who, file, name string) (File, error) {
	f, err := s.BeginVersionAs(who, file, name)
	if err != nil {
		return File{}, err
	}
	return f, s.FinishUpload(f.ID)
}

// BeginVersionAs is UploadVersionAs whose upload goes on until FinishUpload.
func (s *Site) BeginVersionAs(who, file, name string) (out File, err error) {
	err = s.with(who, file, func(by *site.Person, below *asset) error {
		if name = strings.TrimSpace(name); name == "" {
			return errors.New("a file needs a name")
		}
		f := s.newFile(below.project, by, name)
		s.stackOf(below, by).add(f)
		s.announce(f.project, "file.created", aFile, f.id, by)
		out = s.show(f)
		return nil
	})
	return out, err
}

// stackOf is the version stack of a file, which is made where there is none yet.
func (s *Site) stackOf(f *asset, by *site.Person) *asset {
	if f.parent.kind == aStack {
		return f.parent
	}
	now, place := s.Now(), f.parent
	stack := &asset{id: site.UUID(), kind: aStack, name: f.name, project: f.project, creator: by, created: now, updated: now, parent: place}
	place.children[slices.Index(place.children, f)] = stack
	stack.add(f)
	return stack
}

// FinishUpload ends the upload of a file: it is whole, was prepared for watching, and counts as a version.
func (s *Site) FinishUpload(file string) error {
	s.Lock()
	defer s.Unlock()
	f := s.file(file)
	if f == nil || f.status != created {
		return ErrNothing
	}
	s.finish(f)
	if f.parent.kind == aStack {
		f.parent.updated = f.updated
		s.announce(f.project, "file.versioned", aFile, f.id, f.creator)
	}
	return nil
}

func (s *Site) finish(f *asset) {
	f.status, f.updated = uploaded, s.Now()
	s.announce(f.project, "file.upload.completed", aFile, f.id, f.creator)
	f.status = transcoded
	s.announce(f.project, "file.ready", aFile, f.id, f.creator)
}

// RenameAs gives a file another name.
func (s *Site) RenameAs(who, file, name string) error {
	return s.with(who, file, func(by *site.Person, f *asset) error {
		f.name, f.updated = name, s.Now()
		s.announce(f.project, "file.updated", aFile, f.id, by)
		return nil
	})
}

// DeleteFileAs deletes one version; a stack of one version is that file again, and an empty one is gone.
func (s *Site) DeleteFileAs(who, file string) error {
	return s.with(who, file, func(by *site.Person, f *asset) error {
		up := f.parent
		up.children = slices.DeleteFunc(up.children, func(one *asset) bool { return one == f })
		if up.kind == aStack && len(up.children) < 2 {
			place := up.parent
			at := slices.Index(place.children, up)
			place.children = slices.Delete(place.children, at, at+1)
			for _, rest := range up.children {
				rest.parent = place
				place.children = slices.Insert(place.children, at, rest)
			}
		}
		s.announce(f.project, "file.deleted", aFile, f.id, by)
		return nil
	})
}

// CommentAs says something about a file, at a moment of its film, or Untimed.
func (s *Site) CommentAs(who, file, words string, at time.Duration) (id string, err error) {
	err = s.with(who, file, func(by *site.Person, f *asset) error {
		if strings.TrimSpace(words) == "" {
			return errors.New("a comment needs words")
		}
		if at >= 0 && f.video() && at > f.length {
			return fmt.Errorf("the film is only %s long", clock(f.length))
		}
		c := s.addComment(f, nil, by, words)
		if at >= 0 && f.video() {
			c.frame = frameAt(at)
		}
		id = c.id
		s.announce(f.project, "comment.created", "comment", c.id, by)
		return nil
	})
	return id, err
}

func (s *Site) addComment(f *asset, below *comment, by *site.Person, words string) *comment {
	now := s.Now()
	c := &comment{id: site.UUID(), file: f, parent: below, by: by, text: words, created: now, updated: now}
	if below != nil {
		c.frame = below.frame
		below.replies = append(below.replies, c)
		return c
	}
	f.comments = append(f.comments, c)
	return c
}

// about lets somebody act on a comment.
func (s *Site) about(who, id string, do func(by *site.Person, c *comment) error) error {
	s.Lock()
	defer s.Unlock()
	by, c := s.Person(who), s.comment(id)
	if by == nil || c == nil {
		return fmt.Errorf("%s at comment %q: %w", who, id, ErrNothing)
	}
	return do(by, c)
}

// ReplyAs answers a comment. An answer to an answer stands below the same comment.
func (s *Site) ReplyAs(who, id, words string) (reply string, err error) {
	err = s.about(who, id, func(by *site.Person, c *comment) error {
		if strings.TrimSpace(words) == "" {
			return errors.New("a reply needs words")
		}
		if c.parent != nil {
			c = c.parent
		}
		r := s.addComment(c.file, c, by, words)
		reply = r.id
		s.announce(c.file.project, "comment.created", "comment", r.id, by)
		return nil
	})
	return reply, err
}

// EditCommentAs changes somebody's own words.
func (s *Site) EditCommentAs(who, id, words string) error {
	return s.about(who, id, func(by *site.Person, c *comment) error {
		if c.by != by {
			return errors.New("people change their own comments only")
		}
		s.edit(c, by, words)
		return nil
	})
}

func (s *Site) edit(c *comment, by *site.Person, words string) {
	c.text, c.edited = words, s.Now()
	c.updated = c.edited
	s.announce(c.file.project, "comment.updated", "comment", c.id, by)
}

// CompleteAs marks a comment as done, or as open again.
func (s *Site) CompleteAs(who, id string, done bool) error {
	return s.about(who, id, func(by *site.Person, c *comment) error {
		if c.parent != nil {
			return errors.New("comments are completed, replies are not")
		}
		s.complete(c, by, done)
		return nil
	})
}

func (s *Site) complete(c *comment, by *site.Person, done bool) {
	if done == !c.completed.IsZero() {
		return
	}
	event := "comment.uncompleted"
	c.completed, c.completer, c.updated = time.Time{}, nil, s.Now()
	if done {
		event, c.completed, c.completer = "comment.completed", c.updated, by
	}
	s.announce(c.file.project, event, "comment", c.id, by)
}

// DeleteCommentAs takes somebody's own words back.
func (s *Site) DeleteCommentAs(who, id string) error {
	return s.about(who, id, func(by *site.Person, c *comment) error {
		if c.by != by {
			return errors.New("people delete their own comments only")
		}
		s.remove(c, by)
		return nil
	})
}

func (s *Site) remove(c *comment, by *site.Person) {
	gone := func(list []*comment) []*comment {
		return slices.DeleteFunc(list, func(one *comment) bool { return one == c })
	}
	if c.parent != nil {
		c.parent.replies = gone(c.parent.replies)
	} else {
		c.file.comments = gone(c.file.comments)
	}
	s.announce(c.file.project, "comment.deleted", "comment", c.id, by)
}

// SetStatusAs chooses an option of the field Status for a file, "" for none.
func (s *Site) SetStatusAs(who, file, status string) error {
	return s.with(who, file, func(by *site.Person, f *asset) error {
		field := s.fields[0]
		var value any
		if status != "" {
			o := field.option(status)
			if o == nil {
				return fmt.Errorf("the field %s has no option %q", field.name, status)
			}
			value = o.ID
		}
		s.set(f, field, value)
		s.announce(f.project, "metadata.value.updated", aFile, f.id, by)
		return nil
	})
}

// Statuses lists the options of the field Status.
func (s *Site) Statuses() []string {
	var out []string
	for _, o := range s.fields[0].options {
		out = append(out, o.Name)
	}
	return out
}
