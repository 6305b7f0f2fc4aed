package mail

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// row is a letter or a conversation in a list.
type row struct {
	URL, Who, FromName, Subject, Snippet, When, Stamp string
	Unread, Files                                     bool
	Count                                             int
}

// opened is the letter that is read.
type opened struct {
	URL, Subject, FromName, FromAddress, To, Cc, Date, Stamp string
	Initials, Verdict, Machine                               string
	Tint                                                     int
	Passed                                                   bool
	HasHTML, AsHTML                                          bool
	Height                                                   int
	Lines, Quoted                                            []paragraph
	Files                                                    []fileLink
	Answers                                                  string // whom a reply goes to; "" = none can be written
	More                                                     bool   // there are others to reply to
	Between                                                  bool   // the reply begins with the lines that it answers
}

type fileLink struct{ Name, URL, Size string }

// paragraph is a line of plain text, in pieces that are links or not.
type paragraph struct {
	Quote bool
	Bits  []bit
}

type bit struct{ Text, URL string }

// box lists a mailbox: an inbox by conversations, the others letter by letter.
func (p *pages) box(w http.ResponseWriter, r *http.Request) {
	name := cmp.Or(r.PathValue("name"), inbox)
	v := p.view(r, name, name)
	if name == inbox {
		v.Title = "Inbox"
	}
	if !slices.Contains(p.Mailboxes(v.Me.Address), name) {
		p.nothing(w, r)
		return
	}
	v.Watch = true
	list := p.Letters(v.Me.Address, name)
	if name == inbox && !v.Me.Service {
		v.Rows = p.conversations(v.Me)
	} else {
		for _, l := range slices.Backward(list) {
			v.Rows = append(v.Rows, p.row(l, v.Me, name == sent))
		}
	}
	p.render(w, http.StatusOK, "list", v)
}

// conversations are the rows of a person's inbox. Of each the newest letter that was received is shown.
func (p *pages) conversations(me Person) (rows []row) {
	p.mu.Lock()
	all := p.account(me.Address).all()
	p.mu.Unlock()
	for _, t := range threads(all) {
		received := slices.DeleteFunc(slices.Clone(t), func(l Letter) bool { return l.Box != inbox })
		if len(received) == 0 {
			continue
		}
		one := p.row(received.newest(), me, false)
		one.Count = len(t)
		one.Subject = cmp.Or(t[0].Subject(), one.Subject)
		one.Unread = slices.ContainsFunc(received, Letter.Unread)
		one.Files = slices.ContainsFunc(t, Letter.attached)
		rows = append(rows, one)
	}
	return rows
}

// row is one letter in a list; of one's own it shows to whom it went.
func (p *pages) row(l Letter, me Person, own bool) row {
	from := l.From()
	out := row{URL: p.pathOf(l), FromName: cmp.Or(from.Name, from.Address, "Nobody"), Subject: cmp.Or(l.Subject(), "(no subject)"), Files: l.attached(), Unread: l.Unread() && !me.Service}
	out.Who = out.FromName
	if own {
		out.Who = "To " + names(l.people("To", "Cc"))
	}
	fresh, _ := parted(l.Text())
	fresh = slices.DeleteFunc(fresh, func(line string) bool { return strings.HasPrefix(line, ">") || separator.MatchString(line) })
	snippet := strings.Join(strings.Fields(strings.Join(fresh, " ")), " ")
	if utf8.RuneCountInString(snippet) > 140 {
		snippet = string([]rune(snippet)[:140]) + "…"
	}
	out.Snippet = snippet
	now := p.opt.Now()
	at := l.At.In(now.Location())
	out.Stamp, out.When = at.Format(time.RFC3339), at.Format("2 Jan")
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		out.When = at.Format("15:04")
	}
	return out
}

func names(list []*mail.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, cmp.Or(a.Name, a.Address))
	}
	return strings.Join(out, ", ")
}

func (p *pages) pathOf(l Letter) string { return p.opt.Prefix + "/letters/" + strconv.Itoa(l.ID) }

// mine finds the letter of the address among those of the person who looks.
func (p *pages) mine(r *http.Request) (Letter, []Letter, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return Letter{}, nil, false
	}
	me := p.me(r)
	p.mu.Lock()
	all := p.account(me.Address).all()
	p.mu.Unlock()
	i := slices.IndexFunc(all, func(l Letter) bool { return l.ID == id })
	if i < 0 {
		return Letter{}, nil, false
	}
	return all[i], all, true
}

func (p *pages) letter(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, func(*view) {})
}

// show draws the page of a letter within its conversation. Opening it marks it as read, except for the product.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, change func(*view)) {
	l, all, ok := p.mine(r)
	if !ok {
		p.nothing(w, r)
		return
	}
	me := p.me(r)
	if !me.Service && l.Unread() {
		p.mark(me.Address, l.ID, `\Seen`)
	}
	v := p.view(r, cmp.Or(l.Subject(), "(no subject)"), l.Box)
	v.Letter = p.opened(l, me, r.URL.Query().Get("view"))
	if v.Letter.Between = r.URL.Query().Get("answer") == "between"; v.Letter.Between {
		v.Form.Text = between(l, p.written(l))
	}
	if !me.Service {
		before := true
		for _, o := range conversation(all, l) {
			switch one := p.row(o, me, false); {
			case o.ID == l.ID:
				before = false
			case before:
				v.Before = append(v.Before, one)
			default:
				v.After = append(v.After, one)
			}
		}
	}
	change(&v)
	p.render(w, status, "letter", v)
}

// conversation is the thread that a letter is in.
func conversation(all []Letter, l Letter) thread {
	for _, t := range threads(slices.Clone(all)) {
		if slices.ContainsFunc(t, func(o Letter) bool { return o.ID == l.ID }) {
			return t
		}
	}
	return thread{l}
}

func (p *pages) opened(l Letter, me Person, how string) *opened {
	from := l.From()
	out := &opened{URL: p.pathOf(l), Subject: cmp.Or(l.Subject(), "(no subject)"), FromName: cmp.Or(from.Name, from.Address, "Nobody"), To: cmp.Or(everyone(l.people("To")), "nobody who is named"), Cc: everyone(l.people("Cc"))}
	if from.Name != "" {
		out.FromAddress = from.Address
	}
	at := l.At.In(p.opt.Now().Location())
	out.Date, out.Stamp = at.Format("Monday 2 January 2006, 15:04 MST"), at.Format(time.RFC3339)
	out.Initials, out.Tint = initials(out.FromName), int(sum(from.Address))%6
	out.Verdict, out.Passed = p.checked(l)
	if auto := l.Header("Auto-Submitted"); auto != "" && auto != "no" {
		out.Machine = auto
	}
	out.HasHTML = l.HTML() != ""
	fresh, quoted := parted(l.Text())
	out.AsHTML = out.HasHTML && (how == "html" || how != "plain" && l.Box != sent && len(quoted) == 0)
	out.Height = l.read().height()
	out.Lines, out.Quoted = linked(fresh), linked(quoted)
	for i, f := range l.Files() {
		if l.within(f) {
			continue
		}
		out.Files = append(out.Files, fileLink{f.Name, fmt.Sprintf("%s/files/%d", out.URL, i), size(len(f.Data))})
	}
	if !me.Service && l.Box != sent {
		d := p.answer(me, l, Draft{}, true)
		out.Answers, out.More = strings.Join(readable(d.To), ", "), len(d.Cc) > 0
	}
	return out
}

// readable are addresses without the quotes that a field needs.
func readable(list []string) (out []string) {
	for _, one := range list {
		if a, err := mail.ParseAddress(one); err == nil {
			out = append(out, shown(*a))
		}
	}
	return out
}

// everyone writes addresses as people read them.
func everyone(list []*mail.Address) string { return strings.Join(readable(named(list)), ", ") }

func sum(s string) (n uint32) {
	for _, b := range []byte(s) {
		n = n*31 + uint32(b)
	}
	return n
}

func initials(name string) string {
	var out []rune
	for word := range strings.FieldsSeq(name) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(r) && len(out) < 2 {
			out = append(out, unicode.ToUpper(r))
		}
	}
	return cmp.Or(string(out), "?")
}

// outcomes matches what was found by each method.
var outcomes = regexp.MustCompile(`\b(?:spf|dkim|dmarc)=\w+`)

// checked is what the server wrote about a letter that came in.
func (p *pages) checked(l Letter) (verdict string, passed bool) {
	found := l.Header("Authentication-Results")
	if l.Box == sent || !strings.HasPrefix(found, p.opt.AuthservID+";") {
		return "", true
	}
	return strings.Join(outcomes.FindAllString(found, -1), ", "), strings.Contains(found, "dmarc=pass")
}

func size(n int) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d kB", (n+512)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// attributed matches the end of the line above a quote.
var attributed = regexp.MustCompile(`(?i)\b(?:wrote|schrieb|a écrit)\s*:$`)

// separator matches a line that is there for machines.
var separator = regexp.MustCompile(`^-- .+ --$`)

// parted parts text into what was written anew and what is quoted at its end.
func parted(text string) (fresh, quoted []string) {
	all := strings.Split(strings.TrimRight(text, "\n "), "\n")
	end := len(all)
	for end > 0 && (strings.HasPrefix(all[end-1], ">") || strings.TrimSpace(all[end-1]) == "") {
		end--
	}
	if i := slices.Index(all, strings.Repeat("_", 32)); i >= 0 && i+1 < len(all) && strings.HasPrefix(all[i+1], "From: ") {
		end = i
	} else if end > 0 && end < len(all) && attributed.MatchString(all[end-1]) {
		for end > 0 && strings.TrimSpace(all[end-1]) != "" {
			end--
		}
	}
	fresh, quoted = all[:end], all[end:]
	for len(fresh) > 0 && strings.TrimSpace(fresh[len(fresh)-1]) == "" {
		fresh = fresh[:len(fresh)-1]
	}
	return fresh, quoted
}

// linked finds the web addresses in lines of text.
func linked(lines []string) (out []paragraph) {
	for _, line := range lines {
		l := paragraph{Quote: strings.HasPrefix(line, ">")}
		at := 0
		for _, span := range webAddress.FindAllStringIndex(line, -1) {
			address := strings.TrimRight(line[span[0]:span[1]], ".,;:!?)>]")
			if span[0] > at {
				l.Bits = append(l.Bits, bit{Text: line[at:span[0]]})
			}
			l.Bits = append(l.Bits, bit{Text: address, URL: address})
			at = span[0] + len(address)
		}
		if at < len(line) {
			l.Bits = append(l.Bits, bit{Text: line[at:]})
		}
		out = append(out, l)
	}
	return out
}

// html serves the HTML of a letter for the frame on its page.
func (p *pages) html(w http.ResponseWriter, r *http.Request) {
	l, _, ok := p.mine(r)
	if !ok || l.HTML() == "" {
		p.nothing(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", letterPolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Del("Cross-Origin-Opener-Policy")     // of no use within a frame, and browsers refuse it to what is confined
	_, _ = w.Write([]byte(l.read().page())) // the visitor may be gone
}

// original serves a letter byte by byte, as text.
func (p *pages) original(w http.ResponseWriter, r *http.Request) {
	l, _, ok := p.mine(r)
	if !ok {
		p.nothing(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", filePolicy)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(l.Raw) // the visitor may be gone
}

// file serves an attachment, never to be shown as a page.
func (p *pages) file(w http.ResponseWriter, r *http.Request) {
	l, _, ok := p.mine(r)
	n, err := strconv.Atoi(r.PathValue("n"))
	if !ok || err != nil || n < 0 || n >= len(l.Files()) {
		p.nothing(w, r)
		return
	}
	f := l.Files()[n]
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}), "attachment"))
	_, _ = w.Write(f.Data) // the visitor may be gone
}
