package github

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"signoff/internal/flow"
	"signoff/internal/text"
)

const (
	longestText  = 65_536
	longestTitle = 256
	// room is what a part of a long comment may hold: the rest is for its number and its mark.
	room = longestText - 1_000
	// unlinked stands behind what GitHub would make a link or a mention of. It is not seen.
	unlinked = "\u200b"
)

// hubKey is what a ticket is found by after a lost answer: the same for every try of one purpose of one request, and
// another in every installation of signoff.
func (c *Connector) hubKey(mark string) string {
	sum := sha256.Sum256([]byte(c.deps.StoreID + "\n" + mark))
	return hex.EncodeToString(sum[:])[:16]
}

// ticketMark is the first line of a ticket.
func (c *Connector) ticketMark(e flow.Effect) string {
	return fmt.Sprintf("<!-- signoff:%s %s -->", e.Request, c.hubKey(e.Mark()))
}

// wordsMark is the last line of a comment.
func (c *Connector) wordsMark(mark string) string {
	return "<!-- signoff-ref:" + c.hubKey(mark) + " -->"
}

var (
	ticketMarked = regexp.MustCompile(`^\s*<!-- signoff:(\S{1,64}) ([0-9a-f]{16}) -->`)
	wordsMarked  = regexp.MustCompile(`<!-- signoff-ref:([0-9a-f]{16}) -->\s*$`)
	unseen       = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)`)
	lively       = regexp.MustCompile(`(^|[^\w@/` + "`" + `])@(\w)|#(\d)|\b([Gg][Hh]-)(\d)|\b([0-9a-f]{6}[0-9a-f]{1,34})\b`)
)

// markOf is the hub key of a ticket's text, "" without one.
func markOf(body string) string {
	if m := ticketMarked.FindStringSubmatch(body); m != nil {
		return m[2]
	}
	return ""
}

func refOf(body string) string {
	if m := wordsMarked.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

// tame keeps words from notifying people and from linking to issues and commits that they do not mean.
func tame(s string) string {
	return lively.ReplaceAllStringFunc(s, func(m string) string {
		at := strings.IndexAny(m, "@#-")
		if at < 0 {
			if !strings.ContainsAny(m, "0123456789") || !strings.ContainsAny(m, "abcdef") {
				return m // a word or a number, hardly a commit
			}
			at = 0
		}
		return m[:at+1] + unlinked + m[at+1:]
	})
}

// tamed is a document whose texts are tamed, those within a link without links of their own; names of people are written without notifying them.
func tamed(d []text.Node, within bool) []text.Node {
	var out []text.Node
	for _, n := range d {
		switch n.Kind {
		case text.Text:
			if !within {
				out = append(out, linked(n.Text)...)
				continue
			}
			n.Text = tame(n.Text)
		case text.Mention, text.Group, text.Channel:
			n = text.T(tame(strings.TrimPrefix(n.Text, "@")))
		case text.Date:
			n.Text = tame(n.Text)
		default:
			n.Kids = tamed(n.Kids, within || n.Kind == text.Link)
		}
		out = append(out, n)
	}
	return out
}

var address = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)

// linked is a text with the addresses in it as links.
func linked(s string) (out []text.Node) {
	at := 0
	for _, m := range address.FindAllStringIndex(s, -1) {
		if m[0] > at {
			out = append(out, text.T(tame(s[at:m[0]])))
		}
		out = append(out, text.Node{Kind: text.Link, Href: s[m[0]:m[1]]})
		at = m[1]
	}
	if at < len(s) || s == "" {
		out = append(out, text.T(tame(s[at:])))
	}
	return out
}

// markdown prints words as GitHub reads them.
func markdown(d text.Doc) string { return strings.TrimSpace(text.Doc(tamed(d, false)).Markdown()) }

func plain(s string) string { return markdown(text.Doc{text.P(text.T(oneLine(s)))}) }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// units counts as GitHub does, at worst: in UTF-16 units.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// read makes words of what people wrote; what a page does not show is left out.
func read(body string) text.Doc {
	return text.Markdown(strings.TrimSpace(unseen.ReplaceAllString(strings.ReplaceAll(body, "\r\n", "\n"), "")))
}

// fitting cuts a text to what GitHub takes, between characters.
func fitting(s string, most int, note string) string {
	if units(s) <= most {
		return s
	}
	runes, n := []rune(s), units(note)
	for i, r := range runes {
		if n += utf16.RuneLen(r); n > most {
			return string(runes[:i]) + note
		}
	}
	return s
}

func title(v flow.View) string {
	t := oneLine(v.Title)
	if t == "" {
		t = string(v.Request)
	}
	return fitting(t, longestTitle, "…")
}

// description is the text of a ticket.
func (c *Connector) description(e flow.Effect) string {
	v := e.Show.View
	parts := []string{markdown(v.Body), partOf(v)}
	if lines := details(v); lines != "" {
		parts = append(parts, lines)
	}
	if s := points(v.Points); s != "" {
		parts = append(parts, s)
	}
	foot := plain(string(v.Request)) + " in signoff"
	if c.deps.PublicURL != "" && v.Page != "" {
		foot = fmt.Sprintf("[%s in signoff](%s)", v.Request, c.deps.PublicURL+v.Page)
	}
	parts = append(parts, foot)
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	mark := c.ticketMark(e) + "\n"
	return mark + fitting(strings.Join(parts, "\n\n"), longestText-units(mark), "\n\n… The whole of it is in signoff.")
}

// partOf names the issue that a subtask is part of; its address makes GitHub show each at the other.
func partOf(v flow.View) string {
	switch l := v.Link; {
	case v.Kind != flow.PartView || l == nil:
		return ""
	case strings.HasPrefix(l.URL, "https://") || strings.HasPrefix(l.URL, "http://"):
		return "Part of " + l.URL
	default:
		return "Part of " + plain(l.Label)
	}
}

// details are what other trackers keep in fields.
func details(v flow.View) string {
	t := v.Ticket
	if t == nil {
		t = &flow.TicketFields{}
	}
	var rows []string
	add := func(label, value string) {
		switch value = oneLine(value); {
		case value == "":
		case label == "":
			rows = append(rows, "- "+plain(value))
		default:
			rows = append(rows, "- **"+plain(label)+":** "+plain(value))
		}
	}
	add("Priority", t.Priority)
	if !t.Due.IsZero() {
		add("Due", t.Due.UTC().Format("Mon 2 Jan 2006, 15:04 MST"))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
		if v.Kind == flow.PartView {
			break // its facts say it
		}
		add(upper(strings.ReplaceAll(name, "_", " ")), strings.Join(t.Fields[name], ", "))
	}
	for _, f := range v.Facts {
		add(upper(strings.TrimSuffix(f.Label, ":")), factText(f))
	}
	return strings.Join(rows, "\n")
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func factText(f flow.Fact) string {
	var parts []string
	if f.Text != "" {
		parts = append(parts, f.Text)
	}
	var people []string
	for _, p := range f.People {
		people = append(people, shownName(p))
	}
	join := ", "
	if f.Or {
		join = " or "
	}
	if len(people) > 0 {
		parts = append(parts, strings.Join(people, join))
	}
	if f.After != "" {
		parts = append(parts, f.After)
	}
	switch {
	case f.Said != "":
		parts = append(parts, f.Said)
	case !f.At.IsZero():
		parts = append(parts, f.At.UTC().Format("Mon 2 Jan 2006, 15:04 MST"))
	}
	return strings.Join(parts, " ")
}

func shownName(a flow.Actor) string {
	if a.Shown != "" {
		return a.Shown
	}
	return a.ID()
}

// points are numbered change requests.
func points(list []flow.Point) string {
	var rows []string
	for _, p := range list {
		row := fmt.Sprintf("%d. %s", p.Number, oneLine(markdown(p.Note)))
		if p.By.ID() != "" {
			row += " (" + plain(shownName(p.By)) + ")"
		}
		if p.URL != "" {
			row += " [comment](" + p.URL + ")"
		}
		if !p.Answer.Empty() {
			row += " Answer: " + oneLine(markdown(p.Answer))
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "\n")
}

// notice prints a view that is said once.
func (c *Connector) notice(v flow.View) string {
	parts := []string{plain(v.Headline), markdown(v.Body), details(flow.View{Facts: v.Facts}), points(v.Points)}
	if c.deps.PublicURL != "" && v.Page != "" && v.Kind != flow.CommentView {
		parts = append(parts, fmt.Sprintf("[%s in signoff](%s)", v.Request, c.deps.PublicURL+v.Page))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	return fitting(strings.Join(parts, "\n\n"), room, "\n\n…")
}

// bodies prints words as comments that GitHub takes: one, or as many as are needed. Nothing is left out.
func bodies(d text.Doc) []string {
	parts := text.Split(d, room, func(d text.Doc) int { return units(markdown(d)) })
	out := make([]string, 0, len(parts))
	for i, part := range parts {
		body := markdown(part)
		if len(parts) > 1 {
			body += fmt.Sprintf("\n\n_(%d of %d)_", i+1, len(parts))
		}
		out = append(out, body)
	}
	return out
}

// cleanLabels writes labels as GitHub takes them: not too long, each once, none of ours.
func cleanLabels(list []string, own map[string]bool) []string {
	var out []string
	for _, l := range list {
		l = fitting(oneLine(l), 50, "")
		if l != "" && !own[strings.ToLower(l)] && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

const mostLabels = 100

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
