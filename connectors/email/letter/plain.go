package letter

import (
	"strconv"
	"strings"

	"signoff/internal/pattern"
)

// flow says how the lines of a plain text part were broken (RFC 3676).
type flow struct{ flowed, delSp bool }

// plainLines reads plain text as lines. Marks of quotation are counted, items of lists are known, addresses become links, and
// nothing else is markup. whole is false when the text goes on after the bound.
func plainLines(s string, f flow) (lines []line, whole bool) {
	whole = true
	if len(s) > wordsMost {
		s, whole = strings.ToValidUTF8(s[:wordsMost], ""), false
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	gap, soft := false, false
	for raw := range strings.SplitSeq(s, "\n") {
		if len(lines) >= linesMost {
			return lines, false
		}
		depth, words := unquote(raw)
		if f.flowed {
			words = strings.TrimPrefix(words, " ")
		}
		signature := words == "-- "
		if strings.TrimSpace(words) == "" {
			gap, soft = true, false
			continue
		}
		if soft && depth == lines[len(lines)-1].quote && !signature {
			last := &lines[len(lines)-1]
			last.runs = append(last.runs, run{words: words})
		} else {
			lines = append(lines, line{runs: []run{{words: words}}, quote: depth, gap: gap})
		}
		gap = false
		if soft = f.flowed && strings.HasSuffix(words, " ") && !signature; soft && f.delSp {
			runs := lines[len(lines)-1].runs
			runs[len(runs)-1].words = strings.TrimSuffix(words, " ")
		}
	}
	for i := range lines {
		lines[i].runs = merged(lines[i].runs)
	}
	enumerate(lines)
	for i := range lines {
		lines[i].runs = linked(lines[i].runs[0])
	}
	return lines, whole
}

// unquote counts and drops the marks of quotation before a line.
func unquote(raw string) (depth int, words string) {
	words = raw
	for {
		rest := strings.TrimLeft(words, " \t")
		if !strings.HasPrefix(rest, ">") || strings.HasPrefix(rest, ">From ") && depth == 0 {
			break
		}
		words = strings.TrimPrefix(rest[1:], " ")
		depth++
	}
	if depth == 0 || depth == 1 && tornWrote.MatchString(words) {
		return 0, strings.TrimPrefix(raw, "\ufeff")
	}
	return min(depth, depthMost), words
}

// tornWrote is the end of an introduction whose address in brackets was broken over lines.
var tornWrote = pattern.New(`(?i)^(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu) ?:$`)

var (
	bullet   = pattern.New(`^\s{0,8}[-*•·‣–]\s+(\S.*)$`)
	numbered = pattern.New(`^\s{0,8}(\d{1,3})[.)]\s+(\S.*)$`)
)

// stretch is how many lines belong to one list, and how many items begin in them.
type stretch struct {
	lines, items int
	list         list
}

// enumerate finds the items of lists: lines that begin with a bullet or a number, and the lines that go on with them, which are
// indented or stand before another item. One line that begins with a dash is no list, people write so; neither is a number alone.
func enumerate(lines []line) {
	for i := 0; i < len(lines); {
		s := listAt(lines[i:])
		if s.items >= 2 {
			for j := range lines[i : i+s.lines] {
				lines[i+j].enlist(s.list)
			}
		}
		i += max(s.lines, 1)
	}
}

const lazyMost = 3 // lines of an item that are not indented

// listAt measures the list that begins with the first line.
func listAt(lines []line) stretch {
	first, _, ok := item(lines[0])
	if !ok {
		return stretch{}
	}
	s := stretch{lines: 1, items: 1, list: first}
	for i, l := range lines[1:] {
		if l.quote != lines[0].quote {
			break
		}
		next, _, ok := item(l)
		indented := strings.HasPrefix(l.runs[0].words, "  ") || strings.HasPrefix(l.runs[0].words, "\t")
		lazy := i + 1 - s.lines
		switch {
		case ok && next.numbered == first.numbered:
			s.items++
			s.lines = i + 2
		case ok, l.gap, lazy >= lazyMost:
			return s
		case indented && lazy == 0:
			s.lines = i + 2
		}
	}
	return s
}

// item reports whether a line begins an item, of what list, and what it says.
func item(l line) (list, string, bool) {
	words := l.runs[0].words
	if m := bullet.FindStringSubmatch(words); m != nil {
		return list{}, m[1], true
	}
	if m := numbered.FindStringSubmatch(words); m != nil {
		first, _ := strconv.Atoi(m[1]) // three digits at most
		return list{numbered: true, first: first}, m[2], true
	}
	return list{}, "", false
}

func (l *line) enlist(in list) {
	l.lists = []list{in}
	if _, rest, ok := item(*l); ok {
		l.item = true
		l.runs[0].words = rest
		return
	}
	l.runs[0].words = strings.TrimSpace(l.runs[0].words)
}
