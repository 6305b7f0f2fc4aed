package slack

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"

	"signoff/internal/sandbox"
)

// maxUpload is the most one uploaded file may hold, in bytes. Slack's own limit is 1 GB.
const maxUpload = 64 << 20

var channelID = regexp.MustCompile(`^[CDG][A-Z0-9]{4,}$`)

// upload is a file on its way in: announced, then sent, then completed.
type upload struct {
	file       *file
	length     int64
	sent, done bool
}

// uploadURL is files.getUploadURLExternal: the first of three steps.
func (s *Server) uploadURL(a args) (object, *failure) {
	name, length := strings.TrimSpace(a.str("filename")), a.number("length", 0)
	switch {
	case name == "" || a.str("length") == "":
		return nil, fail("missing_argument")
	case length <= 0:
		return nil, fail("invalid_arguments")
	case length > maxUpload:
		return nil, fail("file_upload_size_restricted")
	}
	f, err := s.newFile(s.opt.Bot.UserID, Upload{Name: name})
	if err != nil {
		return nil, fail("invalid_arguments")
	}
	path := "/upload/v1/" + s.opt.Team.ID + "/" + s.newSecret(32)
	f.looking = true
	s.uploads[path] = &upload{file: f, length: int64(length)}
	return object{"upload_url": s.opt.origin("https://files.slack.com") + path, "file_id": f.id}, nil
}

// serveUpload is the second step: the bytes, as they are or in a multipart form. It needs no token.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	data, err := readUpload(w, r)
	status, note := http.StatusOK, ""
	if err != nil {
		status, note = http.StatusBadRequest, "unreadable: "+err.Error()
	} else {
		status, note = s.receive(r.URL.Path, data)
	}
	if f := r.Header.Get(sandbox.FaultHeader); f != "" {
		note += ", then fault " + f
	}
	s.opt.Ledger.Add(sandbox.Entry{
		Service: service, Direction: sandbox.In, Method: r.Method, Path: methodName(r), Status: status, Note: note,
		Failed: status != http.StatusOK || r.Header.Get(sandbox.FaultHeader) != "", Body: bytesOf(int64(len(data))),
	})
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, note) // the caller may be gone; the ledger has the entry
}

func readUpload(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(w, r.Body, maxUpload+64<<10)
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return io.ReadAll(body)
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the form holds no file")
		}
		if err != nil {
			return nil, err
		}
		if name := part.FormName(); name == "file" || name == "filename" || part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

// receive keeps the bytes of an announced file. Their number must be the announced one.
func (s *Server) receive(path string, data []byte) (status int, note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[path]
	switch {
	case u == nil || u.done:
		return http.StatusNotFound, "no such upload"
	case int64(len(data)) != u.length:
		return http.StatusBadRequest, fmt.Sprintf("length mismatch: %d bytes were announced, %d came", u.length, len(data))
	}
	u.sent, u.file.data, u.file.size = true, data, u.length
	u.file.mimetype, u.file.filetype = fileType(Upload{Name: u.file.name, Data: data})
	return http.StatusOK, fmt.Sprintf("OK - %d", len(data))
}

// completeUpload is files.completeUploadExternal: the third step. The message follows on its own time.
func (s *Server) completeUpload(a args) (object, *failure) {
	ready, failed := s.readyUploads(a)
	if failed != nil {
		return nil, failed
	}
	m, failed := s.uploadMessage(a)
	if failed != nil {
		return nil, failed
	}
	out := []any{}
	var sent []*file
	for _, u := range ready {
		sent = append(sent, u.file)
		u.done = true
		out = append(out, s.wireWholeFile(u.file))
		if m != nil {
			m.files = append(m.files, u.file)
		}
	}
	s.work.Go(func() { s.lookThrough(sent) })
	if m != nil {
		s.work.Go(func() { s.shareLater(m) })
	}
	return object{"files": out}, nil
}

// readyUploads finds the files a call names: each announced, sent, and not completed before.
func (s *Server) readyUploads(a args) ([]*upload, *failure) {
	v, given, ok := a.value("files")
	named, isList := v.([]any)
	if !given || !ok || !isList || len(named) == 0 {
		return nil, fail("invalid_arguments")
	}
	var out []*upload
	for _, one := range named {
		var l lint
		shape{"id": must(id()), "title": may(words(0, 255)), "highlight_type": may(words(0, 50))}.check(&l, "/files", one)
		if len(l.messages) > 0 {
			return nil, refused("invalid_arguments", &l)
		}
		u := s.uploadOf(str(obj(one), "id"))
		if u == nil || !u.sent || u.done {
			return nil, fail("file_not_found")
		}
		u.file.title = firstOf(str(obj(one), "title"), u.file.name)
		out = append(out, u)
	}
	return out, nil
}

func (s *Server) uploadOf(fileID string) *upload {
	for _, u := range s.uploads {
		if u.file.id == fileID {
			return u
		}
	}
	return nil
}

// uploadMessage prepares the message that shares an upload; nil when it is shared nowhere.
func (s *Server) uploadMessage(a args) (*message, *failure) {
	to, thread := a.str("channel_id"), a.str("thread_ts")
	c := s.visible(to)
	switch {
	case to == "" && thread == "":
		return nil, nil
	case to == "":
		return nil, fail("invalid_arguments")
	case !channelID.MatchString(to):
		return nil, fail("invalid_channel") // names and user ids are not taken here
	case c == nil:
		return nil, fail("channel_not_found")
	case !c.has(s.opt.Bot.UserID):
		return nil, fail("not_in_channel")
	case c.archived:
		return nil, fail("is_archived")
	}
	if thread != "" {
		root := c.find(thread)
		if root == nil {
			return nil, fail("thread_not_found")
		}
		thread = firstOf(root.threadTS, root.ts)
	}
	m := &message{channel: c, threadTS: thread, user: s.opt.Bot.UserID, byBot: true, text: a.str("initial_comment")}
	if v, given, ok := a.value("blocks"); given && m.text == "" {
		var l lint
		lintBlocks(&l, "/blocks", v, onMessage)
		s.lintPictures(&l, "/blocks", v)
		if !ok || len(l.messages) > 0 {
			return nil, refused("invalid_blocks", &l)
		}
		m.blocks = s.settled(list(v))
	}
	return m, nil
}

// shareLater posts the message of an upload a moment after the call was answered.
func (s *Server) shareLater(m *message) {
	if !s.sleep(s.opt.ShareAfter) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range m.files {
		f.looking = false // it is shown only then
	}
	m.ts = s.newTS()
	s.add(m)
	s.sendMessageEvent(m)
}
