package figma

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// maxLinks is how many dev resources a node holds.
const maxLinks = 10

func (l devLink) bean(f *design) object {
	return object{"id": l.id, "name": l.name, "url": l.url, "file_key": f.key, "node_id": l.node}
}

func (s *Server) getLinks(c call) *reply {
	wanted, all := list(c.query.Get("node_ids")), []object{}
	for _, l := range c.file.links {
		if wanted == nil || slices.Contains(wanted, l.node) {
			all = append(all, l.bean(c.file))
		}
	}
	return answer(object{"dev_resources": all})
}

// newLink is a dev resource as it is made.
type newLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	File string `json:"file_key"`
	Node string `json:"node_id"`
}

// postLinks makes those that can be made and says of the others why not.
func (s *Server) postLinks(c call) *reply {
	var in struct {
		All []json.RawMessage `json:"dev_resources"`
	}
	if err := decode(c.body, &in, "dev_resources"); err != nil || in.All == nil {
		return badRequest("Invalid request body: dev_resources is required")
	}
	made, errs := []object{}, []object{}
	for _, raw := range in.All {
		var one newLink
		if err := decode(raw, &one, "name", "url", "file_key", "node_id"); err != nil {
			return badRequest("Invalid request body: %v", err)
		}
		if one.Name == "" || one.URL == "" || one.File == "" || one.Node == "" {
			return badRequest("Invalid request body: name, url, file_key and node_id are required")
		}
		f := s.file(one.File)
		if why := refused(f, one); why != "" {
			errs = append(errs, object{"file_key": one.File, "node_id": one.Node, "error": why})
			continue
		}
		l := devLink{id: number(s.number()), name: one.Name, url: one.URL, node: one.Node}
		f.links = append(f.links, l)
		made = append(made, l.bean(f))
	}
	s.wake()
	return answer(object{"links_created": made, "errors": errs})
}

// refused says why a dev resource cannot be made.
func refused(f *design, l newLink) string {
	if f == nil || f.deleted || f.locked || f.key != l.File {
		return "File not found"
	}
	var there int
	for _, old := range f.links {
		if old.node == l.Node {
			there++
		}
		if old.node == l.Node && old.url == l.URL {
			return "A dev resource with this url already exists on the node"
		}
	}
	u, err := url.Parse(l.URL)
	switch {
	case there >= maxLinks:
		return "The node already has the maximum of 10 dev resources"
	case err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http"):
		return "Invalid url"
	}
	return ""
}

func (s *Server) deleteLink(c call) *reply {
	i := slices.IndexFunc(c.file.links, func(l devLink) bool { return l.id == c.PathValue("link_id") })
	if i < 0 {
		return notFound()
	}
	c.file.links = slices.Delete(c.file.links, i, i+1)
	s.wake()
	return done()
}
