package engine

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// People show the work, and the pages that brief it, by their addresses. Which of them somebody keeps is seen at the one
// place that everything from outside and from our own doors passes.

const (
	addressesMost = 60   // of one event that are looked at
	addressMost   = 2048 // characters of one
	recognizeMost = 20   // assets of one event
)

var addressRE = regexp.MustCompile(`https?://[^\s<>"|]+`)

// keepers are the connectors that keep work or briefs, by instance in order.
type keepers struct {
	sources map[string]connectors.Source
	briefs  map[string]connectors.Briefer
	order   []string
}

func newKeepers(all map[string]connectors.Connector) keepers {
	k := keepers{sources: map[string]connectors.Source{}, briefs: map[string]connectors.Briefer{}, order: slices.Sorted(maps.Keys(all))}
	for instance, c := range all {
		if s, ok := c.(connectors.Source); ok {
			k.sources[instance] = s
		}
		if b, ok := c.(connectors.Briefer); ok {
			k.briefs[instance] = b
		}
	}
	return k
}

// links reports whether the words of an event may link to work.
func links(k flow.Kind) bool {
	switch k {
	case flow.RequestSubmitted, flow.RequestEdited, flow.DraftConfirmed, flow.CommentAdded, flow.WorkSubmitted, flow.VoteCast, flow.PointAsked:
		return true
	}
	return false
}

// recognized completes an event by the work that its words link to.
func (k keepers) recognized(ev flow.Event) flow.Event {
	if len(k.sources) == 0 || !links(ev.Kind) {
		return ev
	}
	assets := slices.Clone(ev.Assets)
	for _, address := range addresses(ev) {
		for _, instance := range k.order {
			if a, ok := recognize(k.sources[instance], address); ok {
				assets = joined(assets, a)
				break
			}
		}
	}
	ev.Assets = assets
	return ev
}

// recognize asks one source; a panic in it recognizes nothing.
func recognize(s connectors.Source, address string) (a flow.Asset, ok bool) {
	if s == nil {
		return a, false
	}
	defer func() {
		if p := recover(); p != nil {
			a, ok = flow.Asset{}, false
		}
	}()
	a, ok = s.Recognize(address)
	return a, ok && !a.Ref.Zero()
}

// joined adds an asset, or the parts of it to one that is there.
func joined(list []flow.Asset, a flow.Asset) []flow.Asset {
	i := slices.IndexFunc(list, func(b flow.Asset) bool { return b.Ref == a.Ref })
	switch {
	case i < 0 && len(list) < recognizeMost:
		return append(list, a)
	case i < 0:
		return list
	case len(list[i].Nodes) == 0 || len(a.Nodes) == 0:
		list[i].Nodes = nil // one of the links is to all of it
		return list
	}
	nodes := slices.Clone(list[i].Nodes)
	for _, n := range a.Nodes {
		if !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	list[i].Nodes = nodes
	return list
}

// page finds the first page among the words of an event that briefs.
func (k keepers) page(ev flow.Event, more text.Doc) (page flow.Ref, ok bool) {
	if len(k.briefs) == 0 {
		return page, false
	}
	for _, l := range ev.Links {
		if l.Purpose == briefPurpose && k.briefs[l.Ref.System] != nil {
			return l.Ref, true
		}
	}
	ev.Body = slices.Concat(ev.Body, more)
	for _, address := range addresses(ev) {
		for _, instance := range k.order {
			if page, ok = briefAt(k.briefs[instance], address); ok {
				return page, true
			}
		}
	}
	return page, false
}

func briefAt(b connectors.Briefer, address string) (page flow.Ref, ok bool) {
	if b == nil {
		return page, false
	}
	defer func() {
		if p := recover(); p != nil {
			page, ok = flow.Ref{}, false
		}
	}()
	page, ok = b.Brief(address)
	return page, ok && !page.Zero()
}

// addresses lists the addresses in the words, the fields and the files of an event, in order and each once.
func addresses(ev flow.Event) (list []string) {
	add := func(found ...string) {
		for _, a := range found {
			if len(a) <= addressMost && len(list) < addressesMost && !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	words := func(s string) {
		if !strings.Contains(s, "://") {
			return
		}
		for _, a := range addressRE.FindAllString(s, addressesMost) {
			add(trimAddress(a))
		}
	}
	ev.Body.Walk(func(n text.Node) {
		if n.Kind == text.Link {
			add(n.Href)
		}
		words(n.Text)
	})
	for _, name := range slices.Sorted(maps.Keys(ev.Fields)) {
		for _, v := range ev.Fields[name] {
			words(v)
		}
	}
	for _, f := range ev.Files {
		words(f.URL)
	}
	return list
}

// trimAddress takes off what ends a sentence and not the address.
func trimAddress(a string) string {
	a = strings.TrimRight(a, ".,;:!?'*_~")
	if strings.HasSuffix(a, ")") && strings.Count(a, "(") < strings.Count(a, ")") {
		a = strings.TrimSuffix(a, ")")
	}
	return strings.TrimRight(a, ".,;:!?'")
}
