package rules

import (
	"maps"
	"slices"

	"signoff/internal/source"
)

// message is one entry of texts:, in one or several languages.
type message struct {
	only       *wording
	byLanguage map[string]*wording
}

// in returns the wording for a language, English where it has none, else any in order of the language's name.
func (m *message) in(language string) *wording {
	if m.only != nil {
		return m.only
	}
	for _, key := range []string{language, "en"} {
		if w := m.byLanguage[key]; w != nil {
			return w
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.byLanguage)) {
		return m.byLanguage[key]
	}
	return nil
}

// messageScope is what texts: may read.
func (l *loader) messageScope() scope {
	request := scope{
		"key": nil, "title": nil, "link": nil, "status": nil, "requester": nil, "assignee": nil, "type": nil, "priority": nil,
		"project": nil, "round": nil, "due": nil, "labels": nil,
	}
	for name := range l.set.rules.vocabulary.fields {
		request[name] = nil
	}
	return scope{
		"request": request, "stage": nil, "waited": nil, "due": nil, "link": nil,
		"person": {"name": nil, "shown": nil, "email": nil}, "extra": {"*": nil},
	}
}

func (l *loader) texts() {
	sc := l.messageScope()
	for name, value := range l.entries("texts") {
		m := &message{}
		l.set.rules.texts[name.Value()] = m
		if value.Kind() != source.Map {
			m.only = l.message(value, sc)
			continue
		}
		m.byLanguage = map[string]*wording{}
		for language, n := range value.Pairs() {
			if !languageTag(language.Value()) {
				l.Errorf(language.Pos(), "SO124", "%q is not a language", language.Value())
				l.Hint("write its code, such as en or de")
				continue
			}
			m.byLanguage[language.Value()] = l.message(n, sc)
		}
	}
}

// message reads one wording of a message and tries it.
func (l *loader) message(n *source.Node, sc scope) *wording {
	w := l.wording(n, sc)
	l.tryWording(n, w, func(sm Sample) map[string]any {
		return policy{s: l.set, dir: l.set.dir, set: l.set}.textData(l.set.sampleText(sm))
	})
	return w
}

func languageTag(s string) bool {
	return len(s) == 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z'
}

// textKey reads text: at a reminder or an escalation step; the text must exist.
func (l *loader) textKey(n *source.Node) string {
	key, ok := l.Text(n)
	if !ok {
		return ""
	}
	l.later(func() {
		if l.set.rules.texts[key] == nil {
			l.unknown(n, "SO123", "text", key, slices.Collect(maps.Keys(l.set.rules.texts)))
		}
	})
	return key
}
