package strictjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// A shape lists the fields that encoding/json fills in a struct.
type shape struct {
	exact  map[string]reflect.Type
	folded map[string]struct{}
	rest   reflect.Type // for maps: the type of every value
}

// A plan is what Decode needs to know about a type: the fields of an object that fills it, or the type of the elements
// of an array that does.
type plan struct {
	fields *shape
	elem   reflect.Type
}

// plans remembers by type what never changes, because finding it out costs more than reading a whole document. It holds
// as many entries as the program decodes types.
var plans sync.Map // reflect.Type -> plan

func planOf(t reflect.Type) plan {
	if t == nil {
		return plan{}
	}
	if known, ok := plans.Load(t); ok {
		return known.(plan)
	}
	found := plan{}
	if to := settle(t); to != nil {
		found.fields = shapeOf(to)
		if to.Kind() == reflect.Slice || to.Kind() == reflect.Array {
			found.elem = to.Elem()
		}
	}
	plans.Store(t, found)
	return found
}

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

func shapeOf(t reflect.Type) *shape {
	switch t.Kind() {
	case reflect.Struct:
		s := &shape{exact: map[string]reflect.Type{}, folded: map[string]struct{}{}}
		s.collect(t, map[reflect.Type]bool{})
		return s
	case reflect.Map:
		return &shape{rest: t.Elem()}
	}
	return nil
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
