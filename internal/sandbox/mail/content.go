package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
)

// File is an attachment.
type File struct {
	Name string
	Type string // media type; "" = by the name
	Data []byte
	ID   string // the Content-ID by which the HTML shows it, without brackets
}

// content is a mail taken apart.
type content struct {
	head  mail.Header
	text  string
	html  string
	files []File
	parts int
}

const (
	maxDepth = 12
	maxParts = 200
)

// words decodes encoded words of any charset.
var words = &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

// addresses reads lists of addresses.
var addresses = &mail.AddressParser{WordDecoder: words}

// webAddress finds links in plain text.
var webAddress = regexp.MustCompile(`https?://[^\s<>"\\^{}|` + "`" + `]+`)

// read takes a mail apart. What is broken is left out; there is always something to show.
func read(raw []byte) *content {
	c := &content{head: headerOf(raw)}
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	c.part(textproto.MIMEHeader(c.head), bytes.NewReader(body), 0)
	return c
}

func (c *content) part(h textproto.MIMEHeader, body io.Reader, depth int) {
	if c.parts++; c.parts > maxParts || depth > maxDepth {
		return
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		media, params = "text/plain", nil
	}
	if strings.HasPrefix(media, "multipart/") && params["boundary"] != "" {
		c.several(multipart.NewReader(body, params["boundary"]), depth)
		return
	}
	data, _ := io.ReadAll(unpacked(h, body)) // what came before the fault is shown
	how, named, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := decoded(firstOf(named["filename"], params["name"]))
	switch {
	case how != "attachment" && name == "" && media == "text/plain":
		c.text = joined(c.text, inUTF8(data, params["charset"]))
	case how != "attachment" && name == "" && media == "text/html":
		c.html += inUTF8(data, params["charset"])
	default:
		c.files = append(c.files, File{Name: fileName(name, media), Type: media, Data: data, ID: strings.Trim(h.Get("Content-Id"), "<> ")})
	}
}

func (c *content) several(r *multipart.Reader, depth int) {
	for c.parts <= maxParts {
		p, err := r.NextRawPart()
		if err != nil {
			return
		}
		c.part(p.Header, p, depth+1)
	}
}

func unpacked(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

func inUTF8(data []byte, label string) string {
	if label != "" {
		if r, err := charset.NewReaderLabel(label, bytes.NewReader(data)); err == nil {
			if out, err := io.ReadAll(r); err == nil {
				data = out
			}
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(data), "\uFFFD"), "\r\n", "\n")
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return strings.TrimRight(a, "\n") + "\n\n" + b
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// fileName is a harmless name for an attachment.
func fileName(name, media string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' {
			return -1
		}
		return r
	}, filepath.Base(filepath.ToSlash(strings.ReplaceAll(name, `\`, "/"))))
	if name != "" && name != "." && name != "/" && name != ".." {
		return name
	}
	switch ext, _ := mime.ExtensionsByType(media); {
	case media == "message/rfc822":
		return "forwarded.eml"
	case len(ext) > 0:
		return "attachment" + ext[0]
	}
	return "attachment"
}
