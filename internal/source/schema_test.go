package source_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/source"
)

// TestSchema_SaysWhatADecoderReads: keys in their order, what must be there, every form of value, and a shape that holds itself once.
func TestSchema_SaysWhatADecoderReads(t *testing.T) {
	t.Parallel()
	var node func() source.Shape
	node = func() source.Shape {
		return source.Shape{Of: "a node", Keys: []source.Key{
			{Name: "name", Form: source.AnyText(), Required: true, Doc: "Its name."},
			{Name: "kids", Form: source.ListOf(source.Keyed(node)).OrEmpty()},
			{Name: "mode", Form: source.OneOf("on", "off"), Examples: []string{"on"}},
			{Name: "port", Form: source.Whole(1)},
			{Name: "at", Form: source.Named(source.Like("^[0-9]+$"), "^[a-z]+$")},
			{Name: "old", Ignored: true},
		}}
	}
	got, err := source.Schema(source.Shape{Of: "the file", Keys: []source.Key{{Name: "root", Form: source.Keyed(node)}}}, source.SchemaOptions{Title: "T", Variables: true})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/schema.golden", string(got))
}

// TestShapeOf_IsWhatIntoReads: the keys of a struct's shape are those that Into takes, with what is said of them.
func TestShapeOf_IsWhatIntoReads(t *testing.T) {
	t.Parallel()
	type inner struct {
		Host string `yaml:"host" doc:"The server."`
	}
	type outer struct {
		URL   string           `yaml:"url,omitempty"`
		Inner *inner           `yaml:"inner"`
		By    map[string]inner `yaml:"by"`
		Skip  string           `yaml:"-"`
		None  string
	}
	asked := []string{}
	s := source.ShapeOf(reflect.TypeFor[outer](), "a thing", func(path string) source.Key {
		asked = append(asked, path)
		if path == "url" {
			return source.Key{Doc: "Its address."}
		}
		return source.Key{}
	})
	if _, err := source.Schema(s, source.SchemaOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"url", "inner", "by"}, s.Names()); diff != "" {
		t.Errorf("keys: want -, got +\n%s", diff)
	}
	if k, _ := s.Key("url"); k.Doc != "Its address." {
		t.Errorf("url is described as %q", k.Doc)
	}
	if diff := cmp.Diff([]string{"url", "inner", "by", "inner.host", "by.*.host"}, asked); diff != "" {
		t.Errorf("asked for: want -, got +\n%s", diff)
	}
}
