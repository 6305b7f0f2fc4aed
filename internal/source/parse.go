package source

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxBytes is how long a file may be.
const MaxBytes = 1 << 20

const maxDepth = 64

// File is one parsed file.
type File struct {
	name  string
	lines []string
	root  *Node
}

// Name returns the name given to Parse.
func (f *File) Name() string { return f.name }

// Root returns the value of the file, nil when it is empty or could not be parsed.
func (f *File) Root() *Node { return f.root }

// Start returns the first place of the file, for problems that concern the whole.
func (f *File) Start() Pos { return Pos{f.name, 1, 1, 1} }

func (f *File) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

// Parse reads one YAML document. It always returns a File; with a syntax error that File has no Root. What the language of
// our files leaves out (aliases, tags, several documents) is reported, so that readers of the tree never meet it.
func Parse(name string, data []byte) (*File, []Problem) {
	f := &File{name: name}
	var ps Problems
	if len(data) > MaxBytes {
		ps.Errorf(Pos{File: name}, CodeTooLong, "the file is longer than 1 MiB")
		return f, ps
	}
	f.lines = lines(data)
	if ps = f.characters(); len(ps) > 0 {
		return f, ps
	}
	docs, err := load(bytes.TrimPrefix(data, []byte(byteOrderMark)))
	if err != nil {
		ps.Add(f.syntax(err))
		return f, ps
	}
	if len(docs) > 1 {
		ps.Errorf(f.clamp(docs[1].Line, docs[1].Column), CodeDocuments, "a second document starts here; only one is read from a file")
		ps.Hint("remove the --- or make two files")
	}
	if len(docs) > 0 && len(docs[0].Content) > 0 {
		b := builder{file: f, problems: &ps}
		f.root = b.node(docs[0].Content[0], "", 0)
	}
	ps.Sort()
	return f, ps
}

// load guards against a panic of the library: a broken file must never end the program.
func load(data []byte) (docs []yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			docs, err = nil, fmt.Errorf("the YAML reader gave up: %v", p)
		}
	}()
	err = yaml.Load(data, &docs, yaml.WithAllDocuments())
	return docs, err
}

const byteOrderMark = "\xef\xbb\xbf"

func lines(data []byte) []string {
	text := strings.TrimPrefix(string(data), byteOrderMark)
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// characters reports the first one that YAML does not allow; the library would not say where it is.
func (f *File) characters() Problems {
	var ps Problems
	for i, line := range f.lines {
		col := 0
		for rest := line; rest != ""; {
			r, size := utf8.DecodeRuneInString(rest)
			col++
			at := Pos{f.name, i + 1, col, 1}
			switch {
			case r == utf8.RuneError && size == 1:
				ps.Errorf(at, CodeEncoding, "the file is not UTF-8 text")
				ps.Hint("save it with the encoding UTF-8")
				return ps
			case r != '\t' && r != 0x85 && unicode.IsControl(r):
				ps.Errorf(at, CodeSyntax, "a control character (%U) is not allowed", r)
				ps.Hint("remove it, or write it as an escape in double quotes")
				return ps
			}
			rest = rest[size:]
		}
	}
	return ps
}

// clamp returns a place that exists in the file.
func (f *File) clamp(line, col int) Pos {
	line = min(max(line, 1), max(len(f.lines), 1))
	for line > 1 && f.line(line) == "" && line == len(f.lines) {
		line, col = line-1, 1<<30
	}
	return Pos{f.name, line, min(max(col, 1), utf8.RuneCountInString(f.line(line))+1), 1}
}

func (f *File) syntax(err error) Problem {
	bad, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return Problem{Pos: f.Start(), Code: CodeSyntax, Message: "this is not YAML: " + err.Error()}
	}
	at := f.clamp(bad.Mark.Line, bad.Mark.Column)
	rest := after(f.line(at.Line), at.Col-1)
	for _, s := range syntaxWords {
		if s.fits(bad.Message, rest) {
			if s.opening && bad.ContextMark.Line > 0 {
				at = f.clamp(bad.ContextMark.Line, bad.ContextMark.Column)
			}
			return Problem{Pos: at, Code: s.code(), Message: s.message, Hint: s.hint}
		}
	}
	return Problem{Pos: at, Code: CodeSyntax, Message: "this is not YAML: " + bad.Message}
}
