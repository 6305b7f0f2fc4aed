package letter

import (
	"slices"
	"strings"

	"signoff/internal/pattern"
)

// Read reads a mail. It never fails: see Refused.
func Read(raw []byte, o Options) Letter {
	raw = trim(raw)
	root, refused := scan(raw)
	l := heads(root, o)
	if l.Refused = refused; refused != nil {
		l.Files = []File{wholeFile(raw, l.Title)}
		return l
	}
	r := reader{letter: &l}
	said, forwards := r.collect(root), l.forwards()
	if passed := root.find("message/rfc822"); len(said.lines) == 0 && passed != nil && passed.forwarded() {
		said, forwards = r.collect(passed.kids[0]), true
	}
	l.Body = partBody(said, o.Marker, forwards)
	r.armour(said.lines)
	r.attach(root, said.cids)
	if l.Class == Bounce {
		l.Report = report(root)
	}
	return l
}

// armour tells of PGP that stands among the words: they are kept as they came.
func (r *reader) armour(lines []line) {
	for _, l := range lines {
		switch strings.TrimSpace(l.words()) {
		case "-----BEGIN PGP MESSAGE-----":
			r.note("The mail is encrypted (PGP): signoff cannot read it, and shows it as it came.")
		case "-----BEGIN PGP SIGNED MESSAGE-----":
			r.note("The mail is signed with PGP among its words; signoff does not check that signature.")
		}
	}
}

// Head reads only what the headers and the structure of a mail say: Body, Files, Report and Notes stay empty, and Calendar is
// known only where the header of its part names it. It costs one pass over the bytes.
func Head(raw []byte, o Options) Letter {
	root, refused := scan(trim(raw))
	l := heads(root, o)
	l.Refused = refused
	return l
}

// heads reads the header of the mail and tells its class.
func heads(root *node, o Options) Letter {
	h := root.fields
	l := Letter{
		Authors: h.addresses("from"), ReplyTo: h.addresses("reply-to"), To: h.addresses("to"), Cc: h.addresses("cc"),
		Subject: subjectOf(h), Date: date(h.get("date")), MessageID: firstID(h.get("message-id")),
		InReplyTo: ids(h.get("in-reply-to")), References: ids(h.get("references")), ThreadIndex: oneLine(repair(h.get("thread-index"))),
		List: listID(h),
	}
	if senders := h.addresses("sender"); len(senders) > 0 {
		l.Sender = senders[0]
	}
	l.ReturnPath, l.NullSender = returnPath(h, o.Envelope)
	l.From = author(l)
	l.Delivered = delivered(h, l, o.Envelope)
	l.Title, l.Tags = title(l.Subject, o.Key)
	l.Calendar = calendarOf(root)
	l.Class, l.Because = classify(root, l, o)
	return l
}

func subjectOf(h header) string {
	s := words(h.get("subject"))
	if len(s) > subjectMost {
		s = strings.ToValidUTF8(s[:subjectMost], "")
	}
	return s
}

// author is whom a mail is from: one address of From, or the Sender where it has several or none, or the envelope's.
func author(l Letter) Address {
	switch {
	case len(l.Authors) == 1:
		return l.Authors[0]
	case l.Sender.Address != "":
		return l.Sender
	case len(l.Authors) > 1:
		return Address{}
	}
	return Address{Address: l.ReturnPath}
}

// returnPath is the envelope's sender as the server said, else as the topmost Return-Path says.
func returnPath(h header, e Envelope) (address string, null bool) {
	if e.Known {
		return tidyAddress(e.From), strings.Trim(e.From, "<> ") == ""
	}
	if !h.has("return-path") {
		return "", false
	}
	value := h.get("return-path")
	found := lookAddresses(value)
	if len(found) > 0 {
		return found[0].Address, false
	}
	return "", strings.Contains(strings.ReplaceAll(value, " ", ""), "<>")
}

// delivered gathers the addresses that a mail was meant for, those of the envelope first.
func delivered(h header, l Letter, e Envelope) []string {
	var list []string
	add := func(address string) {
		if address = tidyAddress(address); address != "" && !slices.ContainsFunc(list, func(a string) bool { return strings.EqualFold(a, address) }) && len(list) < addressesMost {
			list = append(list, address)
		}
	}
	for _, to := range e.To {
		add(to)
	}
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "resent-to"} {
		for _, a := range h.addresses(name) {
			add(a.Address)
		}
	}
	for _, a := range slices.Concat(l.To, l.Cc) {
		add(a.Address)
	}
	return list
}

var (
	prefix = pattern.New(`(?i)^\s*(?:(?:re|aw|antw|antwort|sv|vs|vá|rép|rif|res|odp|ynt|ang|bls|atb|回复|回覆|答复|답장|fwd?|wg|tr|rv|enc|` +
		`doorst|vb|vl|pd|továbbítás|i|转发|轉寄|전달|fyi)(?:\s*[\[(]\d{1,3}[\])]|\^\d{1,3})?\s*[:：]|\[(?:ext|external|extern)\]:?)\s*`)
	passed = pattern.New(`(?i)^\s*(?:\[[^\]]{0,30}\]\s*)*(?:fwd?|wg|tr|rv|enc|doorst|vb|vl|pd|i|转发|轉寄|전달)\s*[:：]`)
	tag    = pattern.New(`\[[A-Za-z][A-Za-z0-9]{0,9}-\d{1,9}\]\s*`)
)

// title takes answer and forward prefixes and the tags of requests off a subject.
func title(subject, key string) (string, []string) {
	var tags []string
	s := tag.ReplaceAllStringFunc(subject, func(found string) string {
		word := strings.Trim(found, "[] ")
		if prefix, _, _ := strings.Cut(word, "-"); key != "" && !strings.EqualFold(prefix, key) {
			return found
		}
		tags = append(tags, word)
		return ""
	})
	for range 20 {
		short := prefix.ReplaceAllString(s, "")
		if short == s {
			break
		}
		s = short
	}
	return strings.TrimSpace(s), tags[:min(len(tags), 10)]
}

// forwards reports whether the subject says that the mail passes another one on.
func (l Letter) forwards() bool { return passed.MatchString(l.Subject) }

// listID is what a list calls itself.
func listID(h header) string {
	value := words(h.get("list-id"))
	if i := strings.LastIndexByte(value, '<'); i >= 0 {
		value = strings.Trim(value[i:], "<> ")
	}
	return value
}

// calendarOf is the method of the first calendar part whose header names it.
func calendarOf(root *node) (method string) {
	root.walk(func(n *node) {
		if method == "" && n.inner == 0 && n.media == "text/calendar" {
			method = strings.ToUpper(oneLine(repair(n.params["method"])))
		}
	})
	return method
}
