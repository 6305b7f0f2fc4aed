package jira

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

// defaultUpload is the upload limit of a fresh Cloud site, in bytes.
const defaultUpload = 10 << 20

// file is an attachment of an issue.
type file struct {
	id      int
	name    string
	kind    string // media type
	author  string // account id
	created time.Time
	content []byte
}

// Attachment is a file of an issue.
type Attachment struct {
	ID      string
	Name    string
	Type    string // media type
	Author  string
	Size    int
	Created time.Time
}

func (s *Server) viewFile(f *file) Attachment {
	return Attachment{ID: strconv.Itoa(f.id), Name: f.name, Type: f.kind, Author: s.nameOf(f.author), Size: len(f.content), Created: f.created}
}

// AttachAs attaches a file and returns its id.
func (s *Server) AttachAs(user, key, name string, content []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	switch {
	case err != nil:
		return "", err
	case name == "" || len(content) == 0:
		return "", refused("Choose a file that is not empty.")
	case len(content) > s.opt.UploadLimit:
		return "", refused("The file is larger than the limit of %d bytes.", s.opt.UploadLimit)
	}
	added := s.attach(iss, []upload{{name: name, content: content}}, u)
	return strconv.Itoa(added[0].id), nil
}

// DetachAs deletes an attachment.
func (s *Server) DetachAs(user, key, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	_, f := s.file(id)
	if f == nil || !slices.Contains(iss.files, f) {
		return fmt.Errorf("%w: %q", ErrNoFile, id)
	}
	s.detach(iss, f, u)
	return nil
}

// File returns the bytes of an attachment.
func (s *Server) File(id string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f := s.file(id)
	if f == nil {
		return nil, false
	}
	return slices.Clone(f.content), true
}

// file finds an attachment and its issue.
func (s *Server) file(id string) (*issue, *file) {
	for _, iss := range s.issues {
		for _, f := range iss.files {
			if !iss.deleted && strconv.Itoa(f.id) == id {
				return iss, f
			}
		}
	}
	return nil, nil
}

// attach adds files, each with its own webhooks. The caller holds the lock.
func (s *Server) attach(iss *issue, all []upload, by *User) []*file {
	var added []*file
	for _, u := range all {
		f := &file{id: s.sequence("attachment"), name: u.name, author: by.AccountID, created: s.opt.Now(), content: u.content,
			kind: cmp.Or(u.kind, mime.TypeByExtension(path.Ext(u.name)), "application/octet-stream")}
		iss.files = append(iss.files, f)
		s.announceFile("attachment_created", iss, f)
		id, name := strconv.Itoa(f.id), f.name
		s.journal(iss, by, changeItem{Field: "Attachment", FieldType: "jira", FieldID: "attachment", To: &id, ToString: &name})
		added = append(added, f)
	}
	return added
}

func (s *Server) detach(iss *issue, f *file, by *User) {
	iss.files = slices.DeleteFunc(iss.files, func(have *file) bool { return have == f })
	s.announceFile("attachment_deleted", iss, f)
	id, name := strconv.Itoa(f.id), f.name
	s.journal(iss, by, changeItem{Field: "Attachment", FieldType: "jira", FieldID: "attachment", From: &id, FromString: &name})
}

// announceFile sends the webhook of an attachment, which does not name the issue.
func (s *Server) announceFile(event string, iss *issue, f *file) {
	s.announce(outgoing{iss, hookBody{Timestamp: s.opt.Now().UnixMilli(), Event: event, Attachment: s.fileBean(f, !s.cloud())}})
}

func (s *Server) fileBean(f *file, withEmail bool) object {
	id := strconv.Itoa(f.id)
	b := object{"self": s.self("attachment/" + id), "id": id, "filename": f.name, "author": s.userBean(s.user(f.author), withEmail),
		"created": at(f.created), "size": len(f.content), "mimeType": f.kind, "content": s.contentURL(f)}
	if strings.HasPrefix(f.kind, "image/") {
		b["thumbnail"] = s.self("attachment/thumbnail/" + id)
	}
	return b
}

func (s *Server) contentURL(f *file) string {
	if s.cloud() {
		return s.self("attachment/content/" + strconv.Itoa(f.id))
	}
	return s.opt.BaseURL + "/secure/attachment/" + strconv.Itoa(f.id) + "/" + url.PathEscape(f.name)
}

func (s *Server) fileBeans(iss *issue, withEmail bool) []object {
	all := []object{}
	for _, f := range iss.files {
		all = append(all, s.fileBean(f, withEmail))
	}
	return all
}

// mediaOp is the operation of the media host.
const mediaOp = "media"

// mediaLife is how long an address at the media host works.
const mediaLife = 10 * time.Minute

// grant lets whoever has its token fetch one file from the media host for a while.
type grant struct {
	file  *file
	until time.Time
}

// mediaAddress makes an address at the media host for a file. The caller holds the lock.
func (s *Server) mediaAddress(f *file) string {
	token := rand.Text()
	s.grants[token] = grant{f, s.opt.Now().Add(mediaLife)}
	return s.opt.MediaURL + "/file/" + strconv.Itoa(f.id) + "/binary?" + url.Values{"token": {token}, "name": {f.name}}.Encode()
}

// Media serves the host that Cloud redirects downloads to: see Options.MediaURL. Credentials of the site have
// no business there: a request that carries any is refused, and the ledger calls it a violation.
// Faults hit it under the operation "media".
func (s *Server) Media() http.Handler {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rep, note := s.media(r)
		s.recordMedia(r, rep.status, note)
		write(w, r, rep)
	})
	op := func(*http.Request) string { return mediaOp }
	return sandbox.Faulty{Service: service, Faults: s.opt.Faults, Method: op, Next: next, Refuse: s.refuse, Note: s.records.Faulted}
}

func (s *Server) media(r *http.Request) (*reply, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants[r.URL.Query().Get("token")]
	switch {
	case r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "":
		return problem(http.StatusBadRequest, "Only one authentication mechanism is allowed."), "violation: credentials of the site were sent to the media host"
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return problem(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"), "media"
	case !ok || s.opt.Now().After(g.until) || r.URL.Path != "/file/"+strconv.Itoa(g.file.id)+"/binary":
		return problem(http.StatusForbidden, "The token is not valid for this file."), "media"
	}
	return &reply{status: http.StatusOK, file: g.file}, "media"
}
