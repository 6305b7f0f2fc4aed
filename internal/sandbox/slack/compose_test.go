package slack

import (
	"strings"
	"testing"
)

func TestCompose_RichText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, tc := range []struct{ wire, want string }{
		{"plain a_b_c 2*3*4 &amp; 10:30:45", `[{"elements":[{"text":"plain a_b_c 2*3*4 \u0026 10:30:45","type":"text"}],"type":"rich_text_section"}]`},
		{"*bold _both_* `x*y*`", `[{"elements":[{"style":{"bold":true},"text":"bold ","type":"text"},{"style":{"bold":true,"italic":true},"text":"both","type":"text"},{"text":" ","type":"text"},{"style":{"code":true},"text":"x*y*","type":"text"}],"type":"rich_text_section"}]`},
		{"<@U1> ~old~ <https://x.example/a|here>", `[{"elements":[{"type":"user","user_id":"U1"},{"text":" ","type":"text"},{"style":{"strike":true},"text":"old","type":"text"},{"text":" ","type":"text"},{"text":"here","type":"link","url":"https://x.example/a"}],"type":"rich_text_section"}]`},
		{"ok :+1::skin-tone-3: :nope:", `[{"elements":[{"text":"ok ","type":"text"},{"name":"+1","skin_tone":3,"type":"emoji","unicode":"1f44d-1f3fc"},{"text":" :nope:","type":"text"}],"type":"rich_text_section"}]`},
		{"sizes:\n• one\n• two", `[{"elements":[{"text":"sizes:","type":"text"}],"type":"rich_text_section"},{"border":0,"elements":[{"elements":[{"text":"one","type":"text"}],"type":"rich_text_section"},{"elements":[{"text":"two","type":"text"}],"type":"rich_text_section"}],"indent":0,"style":"bullet","type":"rich_text_list"}]`},
		{"&gt; said\n```\na *b*\n```\n1. first", `[{"elements":[{"text":"said","type":"text"}],"type":"rich_text_quote"},{"border":0,"elements":[{"text":"a *b*","type":"text"}],"type":"rich_text_preformatted"},{"border":0,"elements":[{"elements":[{"text":"first","type":"text"}],"type":"rich_text_section"}],"indent":0,"style":"ordered","type":"rich_text_list"}]`},
		{"a\nb", `[{"elements":[{"text":"a\nb","type":"text"}],"type":"rich_text_section"}]`},
	} {
		ts := say(t, w, Post{User: maya, Channel: general, Text: tc.wire})
		all := w.Messages(general)
		last := all[len(all)-1]
		if got := toJSON(t, last.Blocks[0]["elements"]); last.TS != ts || got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.wire, got, tc.want)
		}
	}
}

func TestCompose_OwnBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	say(t, w, Post{User: maya, Channel: launch, Text: "fallback", Blocks: []any{object{"type": "rich_text", "elements": []any{
		object{"type": "rich_text_section", "elements": []any{object{"type": "color", "value": "#ff0000"}}},
	}}}})
	if e := w.innerOf("message", 1)[0]; !strings.Contains(toJSON(t, e["blocks"]), `"#ff0000"`) {
		t.Errorf("blocks: got %v, want those that were given", e["blocks"])
	}
}
