package source

import (
	"encoding"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Formed is a type of settings that reads itself and knows what it may look like.
type Formed interface{ Form() Form }

// ShapeOf returns the shape of the settings that Into reads into a struct of a type. of names it with its article; doc describes
// a key by its path, such as projects.*.fields, where a * stands for any name; where it says nothing the tag doc of the field does.
func ShapeOf(t reflect.Type, of string, doc func(path string) Key) Shape {
	return typeForms{doc}.shape(t, of, "")
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
	switch self := reflect.New(t).Interface().(type) {
	case Formed:
		return self.Form()
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
		if k.Doc == "" {
			k.Doc = f.Tag.Get("doc")
		}
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
