package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"signoff/connectors"
	"signoff/internal/config"
	"signoff/internal/engine"
	"signoff/internal/server"
	"signoff/internal/source"
	"signoff/internal/store"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

// doctorTime is how long all services together may take to answer.
const doctorTime = 2 * time.Minute

func (a *app) doctorCommand() *cobra.Command {
	var strict bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Ask every service whether all is in order",
		Long: `Ask Slack, Jira and whatever else is configured whether credentials, permissions, channels, fields, statuses and
webhooks are in order, and look at the clock, the store, the people and the public address. Nothing is changed. Each
finding says what to do about it.

Where signoff serve runs with this configuration it is asked, so that its own connections are looked at; else the
questions are asked from here.`,
		Example: "  signoff doctor\n  signoff doctor -o json",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), strict) },
	}
	c.Flags().BoolVar(&strict, "strict", false, "warnings count as problems")
	return c
}

func (a *app) doctor(ctx context.Context, strict bool) error {
	if err := a.checkOutput(); err != nil {
		return err
	}
	found, err := a.diagnose(ctx)
	if err != nil {
		return err
	}
	if a.output == "table" {
		a.printFindings(found)
	} else if err := a.print(findingList(found)); err != nil {
		return err
	}
	problem, warning := count(found)
	if problem > 0 || strict && warning > 0 {
		return said(exitProblems)
	}
	return nil
}

// diagnose asks the running server, and where none runs the services themselves.
func (a *app) diagnose(ctx context.Context) ([]engine.Finding, error) {
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	c.http.Timeout = doctorTime
	var d server.DoctorAnswer
	err = c.call(ctx, "GET", "/doctor", nil, &d)
	if a.server == "" && errors.Is(err, errNothing) {
		return a.diagnoseHere(ctx)
	}
	return d.Findings, err
}

// diagnoseHere builds everything that serve would and asks without serving.
func (a *app) diagnoseHere(ctx context.Context) ([]engine.Finding, error) {
	f, err := a.read(source.Error)
	if err != nil {
		return nil, err
	}
	if f.problem || f.set == nil {
		out := a.out
		a.out = a.err
		defer func() { a.out = out }()
		return nil, f.report(a, false)
	}
	if f.config.Server.PublicURL == "" {
		f.config.Server.PublicURL = "http://localhost"
	}
	db, first, err := storeHere(f.config, a)
	if err != nil {
		return []engine.Finding{finding("store", "problem", err.Error(), "docs/operating.md says how to bring a store back.")}, nil
	}
	defer func() { _ = db.Close() }() // nothing of worth was written
	key, err := keyHere(f.config.Store)
	if err != nil {
		return nil, err
	}
	h, err := newHub(parts{config: f.config, set: f.set, store: db, key: key, log: a.logger(f.config.Log, secrets(f.config)...), now: a.now})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	found := append(first, h.engine.Check(ctx)...)
	if len(first) > 0 { // what stands in for the store is not worth a word
		found = slices.DeleteFunc(found, func(f engine.Finding) bool { return f.Group == "store" && f != first[0] })
	}
	return append(found, finding("public address", "warning", "not asked, because signoff serve does not run here", "Run signoff doctor again while it does.")), nil
}

func finding(group, level, text, remedy string) engine.Finding {
	return engine.Finding{Group: group, Finding: connectors.Finding{Level: level, What: group, Text: text, Remedy: remedy}}
}

// storeHere opens the store that is there; where none is yet, one in memory stands in.
func storeHere(c *config.Config, a *app) (store.Store, []engine.Finding, error) {
	_, err := os.Stat(c.Store.Path)
	if err == nil {
		db, err := boltstore.Open(c.Store.Path, boltstore.Options{Clock: layout.Clock{Now: a.now}, MaxSize: int(c.Store.MaxSize)})
		return db, nil, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	f := finding("store", "ok", c.Store.Path+" is made when signoff serve starts for the first time", "")
	if dir := filepath.Dir(c.Store.Path); !isFolder(dir) {
		f = finding("store", "problem", "the folder "+dir+" does not exist", "Make it, or set store.path to a place that the user of signoff may write.")
	}
	return memstore.New("doctor", layout.Clock{Now: a.now}), []engine.Finding{f}, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// keyHere is the store's key where there is one; doctor makes none.
func keyHere(c config.Store) ([]byte, error) {
	if _, err := os.Stat(c.Path + ".key"); err == nil || !c.Key.Empty() {
		return storeKey(c, func([]byte) {})
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return key, nil
}

// printFindings prints one line per finding, with what to do below those that need it.
func (a *app) printFindings(found []engine.Finding) {
	color := a.color()
	wide := 0
	for _, f := range found {
		wide = max(wide, utf8.RuneCountInString(label(f)))
	}
	for _, f := range found {
		mark := map[string]string{"ok": "✓", "warning": "!", "problem": "✗"}[f.Level]
		gap := strings.Repeat(" ", wide-utf8.RuneCountInString(label(f)))
		fmt.Fprintf(a.out, "%s %s%s  %s\n", paint(color, f.Level, mark), visible(label(f)), gap, visible(f.Text))
		if f.Remedy != "" {
			fmt.Fprintf(a.out, "  %s  → %s\n", strings.Repeat(" ", wide), visible(f.Remedy))
		}
	}
	problem, warning := count(found)
	fmt.Fprintf(a.out, "%s, %s.\n", plural(problem, "problem"), plural(warning, "warning"))
}

// label names the thing a finding is about: the instance, or signoff's own part, and what of it.
func label(f engine.Finding) string {
	switch {
	case f.What == "" || f.What == f.Group:
		return f.Group
	case strings.HasPrefix(f.What, f.Group+" "):
		return f.What
	}
	return f.Group + " " + f.What
}

func paint(color bool, level, mark string) string {
	code := map[string]string{"ok": "32", "warning": "33", "problem": "31"}[level]
	if !color || code == "" {
		return mark
	}
	return "\x1b[" + code + "m" + mark + "\x1b[0m"
}

func count(found []engine.Finding) (problem, warning int) {
	for _, f := range found {
		switch f.Level {
		case "problem":
			problem++
		case "warning":
			warning++
		}
	}
	return problem, warning
}

func answer(found []engine.Finding) server.DoctorAnswer {
	problem, _ := count(found)
	return server.DoctorAnswer{SchemaVersion: server.SchemaVersion, OK: problem == 0, Findings: found}
}

func findingList(found []engine.Finding) listing {
	l := listing{head: []string{"level", "group", "what", "text", "remedy"}, whole: answer(found), none: "Nothing was looked at."}
	for _, f := range found {
		l.rows = append(l.rows, []string{f.Level, f.Group, f.What, f.Text, f.Remedy})
	}
	return l
}
