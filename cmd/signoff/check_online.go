package main

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"signoff/internal/config"
	"signoff/internal/engine"
	"signoff/internal/source"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

// checkOnline asks the services whether what the files name exists: channels, accounts, projects, fields, statuses and the ways
// to them. It asks by itself, also beside a running server, because the files may be newer than what that runs.
func (a *app) checkOnline(ctx context.Context, f *files) error {
	if f.problem || f.set == nil {
		return nil // the files come first
	}
	if f.config.Server.PublicURL == "" {
		f.config.Server.PublicURL = "http://localhost"
	}
	key, err := keyHere(f.config.Store)
	if err != nil {
		return err
	}
	h, err := newHub(parts{config: f.config, set: f.set, store: memstore.New("check", layout.Clock{Now: a.now}), key: key, log: a.logger(f.config.Log, secrets(f.config)...), now: a.now})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	for _, one := range h.engine.Check(ctx) {
		f.online(one)
	}
	for name, data := range f.texts {
		off := source.Ignored(data)
		f.found = slices.DeleteFunc(f.found, func(p source.Problem) bool {
			return p.Pos.File == name && p.Level == source.Warning && slices.Contains(off, p.Code)
		})
	}
	f.finish()
	return nil
}

// online makes a problem of what a service said, at the place in the files that it is about.
func (f *files) online(one engine.Finding) {
	at, ours := f.placeOf(one)
	if !ours || one.Level == "ok" {
		return
	}
	text := label(one) + ": " + one.Text
	if one.Level == "problem" {
		f.found.Errorf(at, config.CodeOnline, "%s", text)
	} else {
		f.found.Warnf(at, config.CodeOnline, "%s", text)
	}
	if one.Remedy != "" {
		f.found.Hint("%s", one.Remedy)
	}
}

// placeOf finds what a finding is about; ours is false for what no file says, such as the clock.
func (f *files) placeOf(one engine.Finding) (at source.Pos, ours bool) {
	if one.Group == "people" {
		name, _, _ := strings.Cut(one.What, " ")
		return f.personAt(name), true
	}
	i := slices.IndexFunc(f.config.Instances, func(i config.Instance) bool { return i.Name == one.Group })
	if i < 0 {
		return source.Pos{}, false
	}
	_, name, _ := strings.Cut(one.What, " ")
	for _, o := range f.set.Outside() {
		if o.Name == name && strings.HasPrefix(one.What, o.Kind) {
			o.At.File = f.opened(o.At.File)
			return o.At, true
		}
	}
	at = source.Pos{File: f.config.Path}
	if n := f.config.Instances[i].Node; n != nil {
		at = n.Pos()
		if part := keyNamed(n, name); part != nil {
			n, at = part, part.Pos()
		}
		for _, word := range quotedWord.FindAllStringSubmatch(one.Text, -1) {
			if value := valued(n, word[1]); value != nil {
				return value.Pos(), true
			}
		}
	}
	return at, true
}

var quotedWord = regexp.MustCompile(`"([^"]+)"`)

// keyNamed finds the value of a key anywhere below n.
func keyNamed(n *source.Node, name string) *source.Node {
	for key, value := range n.Pairs() {
		if key.Value() == name {
			return value
		}
		if found := keyNamed(value, name); found != nil {
			return found
		}
	}
	return nil
}

// valued finds a value anywhere below n.
func valued(n *source.Node, word string) *source.Node {
	if n.Kind() == source.Scalar && n.Value() == word {
		return n
	}
	for _, value := range n.Pairs() {
		if found := valued(value, word); found != nil {
			return found
		}
	}
	for item := range n.Items() {
		if found := valued(item, word); found != nil {
			return found
		}
	}
	return nil
}

// personAt finds somebody in the people table.
func (f *files) personAt(name string) source.Pos {
	for _, file := range f.names {
		parsed, _ := source.Parse(file, f.texts[file])
		if key := parsed.Root().Key("people").KeyNode(name); key != nil {
			return key.Pos()
		}
	}
	return source.Pos{File: f.config.Path}
}
