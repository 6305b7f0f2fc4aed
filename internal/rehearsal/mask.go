package rehearsal

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"signoff/internal/flow"
	"signoff/rules"
)

// mask hides who is behind a recorded test. People of the directory keep the names that rules call them by; everybody else
// gets another one, and so do addresses and telephone numbers.
type mask struct {
	known  map[string]bool // directory names
	others map[string]string
	shown  []replacement // names in words, longest first
	spares []string
	rules  string // all rule files, in small letters: what they speak of stays
	links  map[string]string
}

type replacement struct {
	name *regexp.Regexp
	by   string
}

func newMask(set *rules.Set, records []flow.Record) *mask {
	m := &mask{known: map[string]bool{}, others: map[string]string{}, links: map[string]string{}}
	for _, s := range set.Sources() {
		m.rules += strings.ToLower(string(s.Data)) + "\n"
	}
	words := map[string]string{}
	for _, p := range set.People() {
		m.known[p.Name] = true
		words[p.Shown] = p.Name
	}
	for _, name := range []string{"maya", "sam", "tom", "lin", "ravi", "jon", "olga"} {
		if !m.known[name] {
			m.spares = append(m.spares, name)
		}
	}
	for _, rec := range records {
		for _, a := range []flow.Actor{rec.Event.Actor, rec.Event.To} {
			name := m.name(a)
			if name == "" || a.Name != "" {
				continue
			}
			for _, part := range m.parts(a) {
				words[part] = titled(name)
			}
		}
	}
	for name, by := range words {
		if strings.TrimSpace(name) != "" {
			m.shown = append(m.shown, replacement{whole(name), by})
		}
	}
	slices.SortFunc(m.shown, func(a, b replacement) int {
		return cmp.Or(cmp.Compare(len(b.name.String()), len(a.name.String())), cmp.Compare(a.name.String(), b.name.String()))
	})
	return m
}

// whole finds words that are not part of longer ones.
func whole(words string) *regexp.Regexp {
	edge := func(r byte) string {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return `\b`
		}
		return "" // RE2 knows the letters of English only
	}
	return regexp.MustCompile(`(?i)` + edge(words[0]) + regexp.QuoteMeta(words) + edge(words[len(words)-1]))
}

// parts are the words by which somebody may be called: their name, and each part of it and of their address. What rules
// speak of is no name.
func (m *mask) parts(a flow.Actor) []string {
	local, _, _ := strings.Cut(a.Email, "@")
	out := []string{a.Shown}
	for _, word := range strings.FieldsFunc(a.Shown+" "+local, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len([]rune(word)) > 2 && !strings.Contains(m.rules, strings.ToLower(word)) {
			out = append(out, word)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return len([]rune(s)) < 3 })
}

// name is the name by which a test knows somebody.
func (m *mask) name(a flow.Actor) string {
	id := a.ID()
	switch {
	case id == "":
		return ""
	case m.known[a.Name]:
		return a.Name
	case m.others[id] != "":
		return m.others[id]
	}
	name := fmt.Sprintf("guest%d", len(m.others)+1)
	if len(m.spares) > 0 {
		name, m.spares = m.spares[0], m.spares[1:]
	}
	m.others[id] = name
	return name
}

// address is the sender of a mail: of the directory by name, else an address whose domain stays where rules speak of it.
func (m *mask) address(a flow.Actor) string {
	name := m.name(a)
	if m.known[name] {
		return name
	}
	return name + "@" + m.domain(orWord(a.Email, a.Ref.Key))
}

func (m *mask) domain(address string) string {
	_, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if ok && strings.Contains(m.rules, domain) {
		return domain
	}
	return "mail.example"
}

var (
	mailRE  = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN.-]+\.\pL{2,}`)
	linkRE  = regexp.MustCompile(`https?://[^\s<>"|)]+`)
	phoneRE = regexp.MustCompile(`\+\d[\d ()/.-]{6,}\d|\b0\d{2,5}[ /-]\d[\d /-]{4,}\d`)
)

// text hides who is named in words.
func (m *mask) text(s string) string {
	s = linkRE.ReplaceAllStringFunc(s, m.link)
	s = mailRE.ReplaceAllString(s, "somebody@mail.example")
	s = phoneRE.ReplaceAllString(s, "+00 000 000")
	for _, r := range m.shown {
		s = r.name.ReplaceAllString(s, r.by)
	}
	return strings.TrimSpace(s)
}

// link hides an address; its host stays where rules speak of it.
func (m *mask) link(address string) string {
	if m.links[address] == "" {
		host := "files.example"
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" && strings.Contains(m.rules, strings.ToLower(u.Hostname())) {
			host = u.Hostname()
		}
		m.links[address] = fmt.Sprintf("https://%s/%d", host, len(m.links)+1)
	}
	return m.links[address]
}
