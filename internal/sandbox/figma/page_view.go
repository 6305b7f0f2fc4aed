package figma

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// projectView is a project with its files.
type projectView struct {
	Project
	Files []card
}

// card is a file in the list.
type card struct {
	Name, Path, Picture, When, By string
	Open                          int // threads
}

// fileView is the page of a file.
type fileView struct {
	Key, Name, Path, Link string
	CanDraw               bool
	Node                  string // that is looked at, "" = none
	NodeName, NodeLink    string
	NodeQuery             string // "node-id=1-2"
	Frames                []frameView
	Shown                 versionView
	Old                   bool // Shown is not the current version
	History               []entry
	Open, Resolved        []thread
}

type frameView struct {
	Frame
	Picture, Path string
	Selected      bool
	Pins          []pin
}

type pin struct {
	Number string
	X, Y   float64
}

type versionView struct {
	ID, Label, Description, When, By, Path string
	Current, Shown                         bool
}

// entry of the history is a named version, or the autosaves between two of them.
type entry struct {
	Named     *versionView
	Autosaves []versionView
}

type thread struct {
	Said                                said
	ID, By                              string
	Order, Frame, FramePath, ResolvedBy string
	Replies                             []said
}

type said struct {
	ID, By, Portrait, When, Words string
	Edited, Mine                  bool
}

func (p *pages) when(t time.Time) string { return t.In(p.opt.Zone).Format("Mon 2 Jan, 15:04") }

// pagePicture is the path of a picture for pages. The caller holds the lock.
func (p *pages) pagePicture(one picture) string {
	return p.opt.Prefix + "/assets/pictures/" + strings.TrimPrefix(p.issue(one), picturePath)
}

// projectViews lists the files, those drawn on last first. The caller holds the lock.
func (p *pages) projectViews() []projectView {
	var all []projectView
	for _, project := range p.opt.Projects {
		one := projectView{Project: project}
		files := slices.DeleteFunc(slices.Clone(p.files), func(f *design) bool { return f.project != project.ID || f.deleted })
		slices.SortStableFunc(files, func(a, b *design) int { return b.current().at.Compare(a.current().at) })
		for _, f := range files {
			v := f.current()
			c := card{Name: f.name, Path: p.opt.Prefix + f.path(), When: p.when(v.at), By: v.by.Handle}
			if small := thumb(f, v); small.file != "" {
				c.Picture = p.pagePicture(small)
			}
			for _, said := range f.comments {
				if said.parent == "" && said.resolved.IsZero() {
					c.Open++
				}
			}
			one.Files = append(one.Files, c)
		}
		all = append(all, one)
	}
	return all
}

// fileView prepares the page of a file. The caller holds the lock.
func (p *pages) fileView(f *design, who *User, at look) *fileView {
	v := &fileView{Key: f.key, Name: f.name, Path: p.opt.Prefix + f.path(), Link: p.opt.BaseURL + f.path(), CanDraw: !who.Viewer}
	shown := f.current()
	if old := f.version(at.version); old != nil {
		shown = old
	}
	v.Old = shown != f.current()
	if one, ok := f.frame(at.node); ok {
		v.Node, v.NodeName = one.Node, one.Name
		v.NodeQuery = "node-id=" + dashed(one.Node)
		v.NodeLink = v.Link + "?" + v.NodeQuery
	}
	v.Shown = p.versionView(f, shown, shown, v.Node)
	for _, one := range f.frames {
		v.Frames = append(v.Frames, p.frameView(f, shown, one, v))
	}
	v.History = p.history(f, shown, v.Node)
	for _, c := range f.comments {
		if c.parent != "" {
			continue
		}
		if t := p.thread(f, c, who); c.resolved.IsZero() {
			v.Open = append(v.Open, t)
		} else {
			v.Resolved = append(v.Resolved, t)
		}
	}
	return v
}

// dashed is a node's id as it stands in addresses.
func dashed(node string) string { return strings.ReplaceAll(node, ":", "-") }

func (p *pages) frameView(f *design, shown *version, one Frame, v *fileView) frameView {
	out := frameView{Frame: one, Picture: p.pagePicture(picture{file: f.key, version: shown.id, node: one.Node, scale: 1, format: "png"}),
		Path: v.Path + "?node-id=" + dashed(one.Node), Selected: one.Node == v.Node}
	if v.Old {
		out.Path += "&version-id=" + shown.id
	}
	for _, c := range f.comments {
		if c.parent == "" && c.resolved.IsZero() && c.meta.Node == one.Node {
			out.Pins = append(out.Pins, pin{c.order, min(max(c.meta.X, 14), float64(one.Width-14)), min(max(c.meta.Y, 14), float64(one.Height-14))})
		}
	}
	return out
}

func (p *pages) versionView(f *design, v, shown *version, node string) versionView {
	out := versionView{ID: v.id, Label: v.label, Description: v.description, When: p.when(v.at), By: v.by.Handle, Current: v == f.current(), Shown: v == shown}
	switch {
	case v.label == "" && v.named():
		out.Label = "Without a title"
	case v.label == "":
		out.Label = "Autosave"
	}
	var query []string
	if node != "" {
		query = append(query, "node-id="+dashed(node))
	}
	if !out.Current {
		query = append(query, "version-id="+v.id)
	}
	if out.Path = p.opt.Prefix + f.path(); query != nil {
		out.Path += "?" + strings.Join(query, "&")
	}
	return out
}

// history lists the newest first and puts autosaves that follow one another together.
func (p *pages) history(f *design, shown *version, node string) []entry {
	var all []entry
	for _, v := range slices.Backward(f.versions) {
		one := p.versionView(f, v, shown, node)
		last := len(all) - 1
		switch {
		case v.named():
			all = append(all, entry{Named: &one})
		case last < 0 || all[last].Named != nil:
			all = append(all, entry{Autosaves: []versionView{one}})
		default:
			all[last].Autosaves = append(all[last].Autosaves, one)
		}
	}
	return all
}

func (p *pages) said(c *comment, who *User) said {
	return said{ID: c.id, By: c.by.Handle, Portrait: p.pagePicture(picture{person: c.by.ID}), When: p.when(c.at), Words: c.words, Edited: !c.edited.IsZero(), Mine: c.by == who}
}

func (p *pages) thread(f *design, root *comment, who *User) thread {
	t := thread{Said: p.said(root, who), ID: root.id, By: root.by.Handle, Order: root.order}
	if one, ok := f.frame(root.meta.Node); ok {
		t.Frame, t.FramePath = one.Name, p.opt.Prefix+f.path()+"?node-id="+dashed(one.Node)
	}
	if root.resolvedBy != nil {
		t.ResolvedBy = root.resolvedBy.Handle
	}
	for _, c := range f.comments {
		if c.parent == root.id {
			t.Replies = append(t.Replies, p.said(c, who))
		}
	}
	return t
}

// piece is text, or an address that can be followed.
type piece struct {
	Text string
	Link bool
}

var address = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,:;!?)']`)

// linked parts words at the addresses in them.
func linked(words string) []piece {
	var all []piece
	for words != "" {
		at := address.FindStringIndex(words)
		if at == nil {
			return append(all, piece{Text: words})
		}
		all = append(all, piece{Text: words[:at[0]]}, piece{words[at[0]:at[1]], true})
		words = words[at[1]:]
	}
	return all
}
