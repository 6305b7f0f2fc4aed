package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func repeat(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

func numbered(n int, format string) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func pt(n int) string { return `{"type":"plain_text","text":"` + strings.Repeat("ü", n) + `"}` }

func btn(extra string) string {
	return `[{"type":"actions","block_id":"a","elements":[{"type":"button","text":` + pt(3) + extra + `}]}]`
}

func sel(extra string) string {
	return `[{"type":"input","label":` + pt(3) + `,"element":{"type":"static_select"` + extra + `}}]`
}

const opt = `{"text":{"type":"plain_text","text":"Banner"},"value":"banner"}`

func TestBlocks_Limits(t *testing.T) {
	t.Parallel()
	section := func(n int) string {
		return `[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("ü", n) + `"}}]`
	}
	for _, tc := range []struct {
		name, blocks string
		want         string // part of a message; empty: fine
	}{
		{"card", card, ""},
		{"50 blocks", repeat(50, `{"type":"divider"}`), ""},
		{"51 blocks", repeat(51, `{"type":"divider"}`), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"3000 code points", section(3000), ""},
		{"3001 code points", section(3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"empty text", section(0), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{"no type", `[{"text":` + pt(1) + `}]`, "missing required field: type [json-pointer:/blocks/0]"},
		{"unknown type", `[{"type":"banner"}]`, "unsupported type: banner [json-pointer:/blocks/0/type]"},
		{"unknown field", `[{"type":"divider","text":` + pt(1) + `}]`, "invalid additional property: text [json-pointer:/blocks/0]"},
		{"empty section", `[{"type":"section"}]`, "must define either `text` or `fields`"},
		{"11 fields", `[{"type":"section","fields":` + repeat(11, pt(1)) + `}]`, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		{"long field", `[{"type":"section","fields":[` + pt(2001) + `]}]`, "must be less than 2001 characters"},
		{"header mrkdwn", `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "failed to match all allowed schemas [json-pointer:/blocks/0/text]"},
		{"header 151", `[{"type":"header","text":` + pt(151) + `}]`, "must be less than 151 characters"},
		{"emoji on mrkdwn", `[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`, "invalid additional property: emoji"},
		{"11 in context", `[{"type":"context","elements":` + repeat(11, pt(1)) + `}]`, "no more than 10 items allowed"},
		{"button in context", `[{"type":"context","elements":[{"type":"button","text":` + pt(1) + `}]}]`, "unsupported type: button"},
		{"26 actions", `[{"type":"actions","elements":` + numbered(26, `{"type":"button","action_id":"b%d","text":`+pt(1)+`}`) + `}]`, "no more than 25 items allowed"},
		{"no actions", `[{"type":"actions","elements":[]}]`, "no less than 1 items allowed"},
		{"same block id", `[{"type":"divider","block_id":"x"},{"type":"divider","block_id":"x"}]`, "`block_id` \"x\" already exists [json-pointer:/blocks/1/block_id]"},
		{"same action id", `[{"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"x","text":` + pt(1) + `},{"type":"button","action_id":"x","text":` + pt(1) + `}]}]`, "`action_id` \"x\" already exists for block_id \"a\""},
		{"block id 256", `[{"type":"divider","block_id":"` + strings.Repeat("b", 256) + `"}]`, "must be less than 256 characters"},
		{"button text 76", `[{"type":"actions","elements":[{"type":"button","text":` + pt(76) + `}]}]`, "must be less than 76 characters"},
		{"button value 2000", btn(`,"value":"` + strings.Repeat("v", 2000) + `"`), ""},
		{"button value 2001", btn(`,"value":"` + strings.Repeat("v", 2001) + `"`), "must be less than 2001 characters"},
		{"button style", btn(`,"style":"green"`), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		{"button url", btn(`,"url":"nowhere"`), "must be a valid URL"},
		{"button disabled", btn(`,"disabled":true`), "invalid additional property: disabled"},
		{"confirm", btn(`,"confirm":{"title":` + pt(101) + `,"text":` + pt(1) + `,"confirm":` + pt(1) + `,"deny":` + pt(31) + `}`), "must be less than 101 characters"},
		{"text input in actions", `[{"type":"actions","elements":[{"type":"plain_text_input"}]}]`, "unsupported type: plain_text_input"},
		{"multi select in actions", `[{"type":"actions","elements":[{"type":"multi_users_select"}]}]`, "unsupported type: multi_users_select"},
		{"button in input", `[{"type":"input","label":` + pt(1) + `,"element":{"type":"button","text":` + pt(1) + `}}]`, "unsupported type: button"},
		{"input label mrkdwn", `[{"type":"input","label":{"type":"mrkdwn","text":"x"},"element":{"type":"datepicker"}}]`, "/blocks/0/label"},
		{"placeholder 151", `[{"type":"input","label":` + pt(1) + `,"element":{"type":"plain_text_input","placeholder":` + pt(151) + `}}]`, "must be less than 151 characters"},
		{"max_length 3001", `[{"type":"input","label":` + pt(1) + `,"element":{"type":"plain_text_input","max_length":3001}}]`, "must be less than 3001"},
		{"bad date", `[{"type":"input","label":` + pt(1) + `,"element":{"type":"datepicker","initial_date":"1 March"}}]`, "YYYY-MM-DD"},
		{"select", sel(`,"options":[` + opt + `],"initial_option":` + opt), ""},
		{"select without options", sel(``), "must define either `options` or `option_groups`"},
		{"101 options", sel(`,"options":` + repeat(101, opt)), "no more than 100 items allowed"},
		{"option text 76", sel(`,"options":[{"text":` + pt(76) + `,"value":"v"}]`), "must be less than 76 characters"},
		{"option value 76", sel(`,"options":[{"text":` + pt(1) + `,"value":"` + strings.Repeat("v", 76) + `"}]`), "must be less than 76 characters"},
		{"foreign initial option", sel(`,"options":[` + opt + `],"initial_option":{"text":` + pt(1) + `,"value":"video"}`), "initial_option must match one of the options"},
		{"11 checkboxes", `[{"type":"section","text":` + pt(1) + `,"accessory":{"type":"checkboxes","options":` + repeat(11, opt) + `}}]`, "no more than 10 items allowed"},
		{"number input", `[{"type":"input","label":` + pt(1) + `,"element":{"type":"number_input"}}]`, "missing required field: is_decimal_allowed"},
		{"image without alt", `[{"type":"image","image_url":"https://lumen.example/a.png"}]`, "missing required field: alt_text"},
		{"markdown", `[{"type":"markdown","text":"**x**"}]`, ""},
		{"two focused", `[{"type":"input","label":` + pt(1) + `,"element":{"type":"datepicker","focus_on_load":true}},{"type":"input","label":` + pt(1) + `,"element":{"type":"datepicker","focus_on_load":true}}]`, "focus_on_load"},
	} {
		var v any
		if err := json.Unmarshal([]byte(tc.blocks), &v); err != nil {
			t.Fatalf("%s: %v in %s", tc.name, err, tc.blocks)
		}
		var l lint
		lintBlocks(&l, "/blocks", v, onMessage)
		found := slices.ContainsFunc(l.messages, func(m string) bool { return strings.Contains(m, tc.want) })
		if tc.want == "" && len(l.messages) > 0 || tc.want != "" && !found {
			t.Errorf("%s: got %q, want %q", tc.name, l.messages, tc.want)
		}
	}
}

func TestViews_Limits(t *testing.T) {
	t.Parallel()
	input := `{"type":"input","block_id":"t","label":{"type":"plain_text","text":"Title"},"element":{"type":"plain_text_input","action_id":"v"}}`
	modal := func(more string) string {
		return `{"type":"modal","title":{"type":"plain_text","text":"New request"},"blocks":[` + input + `]` + more + `}`
	}
	submit := `,"submit":{"type":"plain_text","text":"Send"}`
	for _, tc := range []struct {
		name, view string
		kind       surface
		want       string
	}{
		{"fine", modal(submit), onModal, ""},
		{"empty", `{}`, onModal, "missing required field: type [json-pointer:/view]"},
		{"home in a modal", `{"type":"home","blocks":[]}`, onModal, "must be a valid enum value [json-pointer:/view/type]"},
		{"no submit", modal(``), onModal, "missing required field: submit [json-pointer:/view]"},
		{"title 25", strings.Replace(modal(submit), "New request", strings.Repeat("x", 25), 1), onModal, "must be less than 25 characters [json-pointer:/view/title/text]"},
		{"submit 25", modal(`,"submit":` + pt(25)), onModal, "[json-pointer:/view/submit/text]"},
		{"close 25", modal(submit + `,"close":` + pt(25)), onModal, "[json-pointer:/view/close/text]"},
		{"private_metadata 3001", modal(submit + `,"private_metadata":"` + strings.Repeat("x", 3001) + `"`), onModal, "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		{"callback_id 256", modal(submit + `,"callback_id":"` + strings.Repeat("x", 256) + `"`), onModal, "[json-pointer:/view/callback_id]"},
		{"unknown field", modal(submit + `,"colour":"red"`), onModal, "invalid additional property: colour [json-pointer:/view]"},
		{"markdown in a modal", `{"type":"modal","title":` + pt(1) + `,"blocks":[{"type":"markdown","text":"x"}]}`, onModal, "unsupported type: markdown"},
		{"no blocks", `{"type":"modal","title":` + pt(1) + `,"blocks":[]}`, onModal, "no less than 1 items allowed"},
		{"101 blocks", `{"type":"home","blocks":` + repeat(101, `{"type":"divider"}`) + `}`, onHome, "no more than 100 items allowed [json-pointer:/view/blocks]"},
		{"100 blocks", `{"type":"home","blocks":` + repeat(100, `{"type":"divider"}`) + `}`, onHome, ""},
		{"title on home", `{"type":"home","title":` + pt(1) + `,"blocks":[{"type":"divider"}]}`, onHome, "invalid additional property: title"},
	} {
		var v any
		if err := json.Unmarshal([]byte(tc.view), &v); err != nil {
			t.Fatalf("%s: %v in %s", tc.name, err, tc.view)
		}
		got := lintView(v, tc.kind).messages
		found := slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, tc.want) })
		if tc.want == "" && len(got) > 0 || tc.want != "" && !found {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
		if tc.want != "" && (len(got) == 0 || got[0] != "failed to match all allowed schemas [json-pointer:/view]") {
			t.Errorf("%s: got %q, want the schema line first", tc.name, got)
		}
	}
}

func TestBlocks_ErrorsTravelTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	got := w.call("chat.postMessage", "channel", launch, "text", "x", "blocks", repeat(51, `{"type":"divider"}`))
	lines := list(obj(got["response_metadata"])["messages"])
	plainLines := list(got["errors"])
	if len(lines) != 1 || len(plainLines) != 1 || lines[0] != "[ERROR] no more than 50 items allowed [json-pointer:/blocks]" {
		t.Errorf("got %v, want one line in errors and one in response_metadata.messages", got)
	}
}
