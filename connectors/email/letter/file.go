package letter

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2/mediatype"

	"signoff/internal/filetype"
)

// ErrNoPart says that a mail has no part of the name.
var ErrNoPart = errors.New("the mail has no such part")

// Open decodes one part of a mail, by the name that Read gave it in File.Part. The file's Size is that of the bytes.
func Open(raw []byte, part string) ([]byte, File, error) {
	trimmed := trim(raw)
	root, refused := scan(trimmed)
	if part == whole {
		title, _ := title(subjectOf(root.fields), "")
		return raw, wholeFile(raw, title), nil
	}
	if refused != nil {
		return nil, File{}, fmt.Errorf("open part %q: %w", part, ErrNoPart)
	}
	var found *node
	root.walk(func(n *node) {
		if n.id == part && part != "" && found == nil {
			found = n
		}
	})
	if found == nil {
		return nil, File{}, fmt.Errorf("open part %q: %w", part, ErrNoPart)
	}
	body := found.content()
	f := fileOf(found)
	f.Size = len(body)
	return body, f, nil
}

// wholeFile is the mail itself.
func wholeFile(raw []byte, title string) File {
	return File{Part: whole, Name: mailName(title), Type: "message/rfc822", Size: len(raw)}
}

func mailName(title string) string {
	if title == "" {
		title = "mail"
	}
	if len(title) > 120 {
		title = strings.ToValidUTF8(title[:120], "")
	}
	return filetype.CleanName(strings.NewReplacer("/", "-", `\`, "-").Replace(title) + ".eml")
}

// disposition reads how a part wants to be shown, and its name.
func (n *node) disposition() (where, name string) {
	value := tight(n.fields.get("content-disposition"))
	where, params, _, err := mediatype.Parse(value)
	if err != nil {
		head, tail, _ := strings.Cut(value, ";")
		where, params = head, nil
		if _, after, ok := strings.Cut(tail, "filename="); ok {
			params = map[string]string{"filename": strings.Trim(strings.TrimSpace(after), `"`)}
		}
	}
	for _, name = range []string{params["filename"], n.params["name"], params["name"], n.params["file"]} {
		if name = words(name); name != "" {
			break
		}
	}
	return strings.ToLower(strings.TrimSpace(where)), name
}

// extensions name files that were sent without a name.
var extensions = map[string]string{
	"text/calendar": "invite.ics", "application/ics": "invite.ics", "text/plain": "text.txt", "text/html": "page.html", "image/png": "picture.png",
	"image/jpeg": "picture.jpg", "image/gif": "picture.gif", "application/pdf": "document.pdf", "text/csv": "table.csv", "text/vcard": "contact.vcf",
	"text/x-vcard": "contact.vcf", "application/ms-tnef": "winmail.dat", "application/zip": "archive.zip",
}

// fileOf describes a part as a file.
func fileOf(n *node) File {
	where, name := n.disposition()
	f := File{Part: n.id, Type: n.media, Size: n.size(), Inline: where == "inline"}
	if n.media == "message/rfc822" {
		inner := &node{fields: innerHeader(n)}
		f.Mail = &Inner{Subject: subjectOf(inner.fields), Date: date(inner.fields.get("date"))}
		if from := inner.fields.addresses("from"); len(from) > 0 {
			f.Mail.From = from[0]
		}
		if name == "" {
			inside, _ := title(f.Mail.Subject, "")
			f.Name = mailName(inside)
			return f
		}
		if !strings.HasSuffix(strings.ToLower(name), ".eml") {
			name += ".eml"
		}
	}
	if name == "" {
		name = extensions[n.media]
	}
	if name == "" {
		name = "attachment"
	}
	f.Name = filetype.CleanName(name)
	return f
}

// innerHeader is the header of a forwarded mail.
func innerHeader(n *node) header {
	if n.forwarded() {
		return n.kids[0].fields
	}
	return headerOf(n.start(headerMost))
}

// headerOf reads the header that bytes begin with.
func headerOf(body []byte) header {
	body = trim(body)
	h, _ := readHeader(body[:headEnd(body)])
	return h
}

// attach lists the files of a mail. cids are the pictures that its text shows.
func (r *reader) attach(root *node, cids []string) {
	root.walk(func(n *node) {
		if n.media == "multipart/encrypted" {
			r.note("The mail is encrypted: signoff cannot read it.")
		}
		if !n.file() || r.letter.Class == Bounce && n.aboutDelivery() || n.dot() {
			return
		}
		f := fileOf(n)
		id := strings.Trim(n.fields.get("content-id"), "<> ")
		f.Inline = id != "" && slices.Contains(cids, id)
		r.remark(n, f)
		r.letter.Files = append(r.letter.Files, f)
	})
	r.letter.Files = once(r.letter.Files)
}

// once drops the invitation that stands between the forms of the text when it is attached besides, as calendars send it.
func once(files []File) []File {
	ics := func(f File) bool { return strings.HasSuffix(strings.ToLower(f.Name), ".ics") }
	attached := slices.ContainsFunc(files, func(f File) bool { return ics(f) && !strings.Contains(f.Part, ".") })
	return slices.DeleteFunc(files, func(f File) bool {
		return attached && ics(f) && strings.Contains(f.Part, ".") && f.Type == "text/calendar"
	})
}

// file reports whether a part is a file for people. Of a forwarded mail only what was attached to it stands beside it.
func (n *node) file() bool {
	if n.multipart() || n.shown() || n.proof() || n.id == "" {
		return false
	}
	where, _ := n.disposition()
	return n.inner == 0 || where == "attachment" || n.media == "message/rfc822"
}

// aboutDelivery reports whether a part of a report is what the report is about, and no file.
func (n *node) aboutDelivery() bool {
	switch n.media {
	case "message/delivery-status", "message/global-delivery-status", "message/feedback-report", "text/rfc822-headers", "message/rfc822-headers":
		return true
	}
	return false
}

// proof reports whether a part is a signature of the other parts, which nobody opens.
func (n *node) proof() bool {
	switch n.media {
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "message/disposition-notification":
		return true
	}
	return false
}

const dotMost = 8 << 10 // bytes of a picture that may be nothing but a dot

// dot reports whether a part is a picture of a pixel or two, put there to be counted or to hold a place.
func (n *node) dot() bool {
	if where, _ := n.disposition(); where == "attachment" || !strings.HasPrefix(n.media, "image/") || n.size() > dotMost {
		return false
	}
	body := n.content()
	for _, measure := range []func(io.Reader) (image.Config, error){gif.DecodeConfig, png.DecodeConfig, jpeg.DecodeConfig} {
		if config, err := measure(bytes.NewReader(body)); err == nil {
			return config.Width <= 2 && config.Height <= 2
		}
	}
	return false
}

func (r *reader) note(s string) {
	if !slices.Contains(r.letter.Notes, s) && len(r.letter.Notes) < 10 {
		r.letter.Notes = append(r.letter.Notes, s)
	}
}

// remark tells people of files that need it, and reads what an invitation is for.
func (r *reader) remark(n *node, f File) {
	switch {
	case n.media == "application/ms-tnef" || n.media == "application/vnd.ms-tnef" || strings.EqualFold(f.Name, "winmail.dat"):
		r.note("Outlook packed files of this mail into winmail.dat, which signoff does not open: ask the sender to send them in the plain format.")
	case n.media == "application/pkcs7-mime" || n.media == "application/x-pkcs7-mime":
		r.note("The mail is encrypted or sealed (S/MIME): signoff cannot read what is in it.")
	case n.media == "text/calendar" && n.inner == 0 && r.letter.Calendar == "":
		r.letter.Calendar = method(n.start(64 << 10))
	}
}

// method finds the METHOD of a calendar.
func method(ics []byte) string {
	for line := range bytes.Lines(ics) {
		if value, ok := bytes.CutPrefix(bytes.ToUpper(bytes.TrimSpace(line[:min(len(line), 200)])), []byte("METHOD:")); ok {
			return oneLine(repair(string(value)))
		}
	}
	return ""
}
