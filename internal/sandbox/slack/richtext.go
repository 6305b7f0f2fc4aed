package slack

import (
	"html"
	"html/template"
	"strings"
)

// richText renders a rich_text block.
func (r reader) richText(block object) template.HTML {
	var b strings.Builder
	for _, e := range list(block["elements"]) {
		r.richPart(&b, obj(e))
	}
	return template.HTML(b.String()) //nolint:gosec // built from escaped parts only
}

func (r reader) richPart(b *strings.Builder, e object) {
	inner := func() {
		for _, x := range list(e["elements"]) {
			r.richInline(b, obj(x))
		}
	}
	switch e["type"] {
	case "rich_text_list":
		tag := "ul"
		if e["style"] == "ordered" {
			tag = "ol"
		}
		b.WriteString("<" + tag + ">")
		for _, item := range list(e["elements"]) {
			b.WriteString("<li>")
			r.richPart(b, obj(item))
			b.WriteString("</li>")
		}
		b.WriteString("</" + tag + ">")
	case "rich_text_preformatted":
		b.WriteString("<pre>")
		inner()
		b.WriteString("</pre>")
	case "rich_text_quote":
		b.WriteString("<blockquote>")
		inner()
		b.WriteString("</blockquote>")
	default:
		inner()
	}
}

func (r reader) richInline(b *strings.Builder, e object) {
	var out string
	switch e["type"] {
	case "text":
		out = strings.ReplaceAll(html.EscapeString(str(e, "text")), "\n", "<br>")
	case "link":
		out = anchor(str(e, "url"), firstOf(str(e, "text"), str(e, "url")))
	case "user":
		out = r.mention(str(e, "user_id"))
	case "channel":
		out = r.channelLink(str(e, "channel_id"), "")
	case "usergroup":
		out = mark(r.groupName(str(e, "usergroup_id"), ""))
	case "broadcast":
		out = mark("@" + str(e, "range"))
	case "emoji":
		out = firstOf(emoji(str(e, "name")), html.EscapeString(":"+str(e, "name")+":"))
	}
	style := obj(e["style"])
	for _, s := range []struct{ key, tag string }{{"code", "code"}, {"strike", "s"}, {"italic", "em"}, {"bold", "strong"}} {
		if style[s.key] == true {
			out = "<" + s.tag + ">" + out + "</" + s.tag + ">"
		}
	}
	b.WriteString(out)
}
