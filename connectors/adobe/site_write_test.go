package adobe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

func (s *site) find(id string) (m map[string]any, root string) {
	for _, list := range s.comments {
		for _, m := range list {
			if m["id"] == id {
				return m, ""
			}
			for _, reply := range m["replies"].([]map[string]any) {
				if reply["id"] == id {
					return reply, m["id"].(string)
				}
			}
		}
	}
	return nil, ""
}

// strict decodes a body in its wrapper and refuses what is not known.
func (s *site) strict(w http.ResponseWriter, r *http.Request, body []byte, into any) bool {
	var wrapped struct {
		Data json.RawMessage `json:"data"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if r.Header.Get("Content-Type") != "application/json" || d.Decode(&wrapped) != nil || wrapped.Data == nil {
		s.stray(w, r, "body is not in data: "+string(body))
		return false
	}
	d = json.NewDecoder(strings.NewReader(string(wrapped.Data)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		s.stray(w, r, err.Error())
		return false
	}
	return true
}

func (s *site) comment(w http.ResponseWriter, r *http.Request, file string, body []byte) {
	var in struct {
		Text string   `json:"text"`
		At   *float64 `json:"timestamp"`
		Page *int     `json:"page"`
	}
	if !s.strict(w, r, body, &in) {
		return
	}
	if s.files[file] == nil {
		s.refuse(w, 404, "Not found")
		return
	}
	if in.Text == "" {
		s.stray(w, r, "no text")
		return
	}
	s.next++
	s.mu.Unlock()
	m := s.say(file, fmt.Sprintf("c0000000-0000-4000-8000-%012d", s.next), "", botID, in.Text)
	s.mu.Lock()
	if in.At != nil {
		m["timestamp"] = *in.At
	} else {
		m["timestamp"] = nil
	}
	s.answer(w, http.StatusCreated, map[string]any{"data": m})
}

func (s *site) edit(w http.ResponseWriter, r *http.Request, id string, body []byte) {
	var in struct {
		Text string `json:"text"`
	}
	m, _ := s.find(id)
	switch {
	case !s.strict(w, r, body, &in):
	case m == nil:
		s.refuse(w, 404, "Not found")
	default:
		m["text"] = in.Text
		s.answer(w, 200, map[string]any{"data": m})
	}
}

func (s *site) webhooks(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Method == http.MethodGet {
		var out []map[string]any
		for _, h := range s.hooks {
			shown := map[string]any{}
			for k, v := range h {
				if k != "secret" {
					shown[k] = v
				}
			}
			out = append(out, shown)
		}
		s.answer(w, 200, pageOf(out))
		return
	}
	var in struct {
		Name   string   `json:"name"`
		URL    string   `json:"url"`
		Events []string `json:"events"`
	}
	if !s.strict(w, r, body, &in) {
		return
	}
	if in.Name == "" || !strings.HasPrefix(in.URL, "https://") || len(in.Events) == 0 {
		s.stray(w, r, "bad webhook")
		return
	}
	s.next++
	h := map[string]any{
		"id": fmt.Sprintf("40000000-0000-4000-8000-%012d", s.next), "name": in.Name, "url": in.URL, "events": in.Events, "active": true,
		"secret": fmt.Sprintf("canary-hook-secret-%d", s.next),
	}
	s.hooks = append(s.hooks, h)
	s.answer(w, http.StatusCreated, map[string]any{"data": h})
}

var options = []map[string]any{{"id": "0b000001", "display_name": "Needs Review"}, {"id": "0b000002", "display_name": "Approved"}}

func (s *site) metadata(id string) []any {
	value := []any{}
	for _, o := range options {
		if o["display_name"] == s.status[id] {
			value = append(value, o)
		}
	}
	return []any{
		map[string]any{"field_definition_id": "f1", "field_definition_name": "Rating", "field_type": "rating", "mutable": true, "value": 3},
		map[string]any{"field_definition_id": "f2", "field_definition_name": "Status", "field_type": "select", "mutable": true, "value": value, "field_options": options},
	}
}

func (s *site) values(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Files  []string `json:"file_ids"`
		Values []struct {
			Field string `json:"field_definition_id"`
			Value []struct {
				ID   string `json:"id"`
				Name string `json:"display_name"`
			} `json:"value"`
		} `json:"values"`
	}
	if !s.strict(w, r, body, &in) {
		return
	}
	if len(in.Files) == 0 || len(in.Values) != 1 || in.Values[0].Field != "f2" || len(in.Values[0].Value) != 1 {
		s.stray(w, r, "bad values "+string(body))
		return
	}
	for _, f := range in.Files {
		s.status[f] = in.Values[0].Value[0].Name
	}
	w.WriteHeader(http.StatusNoContent)
}
