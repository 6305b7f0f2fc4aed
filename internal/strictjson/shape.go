package strictjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// A shape lists the fields that encoding/json fills in a struct.
type shape struct {
	exact  map[string]reflect.Type
	folded map[string]struct{}
	rest   reflect.Type // for maps: the type of every value
}

// shapes are those met during one Decode.
type shapes map[reflect.Type]*shape

func shapeRoot(v any) reflect.Type {
	if v == nil {
		return nil
	}
	return reflect.TypeOf(v)
}

// settle goes through pointers to the type that is filled; nil means that nothing is known about it.
func settle(t reflect.Type) reflect.Type {
	for t != nil {
		if opaque(t) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}

func opaque(t reflect.Type) bool {
	for _, own := range []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()} {
		if t.Implements(own) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(own) {
			return true
		}
	}
	return false
}

func elem(t reflect.Type) reflect.Type {
	if t = settle(t); t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		return t.Elem()
	}
	return nil
}

func (s shapes) of(t reflect.Type) *shape {
	if t = settle(t); t == nil {
		return nil
	}
	if known, ok := s[t]; ok {
		return known
	}
	var found *shape
	switch t.Kind() {
	case reflect.Struct:
		found = &shape{exact: map[string]reflect.Type{}, folded: map[string]struct{}{}}
		found.collect(t, map[reflect.Type]bool{})
	case reflect.Map:
		found = &shape{rest: t.Elem()}
	}
	s[t] = found
	return found
}

// collect adds the fields of t; those of embedded structs come after its own, so that the outer one wins.
func (s *shape) collect(t reflect.Type, within map[reflect.Type]bool) {
	if within[t] {
		return
	}
	within[t] = true
	var embedded []reflect.Type
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && structOf(f.Type) != nil:
			embedded = append(embedded, structOf(f.Type))
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			s.add(name, f.Type)
		}
	}
	for _, e := range embedded {
		s.collect(e, within)
	}
}

func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

func (s *shape) add(name string, t reflect.Type) {
	if _, taken := s.exact[name]; taken {
		return
	}
	s.exact[name] = t
	s.folded[string(appendFold(nil, []byte(name)))] = struct{}{}
}

// field returns the type that a key fills. twin is true for a key that differs from a field only in case.
func (s *shape) field(name []byte) (t reflect.Type, twin bool) {
	switch {
	case s == nil:
		return nil, false
	case s.exact == nil:
		return s.rest, false
	}
	if t, ok := s.exact[string(name)]; ok {
		return t, false
	}
	var buf [64]byte
	_, twin = s.folded[string(appendFold(buf[:0], name))]
	return nil, twin
}
