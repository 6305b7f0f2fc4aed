package source_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"signoff/internal/source"
)

type shout string

func (s *shout) UnmarshalText(b []byte) error {
	if len(b) < 3 {
		return errors.New("needs three letters")
	}
	*s = shout(strings.ToUpper(string(b)))
	return nil
}

// either is a word or a map with a word.
type either struct{ Field, Owner string }

func (e *either) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		e.Field = n.Value
		return nil
	}
	var m struct {
		Field string `yaml:"field"`
		Owner string `yaml:"owner"`
	}
	err := n.Decode(&m)
	e.Field, e.Owner = m.Field, m.Owner
	return err
}

type settings struct {
	URL     string            `yaml:"url"`
	Secrets []shout           `yaml:"secret,omitempty"`
	Limit   int               `yaml:"limit"`
	Share   float64           `yaml:"share"`
	On      bool              `yaml:"on"`
	Fields  map[string]either `yaml:"fields"`
	Inner   *struct {
		Name string `yaml:"name"`
	} `yaml:"inner"`
	Hidden string
}

func TestInto_ReadsByTags(t *testing.T) {
	t.Parallel()
	f, problems := source.Parse("c.yaml", []byte("url: https://x\nsecret: abc\nlimit: 5\nshare: 0.5\non: yes\nfields:\n  brand: Brand\n  link: {field: \"Asset link\", owner: signoff}\ninner: {name: n}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got settings
	if problems := source.Into(f.Root(), "a connection", &got); len(problems) > 0 {
		t.Fatal(problems)
	}
	want := settings{URL: "https://x", Secrets: []shout{"ABC"}, Limit: 5, Share: 0.5, On: true,
		Fields: map[string]either{"brand": {Field: "Brand"}, "link": {Field: "Asset link", Owner: "signoff"}}}
	want.Inner = &struct {
		Name string `yaml:"name"`
	}{"n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Into (-want +got)\n%s", diff)
	}
}

func TestInto_ReportsEverythingAtItsPlace(t *testing.T) {
	t.Parallel()
	f, _ := source.Parse("c.yaml", []byte("ulr: https://x\nsecret: [ab, abc]\nlimit: many\non: \"yes\"\ninner: flat\n"))
	var got settings
	problems := source.Into(f.Root(), "a connection", &got)
	problems.Sort()
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.Pos.String()+" "+p.Message)
	}
	want := []string{
		`c.yaml:1:1 "ulr" is not a key of a connection`,
		`c.yaml:2:10 secret: needs three letters`,
		`c.yaml:3:8 limit must be a whole number, not "many"`,
		`c.yaml:4:5 on must be true or false, not "yes"`,
		`c.yaml:5:8 inner must be keys and values, not "flat"`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
}
