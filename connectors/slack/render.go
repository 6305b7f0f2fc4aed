package slack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
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
	taken  map[string]int // how often each action was used, for ids that are one of a kind
	rows   int            // of buttons
	card   bool           // laid out as a card whatever its kind
}

// render prints the view of an effect: text for notifications and screen readers, blocks for the eye.
func (c *Connector) render(e flow.Effect) spoken { return c.renderWith(e, "") }

// renderWith is render with a picture that Slack keeps; none where file is empty.
func (c *Connector) renderWith(e flow.Effect, file fileID) spoken {
	v := viewOf(e)
	k := &canvas{c: c, p: printer{instance: c.instance, known: e.Known}, view: v, mark: e.Mark()}
	k.head()
	k.picture(file)
	k.read()
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
	if k.card {
		return false
	}
	switch k.view.Kind {
	case flow.CardView, flow.AskView, flow.WorkView, flow.UnfurlView, flow.InfoView, flow.TriageView:
		return false
	}
	return true
}

// head is what there is to know at a glance: the title with the request's key and the facts below it, or the one
// sentence of a brief view.
func (k *canvas) head() {
	v := k.view
	var lines []string
	if v.Kind == flow.DraftView && !k.card && oneLine(v.Title) != "" {
		lines = append(lines, "Make a request of this? "+clipMarked(bold(escape(oneLine(v.Title))), 1000))
	} else if k.brief() {
		if said := oneLine(v.Headline); said != oneLine(v.Body.String()) {
			lines = append(lines, escape(firstOf(v.Headline, oneLine(v.Title))))
		}
	} else {
		title := clipMarked(bold(escape(oneLine(v.Title))), 1000)
		if v.Request != "" {
			title += "  " + k.key()
		}
		lines = append(lines, title)
	}
	for _, f := range v.Facts {
		if v.Kind == flow.DraftView && f.Name == "type" {
			f.Text = firstOf(k.c.typeOf(f.Text).Label, f.Text)
		}
		value := clipMarked(k.p.fact(f), maxFact)
		switch {
		case value == "":
		case f.Beside && len(lines) > 0:
			lines[len(lines)-1] += " · " + value
		default:
			lines = append(lines, value)
		}
	}
	k.run(len(lines), func(i int) string { return lines[i] }, "\n")
}

// read are the values that were read from the words of a draft, so that whoever confirms it sees them.
func (k *canvas) read() {
	if k.view.Kind != flow.DraftView || k.card {
		return
	}
	labels := map[string]string{}
	for _, f := range k.view.Facts {
		if f.Name == "type" {
			for _, field := range k.c.typeOf(f.Text).Fields {
				labels[field.Name] = field.Label
			}
		}
	}
	names := slices.Sorted(maps.Keys(k.view.Fields))
	k.run(len(names), func(i int) string {
		value := clip(oneLine(strings.Join(k.view.Fields[names[i]], ", ")), maxFact)
		if value == "" {
			return ""
		}
		label := firstOf(oneLine(labels[names[i]]), capital(strings.ReplaceAll(names[i], "_", " ")))
		return escape(label) + ": " + escape(value)
	}, "\n")
}

// typeOf is a request type as people know it, the zero one where it is not known (any more).
func (c *Connector) typeOf(name string) flow.RequestType {
	ask := c.query.Load()
	if ask == nil {
		return flow.RequestType{}
	}
	t, _ := typeNamed((*ask).Types(), name)
	return t
}

// capital begins words with a capital letter.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
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

// fact is one value with the words around it.
func (p printer) fact(f flow.Fact) string {
	words := escape(oneLine(f.Text))
	if f.URL != "" {
		words = p.link(text.A(f.Text, f.URL))
	}
	var parts []string
	for _, part := range []string{escape(oneLine(f.Label)), words, p.people(f.People, f.Or), escape(oneLine(f.After)), date(f.At, f.Said)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

const named = 8 // people named in one value

// people names them: "Ana, Ben and Dana", or "Ana, Ben or Dana" where one of them is enough.
func (p printer) people(list []flow.Actor, or bool) string {
	var names []string
	for i, a := range list {
		if i == named {
			names = append(names, count(len(list)-named, "other", "others"))
			break
		}
		names = append(names, p.person(a))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := " and "
	if or {
		last = " or "
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}

// body prints the document in as many sections as it needs and has room for.
func (k *canvas) body() {
	k.run(len(k.view.Body), func(i int) string { return k.p.block(k.view.Body[i]) }, "\n")
}

// points are numbered and carry their answers.
func (k *canvas) points() {
	k.run(len(k.view.Points), func(i int) string {
		pt := k.view.Points[i]
		return k.p.point(pt, i == 0 || pt.By.ID() != k.view.Points[i-1].By.ID())
	}, "\n")
}

// point is one point with its answer; who asked is named once for a run of points.
func (p printer) point(pt flow.Point, first bool) string {
	words := strings.ReplaceAll(p.doc(pt.Note), "\n", "\n    ")
	line := fmt.Sprintf("*%d.* %s", pt.Number, words)
	if first && pt.By.ID() != "" {
		line += " · " + p.person(pt.By)
	}
	if pt.URL != "" {
		line += " · " + p.link(text.A("where it was asked", pt.URL))
	}
	if !pt.Resolved.IsZero() {
		line += " · resolved"
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
	if i, ok := b.(*slack.ImageBlock); ok {
		k.used += runes(i.AltText)
	}
	k.blocks = append(k.blocks, b)
}

func runes(s string) int { return utf8.RuneCountInString(s) }
