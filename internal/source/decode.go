package source

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Decoder reads typed values from nodes and collects what is wrong. Its methods return ok=false both for a missing node
// (nothing is reported: a default applies) and for a wrong one (reported), so a caller goes on with its default
// and all problems of a file come out in one pass.
type Decoder struct{ Problems }

// Require reports that a key is missing from the map n. of names the map with its article.
func (d *Decoder) Require(n *Node, of, key string) {
	d.Errorf(n.Pos(), CodeRequired, "%s needs the key %s", of, strconv.Quote(key))
}

// Wrong reports that n is not what is wanted, in plain words: d.Wrong(n, `a number or words like "2 of 3"`).
func (d *Decoder) Wrong(n *Node, want string) {
	subject := n.Name()
	switch {
	case subject == "":
		subject = "this"
	case n.item:
		subject = "each of " + subject
	}
	d.wrong(n, subject, want)
}

func (d *Decoder) wrong(n *Node, subject, want string) {
	if n.Unset() {
		return // already reported
	}
	d.Errorf(n.pos, CodeType, "%s must be %s, not %s", subject, want, describe(n))
}

// describe says what a node is, in plain words and without a secret.
func describe(n *Node) string {
	switch {
	case n.kind == Map:
		return "keys and values"
	case n.kind == List:
		return "a list"
	case n.IsNull():
		return "empty"
	}
	text := strings.TrimSpace(n.Shown())
	if runes := []rune(text); len(runes) > 40 {
		text = string(runes[:40]) + "…"
	}
	if n.tag == "str" {
		return strconv.Quote(text)
	}
	return text
}

// String reads a text. Numbers and dates count as the text that is written; true, false and nothing do not.
func (d *Decoder) String(n *Node) (string, bool) {
	if n == nil || n.unset {
		return "", false
	}
	if n.kind != Scalar || n.IsNull() {
		d.Wrong(n, "text")
		return "", false
	}
	if n.tag == "bool" && !n.expanded {
		d.Wrong(n, "text")
		d.Hint("put it in quotes if the word is meant: %q", n.value)
		return "", false
	}
	return n.value, true
}

// Text is String that also refuses a text without any visible character.
func (d *Decoder) Text(n *Node) (string, bool) {
	s, ok := d.String(n)
	if ok && strings.TrimSpace(s) == "" {
		d.Wrong(n, "some text")
		return "", false
	}
	return s, ok
}

// Int reads a whole number written in plain digits.
func (d *Decoder) Int(n *Node) (int, bool) {
	if n == nil || n.unset {
		return 0, false
	}
	if n.number() {
		if v, err := strconv.Atoi(n.value); err == nil && (n.value == "0" || !strings.HasPrefix(strings.TrimLeft(n.value, "+-"), "0")) {
			return v, true
		}
	}
	d.Wrong(n, "a whole number")
	return 0, false
}

// Number reads a number with or without a fraction.
func (d *Decoder) Number(n *Node) (float64, bool) {
	if n == nil || n.unset {
		return 0, false
	}
	if n.number() && !strings.ContainsAny(n.value, "_xXoOpP") {
		if v, err := strconv.ParseFloat(n.value, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
			return v, true
		}
	}
	d.Wrong(n, "a number")
	return 0, false
}

// number reports whether a scalar may be read as a number: not in quotes, unless a variable stood there.
func (n *Node) number() bool {
	return n.kind == Scalar && (n.expanded || n.tag == "int" || n.tag == "float")
}

// Bool reads true or false; yes, no, on and off count where they are not in quotes.
func (d *Decoder) Bool(n *Node) (value, ok bool) {
	if n == nil || n.unset {
		return false, false
	}
	if n.kind == Scalar && (n.style == plain || n.expanded) {
		switch strings.ToLower(n.value) {
		case "true", "yes", "on":
			return true, true
		case "false", "no", "off":
			return false, true
		}
	}
	d.Wrong(n, "true or false")
	return false, false
}

// Strings reads a list of texts; a single text counts as a list of one. Wrong items are reported and left out.
func (d *Decoder) Strings(n *Node) ([]string, bool) {
	var out []string
	for _, item := range d.Texts(n) {
		out = append(out, item.value)
	}
	return out, out != nil
}

// Texts is Strings that returns the nodes, for callers that point at single items.
func (d *Decoder) Texts(n *Node) []*Node {
	if n == nil || n.unset {
		return nil
	}
	if n.kind == Map || n.IsNull() {
		d.Wrong(n, "text or a list of texts")
		return nil
	}
	items := []*Node{n}
	if n.kind == List {
		items = n.children
	}
	out := make([]*Node, 0, len(items))
	for _, item := range items {
		if _, ok := d.Text(item); ok {
			out = append(out, item)
		}
	}
	return out
}

// List reports anything but a list and returns its items.
func (d *Decoder) List(n *Node) ([]*Node, bool) {
	if n == nil || n.unset {
		return nil, false
	}
	if n.kind != List {
		d.Wrong(n, "a list")
		return nil, false
	}
	return n.children, true
}

// Enum reads one of the allowed words.
func (d *Decoder) Enum(n *Node, allowed ...string) (string, bool) {
	s, ok := d.String(n)
	if !ok {
		return "", false
	}
	if slices.Contains(allowed, s) {
		return s, true
	}
	d.Choice(n, n.name, allowed)
	return "", false
}

// Choice reports that the text of n is not one of the known ones: what names the set ("a group", "on_timeout").
func (d *Decoder) Choice(n *Node, what string, known []string) {
	d.Errorf(n.pos, CodeChoice, "%s is not %s", describe(n), orOneOf(what))
	if near, ok := Nearest(n.Shown(), known); ok {
		d.Hint("did you mean %q?", near)
	} else if len(known) > 0 && len(known) <= 12 {
		d.Hint("one of: %s", strings.Join(known, ", "))
	}
}

func orOneOf(what string) string {
	if strings.HasPrefix(what, "a ") || strings.HasPrefix(what, "an ") {
		return what
	}
	return fmt.Sprintf("a choice of %s", what)
}
