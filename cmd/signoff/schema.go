package main

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signoff/connectors"
	"signoff/internal/config"
	"signoff/internal/rehearsal"
	"signoff/internal/source"
	"signoff/rules"
)

// schemas are the JSON Schemas of the files that people write, by the word for schema.
func schemas() map[string]func() ([]byte, error) {
	return map[string]func() ([]byte, error){"config": configSchema, "rules": rules.Schema, "test": testSchema}
}

// schemaFile is the name of a schema's file.
func schemaFile(word string) string {
	if word == "test" {
		word = "rules-test"
	}
	return word + ".schema.json"
}

func (a *app) schemaCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema config|rules|test",
		Short: "Print the JSON Schema of a kind of file",
		Long: `Print the JSON Schema (2020-12) by which an editor completes keys, explains them where the mouse rests, and marks
mistakes while you type. It is made from the same description by which signoff reads the files.

Editors find it by the first line of a file: "# yaml-language-server: $schema=schema/rules.schema.json". signoff init writes
the schemas beside the files that name them.`,
		Example:   "  signoff schema rules > schema/rules.schema.json\n  signoff schema test > schema/rules-test.schema.json",
		Args:      needs("config, rules or test", 1, 1),
		ValidArgs: schemaWords(),
		RunE: func(_ *cobra.Command, args []string) error {
			write, ok := schemas()[args[0]]
			if near, similar := source.Nearest(args[0], schemaWords()); !ok && similar {
				return usage("there is no schema %q; did you mean %s?", args[0], near)
			}
			if !ok {
				return usage("there is no schema %q; choose one of %s", args[0], strings.Join(schemaWords(), ", "))
			}
			data, err := write()
			if err != nil {
				return problems("%w", err)
			}
			_, err = a.out.Write(data)
			return err
		},
	}
	return c
}

func schemaWords() []string {
	var words []string
	for word := range schemas() {
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}

func testSchema() ([]byte, error) {
	return source.Schema(rehearsal.Shape(), source.SchemaOptions{Title: "signoff rule tests"})
}

func configSchema() ([]byte, error) {
	var all []config.Kind
	for _, name := range kindNames() {
		all = append(all, described(kinds()[name]))
	}
	return config.Schema(all)
}

func kindNames() []string {
	var names []string
	for name := range kinds() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func kindTitle(name string) string {
	switch name {
	case "embedded":
		return "signoff's own tracker"
	case "email":
		return "mail"
	case "github":
		return "GitHub"
	case "adobe":
		return "Adobe: Frame.io, I/O Events, Workfront"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

var errLooked = errors.New("looked at only")

// described is what a schema knows of a kind: the struct that it decodes its settings into, and what its example says of them.
func described(k connectors.Kind) config.Kind {
	docs := exampleKeys(k.Example)
	out := config.Kind{Name: k.Name, Doc: "The connection with " + kindTitle(k.Name) + ".", Tracker: k.Tracker || k.Either, Connection: !k.Tracker}
	_, _ = k.New(func(into any) error { // the error is ours
		out.Settings = source.ShapeOf(reflect.TypeOf(into).Elem(), "a "+k.Name+" connection", func(path string) source.Key { return documented(docs, path) })
		return errLooked
	}, connectors.Deps{})
	return out
}

// exampleKey is a key as it stands in an example: its path, its value and the comment behind it.
type exampleKey struct{ path, value, doc string }

// exampleLine is a key with its value and a comment; the whole may be commented out.
var exampleLine = regexp.MustCompile(`^( *(?:# )? *)([A-Za-z0-9_*-]+):(?: +(.*?))??(?: +# (.*))?$`)

// exampleKeys reads the comments of a connection's example.
func exampleKeys(example string) []exampleKey {
	var out []exampleKey
	var above []string // the keys above, by depth
	for line := range strings.Lines(example) {
		m := exampleLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		depth := len(strings.Replace(m[1], "# ", "", 1)) / 2
		above = append(above[:min(depth, len(above))], m[2])
		out = append(out, exampleKey{strings.Join(above, "."), m[3], m[4]})
	}
	return out
}

// documented describes a key by what the example says of it.
func documented(keys []exampleKey, path string) source.Key {
	var k source.Key
	for _, e := range keys {
		if !samePath(path, e.path) {
			continue
		}
		if e.doc != "" && k.Doc == "" {
			k.Doc = strings.ToUpper(e.doc[:1]) + e.doc[1:] + "."
			k.Examples = choices(e.doc)
		}
		if e.value != "" && len(k.Examples) == 0 {
			k.Examples = []string{e.value}
		}
	}
	return k
}

func samePath(pattern, path string) bool {
	a, b := strings.Split(pattern, "."), strings.Split(path, ".")
	return slices.EqualFunc(a, b, func(a, b string) bool { return a == b || a == "*" })
}

var choiceRE = regexp.MustCompile(`^([a-z][a-z0-9 -]*?)(?: \(.*)?$`)

// choices are the words of a comment like "auto (signoff registers it) | manual".
func choices(doc string) []string {
	parts := strings.Split(doc, " | ")
	if len(parts) < 2 {
		return nil
	}
	if _, last, ok := strings.Cut(parts[0], ": "); ok {
		parts[0] = last
	}
	var out []string
	for _, p := range parts {
		if m := choiceRE.FindStringSubmatch(p); m != nil {
			out = append(out, m[1])
		}
	}
	return out
}
