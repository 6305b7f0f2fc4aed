package mail

import (
	"html"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// answer is the draft of a reply as the person's mail program makes it: to where replies are wanted, with the original below.
func (s *Server) answer(me Person, to Letter, said Draft, everybody bool) Draft {
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
	text := strings.TrimRight(strings.ReplaceAll(said.Text, "\r\n", "\n"), "\n ")
	switch when := s.written(to); {
	case said.quoted:
		d.Text = text + "\n"
	case me.Outlook:
		d.Text, d.HTML = outlook(to, text, when)
	default:
		d.Text, d.HTML = gmail(to, text, when)
	}
	return d
}

// written is when a letter was written, in the time of its reader.
func (s *Server) written(l Letter) time.Time {
	when := l.At
	if at, err := l.read().head.Date(); err == nil {
		when = at
	}
	return when.In(s.opt.Now().Location())
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

// between is what somebody begins with who answers line by line: the original with marks before its lines.
func between(to Letter, when time.Time) string {
	return attribution(to.From(), when) + "\n\n" + marked(to)
}

// gmail quotes below "On Wed, Nov 25, 2026 at 9:00 AM Ana <ana@…> wrote:", with a narrow blank before AM.
func gmail(to Letter, text string, when time.Time) (plain, rich string) {
	from := to.From()
	name := firstOf(from.Name, from.Address)
	rich = `<div dir="ltr">` + paragraphs(text) + `</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
		html.EscapeString(saidOn(when)+name) + ` &lt;<a href="mailto:` + html.EscapeString(from.Address) + `">` + html.EscapeString(from.Address) + `</a>&gt; wrote:<br></div>` +
		`<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">` + original(to) + "</blockquote></div>\n"
	return text + "\n\n" + between(to, when), rich
}

func saidOn(when time.Time) string {
	return "On " + when.Format("Mon, Jan 2, 2006 at 3:04\u202fPM") + " "
}

// attribution is the line above a quote, in two where it is long.
func attribution(from mail.Address, when time.Time) string {
	line := saidOn(when) + shown(from) + " wrote:"
	if len(line) > 78 {
		if i := strings.LastIndexByte(line[:78], ' '); i > 0 {
			line = line[:i] + "\n" + line[i+1:]
		}
	}
	return line
}

// marked is the text of a letter with a mark before each line.
func marked(l Letter) string {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(l.Text(), "\n"), "\n") {
		out.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	return out.String()
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
