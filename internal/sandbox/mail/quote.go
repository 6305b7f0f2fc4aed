package mail

import (
	"html"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// answer is the draft of a reply as the person's mail program makes it: to where replies are wanted, with the original below.
func (s *Server) answer(me Person, to Letter, text string, everybody bool) Draft {
	d := Draft{Subject: again(to.Subject()), answers: to.MessageID()}
	asked := to.people("Reply-To")
	if len(asked) == 0 {
		asked = to.people("From")
	}
	d.To = named(asked)
	if everybody {
		d.Cc = named(s.others(me, append(to.people("To"), to.people("Cc")...), asked))
	}
	d.references = strings.Fields(to.read().head.Get("References"))
	if len(d.references) == 0 {
		d.references = strings.Fields(to.read().head.Get("In-Reply-To"))
	}
	if d.answers != "" {
		d.references = append(d.references, d.answers)
	}
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n ")
	when := to.At
	if at, err := to.read().head.Date(); err == nil {
		when = at
	}
	when = when.In(s.opt.Now().Location())
	if me.Outlook {
		d.Text, d.HTML = outlook(to, text, when)
	} else {
		d.Text, d.HTML = gmail(to, text, when)
	}
	return d
}

// others are those of the addresses that are neither the person's own nor written to already.
func (s *Server) others(me Person, all, asked []*mail.Address) (out []*mail.Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range all {
		same := func(b *mail.Address) bool { return strings.EqualFold(a.Address, b.Address) }
		if owner := s.account(a.Address); (owner == nil || owner.Address != me.Address) && !slices.ContainsFunc(asked, same) && !slices.ContainsFunc(out, same) {
			out = append(out, a)
		}
	}
	return out
}

func named(people []*mail.Address) (out []string) {
	for _, a := range people {
		out = append(out, a.String())
	}
	return out
}

// again is the subject of an answer.
func again(subject string) string {
	if strings.HasPrefix(strings.ToLower(subject), "re:") {
		return subject
	}
	return "Re: " + subject
}

// gmail quotes below "On Wed, Nov 25, 2026 at 9:00 AM Ana <ana@…> wrote:", broken over lines and with a narrow blank before AM.
func gmail(to Letter, text string, when time.Time) (plain, rich string) {
	from := to.From()
	said := "On " + when.Format("Mon, Jan 2, 2006 at 3:04\u202fPM") + " "
	attribution := said + shown(from) + " wrote:"
	if len(attribution) > 78 {
		if i := strings.LastIndexByte(attribution[:78], ' '); i > 0 {
			attribution = attribution[:i] + "\n" + attribution[i+1:]
		}
	}
	var quoted strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(to.Text(), "\n"), "\n") {
		quoted.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	name := firstOf(from.Name, from.Address)
	rich = `<div dir="ltr">` + paragraphs(text) + `</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
		html.EscapeString(said+name) + ` &lt;<a href="mailto:` + html.EscapeString(from.Address) + `">` + html.EscapeString(from.Address) + `</a>&gt; wrote:<br></div>` +
		`<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">` + original(to) + "</blockquote></div>\n"
	return text + "\n\n" + attribution + "\n\n" + quoted.String(), rich
}

// outlook puts the original below a line and its header, unquoted.
func outlook(to Letter, text string, when time.Time) (plain, rich string) {
	rows := [][2]string{
		{"From", shown(to.From())}, {"Sent", when.Format("Monday, January 2, 2006 3:04 PM")}, {"To", joinedNames(to.people("To"))},
		{"Cc", joinedNames(to.people("Cc"))}, {"Subject", to.Subject()},
	}
	plain = text + "\n\n" + strings.Repeat("_", 32) + "\n"
	rich = `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body dir="ltr">` +
		`<div class="elementToProof" style="font-family: Calibri, Helvetica, sans-serif; font-size: 12pt">` + paragraphs(text) + `</div><div id="appendonsend"></div>` +
		`<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">`
	for _, row := range rows {
		if row[1] != "" {
			plain += row[0] + ": " + row[1] + "\n"
			rich += "<b>" + row[0] + ":</b> " + html.EscapeString(row[1]) + "<br>"
		}
	}
	return plain + "\n" + to.Text(), rich + "</font><div>&nbsp;</div></div>" + original(to) + "</body></html>\n"
}

func joinedNames(people []*mail.Address) string {
	var out []string
	for _, a := range people {
		out = append(out, shown(*a))
	}
	return strings.Join(out, "; ")
}

// paragraphs is plain text as HTML.
func paragraphs(text string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		out.WriteString("<div>" + firstOf(html.EscapeString(line), "<br>") + "</div>")
	}
	return out.String()
}

// original is the HTML of a letter to be quoted, or its text as HTML.
func original(l Letter) string {
	if l.HTML() == "" {
		return paragraphs(strings.TrimRight(l.Text(), "\n"))
	}
	return harmless(l.HTML(), nil)
}
