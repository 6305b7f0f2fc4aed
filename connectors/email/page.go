package email

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// marker is the line above which people answer; what stands below it in an answer is not new.
const marker = "-- reply above this line --"

// sheet is what a mail shows, before it is printed as plain text and as HTML.
type sheet struct {
	head    string // what it is about, as a title; empty for a sentence that stands alone
	headURL string
	lines   [][]flow.Fact
	lead    string
	body    text.Doc
	points  []flow.Point
	actions []action
	picture string // the Content-ID of a picture
	alt     string
	foot    []string
}

// action is something that can be done on a page of ours.
type action struct{ label, url, style string }

// sheetOf lays out a view for one person.
func (c *Connector) sheetOf(v flow.View, to flow.Actor, foot ...string) sheet {
	s := sheet{body: v.Body, points: v.Points, actions: c.actions(v, to), foot: foot}
	switch v.Kind {
	case flow.CommentView:
		if v.Body.Empty() {
			s.lead = v.Headline
		}
	case flow.CardView, flow.AskView, flow.WorkView, flow.TicketView:
		s.head, s.headURL = headOf(v), c.page(v.Page)
		s.lead = v.Headline
		s.lines = linesOf(v.Facts)
	default:
		s.lead = v.Headline
		s.lines = linesOf(v.Facts)
	}
	if page := c.page(v.Page); len(s.actions) == 0 && harmless(page) && page != "" {
		s.actions = []action{{label: strings.TrimSpace("Open " + string(v.Request)), url: page}}
	}
	return s
}

// headOf is the key and title of a request.
func headOf(v flow.View) string {
	return strings.TrimSpace(string(v.Request) + " " + oneLine(v.Title))
}

// linesOf puts facts that stand beside each other into one line.
func linesOf(facts []flow.Fact) (lines [][]flow.Fact) {
	for _, f := range facts {
		if f.Beside && len(lines) > 0 {
			lines[len(lines)-1] = append(lines[len(lines)-1], f)
			continue
		}
		lines = append(lines, []flow.Fact{f})
	}
	return lines
}

// page completes a path of our own pages.
func (c *Connector) page(path string) string {
	switch {
	case path == "", strings.HasPrefix(path, "https://"), strings.HasPrefix(path, "http://"):
		return path
	case c.d.PublicURL == "":
		return ""
	}
	return c.d.PublicURL + "/" + strings.TrimPrefix(path, "/")
}

// decisions are the buttons that decide; their links lead to a page that asks, for programs open every link in a mail.
func decisions(action string) bool {
	return action == "approve" || action == "request_changes" || action == "decline"
}

// fillsIn reports whether a button asks for certain fields; its link leads to a form for them that needs no sign-in.
func fillsIn(b flow.Button) bool { return b.Action == "add_detail" && b.Value != "" }

// actions turns buttons into links to pages of ours.
func (c *Connector) actions(v flow.View, to flow.Actor) (list []action) {
	for _, b := range v.Buttons {
		a := action{label: oneLine(b.Label), style: b.Style}
		switch {
		case decisions(b.Action), fillsIn(b):
			a.url = c.pass(v, b, to)
		case b.Action == "held_accept", b.Action == "held_new", b.Action == "held_spam":
			a.label, a.url, a.style = "Look at what is held back", c.page("/deliveries?state=held"), "primary"
		case b.URL != "":
			a.url = c.page(b.URL)
		case b.Minor, slices.Contains([]string{"why", "home", "dismiss", "mute_drafts", "account_yes", "account_no"}, b.Action):
		default:
			a.url = c.page(v.Page)
		}
		same := func(o action) bool { return o.url == a.url && (o.label == a.label || !decisions(b.Action)) }
		if a.url != "" && harmless(a.url) && !slices.ContainsFunc(list, same) {
			list = append(list, a)
		}
	}
	return list
}

// pass is the address at which one person decides, or fills in what is missing: somebody of the directory, or whoever asked for the work by mail. For
// others it decides nothing.
func (c *Connector) pass(v flow.View, b flow.Button, to flow.Actor) string {
	if c.d.Pass == nil || to.ID() == "" || v.Request == "" {
		return ""
	}
	return c.page(c.d.Pass(connectors.Pass{
		Person: to.ID(), Request: v.Request, Stage: b.Stage, Round: b.Round, Version: flow.Abridged(b.Version), Until: c.d.Now().UTC().Add(passFor),
	}))
}

// asks names the question that a view's buttons put to one person, by a link that is theirs; empty when it puts none.
func asks(v flow.View) string {
	for _, b := range v.Buttons {
		if decisions(b.Action) {
			return fmt.Sprintf("%s/%d/%s", b.Stage, b.Round, b.Version)
		}
		if fillsIn(b) {
			return "details"
		}
	}
	return ""
}

// oneLine is words without control characters and line breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(text.Clean(s)), " ") }

func who(a flow.Actor) string {
	for _, name := range []string{a.Shown, a.Name, a.Email} {
		if name = oneLine(name); name != "" {
			return name
		}
	}
	return "somebody"
}

func people(list []flow.Actor, or bool) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = who(a)
	}
	last := " and "
	if or {
		last = " or "
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}

// factText is one fact; link wraps its words where they have an address.
func factText(f flow.Fact, plain func(string) string, link func(words, url string) string) string {
	words := plain(oneLine(f.Text))
	if f.URL != "" && f.Text != "" {
		words = link(oneLine(f.Text), f.URL)
	}
	when := f.Said
	if when == "" && !f.At.IsZero() {
		when = f.At.UTC().Format("2 Jan 2006 15:04 UTC")
	}
	var parts []string
	for _, p := range []string{plain(oneLine(f.Label)), words, plain(people(f.People, f.Or)), plain(oneLine(f.After)), plain(oneLine(when))} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// plainText prints the sheet for programs that show no HTML, and for people who like it.
func (s sheet) plainText() string {
	var parts []string
	add := func(p string) {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	add(marker)
	add(s.head)
	add(s.lead)
	var facts []string
	for _, line := range s.lines {
		facts = append(facts, joinFacts(line, func(f flow.Fact) string {
			return factText(f, func(w string) string { return w }, func(words, url string) string { return words + " (" + url + ")" })
		}))
	}
	add(strings.Join(facts, "\n"))
	add(s.body.String())
	for _, p := range s.points {
		add(plainPoint(p))
	}
	var links []string
	for _, a := range s.actions {
		links = append(links, a.label+": "+a.url)
	}
	add(strings.Join(links, "\n"))
	if len(s.foot) > 0 {
		add("-- \n" + strings.Join(s.foot, "\n"))
	}
	return strings.Join(parts, "\n\n") + "\n"
}

func joinFacts(line []flow.Fact, one func(flow.Fact) string) string {
	var out []string
	for _, f := range line {
		if words := one(f); words != "" {
			out = append(out, words)
		}
	}
	return strings.Join(out, " · ")
}

func plainPoint(p flow.Point) string {
	words := fmt.Sprintf("%d. %s", p.Number, strings.ReplaceAll(strings.TrimSpace(p.Note.String()), "\n", "\n   "))
	if p.By.ID() != "" {
		words += " (" + who(p.By) + ")"
	}
	if !p.Resolved.IsZero() {
		words += " - resolved"
	}
	if !p.Answer.Empty() {
		words += "\n   Answer: " + strings.ReplaceAll(strings.TrimSpace(p.Answer.String()), "\n", "\n   ")
	}
	return words
}

// html prints the sheet as one column of tables.
func (s sheet) html() string {
	var w htmlWriter
	w.put(`<!DOCTYPE html><html lang="en"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">`,
		`<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>`,
		html.EscapeString(cmp.Or(s.head, s.lead)), `</title></head><body style="margin:0;padding:0;background:#f4f5f7">`,
		`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f4f5f7"><tr><td align="center" style="padding:16px">`,
		`<div style="`, fontStyle, `;font-size:11px;color:#6e7781;padding:0 0 8px 0">`, marker, `</div>`,
		`<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;background:#ffffff;border:1px solid #d0d7de;border-radius:8px"><tr><td align="left" style="padding:24px;`,
		fontStyle, `;font-size:15px;line-height:22px;color:#1f2328">`)
	s.htmlHead(&w)
	if s.picture != "" {
		w.put(`<img src="cid:`, s.picture, `" alt="`, html.EscapeString(s.alt), `" width="552" style="display:block;width:100%;max-width:552px;height:auto;border:0;border-radius:6px;margin:0 0 12px 0">`)
	}
	w.blocks(s.body, 0)
	for _, p := range s.points {
		w.point(p)
	}
	s.htmlActions(&w)
	w.put(`</td></tr></table>`)
	if len(s.foot) > 0 {
		w.put(`<div style="`, fontStyle, `;font-size:12px;line-height:18px;color:#6e7781;padding:12px 0 0 0;max-width:600px">`)
		for i, line := range s.foot {
			if i > 0 {
				w.put("<br>")
			}
			w.put(html.EscapeString(line))
		}
		w.put(`</div>`)
	}
	w.put(`</td></tr></table></body></html>`, "\n")
	return w.String()
}

func (s sheet) htmlHead(w *htmlWriter) {
	if s.head != "" {
		w.put(`<p style="margin:0 0 8px 0;font-size:18px;line-height:24px;font-weight:bold">`)
		w.anchor(s.head, s.headURL)
		w.put(`</p>`)
	}
	if s.lead != "" {
		w.put(`<p style="`, paraStyle, `">`, html.EscapeString(s.lead), `</p>`)
	}
	if len(s.lines) == 0 {
		return
	}
	w.put(`<p style="margin:0 0 16px 0;font-size:13px;line-height:20px;color:#57606a">`)
	for i, line := range s.lines {
		if i > 0 {
			w.put("<br>")
		}
		w.put(joinFacts(line, func(f flow.Fact) string {
			return factText(f, html.EscapeString, func(words, url string) string {
				var a htmlWriter
				a.anchor(words, url)
				return a.String()
			})
		}))
	}
	w.put(`</p>`)
}

// anchor is a link, or its words alone where the address is none.
func (w *htmlWriter) anchor(words, url string) {
	if url == "" || !harmless(url) {
		w.put(html.EscapeString(words))
		return
	}
	w.put(`<a href="`, html.EscapeString(url), `" style="`, linkStyle, `;text-decoration:none">`, html.EscapeString(words), `</a>`)
}

func (w *htmlWriter) point(p flow.Point) {
	w.put(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td width="28" valign="top" style="font-weight:bold">`, fmt.Sprint(p.Number), `.</td><td>`)
	w.blocks(p.Note, 0)
	var by []string
	if p.By.ID() != "" {
		by = append(by, who(p.By))
	}
	if !p.Resolved.IsZero() {
		by = append(by, "resolved")
	}
	if len(by) > 0 {
		w.put(`<p style="margin:-8px 0 12px 0;font-size:13px;color:#57606a">`, html.EscapeString(strings.Join(by, " · ")), `</p>`)
	}
	if !p.Answer.Empty() {
		w.put(`<div style="`, quoteStyle, `">`)
		w.blocks(p.Answer, 0)
		w.put(`</div>`)
	}
	w.put(`</td></tr></table>`)
}

func (s sheet) htmlActions(w *htmlWriter) {
	if len(s.actions) == 0 {
		return
	}
	w.put(`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 0 0"><tr>`)
	for _, a := range s.actions {
		fill, ink, edge := "#ffffff", "#1f2328", "#d0d7de"
		switch a.style {
		case "primary":
			fill, ink, edge = "#1a7f37", "#ffffff", "#1a7f37"
		case "danger":
			ink, edge = "#cf222e", "#cf222e"
		}
		w.put(`<td style="padding:0 8px 8px 0"><table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" bgcolor="`, fill,
			`" style="border:1px solid `, edge, `;border-radius:6px"><a href="`, html.EscapeString(a.url),
			`" style="display:inline-block;padding:9px 16px;`, fontStyle, `;font-size:14px;font-weight:bold;color:`, ink, `;text-decoration:none">`,
			html.EscapeString(a.label), `</a></td></tr></table></td>`)
	}
	w.put(`</tr></table>`)
}
