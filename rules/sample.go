package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"signoff/internal/flow"
	"signoff/internal/pattern"
	"signoff/internal/source"
	"signoff/internal/text"
)

// Sample is what a message is shown with before there is a request: what it leaves open is made up.
type Sample struct {
	Fields   map[string][]string
	Stage    string
	Person   string // who reads it
	Language string
	bare     bool // nothing is given, as in a request of few words
}

// sampleTime is when the request of samples is due; the rules have no clock.
func sampleTime(zone *time.Location) time.Time { return time.Date(2026, 11, 20, 16, 30, 0, 0, zone) }

// values of a field as a request has them.
func (s *Set) sampleValues(name, fieldType string, choices []string, sm Sample) []string {
	if given, ok := sm.Fields[name]; ok {
		return given
	}
	if sm.bare {
		return nil
	}
	switch fieldType {
	case ChoiceField, ChoicesField:
		return choices[:min(len(choices), 1)]
	case DateField:
		return []string{sampleTime(s.zone).Format("2006-01-02T15:04")}
	case MoneyField:
		return []string{"5000 EUR"}
	case NumberField:
		return []string{"3"}
	case ListField:
		return []string{"300x250", "728x90"}
	case URLField:
		return []string{"https://lumen.example/launch"}
	case PersonField:
		if len(s.dir.people) > 0 {
			return []string{s.dir.people[0].Name}
		}
	}
	return []string{humanise(name)}
}

// sampleTitle is what the title of a template, and those of its subtasks, are printed with.
func (s *Set) sampleTitle(t *template, sm Sample) map[string]any {
	d := &decision{tmpl: t, values: map[string]found{}, extract: &extractor{loc: s.zone}}
	for _, f := range t.fields {
		d.values[f.Name] = found{values: s.sampleValues(f.Name, f.Type, f.Choices, sm)}
	}
	if !sm.bare {
		d.facts.due, d.facts.author.shown = sampleTime(s.zone), "Maya"
	}
	return titleData(d, "Spring launch")
}

// sampleText is what a message is printed with.
func (s *Set) sampleText(sm Sample) flow.TextData {
	r := flow.Request{ID: "CR-142", Title: "Spring launch", Status: flow.InReview, Round: 2, Fields: map[string][]string{}}
	for _, t := range s.rules.templates {
		for _, f := range t.fields {
			r.Fields[f.Name] = s.sampleValues(f.Name, f.Type, f.Choices, sm)
		}
	}
	d := flow.TextData{Request: r, Language: sm.Language}
	if !sm.bare {
		d.Request.Due, d.Due, d.Waited, d.Link = sampleTime(s.zone), sampleTime(s.zone), 6*time.Hour, "https://signoff.example/requests/CR-142"
		d.Request.Requester, d.Request.Priority, d.Request.Project, d.Request.Labels = flow.Actor{Shown: "Maya"}, "high", "DES", []string{"banner"}
		d.Stage = firstOf(sm.Stage, "Brand review")
	}
	if p := s.dir.byName[sm.Person]; p != nil {
		d.Person = p.Person
	} else if len(s.dir.people) > 0 && !sm.bare {
		d.Person = s.dir.people[0].Person
		d.Request.Assignee = flow.Actor{Name: d.Person.Name, Shown: d.Person.Shown}
	}
	return d
}

// RenderText prints a message of texts: as it would be sent.
func (s *Set) RenderText(name string, sm Sample) (text.Doc, error) {
	m := s.rules.texts[name]
	if m == nil {
		return nil, fmt.Errorf("there is no text %q", name)
	}
	p := policy{s: s, dir: s.dir, set: s}
	out, err := m.in(firstOf(sm.Language, s.options.Workspace.Language)).render(p.textData(s.sampleText(sm)))
	if err != nil {
		return nil, errors.New(printProblem(err))
	}
	return p.people(document(out)), nil
}

// RenderTitle prints the title of a request of a template, and those of its subtasks.
func (s *Set) RenderTitle(name string, sm Sample) (title string, subtasks []string, err error) {
	t := s.rules.template(name)
	if t == nil {
		return "", nil, fmt.Errorf("there is no template %q", name)
	}
	data := s.sampleTitle(t, sm)
	title = "Spring launch"
	if t.title != nil {
		out, err := t.title.render(data)
		if err != nil {
			return "", nil, errors.New(printProblem(err))
		}
		title = shortTitle(plainLine(out))
	}
	for i, sub := range t.subtasks {
		subtasks = append(subtasks, sub.words(data, i+1))
	}
	return title, subtasks, nil
}

// Texts lists the names of the messages, and Fields those of the fields that a sample may give.
func (s *Set) Texts() []string { return slices.Sorted(maps.Keys(s.rules.texts)) }

// Fields lists the names of all templates' fields.
func (s *Set) Fields() []string { return slices.Sorted(maps.Keys(s.rules.vocabulary.fields)) }

// tryWording prints a text with everything that can be given and with nothing, when all is read, and reports what fails.
func (l *loader) tryWording(n *source.Node, w *wording, data func(Sample) map[string]any) {
	if w == nil {
		return
	}
	l.later(func() {
		if l.Errors() > 0 {
			return
		}
		for _, sm := range []Sample{{}, {bare: true}} {
			_, err := w.render(data(sm))
			if err == nil {
				continue
			}
			l.Warnf(placeIn(n, w.source, err), "SO213", "the text cannot be printed%s: %s", when(sm), printProblem(err))
			l.Hint("look at it with signoff render; until then signoff uses words of its own")
			return
		}
	})
}

func when(sm Sample) string {
	if sm.bare {
		return " for a request that gives nothing"
	}
	return ""
}

var executeRE = pattern.New(`^.*?text:(\d+):(\d+): executing "text" at (<.*?>): (?:error calling \w+: )?`)

// printProblem says why a text cannot be printed, without the words of the library around it.
func printProblem(err error) string {
	var failed texttemplate.ExecError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	words := executeRE.ReplaceAllString(failed.Error(), "")
	switch {
	case strings.Contains(words, "incompatible types"):
		return "it compares a text with a number; amounts and numbers are texts here"
	case strings.Contains(words, "invalid type for comparison"):
		return "a list cannot be compared"
	}
	return words
}

// placeIn finds the part of a text of which an error speaks.
func placeIn(n *source.Node, written string, err error) source.Pos {
	g := executeRE.FindStringSubmatch(err.Error())
	var failed texttemplate.ExecError
	if errors.As(err, &failed) {
		g = executeRE.FindStringSubmatch(failed.Error())
	}
	if g == nil {
		return n.Pos()
	}
	lines := strings.SplitAfter(written, "\n")
	line, col := atoi(g[1]), atoi(g[2])
	if line < 1 || line > len(lines) {
		return n.Pos()
	}
	before := strings.Join(lines[:line-1], "")
	before += cut(lines[line-1], col)
	return n.At(len([]rune(before)), max(len([]rune(g[3]))-2, 1))
}
