package figma

import (
	"fmt"
	"html"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) userBean(u *User) object {
	return object{"id": u.ID, "handle": u.Handle, "img_url": s.pictureURL(picture{person: u.ID})}
}

// triggered is how webhooks name somebody: without a picture.
func triggered(u *User) object { return object{"id": u.ID, "handle": u.Handle} }

func (s *Server) getMe(c call) *reply {
	me := s.userBean(c.by)
	me["email"] = c.by.Email
	return answer(me)
}

func (s *Server) role(u *User) string {
	switch {
	case u.Admin:
		return "owner"
	case u.Viewer:
		return "viewer"
	}
	return "editor"
}

func (s *Server) getMeta(c call) *reply {
	f, v := c.file, c.file.current()
	p, _ := s.project(f.project)
	return answer(object{"file": object{
		"name": f.name, "folder_name": p.Name, "last_touched_at": stamp(v.at), "creator": s.userBean(f.versions[0].by), "last_touched_by": s.userBean(v.by),
		"thumbnail_url": s.thumbnail(f, v), "editorType": "figma", "role": s.role(c.by), "link_access": "inherit", "url": s.opt.BaseURL + f.path(), "version": v.id,
	}})
}

// at is the version that a call asks for.
func (s *Server) at(c call) (*version, *reply) {
	id := c.query.Get("version")
	if id == "" {
		return c.file.current(), nil
	}
	if v := c.file.version(id); v != nil {
		return v, nil
	}
	return nil, notFound()
}

func frameBean(f Frame, left int) object {
	box := object{"x": left, "y": 0, "width": f.Width, "height": f.Height}
	return object{"id": f.Node, "name": f.Name, "type": "FRAME", "scrollBehavior": "SCROLLS", "blendMode": "PASS_THROUGH", "absoluteBoundingBox": box,
		"absoluteRenderBounds": box, "constraints": object{"vertical": "TOP", "horizontal": "LEFT"}, "clipsContent": true, "fills": []any{}, "strokes": []any{}, "effects": []any{}, "children": []any{}}
}

func (s *Server) fileBean(c call, v *version) object {
	return object{"name": c.file.name, "role": s.role(c.by), "lastModified": stamp(v.at), "editorType": "figma", "thumbnailUrl": s.thumbnail(c.file, v), "version": v.id, "linkAccess": "inherit"}
}

// depth reads how deep the caller wants to see; 0 = to the ground.
func (c *call) depth() (int, *reply) {
	text := c.query.Get("depth")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, badRequest("Invalid value for depth: expected a positive integer")
	}
	return n, nil
}

func (s *Server) getFile(c call) *reply {
	v, bad := s.at(c)
	if bad != nil {
		return bad
	}
	depth, bad := c.depth()
	if bad != nil {
		return bad
	}
	wanted := list(c.query.Get("ids"))
	frames, left := []any{}, 0
	for _, f := range c.file.frames {
		if depth != 1 && (wanted == nil || slices.Contains(wanted, f.Node)) {
			frames = append(frames, frameBean(f, left))
		}
		left += f.Width + 80
	}
	canvas := object{"id": "0:1", "name": "Page 1", "type": "CANVAS", "scrollBehavior": "SCROLLS", "backgroundColor": object{"r": 0.96, "g": 0.96, "b": 0.96, "a": 1}, "children": frames}
	out := s.fileBean(c, v)
	out["document"] = object{"id": "0:0", "name": "Document", "type": "DOCUMENT", "scrollBehavior": "SCROLLS", "children": []any{canvas}}
	out["components"], out["componentSets"], out["styles"], out["schemaVersion"] = object{}, object{}, object{}, 0
	return answer(out)
}

// nodeID is an id as the API takes it: with colons.
var nodeID = regexp.MustCompile(`^I?-?\d+:-?\d+(;-?\d+:-?\d+)*$`)

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// nodes reads the ids that a call must name.
func (c *call) nodes() ([]string, *reply) {
	ids := list(c.query.Get("ids"))
	if ids == nil {
		return nil, badRequest("Missing required parameter ids")
	}
	for _, id := range ids {
		if !nodeID.MatchString(id) {
			return nil, badRequest("Invalid node id %s", id)
		}
	}
	return ids, nil
}

func (s *Server) getNodes(c call) *reply {
	v, bad := s.at(c)
	if bad != nil {
		return bad
	}
	ids, bad := c.nodes()
	if bad != nil {
		return bad
	}
	if _, bad := c.depth(); bad != nil {
		return bad
	}
	nodes := object{}
	for _, id := range ids {
		nodes[id] = nil
		if f, ok := c.file.frame(id); ok {
			nodes[id] = object{"document": frameBean(f, 0), "components": object{}, "componentSets": object{}, "schemaVersion": 0, "styles": object{}}
		}
	}
	out := s.fileBean(c, v)
	out["nodes"] = nodes
	return answer(out)
}

func (s *Server) versionBean(f *design, v *version) object {
	o := object{"id": v.id, "created_at": stamp(v.at), "label": nil, "description": nil, "user": s.userBean(v.by), "thumbnail_url": s.thumbnail(f, v)}
	if v.named() {
		o["label"], o["description"] = v.label, v.description
	}
	return o
}

// getVersions lists the newest first. before and after name versions that a page ends at.
func (s *Server) getVersions(c call) *reply {
	size := 30
	if text := c.query.Get("page_size"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 50 {
			return badRequest("Invalid value for page_size: expected a number between 1 and 50")
		}
		size = n
	}
	all := slices.Clone(c.file.versions)
	slices.Reverse(all)
	from, to := 0, min(size, len(all))
	if id := c.query.Get("before"); id != "" {
		i := slices.IndexFunc(all, func(v *version) bool { return v.id == id })
		if i < 0 || c.query.Has("after") {
			return badRequest("Invalid value for before")
		}
		from, to = i+1, min(i+1+size, len(all))
	} else if id := c.query.Get("after"); id != "" {
		i := slices.IndexFunc(all, func(v *version) bool { return v.id == id })
		if i < 0 {
			return badRequest("Invalid value for after")
		}
		from, to = max(0, i-size), i
	}
	versions, pages := []object{}, object{}
	for _, v := range all[from:to] {
		versions = append(versions, s.versionBean(c.file, v))
	}
	page := s.opt.BaseURL + "/v1/files/" + c.file.key + "/versions?page_size=" + strconv.Itoa(size)
	if to < len(all) && to > 0 {
		pages["next_page"] = page + "&before=" + all[to-1].id
	}
	if from > 0 && from < len(all) {
		pages["prev_page"] = page + "&after=" + all[from].id
	}
	return answer(object{"versions": versions, "pagination": pages})
}

func imageKeys() []string {
	return []string{"ids", "version", "scale", "format", "svg_outline_text", "svg_include_id", "svg_include_node_id", "svg_simplify_stroke", "contents_only", "use_absolute_bounds"}
}

func (s *Server) getImages(c call) *reply {
	ids, bad := c.nodes()
	if bad != nil {
		return bad
	}
	scale, format := 1.0, "png"
	if text := c.query.Get("scale"); text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0.01 && n <= 4) {
			return badRequest("Invalid value for scale: expected a number between 0.01 and 4")
		}
		scale = n
	}
	if c.query.Has("format") {
		format = c.query.Get("format")
	}
	if !slices.Contains([]string{"jpg", "png", "svg", "pdf"}, format) {
		return badRequest("Invalid value for format: expected one of jpg, png, svg, pdf")
	}
	for _, key := range imageKeys()[4:] {
		if _, bad := c.flag(key); bad != nil {
			return bad
		}
	}
	v, bad := s.at(c)
	if bad != nil {
		return bad
	}
	images := object{}
	for _, id := range ids {
		images[id] = nil
		if f, ok := c.file.frame(id); ok && !s.blind && (format == "png" || format == "jpg") {
			images[id] = s.pictureURL(picture{file: c.file.key, version: v.id, node: id, scale: scaled(f, scale), format: format})
		}
	}
	return &reply{status: http.StatusOK, body: object{"err": nil, "images": images}}
}

// scaled keeps a picture within 32 megapixels.
func scaled(f Frame, scale float64) float64 {
	if area := float64(f.Width*f.Height) * scale * scale; area > 32e6 {
		return scale * math.Sqrt(32e6/area)
	}
	return scale
}

// FailRenders makes every render come out as null until it is called with false.
func (s *Server) FailRenders(fail bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blind = fail
}

// getFills lists the pictures that people dragged into the file: there are none.
func (s *Server) getFills(call) *reply {
	return answer(object{"error": false, "status": http.StatusOK, "meta": object{"images": object{}}})
}

// getEmbed says what a link to a file leads to.
func (s *Server) getEmbed(c call) *reply {
	link := c.query.Get("url")
	if link == "" {
		return badRequest("Missing required parameter url")
	}
	size := [2]int{800, 450}
	for i, key := range []string{"maxwidth", "maxheight"} {
		if text := c.query.Get(key); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return badRequest("Invalid value for %s", key)
			}
			size[i] = n
		}
	}
	rest, ok := strings.CutPrefix(link, s.opt.BaseURL+"/design/")
	if !ok {
		return badRequest("Invalid value for url: expected the address of a file")
	}
	key, _, _ := strings.Cut(rest, "/")
	key, _, _ = strings.Cut(key, "?")
	if s.find(&c, key) != nil {
		return notFound()
	}
	p, _ := s.project(c.file.project)
	return answer(object{"version": "1.0", "type": "rich", "title": c.file.name, "key": key, "url": link, "provider_name": "Figma", "provider_url": "https://www.figma.com",
		"cache_age": 3600, "width": size[0], "height": size[1], "html": fmt.Sprintf(`<iframe width="%d" height="%d" src="%s"></iframe>`, size[0], size[1], html.EscapeString(link)), "folder_name": p.Name, "thumbnail_url": s.thumbnail(c.file, c.file.current())})
}
