package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"signoff/internal/rehearsal"
	"signoff/internal/source"
	"signoff/rules"
)

func TestSchemas_AreCurrent(t *testing.T) {
	t.Parallel()
	for word, write := range schemas() {
		data, err := write()
		if err != nil {
			t.Fatal(err)
		}
		generated(t, "../../docs/schema/"+schemaFile(word), string(data))
	}
}

// validator compiles a schema with a library that knows nothing of ours.
func validator(t *testing.T, word string) *jsonschema.Schema {
	t.Helper()
	data, err := schemas()[word]()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertVocabs()
	if err := c.AddResource("https://signoff.example/"+word, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://signoff.example/" + word)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is YAML as an editor sees it: numbers, truths, nothing, and texts, among which days.
func plain(t *testing.T, data []byte) (any, bool) {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil || len(n.Content) == 0 {
		return nil, false
	}
	return plainNode(n.Content[0]), true
}

func plainNode(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainNode(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, plainNode(item))
		}
		return list
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
		}
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!null":
		return nil
	}
	return n.Value
}

// shipped are the files that come with signoff, by the word of their schema.
func shipped(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{"config": {"../../config.example.yaml"}}
	err := filepath.WalkDir("../../rules/examples", func(path string, _ fs.DirEntry, err error) error {
		word := "rules"
		if strings.HasSuffix(path, "_test.yaml") {
			word = "test"
		}
		if filepath.Ext(path) == ".yaml" {
			out[word] = append(out[word], path)
		}
		return err
	})
	if err != nil || len(out["rules"]) < 3 {
		t.Fatalf("found %v (%v), want the examples", out, err)
	}
	return out
}

// TestSchemas_ShippedFilesFit: every file that comes with signoff names its schema in its first line and fits it.
func TestSchemas_ShippedFilesFit(t *testing.T) {
	t.Parallel()
	for word, paths := range shipped(t) {
		s := validator(t, word)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(data), "\n")
			name, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
			want, _ := filepath.Abs("../../docs/schema/" + schemaFile(word))
			if got, _ := filepath.Abs(filepath.Join(filepath.Dir(path), name)); !ok || got != want {
				t.Errorf("%s begins with %q, want its schema, %s", path, first, want)
			}
			v, _ := plain(t, data)
			if err := s.Validate(v); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestSchemas_DescribeEveryKey: what an editor shows where the mouse rests is there for every key of both files.
func TestSchemas_DescribeEveryKey(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"config", "rules", "test"} {
		data, err := schemas()[word]()
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		if keys := undescribed(tree, "", t); keys < 80 {
			t.Errorf("%s: found %d keys, want all of them", word, keys)
		}
	}
}

func undescribed(v any, path string, t *testing.T) (keys int) {
	m, ok := v.(map[string]any)
	if !ok {
		return 0
	}
	for name, value := range m {
		if properties, ok := value.(map[string]any); ok && name == "properties" {
			for key, one := range properties {
				keys++
				if one.(map[string]any)["description"] == nil {
					t.Errorf("%s/%s has no description", path, key)
				}
			}
		}
		keys += undescribed(value, path+"/"+name, t)
	}
	return keys
}

// reads compiles rule files as check does and reports whether they can be used.
func reads(files ...rules.Source) bool {
	set, _ := rules.Compile(files, rules.Options{Workspace: rules.Workspace{Zone: "Europe/London"}, Chat: true, Tracker: true, Channels: []string{"slack", "email"}})
	return set != nil
}

// TestSchemas_RefuseOnlyWhatCheckRefuses_Corpus: of the collection of broken rule files, those that the schema refuses are
// refused by check too.
func TestSchemas_RefuseOnlyWhatCheckRefuses_Corpus(t *testing.T) {
	t.Parallel()
	s := validator(t, "rules")
	paths, err := filepath.Glob("../../rules/testdata/broken/*.txt")
	if err != nil || len(paths) < 30 {
		t.Fatalf("found %d broken files (%v)", len(paths), err)
	}
	refused := 0
	for _, path := range paths {
		tar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var files []rules.Source
		var complaint error
		for _, f := range tar.Files {
			if f.Name == "want" {
				continue
			}
			files = append(files, rules.Source{Name: f.Name, Data: f.Data})
			if v, ok := plain(t, f.Data); ok {
				if err := s.Validate(v); err != nil {
					complaint = err
				}
			}
		}
		if complaint == nil {
			continue
		}
		refused++
		if reads(files...) {
			t.Errorf("%s: the schema refuses what check takes: %v", path, complaint)
		}
	}
	if refused < 25 {
		t.Errorf("the schema refuses %d of %d broken files, want at least 25", refused, len(paths))
	}
}

// TestSchemas_RefuseOnlyWhatCheckRefuses_Mutations changes every value and every key of the shipped files: what the schema
// refuses then, check refuses too.
func TestSchemas_RefuseOnlyWhatCheckRefuses_Mutations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, path string
		reads      func(data []byte) bool
		least      int
	}{
		{"rules", "../../rules/examples/studio/studio.yaml", func(data []byte) bool { return reads(rules.Source{Name: "studio.yaml", Data: data}) }, 500},
		{"test", "../../rules/examples/publisher/publisher_test.yaml", publisherReads(t), 200},
		{"config", "../../config.example.yaml", func(data []byte) bool { return configReads(t, data) }, 100},
	} {
		s := validator(t, c.word)
		data, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		data = switchedOn(data)
		if !c.reads(data) {
			t.Fatalf("%s cannot be read as it is", c.path)
		}
		var tree yaml.Node
		if err := yaml.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		refused, all := 0, 0
		mutate(tree.Content[0], func(what string) {
			all++
			text, err := yaml.Marshal(copied(&tree))
			if err != nil {
				t.Fatal(err)
			}
			v, _ := plain(t, text)
			complaint := s.Validate(v)
			if complaint == nil {
				return
			}
			refused++
			if c.reads(text) {
				t.Errorf("%s: %s: the schema refuses what check takes: %v", c.path, what, complaint)
			}
		})
		if refused < c.least {
			t.Errorf("%s: the schema refuses %d of %d mutations, want at least %d", c.path, refused, all, c.least)
		}
	}
}

// publisherReads reads files of tests for the rules of the publisher.
func publisherReads(t *testing.T) func(data []byte) bool {
	t.Helper()
	var files []rules.Source
	for _, name := range []string{"desk.yaml", "rules.yaml"} {
		data, err := os.ReadFile("../../rules/examples/publisher/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, rules.Source{Name: name, Data: data})
	}
	set, problems := rules.Compile(files, rules.Options{Workspace: rules.Workspace{Zone: "Europe/London"}, Chat: true, Tracker: true, Channels: []string{"slack", "email"}})
	if set == nil {
		t.Fatal(problems)
	}
	return func(data []byte) bool {
		_, found := rehearsal.Read("publisher_test.yaml", data).Load(set)
		return found.Errors() == 0
	}
}

// switchedOn is a configuration whose connections are all read: the settings of those that are switched off, and of trackers
// that are not in use, are left alone by check.
func switchedOn(data []byte) []byte {
	all := strings.ReplaceAll(string(data), "enabled: false", "enabled: true")
	from, to := strings.Index(all, "  github:                           # only"), strings.Index(all, "\nautofill:")
	if from < 0 || to < from {
		return []byte(all)
	}
	return []byte(all[:from] + all[to:])
}

// configReads reads a configuration alone, with every variable set.
func configReads(t *testing.T, data []byte) bool {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{in: strings.NewReader(""), now: time.Now, config: path, getenv: func(name string) (string, bool) { return "xoxb-" + strings.Repeat("s3cret-"+name, 3), true }}
	f, err := a.read(source.Warning)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.DeleteFunc(slices.Clone(f.found), func(p source.Problem) bool { return p.Code == "SO311" }) // the rules are not there
	return found.Errors() == 0
}

// copied is a tree of its own: printing one changes it.
func copied(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = nil
	for _, kid := range n.Content {
		c.Content = append(c.Content, copied(kid))
	}
	return &c
}

// others are values that stand for a value in turn.
func others(line int) []string {
	all := []string{"true", "7", "0.5", "nonsense-word", "null", "[]", "{}", "[nonsense-word]", "{nonsense: word}", "[{nonsense: word}]", `"2 of 3"`, "8h"}
	return []string{all[line%len(all)], all[(line+5)%len(all)]}
}

// mutate makes one change of the tree at a time and undoes it after try.
func mutate(n *yaml.Node, try func(what string)) {
	was := *n
	for _, other := range others(was.Line + was.Column) {
		var v yaml.Node
		if err := yaml.Unmarshal([]byte(other), &v); err != nil || len(v.Content) == 0 {
			panic(fmt.Sprint(other, err))
		}
		*n = *v.Content[0]
		try(fmt.Sprintf("line %d: %.40q becomes %s", was.Line, was.Value, other))
	}
	*n = was
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			n.Content[i].Value = key + "x"
			try(fmt.Sprintf("line %d: the key %s becomes %sx", n.Content[i].Line, key, key))
			n.Content[i].Value = key
			all := n.Content
			n.Content = slices.Delete(slices.Clone(all), i, i+2)
			try(fmt.Sprintf("line %d: the key %s is left out", all[i].Line, key))
			n.Content = all
			mutate(n.Content[i+1], try)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			mutate(item, try)
		}
	}
}
