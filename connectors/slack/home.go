package slack

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

const opPublish = "views.publish"

// Bounds of a person's page. Slack takes 100 blocks.
const (
	homeBlocks  = 96      // the rest is for the line that says that there is more
	homeReserve = 20      // for settings
	homeBytes   = 180_000 // of the items: Slack takes about 250 kB in all
)

// Home shows a person's page. The hash keeps an older page from winning over a newer one; where it no longer fits, the
// newest page is put there all the same.
func (c *Connector) Home(ctx context.Context, who flow.Ref, h flow.Home) error {
	key, ok := c.keyed(who, "user")
	if !ok || !c.settings.home() {
		return nil
	}
	view := slack.HomeTabViewRequest{Type: slack.VTHomeTab, CallbackID: "signoff_home", Blocks: slack.Blocks{BlockSet: c.homeBlocks(h)}}
	req := slack.PublishViewContextRequest{UserID: key[1], View: view}
	kept := "home/" + key[1]
	var hash string
	if c.get(ctx, kept, &hash) && hash != "" {
		req.Hash = &hash
	}
	opened, err := c.publish(ctx, key[0], req)
	if codeOf(err) == "hash_conflict" {
		req.Hash = nil
		opened, err = c.publish(ctx, key[0], req)
	}
	if err != nil {
		return err
	}
	if opened.Hash != "" && opened.Hash != hash {
		c.note(kept, opened.Hash)
	}
	return nil
}

func (c *Connector) publish(ctx context.Context, team string, req slack.PublishViewContextRequest) (*slack.ViewResponse, error) {
	opened, err := c.web(team).PublishViewContext(ctx, req)
	if err != nil {
		return nil, c.failed(call{op: opPublish, team: team, repeatable: true}, err)
	}
	return opened, nil
}

// homePage is a person's page being laid out.
type homePage struct {
	c      *Connector
	who    flow.Actor
	blocks []slack.Block
	taken  map[string]int
	rows   int
	bytes  int // of the items so far
}

// sizeOf is how long blocks are on the wire.
func sizeOf(blocks []slack.Block) int {
	data, err := json.Marshal(blocks)
	if err != nil {
		return homeBytes // our own structs always marshal
	}
	return len(data)
}

func (c *Connector) homeBlocks(h flow.Home) []slack.Block {
	p := &homePage{c: c, who: h.Who, taken: map[string]int{}}
	p.add(c.formButton("actions/new"))
	for _, words := range h.Notes {
		if words = oneLine(words); words != "" {
			p.add(note(escape(words)))
		}
	}
	for _, s := range h.Sections {
		p.section(s)
	}
	p.settings(h.Settings)
	return p.blocks
}

func (p *homePage) add(b slack.Block) {
	if len(p.blocks) < homeBlocks {
		p.blocks = append(p.blocks, b)
	}
}

// section is one list with its items and the buttons that turn its page over.
func (p *homePage) section(s flow.HomeSection) {
	p.add(&slack.DividerBlock{Type: slack.MBTDivider})
	p.add(&slack.HeaderBlock{Type: slack.MBTHeader, Text: plainText(s.Title, maxTitle)})
	if len(s.Items) == 0 {
		p.add(section(escape(firstOf(oneLine(s.Empty), "Nothing."))))
	}
	for i, v := range s.Items {
		blocks := p.item(s.Name, v)
		p.bytes += sizeOf(blocks)
		if p.bytes > homeBytes || len(p.blocks)+len(blocks) > homeBlocks-homeReserve {
			p.add(note(escape("…and " + count(len(s.Items)-i, "more", "more") + " that this page has no room for.")))
			break
		}
		p.blocks = append(p.blocks, blocks...)
	}
	p.turn(s)
}

// item is one request: what there is to know at a glance, and what can be done.
func (p *homePage) item(list string, v flow.View) []slack.Block {
	k := &canvas{c: p.c, p: printer{instance: p.c.instance}, view: v, mark: "home/" + list + "/" + string(v.Request), taken: p.taken, rows: p.rows, card: true}
	k.head()
	k.buttons()
	p.rows = k.rows
	return k.blocks
}

// turn are the buttons to the pages before and after.
func (p *homePage) turn(s flow.HomeSection) {
	if s.Pages < 2 {
		return
	}
	v := flow.View{Kind: flow.NoticeView, Title: s.Title}
	to := func(n int, label string) {
		v.Buttons = append(v.Buttons, flow.Button{Action: actionHome, Label: label, Value: s.Name + "/" + strconv.Itoa(n)})
	}
	if s.Page > 1 {
		to(s.Page-1, "← Page "+strconv.Itoa(s.Page-1))
	}
	if s.Page < s.Pages {
		to(s.Page+1, "Page "+strconv.Itoa(s.Page+1)+" →")
	}
	p.add(note(escape("Page " + strconv.Itoa(s.Page) + " of " + strconv.Itoa(s.Pages))))
	k := &canvas{c: p.c, p: printer{instance: p.c.instance}, view: v, mark: "home/" + s.Name, taken: p.taken, rows: p.rows}
	k.buttons()
	p.rows = k.rows
	for _, b := range k.blocks {
		p.add(b)
	}
}

// settings are menus of what the person chooses for themselves.
func (p *homePage) settings(list []flow.Setting) {
	if len(list) == 0 {
		return
	}
	p.add(&slack.DividerBlock{Type: slack.MBTDivider})
	p.add(&slack.HeaderBlock{Type: slack.MBTHeader, Text: plainText("Settings", maxTitle)})
	for _, s := range list {
		words := bold(escape(firstOf(oneLine(s.Label), s.Name)))
		if help := oneLine(s.Help); help != "" {
			words += "\n" + escape(help)
		}
		b := &slack.SectionBlock{Type: slack.MBTSection, BlockID: "setting/" + s.Name, Text: marked(firstOf(words, "–"), maxSection)}
		if menu := p.menu(s); menu != nil {
			b.Accessory = &slack.Accessory{SelectElement: menu}
		}
		p.add(b)
	}
}

func (p *homePage) menu(s flow.Setting) *slack.SelectBlockElement {
	p.taken[actionSet]++
	e := &slack.SelectBlockElement{Type: slack.OptTypeStatic, ActionID: numbered(actionSet, p.taken[actionSet]), Placeholder: plainText(s.Label, maxTitle)}
	for _, choice := range s.Choices {
		o := &slack.OptionBlockObject{
			Text: plainText(choice.Label, maxOption), Value: p.c.seal.value(press{Action: actionSet, Value: s.Name + "=" + choice.Value}),
		}
		if runes(o.Value) > maxOption || len(e.Options) == maxOptions {
			continue // what does not fit cannot be chosen
		}
		e.Options = append(e.Options, o)
		if choice.Value == s.Value {
			e.InitialOption = o
		}
	}
	if len(e.Options) == 0 {
		return nil
	}
	return e
}

var _ connectors.Homer = (*Connector)(nil)
