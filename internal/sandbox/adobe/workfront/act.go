package workfront

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// What people do. who is a name, an address or an id, document an id or a name.

// ErrNothing says that something does not exist.
var ErrNothing = errors.New("there is no such thing in this Workfront")

const pending = "Pending"

func (s *Site) with(who, name string, do func(by *site.Person, d *document) error) error {
	s.Lock()
	defer s.Unlock()
	by, d := s.Person(who), s.document(name)
	if by == nil || d == nil {
		return fmt.Errorf("%s at %q: %w", who, name, ErrNothing)
	}
	return do(by, d)
}

// UploadVersionAs saves a new version of a document.
func (s *Site) UploadVersionAs(who, name, file string) (Version, error) {
	var out Version
	err := s.with(who, name, func(by *site.Person, d *document) error {
		if file = strings.TrimSpace(file); file == "" {
			return errors.New("a version needs the name of its file")
		}
		before := s.docu(d, s.eventTime)
		v := &version{id: newID(), file: file, number: d.current().number + 1, size: d.current().size + 4096, by: by, at: s.Now(), decision: "pending"}
		d.versions = append(d.versions, v)
		d.updated, d.by = v.at, by
		s.announce("CREATE", s.docv(d, v, s.eventTime), object{})
		s.announce("UPDATE", s.docu(d, s.eventTime), before)
		out = v.show()
		return nil
	})
	return out, err
}

// NoteAs writes an update to a document.
func (s *Site) NoteAs(who, name, text string) (id string, err error) {
	err = s.with(who, name, func(by *site.Person, d *document) error {
		n, err := s.addNote(by, "DOCU", d.id, "", text)
		if err == nil {
			id = n.id
		}
		return err
	})
	return id, err
}

// ReplyAs answers an update.
func (s *Site) ReplyAs(who, noteID, text string) (id string, err error) {
	s.Lock()
	defer s.Unlock()
	by, to := s.Person(who), s.note(noteID)
	if by == nil || to == nil {
		return "", fmt.Errorf("%s at update %q: %w", who, noteID, ErrNothing)
	}
	n, err := s.addNote(by, to.code, to.object, to.id, text)
	if err != nil {
		return "", err
	}
	return n.id, nil
}

func (s *Site) addNote(by *site.Person, code, object, parent, text string) (*note, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("an update needs words")
	}
	n := &note{id: newID(), text: text, code: code, object: object, by: by, at: s.Now()}
	n.thread = n.id
	if parent != "" {
		up := s.note(parent)
		if up == nil || up.object != object {
			return nil, fmt.Errorf("update %q: %w", parent, ErrNothing)
		}
		n.parent, n.thread = up.id, up.thread
	}
	s.notes = append(s.notes, n)
	s.announce("CREATE", s.noteBean(n, s.eventTime), map[string]any{})
	return n, nil
}

// ApproveAs decides on the proof of the current version: one of Decisions.
func (s *Site) ApproveAs(who, name, decision string) error {
	return s.with(who, name, func(by *site.Person, d *document) error {
		if !slices.Contains(Decisions(), decision) {
			return fmt.Errorf("%q is no decision", decision)
		}
		v := d.current()
		i := slices.IndexFunc(s.approvals, func(a *approval) bool { return a.version == v && a.approver == by })
		if i < 0 {
			i = len(s.approvals)
			s.approvals = append(s.approvals, &approval{id: newID(), version: v, document: d, approver: by, decision: pending})
			s.announce("CREATE", s.prfapl(s.approvals[i], s.eventTime), object{})
		}
		a := s.approvals[i]
		before, was := s.prfapl(a, s.eventTime), s.docv(d, v, s.eventTime)
		a.decision, a.at = decision, s.Now()
		v.decision = strings.ToLower(decision)
		s.announce("UPDATE", s.prfapl(a, s.eventTime), before)
		s.announce("UPDATE", s.docv(d, v, s.eventTime), was)
		return nil
	})
}

// DeleteAs deletes a document.
func (s *Site) DeleteAs(who, name string) error {
	return s.with(who, name, func(_ *site.Person, d *document) error {
		before := s.docu(d, s.eventTime)
		s.documents = slices.DeleteFunc(s.documents, func(one *document) bool { return one == d })
		s.announce("DELETE", object{}, before)
		return nil
	})
}

// Document is a document as tests and pages see it.
type Document struct {
	ID, Name, Owner, URL string
	Versions             []Version // the oldest first
	Notes                []Note
	Approvals            []Approval
}

// Version is a version of a document.
type Version struct {
	ID, File, By, Decision string
	Number                 int
	At                     time.Time
}

// Note is an update; Replies stand below the first of a thread.
type Note struct {
	ID, By, Text string
	At           time.Time
	Replies      []Note
}

// Approval is what somebody decided about a version.
type Approval struct {
	By, Decision string
	Version      int
	At           time.Time
}

func (v *version) show() Version { return Version{v.id, v.file, v.by.Name, v.decision, v.number, v.at} }

// Document returns a document with all that belongs to it.
func (s *Site) Document(name string) (Document, bool) {
	s.Lock()
	defer s.Unlock()
	d := s.document(name)
	if d == nil {
		return Document{}, false
	}
	out := Document{ID: d.id, Name: d.name, Owner: d.owner.Name, URL: s.BaseURL + "/document/" + d.id}
	for _, v := range d.versions {
		out.Versions = append(out.Versions, v.show())
	}
	for _, n := range s.notes {
		if n.object != d.id {
			continue
		}
		one := Note{ID: n.id, By: n.by.Name, Text: n.text, At: n.at}
		if i := slices.IndexFunc(out.Notes, func(root Note) bool { return root.ID == n.thread }); i >= 0 {
			out.Notes[i].Replies = append(out.Notes[i].Replies, one)
			continue
		}
		out.Notes = append(out.Notes, one)
	}
	for _, a := range s.approvals {
		if a.document == d {
			out.Approvals = append(out.Approvals, Approval{a.approver.Name, a.decision, a.version.number, a.at})
		}
	}
	return out, true
}

// Documents lists the documents.
func (s *Site) Documents() []Document {
	s.Lock()
	var ids []string
	for _, d := range s.documents {
		ids = append(ids, d.id)
	}
	s.Unlock()
	var out []Document
	for _, id := range ids {
		if d, ok := s.Document(id); ok {
			out = append(out, d)
		}
	}
	return out
}

// Proof is what was decided about the current version.
func (d Document) Proof() string { return d.Versions[len(d.Versions)-1].Decision }
