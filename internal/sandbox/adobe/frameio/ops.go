package frameio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"signoff/internal/sandbox/adobe/site"
)

func ok(body object) *site.Reply { return site.Answer(http.StatusOK, object{"data": body}) }

func (s *Site) me(c *site.Call) *site.Reply { return ok(userBean(c.By)) }

func (s *Site) listAccounts(c *site.Call) *site.Reply {
	return s.paged(c, []object{{
		"id": s.account, "display_name": "Lumen", "image": nil, "owner_id": s.People[0].ID, "roles": []string{"content_admin"}, "storage_usage": s.projects[0].storage(), "storage_limit": 1 << 40,
		"created_at": stamp(s.workspace.created), "updated_at": stamp(s.workspace.created),
	}})
}

func (s *Site) listWorkspaces(c *site.Call) *site.Reply {
	if _, bad := includes(c, "creator"); bad != nil {
		return bad
	}
	return s.paged(c, []object{s.workspaceBean(s.workspace)})
}

func (s *Site) showWorkspace(c *site.Call) *site.Reply {
	if _, bad := includes(c, "creator"); bad != nil {
		return bad
	}
	return ok(s.workspaceBean(s.workspace))
}

func (s *Site) listProjects(c *site.Call) *site.Reply {
	want, bad := includes(c, "owner")
	if bad != nil {
		return bad
	}
	var all []object
	for _, p := range s.projects {
		all = append(all, s.projectBean(p, want["owner"]))
	}
	return s.paged(c, all)
}

func (s *Site) showProject(c *site.Call) *site.Reply {
	want, bad := includes(c, "owner")
	if bad != nil {
		return bad
	}
	p := s.project(c.PathValue("project"))
	if p == nil {
		return notFound()
	}
	return ok(s.projectBean(p, want["owner"]))
}

// one finds the asset of a kind that a path names, with what is wanted of it besides.
func (s *Site) one(c *site.Call, name, kind string) (*asset, map[string]bool, *site.Reply) {
	want, bad := includes(c, assetIncludes()...)
	if bad != nil {
		return nil, nil, bad
	}
	a := s.asset(c.PathValue(name))
	if a == nil || a.kind != kind {
		return nil, nil, notFound()
	}
	return a, want, nil
}

func (s *Site) shown(c *site.Call, name, kind string) *site.Reply {
	a, want, bad := s.one(c, name, kind)
	if bad != nil {
		return bad
	}
	return ok(s.bean(a, want))
}

func (s *Site) showFolder(c *site.Call) *site.Reply { return s.shown(c, "folder", aFolder) }
func (s *Site) showFile(c *site.Call) *site.Reply   { return s.shown(c, "file", aFile) }
func (s *Site) showStack(c *site.Call) *site.Reply  { return s.shown(c, "stack", aStack) }

func (s *Site) listed(c *site.Call, all []*asset, want map[string]bool) *site.Reply {
	var out []object
	for _, a := range all {
		out = append(out, s.bean(a, want))
	}
	return s.paged(c, out)
}

func (s *Site) listChildren(c *site.Call) *site.Reply {
	a, want, bad := s.one(c, "folder", aFolder)
	if bad != nil {
		return bad
	}
	kind := c.URL.Query().Get("type")
	if kind != "" && !slices.Contains([]string{aFile, aFolder, aStack}, kind) {
		return invalid("/type", "Invalid value for enum")
	}
	all := slices.DeleteFunc(slices.Clone(a.children), func(child *asset) bool { return kind != "" && child.kind != kind })
	return s.listed(c, all, want)
}

func (s *Site) listFiles(c *site.Call) *site.Reply {
	a, want, bad := s.one(c, "folder", aFolder)
	if bad != nil {
		return bad
	}
	return s.listed(c, slices.DeleteFunc(slices.Clone(a.children), func(child *asset) bool { return child.kind != aFile }), want)
}

// listVersions shows the versions of a stack as people see them, the newest first.
func (s *Site) listVersions(c *site.Call) *site.Reply {
	a, want, bad := s.one(c, "stack", aStack)
	if bad != nil {
		return bad
	}
	all := slices.Clone(a.children)
	slices.Reverse(all)
	return s.listed(c, all, want)
}

// timecode reads whether moments are wanted as HH:MM:SS:FF.
func timecode(c *site.Call) (bool, *site.Reply) {
	switch c.URL.Query().Get("timestamp_as_timecode") {
	case "":
		return false, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, invalid("/timestamp_as_timecode", "Invalid boolean")
}

func (s *Site) commentArgs(c *site.Call) (want map[string]bool, code bool, bad *site.Reply) {
	if want, bad = includes(c, "owner", "replies"); bad == nil {
		code, bad = timecode(c)
	}
	return want, code, bad
}

func (s *Site) listComments(c *site.Call) *site.Reply {
	want, code, bad := s.commentArgs(c)
	if bad != nil {
		return bad
	}
	f := s.asset(c.PathValue("file"))
	if f == nil || f.kind != aFile {
		return notFound()
	}
	var all []object
	for _, one := range f.comments {
		all = append(all, s.commentBean(one, want, code))
	}
	return s.paged(c, all)
}

func (s *Site) showComment(c *site.Call) *site.Reply {
	want, code, bad := s.commentArgs(c)
	if bad != nil {
		return bad
	}
	one := s.comment(c.PathValue("comment"))
	if one == nil {
		return notFound()
	}
	return ok(s.commentBean(one, want, code))
}

// words are the members of a comment that a body may set.
type words struct {
	text       *string
	annotation *string
	completed  *bool
	page       *int
	frame      int
}

var timecodeForm = regexp.MustCompile(`^(\d\d):(\d\d):(\d\d):(\d\d)$`)

func readWords(c *site.Call, f *asset, needText bool) (w words, bad *site.Reply) {
	in, bad := data(c, "text", "annotation", "completed", "page", "timestamp")
	if bad != nil {
		return w, bad
	}
	if _, there := in["text"]; there || needText {
		text, err := in.Text("text")
		if err != nil {
			return w, refuse("/data", err)
		}
		w.text = &text
	}
	for key, into := range map[string]any{"annotation": &w.annotation, "completed": &w.completed, "page": &w.page} {
		if err := in.Into(key, into); err != nil {
			return w, refuse("/data", err)
		}
	}
	if w.page != nil && (f.media != "application/pdf" || *w.page < 1) {
		return w, invalid("/data/page", "page is only allowed when file type is a pdf document")
	}
	if !in.Has("timestamp") {
		return w, nil
	}
	if w.frame = frameOf(in["timestamp"]); w.frame < 1 {
		return w, invalid("/data/timestamp", "Failed to cast value to one of: [integer, string]")
	}
	if !f.video() {
		return w, invalid("/data/timestamp", "timestamp is only allowed when file type is audio or video")
	}
	return w, nil
}

// frameOf reads a moment: a frame, counted from 1, or HH:MM:SS:FF. 0 is none.
func frameOf(raw json.RawMessage) int {
	var n int
	var code string
	if json.Unmarshal(raw, &n) == nil {
		return n
	}
	if json.Unmarshal(raw, &code) != nil {
		return 0
	}
	m := timecodeForm.FindStringSubmatch(code)
	if m == nil {
		return 0
	}
	var at [4]int
	for i := range at {
		at[i], _ = strconv.Atoi(m[i+1]) // two digits
	}
	return ((at[0]*60+at[1])*60+at[2])*framesPerSecond + at[3] + 1
}

func (s *Site) createComment(c *site.Call) *site.Reply {
	code, bad := timecode(c)
	if bad != nil {
		return bad
	}
	f := s.asset(c.PathValue("file"))
	if f == nil || f.kind != aFile {
		return notFound()
	}
	w, bad := readWords(c, f, true)
	if bad != nil {
		return bad
	}
	one := s.addComment(f, nil, c.By, *w.text)
	one.frame = w.frame
	if w.annotation != nil {
		one.annotation = *w.annotation
	}
	if w.page != nil {
		one.page = *w.page
	}
	s.announce(f.project, "comment.created", "comment", one.id, c.By)
	if w.completed != nil && *w.completed {
		s.complete(one, c.By, true)
	}
	return site.Answer(http.StatusCreated, object{"data": s.commentBean(one, nil, code)})
}

func (s *Site) updateComment(c *site.Call) *site.Reply {
	code, bad := timecode(c)
	if bad != nil {
		return bad
	}
	one := s.comment(c.PathValue("comment"))
	if one == nil {
		return notFound()
	}
	w, bad := readWords(c, one.file, false)
	if bad != nil {
		return bad
	}
	if w.text != nil && one.by != c.By {
		return problem(http.StatusForbidden, "")
	}
	if w.frame > 0 {
		one.frame = w.frame
	}
	if w.page != nil {
		one.page = *w.page
	}
	if w.annotation != nil {
		one.annotation = *w.annotation
	}
	if w.text != nil {
		s.edit(one, c.By, *w.text)
	}
	if w.completed != nil {
		s.complete(one, c.By, *w.completed)
	}
	return ok(s.commentBean(one, nil, code))
}

func (s *Site) deleteComment(c *site.Call) *site.Reply {
	one := s.comment(c.PathValue("comment"))
	switch {
	case one == nil:
		return notFound()
	case one.by != c.By:
		return problem(http.StatusForbidden, "")
	}
	s.remove(one, c.By)
	return site.Answer(http.StatusNoContent, nil)
}

func (s *Site) showMetadata(c *site.Call) *site.Reply {
	f := s.asset(c.PathValue("file"))
	if f == nil || f.kind != aFile {
		return notFound()
	}
	null := c.URL.Query().Get("show_null")
	if null != "" && null != "true" && null != "false" {
		return invalid("/show_null", "Invalid boolean")
	}
	return ok(object{"file_id": f.id, "metadata": s.metadataBean(f, null != "false")})
}

func (s *Site) listFields(c *site.Call) *site.Reply {
	if _, bad := includes(c, "creator"); bad != nil {
		return bad
	}
	var all []object
	for _, d := range s.fields {
		o := object{"id": d.id, "name": d.name, "field_type": d.kind, "mutable": d.mutable}
		if d.kind == "select" {
			o["field_configuration"] = object{"enable_add_new": false, "options": d.options}
		}
		all = append(all, o)
	}
	return s.paged(c, all)
}

// updateMetadata sets values of several files at once, or none of them.
func (s *Site) updateMetadata(c *site.Call) *site.Reply {
	p := s.project(c.PathValue("project"))
	if p == nil {
		return notFound()
	}
	in, bad := data(c, "file_ids", "values")
	if bad != nil {
		return bad
	}
	var ids []string
	var values []json.RawMessage
	for key, into := range map[string]any{"file_ids": &ids, "values": &values} {
		if err := in.Into(key, into); err != nil || !in.Has(key) {
			return invalid("/data/"+key, "Missing field: "+key)
		}
	}
	var files []*asset
	for _, id := range ids {
		f := s.asset(id)
		if f == nil || f.kind != aFile || f.project != p {
			return notFound()
		}
		files = append(files, f)
	}
	var sets []func(*asset)
	for i, raw := range values {
		set, bad := s.valueOf(raw, fmt.Sprintf("/data/values/%d", i))
		if bad != nil {
			return bad
		}
		sets = append(sets, set)
	}
	for _, f := range files {
		for _, set := range sets {
			set(f)
		}
		s.announce(p, "metadata.value.updated", aFile, f.id, c.By)
	}
	return site.Answer(http.StatusNoContent, nil)
}

// valueOf reads one value: of a select the list of its options, as ids or as they are shown.
func (s *Site) valueOf(raw json.RawMessage, at string) (func(*asset), *site.Reply) {
	in, err := site.ParseObject(raw, "field_definition_id", "value")
	if err != nil {
		return nil, refuse(at, err)
	}
	id, err := in.Text("field_definition_id")
	if err != nil {
		return nil, refuse(at, err)
	}
	i := slices.IndexFunc(s.fields, func(d *definition) bool { return d.id == id })
	switch {
	case i < 0:
		return nil, notFound()
	case !s.fields[i].mutable:
		return nil, invalid(at+"/field_definition_id", "System field values cannot be updated")
	case in["value"] == nil:
		return nil, invalid(at+"/value", "Missing field: value")
	}
	if d := s.fields[i]; d.kind == "select" {
		return s.choice(d, in["value"], at)
	}
	var text *string
	if err := in.Into("value", &text); err != nil {
		return nil, refuse(at, err)
	}
	return func(f *asset) {
		if text == nil {
			s.set(f, s.fields[i], nil)
			return
		}
		s.set(f, s.fields[i], *text)
	}, nil
}

func (s *Site) choice(d *definition, raw json.RawMessage, at string) (func(*asset), *site.Reply) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil || len(list) > 1 {
		return nil, invalid(at+"/value", "Invalid array. A select field takes one option")
	}
	if len(list) == 0 {
		return func(f *asset) { s.set(f, d, nil) }, nil
	}
	chosen := d.option(optionID(list[0]))
	if chosen == nil {
		return nil, invalid(at+"/value", "Invalid option")
	}
	return func(f *asset) { s.set(f, d, chosen.ID) }, nil
}

func optionID(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil && uuidForm.MatchString(id) {
		return id
	}
	o, err := site.ParseObject(raw, "id", "display_name")
	if err != nil {
		return ""
	}
	id, _ = o.Text("id") // "" is no option
	return id
}
