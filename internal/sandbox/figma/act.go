package figma

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What people do. who is a handle, id or address; file is a key or a name.

// Why people cannot do something.
var (
	ErrViewer = errors.New("they can look at the file and comment, but not draw")
	ErrOthers = errors.New("only who wrote the comment can change or delete it")
	ErrEmpty  = errors.New("words are needed")
)

// with finds who does something with which file.
func (s *Server) with(who, name string, do func(*User, *design) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, f := s.user(who), s.file(name)
	if u == nil {
		return fmt.Errorf("%w: nobody is called %q", ErrNothing, who)
	}
	if f == nil || f.deleted {
		return fmt.Errorf("%w: no file %q", ErrNothing, name)
	}
	return do(u, f)
}

// drawing is with for those who may draw.
func (s *Server) drawing(who, name string, do func(*User, *design) error) error {
	return s.with(who, name, func(u *User, f *design) error {
		if u.Viewer {
			return fmt.Errorf("%s cannot do this: %w", u.Handle, ErrViewer)
		}
		return do(u, f)
	})
}

// SaveVersionAs draws something and saves it to the version history.
func (s *Server) SaveVersionAs(who, file, label, description string) (out Version, err error) {
	err = s.drawing(who, file, func(u *User, f *design) error {
		label, description = strings.TrimSpace(label), strings.TrimSpace(description)
		if label == "" && description == "" {
			return fmt.Errorf("a version in the history needs a title: %w", ErrEmpty)
		}
		v := s.addVersion(f, &version{label: label, description: description, by: u, at: s.opt.Now()})
		out = v.show()
		s.edited(f)
		body := object{"version_id": v.id, "created_at": stamp(v.at), "triggered_by": triggered(u)}
		for name, text := range map[string]string{"label": label, "description": description} {
			if text != "" {
				body[name] = text
			}
		}
		s.announce(f, "FILE_VERSION_UPDATE", body)
		return nil
	})
	return out, err
}

// AutosaveAs draws something, which Figma keeps by itself. No webhook tells of it but FILE_UPDATE, when nothing more is drawn
// for Options.Idle.
func (s *Server) AutosaveAs(who, file string) (out Version, err error) {
	err = s.drawing(who, file, func(u *User, f *design) error {
		out = s.addVersion(f, &version{by: u, at: s.opt.Now()}).show()
		s.edited(f)
		s.wake()
		return nil
	})
	return out, err
}

// edited makes FILE_UPDATE follow once nobody has drawn for a while. The caller holds the lock.
func (s *Server) edited(f *design) {
	f.edits++
	seen := f.edits
	s.hooks.queue.Go(func() {
		if s.opt.Sleep(s.hooks.queue.Context(), s.opt.Idle) != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if f.edits == seen && !f.deleted {
			s.announce(f, "FILE_UPDATE", object{})
		}
	})
}

// NewFileAs makes a file in a project, with a frame to draw on.
func (s *Server) NewFileAs(who, project, name string) (out File, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(who)
	_, ok := s.project(project)
	switch name = strings.TrimSpace(name); {
	case u == nil || !ok:
		return out, ErrNothing
	case u.Viewer:
		return out, fmt.Errorf("%s cannot do this: %w", u.Handle, ErrViewer)
	case name == "":
		return out, fmt.Errorf("a file needs a name: %w", ErrEmpty)
	}
	f := s.seed(File{Key: strings.ToUpper(randomHex())[:22], Name: name, Project: project,
		Frames:   []Frame{{Node: "1:2", Name: "Frame 1", Width: 600, Height: 200}},
		Versions: []Version{{By: u.Handle, At: s.opt.Now()}}})
	s.wake()
	return s.show(f), nil
}

// RenameFile gives a file another name; its key stays.
func (s *Server) RenameFile(who, file, name string) error {
	return s.drawing(who, file, func(_ *User, f *design) error {
		if strings.TrimSpace(name) == "" {
			return fmt.Errorf("a file needs a name: %w", ErrEmpty)
		}
		f.name = strings.TrimSpace(name)
		s.wake()
		return nil
	})
}

// DeleteFile moves a file to the trash, where nothing reaches it any more.
func (s *Server) DeleteFile(who, file string) error {
	return s.drawing(who, file, func(u *User, f *design) error {
		s.announce(f, "FILE_DELETE", object{"triggered_by": triggered(u)})
		f.deleted = true
		return nil
	})
}

// MarkReadyAs sets the status of a frame in Dev Mode: NONE, READY_FOR_DEV or COMPLETED.
func (s *Server) MarkReadyAs(who, file, node, status, message string) error {
	return s.drawing(who, file, func(u *User, f *design) error {
		if _, ok := f.frame(node); !ok || !slices.Contains([]string{"NONE", "READY_FOR_DEV", "COMPLETED"}, status) {
			return ErrNothing
		}
		links := []object{}
		for _, l := range f.links {
			if l.node == node {
				links = append(links, l.bean(f))
			}
		}
		body := object{"node_id": node, "status": status, "related_links": links, "triggered_by": triggered(u)}
		if message != "" {
			body["change_message"] = message
		}
		s.announce(f, "DEV_MODE_STATUS_UPDATE", body)
		return nil
	})
}

// PublishAs publishes a library: one event for its components and one for its styles, as far as there are any.
func (s *Server) PublishAs(who, file, description string, components, styles []string) error {
	return s.drawing(who, file, func(u *User, f *design) error {
		for kind, names := range map[string][]string{"components": components, "styles": styles} {
			if len(names) == 0 {
				continue
			}
			body := object{"description": description, "triggered_by": triggered(u)}
			for _, change := range []string{"created_", "modified_", "deleted_"} {
				for _, what := range []string{"components", "styles", "variables"} {
					body[change+what] = []object{}
				}
			}
			items := []object{}
			for _, name := range names {
				items = append(items, object{"key": randomHex() + "0ddba11a", "name": name})
			}
			body["modified_"+kind] = items
			s.announce(f, "LIBRARY_PUBLISH", body)
		}
		return nil
	})
}

// CommentAs begins a thread at a node, or on the canvas where node is "".
func (s *Server) CommentAs(who, file, node, words string) (out Comment, err error) {
	err = s.with(who, file, func(u *User, f *design) error {
		frame, ok := f.frame(node)
		if node != "" && !ok {
			return fmt.Errorf("%w: no frame %q", ErrNothing, node)
		}
		return s.say(f, &comment{by: u, words: words, meta: f.free(frame)}, &out)
	})
	return out, err
}

// free is a place at the foot of a frame where no pin is yet.
func (f *design) free(frame Frame) anchor {
	x := 24
	for _, c := range f.comments {
		if c.parent == "" && c.meta.Node == frame.Node {
			x += 30
		}
	}
	return anchor{Node: frame.Node, X: float64(x % max(frame.Width, 600)), Y: float64(frame.Height * 7 / 8)}
}

// ReplyAs answers below a comment.
func (s *Server) ReplyAs(who, file, id, words string) (out Comment, err error) {
	err = s.with(who, file, func(u *User, f *design) error {
		root := f.root(id)
		if root == nil {
			return fmt.Errorf("%w: no comment %q", ErrNothing, id)
		}
		return s.say(f, &comment{by: u, words: words, parent: root.id}, &out)
	})
	return out, err
}

// root is the comment that began the thread of another.
func (f *design) root(id string) *comment {
	c := f.comment(id)
	if c != nil && c.parent != "" {
		return f.comment(c.parent)
	}
	return c
}

func (s *Server) say(f *design, c *comment, out *Comment) error {
	if c.words = strings.TrimSpace(c.words); c.words == "" {
		return ErrEmpty
	}
	s.addComment(f, c)
	*out = c.show(f)
	return nil
}

// addComment keeps a comment and tells of it. The caller holds the lock.
func (s *Server) addComment(f *design, c *comment) {
	c.id, c.at = number(s.number()*31), s.opt.Now()
	if c.parent == "" {
		f.order++
		c.order = number(int64(f.order))
	}
	f.comments = append(f.comments, c)
	parts, people := s.fragments(c)
	s.announce(f, "FILE_COMMENT", object{"comment": parts, "comment_id": c.id, "parent_id": c.parent, "order_id": c.order, "mentions": people,
		"created_at": stamp(c.at), "resolved_at": "", "triggered_by": triggered(c.by)})
}

var shortcode = regexp.MustCompile(`:[a-z0-9_+-]+:`)

// fragments parts the words of a comment into text, emoji and mentions. Those that came through the API mention nobody.
func (s *Server) fragments(c *comment) (parts, people []object) {
	people = []object{}
	text := func(words string) {
		for words != "" {
			at := shortcode.FindStringIndex(words)
			if at == nil {
				at = []int{len(words), len(words)}
			}
			for _, part := range []string{words[:at[0]], words[at[0]:at[1]]} {
				if part != "" {
					parts = append(parts, object{"text": part})
				}
			}
			words = words[at[1]:]
		}
	}
	rest := c.words
	for from := 0; !c.plain && from < len(rest); {
		at := strings.IndexByte(rest[from:], '@')
		if at < 0 {
			break
		}
		u := s.mentioned(rest[from+at+1:])
		if u == nil {
			from += at + 1
			continue
		}
		text(rest[:from+at])
		parts, people = append(parts, object{"mention": u.ID}), append(people, triggered(u))
		rest, from = rest[from+at+1+len(u.Handle):], 0
	}
	text(rest)
	return parts, people
}

// mentioned finds the account whose name the words begin with, the longest one.
func (s *Server) mentioned(words string) *User {
	var found *User
	for _, u := range s.users {
		if strings.HasPrefix(words, u.Handle) && (found == nil || len(u.Handle) > len(found.Handle)) {
			found = u
		}
	}
	return found
}

// ResolveAs resolves a thread, or opens it again. No webhook tells of it, and the API cannot do it.
func (s *Server) ResolveAs(who, file, id string, resolved bool) error {
	return s.with(who, file, func(u *User, f *design) error {
		c := f.root(id)
		if c == nil {
			return fmt.Errorf("%w: no comment %q", ErrNothing, id)
		}
		c.resolved, c.resolvedBy = time.Time{}, nil
		if resolved {
			c.resolved, c.resolvedBy = s.opt.Now(), u
		}
		s.wake()
		return nil
	})
}

// EditCommentAs changes the words of somebody's own comment. No webhook tells of it.
func (s *Server) EditCommentAs(who, file, id, words string) error {
	return s.own(who, file, id, func(_ *design, c *comment) error {
		if strings.TrimSpace(words) == "" {
			return ErrEmpty
		}
		c.words, c.edited = strings.TrimSpace(words), s.opt.Now()
		s.wake()
		return nil
	})
}

// DeleteCommentAs deletes somebody's own comment; one that began a thread takes the thread with it. No webhook tells of it.
func (s *Server) DeleteCommentAs(who, file, id string) error {
	return s.own(who, file, id, func(f *design, c *comment) error {
		s.dropComment(f, c)
		return nil
	})
}

func (s *Server) own(who, name, id string, do func(*design, *comment) error) error {
	return s.with(who, name, func(u *User, f *design) error {
		c := f.comment(id)
		switch {
		case c == nil:
			return fmt.Errorf("%w: no comment %q", ErrNothing, id)
		case c.by != u:
			return ErrOthers
		}
		return do(f, c)
	})
}

func (s *Server) dropComment(f *design, c *comment) {
	f.comments = slices.DeleteFunc(f.comments, func(one *comment) bool { return one == c || one.parent == c.id })
	s.wake()
}
