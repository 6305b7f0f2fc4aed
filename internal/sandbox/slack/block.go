package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"unicode/utf8"
)

// surface is where blocks stand.
type surface string

const (
	onMessage surface = "message"
	onModal   surface = "modal"
	onHome    surface = "home"
)

const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxBlockText     = 13200 // sum of all texts of a message, as observed: msg_blocks_too_long
)

// blockShapes lists what may stand on a surface.
func blockShapes(on surface) map[string]check {
	out := map[string]check{
		"section":   section(),
		"header":    block("header", shape{"text": must(plain(150))}),
		"divider":   block("divider", shape{}),
		"image":     both(block("image", imageFields()), exactlyOne("image_url", "slack_file")),
		"context":   block("context", shape{"elements": must(items(1, 10, contextElement()))}),
		"actions":   both(block("actions", shape{"elements": must(items(1, 25, actionElement()))}), distinctActions),
		"input":     block("input", inputFields()),
		"rich_text": block("rich_text", shape{"elements": must(items(1, 1000, richElement))}),
	}
	if on == onMessage {
		out["markdown"] = block("markdown", shape{"text": must(words(1, 12000))})
	}
	return out
}

func block(kind string, s shape) check {
	return s.with(shape{"type": must(oneOf(kind)), "block_id": may(id())}).check
}

func section() check {
	return both(
		block("section", shape{
			"text": may(anyText(3000)), "fields": may(items(1, 10, anyText(2000))),
			"accessory": may(accessory()), "expand": may(boolean),
		}),
		func(l *lint, at string, v any) {
			o := obj(v)
			_, hasText := o["text"]
			_, hasFields := o["fields"]
			if !hasText && !hasFields {
				l.add(at, "must define either `text` or `fields`")
			}
		},
	)
}

func imageFields() shape {
	return shape{
		"image_url": may(link(maxURL)), "alt_text": must(words(1, 2000)),
		"title": may(plain(2000)), "slack_file": may(slackFile()),
	}
}

func inputFields() shape {
	elements := maps.Clone(inputs())
	maps.Copy(elements, menus())
	maps.Copy(elements, multiMenus())
	return shape{
		"label": must(plain(2000)), "hint": may(plain(2000)), "element": must(typed(elements)),
		"optional": may(boolean), "dispatch_action": may(boolean),
	}
}

func accessory() check {
	elements := maps.Clone(menus())
	maps.Copy(elements, multiMenus())
	elements["button"], elements["overflow"], elements["image"] = button(), overflow(), image()
	return typed(elements)
}

func actionElement() check {
	elements := maps.Clone(menus())
	elements["button"], elements["overflow"] = button(), overflow()
	return typed(elements)
}

func contextElement() check {
	return typed(map[string]check{"image": image(), "plain_text": plain(3000), "mrkdwn": text(3000, "mrkdwn")})
}

// richElement accepts the parts of a rich text without looking inside them.
func richElement(l *lint, at string, v any) {
	shape{
		"type":     must(oneOf("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")),
		"elements": must(items(0, 3000, func(*lint, string, any) {})),
		"style":    may(oneOf("bullet", "ordered")), "indent": may(number(0, 8)), "offset": may(number(0, 1e6)),
		"border": may(number(0, 1)),
	}.check(l, at, v)
}

// distinctActions wants each action_id once per actions block.
func distinctActions(l *lint, at string, v any) {
	seen := map[string]bool{}
	for i, e := range list(obj(v)["elements"]) {
		a := str(obj(e), "action_id")
		if a != "" && seen[a] {
			l.add(fmt.Sprintf("%s/elements/%d/action_id", at, i), "`action_id` %q already exists for block_id %q", a, str(obj(v), "block_id"))
		}
		seen[a] = true
	}
}

// lintBlocks checks all blocks of a surface.
func lintBlocks(l *lint, at string, v any, on surface) {
	most := maxViewBlocks
	if on == onMessage {
		most = maxMessageBlocks
	}
	least := 0
	if on != onMessage {
		least = 1
	}
	items(least, most, typed(blockShapes(on)))(l, at, v)
	seen := map[string]bool{}
	focused := 0
	for i, b := range list(v) {
		o := obj(b)
		if blockID := str(o, "block_id"); blockID != "" {
			if seen[blockID] {
				l.add(fmt.Sprintf("%s/%d/block_id", at, i), "`block_id` %q already exists", blockID)
			}
			seen[blockID] = true
		}
		if obj(o["element"])["focus_on_load"] == true {
			focused++
		}
	}
	if focused > 1 {
		l.add(at, "only one element can have `focus_on_load` set to true")
	}
}

// blockText counts the characters of all texts in blocks.
func blockText(blocks []any) int {
	n := 0
	for _, t := range textsOf(blocks) {
		n += utf8.RuneCountInString(t)
	}
	return n
}

// settled returns the blocks as Slack keeps them: with the ids and defaults it adds. The caller holds mu.
func (s *Server) settled(blocks []any) []any {
	out := clone(blocks)
	for _, b := range out {
		o := obj(b)
		if str(o, "block_id") == "" {
			o["block_id"] = s.newID("", 5)
		}
		for _, e := range elementsOf(o) {
			if interactive(e) && str(e, "action_id") == "" {
				e["action_id"] = s.newID("", 5)
			}
		}
		fillTexts(o)
	}
	return out
}

func interactive(e object) bool {
	switch e["type"] {
	case "image", "plain_text", "mrkdwn", "rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote":
		return false
	}
	return true
}

// fillTexts adds the defaults of text objects.
func fillTexts(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			fillTexts(item)
		}
	case object:
		switch _, isText := v["text"].(string); {
		case isText && v["type"] == "plain_text" && v["emoji"] == nil:
			v["emoji"] = true
		case isText && v["type"] == "mrkdwn" && v["verbatim"] == nil:
			v["verbatim"] = false
		}
		for key, inner := range v {
			if key != "metadata" {
				fillTexts(inner)
			}
		}
	}
}

// clone copies a JSON value by writing and reading it.
func clone[T any](v T) T {
	var out T
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic("slack sandbox: a JSON value that cannot be copied: " + err.Error()) // it was decoded from JSON
	}
	return out
}
