package source

import (
	"encoding"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Formed is a type of settings that reads itself and knows what it may look like.
type Formed interface{ Form() Form }

// FormOf returns the form of the values that Into reads into a type. of names the map with its article; doc describes a key
// by its path below, such as projects.*.fields.
func FormOf(t reflect.Type, of string, doc func(path string) Key) Form {
	return typeForms{doc}.form(t, of, "")
}

type typeForms struct{ doc func(path string) Key }

func (w typeForms) form(t reflect.Type, of, path string) Form {
	f := w.plain(t, of, path)
	if t.Kind() != reflect.String {
		f = f.OrEmpty()
	}
	return f
}

func (w typeForms) plain(t reflect.Type, of, path string) Form {
	switch reflect.New(t).Interface().(type) {
	case Formed:
		return reflect.New(t).Interface().(Formed).Form()
	case encoding.TextUnmarshaler:
		return AnyText()
	case yaml.Unmarshaler:
		return Form{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.plain(t.Elem(), of, path)
	case reflect.Struct:
		return Keyed(func() Shape { return w.shape(t, of, path) })
	case reflect.Map:
		return Named(w.form(t.Elem(), of, path+".*"))
	case reflect.Slice:
		return OneOrMore(w.form(t.Elem(), of, path))
	case reflect.String:
		return AnyText()
	case reflect.Bool:
		return Truth()
	case reflect.Float64:
		return AnyNumber()
	default:
		return Form{kind: whole}
	}
}

func (w typeForms) shape(t reflect.Type, of, path string) Shape {
	s := Shape{Of: of}
	for i := range t.NumField() {
		f := t.Field(i)
		name := tagName(f)
		if name == "" {
			continue
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		k := w.doc(at)
		k.Name, k.Form = name, w.form(f.Type, of+" "+name, at)
		s.Keys = append(s.Keys, k)
	}
	return s
}

// tagName is the key that a field of a struct is read from; empty: none.
func tagName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}
