package confluence

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) getPage(c call) *reply {
	v, rep := c.pageVersion()
	if rep != nil {
		return rep
	}
	if raw := c.query.Get("include-labels"); raw != "" && raw != "true" && raw != "false" {
		return c.bad("Provided value {" + raw + "} for 'include-labels' is not the correct type. Expected type is boolean")
	}
	o, rep := s.pageBean(c, c.page, v)
	if rep != nil {
		return rep
	}
	if c.query.Get("include-labels") == "true" {
		all := labelBeans(c.page)
		o["labels"] = object{"results": all[:min(len(all), labelsInPage)], "meta": object{"hasMore": len(all) > labelsInPage}, "_links": object{"self": "/wiki/api/v2/pages/" + c.page.idString() + "/labels"}}
	}
	return answer(http.StatusOK, o)
}

// pageVersion is the version that the query names, or the newest.
func (c call) pageVersion() (version, *reply) {
	raw := c.query.Get("version")
	if raw == "" {
		return c.page.now(), nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil {
		return version{}, c.bad("Provided value {" + raw + "} for 'version' is not the correct type. Expected type is int")
	}
	for _, v := range c.page.versions {
		if v.number == n {
			return v, nil
		}
	}
	return version{}, c.notFound(c.page.idString())
}

func (s *Server) listPages(c call) *reply {
	blog := c.route.op == "getBlogPosts"
	var all []object
	for _, p := range s.pages {
		q := c.query
		switch {
		case p.gone || p.blog != blog || !s.shows(p, c.by), p.trashed != slices.Contains(q["status"], "trashed"):
		case !oneOf(q["space-id"], id(p.space.ID)) || !oneOf(q["id"], p.idString()) || q.Has("title") && q.Get("title") != p.now().title:
		default:
			o, rep := s.pageBean(c, p, p.now())
			if rep != nil {
				return rep
			}
			all = append(all, o)
		}
	}
	return s.listed(c, all)
}

// oneOf reports whether a query key, whose values may be joined by commas, is absent or names the value.
func oneOf(values []string, value string) bool {
	return len(values) == 0 || slices.Contains(strings.Split(strings.Join(values, ","), ","), value)
}

func (s *Server) pageLabels(c call) *reply {
	if prefix := c.query.Get("prefix"); prefix != "" && prefix != "global" {
		return s.listed(c, nil)
	}
	return s.listed(c, labelBeans(c.page))
}

func (s *Server) listSpaces(c call) *reply {
	var all []object
	for _, sp := range s.spaces {
		if c.by != nil && !sp.Hidden && oneOf(c.query["keys"], sp.Key) && oneOf(c.query["ids"], id(sp.ID)) {
			all = append(all, s.spaceBean(sp))
		}
	}
	return s.listed(c, all)
}

func (s *Server) spaceBean(sp *Space) object {
	kind := "global"
	if strings.HasPrefix(sp.Key, "~") {
		kind = "personal"
	}
	return object{"id": id(sp.ID), "key": sp.Key, "name": sp.Name, "type": kind, "status": "current", "homepageId": nil, "description": nil,
		"_links": object{"webui": "/spaces/" + sp.Key, "base": s.base()}}
}

func (s *Server) getSpace(c call) *reply {
	for _, sp := range s.spaces {
		if id(sp.ID) == c.PathValue("space") && !sp.Hidden && c.by != nil {
			return answer(http.StatusOK, s.spaceBean(sp))
		}
	}
	return c.problem(http.StatusNotFound, "No space found with id : "+c.PathValue("space"))
}

func (s *Server) usersBulk(c call) *reply {
	m, err := members(c.body, "accountIds")
	var ids []string
	if err == nil {
		err = json.Unmarshal(m["accountIds"], &ids)
	}
	if err != nil || len(ids) == 0 || len(ids) > 250 {
		return c.bad("'accountIds' must be a list of 1 to 250 account ids")
	}
	results := []object{}
	for _, account := range ids {
		if u := s.byAccount(account); u != nil && c.by != nil {
			results = append(results, object{"accountId": u.AccountID, "accountType": "atlassian", "accountStatus": "active", "displayName": u.Name, "publicName": u.Name,
				"email": u.shownEmail(), "timeZone": s.opt.Zone.String(), "isExternalCollaborator": false, "personalSpaceId": nil})
		}
	}
	return answer(http.StatusOK, object{"results": results})
}

func (s *Server) byAccount(account string) *User {
	i := slices.IndexFunc(s.users, func(u *User) bool { return u.AccountID == account })
	if i < 0 {
		return nil
	}
	return s.users[i]
}

func (s *Server) convertIDs(c call) *reply {
	m, err := members(c.body, "contentIds")
	var ids []json.RawMessage
	if err == nil {
		err = json.Unmarshal(m["contentIds"], &ids)
	}
	if err != nil || len(ids) == 0 {
		return c.bad("'contentIds' must be a list of ids")
	}
	out := object{}
	for _, raw := range ids {
		key := strings.Trim(string(raw), `"`)
		out[key] = nil
		if p := s.page(key); p != nil && s.shows(p, c.by) {
			out[key] = p.kind()
		} else if m := s.comment(key); m != nil && s.shows(m.page, c.by) {
			out[key] = "footer-comment"
		}
	}
	return answer(http.StatusOK, object{"results": out})
}

func (s *Server) footerComments(c call) *reply {
	all := c.page.living()
	switch order := c.query.Get("sort"); order {
	case "", "created-date":
	case "-created-date":
		slices.Reverse(all)
	case "modified-date", "-modified-date":
		slices.SortStableFunc(all, func(a, b *comment) int {
			if order[0] == '-' {
				a, b = b, a
			}
			return a.now().at.Compare(b.now().at)
		})
	default:
		return c.bad("Provided value {" + order + "} for 'sort' is not valid")
	}
	var out []object
	for _, m := range all {
		o, rep := s.commentBean(c, m)
		if rep != nil {
			return rep
		}
		out = append(out, o)
	}
	return s.listed(c, out)
}

// storageIn reads {"representation": "storage", "value": …}.
func (c call) storageIn(raw json.RawMessage) (string, *reply) {
	m, err := members(raw, "representation", "value")
	if err != nil {
		return "", c.bad("'body': " + err.Error())
	}
	kind, ok := text(m["representation"])
	value, also := text(m["value"])
	if !ok || !also || kind != "storage" {
		return "", c.bad("'body' must have a representation, which is storage here, and a value")
	}
	if err := checkBody(value); err != nil {
		return "", c.bad(err.Error())
	}
	return value, nil
}

func (s *Server) createFooterComment(c call) *reply {
	m, err := members(c.body, "pageId", "blogPostId", "body")
	if err != nil {
		return c.bad(err.Error())
	}
	at, isPage := text(m["pageId"])
	post, isPost := text(m["blogPostId"])
	if isPage == isPost || m["pageId"] != nil && !isPage || m["blogPostId"] != nil && !isPost {
		return c.bad("One of 'pageId' and 'blogPostId' must be provided, as a text")
	}
	value, rep := c.storageIn(m["body"])
	if rep != nil {
		return rep
	}
	p := s.page(at + post)
	if p == nil || p.trashed || p.blog != isPost || !s.shows(p, c.by) || p.space.NoComments {
		return c.notFound(at + post)
	}
	o, _ := s.commentBean(c, s.addComment(p, c.by, version{body: value}))
	o["body"] = object{"storage": object{"representation": "storage", "value": value}}
	return answer(http.StatusCreated, o)
}

// commentAt is the comment that a path names and the caller may see.
func (s *Server) commentAt(c call, id string) (*comment, *reply) {
	m := s.comment(id)
	if m == nil || !s.shows(m.page, c.by) {
		return nil, c.notFound(id)
	}
	return m, nil
}

func (s *Server) getFooterComment(c call) *reply {
	m, rep := s.commentAt(c, c.PathValue("comment"))
	if rep != nil {
		return rep
	}
	o, rep := s.commentBean(c, m)
	if rep != nil {
		return rep
	}
	return answer(http.StatusOK, o)
}

func (s *Server) updateFooterComment(c call) *reply {
	m, rep := s.commentAt(c, c.PathValue("comment"))
	if rep != nil {
		return rep
	}
	in, err := members(c.body, "version", "body")
	if err != nil {
		return c.bad(err.Error())
	}
	value, rep := c.storageIn(in["body"])
	if rep != nil {
		return rep
	}
	if rep := s.rewrite(c, m, in["version"], value); rep != nil {
		return rep
	}
	o, _ := s.commentBean(c, m)
	o["body"] = storageBean(m.now())
	return answer(http.StatusOK, o)
}

// rewrite gives a comment of the caller its next version, which the call has to name.
func (s *Server) rewrite(c call, m *comment, raw json.RawMessage, body string) *reply {
	in, err := members(raw, "number", "message", "minorEdit")
	n, number := strconv.Atoi(string(in["number"]))
	switch {
	case err != nil || number != nil:
		return c.bad("'version.number' must be provided")
	case m.author != c.by:
		return c.problem(http.StatusForbidden, "The calling user is not permitted to edit this comment")
	case n != m.now().number+1:
		return c.problem(http.StatusConflict, "Version must be incremented when updating a comment. Current Version: ["+strconv.Itoa(m.now().number)+"]. Provided version: ["+strconv.Itoa(n)+"]")
	}
	s.editComment(m, c.by, version{body: body})
	return nil
}

func (s *Server) deleteFooterComment(c call) *reply {
	m, rep := s.commentAt(c, c.PathValue("comment"))
	if rep != nil {
		return rep
	}
	return s.removeComment(c, m)
}

func (s *Server) removeComment(c call, m *comment) *reply {
	if m.author != c.by {
		return c.problem(http.StatusForbidden, "The calling user is not permitted to delete this comment")
	}
	m.gone = true
	s.announce("comment_removed", c.by, object{"comment": object{"id": m.id}})
	return answer(http.StatusNoContent, nil)
}
