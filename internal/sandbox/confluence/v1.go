package confluence

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// found runs the search of a call.
func (s *Server) found(c call) ([]*page, map[string]bool, *reply) {
	expand, rep := c.expands()
	if rep != nil {
		return nil, nil, rep
	}
	pages, err := s.search(c.query.Get("cql"), c.by)
	if err != nil {
		return nil, nil, c.bad("com.atlassian.confluence.api.service.exceptions.BadRequestException: " + err.Error())
	}
	return pages, expand, nil
}

func (s *Server) searchContent(c call) *reply {
	pages, expand, rep := s.found(c)
	if rep != nil {
		return rep
	}
	var all []object
	for _, p := range pages {
		all = append(all, s.contentBean(p, nil, p.now(), expand))
	}
	return s.listedOrRefused(c, all, nil)
}

func (s *Server) searchAll(c call) *reply {
	pages, expand, rep := s.found(c)
	if rep != nil {
		return rep
	}
	var all []object
	for _, p := range pages {
		all = append(all, object{
			"content": s.contentBean(p, nil, p.now(), expand), "title": p.now().title, "excerpt": "", "url": p.webui(), "entityType": "content",
			"resultGlobalContainer": object{"title": p.space.Name, "displayUrl": "/spaces/" + p.space.Key}, "lastModified": s.when(p.now().at),
		})
	}
	return s.listedOrRefused(c, all, object{"totalSize": len(all), "cqlQuery": c.query.Get("cql")})
}

func (s *Server) listedOrRefused(c call, all []object, more object) *reply {
	o, rep := s.listedV1(c, all)
	if rep != nil {
		return rep
	}
	for k, v := range more {
		o[k] = v
	}
	return answer(http.StatusOK, o)
}

func (s *Server) currentUser(c call) *reply { return answer(http.StatusOK, s.userBean(c.by)) }

func (s *Server) userBulk(c call) *reply {
	results := []object{}
	for _, account := range c.query["accountId"] {
		if u := s.byAccount(account); u != nil && c.by != nil {
			results = append(results, s.userBean(u))
		}
	}
	if !c.query.Has("accountId") {
		return c.bad("'accountId' must be provided")
	}
	return answer(http.StatusOK, object{"results": results, "start": 0, "limit": 200, "size": len(results)})
}

func (s *Server) getUser(c call) *reply {
	key, name := c.query.Get("key"), c.query.Get("username")
	if (key == "") == (name == "") {
		return c.bad("One of key and username must be given")
	}
	i := slices.IndexFunc(s.users, func(u *User) bool { return key != "" && u.UserKey == key || name != "" && u.Username == name })
	if i < 0 || c.by == nil {
		return c.problem(http.StatusNotFound, "No user found with key : "+key+name)
	}
	return answer(http.StatusOK, s.userBean(s.users[i]))
}

func (s *Server) contentLabels(c call) *reply { return s.listedOrRefused(c, labelBeans(c.page), nil) }

var labelForm = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]{1,255}$`)

func (s *Server) addLabels(c call) *reply {
	raw := bytes.TrimSpace(c.body)
	if bytes.HasPrefix(raw, []byte("{")) {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		return c.bad("A list of labels is expected")
	}
	var names []string
	for _, one := range list {
		m, err := members(one, "prefix", "name")
		if err != nil {
			return c.bad(err.Error())
		}
		prefix, ok := text(m["prefix"])
		name, also := text(m["name"])
		if !ok || !also || prefix != "global" || !labelForm.MatchString(name) {
			return c.bad("A label needs the prefix global and a name in small letters without spaces and punctuation")
		}
		names = append(names, name)
	}
	if c.page.space.NoLabels {
		return c.problem(http.StatusForbidden, "The calling user is not permitted to edit this content")
	}
	for _, name := range names {
		s.setLabel(c.page, c.by, name, true)
	}
	return s.contentLabels(c)
}

func (s *Server) removeLabel(c call) *reply {
	name := c.query.Get("name")
	switch {
	case name == "":
		return c.bad("'name' must be provided")
	case c.page.space.NoLabels:
		return c.problem(http.StatusForbidden, "The calling user is not permitted to edit this content")
	}
	s.setLabel(c.page, c.by, name, false)
	return answer(http.StatusNoContent, nil)
}

// content is what {any} of a path names.
func (s *Server) content(c call) (*page, *comment, *reply) {
	if c.page != nil {
		return c.page, nil, nil
	}
	m, rep := s.commentAt(c, c.PathValue("any"))
	if rep != nil {
		return nil, nil, rep
	}
	return m.page, m, nil
}

func (s *Server) getContent(c call) *reply {
	expand, rep := c.expands()
	if rep != nil {
		return rep
	}
	p, m, rep := s.content(c)
	if rep != nil {
		return rep
	}
	if m != nil {
		return answer(http.StatusOK, s.contentBean(p, m, m.now(), expand))
	}
	if c.query.Has("version") && c.query.Get("status") != "historical" {
		return c.bad("version needs the status historical")
	}
	v, rep := c.pageVersion()
	if rep != nil {
		return rep
	}
	return answer(http.StatusOK, s.contentBean(p, nil, v, expand))
}

func (s *Server) listContent(c call) *reply {
	expand, rep := c.expands()
	if rep != nil {
		return rep
	}
	kind := c.query.Get("type")
	if kind != "" && kind != "page" && kind != "blogpost" {
		return c.bad("Unknown type " + kind)
	}
	var all []object
	for _, p := range s.pages {
		q := c.query
		if !p.gone && !p.trashed && s.shows(p, c.by) && p.blog == (kind == "blogpost") && (!q.Has("title") || q.Get("title") == p.now().title) && (!q.Has("spaceKey") || q.Get("spaceKey") == p.space.Key) {
			all = append(all, s.contentBean(p, nil, p.now(), expand))
		}
	}
	return s.listedOrRefused(c, all, nil)
}

func (s *Server) childComments(c call) *reply {
	expand, rep := c.expands()
	if rep != nil {
		return rep
	}
	if d := c.query.Get("depth"); d != "" && d != "all" {
		return c.bad("depth is all or empty")
	}
	var all []object
	for _, m := range c.page.living() {
		all = append(all, s.contentBean(c.page, m, m.now(), expand))
	}
	return s.listedOrRefused(c, all, nil)
}

// storageV1 reads {"storage": {"value": …, "representation": "storage"}}.
func (c call) storageV1(raw json.RawMessage) (string, *reply) {
	m, err := members(raw, "storage")
	if err != nil {
		return "", c.bad("body: " + err.Error())
	}
	return c.storageIn(m["storage"])
}

func (s *Server) createContent(c call) *reply {
	m, err := members(c.body, "type", "container", "body", "title", "space", "ancestors")
	if err != nil {
		return c.bad(err.Error())
	}
	if kind, _ := text(m["type"]); kind != "comment" {
		return c.bad("This site takes comments here, and nothing else")
	}
	in, err := members(m["container"], "id", "type", "status")
	if err != nil {
		return c.bad("container: " + err.Error())
	}
	at, ok := text(in["id"])
	if n, err := strconv.ParseInt(string(in["id"]), 10, 64); err == nil {
		at, ok = id(n), true
	}
	kind, also := text(in["type"])
	if !ok || !also {
		return c.bad("container needs an id and a type")
	}
	value, rep := c.storageV1(m["body"])
	if rep != nil {
		return rep
	}
	p := s.page(at)
	if p == nil || p.trashed || p.kind() != kind || !s.shows(p, c.by) || p.space.NoComments {
		return c.notFound(at)
	}
	made := s.addComment(p, c.by, version{body: value})
	return answer(http.StatusOK, s.contentBean(p, made, made.now(), writtenParts()))
}

// writtenParts are those of what was just written.
func writtenParts() map[string]bool {
	return map[string]bool{"body": true, "body.storage": true, "version": true, "container": true, "history": true}
}

func (s *Server) updateContent(c call) *reply {
	p, m, rep := s.content(c)
	if rep != nil {
		return rep
	}
	in, err := members(c.body, "id", "type", "title", "status", "version", "body")
	if err != nil {
		return c.bad(err.Error())
	}
	if kind, _ := text(in["type"]); m == nil || kind != "comment" {
		return c.bad("This site lets comments be changed here, and nothing else")
	}
	value, rep := c.storageV1(in["body"])
	if rep != nil {
		return rep
	}
	if rep := s.rewrite(c, m, in["version"], value); rep != nil {
		return rep
	}
	return answer(http.StatusOK, s.contentBean(p, m, m.now(), writtenParts()))
}

func (s *Server) deleteContent(c call) *reply {
	_, m, rep := s.content(c)
	if rep != nil {
		return rep
	}
	if m == nil {
		return c.problem(http.StatusForbidden, "The calling user is not permitted to delete this page")
	}
	return s.removeComment(c, m)
}
