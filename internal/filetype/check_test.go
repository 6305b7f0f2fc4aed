package filetype_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"signoff/internal/filetype"
)

const (
	pdf      = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
	png      = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	jpeg     = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
	gif      = "GIF89a\x01\x00\x01\x00\x80\x00\x00"
	psd      = "8BPS\x00\x01\x00\x00\x00\x00\x00\x00"
	ps       = "%!PS-Adobe-3.0 EPSF-3.0\n"
	mp4      = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	ole      = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00\x00\x00"
	exe      = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
	elf      = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00"
	login    = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Sign in | Slack</title></head>"
	svg      = "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"
	jsonText = `{"ok":false,"error":"file_not_found"}`
)

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, "<x/>"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wide(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, c := range []byte(s) {
		b.Write([]byte{c, 0})
	}
	return b.String()
}

// TestCheck_Passes: what is what it says, what says nothing, and what is mixed up without harm.
func TestCheck_Passes(t *testing.T) {
	t.Parallel()
	archive, docx := zipped(t, "a.txt"), zipped(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml")
	for _, c := range []struct {
		name, declared, bytes string
		want                  filetype.Kind
	}{
		{"brief.pdf", "application/pdf", pdf, filetype.Kind{Media: "application/pdf", Certain: true}},
		{"BRIEF.PDF", "", pdf, filetype.Kind{Media: "application/pdf", Certain: true}},
		{"brief.pdf", "", strings.Repeat("\x00", 500) + pdf, filetype.Kind{Media: "application/pdf", Certain: true}},
		{"logo.ai", "application/postscript", pdf, filetype.Kind{Media: "application/pdf", Certain: true}},
		{"logo.eps", "application/postscript", ps, filetype.Kind{Media: "application/postscript", Certain: true}},
		{"logo.eps", "", "%!PS\n0 0 moveto\n", filetype.Kind{Media: "application/postscript", Certain: true}},
		{"logo.eps", "", "\xc5\xd0\xd3\xc6\x1e\x00\x00\x00", filetype.Kind{Media: "application/octet-stream"}},
		{"hero.png", "image/png", png, filetype.Kind{Media: "image/png", Certain: true}},
		{"hero.png", "image/png", jpeg, filetype.Kind{Media: "image/jpeg", Certain: true}},
		{"hero.png", "image/png", pdf, filetype.Kind{Media: "application/pdf", Certain: true}},
		{"anim.gif", "", gif, filetype.Kind{Media: "image/gif", Certain: true}},
		{"hero.psd", "image/vnd.adobe.photoshop", psd, filetype.Kind{Media: "image/vnd.adobe.photoshop", Certain: true}},
		{"cut.mp4", "video/mp4", mp4, filetype.Kind{Media: "video/mp4", Certain: true}},
		{"all.zip", "application/zip", archive, filetype.Kind{Media: "application/zip", Certain: true}},
		{"hero.sketch", "", archive, filetype.Kind{Media: "application/zip", Certain: true}},
		{"text.docx", "", docx, filetype.Kind{Media: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Certain: true}},
		{"text.doc", "application/msword", docx, filetype.Kind{Media: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Certain: true}},
		{"text.doc", "application/msword", ole, filetype.Kind{Media: "application/x-ole-storage", Certain: true}},
		{"text.doc", "application/msword", "{\\rtf1\\ansi", filetype.Kind{Media: "text/rtf", Certain: true}},
		{"table.xls", "", "a\tb\n1\t2\n", filetype.Kind{Media: "text/tab-separated-values", Certain: true}},
		{"notes.txt", "text/plain", "Dear all,\n", filetype.Kind{Media: "text/plain"}},
		{"notes.txt", "text/plain", "MZ was here\n", filetype.Kind{Media: "text/plain"}},
		{"page.html", "text/plain", login, filetype.Kind{Media: "text/html", Certain: true, Active: true}},
		{"notes.txt", "text/plain", "<div>a piece", filetype.Kind{Media: "text/html", Certain: true, Active: true}},
		{"paper.tex", "", "%!TEX root = main.tex", filetype.Kind{Media: "text/plain"}},
		{"README.md", "text/plain", "<p align=center>", filetype.Kind{Media: "text/html", Certain: true, Active: true}},
		{"run.sh", "text/x-sh", "#!/bin/sh\necho\n", filetype.Kind{Media: "text/x-script", Certain: true, Active: true}},
		{"notes.txt", "text/plain", "#!/bin/sh\necho\n", filetype.Kind{Media: "text/x-script", Certain: true, Active: true}},
		{"page.html", "text/html", login, filetype.Kind{Media: "text/html", Certain: true, Active: true}},
		{"page.html", "text/html", "hello", filetype.Kind{Media: "text/html", Active: true}},
		{"logo.svg", "image/svg+xml", svg, filetype.Kind{Media: "image/svg+xml", Certain: true, Active: true}},
		{"logo.svg", "", "<svg/>", filetype.Kind{Media: "image/svg+xml", Certain: true, Active: true}},
		{"feed.xml", "text/xml", "<?xml version='1.0'?><rss/>", filetype.Kind{Media: "text/xml", Certain: true, Active: true}},
		{"setup.exe", "", exe, filetype.Kind{Media: "application/x-executable", Certain: true, Active: true}},
		{"build", "application/octet-stream", elf, filetype.Kind{Media: "application/x-executable", Certain: true, Active: true}},
		{"answer", "", login, filetype.Kind{Media: "text/html", Certain: true, Active: true}},
		{"data.json", "application/json", jsonText, filetype.Kind{Media: "application/json", Certain: true}},
		{"layout.indd", "application/x-indesign", "\x06\x06\xed\xf5\xd8\x1d\x46\xe5", filetype.Kind{Media: "application/x-indesign"}},
		{"brief.pdf", "application/pdf", "\x01\x02\x03\x04\x05", filetype.Kind{Media: "application/pdf"}},
		{"file", "", "\x01\x02\x03\x04\x05", filetype.Kind{Media: "application/octet-stream"}},
		{"file", "nonsense; ;", "\x01\x02\x03\x04\x05", filetype.Kind{Media: "application/octet-stream"}},
		{"brief.pdf", "text/html", pdf, filetype.Kind{Media: "application/pdf", Certain: true, Active: true}},
		{"x.unheard", "", "x", filetype.Kind{Media: "text/plain"}},
	} {
		got, err := filetype.Check(c.name, c.declared, []byte(c.bytes))
		if err != nil || got != c.want {
			t.Errorf("Check(%q, %q, %.30q)\n got %+v, %v\nwant %+v", c.name, c.declared, c.bytes, got, err, c.want)
		}
	}
}

// TestCheck_Refuses: a page, a program or a message where something else was promised.
func TestCheck_Refuses(t *testing.T) {
	t.Parallel()
	archive := zipped(t, "a.txt")
	const page, program = "it is a web page, not ", "it is a program, not "
	for _, c := range []struct{ name, declared, bytes, want string }{
		{"brief.pdf", "application/pdf", login, page + "a PDF: signoff may not read the file"},
		{"brief.pdf", "text/html", login, page + "a PDF: signoff may not read the file"},
		{"brief", "application/pdf", login, page + "a PDF"},
		{"page.html", "application/pdf", login, page + "a PDF"},
		{"hero.png", "image/png", login, page + "a PNG image"},
		{"all.zip", "", login, page + "a ZIP archive"},
		{"text.doc", "", login, page + "a text document"},
		{"table.csv", "text/csv", login, page + "a table"},
		{"notes.txt", "text/plain", login, page + "a text file: signoff may not read the file"},
		{"notes", "text/plain", login, page + "a text file"},
		{"logo.svg", "image/svg+xml", login, page + "an SVG image"},
		{"cut", "video/quicktime", login, page + "a video"},
		{"brief.pdf", "", "\xef\xbb\xbf\r\n\t <HTML>", page + "a PDF"},
		{"brief.pdf", "", "<!-- cached --><script>location='/login'</script>", page + "a PDF"},
		{"brief.pdf", "", "<!-- " + strings.Repeat("-", 4000), page + "a PDF"},
		{"brief.pdf", "", "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", page + "a PDF"},
		{"brief.pdf", "", "<html>" + pdf, page + "a PDF"},
		{"brief.pdf", "", wide(login), page + "a PDF"},
		{"brief.pdf", "", svg, "it is an SVG image, not a PDF: the service may have sent a message"},
		{"brief.pdf", "", "<Error><Code>AccessDenied</Code></Error>", "it is an XML file, not a PDF: the service may have sent a message"},
		{"brief.pdf", "application/pdf", jsonText, "it is a message in JSON, not a PDF: the service may have sent a message"},
		{"hero.png", "", "Not found", "it is plain text, not a PNG image"},
		{"", "image/png", "Not found", "it is plain text, not a PNG image"},
		{"brief.pdf", "application/pdf", exe, program + "a PDF: it is not passed on"},
		{"brief.pdf", "", exe + pdf, program + "a PDF"},
		{"brief", "application/pdf", elf, program + "a PDF"},
		{"notes.txt", "text/plain", exe, program + "a text file"},
		{"text.docx", "", elf, program + "a text document"},
		{"hero.png", "", "\xca\xfe\xba\xbe\x00\x00\x00\x34", program + "a PNG image"},
		{"hero.png", "", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", program + "a PNG image"},
		{"brief.pdf", "", "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00", program + "a PDF"},
		{"brief.pdf", "", "#!/bin/sh\nrm -r /\n", "it is a script, not a PDF"},
		{"brief.pdf", "", archive, "it is an archive or a document, not a PDF: give it a name"},
		{"hero.jpg", "", ole, "it is an archive or a document, not a JPEG image"},
		{"brief.pdf", "", "", "it is empty"},
		{"notes.txt", "", "", "it is empty"},
	} {
		got, err := filetype.Check(c.name, c.declared, []byte(c.bytes))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("Check(%q, %q, %.30q)\n got %+v, %v\nwant %s", c.name, c.declared, c.bytes, got, err, c.want)
			continue
		}
		if _, mismatch := errors.AsType[*filetype.MismatchError](err); !mismatch && !errors.Is(err, filetype.ErrEmpty) {
			t.Errorf("Check(%q, %q, %.30q): %T, want a MismatchError or ErrEmpty", c.name, c.declared, c.bytes, err)
		}
	}
}

// FuzzCheck: no bytes, names or types make it panic, and a page never passes for a PDF.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{pdf, png, login, svg, exe, jsonText, ole, "<", "<!doctype", "<?", "\xff\xfe<", "PK\x03\x04"} {
		f.Add("brief.pdf", "application/pdf", []byte(s))
	}
	f.Fuzz(func(t *testing.T, name, declared string, head []byte) {
		_, _ = filetype.Check(name, declared, head)
		if _, err := filetype.Check("brief.pdf", declared, append([]byte("<html>"), head...)); err == nil {
			t.Errorf("a page with %.40q passes for a PDF", head)
		}
		if clean := filetype.CleanName(name); clean == "" || len(clean) > 200 {
			t.Errorf("CleanName(%q) = %q", name, clean)
		}
	})
}

func TestHead_GivesTheWholeStreamBack(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, filetype.SniffSize - 1, filetype.SniffSize, filetype.SniffSize + 1, 100_000} {
		whole := strings.Repeat("0123456789", size/10+1)[:size]
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"plain": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader, "halves": iotest.HalfReader, "data with EOF": iotest.DataErrReader,
		} {
			head, r, err := filetype.Head(wrap(strings.NewReader(whole)))
			if err != nil || string(head) != whole[:min(size, filetype.SniffSize)] {
				t.Errorf("%d bytes, %s: head of %d bytes, %v", size, name, len(head), err)
				continue
			}
			_ = append(head, "overwritten?"...)
			if got, err := io.ReadAll(r); err != nil || string(got) != whole {
				t.Errorf("%d bytes, %s: got %d bytes back, %v", size, name, len(got), err)
			}
		}
	}
}

func TestHead_BrokenStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	if _, _, err := filetype.Head(io.MultiReader(strings.NewReader("%PDF-"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("broken within the head: got %v, want %v", err, broken)
	}
	long := strings.Repeat("a", filetype.SniffSize)
	_, r, err := filetype.Head(io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); !errors.Is(err, broken) || len(got) != len(long) {
		t.Errorf("broken after the head: got %d bytes and %v, want all and the cause", len(got), err)
	}
}
