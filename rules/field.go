package rules

import (
	"slices"
	"strings"

	"signoff/internal/calendar"
	"signoff/internal/flow"
	"signoff/internal/source"
)

// The types of template fields.
const (
	TextField     = "text"      // one line
	LongTextField = "long_text" // several lines
	ChoiceField   = "choice"    // one of choices
	ChoicesField  = "choices"   // any of choices
	DateField     = "date"      // a day, or a day and a time
	MoneyField    = "money"     // an amount with or without a currency
	NumberField   = "number"    // a plain number
	ListField     = "list"      // several short texts
	URLField      = "url"       // an address that starts with http:// or https://
	PersonField   = "person"    // a name from people:
)

// fieldTypes lists the types in the order in which messages name them.
func fieldTypes() []string {
	return []string{
		TextField, LongTextField, ChoiceField, ChoicesField, DateField, MoneyField, NumberField, ListField, URLField, PersonField,
	}
}

// many reports whether a field of this type may hold several values.
func many(fieldType string) bool { return fieldType == ListField || fieldType == ChoicesField }

// template is one entry of templates:.
type template struct {
	pos      source.Pos
	name     string
	label    string
	basedOn  string
	title    *wording
	fields   []flow.Field
	places   map[string]source.Pos // of each field
	labels   []string
	effort   float64 // hours; 0: not said
	subtasks []subtask
	// newVersion is what a new version of the work does; empty: what the workflow says.
	newVersion string
	set        map[string]bool // keys that were written, for based_on
}

// subtask is one entry of subtasks:.
type subtask struct {
	pos     source.Pos
	name    string // its title as it is written
	title   *wording
	effort  float64       // hours; 0: not said
	before  calendar.Span // how long before the request it is due; zero: not said
	skills  []string
	follows []*source.Node // after:, as it is written
	after   []int          // numbers of those that come before it, from 1
}

// field returns a field by name.
func (t *template) field(name string) (flow.Field, bool) {
	for _, f := range t.fields {
		if f.Name == name {
			return f, true
		}
	}
	return flow.Field{}, false
}

// choice returns the choice that equals s in any case, as it was declared.
func choiceOf(f flow.Field, s string) (string, bool) {
	s = strings.TrimSpace(s)
	i := slices.IndexFunc(f.Choices, func(c string) bool { return strings.EqualFold(c, s) })
	if i < 0 {
		return "", false
	}
	return f.Choices[i], true
}

// humanise turns a key into words: "campaign-banner" becomes "Campaign banner".
func humanise(key string) string {
	words := strings.NewReplacer("-", " ", "_", " ").Replace(key)
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// Types lists the request types in file order.
func (s *Set) Types() []flow.RequestType {
	types := make([]flow.RequestType, 0, len(s.rules.templates))
	for _, t := range s.rules.templates {
		types = append(types, flow.RequestType{Name: t.name, Label: t.label, Fields: slices.Clone(t.fields)})
	}
	return types
}
