package slack

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// canvas lays one view out as blocks and counts what it has used of the message.
type canvas struct {
	c      *Connector
	p      printer
	view   flow.View
	mark   string
	used   int
	blocks []slack.Block
}

// render prints the view of an effect: text for notifications and screen readers, blocks for the eye.
func (c *Connector) render(e flow.Effect) spoken {
	v := viewOf(e)
	k := &canvas{c: c, p: printer{instance: c.instance, known: e.Known}, view: v, mark: e.Mark()}
	k.head()
	k.facts()
	k.body()
	k.points()
	k.buttons()
	return spoken{text: clipMarked(escape(firstOf(oneLine(v.Headline), oneLine(v.Title), string(v.Request))), maxText), blocks: k.blocks}
}

func viewOf(e flow.Effect) flow.View {
	switch {
	case e.Show != nil:
		return e.Show.View
	case e.Tell != nil:
		return e.Tell.View
	}
	return flow.View{}
}

// brief reports whether the view is a sentence or two rather than a card.
func (k *canvas) brief() bool {
	switch k.view.Kind {
	case flow.CardView, flow.AskView, flow.WorkView:
		return false
	}
	return true
}

// head is the title with the request's key, and the one sentence under it.
func (k *canvas) head() {
	v := k.view
	headline := escape(v.Headline)
	if k.brief() {
		k.section(firstOf(headline, bold(escape(oneLine(v.Title)))))
		return
	}
	line := clipMarked(bold(escape(oneLine(v.Title))), 1000)
	if v.Request != "" {
		line += "    " + k.key()
	}
	if headline != "" && v.Headline != v.Title {
		line += "\n" + headline
	}
	k.section(line)
}

// key is the request's number, linked to its page.
func (k *canvas) key() string {
	if page := k.page(); page != "" {
		return anchor(page, string(k.view.Request))
	}
	return escape(string(k.view.Request))
}

func (k *canvas) page() string { return k.c.address(k.view.Page) }

// address completes a path of our own pages; "" where there is no public address.
func (c *Connector) address(path string) string {
	switch {
	case path == "":
		return ""
	case strings.HasPrefix(path, "https://"), strings.HasPrefix(path, "http://"):
		return path
	case c.publicURL == "":
		return ""
	}
	return c.publicURL + "/" + strings.TrimPrefix(path, "/")
}

// facts stand side by side, ten to a section.
func (k *canvas) facts() {
	var fields []*slack.TextBlockObject
	var pending string
	for _, f := range k.view.Facts {
		value := k.p.fact(f)
		if value == "" {
			continue
		}
		words := value
		if f.Label != "" {
			words = bold(escape(oneLine(f.Label))) + "\n" + value
		}
		field := marked(words, 400)
		if pending += field.Text; !k.room(pending) {
			break
		}
		fields = append(fields, field)
	}
	for len(fields) > 0 {
		n := min(len(fields), maxFields)
		k.add(&slack.SectionBlock{Type: slack.MBTSection, Fields: fields[:n]})
		fields = fields[n:]
	}
}

// fact is one value with the words around it.
func (p printer) fact(f flow.Fact) string {
	words := escape(f.Text)
	switch {
	case !f.At.IsZero():
		return strings.TrimSpace(words + " " + date(f.At, ""))
	case len(f.People) > 0:
		return strings.TrimSpace(words + " " + p.people(f.People))
	case f.URL != "":
		return p.link(text.A(f.Text, f.URL))
	}
	return words
}

const named = 8 // people named in one value

func (p printer) people(list []flow.Actor) string {
	var names []string
	for i, a := range list {
		if i == named {
			names = append(names, "…and "+count(len(list)-named, "other", "others"))
			break
		}
		names = append(names, p.person(a))
	}
	return strings.Join(names, ", ")
}

// body prints the document in as many sections as it needs and has room for.
func (k *canvas) body() {
	k.run(len(k.view.Body), func(i int) string { return k.p.block(k.view.Body[i]) }, "\n")
}

// points are numbered and carry their answers.
func (k *canvas) points() {
	k.run(len(k.view.Points), func(i int) string { return k.p.point(k.view.Points[i]) }, "\n")
}

func (p printer) point(pt flow.Point) string {
	words := strings.ReplaceAll(p.doc(pt.Note), "\n", "\n    ")
	line := fmt.Sprintf("*%d.* %s", pt.Number, words)
	if by := p.person(pt.By); pt.By.ID() != "" {
		line += "  _by_ " + by
	}
	if !pt.Answer.Empty() {
		line += "\n    *Answer:* " + strings.ReplaceAll(p.doc(pt.Answer), "\n", "\n    ")
	}
	return line
}

// run packs pieces into sections and says how many were left out.
func (k *canvas) run(n int, piece func(int) string, between string) {
	var pack string
	for i := range n {
		words := clipMarked(piece(i), maxSection)
		if words == "" {
			continue
		}
		if pack != "" && runes(pack)+runes(words)+1 <= maxSection && k.room(pack+words) {
			pack += between + words
			continue
		}
		if pack != "" {
			k.section(pack)
		}
		pack = words
		if !k.room(pack) {
			k.section(k.rest(n - i))
			return
		}
	}
	if pack != "" {
		k.section(pack)
	}
}

// rest says that there is more, and where.
func (k *canvas) rest(n int) string {
	words := "…and " + count(n, "more", "more")
	if page := k.page(); page != "" {
		return words + " on " + anchor(page, "the page of "+string(k.view.Request))
	}
	return words
}

// reserve is kept for buttons and for the line that says what was left out.
const (
	reserveRunes  = 1500
	reserveBlocks = 6
)

// room reports whether words may still be added.
func (k *canvas) room(words string) bool {
	return k.used+runes(words) <= maxMessage-reserveRunes && len(k.blocks) < maxBlocks-reserveBlocks
}

func (k *canvas) section(mrkdwn string) {
	if mrkdwn != "" {
		k.add(section(mrkdwn))
	}
}

func (k *canvas) add(b slack.Block) {
	if s, ok := b.(*slack.SectionBlock); ok {
		if s.Text != nil {
			k.used += runes(s.Text.Text)
		}
		for _, f := range s.Fields {
			k.used += runes(f.Text)
		}
	}
	k.blocks = append(k.blocks, b)
}

func runes(s string) int { return utf8.RuneCountInString(s) }
