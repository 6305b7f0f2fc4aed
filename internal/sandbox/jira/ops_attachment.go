package jira

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"signoff/internal/sandbox"
)

const (
	// maxFiles is how many files one request may bring.
	maxFiles = 60
	// partsRoom is what the frame of a multipart body may take beside the files.
	partsRoom = 64 << 10
)

// upload is a file as a request brings it.
type upload struct {
	name, kind string
	content    []byte
}

// receive runs the upload of files: all checks of the call come before its body is read.
func (s *Server) receive(w http.ResponseWriter, req *http.Request, r route, c *call) *reply {
	s.mu.Lock()
	rep := s.admit(req, r, c)
	limit := s.opt.UploadLimit
	s.mu.Unlock()
	if rep != nil {
		return rep
	}
	if req.Header.Get("X-Atlassian-Token") != "no-check" {
		return &reply{status: http.StatusForbidden, text: "XSRF check failed"}
	}
	kind, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return problem(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type")
	}
	body := http.MaxBytesReader(w, req.Body, int64(limit)*maxFiles+partsRoom)
	files, rep := readFiles(multipart.NewReader(body, params["boundary"]), limit)
	if rep != nil {
		return rep
	}
	c.files = files
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.do(*c)
}

// readFiles reads the parts one after the other; each must be a file under the name "file".
func readFiles(parts *multipart.Reader, limit int) ([]upload, *reply) {
	var all []upload
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, problem(http.StatusBadRequest, "The multipart body is not well formed: "+err.Error())
		}
		u, rep := readFile(part, limit)
		if rep != nil {
			return nil, rep
		}
		if all = append(all, u); len(all) > maxFiles {
			return nil, problem(http.StatusRequestEntityTooLarge, "The number of files exceeds the limit of "+strconv.Itoa(maxFiles)+".")
		}
	}
	if len(all) == 0 {
		return nil, problem(http.StatusBadRequest, "The request has no part with the name 'file'.")
	}
	return all, nil
}

func readFile(part *multipart.Part, limit int) (upload, *reply) {
	name := part.FileName()
	switch {
	case part.FormName() != "file":
		return upload{}, problem(http.StatusBadRequest, "The name of a part must be 'file', not '"+part.FormName()+"'.")
	case name == "":
		return upload{}, problem(http.StatusBadRequest, "A file needs a filename.")
	case length(name) > 255:
		return upload{}, problem(http.StatusBadRequest, "The filename is longer than 255 characters.")
	}
	content, err := io.ReadAll(io.LimitReader(part, int64(limit)+1))
	switch {
	case err != nil:
		return upload{}, problem(http.StatusBadRequest, "The file "+name+" did not arrive whole.")
	case len(content) > limit:
		return upload{}, problem(http.StatusRequestEntityTooLarge,
			fmt.Sprintf("The file %s exceeds its maximum permitted size of %d bytes.", name, limit))
	}
	kind := part.Header.Get("Content-Type")
	if kind == "application/octet-stream" {
		kind = "" // says nothing: the name decides
	}
	return upload{name: name, kind: kind, content: content}, nil
}

func (s *Server) addAttachment(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	beans := []object{}
	for _, f := range s.attach(iss, c.files, c.by) {
		beans = append(beans, s.fileBean(f, true))
	}
	return answer(http.StatusOK, beans)
}

func (s *Server) attachmentMeta(call) *reply {
	return answer(http.StatusOK, object{"enabled": true, "uploadLimit": s.opt.UploadLimit})
}

// fileOf finds the attachment that a path names, on an issue that the account may see.
func (s *Server) fileOf(c call) (*issue, *file, *reply) {
	iss, f := s.file(c.path["id"])
	if f == nil {
		return nil, nil, problem(http.StatusNotFound, "The attachment with id '"+c.path["id"]+"' does not exist")
	}
	c.path["key"] = iss.idString()
	iss, rep := s.issueOf(c)
	if rep != nil {
		return nil, nil, rep
	}
	return iss, f, nil
}

func (s *Server) getAttachment(c call) *reply {
	_, f, rep := s.fileOf(c)
	if rep != nil {
		return rep
	}
	b := s.fileBean(f, true)
	if s.cloud() {
		b["id"] = f.id // a number here and a text in issues
	} else {
		delete(b, "id")
	}
	return answer(http.StatusOK, b)
}

// getAttachmentContent sends the caller to the media host, or the bytes themselves when asked to or when the
// site has no such host.
func (s *Server) getAttachmentContent(c call) *reply {
	_, f, rep := s.fileOf(c)
	if rep != nil {
		return rep
	}
	redirect := true
	if v := c.q.Get("redirect"); v != "" {
		var err error
		if redirect, err = strconv.ParseBool(v); err != nil {
			return problem(http.StatusBadRequest, "The value '"+v+"' of redirect is not true or false.")
		}
	}
	if !redirect || s.opt.MediaURL == "" {
		return &reply{status: http.StatusOK, file: f}
	}
	return &reply{status: http.StatusSeeOther, header: map[string]string{"Location": s.mediaAddress(f)}}
}

func (s *Server) removeAttachment(c call) *reply {
	iss, f, rep := s.fileOf(c)
	if rep != nil {
		return rep
	}
	permission := "DELETE_ALL_ATTACHMENTS"
	if f.author == c.by.AccountID {
		permission = "DELETE_OWN_ATTACHMENTS"
	}
	if s.lacks(permission) {
		return forbidden(c.op, permission)
	}
	s.detach(iss, f, c.by)
	return done()
}

// sendFile answers with the bytes of a file; ranges work.
func sendFile(w http.ResponseWriter, req *http.Request, f *file) {
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, req, "", f.created, bytes.NewReader(f.content))
}

// described stands for an upload in the ledger: the names and sizes of its files.
func described(files []upload) []byte {
	var all []string
	for _, f := range files {
		all = append(all, fmt.Sprintf("file %s, %s, %d bytes", f.name, f.kind, len(f.content)))
	}
	return []byte(strings.Join(all, "\n"))
}

func (s *Server) recordMedia(req *http.Request, status int, note string) {
	if l := s.opt.Ledger; l != nil {
		l.Add(sandbox.Entry{At: s.opt.Now(), Service: service, Direction: sandbox.In, Method: req.Method,
			Path: req.URL.Path, Status: status, Note: note, Failed: status >= http.StatusBadRequest})
	}
}
