package mail

import (
	"encoding/base64"
	"html"
	"slices"
	"strings"

	hypertext "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// mostHTML is as much of a letter's HTML as is shown.
const mostHTML = 1 << 20

// paper is the page around the HTML of a letter: white, as mail programs have it, for letters are coloured for that.
const paper = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Letter</title><meta name="color-scheme" content="light">` +
	`<style>body{margin:0;padding:12px 16px;background:#fff;color:#1d1c21;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}` +
	`img{max-width:100%;height:auto}table{max-width:100%}a:focus-visible{outline:2px solid #6a45c0;outline-offset:2px}` +
	`.no-picture{border:1px dashed #8a8794;border-radius:4px;padding:0 4px;color:#5c5b66}</style></head><body>`

// page is the HTML of a letter as a page of its own. That it does no harm is seen to by the policy it is served with, not here.
func (c *content) page() string {
	return paper + harmless(c.html[:min(len(c.html), mostHTML)], c.files) + "</body></html>"
}

// harmless is HTML without what runs or is fetched: links open the web in a page of their own, pictures are shown only when
// they came along.
func harmless(source string, files []File) string {
	var out strings.Builder
	style := false
	walk(source, func(t hypertext.Token) {
		if style && t.Type == hypertext.TextToken {
			out.WriteString(t.Data) // it has no end tag in it
			return
		}
		style = t.DataAtom == atom.Style && t.Type == hypertext.StartTagToken
		switch t.DataAtom {
		case atom.Html, atom.Head, atom.Body, atom.Base, atom.Meta, atom.Link, atom.Form, atom.Input, atom.Button, atom.Select, atom.Option, atom.Frame, atom.Frameset,
			atom.Audio, atom.Video, atom.Source, atom.Track, atom.Param, atom.Dialog:
			return
		case atom.Img:
			out.WriteString(picture(t, files))
			return
		}
		t.Attr = slices.DeleteFunc(t.Attr, func(a hypertext.Attribute) bool {
			return strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"target", "ping", "rel", "srcdoc", "formaction", "autofocus", "tabindex", "accesskey"}, a.Key) ||
				a.Key == "href" && !outside(strings.TrimSpace(a.Val)) && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "mailto:")
		})
		if (t.DataAtom == atom.A || t.DataAtom == atom.Area) && attr(t, "href") != "" {
			t.Attr = append(t.Attr, hypertext.Attribute{Key: "target", Val: "_blank"}, hypertext.Attribute{Key: "rel", Val: "noopener noreferrer"})
		}
		out.WriteString(t.String())
	})
	return out.String()
}

// picture shows a picture that came with the letter, or the words for one that would have to be fetched.
func picture(t hypertext.Token, files []File) string {
	alt := attr(t, "alt")
	if id, ok := strings.CutPrefix(attr(t, "src"), "cid:"); ok {
		for _, f := range files {
			if f.ID == id && slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, f.Type) {
				size := ""
				for _, name := range []string{"width", "height"} {
					if v := attr(t, name); v != "" {
						size += " " + name + `="` + html.EscapeString(v) + `"`
					}
				}
				return `<img src="data:` + f.Type + ";base64," + base64.StdEncoding.EncodeToString(f.Data) + `" alt="` + html.EscapeString(alt) + `"` + size + ">"
			}
		}
	}
	if attr(t, "width") == "1" || attr(t, "height") == "1" {
		return ""
	}
	return `<span class="no-picture">` + html.EscapeString(firstOf(alt, "picture")) + " (not loaded)</span>"
}

// height is about how many pixels the HTML of a letter takes up: a frame without script cannot ask.
func (c *content) height() int {
	rows, chars := 1, 0
	walk(c.html, func(t hypertext.Token) {
		switch {
		case t.Type == hypertext.TextToken:
			chars += len(strings.TrimSpace(t.Data))
		case t.Type == hypertext.EndTagToken:
		case t.DataAtom == atom.Img && strings.HasPrefix(attr(t, "src"), "cid:"):
			rows += 6
		case slices.Contains([]atom.Atom{atom.P, atom.Br, atom.Li, atom.H1, atom.H2, atom.H3, atom.Div, atom.Hr, atom.Td}, t.DataAtom):
			rows++
		}
	})
	return min(max(140, 30*rows+24*(chars/90)), 900)
}
