package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/flow"
	"signoff/internal/rehearsal"
	"signoff/internal/server"
	"signoff/internal/source"
	"signoff/internal/store"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
)

// recordTest writes a test from a real request: of a running signoff, or of a backup file.
func (a *app) recordTest(c *cobra.Command, o testOptions, args []string) error {
	if len(args) > 1 {
		return usage("--record writes one test file; give one name, or none to see it")
	}
	f, err := a.read(source.Warning)
	if err != nil {
		return err
	}
	if f.set == nil {
		return f.report(a, false)
	}
	journal, err := a.journal(c.Context(), o)
	if err != nil {
		return err
	}
	into := ""
	if len(args) == 1 {
		into = args[0]
	}
	got, err := rehearsal.Record(c.Context(), f.set, journal.Request, journal.Records, a.ruleNames(f, into))
	if err != nil {
		return problems("%s cannot be made a test: %w", o.record, err)
	}
	for _, note := range got.Notes {
		fmt.Fprintln(a.err, "Note: "+note)
	}
	return a.writeTest(into, got.YAML)
}

// ruleNames names the rule files as a test file in the same folder does, or in the folder of the file that is written.
func (a *app) ruleNames(f *files, into string) (names []string) {
	for _, s := range f.set.Sources() {
		path := s.Name
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(a.config), path)
		}
		name := filepath.Base(path)
		if into != "" {
			if rel, err := filepath.Rel(filepath.Dir(into), path); err == nil {
				name = rel
			}
		}
		names = append(names, filepath.ToSlash(name))
	}
	return names
}

// writeTest writes a test file, or shows it where no name was given. A file that is there already is left alone.
func (a *app) writeTest(into string, data []byte) error {
	if into == "" || a.dryRun {
		_, err := a.out.Write(data)
		return err
	}
	if !rehearsal.IsTest(into) {
		return usage("a test file is called something_test.yaml, not %s", into)
	}
	file, err := os.OpenFile(into, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already; choose another name", into)
	}
	if err != nil {
		return usage("%w", err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err == nil && !a.quiet {
		fmt.Fprintf(a.err, "wrote %s. Read it through, then: signoff test %s\n", into, into)
	}
	return err
}

// journal reads a request with its journal.
func (a *app) journal(ctx context.Context, o testOptions) (server.RecordsAnswer, error) {
	if o.backup != "" {
		return a.storedJournal(ctx, o)
	}
	var out server.RecordsAnswer
	if a.server != "" {
		return out, usage("--record reads the journal through the socket beside the store; use it on the server's machine, or with --backup FILE")
	}
	cl, err := a.client()
	if err != nil {
		return out, err
	}
	err = cl.call(ctx, "GET", "/records/"+url.PathEscape(o.record), nil, &out)
	return out, named(err, "request or ticket", o.record, "request list")
}

// storedJournal reads a request from a copy of a backup file, which stays as it is.
func (a *app) storedJournal(ctx context.Context, o testOptions) (out server.RecordsAnswer, err error) {
	dir, err := os.MkdirTemp("", "signoff-record-")
	if err != nil {
		return out, usage("%w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "store.db")
	if err := copyFile(o.backup, path); err != nil {
		return out, usage("--backup: %w", err)
	}
	db, err := boltstore.Open(path, boltstore.Options{Clock: layout.Clock{Now: a.now}})
	if err != nil {
		return out, problems("--backup: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(ctx, func(tx store.Tx) error {
		var ok bool
		if out.Request, ok, err = storedRequest(tx, o.record); err != nil || !ok {
			return err
		}
		out.Records, err = tx.Records(out.Request.ID)
		return err
	})
	if err == nil && out.Request.Version == 0 {
		return out, problems("there is no request or ticket %s in %s", o.record, o.backup)
	}
	return out, err
}

// storedRequest finds a request by its key or its ticket's.
func storedRequest(tx store.Tx, id string) (r flow.Request, ok bool, err error) {
	r, ok, err = tx.Request(flow.RequestID(strings.ToUpper(id)))
	if ok || err != nil {
		return r, ok, err
	}
	list, _, err := tx.Requests(store.Query{Terms: []string{"ticket:" + strings.ToLower(id)}, Limit: 1})
	if err != nil || len(list) == 0 {
		return r, false, err
	}
	return list[0], true, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was read only
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
