package frameio

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

// children reads the versions in a stack, the oldest first.
func (p *Part) children(ctx context.Context, stack string) ([]asset, error) {
	path := p.path("version_stacks", stack, "children")
	if p.set.Mode == legacy {
		path = p.path("assets", stack, "children")
	}
	all, err := list[asset](ctx, p, get("read versions", path, "the version stack", "creator"))
	all = slices.DeleteFunc(all, func(a asset) bool { return !idForm.MatchString(a.ID) || a.folder() })
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b asset) int { return a.at().Compare(b.at()) })
	return all, p.headLast(ctx, stack, all)
}

// whole leaves out what is still being uploaded, beside files that are not.
func whole(all []asset) []asset {
	if !slices.ContainsFunc(all, func(a asset) bool { return a.Status != uploading }) {
		return all
	}
	return slices.DeleteFunc(all, func(a asset) bool { return a.Status == uploading })
}

const uploading = "created"

// headLast puts the version that the stack shows last: usually it is the newest, unless somebody put an older file on top.
func (p *Part) headLast(ctx context.Context, stack string, all []asset) error {
	if p.set.Mode == legacy || len(all) < 2 {
		return nil
	}
	s, err := read[struct {
		Head   named  `json:"head_version"`
		HeadID string `json:"head_version_id"`
	}](ctx, p, get("read the version stack", p.path("version_stacks", stack), "the version stack"))
	if api.Gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	head, last := api.First(s.Head.ID, s.HeadID), len(all)-1
	i := slices.IndexFunc(all, func(a asset) bool { return a.ID == head })
	if i < 0 || i == last {
		return nil
	}
	top := all[i]
	top.onTop = all[last].at()
	copy(all[i:], all[i+1:])
	all[last] = top
	return nil
}

// history is a file with all its versions, the oldest first, and the stack they lie in, "" without one.
type history struct {
	stack string
	files []asset
}

// versions reads a file, or a stack, with its versions.
func (p *Part) versions(ctx context.Context, id string) (history, error) {
	f, err := p.show(ctx, id, "creator")
	if outbound.StatusOf(err) == http.StatusNotFound {
		return p.lost(ctx, id, err)
	}
	if err != nil {
		return history{}, err
	}
	if f.stack() {
		files, err := p.children(ctx, id)
		return history{id, whole(files)}, err
	}
	return p.beside(ctx, f)
}

// lost looks for a file that is not there under its own id: it may be a stack, or an old version of one that was taken away.
func (p *Part) lost(ctx context.Context, id string, why error) (history, error) {
	for _, stack := range []string{id, p.keptStack(ctx, id)} {
		if stack == "" {
			continue
		}
		files, err := p.children(ctx, stack)
		if err == nil && len(files) > 0 {
			return history{stack, whole(files)}, nil
		}
		if err != nil && !api.Gone(err) {
			return history{}, err
		}
	}
	return history{}, why
}

// beside finds the other versions of a file: those in the stack it lies in.
func (p *Part) beside(ctx context.Context, f asset) (history, error) {
	alone := history{files: []asset{f}}
	if f.Parent == "" || p.kind(f.Parent) == aFolder {
		return alone, nil
	}
	if p.set.Mode == legacy && p.kind(f.Parent) == "" {
		parent, err := p.show(ctx, f.Parent)
		if err != nil && !api.Gone(err) {
			return history{}, err
		}
		if err != nil || !parent.stack() {
			p.learnKind(f.Parent, aFolder)
			return alone, nil
		}
	}
	files, err := p.children(ctx, f.Parent)
	switch {
	case api.Gone(err):
		p.learnKind(f.Parent, aFolder)
		return alone, nil
	case err != nil:
		return history{}, err
	case !slices.ContainsFunc(files, func(o asset) bool { return o.ID == f.ID }):
		return alone, nil
	}
	p.learnKind(f.Parent, aStack)
	p.keepStack(ctx, f.Parent, files)
	return history{f.Parent, whole(files)}, nil
}

func stackKey(id string) string   { return "frameio/stack/" + id }
func membersKey(id string) string { return "frameio/members/" + id }

func (p *Part) keptStack(ctx context.Context, id string) string {
	var stack string
	if _, err := p.Load(ctx, stackKey(id), &stack); err != nil {
		return ""
	}
	return stack
}

// keepStack remembers which files lie in a stack: for when one of them is gone, and for answers that may not ask Frame.io.
func (p *Part) keepStack(ctx context.Context, stack string, files []asset) {
	var now, before []string
	for _, one := range files {
		now = append(now, one.ID)
	}
	if _, err := p.Load(ctx, membersKey(stack), &before); err != nil || slices.Equal(before, now) {
		return
	}
	p.Note(membersKey(stack), now)
	for _, id := range now {
		p.Note(stackKey(id), stack)
	}
}

// akin are the names by which a request may know a file, as far as they are known without asking: its own, and those of its stack.
func (p *Part) akin(ctx context.Context, id string) []string {
	out := []string{id}
	stack := p.keptStack(ctx, id)
	if stack == "" {
		return out
	}
	var members []string
	if _, err := p.Load(ctx, membersKey(stack), &members); err != nil {
		return out
	}
	return append(append(out, stack), members...)
}

// shown is a version in our words; n counts from the oldest, 0 for a file without versions.
func (p *Part) shown(a asset, n int) flow.Version {
	at := a.at()
	name := api.OneLine(a.Name, longestName)
	if n > 0 {
		name = fmt.Sprintf("v%d - %s", n, name)
	}
	return flow.Version{
		ID: a.ID, Name: name, By: p.actor(a.by()), At: at, URL: p.address(a), Seq: a.seq(),
		Thumb: flow.File{Ref: p.ref("thumb", p.set.Account+"/"+a.ID), Name: api.First(api.OneLine(a.Name, 100), a.ID) + ".jpg", Type: "image/jpeg"},
	}
}

// newer are the versions that are newer than the known one, the oldest first; without such the newest.
func (h history) newer(p *Part, known string) []flow.Version {
	var all []flow.Version
	from := 0
	for i, a := range h.files {
		n := i + 1
		if h.stack == "" {
			n = 0
		}
		all = append(all, p.shown(a, n))
		if a.ID == known {
			from = i + 1
		}
	}
	if known == "" || from == len(all) {
		from = len(all) - 1
	}
	return all[max(from, 0):]
}

// newest is the version that is decided on.
func (h history) newest() asset {
	if len(h.files) == 0 {
		return asset{}
	}
	return h.files[len(h.files)-1]
}
