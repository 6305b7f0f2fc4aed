package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/expr-lang/expr/types"
)

// vocabulary is what conditions and wordings may read: the fixed keys of a request and its author, and the union of
// all templates' fields.
type vocabulary struct {
	fields map[string]string // template field -> type
}

// requestKeys are the fixed keys of request in conditions.
func requestKeys() types.Map {
	return types.Map{
		"text": types.String, "title": types.String, "source": types.String, "channel": types.String,
		"type": types.String, "event": types.String, "priority": types.String, "project": types.String,
		"labels": types.TypeOf([]string(nil)), "requester": types.String, "assignee": types.String,
		"due": types.TypeOf(time.Time{}), "submitted": types.TypeOf(time.Time{}),
	}
}

// authorKeys are the keys of author: who wrote, or asked for the request.
func authorKeys() types.Map {
	return types.Map{
		"name": types.String, "email": types.String, "groups": types.TypeOf([]string(nil)),
		"bot": types.Bool, "known": types.Bool,
	}
}

// reservedFields are names that a template's field cannot have because they mean something already. "due" may be
// declared, with type date.
func reservedFields() []string {
	fixed := requestKeys()
	delete(fixed, "due")
	names := slices.Collect(maps.Keys(fixed))
	names = append(names, "subject", "author", "key", "link", "status", "round", "stage")
	slices.Sort(names)
	return names
}

// exprType is the type a field has in a condition.
func exprType(fieldType string) types.Type {
	switch fieldType {
	case NumberField, MoneyField:
		return types.Float64
	case DateField:
		return types.TypeOf(time.Time{})
	case ListField, ChoicesField:
		return types.TypeOf([]string(nil))
	default:
		return types.String
	}
}

// request returns every key of request with its type.
func (v *vocabulary) request() types.Map {
	keys := requestKeys()
	for name, fieldType := range v.fields {
		keys[name] = exprType(fieldType)
	}
	return keys
}

// optional reports whether a request may lack this key: comparisons with it are then not true.
func (v *vocabulary) optional(name string) bool {
	_, declared := v.fields[name]
	return declared || name == "due"
}

// long reports whether a key may hold long text, which is kept out of loops.
func (v *vocabulary) long(name string) bool {
	switch name {
	case "text", "title":
		return true
	}
	t := v.fields[name]
	return t == TextField || t == LongTextField
}

func (v *vocabulary) names() []string { return slices.Sorted(maps.Keys(v.request())) }
