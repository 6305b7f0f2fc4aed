package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"signoff/rules/examples"
)

func (a *app) initCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a starter configuration",
		Long: `Write config.yaml and rules/studio.yaml into a folder (default: this one), with comments, ready to edit. Files that are
there already are left alone unless --force is given.`,
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
	write := map[string][]byte{"config.yaml": []byte(exampleConfig(`"rules/*.yaml"`, "signoff.db"))}
	studio, err := examples.Files("studio")
	if err != nil {
		return problems("%w", err)
	}
	for _, f := range studio {
		write[filepath.Join("rules", filepath.Base(f.Name))] = f.Data
	}
	names := make([]string, 0, len(write))
	for name := range write {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil && !force && !a.confirm(filepath.Join(dir, name)+" is there already. Replace it?") {
			return problems("%s is there already; name another folder, or replace it with --force or --yes", filepath.Join(dir, name))
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return problems("%w", err)
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if a.dryRun {
			fmt.Fprintf(a.out, "would write %s (%d bytes)\n", path, len(write[name]))
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return problems("%w", err)
		}
		if err := os.WriteFile(path, write[name], 0o644); err != nil {
			return problems("%w", err)
		}
		if !a.quiet {
			fmt.Fprintf(a.out, "wrote %s\n", path)
		}
	}
	if !a.quiet && !a.dryRun {
		fmt.Fprintln(a.err, "Edit them, then: signoff check")
	}
	return nil
}
