package outbound

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

// Bounds of a file's way, in either direction.
const (
	FileMost = 25 << 20
	fileTime = 10 * time.Minute
	fileIdle = 30 * time.Second
)

// NewFiles returns a client for files: the lists and checks of New, with a longer deadline (10 min), 25 MiB of an answer
// unless the options say otherwise, and an end when nothing moves for 30 s. Nothing is unpacked: an answer that comes packed
// ends with a *PackedError at the first read, one that announces too much with a *TooLargeError.
//
// Both directions stream. To open a file, send a GET and read the answer's Body; to send one, give the request a Body that
// reads it (see Form). The caller closes the answer's Body.
func NewFiles(o Options) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = fileTime
	}
	if o.MaxBody == 0 {
		o.MaxBody = FileMost
	}
	if o.Idle == 0 {
		o.Idle = fileIdle
	}
	return build(o, true)
}

// Form is a multipart/form-data body with one file that is streamed and never held.
type Form struct {
	io.Reader
	Type   string // for Content-Type
	Length int64  // for Request.ContentLength; -1 where the file's size is not known
}

// NewForm returns the body of a form whose field holds the file. size is the file's, -1 when it is not known; a file that
// turns out to have another size ends with a *SizeError, and the request with it.
func NewForm(field, name string, file io.Reader, size int64) Form {
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	_, _ = w.CreatePart(textproto.MIMEHeader{ // a buffer does not fail
		"Content-Disposition": {`form-data; name="` + quoted(field) + `"; filename="` + quoted(name) + `"`},
		"Content-Type":        {"application/octet-stream"},
	})
	tail := "\r\n--" + w.Boundary() + "--\r\n"
	f := Form{Type: w.FormDataContentType(), Length: -1}
	if size >= 0 {
		f.Length = int64(head.Len()) + size + int64(len(tail))
		file = Exact(file, size)
	}
	f.Reader = io.MultiReader(&head, file, strings.NewReader(tail))
	return f
}

// quoted escapes what would end a parameter of a part's header, as browsers do.
func quoted(s string) string {
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A", "\x00", "").Replace(s)
}
