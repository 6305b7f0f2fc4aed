package filetype

import (
	"mime"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// A family groups formats that may pass for one another without harm: a JPEG called .png is an image.
type family int

const (
	unknown family = iota
	picture        // images, PDF, PostScript and what design programs make of them
	record         // audio and video
	font
	pack   // archives, and documents that are archives inside
	office // old documents: OLE, but often RTF or plain text under the same name
	data   // text with a shape: CSV, JSON
	text
	page   // runs in a browser
	runs   // a program or a script
	markup // XML and its kin, which a browser may run
)

// An expectation is what a name or a declared type promises.
type expectation struct {
	family family
	word   string // "a PDF"
}

// binary reports whether the bytes of such a file are surely not text.
func (e expectation) binary() bool {
	return e.family == picture || e.family == record || e.family == font || e.family == pack
}

// byExtension maps the extensions that promise something. What is not here promises nothing.
var byExtension = expectations(map[string]expectation{
	"pdf": {picture, "a PDF"}, "ai": {picture, "an Illustrator file"}, "eps ps": {picture, "a PostScript file"},
	"psd psb": {picture, "a Photoshop file"}, "indd": {picture, "an InDesign file"}, "png": {picture, "a PNG image"},
	"jpg jpeg jpe jfif": {picture, "a JPEG image"}, "gif": {picture, "a GIF image"}, "webp": {picture, "a WebP image"},
	"tif tiff": {picture, "a TIFF image"}, "bmp heic heif avif ico jxl jp2 dng": {picture, "an image"},
	"mp4 m4v mov webm avi mkv wmv mpg mpeg flv": {record, "a video"}, "mp3 m4a wav flac ogg oga opus aac aif aiff": {record, "a recording"},
	"ttf otf woff woff2 ttc eot": {font, "a font"},
	"zip":                        {pack, "a ZIP archive"}, "7z rar gz tgz tar bz2 xz": {pack, "an archive"}, "sketch": {pack, "a Sketch file"}, "xd": {pack, "an XD file"},
	"docx docm odt pages": {pack, "a text document"}, "xlsx xlsm ods numbers": {pack, "a spreadsheet"}, "pptx pptm odp": {pack, "a presentation"},
	"epub idml": {pack, "a document"}, "doc dot rtf": {office, "a text document"}, "xls": {office, "a spreadsheet"}, "ppt": {office, "a presentation"},
	"csv tsv": {data, "a table"}, "json ndjson": {data, "a JSON file"}, "ics vcf srt vtt": {data, "a text file"},
	"txt md markdown log css yaml yml toml ini tex": {text, "a text file"},
	"html htm xhtml xht shtml mht mhtml":            {page, "a web page"}, "svg svgz": {markup, "an SVG image"}, "xml xsl xslt rss atom": {markup, "an XML file"},
	"exe com bat cmd ps1 msi scr vbs vbe jse wsf hta lnk pif cpl dll sys so dylib sh bash app dmg pkg apk jar class swf js mjs cjs py rb pl php": {runs, "a program"},
})

func expectations(in map[string]expectation) map[string]expectation {
	out := map[string]expectation{}
	for names, e := range in {
		for ext := range strings.FieldsSeq(names) {
			out[ext] = e
		}
	}
	return out
}

func known(ext string) bool {
	_, ok := byExtension[strings.ToLower(ext)]
	return ok
}

// byMedia is what a declared media type promises.
func byMedia(declared string) expectation {
	media, _, err := mime.ParseMediaType(declared)
	if err != nil {
		return expectation{}
	}
	if m := mimetype.Lookup(media); m != nil {
		if e, ok := byExtension[strings.TrimPrefix(m.Extension(), ".")]; ok {
			return e
		}
	}
	switch kind, _, _ := strings.Cut(media, "/"); kind {
	case "image":
		return expectation{picture, "an image"}
	case "video":
		return expectation{record, "a video"}
	case "audio":
		return expectation{record, "a recording"}
	case "font":
		return expectation{font, "a font"}
	}
	return expectation{}
}
