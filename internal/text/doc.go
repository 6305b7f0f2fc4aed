// Package text holds the one document tree in which signoff keeps notes, comments and the bodies of views.
//
// A Doc is plain data: it carries no vendor's markup, survives JSON, and can be compared once it is in its normal form.
// This package reads and prints plain text and Markdown, the markup that belongs to nobody. Connectors and pages read and
// print the markup of their side (Slack's rich text and mrkdwn, Jira's wiki markup, HTML) and escape there. The files
// under testdata/corpus show one document in all of them.
package text

import (
	"strings"
	"time"
)

// Kind names what a Node is. Block kinds stand at the top of a Doc or inside other blocks, inline kinds inside blocks.
type Kind string

// Block kinds.
const (
	Paragraph Kind = "paragraph" // Kids: inline
	Heading   Kind = "heading"   // Level 1-6; Kids: inline
	Bullets   Kind = "bullets"   // Kids: Item
	Numbers   Kind = "numbers"   // Kids: Item; Level: first number, 0 means 1
	Item      Kind = "item"      // Kids: blocks
	Quote     Kind = "quote"     // Kids: blocks
	CodeBlock Kind = "code"      // Text: verbatim; Ref: language
	Rule      Kind = "rule"      // a horizontal line
)

// Inline kinds.
const (
	Text    Kind = "text"    // Text
	Strong  Kind = "strong"  // Kids
	Emph    Kind = "emph"    // Kids
	Strike  Kind = "strike"  // Kids
	Code    Kind = "span"    // Text: verbatim
	Link    Kind = "link"    // Href; Kids: the label, empty shows Href
	Mention Kind = "mention" // Ref: a person's name in the directory; Text: shown where the person has no account
	Date    Kind = "date"    // At: an instant, shown in each reader's own zone; Text: the words for readers without one
	Emoji   Kind = "emoji"   // Ref: Slack's short name without colons; Text: the character, or ":name:" where there is none
	Channel Kind = "channel" // Ref: the conversation's id at its service; Text: shown, such as "#launch"
	Group   Kind = "group"   // Ref: the group's id at its service; Text: shown, such as "@designers". It never notifies
	Break   Kind = "break"   // a line break inside a paragraph
)

// Node is one piece of a document. Which fields count is said at each kind; the others are empty.
type Node struct {
	Kind  Kind      `json:"kind"`
	Text  string    `json:"text,omitempty"`
	Ref   string    `json:"ref,omitempty"`
	Href  string    `json:"href,omitempty"`
	Level int       `json:"level,omitempty"`
	At    time.Time `json:"at,omitzero"`
	Kids  []Node    `json:"kids,omitempty"`
}

// Doc is a document: block nodes in reading order. The nil Doc is the empty document.
type Doc []Node

// T returns a text node.
func T(s string) Node { return Node{Kind: Text, Text: s} }

// B returns s in strong type.
func B(s string) Node { return Node{Kind: Strong, Kids: []Node{T(s)}} }

// A returns a link to href labelled s.
func A(s, href string) Node { return Node{Kind: Link, Href: href, Kids: []Node{T(s)}} }

// When returns a date node for t; words are shown where a reader's zone is unknown and must name a zone.
func When(t time.Time, words string) Node { return Node{Kind: Date, At: t, Text: words} }

// Who returns a mention of the person called name in the directory, shown as shown where no account is known.
func Who(name, shown string) Node { return Node{Kind: Mention, Ref: name, Text: shown} }

// P returns a paragraph of the given inline nodes.
func P(kids ...Node) Node { return Node{Kind: Paragraph, Kids: kids} }

// Plain reads s as plain text: blank lines part paragraphs, single newlines become breaks, nothing is markup.
func Plain(s string) Doc {
	var doc Doc
	for part := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		part = strings.Trim(part, "\n")
		if strings.TrimSpace(part) == "" {
			continue
		}
		var kids []Node
		for i, line := range strings.Split(part, "\n") {
			if i > 0 {
				kids = append(kids, Node{Kind: Break})
			}
			kids = append(kids, T(line))
		}
		doc = append(doc, P(kids...))
	}
	return doc
}

// Empty reports whether the document shows nothing.
func (d Doc) Empty() bool { return strings.TrimSpace(d.String()) == "" }

// Walk calls visit for every node in reading order, parents before their kids.
func (d Doc) Walk(visit func(Node)) {
	for _, n := range d {
		visit(n)
		Doc(n.Kids).Walk(visit)
	}
}

// String prints the document as plain text: what a person would read aloud, links as "label (address)".
func (d Doc) String() string {
	var b strings.Builder
	plainBlocks(&b, d, "")
	return strings.TrimRight(b.String(), "\n")
}
