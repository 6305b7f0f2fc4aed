package source

import "strings"

// A syntaxWord turns what the YAML library says into what a person can act on.
type syntaxWord struct {
	says          string // part of the library's message
	starts        string // what stands at the place: one of these characters; empty: anything
	message, hint string
	kind          string // the code, if not that of syntax
	opening       bool   // point at what was opened, not at where the reader gave up
}

func (s syntaxWord) fits(says, rest string) bool {
	return strings.Contains(says, s.says) && (s.starts == "" || rest != "" && strings.ContainsRune(s.starts, rune(rest[0])))
}

func (s syntaxWord) code() string {
	if s.kind != "" {
		return s.kind
	}
	return CodeSyntax
}

// syntaxWords are tried in order; what fits none is shown as the library says it.
var syntaxWords = []syntaxWord{
	{says: "cannot start any token", starts: "\t", message: "a tab cannot be used to indent", hint: "use spaces", kind: CodeTab},
	{says: "cannot start any token", starts: "@`%", message: "a value cannot start with this character", hint: "put the value in quotes"},
	{says: "tab", message: "a tab cannot be used to indent", hint: "use spaces", kind: CodeTab},
	{says: "mapping values are not allowed", message: "a key is not expected here", hint: `check the indentation, or put a value that holds ": " in quotes`},
	{says: "did not find expected ',' or ']'", message: "this list in brackets is not closed, or a comma is missing in it", hint: "add a comma or ]", opening: true},
	{says: "did not find expected ',' or '}'", message: "these braces are not closed, or a comma is missing in them", hint: "add a comma or }", opening: true},
	{says: "did not find expected '-' indicator", message: "this line does not belong to the list above it", hint: "check the indentation"},
	{says: "did not find expected key", message: "a key is expected here", hint: "check the indentation, and the quotes of the line above"},
	{says: "could not find expected ':'", message: "a key without a colon", hint: "write key: value", opening: true},
	{says: "unexpected end of stream", message: "these quotes are not closed", hint: "add the closing quote", opening: true},
	{says: "unknown escape character", message: `after \ in double quotes only certain letters may follow`, hint: `write \\ for a backslash, or use single quotes`},
	{says: "unknown anchor", message: "a value cannot start with *", hint: `put it in quotes: "*.yaml"`, kind: CodeAlias},
	{says: "alphabetic or numeric character", message: "a value cannot start with * or &", hint: `put it in quotes: "*.yaml"`, kind: CodeAlias},
	{says: "max depth", message: "this is nested too deep", kind: CodeDepth},
	{says: "document start", message: "this line does not belong to what stands above it", hint: "check the indentation"},
}
