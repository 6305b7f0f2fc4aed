package letter

import (
	"strings"
)

// cut is the lines of a body in the parts that Body names.
type cut struct {
	fresh, quoted, signature []line
	forwarded                bool
}

// part separates what the sender wrote from what the mail answers. It would rather keep old text than lose new: it cuts where a
// mail program certainly began the older mail, and quotations only where nothing new follows them.
func part(lines []line, marker string, forwards bool) cut {
	end := len(lines)
	if at, passedOn := older(lines, marker); at < end {
		if passedOn || forwards {
			return cut{fresh: lines, forwarded: true}
		}
		end = at
	}
	end = trailing(lines[:end])
	start := banner(lines[:end])
	start += leading(lines[start:end])
	sign := signed(lines[start:end]) + start
	c := cut{fresh: lines[start:sign], signature: lines[sign:end]}
	c.quoted = append(append(c.quoted, lines[:start]...), lines[end:]...)
	if spoken(c.fresh) {
		return c
	}
	if spoken(lines[start:end]) { // all that is new looks like a signature
		return cut{fresh: lines[start:end], quoted: c.quoted}
	}
	return cut{fresh: lines, forwarded: forwards}
}

// spoken reports whether lines say anything.
func spoken(lines []line) bool {
	for _, l := range lines {
		if l.form != rule && strings.TrimSpace(l.words()) != "" {
			return true
		}
	}
	return false
}

// older finds the line from which on everything is an older mail: our own marker, a printed header, an introduction beyond
// doubt of text that is not marked as a quotation, or what the mail program marked. passedOn: the older mail was forwarded.
func older(lines []line, marker string) (at int, passedOn bool) {
	for i, l := range lines {
		if l.history {
			return i, spoken(lines[i:]) && forwardBelow(lines[i:])
		}
		if l.form == code {
			continue
		}
		s := shortWords(l)
		if forwardLine.MatchString(s) && passes(lines, i) {
			return i, true
		}
		if l.quote > 0 { // answers may stand between what is quoted: trailing decides
			continue
		}
		if marker != "" && strings.Contains(strings.ToLower(s), strings.ToLower(marker)) {
			return introduced(lines, i), false
		}
		if at, ok := announced(lines, i, s); ok {
			return at, false
		}
	}
	return len(lines), false
}

// passes reports whether the mail that begins at the line was forwarded, not quoted: Apple marks forwarded mail as a quotation,
// but introduces it with nothing else.
func passes(lines []line, i int) bool {
	first := i == 0 || lines[i-1].quote == 0
	return lines[i].quote == 0 || lines[i].quote == 1 && first && introduced(lines, i) == i
}

// forwardBelow reports whether one of the first lines says that they are a forwarded mail.
func forwardBelow(lines []line) bool {
	for _, l := range lines[:min(len(lines), 3)] {
		if forwardLine.MatchString(shortWords(l)) {
			return true
		}
	}
	return false
}

// announced reports whether an older mail that is not marked as a quotation begins with the line, and where.
func announced(lines []line, i int, s string) (at int, ok bool) {
	if originalLine.MatchString(s) && i+1 < len(lines) {
		return i, true
	}
	if headerWord(s) != 0 && printedHeader(lines[i:]) {
		return separated(lines, i), true
	}
	if n, certain := introduces(lines, i); n > 0 && certain && i+n < len(lines) && !quotesSoon(lines[i+n:]) {
		return i, true
	}
	return 0, false
}

// separated moves a cut before the line that is drawn above it.
func separated(lines []line, i int) int {
	for i > 0 && (lines[i-1].form == rule || separator.MatchString(shortWords(lines[i-1])) || originalLine.MatchString(shortWords(lines[i-1]))) {
		i--
	}
	return i
}

// introduces reports how many lines, from the i-th on, introduce a quotation: 0 for none.
func introduces(lines []line, i int) (n int, certain bool) {
	if lines[i].attribution && !forwardLine.MatchString(shortWords(lines[i])) {
		return 1, false
	}
	var joined strings.Builder
	for n := 1; n <= 4 && i+n <= len(lines); n++ {
		l := lines[i+n-1]
		if n > 1 && (l.quote != lines[i].quote || l.gap || l.form != prose) {
			return 0, false
		}
		if joined.Len() > 0 {
			joined.WriteByte(' ')
		}
		joined.WriteString(strings.TrimSpace(shortWords(l)))
		if joined.Len() > attributionMost {
			return 0, false
		}
		if n == 1 && !begins.MatchString(joined.String()) && !strings.ContainsRune(joined.String(), '@') {
			return 0, false
		}
		if found, certain := attribution(joined.String()); found {
			return n, certain
		}
	}
	return 0, false
}

// quotesSoon reports whether the next lines are marked as a quotation.
func quotesSoon(lines []line) bool { return len(lines) > 0 && lines[0].quote > 0 }

// introduced moves a cut at the i-th line before the lines that introduce it. A line in the middle of an introduction may look
// like a whole one, so that the nearest that opens one counts.
func introduced(lines []line, i int) int {
	at := i
	for back := 1; back <= 4 && i-back >= 0; back++ {
		n, _ := introduces(lines, i-back)
		if n != back {
			continue
		}
		goesOn := strings.HasSuffix(strings.TrimSpace(shortWords(lines[i-back])), ",")
		if at == i || opening(lines[i-back]) && (goesOn || !opening(lines[at])) {
			at = i - back
		}
	}
	return at
}

// trailing returns where the quotations begin that nothing new follows.
func trailing(lines []line) int {
	end := len(lines)
	for end > 0 && lines[end-1].quote > 0 {
		end--
	}
	if end == len(lines) {
		return lastBlock(lines)
	}
	return introduced(lines, end)
}

// lastBlock is trailing where lines follow the last quotation: when they are only a signature, the quotation is the end all the same.
func lastBlock(lines []line) int {
	last := len(lines)
	for last > 0 && lines[last-1].quote == 0 {
		last--
	}
	if last == 0 || last == len(lines) || len(lines)-last > 12 {
		return len(lines)
	}
	tail := lines[last:]
	if !delimits(tail[0]) && !mobile(tail[0]) && !tail[0].signature && !footer(tail) {
		return len(lines)
	}
	end := last
	for end > 0 && lines[end-1].quote > 0 {
		end--
	}
	if end == 0 {
		return len(lines)
	}
	return introduced(lines, end)
}

// banner returns the end of the warning that a company's mail server writes above mail from outside.
func banner(lines []line) int {
	var joined strings.Builder
	for i, l := range lines[:min(len(lines), 4)] {
		if i > 0 && l.gap || l.quote > 0 {
			break
		}
		joined.WriteString(shortWords(l) + " ")
		if warning.MatchString(joined.String()) && (i+1 == len(lines) || lines[i+1].gap) {
			return i + 1
		}
	}
	return 0
}

// leading returns where new text begins when a mail begins with a quotation that a mail program introduced, and holds no other:
// it answers below. Where answers stand between quotations, all of them are needed to understand it.
func leading(lines []line) int {
	if len(lines) == 0 || lines[0].quote > 0 {
		return 0
	}
	i, _ := introduces(lines, 0)
	at := i
	for at < len(lines) && lines[at].quote > 0 {
		at++
	}
	if i == 0 || at == i || !spoken(lines[at:]) {
		return 0
	}
	for _, l := range lines[at:] {
		if l.quote > 0 {
			return 0
		}
	}
	return at
}

const signatureMost = 15 // lines; a longer text below a dash line is no signature

// signed returns where the signature begins.
func signed(lines []line) int {
	lastQuote := 0
	for i, l := range lines {
		if l.quote > 0 {
			lastQuote = i
		}
	}
	for i, l := range lines {
		if l.quote == 0 && i > 0 && footer(lines[i:]) {
			return i
		}
		if l.quote > 0 || !delimits(l) || i > 0 && !exact(l) && len(lines)-i > signatureMost {
			continue
		}
		if i > lastQuote {
			return i
		}
	}
	end := len(lines)
	for end > 0 && (lines[end-1].signature || end > 1 && mobile(lines[end-1])) {
		end--
	}
	return end
}

// delimits reports whether a line is the one that parts the text from the signature.
func delimits(l line) bool {
	s := strings.TrimRight(l.words(), " \t")
	return l.form != code && (s == "--" || s == "—" || s == "––" || s == "- --")
}

// exact reports whether it is so beyond doubt (RFC 3676).
func exact(l line) bool { return l.words() == "-- " }

// footer reports whether lines are what a mailing list writes below everything.
func footer(lines []line) bool {
	if len(lines) == 0 || len(lines) > 8 || !separator.MatchString(shortWords(lines[0])) {
		return false
	}
	for _, l := range lines[1:] {
		if s := strings.ToLower(shortWords(l)); strings.Contains(s, "mailing list") || strings.Contains(s, "unsubscribe") || strings.Contains(s, "listinfo") {
			return true
		}
	}
	return false
}
