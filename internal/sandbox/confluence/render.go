package confluence

import (
	"cmp"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// render is a body as people see it, below a heading of that level: known elements without their attributes, and links that
// were looked at. Elements that are not known leave their text; scripts and styles leave nothing.
func (s *Server) render(body string, below int) string {
	root, err := parse(body)
	if err != nil {
		return "<p>" + html.EscapeString(err.Error()) + "</p>"
	}
	r := renderer{s: s, below: below}
	r.all(root.kids)
	return r.String()
}

type renderer struct {
	strings.Builder
	s     *Server
	below int
	open  []string // headings that the next one may be below
}

func (r *renderer) all(list []*node) {
	for _, n := range list {
		r.one(n)
	}
}

// wrap writes an element of HTML around what is inside. The tag is ours and never from a page.
func (r *renderer) wrap(tag string, inside []*node) {
	name, _, _ := strings.Cut(tag, " ")
	r.WriteString("<" + tag + ">")
	r.all(inside)
	r.WriteString("</" + name + ">")
}

func (r *renderer) text(s string) { r.WriteString(html.EscapeString(s)) }

// plain are the elements that stand in a view as they are.
func plain(name string) bool {
	return slices.Contains([]string{
		"p", "ul", "ol", "li", "table", "tbody", "thead", "tr", "td", "strong", "em", "b", "i", "u", "s", "del", "ins", "sub", "sup", "code", "pre", "blockquote", "small", "span", "div",
	}, name)
}

func (r *renderer) one(n *node) {
	switch {
	case n.name == "":
		r.text(n.text)
	case plain(n.name):
		r.wrap(n.name, n.kids)
	case n.name == "th":
		r.wrap(`th scope="col"`, n.kids)
	case len(n.name) == 2 && n.name[0] == 'h' && n.name[1] >= '1' && n.name[1] <= '6':
		r.heading(n)
	case n.name == "br" || n.name == "hr":
		r.WriteString("<" + n.name + ">")
	case n.name == "a":
		r.link(n.attr["href"], n.kids)
	case n.name == "time":
		r.date(n.attr["datetime"])
	case strings.HasPrefix(n.name, "ac:"):
		r.own(n)
	case slices.Contains([]string{"script", "style", "iframe", "object", "embed", "template"}, n.name):
	default:
		r.all(n.kids)
	}
}

// heading keeps the order of headings and leaves no level out, whatever the page begins with.
func (r *renderer) heading(n *node) {
	for len(r.open) > 0 && r.open[len(r.open)-1] >= n.name {
		r.open = r.open[:len(r.open)-1]
	}
	r.open = append(r.open, n.name)
	r.wrap("h"+strconv.Itoa(min(r.below+len(r.open), 6)), n.kids)
}

// link leaves an address of the web or of mail, and the words alone of anything else.
func (r *renderer) link(to string, inside []*node) {
	u, err := url.Parse(to)
	if err != nil || !slices.Contains([]string{"http", "https", "mailto"}, u.Scheme) {
		r.all(inside)
		return
	}
	r.wrap(`a rel="nofollow noopener" href="`+html.EscapeString(u.String())+`"`, inside)
}

func (r *renderer) date(day string) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		r.text(day)
		return
	}
	r.WriteString(`<time datetime="` + at.Format(time.DateOnly) + `">` + at.Format("2 Jan 2006") + "</time>")
}

// own writes Confluence's own elements.
func (r *renderer) own(n *node) {
	switch n.name {
	case "ac:structured-macro", "ac:macro":
		r.macro(n)
	case "ac:task-list":
		r.wrap(`ul class="tasks"`, n.kids)
	case "ac:task":
		r.task(n)
	case "ac:link":
		r.reference(n)
	case "ac:image":
		r.text("[image: " + cmp.Or(n.attr["ac:alt"], fileOf(n), "without a name") + "]")
	case "ac:emoticon":
		r.text(n.attr["ac:emoji-fallback"])
	case "ac:adf-extension":
		if back := n.child("ac:adf-fallback"); back != nil {
			r.all(back.kids)
		} else if inner := n.child("ac:adf-node"); inner != nil {
			r.all(inner.kids)
		}
	case "ac:parameter", "ac:task-id", "ac:task-uuid", "ac:task-status", "ac:placeholder", "ac:adf-attribute":
	case "ac:layout-section":
		r.wrap(`div class="columns"`, n.kids)
	case "ac:layout-cell":
		r.wrap("div", n.kids)
	default: // layouts, bodies, markers of inline comments
		r.all(n.kids)
	}
}

func fileOf(n *node) string {
	if f := n.child("ri:attachment"); f != nil {
		return f.attr["ri:filename"]
	}
	return ""
}

func (r *renderer) task(n *node) {
	done := n.child("ac:task-status").words() == "complete"
	sign, state := "☐", "open"
	if done {
		sign, state = "☑", "done"
	}
	r.WriteString(`<li class="` + state + `"><span aria-hidden="true">` + sign + `</span><span class="hidden">` + state + `: </span><span>`)
	if body := n.child("ac:task-body"); body != nil {
		r.all(body.kids)
	}
	r.WriteString("</span></li>")
}

func (r *renderer) reference(n *node) {
	words := cmp.Or(n.child("ac:link-body").words(), n.child("ac:plain-text-link-body").words())
	if u := n.child("ri:user"); u != nil {
		name := "someone"
		if who := r.s.user(cmp.Or(u.attr["ri:account-id"], u.attr["ri:userkey"])); who != nil {
			name = who.Name
		}
		r.WriteString(`<span class="mention">@` + html.EscapeString(name) + "</span>")
		return
	}
	if p := n.child("ri:page"); p != nil {
		words = cmp.Or(words, p.attr["ri:content-title"])
	}
	r.text(cmp.Or(words, fileOf(n), "a link"))
}

func (r *renderer) macro(n *node) {
	inside := []*node{}
	if rich := n.child("ac:rich-text-body"); rich != nil {
		inside = rich.kids
	}
	switch kind := n.attr["ac:name"]; kind {
	case "info", "note", "tip", "warning", "panel":
		r.WriteString(`<div class="panel ` + kind + `">`)
		if title := n.parameter("title"); title != "" {
			r.WriteString("<p><strong>" + html.EscapeString(title) + "</strong></p>")
		}
		r.all(inside)
		r.WriteString("</div>")
	case "code", "noformat":
		r.WriteString("<pre><code>" + html.EscapeString(n.child("ac:plain-text-body").words()) + "</code></pre>")
	case "expand":
		r.WriteString("<details><summary>" + html.EscapeString(cmp.Or(n.parameter("title"), "Click here to expand…")) + "</summary>")
		r.all(inside)
		r.WriteString("</details>")
	case "status":
		r.WriteString(`<span class="label">` + html.EscapeString(n.parameter("title")) + "</span>")
	case "details", "section", "column", "excerpt":
		r.all(inside)
	case "toc", "children", "anchor", "pagetree":
	case "jira":
		r.text(n.parameter("key"))
	default:
		r.text("[macro " + kind + "]")
	}
}
