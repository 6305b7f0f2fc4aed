package confluence

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 25
	labelsInPage = 50
)

// stamp is an instant as version 2 of the API gives it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// when is an instant as version 1 gives it: in the zone of the site on Data Center.
func (s *Server) when(t time.Time) string {
	if s.cloud() {
		return stamp(t)
	}
	return t.In(s.opt.Zone).Format("2006-01-02T15:04:05.000-07:00")
}

// members decodes the JSON object of a body, which may hold only the allowed keys, each once.
func members(raw []byte, allowed ...string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("a JSON object is expected")
	}
	all := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := all[key]; twice || !slices.Contains(allowed, key) {
			return nil, fmt.Errorf("unrecognized field %q", key)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		all[key] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("something follows the object")
	}
	return all, nil
}

// text reads a JSON text; false for anything else.
func text(raw json.RawMessage) (string, bool) {
	var v string
	return v, strings.HasPrefix(string(raw), `"`) && json.Unmarshal(raw, &v) == nil
}

// limit is how many entries the caller wants. Version 2 refuses what version 1 caps.
func (s *Server) limit(c call) (int, *reply) {
	raw := c.query.Get("limit")
	if raw == "" {
		return min(defaultLimit, s.opt.PerPage), nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > 250 && c.route.second() {
		return 0, c.bad("Provided value {" + raw + "} for 'limit' is not valid")
	}
	return min(n, s.opt.PerPage), nil
}

// cursorOf seals a place in the results of one query.
func cursorOf(c call, at int) string {
	q := map[string][]string{}
	for k, v := range c.query {
		if k != "cursor" {
			q[k] = v
		}
	}
	raw, _ := json.Marshal(q) // texts always have JSON
	sum := sha256.Sum256([]byte(c.URL.Path + string(raw)))
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "%x:%d", sum[:6], at))
}

// window is the part of n results that a call is answered with; next is 0 at the end.
func (s *Server) window(c call, n int) (from, to, next int, rep *reply) {
	size, rep := s.limit(c)
	if rep != nil {
		return 0, 0, 0, rep
	}
	key := "cursor"
	if !s.cloud() {
		key = "start"
	}
	if raw := c.query.Get(key); raw != "" {
		from = -1
		place := raw
		if s.cloud() {
			opened, err := base64.URLEncoding.DecodeString(raw)
			if _, number, ok := strings.Cut(string(opened), ":"); err == nil && ok {
				place = number
			}
		}
		if at, err := strconv.Atoi(place); err == nil && at >= 0 && (!s.cloud() || cursorOf(c, at) == raw) {
			from = at
		}
		if from < 0 {
			return 0, 0, 0, c.bad("Provided value {" + raw + "} for '" + key + "' is not valid")
		}
	}
	from = min(from, n)
	if to = min(from+size, n); to < n {
		next = to
	}
	return from, to, next, nil
}

// listed is a page of the results of version 2.
func (s *Server) listed(c call, all []object) *reply {
	from, to, next, rep := s.window(c, len(all))
	if rep != nil {
		return rep
	}
	links := object{"base": s.base()}
	rep = answer(http.StatusOK, object{"results": append([]object{}, all[from:to]...), "_links": links})
	if next > 0 {
		q := c.query
		q.Set("cursor", cursorOf(c, next))
		path := s.below(c) + "?" + q.Encode()
		links["next"] = path
		rep.header = map[string]string{"Link": "<" + path + `>; rel="next"`}
	}
	return rep
}

// below is the path of a call as links in answers write it: below the site, wherever that is mounted.
func (s *Server) below(c call) string {
	path := strings.TrimPrefix(c.URL.Path, s.opt.Prefix)
	return strings.TrimPrefix(path, "/ex/confluence/"+s.opt.CloudID)
}

// listedV1 is a page of the results of version 1, whose links leave /wiki out.
func (s *Server) listedV1(c call, all []object) (object, *reply) {
	from, to, next, rep := s.window(c, len(all))
	if rep != nil {
		return nil, rep
	}
	limit, _ := s.limit(c) // which window has looked at
	path := strings.TrimPrefix(s.below(c), s.wiki())
	links := object{"base": s.base(), "context": s.wiki(), "self": s.base() + path}
	if next > 0 {
		q := c.query
		if s.cloud() {
			q.Set("cursor", cursorOf(c, next))
		} else {
			q.Set("start", strconv.Itoa(next))
		}
		links["next"] = path + "?" + q.Encode()
	}
	return object{"results": append([]object{}, all[from:to]...), "start": from, "limit": limit, "size": to - from, "_links": links}, nil
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func accountOf(u *User) any {
	if u == nil {
		return nil
	}
	return u.AccountID
}

func storageBean(v version) object {
	return object{"storage": object{"representation": "storage", "value": v.body}}
}

// bodyBean is the body in the format asked for; none without one.
func (s *Server) bodyBean(c call, v version) (object, *reply) {
	single := slices.Contains([]string{"getPageById", "getBlogPostById", "getFooterCommentById"}, c.route.op)
	switch format := c.query.Get("body-format"); {
	case format == "":
		return object{}, nil
	case format == "storage":
		return storageBean(v), nil
	case format == "view" && single:
		return object{"view": object{"representation": "view", "value": s.render(v.body, 0)}}, nil
	default:
		return nil, c.bad("Provided value {" + format + "} for 'body-format' is not one that this site makes: storage is, and view of a single page")
	}
}

func versionBean(v version) object {
	return object{"number": v.number, "message": v.message, "minorEdit": false, "authorId": v.by.AccountID, "createdAt": stamp(v.at)}
}

func (s *Server) pageBean(c call, p *page, v version) (object, *reply) {
	body, rep := s.bodyBean(c, v)
	o := object{
		"id": p.idString(), "status": p.status(), "title": v.title, "spaceId": id(p.space.ID), "authorId": p.author.AccountID, "createdAt": stamp(p.created),
		"version": versionBean(v), "body": body,
		"_links": object{"editui": "/pages/resumedraft.action?draftId=" + p.idString(), "webui": p.webui(), "tinyui": "/x/" + tiny(p.id), "base": s.base()},
	}
	if !p.blog {
		o["parentId"], o["parentType"], o["position"], o["ownerId"], o["lastOwnerId"] = nil, nil, p.id%1000, accountOf(p.owner), nil
	}
	return o, rep
}

func labelBeans(p *page) []object {
	out := []object{}
	for _, l := range p.labels {
		out = append(out, object{"id": id(l.id), "name": l.name, "prefix": "global"})
	}
	return out
}

func (s *Server) commentBean(c call, m *comment) (object, *reply) {
	v := m.now()
	body, rep := s.bodyBean(c, v)
	at := "pageId"
	if m.page.blog {
		at = "blogPostId"
	}
	return object{
		"id": id(m.id), "status": "current", "title": "Re: " + m.page.now().title, at: m.page.idString(), "version": versionBean(v), "body": body,
		"_links": object{"webui": m.page.webui() + "?focusedCommentId=" + id(m.id), "base": s.base()},
	}, rep
}

// userBean is somebody in version 1 of the API.
func (s *Server) userBean(u *User) object {
	if u == nil {
		return object{"type": "anonymous", "displayName": "Anonymous", "profilePicture": object{"path": "/images/icons/profilepics/anonymous.svg", "isDefault": true}}
	}
	o := object{"type": "known", "displayName": u.Name, "profilePicture": object{"path": "/aa-avatar/" + u.UserKey, "width": 48, "height": 48, "isDefault": true}}
	if s.cloud() {
		o["accountId"], o["accountType"], o["publicName"], o["email"] = u.AccountID, "atlassian", u.Name, u.shownEmail()
		return o
	}
	o["username"], o["userKey"] = u.Username, u.UserKey
	o["_links"] = object{"self": s.base() + "/rest/api/user?key=" + u.UserKey}
	return o
}

func (u *User) shownEmail() string {
	if u.Hidden {
		return ""
	}
	return u.Email
}

// expands reads the query key expand: what is named is in the answer, with what it is inside of.
func (c call) expands() (map[string]bool, *reply) {
	known := []string{"body.storage", "body.view", "version", "space", "history", "metadata.labels", "container"}
	out := map[string]bool{}
	for _, part := range strings.Split(strings.Join(c.query["expand"], ","), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if !slices.Contains(known, part) {
			return nil, c.bad("Cannot expand " + part)
		}
		out[part] = true
		if first, _, ok := strings.Cut(part, "."); ok {
			out[first] = true
		}
	}
	return out, nil
}

func (s *Server) versionV1(v version) object {
	return object{"number": v.number, "when": s.when(v.at), "by": s.userBean(v.by), "message": v.message, "minorEdit": false, "hidden": false}
}

// contentBean is a page or a comment in version 1: what is not expanded is only named.
func (s *Server) contentBean(p *page, m *comment, v version, expand map[string]bool) object {
	o := object{"id": p.idString(), "type": p.kind(), "status": p.status(), "title": v.title, "extensions": object{"position": "none"},
		"_links": object{"webui": p.webui(), "tinyui": "/x/" + tiny(p.id), "self": s.base() + "/rest/api/content/" + p.idString(), "base": s.base(), "context": s.wiki()}}
	author, created := p.author, p.created
	if m != nil {
		author, created = m.author, m.created
		o["id"], o["type"], o["status"], o["title"], o["extensions"] = id(m.id), "comment", "current", "Re: "+p.now().title, object{"location": "footer"}
		o["_links"] = object{"webui": p.webui() + "?focusedCommentId=" + id(m.id), "self": s.base() + "/rest/api/content/" + id(m.id), "base": s.base(), "context": s.wiki()}
	}
	later := object{}
	for name, bean := range map[string]func() object{
		"version": func() object { return s.versionV1(v) },
		"space": func() object {
			return object{"id": p.space.ID, "key": p.space.Key, "name": p.space.Name, "type": "global"}
		},
		"history": func() object {
			return object{"latest": true, "createdBy": s.userBean(author), "createdDate": s.when(created), "lastUpdated": s.versionV1(v)}
		},
		"body": func() object {
			out := object{"_expandable": object{"editor": "", "export_view": ""}}
			if expand["body.storage"] {
				out["storage"] = object{"value": v.body, "representation": "storage"}
			}
			if expand["body.view"] {
				out["view"] = object{"value": s.render(v.body, 0), "representation": "view"}
			}
			return out
		},
		"metadata": func() object {
			if m != nil || !expand["metadata.labels"] {
				return object{"_expandable": object{"labels": ""}}
			}
			labels := labelBeans(p)
			return object{"labels": object{"results": labels, "start": 0, "limit": 200, "size": len(labels)}}
		},
		"container": func() object { return object{"id": p.idString(), "type": p.kind(), "title": p.now().title} },
	} {
		if expand[name] {
			o[name] = bean()
		} else {
			later[name] = ""
		}
	}
	o["_expandable"] = later
	return o
}
