package source

import (
	"encoding"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// Into reads n into the struct that into points at, by its yaml tags: strictly, without coercion, with every problem
// at its place. of names the map with its article ("a Jira connection"). A single value counts as a list of one.
//
// Fields may be strings, bools, whole and other numbers, structs, pointers, slices, maps with string keys, and types
// that read themselves: encoding.TextUnmarshaler, or yaml.Unmarshaler for values of several forms.
func Into(n *Node, of string, into any) Problems {
	d := &Decoder{}
	d.into(n, of, reflect.ValueOf(into).Elem())
	return d.Problems
}

func (d *Decoder) into(n *Node, of string, v reflect.Value) {
	if n == nil || n.Unset() || (n.IsNull() && v.Kind() != reflect.String) {
		return
	}
	if d.intoSelf(n, v) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.into(n, of, v.Elem())
	case reflect.Struct:
		d.intoStruct(n, of, v)
	case reflect.Map:
		d.intoMap(n, of, v)
	case reflect.Slice:
		d.intoSlice(n, of, v)
	default:
		d.intoScalar(n, v)
	}
}

// intoSelf lets a type read itself.
func (d *Decoder) intoSelf(n *Node, v reflect.Value) bool {
	switch self := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		s, ok := d.String(n)
		if !ok {
			return true
		}
		if err := self.UnmarshalText([]byte(s)); err != nil {
			d.Errorf(n.Pos(), CodeType, "%s: %s", n.Name(), err)
		}
		return true
	case yaml.Unmarshaler:
		if err := self.UnmarshalYAML(n.yaml()); err != nil {
			d.Errorf(n.Pos(), CodeType, "%s: %s", n.Name(), err)
		}
		return true
	}
	return false
}

func (d *Decoder) intoStruct(n *Node, of string, v reflect.Value) {
	fields, shape := map[string]reflect.Value{}, Shape{Of: of}
	for i := range v.NumField() {
		if name := tagName(v.Type().Field(i)); name != "" {
			fields[name], shape.Keys = v.Field(i), append(shape.Keys, Key{Name: name})
		}
	}
	if !d.Map(n, shape) {
		return
	}
	for key, value := range n.Pairs() {
		if f, ok := fields[key.Value()]; ok {
			d.into(value, key.Value(), f)
		}
	}
}

func (d *Decoder) intoMap(n *Node, of string, v reflect.Value) {
	if n.Kind() != Map {
		d.wrong(n, of, "keys and values")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, value := range n.Pairs() {
		e := reflect.New(v.Type().Elem()).Elem()
		d.into(value, key.Value(), e)
		v.SetMapIndex(reflect.ValueOf(key.Value()).Convert(v.Type().Key()), e)
	}
}

func (d *Decoder) intoSlice(n *Node, of string, v reflect.Value) {
	items := []*Node{n}
	if n.Kind() == List {
		items = n.children
	}
	for _, item := range items {
		e := reflect.New(v.Type().Elem()).Elem()
		d.into(item, of, e)
		v.Set(reflect.Append(v, e))
	}
}

func (d *Decoder) intoScalar(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s, ok := d.String(n); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		if b, ok := d.Bool(n); ok {
			v.SetBool(b)
		}
	case reflect.Int, reflect.Int64:
		if i, ok := d.Int(n); ok {
			v.SetInt(int64(i))
		}
	case reflect.Float64:
		if f, ok := d.Number(n); ok {
			v.SetFloat(f)
		}
	default:
		panic(fmt.Sprintf("settings have a field of type %s, which no file can hold", v.Type()))
	}
}

// yaml returns the node as the library has it, with what Expand filled in.
func (n *Node) yaml() *yaml.Node {
	y := &yaml.Node{Line: n.pos.Line, Column: n.pos.Col}
	switch n.kind {
	case Map:
		y.Kind = yaml.MappingNode
	case List:
		y.Kind = yaml.SequenceNode
	default:
		y.Kind, y.Value, y.Tag = yaml.ScalarNode, n.value, "!!"+n.tag
	}
	for _, c := range n.children {
		y.Content = append(y.Content, c.yaml())
	}
	return y
}
