package slack

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// printer writes documents and facts as mrkdwn. Whatever came from people is escaped; the only entities are those
// made here.
type printer struct {
	instance string
	known    map[string]flow.Ref // accounts by Actor.ID
}

// doc prints a document.
func (p printer) doc(d text.Doc) string {
	var parts []string
	for _, n := range d {
		if s := p.block(n); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n")
}

// block prints one block.
func (p printer) block(n text.Node) string {
	switch n.Kind {
	case text.Heading:
		return bold(p.inlines(n.Kids))
	case text.Bullets, text.Numbers:
		return p.list(n)
	case text.Item:
		return p.doc(text.Doc(n.Kids))
	case text.Quote:
		return "> " + strings.ReplaceAll(p.doc(text.Doc(n.Kids)), "\n", "\n> ")
	case text.CodeBlock:
		return "```\n" + strings.ReplaceAll(escape(n.Text), "```", "'''") + "\n```"
	case text.Rule:
		return "———"
	}
	if n.Kind == text.Paragraph {
		return p.inlines(n.Kids)
	}
	return p.inline(n)
}

func (p printer) list(n text.Node) string {
	var lines []string
	for i, item := range n.Kids {
		mark := "• "
		if n.Kind == text.Numbers {
			mark = strconv.Itoa(max(n.Level, 1)+i) + ". "
		}
		lines = append(lines, mark+strings.ReplaceAll(p.block(item), "\n", "\n    "))
	}
	return strings.Join(lines, "\n")
}

func (p printer) inlines(nodes []text.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		b.WriteString(p.inline(n))
	}
	return b.String()
}

func (p printer) inline(n text.Node) string {
	switch n.Kind {
	case text.Text:
		return escape(n.Text)
	case text.Strong:
		return bold(p.inlines(n.Kids))
	case text.Emph:
		return wrap("_", p.inlines(n.Kids))
	case text.Strike:
		return wrap("~", p.inlines(n.Kids))
	case text.Code:
		return wrap("`", escape(oneLine(n.Text)))
	case text.Link:
		return p.link(n)
	case text.Mention:
		return p.mention(n.Ref, n.Text)
	case text.Date:
		return date(n.At, n.Text)
	case text.Break:
		return "\n"
	}
	return p.inlines(n.Kids) + escape(n.Text)
}

func (p printer) link(n text.Node) string {
	label := oneLine(text.Doc{text.P(n.Kids...)}.String())
	if label == n.Href {
		label = ""
	}
	return anchor(n.Href, label)
}

// mention names a person: by their account where it is known, else by the words given.
func (p printer) mention(name, words string) string {
	if ref, ok := p.known[name]; ok && name != "" {
		if id, ok := p.account(ref); ok {
			return "<@" + id + ">"
		}
	}
	return escape(oneLine(firstOf(words, name, "somebody")))
}

// account is the member id in a Ref of this instance.
func (p printer) account(ref flow.Ref) (string, bool) {
	_, id, ok := strings.Cut(ref.Key, "/")
	if !ok || ref.System != p.instance || ref.Type != "user" || id == "" || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", false
	}
	return id, true
}

// person is mention for an Actor.
func (p printer) person(a flow.Actor) string {
	if _, ok := p.known[a.ID()]; !ok {
		if id, ok := p.account(a.Ref); ok {
			return "<@" + id + ">"
		}
	}
	return p.mention(a.ID(), firstOf(a.Shown, a.Name))
}

// wrap puts a mark around s unless the mark would end early.
func wrap(mark, s string) string {
	if strings.TrimSpace(s) == "" || strings.Contains(s, mark) || strings.ContainsRune(s, '\n') {
		return s
	}
	lead := len(s) - len(strings.TrimLeft(s, " "))
	trail := len(strings.TrimRight(s, " "))
	return s[:lead] + mark + s[lead:trail] + mark + s[trail:]
}

func bold(s string) string { return wrap("*", s) }

// anchor is a link. An address that is none of the web's or mail's is shown as words.
func anchor(href, label string) string {
	if !linkable(href) {
		return escape(firstOf(label, href))
	}
	target := strings.ReplaceAll(href, "&", "&amp;")
	if label == "" {
		return "<" + target + ">"
	}
	return "<" + target + "|" + strings.ReplaceAll(escape(oneLine(label)), "|", "¦") + ">"
}

func linkable(href string) bool {
	u, err := url.Parse(href)
	if err != nil || strings.ContainsAny(href, "|<> \n\t") || len(href) > maxURL || clean(href) != href {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && strings.Contains(href, "://") || u.Scheme == "mailto" && u.Opaque != ""
}

// date shows an instant in each reader's own zone; words are for readers without one and name a zone.
func date(at time.Time, words string) string {
	if at.IsZero() {
		return escape(words)
	}
	if words = oneLine(words); words == "" {
		words = at.UTC().Format("Mon 2 Jan 2006, 15:04") + " UTC"
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>", at.Unix(), strings.ReplaceAll(escape(words), "|", "¦"))
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
