package rules

import (
	"slices"
	"strings"

	"signoff/internal/calendar"
	"signoff/internal/flow"
	"signoff/internal/source"
)

// templates reads templates: and builds the vocabulary of conditions from their fields.
func (l *loader) templates() {
	for name, value := range l.entries("templates") {
		l.set.rules.templates = append(l.set.rules.templates, l.template(name, value))
	}
	l.inherit()
	types, labels := map[string]*template{}, map[string]*template{}
	for _, t := range l.set.rules.templates {
		if t.label == "" {
			t.label = humanise(t.name)
		}
		if other := labels[t.label]; other != nil {
			l.Errorf(t.pos, "SO120", "%s and %s are both called %q in forms: also at %s", t.name, other.name, t.label, at(other.pos))
		}
		labels[t.label] = t
		for _, f := range t.fields {
			l.shareType(t, f, types)
		}
	}
	for _, t := range l.set.rules.templates {
		l.templateTexts(t)
	}
	l.inheritSubtasks()
}

func (l *loader) template(name, n *source.Node) *template {
	t := &template{pos: name.Pos(), name: name.Value(), places: map[string]source.Pos{}, set: map[string]bool{}}
	if n.IsNull() || !l.Map(n, templateShape()) {
		return t
	}
	for key := range n.Pairs() {
		t.set[key.Value()] = true
	}
	t.label, _ = l.Text(n.Key("label"))
	t.basedOn, _ = l.Text(n.Key("based_on"))
	t.labels, _ = l.Strings(n.Key("labels"))
	if h, ok := l.Number(n.Key("effort_hours")); ok {
		t.effort = h
		if h < 0 {
			l.Errorf(n.Key("effort_hours").Pos(), source.CodeType, "effort_hours cannot be negative")
		}
	}
	items, _ := l.List(n.Key("ask_for"))
	for _, item := range items {
		l.field(t, item)
	}
	if v := n.Key("new_version"); v != nil {
		t.newVersion, _ = l.Text(v)
		l.later(func() { l.newVersion(v, nil) })
	}
	return t
}

func (l *loader) field(t *template, n *source.Node) {
	if !l.Map(n, fieldShape()) {
		return
	}
	name, ok := l.Text(n.Key("field"))
	if !ok {
		return
	}
	f := flow.Field{Name: name}
	f.Label, _ = l.Text(n.Key("label"))
	if f.Label == "" {
		f.Label = humanise(name)
	}
	f.Help, _ = l.Text(n.Key("help"))
	f.Required, _ = l.Bool(n.Key("required"))
	f.Choices = l.choices(n.Key("choices"))
	f.Type = l.fieldType(n, f)
	at := n.Key("field").Pos()
	switch _, twice := t.field(name); {
	case !identifier(name):
		l.Errorf(at, "SO124", "%q cannot be the name of a field", name)
		l.Hint("names of fields have small letters, digits and _, such as landing_page; people see the label")
		return
	case slices.Contains(reservedFields(), name):
		l.Errorf(at, "SO136", "%q cannot be the name of a field: every request has it already", name)
		l.Hint("choose another name, such as %s_wanted", name)
		return
	case name == "due" && f.Type != DateField:
		l.Errorf(at, "SO136", "the field due must be a date")
		l.Hint("write {field: due, type: date}")
		return
	case twice:
		l.Errorf(at, "SO120", "the field %q is asked for twice in %s", name, t.name)
		return
	}
	t.fields = append(t.fields, f)
	t.places[name] = at
}

// identifier reports whether a name can stand in request.<name>.
func identifier(s string) bool {
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || r == '_' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

func (l *loader) choices(n *source.Node) []string {
	var out []string
	for _, item := range l.Texts(n) {
		same := func(c string) bool { return strings.EqualFold(c, item.Value()) }
		if slices.ContainsFunc(out, same) {
			l.Errorf(item.Pos(), "SO120", "the choice %q is given twice", item.Value())
			continue
		}
		out = append(out, item.Value())
	}
	if len(out) > 100 {
		l.Errorf(n.Pos(), source.CodeType, "a field can have at most 100 choices, not %d", len(out))
	}
	return out
}

// fieldType reads type:; a field with choices and no type is a choice, one without either is text.
func (l *loader) fieldType(n *source.Node, f flow.Field) string {
	t, given := l.Enum(n.Key("type"), fieldTypes()...)
	switch {
	case !given && n.Key("choices") != nil:
		if items, ok := l.List(n.Key("choices")); ok && len(items) == 0 {
			l.Errorf(n.Key("choices").Pos(), "SO136", "there is nothing to choose from")
			l.Hint("write choices: [Lumen, Nova], or leave choices out for a field of words")
		}
		return ChoiceField
	case !given:
		return TextField
	}
	withChoices := t == ChoiceField || t == ChoicesField || t == ListField
	if (t == ChoiceField || t == ChoicesField) && len(f.Choices) == 0 {
		l.Errorf(n.Key("type").Pos(), "SO136", "a field of type %s needs choices", t)
		l.Hint("write choices: [Lumen, Nova]")
	}
	if len(f.Choices) > 0 && !withChoices {
		l.Errorf(n.Key("choices").Pos(), "SO136", "a field of type %s has no choices", t)
		l.Hint("leave type out, or write type: choice")
	}
	return t
}

// inherit fills templates from those they are based on: keys that were not written are taken over; fields are joined
// by name, the own one first.
func (l *loader) inherit() {
	done := map[string]bool{}
	var resolve func(t *template, chain []string)
	resolve = func(t *template, chain []string) {
		if done[t.name] || t.basedOn == "" {
			done[t.name] = true
			return
		}
		n := l.entry("templates", t.name).Key("based_on")
		base := l.set.rules.template(t.basedOn)
		if base == nil {
			l.unknown(n, "SO123", "template", t.basedOn, l.templateNames())
			done[t.name] = true
			return
		}
		if slices.Contains(chain, base.name) {
			l.Errorf(n.Pos(), "SO135", "templates are based on each other: %s", strings.Join(append(chain, base.name), " → "))
			done[t.name] = true
			return
		}
		resolve(base, append(chain, base.name))
		t.takeOver(base)
		done[t.name] = true
	}
	for _, t := range l.set.rules.templates {
		resolve(t, []string{t.name})
	}
}

func (t *template) takeOver(base *template) {
	fields := make([]flow.Field, 0, len(base.fields)+len(t.fields))
	for _, f := range base.fields {
		if own, ok := t.field(f.Name); ok {
			f = own
		} else {
			t.places[f.Name] = base.places[f.Name]
		}
		fields = append(fields, f)
	}
	for _, f := range t.fields {
		if _, ok := base.field(f.Name); !ok {
			fields = append(fields, f)
		}
	}
	t.fields = fields
	if !t.set["labels"] {
		t.labels = base.labels
	}
	if t.newVersion == "" {
		t.newVersion = base.newVersion
	}
	if !t.set["effort_hours"] {
		t.effort = base.effort
	}
}

func (l *loader) templateNames() []string {
	var names []string
	for _, t := range l.set.rules.templates {
		names = append(names, t.name)
	}
	return names
}

// shareType adds a field to the vocabulary; the same name with two types would make conditions ambiguous.
func (l *loader) shareType(t *template, f flow.Field, first map[string]*template) {
	v := l.set.rules.vocabulary
	known, ok := v.fields[f.Name]
	if !ok {
		v.fields[f.Name], first[f.Name] = f.Type, t
		return
	}
	if known != f.Type && exprType(known).String() != exprType(f.Type).String() {
		other := first[f.Name]
		l.Errorf(t.places[f.Name], "SO137", "%s is %s here and %s in %s (%s)", f.Name, f.Type, known, other.name, at(other.places[f.Name]))
		l.Hint("give both the same type, or rename one: rules read fields of every template by name")
	}
}

// titleScope is what title: and the titles of subtasks may read.
func titleScope(t *template) scope {
	sc := scope{"subject": nil, "requester": nil, "due": nil, "type": nil}
	for _, f := range t.fields {
		sc[f.Name] = nil
	}
	return sc
}

// templateTexts compiles title and subtasks once the fields are known.
func (l *loader) templateTexts(t *template) {
	n := l.entry("templates", t.name)
	sc := titleScope(t)
	if key := l.inherited(t, "title"); key != nil {
		t.title = l.wording(key, sc)
		l.tryWording(key, t.title, func(sm Sample) map[string]any { return l.set.sampleTitle(t, sm) })
	}
	items, _ := l.List(n.Key("subtasks"))
	for _, item := range items {
		l.subtask(t, item, sc)
	}
	l.arrange(t)
}

// inherited finds a key at the template or at those it is based on.
func (l *loader) inherited(t *template, key string) *source.Node {
	for range len(l.set.rules.templates) + 1 {
		if n := l.entry("templates", t.name).Key(key); n != nil {
			return n
		}
		if t = l.set.rules.template(t.basedOn); t == nil {
			return nil
		}
	}
	return nil
}

func (l *loader) subtask(t *template, n *source.Node, sc scope) {
	if !l.Map(n, subtaskShape()) {
		return
	}
	s := subtask{pos: n.Pos(), title: l.wording(n.Key("title"), sc)}
	l.tryWording(n.Key("title"), s.title, func(sm Sample) map[string]any { return l.set.sampleTitle(t, sm) })
	s.effort, _ = l.Number(n.Key("effort_hours"))
	s.skills, _ = l.Strings(n.Key("skills"))
	if due, ok := l.Text(n.Key("due")); ok {
		words, before := strings.CutSuffix(due, " before")
		if !before {
			l.Errorf(n.Key("due").Pos(), "SO130", "%q does not say when", due)
			l.Hint(`write "3 working days before", counted back from the due date`)
		} else if span, err := calendar.ParseSpan(words); err != nil {
			l.badSpan(n.Key("due"), words, err)
		} else {
			s.before = span
		}
	}
	s.name, s.follows = n.Key("title").Value(), l.Texts(n.Key("after"))
	t.subtasks = append(t.subtasks, s)
}

func (l *loader) badSpan(n *source.Node, words string, err error) {
	code, message, hint := spanProblem(words, err)
	l.Errorf(n.Pos(), code, "%s", message)
	if hint != "" {
		l.Hint("%s", hint)
	}
}

// span reads a length of time in words.
func (l *loader) span(n *source.Node) (calendar.Span, bool) {
	words, ok := l.Text(n)
	if !ok {
		return calendar.Span{}, false
	}
	s, err := calendar.ParseSpan(words)
	if err != nil {
		l.badSpan(n, words, err)
		return s, false
	}
	return s, true
}
