package adobe_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"signoff/connectors/adobe"
	"signoff/internal/flow"
)

// oldSite is a stand-in of Frame.io's legacy interface: bare objects, developer tokens, replies below comments.
type oldSite struct {
	mu       sync.Mutex
	assets   map[string]map[string]any
	comments []map[string]any
	strays   []string
}

const oldToken = "fio-u-canary-token"

func (s *oldSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v) // the other side may have gone
	}
	if r.Header.Get("Authorization") != "Bearer "+oldToken {
		answer(401, map[string]any{"code": 401, "message": "Unauthorized"})
		return
	}
	if inc := r.URL.Query().Get("include"); inc != "" && inc != "replies" {
		s.strays = append(s.strays, r.URL.String())
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	id := parts[min(1, len(parts)-1)]
	switch pattern := r.Method + " " + parts[0] + " " + strings.Join(parts[min(2, len(parts)):], "/"); {
	case pattern == "GET me ":
		answer(200, map[string]any{"id": botID, "name": "signoff"})
	case pattern == "GET assets " && s.assets[id] != nil:
		answer(200, s.assets[id])
	case pattern == "GET assets children":
		list := []any{}
		for _, a := range s.assets {
			if a["parent_id"] == id {
				list = append(list, a)
			}
		}
		answer(200, list)
	case pattern == "GET assets comments":
		list := []any{}
		for _, c := range s.comments {
			if c["asset_id"] == id && c["parent_id"] == nil {
				list = append(list, c)
			}
		}
		answer(200, list)
	case pattern == "GET comments ":
		i := slices.IndexFunc(s.comments, func(c map[string]any) bool { return c["id"] == id })
		if i < 0 {
			answer(404, map[string]any{"code": 404, "message": "Not Found"})
			return
		}
		answer(200, s.comments[i])
	case pattern == "POST comments replies", pattern == "POST assets comments":
		body, _ := io.ReadAll(r.Body) // the other side may have gone
		var in map[string]any
		if json.Unmarshal(body, &in) != nil || len(in) != 1 || in["text"] == nil {
			s.strays = append(s.strays, string(body))
		}
		c := s.say(fmt.Sprintf("c0000000-0000-4000-8000-0000000009%02d", len(s.comments)), nil, botID, in["text"].(string))
		if parts[0] == "comments" {
			c["parent_id"] = id
		}
		answer(200, c)
	default:
		answer(404, map[string]any{"code": 404, "message": "Not Found"})
	}
}

func (s *oldSite) say(id string, parent any, who, words string) map[string]any {
	c := map[string]any{
		"id": id, "asset_id": fileA, "parent_id": parent, "text": words, "owner_id": who, "owner": map[string]any{"id": who, "name": "Evan Wallace"},
		"inserted_at": "2026-11-20T09:00:00.000000Z", "updated_at": "2026-11-20T09:00:00.000000Z", "completed": false, "completed_at": nil, "timestamp": 12, "replies": []any{},
	}
	s.comments = append(s.comments, c)
	return c
}

func TestLegacy(t *testing.T) {
	t.Parallel()
	s := &oldSite{assets: map[string]map[string]any{
		fileA:  {"id": fileA, "name": "Hero.mp4", "_type": "file", "type": "file", "parent_id": stackA, "inserted_at": "2026-11-20T08:00:00.000000Z", "creator_id": evanID, "label": "needs_review"},
		fileB:  {"id": fileB, "name": "Hero 2.mp4", "_type": "file", "type": "file", "parent_id": stackA, "inserted_at": "2026-11-20T08:30:00.000000Z", "creator_id": evanID, "label": "approved"},
		stackA: {"id": stackA, "name": "Hero", "_type": "version_stack", "type": "version_stack"},
	}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	r := connect(t, settings)
	c, err := adobe.New(read("frameio: {mode: legacy, api_url: "+srv.URL+", token: "+oldToken+", signing_secrets: {made: "+signing+"}, status: {field: Label}}\n"), r.deps(t))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Connector = c.(*adobe.Connector)
	about := ref("file", "legacy/"+fileA)
	r.knows(about)
	ring := func(kind, id string) []flow.Event {
		t.Helper()
		body := fmt.Sprintf(`{"type":%q,"resource":{"type":"asset","id":%q},"user":{"id":%q},"team":{"id":"t-1"},"project":{"id":"p-1"}}`, kind, id, evanID)
		in := sign("made", signing, begin(), []byte(body))
		in.Header.Set("User-Agent", "Frame.io Legacy API")
		_, events := r.take(t, in)
		return events
	}
	same(t, "versioned", ring("asset.versioned", fileB), "asset.changed file:d3075547…ddd2 [v2 - Hero 2.mp4]")
	s.say(c1, nil, evanID, "Larger logo")
	s.say(c2, c1, evanID, "Agreed")
	same(t, "comment", ring("comment.created", c1), "comment.added file:d3075547…ddd2 said c0000000…1 “Larger logo” point=yes")
	same(t, "reply", ring("comment.created", c2), "comment.added file:d3075547…ddd2 said c0000000…2 “Agreed” point=yes below=c0000000…1")
	if events := ring("asset.label.updated", fileB); len(events) != 1 || events[0].Body.String() != "Status in Frame.io: approved" || events[0].Field("automatic") != "yes" {
		t.Errorf("label: %v, want it shown", short(events))
	}
	links, err := r.Do(t.Context(), tell("CR-142/1/1", ref("comment", "legacy/"+fileA+"/"+c1), "Approved by Ana."))
	if err != nil || len(links) != 1 {
		t.Fatalf("Do = %+v, %v, want a reply", links, err)
	}
	if last := s.comments[len(s.comments)-1]; last["parent_id"] != c1 {
		t.Errorf("the answer stands below %v, want %s", last["parent_id"], c1)
	}
	if a, ok := r.Recognize("https://app.frame.io/player/" + fileA); !ok || a.Ref != about {
		t.Errorf("Recognize = %+v, %v, want the asset", a, ok)
	}
	acc, err := r.Accept(sign("made", signing, begin(), event("file.ready", fileA)))
	if err != nil || !strings.Contains(acc.Ignored, "V4") {
		t.Errorf("one of V4: %+v, %v, want it ignored with a reason", acc, err)
	}
	if len(s.strays) > 0 {
		t.Errorf("the legacy interface would refuse %q", s.strays)
	}
}
