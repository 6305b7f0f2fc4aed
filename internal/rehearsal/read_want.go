package rehearsal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/flow"
	"signoff/internal/source"
	"signoff/internal/text"
)

// wantKey reads one key that the request should have: nil where it cannot be read.
func (r *reader) wantKey(key, n *source.Node) func(sight) (string, bool) {
	switch key.Value() {
	case "title", "project", "priority", "source":
		return r.wantWord(n, func(q flow.Request) string {
			return map[string]string{"title": q.Title, "project": q.Project, "priority": q.Priority, "source": q.Source}[key.Value()]
		})
	case "template":
		return r.wantNamed(n, "template", names(r.inv.Templates), func(q flow.Request) string { return q.Template })
	case "workflow":
		return r.wantNamed(n, "workflow", r.workflows(), func(q flow.Request) string { return q.Workflow })
	case "escalation":
		return r.wantNamed(n, "escalation chain", r.chains(), func(q flow.Request) string { return q.Escalation })
	case "requester":
		return r.wantPerson(n, func(q flow.Request) flow.Actor { return q.Requester })
	case "assignee":
		return r.wantPerson(n, func(q flow.Request) flow.Actor { return q.Assignee })
	case "text":
		return r.wantText(n)
	case "labels", "reminders":
		return r.wantList(n, func(q flow.Request) []string {
			if key.Value() == "labels" {
				return q.Labels
			}
			return q.Reminders
		})
	case "due":
		return r.wantDay(n)
	case "effort_hours":
		want, ok := r.Number(n)
		return unless(ok, func(s sight) (string, bool) {
			return strconv.FormatFloat(s.request.Effort, 'f', -1, 64), s.request.Effort == want
		})
	case "subtasks":
		return r.wantParts(n)
	}
	r.requestField(key)
	return r.wantField(key.Value(), n)
}

func unless(ok bool, judge func(sight) (string, bool)) func(sight) (string, bool) {
	if !ok {
		return nil
	}
	return judge
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func (r *reader) wantWord(n *source.Node, of func(flow.Request) string) func(sight) (string, bool) {
	want, ok := r.empty(n)
	return unless(ok, func(s sight) (string, bool) { return orNothing(of(s.request)), of(s.request) == want })
}

// empty reads a text; nothing means that there is none.
func (r *reader) empty(n *source.Node) (string, bool) {
	if n.IsNull() || n.Kind() == source.List && n.Len() == 0 {
		return "", true
	}
	return r.String(n)
}

func (r *reader) wantNamed(n *source.Node, what string, known []string, of func(flow.Request) string) func(sight) (string, bool) {
	if want, ok := r.empty(n); ok && want == "" {
		return func(s sight) (string, bool) { return orNothing(of(s.request)), of(s.request) == "" }
	}
	want, ok := r.named(n, what, known)
	return unless(ok, func(s sight) (string, bool) { return orNothing(of(s.request)), of(s.request) == want })
}

func (r *reader) wantPerson(n *source.Node, of func(flow.Request) flow.Actor) func(sight) (string, bool) {
	want, ok := r.empty(n)
	if want != "" {
		r.knows(n, want)
	}
	return unless(ok, func(s sight) (string, bool) {
		got := called(of(s.request))
		shown := orNothing(got)
		if why := s.because("assign"); why != "" && n.Name() == "assignee" {
			shown += " (" + why + ")"
		}
		return shown, got == want
	})
}

func (r *reader) wantText(n *source.Node) func(sight) (string, bool) {
	want, ok := r.Text(n)
	return unless(ok, func(s sight) (string, bool) {
		got := s.request.Body.String()
		return strconv.Quote(clipped(got)), holdsWords(got, want)
	})
}

func (r *reader) wantList(n *source.Node, of func(flow.Request) []string) func(sight) (string, bool) {
	want := []string{}
	for _, item := range r.Texts(n) {
		want = append(want, item.Value())
	}
	return func(s sight) (string, bool) { return listed(of(s.request)), same(of(s.request), want) }
}

func (r *reader) wantDay(n *source.Node) func(sight) (string, bool) {
	if n.IsNull() {
		return func(s sight) (string, bool) { return s.stamp(s.request.Due), s.request.Due.IsZero() }
	}
	judge := r.instant(n)
	return unless(judge != nil, func(s sight) (string, bool) {
		return s.stamp(s.request.Due), !s.request.Due.IsZero() && judge(s.request.Due)
	})
}

func (r *reader) wantField(name string, n *source.Node) func(sight) (string, bool) {
	want := []string{}
	if !n.IsNull() {
		for _, item := range r.Texts(n) {
			want = append(want, item.Value())
		}
	}
	return func(s sight) (string, bool) {
		got := s.request.Fields[name]
		return listed(got), same(got, want) || len(want) == 1 && strings.Join(got, ", ") == want[0]
	}
}

func partShape() source.Shape {
	return source.Shape{Of: "a subtask", Keys: []source.Key{
		{Name: "title", Form: source.AnyText(), Required: true}, {Name: "assignee", Form: source.AnyText()}, {Name: "due", Form: source.AnyScalar()},
		{Name: "effort_hours", Form: source.AnyNumber()}, {Name: "done", Form: source.Truth()},
	}}
}

// wantParts reads how many subtasks there are, or which.
func (r *reader) wantParts(n *source.Node) func(sight) (string, bool) {
	if n.Kind() == source.Scalar {
		want, ok := r.Int(n)
		return unless(ok, func(s sight) (string, bool) {
			return strings.TrimSuffix(fmt.Sprintf("%d: %s", len(s.request.Parts), listed(titles(s.request))), ": nothing"), len(s.request.Parts) == want
		})
	}
	items, ok := r.List(n)
	if !ok {
		return nil
	}
	var each []func(sight, flow.Part) bool
	for _, item := range items {
		each = append(each, r.wantPart(item))
	}
	return func(s sight) (string, bool) {
		var all []string
		ok := len(each) == len(s.request.Parts)
		for i, p := range s.request.Parts {
			all = append(all, s.part(p))
			ok = ok && each[i](s, p)
		}
		return listed(all), ok
	}
}

func titles(q flow.Request) (out []string) {
	for _, p := range q.Parts {
		out = append(out, p.Title)
	}
	return out
}

func (r *reader) wantPart(n *source.Node) func(sight, flow.Part) bool {
	if n.Kind() != source.Map {
		title, _ := r.Text(n)
		return func(_ sight, p flow.Part) bool { return p.Title == title }
	}
	r.Map(n, partShape())
	title, _ := r.Text(n.Key("title"))
	var all []func(flow.Part) bool
	if v := n.Key("assignee"); v != nil {
		who, _ := r.person(v)
		all = append(all, func(p flow.Part) bool { return called(p.Assignee) == who })
	}
	if v := n.Key("due"); v != nil {
		if judge := r.instant(v); judge != nil {
			all = append(all, func(p flow.Part) bool { return judge(p.Due) })
		}
	}
	if v := n.Key("effort_hours"); v != nil {
		hours, _ := r.Number(v)
		all = append(all, func(p flow.Part) bool { return p.Effort == hours })
	}
	if v := n.Key("done"); v != nil {
		done, _ := r.Bool(v)
		all = append(all, func(p flow.Part) bool { return !p.Done.IsZero() == done })
	}
	return func(_ sight, p flow.Part) bool {
		return p.Title == title && !slices.ContainsFunc(all, func(ok func(flow.Part) bool) bool { return !ok(p) })
	}
}

// part shows a subtask.
func (s sight) part(p flow.Part) string {
	out := p.Title
	var more []string
	if p.Assignee.ID() != "" {
		more = append(more, called(p.Assignee))
	}
	if !p.Due.IsZero() {
		more = append(more, "due "+s.stamp(p.Due))
	}
	if !p.Done.IsZero() {
		more = append(more, "done")
	}
	if len(more) > 0 {
		out += " (" + strings.Join(more, ", ") + ")"
	}
	return out
}

// wantSent reads what was sent where, one check for each place.
func (r *reader) wantSent(n *source.Node, exactly bool) []check {
	if n.Kind() != source.Map {
		r.Map(n, sentShape())
		return nil
	}
	var out []check
	var places []string
	for key, v := range n.Pairs() {
		place := key.Value()
		if !strings.HasPrefix(place, "#") {
			if _, known := sentShape().Key(place); !known {
				r.place(key)
				continue
			}
		}
		places = append(places, place)
		out = append(out, check{at: key.Pos(), want: "sent " + place + ": " + written(v), judge: r.wantAt(place, v, exactly)})
	}
	if exactly {
		out = append(out, check{at: n.Pos(), want: "sent exactly: " + written(n), judge: func(s sight) (string, bool) {
			var more []string
			for _, m := range s.said {
				if !m.only && !slices.Contains(places, m.place) {
					more = append(more, m.String())
				}
			}
			return "also " + listed(more), len(more) == 0
		}})
	}
	return out
}

// place reports a place where nothing can be sent.
func (r *reader) place(key *source.Node) {
	r.Errorf(key.Pos(), source.CodeUnknown, "%q is no place where something is sent", key.Value())
	if meant, ok := source.Nearest(key.Value(), sentShape().Names()); ok {
		r.Hint("did you mean %q?", meant)
		return
	}
	r.Hint("one of: %s, or a channel in quotes: \"#creative-ops\"", strings.Join(sentShape().Names(), ", "))
}

// wantAt reads what was sent to one place: people, words, or words by person.
func (r *reader) wantAt(place string, n *source.Node, exactly bool) func(sight) (string, bool) {
	personal := place == "slack dm" || place == "email"
	if n.Kind() == source.Map {
		return r.wantWords(place, n, exactly)
	}
	want := []string{}
	for _, item := range r.Texts(n) {
		if personal {
			r.knows(item, item.Value())
		}
		want = append(want, item.Value())
	}
	return func(s sight) (string, bool) {
		there := s.at(place)
		if personal {
			got := receivers(there)
			missing := slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got, w) })
			none := len(want) == 0 && len(got) > 0
			return listed(got), !missing && !none && (!exactly || same(want, got))
		}
		missing := slices.ContainsFunc(want, func(w string) bool {
			return !slices.ContainsFunc(there, func(m message) bool { return holdsWords(m.words, w) })
		})
		none := len(want) == 0 && len(there) > 0
		return spoken(there), !missing && !none && (!exactly || len(want) >= len(there))
	}
}

// wantWords reads which words were sent to whom.
func (r *reader) wantWords(place string, n *source.Node, exactly bool) func(sight) (string, bool) {
	want := map[string][]string{}
	for who, words := range n.Pairs() {
		r.knows(who, who.Value())
		want[who.Value()], _ = r.Strings(words)
	}
	return func(s sight) (string, bool) {
		there := s.at(place)
		ok := !exactly || len(receivers(there)) == len(want)
		for who, words := range want {
			mine := slices.DeleteFunc(slices.Clone(there), func(m message) bool { return !slices.Contains(m.to, who) })
			for _, w := range words {
				ok = ok && slices.ContainsFunc(mine, func(m message) bool { return holdsWords(m.words, w) })
			}
			ok = ok && len(mine) > 0
		}
		return spoken(there), ok
	}
}

func receivers(list []message) []string {
	out := []string{}
	for _, m := range list {
		for _, who := range m.to {
			if !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	return out
}

func spoken(list []message) string {
	if len(list) == 0 {
		return "nothing was sent there"
	}
	var out []string
	for _, m := range list {
		line := strconv.Quote(clipped(m.words))
		if len(m.to) > 0 {
			line += " to " + listed(m.to)
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}

// String shows a message on one line.
func (m message) String() string {
	out := m.place
	if len(m.to) > 0 {
		out += " to " + listed(m.to)
	}
	return out + " " + strconv.Quote(clipped(m.words))
}

const (
	mostShown = 160 // characters of one message
	mostLine  = 400
)

// clipped keeps words on one line of a report.
func clipped(s string) string { return clippedTo(s, mostShown) }

func clippedTo(s string, most int) string {
	s = text.Clean(strings.Join(strings.Fields(s), " "))
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
