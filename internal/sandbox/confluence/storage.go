package confluence

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// deepest is how far elements may be inside one another.
const deepest = 200

// node is a piece of storage format: an element, or text where name is "".
type node struct {
	name string // with its prefix, such as "ac:link"
	attr map[string]string
	text string
	kids []*node
}

// parse reads storage format, which is a piece of XHTML with the prefixes ac, ri and at. Errors are worded as Confluence
// words them.
func parse(body string) (*node, error) {
	dec := xml.NewDecoder(strings.NewReader(body))
	dec.Entity = xml.HTMLEntity
	root := &node{}
	open := []*node{root}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) && len(open) == 1 {
			return root, nil
		}
		if err != nil {
			row, col := dec.InputPos()
			return nil, fmt.Errorf("Error parsing xhtml: %s\n at [row,col {unknown-source}]: [%d,%d]", err, row, col) //nolint:staticcheck // as Confluence words it
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if !slices.Contains([]string{"", "ac", "ri", "at"}, t.Name.Space) || len(open) > deepest {
				return nil, fmt.Errorf("Error parsing xhtml: the element %q cannot stand here", t.Name.Local) //nolint:staticcheck // as Confluence words it
			}
			n := &node{name: qualified(t.Name), attr: map[string]string{}}
			for _, a := range t.Attr {
				n.attr[qualified(a.Name)] = a.Value
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.kids = append(top.kids, &node{text: string(t)})
		case xml.ProcInst, xml.Directive:
			return nil, errors.New("Error parsing xhtml: instructions and declarations cannot stand here") //nolint:staticcheck // as Confluence words it
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// checkBody refuses what cannot be the body of a comment.
func checkBody(body string) error {
	if strings.TrimSpace(body) == "" {
		return errors.New("The body must not be empty") //nolint:staticcheck // as Confluence words it
	}
	_, err := parse(body)
	return err
}

// child is the first element of that name directly inside.
func (n *node) child(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// words is all text inside.
func (n *node) words() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(n.text)
	for _, k := range n.kids {
		b.WriteString(k.words())
	}
	return b.String()
}

// parameter is what a macro was given under a name; the one without a name is "".
func (n *node) parameter(name string) string {
	for _, k := range n.kids {
		if k.name == "ac:parameter" && k.attr["ac:name"] == name {
			return k.words()
		}
	}
	return ""
}

var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// print writes storage format.
func (n *node) print(b *strings.Builder) {
	if n.name == "" {
		b.WriteString(xmlText.Replace(n.text))
		for _, k := range n.kids {
			k.print(b)
		}
		return
	}
	b.WriteString("<" + n.name)
	for _, name := range sortedKeys(n.attr) {
		b.WriteString(" " + name + `="` + xmlText.Replace(n.attr[name]) + `"`)
	}
	if len(n.kids) == 0 {
		b.WriteString(" />")
		return
	}
	b.WriteString(">")
	if n.name == "ac:plain-text-body" {
		b.WriteString("<![CDATA[" + strings.ReplaceAll(n.words(), "]]>", "]]]]><![CDATA[>") + "]]>")
	} else {
		for _, k := range n.kids {
			k.print(b)
		}
	}
	b.WriteString("</" + n.name + ">")
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
