package letter

import (
	"bytes"
	"slices"
	"strings"

	"signoff/internal/pattern"
)

const (
	reportMost     = 64 << 10 // bytes of a bounce's words that are searched
	recipientsMost = 50
	mentionsMost   = 50
)

// report reads a bounce or a complaint: the fields made for it, else what such mails say in words.
func report(root *node) *Report {
	rep := &Report{}
	words := reportWords(root)
	original := originalHeader(root, words)
	rep.Original = firstID(original.get("message-id"))
	rep.Mentioned = mentioned(root, rep.Original)
	if n := root.find("message/feedback-report"); n != nil || reportType(root) == "feedback-report" {
		rep.complaint(n, original)
		return rep
	}
	root.walk(func(n *node) {
		if n.inner == 0 && (n.media == "message/delivery-status" || n.media == "message/global-delivery-status") {
			rep.fields(n.start(4 * reportMost))
		}
	})
	rep.add(Recipient{}, root.fields.addresses("x-failed-recipients"))
	if len(rep.Recipients) == 0 && strings.Contains(words, "Final-Recipient:") {
		rep.fields([]byte(words))
	}
	if len(rep.Recipients) == 0 {
		rep.add(Recipient{}, namedInWords(words, root.fields))
	}
	if len(rep.Recipients) == 0 {
		rep.add(Recipient{}, slices.Concat(original.addresses("x-failed-recipients"), original.addresses("to")))
	}
	sure := reportType(root) != "" || root.fields.has("x-failed-recipients") || failing.MatchString(root.fields.get("subject"))
	rep.complete(words, words+" "+root.fields.get("subject"), sure)
	return rep
}

// add notes recipients that are not known yet.
func (rep *Report) add(like Recipient, list []Address) {
	for _, a := range list {
		known := slices.ContainsFunc(rep.Recipients, func(r Recipient) bool { return strings.EqualFold(r.Address, a.Address) })
		if a.Address == "" || known || len(rep.Recipients) >= recipientsMost {
			continue
		}
		like.Address = a.Address
		rep.Recipients = append(rep.Recipients, like)
	}
}

// fields reads the groups of a message/delivery-status; those that name a recipient count.
func (rep *Report) fields(body []byte) {
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	for group := range bytes.SplitSeq(body, []byte("\n\n")) {
		h, _ := readHeader(group)
		r := Recipient{Action: kindOf(h.get("action")), Status: enhanced.FindString(h.get("status")), Diagnostic: diagnosticOf(h.get("diagnostic-code"))}
		for _, name := range []string{"final-recipient", "original-recipient", "x-actual-recipient"} {
			if found := lookAddresses(afterType(h.get(name))); len(found) > 0 {
				rep.add(r, found[:1])
				break
			}
		}
	}
}

// afterType drops the type of an address or a diagnosis: "rfc822; ".
func afterType(value string) string {
	if head, rest, ok := strings.Cut(value, ";"); ok && !strings.ContainsAny(strings.TrimSpace(head), " @<") {
		return rest
	}
	return value
}

func diagnosticOf(value string) string {
	s := words(afterType(value))
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}

func kindOf(action string) ReportKind {
	switch firstWord(action) {
	case "failed", "failure":
		return Failed
	case "delayed":
		return Delayed
	case "delivered", "relayed", "expanded":
		return Delivered
	}
	return ""
}

// reportWords is what the report says to people, without the mail that came back.
func reportWords(root *node) string {
	var b strings.Builder
	root.walk(func(n *node) {
		empty := n.multipart() && len(n.kids) == 0 // its boundary never came: all of it is words
		if n.inner > 0 || b.Len() > reportMost || n.media != "text/plain" && n.media != "text/html" && !empty {
			return
		}
		s, _, _ := n.words()
		if n.media == "text/html" {
			for _, l := range readHTML(s).lines {
				b.WriteString(l.words() + "\n")
			}
			return
		}
		b.WriteString(s + "\n")
	})
	s := strings.ReplaceAll(b.String(), "\r\n", "\n")
	return strings.ToValidUTF8(s[:min(len(s), reportMost)], "")
}

// quotedFrom finds where a report in words begins to quote the mail that came back.
var quotedFrom = pattern.New(`(?im)^[>\s]*(?:-{2,}.{0,80}(?:copy of (?:the|your) (?:original )?message|original message|` +
	`unsent message|returned message|message headers?|message header follows|below this line).{0,80}|(?:original message headers?|` +
	`the header of your message|message header):?.{0,40}|the (?:original|undelivered) message .{0,60}:)$`)

// originalHeader is the header of the mail that a report is about.
func originalHeader(root *node, words string) header {
	var found *node
	root.walk(func(n *node) {
		if found == nil && n.inner == 0 && (n.media == "message/rfc822" || n.media == "text/rfc822-headers" || n.media == "message/rfc822-headers" || n.media == "message/global" || n.media == "message/global-headers" || n.media == "message/partial") {
			found = n
		}
	})
	switch {
	case found == nil:
		return headerInWords(words)
	case found.media == "message/rfc822":
		return innerHeader(found)
	}
	return headerOf(found.start(headerMost))
}

// headerInWords finds a quoted header in the words of a report: from the first line on that begins like one.
func headerInWords(words string) header {
	at := 0
	if m := quotedFrom.FindStringIndex(words); m != nil {
		at = m[1]
	}
	if m := headerBegins.FindStringIndex(words[at:]); m != nil {
		at += m[0]
	} else if at == 0 {
		return nil
	}
	block := strings.TrimLeft(words[at:], "\n")
	h, _ := readHeader([]byte(block[:headEnd([]byte(block))]))
	return h
}

var headerBegins = pattern.New(`(?m)^(?:Return-Path|Received|X-Original-To|Delivered-To|DKIM-Signature|Message-I[Dd]|MIME-Version):`)

var idInText = pattern.New(`<([^<>\s@]{1,200}@[^<>\s@]{1,200})>`)

// mentioned gathers everything in the beginning of a report that may be the Message-ID of a mail of ours.
func mentioned(root *node, first string) []string {
	var list []string
	add := func(s string) {
		for _, m := range idInText.FindAllStringSubmatch(s, -1) {
			if m[1] != first && !slices.Contains(list, m[1]) && len(list) < mentionsMost {
				list = append(list, m[1])
			}
		}
	}
	room := reportMost
	root.walk(func(n *node) {
		if n.inner > 0 {
			for _, f := range n.fields {
				if f.name == "message-id" || f.name == "references" || f.name == "in-reply-to" {
					add(f.value)
				}
			}
		}
		if len(n.kids) > 0 || room <= 0 {
			return
		}
		body := n.start(room)
		room -= len(body)
		add(string(body))
	})
	return list
}

var (
	enhanced  = pattern.New(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	statusIn  = pattern.New(`(?:^|[\s#(\[<:])([245]\.\d{1,3}\.\d{1,3})(?:$|[\s)\]>:,;.])`)
	replyCode = pattern.New(`(?m)(?:^|[\s:#(>])([45])[0-5]\d[ -]`)
	delaying  = pattern.New(`(?i)delayed|will (?:be )?(?:retry|retried|continue|keep trying)|still being|not yet been delivered|` +
		`warning message only|temporar|no action is required|wird weiter`)
	failure = pattern.New(`(?i)permanent|giving up|could ?n.t be delivered|could not be delivered|was not delivered|undeliver|` +
		`fatal error|does not exist|user unknown|failed permanently|i've given up|delivery failed|has failed`)
)

// complete fills in what the fields did not say, and what is worst of all. sure: it is a report beyond doubt.
func (rep *Report) complete(words, all string, sure bool) {
	status := ""
	if m := statusIn.FindStringSubmatch(words); m != nil {
		status = m[1]
	}
	for i := range rep.Recipients {
		r := &rep.Recipients[i]
		if r.Status == "" || strings.HasSuffix(r.Status, ".0.0") {
			if s := enhanced.FindString(r.Diagnostic); s != "" {
				r.Status = s
			} else if r.Status == "" {
				r.Status = status
			}
		}
		if r.Action == "" {
			r.Action = actionIn(r.Status, all, sure)
		}
		if r.Diagnostic == "" {
			r.Diagnostic = saidOf(words, r.Address)
		}
	}
	rep.Kind = actionIn(status, all, sure)
	for i, r := range rep.Recipients {
		if i == 0 || rank(r.Action) > rank(rep.Kind) {
			rep.Kind = r.Action
		}
	}
}

func rank(k ReportKind) int {
	return slices.Index([]ReportKind{"", Delivered, Delayed, Failed, Complaint}, k)
}

// actionIn tells by a status or by words whether a mail is late or lost. Where neither says so, a mail from nobody is a report
// only if it is sure to be one: vacation notes come from nobody, too.
func actionIn(status, words string, sure bool) ReportKind {
	code := ""
	if m := replyCode.FindStringSubmatch(words); m != nil {
		code = m[1]
	}
	switch {
	case strings.HasPrefix(status, "5"):
		return Failed
	case strings.HasPrefix(status, "2"):
		return Delivered
	case failure.MatchString(words):
		return Failed
	case strings.HasPrefix(status, "4"), delaying.MatchString(words), code == "4":
		return Delayed
	case code == "5", sure:
		return Failed
	}
	return ""
}

// saidOf is what a report in words says of an address: the nearest line after it that bears a code, else the first that says
// something.
func saidOf(words, address string) string {
	at := strings.Index(words, address)
	if at < 0 {
		return ""
	}
	rest := words[at+len(address):]
	said := ""
	for line := range strings.Lines(rest[:min(len(rest), 1500)]) {
		line = strings.Trim(oneLine(repair(line)), "<>:;. ")
		line = strings.ToValidUTF8(line[:min(len(line), 500)], "")
		if replyCode.MatchString(line+" ") || statusIn.MatchString(line) {
			return line
		}
		if said == "" && len(line) > 12 && strings.Contains(line, " ") {
			said = line
		}
	}
	return said
}

// The lines by which a report in words names a recipient: the address alone or before its diagnosis, or after words that such
// reports use.
var (
	aloneInLine = pattern.New(`(?i)^<?([^\s<>,;:"'()\[\]]+@[a-z0-9.-]+[a-z0-9])>?\s*(?:$|<mailto:|\(|[:;,]|\.\.\.|- |on \d)`)
	afterWords  = pattern.New(`(?i)^[\w' ]*?\b(?:recipient|address|mailbox|user|to|for|an|destinat\w+|final-recipient|` +
		`original-recipient|rcpt to)(?:\(s\))?(?:\s+(?:address|was|` +
		`is))?\s*[:=]?\s*(?:rfc822[;,]\s*)?<?([^\s<>,;:"'()\[\]=]+@[a-z0-9.-]+[a-z0-9])>?`)
)

// inLine finds the recipient that a line names.
func inLine(line string) string {
	line = strings.TrimLeft(line, " \t>*")
	if len(line) > 400 || !strings.Contains(line, "@") {
		return ""
	}
	for _, form := range []*pattern.Pattern{aloneInLine, afterWords} {
		if m := form.FindStringSubmatch(line); m != nil {
			return tidyAddress(m[1])
		}
	}
	return ""
}

func namedInWords(words string, h header) []Address {
	if m := quotedFrom.FindStringIndex(words); m != nil {
		words = words[:m[0]]
	}
	if m := headerBegins.FindStringIndex(words); m != nil {
		words = words[:m[0]]
	}
	var list []Address
	for line := range strings.Lines(words) {
		if a := inLine(strings.TrimSpace(line)); a != "" && len(list) < recipientsMost {
			list = append(list, Address{Address: a})
		}
	}
	if len(list) > 0 {
		return list
	}
	ours := slices.Concat(h.addresses("to"), h.addresses("from"), h.addresses("return-path"))
	for _, m := range idInText.FindAllStringSubmatch(words, 5) {
		a := Address{Address: tidyAddress(m[1])}
		if !slices.ContainsFunc(ours, func(o Address) bool { return strings.EqualFold(o.Address, a.Address) }) {
			return []Address{a}
		}
	}
	return nil
}

// complaint reads a report that a recipient does not want mail (RFC 5965).
func (rep *Report) complaint(n *node, original header) {
	rep.Kind = Complaint
	if n != nil {
		h := headerOf(n.start(reportMost))
		rep.add(Recipient{Action: Complaint}, slices.Concat(h.addresses("original-rcpt-to"), h.addresses("removal-recipient")))
	}
	if len(rep.Recipients) == 0 {
		rep.add(Recipient{Action: Complaint}, original.addresses("to"))
	}
}
