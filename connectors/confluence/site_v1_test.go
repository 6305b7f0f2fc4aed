package confluence_test

import (
	"net/http"
	"strings"
)

func (s *site) serveV1(w http.ResponseWriter, r *http.Request, parts []string, body []byte) {
	type storage struct {
		Storage struct{ Representation, Value string } `json:"storage"`
	}
	switch {
	case r.Method == http.MethodGet && len(parts) == 1 && parts[0] == "user" && known(r, "key"):
		if r.URL.Query().Get("key") != "ff81" {
			s.refuse(w, http.StatusNotFound, "No user found")
			return
		}
		s.answer(w, 200, map[string]any{"type": "known", "username": "ana", "userKey": "ff81", "displayName": "Ana Reyes"})
	case r.Method == http.MethodGet && len(parts) == 1 && parts[0] == "content" && known(r, "spaceKey", "title", "type"):
		s.answer(w, 200, map[string]any{"results": s.called(r.URL.Query().Get("type"), r.URL.Query().Get("title"))})
	case r.Method == http.MethodGet && len(parts) == 2 && parts[0] == "content" && known(r, "expand"):
		if s.pages[parts[1]] == nil {
			s.oneComment(w, r, parts[1], 0, "", "")
			return
		}
		s.answer(w, 200, s.v1(s.pages[parts[1]], strings.Contains(r.URL.Query().Get("expand"), "body.storage")))
	case r.Method == http.MethodGet && len(parts) == 4 && parts[2] == "child" && parts[3] == "comment" && known(r, "expand", "depth", "limit"):
		p := s.find(w, parts[1])
		if p == nil {
			return
		}
		list := []any{}
		for _, c := range p.Comments {
			list = append(list, commentV1(c))
		}
		s.answer(w, 200, map[string]any{"results": list})
	case r.Method == http.MethodPost && len(parts) == 1 && parts[0] == "content":
		var in struct {
			Type      string
			Container struct{ ID, Type string }
			Body      storage
		}
		if !s.decode(w, r, body, &in) {
			return
		}
		if in.Type != "comment" || in.Container.Type != "page" {
			s.stray(w, r, "no comment on a page")
			return
		}
		s.comment(w, r, in.Container.ID, in.Body.Storage.Representation, in.Body.Storage.Value, http.StatusOK)
	case r.Method == http.MethodPut && len(parts) == 2 && parts[0] == "content":
		var in struct {
			ID, Type string
			Version  struct{ Number int }
			Body     storage
		}
		if !s.decode(w, r, body, &in) {
			return
		}
		s.oneComment(w, r, parts[1], in.Version.Number, in.Body.Storage.Representation, in.Body.Storage.Value)
	default:
		s.stray(w, r, "no such call")
	}
}

func (s *site) v1(p *page, words bool) map[string]any {
	m := map[string]any{
		"id": p.ID, "type": "page", "status": p.Status, "title": p.Title, "space": map[string]any{"key": p.Space, "name": "Design"},
		"version":  map[string]any{"number": p.Version, "when": p.Changed.Format("2006-01-02T15:04:05.000-07:00"), "by": map[string]any{"username": "ben", "userKey": "ff82", "displayName": "Ben Osei"}},
		"history":  map[string]any{"createdBy": map[string]any{"username": "ana", "userKey": "ff81", "displayName": "Ana Reyes"}},
		"metadata": map[string]any{"labels": labelsOf(p)}, "_links": map[string]any{"webui": "/display/" + p.Space + "/x", "base": "https://wiki.lumen.example/confluence"},
	}
	if words {
		m["body"] = map[string]any{"storage": map[string]any{"representation": "storage", "value": s.body(p)}}
	}
	return m
}
