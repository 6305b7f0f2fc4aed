package slack

import (
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"signoff/internal/flow"
)

// buttons lays out what the reader may do: the main ones side by side, the minor ones in a menu behind them.
func (k *canvas) buttons() {
	var elements []slack.BlockElement
	var menu []*slack.OptionBlockObject
	if k.taken == nil {
		k.taken = map[string]int{}
	}
	used := k.taken
	for _, b := range k.fitting() {
		url := k.c.address(b.URL)
		if b.Action == actionOpen && url == "" {
			continue // nowhere to go to
		}
		if o, ok := k.option(b, url); ok && b.Minor {
			menu = append(menu, o)
			continue
		}
		used[b.Action]++
		elements = append(elements, k.button(b, url, used[b.Action]))
	}
	if len(menu) == 1 { // a menu of one hides more than it saves
		elements = append(elements, k.lone(used))
		menu = nil
	}
	for ; len(menu) > 0; menu = menu[min(len(menu), maxMenu):] {
		used[actionMore]++
		elements = append(elements, &slack.OverflowBlockElement{
			Type: slack.METOverflow, ActionID: numbered(actionMore, used[actionMore]), Options: menu[:min(len(menu), maxMenu)],
		})
	}
	for len(elements) > 0 {
		k.rows++
		row := elements[:min(len(elements), maxElements)]
		k.add(&slack.ActionBlock{Type: slack.MBTAction, BlockID: "actions/" + strconv.Itoa(k.rows), Elements: &slack.BlockElements{ElementSet: row}})
		elements = elements[len(row):]
	}
}

// fitting are the buttons that can be pressed. Those with more to carry than Slack takes are pressed on the page instead: one
// button leads there.
func (k *canvas) fitting() (list []flow.Button) {
	led := false
	for _, b := range k.view.Buttons {
		switch {
		case b.Action == actionOpen, runes(k.value(b)) <= maxValue:
			list = append(list, b)
		case !led:
			led = true
			list = append(list, flow.Button{Action: actionOpen, Label: "Continue on the page", Style: b.Style, URL: k.view.Page})
		}
	}
	return list
}

// lone is the only minor button, as an ordinary one.
func (k *canvas) lone(used map[string]int) slack.BlockElement {
	for _, b := range k.fitting() {
		url := k.c.address(b.URL)
		if _, ok := k.option(b, url); ok && b.Minor {
			used[b.Action]++
			return k.button(b, url, used[b.Action])
		}
	}
	return nil
}

// button is one element; the same action twice on a card gets a number, because action ids are unique.
func (k *canvas) button(b flow.Button, url string, nth int) slack.BlockElement {
	e := &slack.ButtonBlockElement{
		Type: slack.METButton, ActionID: numbered(b.Action, nth), Text: plainText(firstOf(oneLine(b.Label), strings.ReplaceAll(b.Action, "_", " ")), maxButton),
		AccessibilityLabel: clip(k.spokenLabel(b), maxButton),
	}
	switch b.Style {
	case "primary":
		e.Style = slack.StylePrimary
	case "danger":
		e.Style = slack.StyleDanger
	}
	if b.Action == actionOpen {
		e.URL, e.Value = url, b.Action
		return e
	}
	e.Value = k.value(b)
	return e
}

// spokenLabel is what a screen reader says: the label with what it is about.
func (k *canvas) spokenLabel(b flow.Button) string {
	words := oneLine(b.Label)
	if k.view.Request != "" {
		words += ", " + string(k.view.Request)
	}
	if title := oneLine(k.view.Title); title != "" {
		words += " " + title
	}
	return words
}

// option is a button as an entry of the menu; false where its sealed value does not fit.
func (k *canvas) option(b flow.Button, url string) (*slack.OptionBlockObject, bool) {
	o := &slack.OptionBlockObject{Text: plainText(b.Label, maxOption)}
	if b.Action == actionOpen {
		o.URL, o.Value = url, b.Action
		return o, true
	}
	o.Value = k.value(b)
	return o, runes(o.Value) <= maxOption
}

// value seals what the button means.
func (k *canvas) value(b flow.Button) string {
	return k.c.seal.value(press{
		Action: b.Action, Request: string(k.view.Request), Stage: b.Stage, Round: b.Round, Version: flow.Abridged(b.Version),
		Nonce: k.c.seal.nonce(k.mark, b.Stage, b.Round), Value: b.Value,
	})
}

// numbered is an action id: the action, and from the second on its number.
func numbered(action string, nth int) string {
	if nth == 1 {
		return action
	}
	return action + "/" + strconv.Itoa(nth)
}

// actionName reads numbered back.
func actionName(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return name
}
