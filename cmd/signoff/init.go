package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signoff/rules/examples"
)

func (a *app) initCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a starter configuration",
		Long: `Write config.yaml and rules/studio.yaml into a folder (default: this one), with comments, ready to edit, and the
schemas by which an editor completes and checks them. Files that are there already are left alone unless --force is given.`,
		Example: "  signoff init\n  signoff init /etc/signoff",
		Args:    needs("one folder", 0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.initFolder(dir, force)
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace files that are there already")
	return c
}

func (a *app) initFolder(dir string, force bool) error {
	write, err := starter()
	if err != nil {
		return problems("%w", err)
	}
	names := slices.Sorted(maps.Keys(write))
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil && !force && !a.confirm(filepath.Join(dir, name)+" is there already. Replace it?") {
			return problems("%s is there already; name another folder, or replace it with --force or --yes", filepath.Join(dir, name))
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return problems("%w", err)
		}
	}
	for _, name := range names {
		if err := a.writeFile(filepath.Join(dir, name), write[name]); err != nil {
			return err
		}
	}
	if err := a.forEditors(dir); err != nil {
		return err
	}
	if !a.quiet && !a.dryRun {
		fmt.Fprintln(a.err, "Edit them, then: signoff check")
	}
	return nil
}

// starter are the files to begin with, by name.
func starter() (map[string][]byte, error) {
	write := map[string][]byte{"config.yaml": []byte(exampleConfig(`"rules/*.yaml"`, "signoff.db", "./schema"))}
	studio, err := examples.Files("studio")
	if err != nil {
		return nil, err
	}
	for _, f := range studio {
		write[filepath.Join("rules", filepath.Base(f.Name))] = []byte(strings.Replace(string(f.Data), "=../../../docs/schema/", "=../schema/", 1))
	}
	return write, nil
}

// editorSettings tell VS Code which schema is which file's, also for files that do not say it in their first line.
const editorSettings = `{
  "yaml.schemas": {
    "./schema/config.schema.json": "config.yaml",
    "./schema/rules.schema.json": ["rules/*.yaml", "!rules/*_test.yaml"],
    "./schema/rules-test.schema.json": "rules/*_test.yaml"
  }
}
`

// forEditors writes the schemas, which are always those of this version, and settings of the editor where there are none.
func (a *app) forEditors(dir string) error {
	for _, word := range schemaWords() {
		data, err := schemas()[word]()
		if err != nil {
			return problems("%w", err)
		}
		if err := a.writeFile(filepath.Join(dir, "schema", schemaFile(word)), data); err != nil {
			return err
		}
	}
	settings := filepath.Join(dir, ".vscode", "settings.json")
	if _, err := os.Stat(settings); err == nil {
		return nil
	}
	return a.writeFile(settings, []byte(editorSettings))
}

func (a *app) writeFile(path string, data []byte) error {
	if a.dryRun {
		fmt.Fprintf(a.out, "would write %s (%d bytes)\n", path, len(data))
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return problems("%w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return problems("%w", err)
	}
	if !a.quiet {
		fmt.Fprintf(a.out, "wrote %s\n", path)
	}
	return nil
}
