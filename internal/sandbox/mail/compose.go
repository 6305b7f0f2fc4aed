package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"path/filepath"
	"strings"
	"time"
)

// Draft is a mail that somebody writes.
type Draft struct {
	To, Cc    []string // "ana@lumen.example" or "Ana Reyes <ana@lumen.example>"
	Subject   string
	Text      string
	HTML      string // "" = plain text only
	Files     []File
	ForgeFrom string // written into From in place of the writer, as a forger would

	answers    string // the Message-ID that it answers
	references []string
	quoted     bool // the text holds what it answers, line by line
}

// sheet is a draft that is being written down.
type sheet struct {
	bytes.Buffer
	mark string // what the boundaries are made of
}

// write puts a draft down as a mail of somebody's.
func (d Draft) write(from, id string, at time.Time) ([]byte, error) {
	if strings.ContainsAny(d.Subject, "\r\n") {
		return nil, errors.New("a subject is one line")
	}
	to, err := listed(d.To)
	if err != nil {
		return nil, err
	}
	cc, err := listed(d.Cc)
	if err != nil {
		return nil, err
	}
	s := &sheet{mark: "=_" + strings.Trim(strings.SplitN(id, "@", 2)[0], "<")}
	s.field("From", from)
	s.field("To", to)
	s.field("Cc", cc)
	s.field("Subject", mime.QEncoding.Encode("utf-8", d.Subject))
	s.field("Date", at.Format(dateLayout))
	s.field("Message-ID", id)
	s.field("In-Reply-To", d.answers)
	s.field("References", folded(d.references))
	s.field("MIME-Version", "1.0")
	if err := s.body(d); err != nil {
		return nil, err
	}
	return s.Bytes(), nil
}

func (s *sheet) field(name, value string) {
	if value != "" {
		s.WriteString(name + ": " + value + "\r\n")
	}
}

// listed writes addresses as a field does.
func listed(people []string) (string, error) {
	var out []string
	for _, one := range people {
		a, err := addresses.Parse(one)
		if err != nil {
			return "", fmt.Errorf("%q is no mail address", one)
		}
		out = append(out, a.String())
	}
	return strings.Join(out, ",\r\n "), nil
}

// folded puts ids into one field, each on a line of its own.
func folded(ids []string) string { return strings.Join(ids, "\r\n ") }

// lines gives text the line ends of a mail.
func lines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// body writes the parts: words, or words in two kinds, and files behind them.
func (s *sheet) body(d Draft) error {
	if len(d.Files) == 0 {
		return s.words(d, func(h textproto.MIMEHeader) (*bytes.Buffer, error) {
			for _, name := range []string{"Content-Type", "Content-Transfer-Encoding"} {
				s.field(name, h.Get(name))
			}
			s.WriteString("\r\n")
			return &s.Buffer, nil
		})
	}
	w := multipart.NewWriter(&s.Buffer)
	if err := w.SetBoundary(s.mark + "_files"); err != nil {
		return err
	}
	s.field("Content-Type", `multipart/mixed; boundary="`+w.Boundary()+`"`)
	s.WriteString("\r\n")
	err := s.words(d, func(h textproto.MIMEHeader) (*bytes.Buffer, error) {
		_, err := w.CreatePart(h)
		return &s.Buffer, err
	})
	if err != nil {
		return err
	}
	for _, f := range d.Files {
		if err := s.file(w, f); err != nil {
			return err
		}
	}
	return w.Close()
}

// words writes the text, with HTML beside it where there is some, into what open returns.
func (s *sheet) words(d Draft, open func(textproto.MIMEHeader) (*bytes.Buffer, error)) error {
	plain := textproto.MIMEHeader{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}}
	if d.HTML == "" {
		w, err := open(plain)
		if err != nil {
			return err
		}
		return printable(w, d.Text)
	}
	boundary := s.mark + "_words"
	out, err := open(textproto.MIMEHeader{"Content-Type": {`multipart/alternative; boundary="` + boundary + `"`}})
	if err != nil {
		return err
	}
	w := multipart.NewWriter(out)
	if err := w.SetBoundary(boundary); err != nil {
		return err
	}
	rich := textproto.MIMEHeader{"Content-Type": {"text/html; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}}
	for _, one := range []struct {
		head textproto.MIMEHeader
		text string
	}{{plain, d.Text}, {rich, d.HTML}} {
		if _, err := w.CreatePart(one.head); err != nil {
			return err
		}
		if err := printable(out, one.text); err != nil {
			return err
		}
	}
	return w.Close()
}

func printable(out *bytes.Buffer, text string) error {
	w := quotedprintable.NewWriter(out)
	if _, err := w.Write([]byte(lines(strings.TrimRight(text, "\r\n")) + "\r\n")); err != nil {
		return err
	}
	return w.Close()
}

func (s *sheet) file(w *multipart.Writer, f File) error {
	media := firstOf(f.Type, firstOf(mime.TypeByExtension(filepath.Ext(f.Name)), "application/octet-stream"))
	how := mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	if how == "" {
		how = "attachment"
	}
	h := textproto.MIMEHeader{"Content-Type": {media}, "Content-Disposition": {how}, "Content-Transfer-Encoding": {"base64"}}
	if f.ID != "" {
		h.Set("Content-Id", "<"+f.ID+">")
	}
	nested := strings.HasPrefix(media, "message/")
	if nested {
		h.Set("Content-Transfer-Encoding", "8bit") // RFC 2046 5.2.1 allows nothing else
	}
	if _, err := w.CreatePart(h); err != nil {
		return err
	}
	if nested {
		s.WriteString(lines(string(f.Data)))
		return nil
	}
	for text := base64.StdEncoding.EncodeToString(f.Data); text != ""; {
		n := min(76, len(text))
		s.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return nil
}

// shown is an address as a mail program writes it.
func shown(a mail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name + " <" + a.Address + ">"
}
