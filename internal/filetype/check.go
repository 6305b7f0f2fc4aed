package filetype

import (
	"bytes"
	"errors"
	"mime"
	"slices"

	"github.com/gabriel-vasile/mimetype"
)

// ErrEmpty says that a file has no bytes.
var ErrEmpty = errors.New("it is empty")

// MismatchError says that a file is not what its name or its service promised. Its text is a plain sentence about the file.
type MismatchError struct {
	Is, Want string // "a web page", "a PDF"
	Hint     string // what may be behind it
}

func (e *MismatchError) Error() string { return "it is " + e.Is + ", not " + e.Want + ": " + e.Hint }

// Harmful reports whether the file is a program that passes for something else, and no mix-up.
func (e *MismatchError) Harmful() bool { return e.Hint == notPassed }

const notPassed = "it is not passed on"

// Kind is what a file is.
type Kind struct {
	Media   string // by the bytes where they tell, else as declared, else application/octet-stream
	Certain bool   // the bytes told
	// Active says that a browser would run what is in it, or a person by opening it (HTML, SVG, XML, scripts, programs). Pages
	// of ours hand out such a file, as in fact any file, only as an attachment of type application/octet-stream in a sandbox.
	Active bool
}

// Check says what a file with the name is by its first bytes (see Head), and refuses one that contradicts what its name or
// its declared type promises in a way that is dangerous or telling: a program, a web page or a message in place of a document
// or an image, an archive in place of an image, and an empty file (ErrEmpty). declared is the type of the file in the service's
// own record of it, "" where there is none. What promises nothing, and bytes that say nothing, pass.
func Check(name, declared string, head []byte) (Kind, error) {
	if len(head) == 0 {
		return Kind{}, ErrEmpty
	}
	head = head[:min(len(head), SniffSize)]
	named, said := byExtension[extension(name)], byMedia(declared)
	found := look(head)
	if err := found.against(named, said); err != nil {
		return Kind{}, err
	}
	k := Kind{Media: found.media, Certain: found.certain}
	if media, _, err := mime.ParseMediaType(declared); !k.Certain && err == nil {
		k.Media = media
	}
	k.Active = slices.ContainsFunc([]family{found.family, named.family, said.family}, func(f family) bool { return f == page || f == markup || f == runs })
	return k, nil
}

// finding is what the bytes say.
type finding struct {
	family  family
	media   string
	word    string
	script  bool // runs, but is text
	whole   bool // a page from its beginning, not a piece of one as Markdown may begin with
	certain bool
}

// look goes from what is dangerous to what is not, so that a file that is two things at once counts as the worse one.
func look(head []byte) finding {
	if native(head) {
		return finding{family: runs, media: "application/x-executable", word: "a program", certain: true}
	}
	m := mimetype.Detect(head)
	switch tag := firstTag(head); {
	case tag == "svg":
		return finding{family: markup, media: "image/svg+xml", word: "an SVG image", certain: true}
	case isPage(tag):
		return finding{family: page, media: "text/html", word: "a web page", whole: tag == "html" || tag == "!doctype", certain: true}
	case tag != "" && isText(m):
		return finding{family: markup, media: "text/xml", word: "an XML file", certain: true}
	}
	if bytes.HasPrefix(head, []byte("#!")) && isText(m) {
		return finding{family: runs, media: "text/x-script", word: "a script", script: true, certain: true}
	}
	if bytes.HasPrefix(head, []byte("%!PS")) { // PostScript is text, and not all of it names Adobe
		return finding{family: picture, media: "application/postscript", word: "a PostScript file", certain: true}
	}
	return detected(m)
}

func detected(m *mimetype.MIME) finding {
	media, _, _ := mime.ParseMediaType(m.String()) // the library's own word
	f := finding{media: media, certain: media != "application/octet-stream" && media != "text/plain"}
	if slices.ContainsFunc([]string{"application/x-ms-installer", "application/java-archive", "application/vnd.android.package-archive", "application/x-shockwave-flash", "application/x-ms-shortcut"}, m.Is) {
		f.family, f.word = runs, "a program"
		return f
	}
	if m.Is("application/vnd.microsoft.portable-executable") { // for the library, MZ is enough; see native
		return finding{media: "application/octet-stream"}
	}
	if isText(m) {
		f.family, f.word = text, "plain text"
		if isA(m, "application/json") {
			f.word = "a message in JSON"
		}
		return f
	}
	if isA(m, "application/zip") || isA(m, "application/x-ole-storage") {
		f.family, f.word = pack, "an archive or a document"
		return f
	}
	e := byExtension[extension(m.Extension())]
	f.family, f.word = e.family, e.word
	return f
}

// notRead is what a web page in place of a file nearly always means.
const notRead = "signoff may not read the file"

// against compares what the bytes say with both promises. A page or a program contradicts either of them; what may be a
// harmless mix-up has to contradict the name, or the declared type where the name promises nothing.
func (f finding) against(named, said expectation) error {
	first := named
	if first.family == unknown {
		first = said
	}
	for _, e := range []expectation{named, said} {
		switch {
		case f.family == page && (e.binary() || e.family == office || e.family == data || e.word == "an SVG image"):
			return &MismatchError{f.word, e.word, notRead}
		case f.family == runs && !f.script && e.family != unknown && e.family != runs && (e.family != pack || f.media == "application/x-executable"):
			return &MismatchError{f.word, e.word, notPassed}
		}
	}
	switch {
	case f.whole && first.family == text:
		return &MismatchError{f.word, first.word, notRead}
	case f.script && first.binary():
		return &MismatchError{f.word, first.word, notPassed}
	case (f.family == text || f.family == markup) && first.binary():
		return &MismatchError{f.word, first.word, "the service may have sent a message in place of the file"}
	case f.family == pack && (first.family == picture || first.family == record || first.family == font):
		return &MismatchError{f.word, first.word, "give it a name that says what it is"}
	}
	return nil
}

func isText(m *mimetype.MIME) bool { return isA(m, "text/plain") }

func isA(m *mimetype.MIME, media string) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is(media) {
			return true
		}
	}
	return false
}
