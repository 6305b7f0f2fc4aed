package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// SchemaOptions say how a JSON Schema is written.
type SchemaOptions struct {
	Title     string
	Variables bool // ${NAME} may stand for any single value
}

// Schema writes the JSON Schema (2020-12) of files of a shape. It refuses only what a Decoder refuses too.
func Schema(s Shape, o SchemaOptions) ([]byte, error) {
	w := &schemaWriter{options: o, defs: &object{}}
	root := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", o.Title}}
	root = append(root, w.shape(s, Form{})...)
	if len(*w.defs) > 0 {
		root.add("$defs", *w.defs)
	}
	if w.err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", s.Of, w.err)
	}
	compact, err := root.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", s.Of, err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", s.Of, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

func (o object) has(name string) bool {
	for _, m := range o {
		if m.name == name {
			return true
		}
	}
	return false
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

type schemaWriter struct {
	options SchemaOptions
	defs    *object
	err     error
}

// shape writes a map of a shape; further keys have the form that f has for them, if any.
func (w *schemaWriter) shape(s Shape, f Form) object {
	out := object{{"type", "object"}}
	if s.Doc != "" {
		out.add("description", s.Doc)
	}
	if f.item == nil {
		out.add("additionalProperties", false)
	} else {
		out.add("additionalProperties", w.form(*f.item))
		out.add("propertyNames", object{{"pattern", f.pattern}})
	}
	var required []string
	keys := object{}
	for _, k := range s.Keys {
		if k.Required {
			required = append(required, k.Name)
		}
		keys.add(k.Name, w.key(k))
	}
	if len(required) > 0 {
		out.add("required", required)
	}
	out.add("properties", keys)
	return out
}

func (w *schemaWriter) key(k Key) object {
	out := object{}
	if k.Doc != "" {
		out.add("description", k.Doc)
	}
	if k.Ignored {
		out.add("deprecated", true)
	}
	if len(k.Examples) > 0 {
		out.add("examples", w.values(k.Examples))
	}
	return append(out, w.form(k.Form)...)
}

func (w *schemaWriter) values(written []string) []any {
	out := make([]any, len(written))
	for i, s := range written {
		if err := yaml.Unmarshal([]byte(s), &out[i]); err != nil {
			w.err = fmt.Errorf("example %s: %w", s, err)
		}
		out[i] = jsonValue(out[i])
	}
	return out
}

// jsonValue gives the keys of maps names and days their text, as JSON has them.
func jsonValue(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for key, value := range v {
			m[fmt.Sprint(key)] = jsonValue(value)
		}
		return m
	case map[string]any:
		for key := range v {
			v[key] = jsonValue(v[key])
		}
	case []any:
		for i := range v {
			v[i] = jsonValue(v[i])
		}
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return v
}

func (w *schemaWriter) form(f Form) object {
	out := w.plain(f)
	if w.options.Variables && f.strict() {
		out = object{{"anyOf", []object{out, {{"type", "string"}, {"pattern", `\$\{`}}}}}
	}
	if f.null && f.kind != anything {
		out = object{{"anyOf", []object{out, {{"type", "null"}}}}}
	}
	return out
}

// strict reports whether a value of the form must be more than a text, so that a variable does not fit in it.
func (f Form) strict() bool {
	switch f.kind {
	case exactText, whole, number, truth:
		return true
	}
	return false
}

// truths are the words that a Decoder takes for true and false; YAML itself knows only some of them.
const truths = "^([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|[Oo][Ff][Ff])$"

func (w *schemaWriter) plain(f Form) object {
	switch f.kind {
	case text:
		return object{{"type", []string{"string", "number"}}}
	case exactText:
		if f.words != nil {
			return object{{"enum", f.words}}
		}
		return object{{"type", "string"}, {"pattern", f.pattern}}
	case scalar:
		return object{{"type", []string{"string", "number", "boolean"}}}
	case whole:
		return bounds(object{{"type", "integer"}}, f)
	case number:
		return bounds(object{{"type", "number"}}, f)
	case truth:
		return object{{"anyOf", []object{{{"type", "boolean"}}, {{"type", "string"}, {"pattern", truths}}}}}
	case list:
		return object{{"type", "array"}, {"items", w.form(*f.item)}}
	case names:
		out := object{{"type", "object"}, {"additionalProperties", w.form(*f.item)}}
		if f.pattern != "" {
			out.add("propertyNames", object{{"pattern", f.pattern}})
		}
		return out
	case shaped:
		return w.reference(f)
	case either:
		ways := make([]object, len(f.ways))
		for i, way := range f.ways {
			ways[i] = w.form(way)
		}
		return object{{"anyOf", ways}}
	}
	return object{}
}

func bounds(out object, f Form) object {
	if f.least != nil {
		out.add("minimum", *f.least)
	}
	if f.most != nil {
		out.add("maximum", *f.most)
	}
	return out
}

// reference puts a shape among the definitions once, so that shapes may hold themselves.
func (w *schemaWriter) reference(f Form) object {
	s := f.shape()
	_, name, found := strings.Cut(s.Of, " ")
	if !found {
		name = s.Of
	}
	name = strings.ReplaceAll(name, " ", "-")
	if !w.defs.has(name) {
		w.defs.add(name, nil)
		at := len(*w.defs) - 1
		(*w.defs)[at].value = w.shape(s, f)
	}
	return object{{"$ref", "#/$defs/" + name}}
}
