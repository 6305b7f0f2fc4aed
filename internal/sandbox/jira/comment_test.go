package jira_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"signoff/internal/sandbox/jira"
)

// watched is a site whose webhooks are received.
func watched(t *testing.T, change func(*jira.Options)) (*site, *receiver) {
	t.Helper()
	rec := newReceiver(t)
	return start(t, func(o *jira.Options) {
		o.WebhookURL = rec.url
		if change != nil {
			change(o)
		}
	}), rec
}

// events lists the names of the webhooks that arrived.
func (r *receiver) events(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, d := range r.deliveries() {
		var b struct {
			Event string `json:"webhookEvent"`
			Type  string `json:"issue_event_type_name"`
		}
		if err := json.Unmarshal(d.body, &b); err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(b.Event+" "+b.Type))
	}
	return all
}

// last returns the last webhook that arrived.
func (r *receiver) last() result {
	all := r.deliveries()
	return result{raw: all[len(all)-1].body, header: all[len(all)-1].header}
}

func TestComments_ByPeople(t *testing.T) {
	t.Parallel()
	s, rec := watched(t, nil)
	key := s.task("")
	id, err := s.WriteCommentAs("Ana Reyes", key, jira.CommentDraft{Body: "the hero, too"})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		s.EditCommentAs("Ben Osei", key, id, "the hero and the footer"),
		s.RestrictCommentAs("Ana Reyes", key, id, &jira.Visibility{Type: "role", Value: "Developers"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := s.want(200, "GET", "issue/"+key+"/comment/"+id, "")
	if got.at("body") != "the hero and the footer" || got.at("author", "displayName") != "Ana Reyes" || got.at("visibility", "value") != "Developers" {
		t.Errorf("comment: got %s", got.raw)
	}
	s.settle()
	if edit := rec.last(); edit.at("comment", "visibility", "type") != "role" || edit.at("issue", "fields", "summary") != "Hero" || edit.at("user") != nil {
		t.Errorf("webhook of the edit: got %s", edit.raw)
	}
	if err := s.DeleteCommentAs("Ana Reyes", key, id); err != nil {
		t.Fatal(err)
	}
	s.settle()
	want := []string{"jira:issue_created issue_created", "comment_created", "comment_updated", "comment_updated", "comment_deleted"}
	if got := rec.events(t); !slices.Equal(got, want) {
		t.Errorf("webhooks\n got %q\nwant %q", got, want)
	}
	for what, err := range map[string]error{
		"edit": s.EditCommentAs("Ana Reyes", key, id, "again"), "delete": s.DeleteCommentAs("Ana Reyes", key, id),
	} {
		if !errors.Is(err, jira.ErrNoComment) {
			t.Errorf("%s a deleted comment: got %v, want ErrNoComment", what, err)
		}
	}
}

func TestComments_RestrictedOnesStayInside(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) {
		o.Users = jira.DefaultUsers()
		o.Users[6].Roles = []string{"Viewers"} // the product's account
	})
	key := s.task("")
	id, err := s.WriteCommentAs("Ana Reyes", key, jira.CommentDraft{Body: "salaries", Visibility: &jira.Visibility{Type: "role", Value: "Administrators"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CommentAs("Ana Reyes", key, "for all"); err != nil {
		t.Fatal(err)
	}
	s.want(404, "GET", "issue/"+key+"/comment/"+id, "")
	s.want(404, "PUT", "issue/"+key+"/comment/"+id, `{"body":"x"}`)
	for path, at := range map[string][]any{"issue/" + key + "/comment": {"total"}, "issue/" + key + "?fields=comment": {"fields", "comment", "total"}} {
		if got := s.want(200, "GET", path, ""); got.at(at...) != 1.0 || strings.Contains(string(got.raw), "salaries") {
			t.Errorf("%s shows a restricted comment: %s", path, got.raw)
		}
	}
	r := s.want(400, "POST", "issue/"+key+"/comment", `{"body":"x","visibility":{"type":"role","value":"Developers"}}`)
	if msg, _ := r.at("errors", "commentLevel").(string); !strings.Contains(msg, "not a member") {
		t.Errorf("a role of others: got %s", r.raw)
	}
}

func TestComments_InternalNotesAreNotPublic(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	note := s.want(201, "POST", "issue/"+key+"/comment", `{"body":"x","properties":[{"key":"sd.public.comment","value":{"internal":true}}]}`)
	plain := s.want(201, "POST", "issue/"+key+"/comment", `{"body":"x"}`)
	if note.at("jsdPublic") != false || plain.at("jsdPublic") != true {
		t.Errorf("jsdPublic: got %v and %v, want false and true", note.at("jsdPublic"), plain.at("jsdPublic"))
	}
	if id, err := s.WriteCommentAs("Ana Reyes", key, jira.CommentDraft{Body: "note", Internal: true}); err != nil {
		t.Error(err)
	} else if got := s.want(200, "GET", "issue/"+key+"/comment/"+id+"?expand=properties", ""); got.at("properties", 0, "key") != "sd.public.comment" {
		t.Errorf("internal note: got %s", got.raw)
	}
}

func TestComments_Permissions(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	own, _ := s.want(201, "POST", "issue/"+key+"/comment", `{"body":"mine"}`).at("id").(string)
	other, err := s.WriteCommentAs("Ana Reyes", key, jira.CommentDraft{Body: "hers"})
	if err != nil {
		t.Fatal(err)
	}
	s.want(400, "PUT", "issue/"+key+"/comment/"+other, `{"body":"x"}`)
	s.want(400, "DELETE", "issue/"+key+"/comment/"+other, "")
	s.Deny("ADD_COMMENTS", "DELETE_OWN_COMMENTS")
	s.want(400, "POST", "issue/"+key+"/comment", `{"body":"x"}`)
	s.want(400, "DELETE", "issue/"+key+"/comment/"+own, "")
	s.Grant("ADD_COMMENTS", "EDIT_ALL_COMMENTS")
	s.want(200, "PUT", "issue/"+key+"/comment/"+other, `{"body":"hers, mended"}`)
	s.want(201, "POST", "issue/"+key+"/comment", `{"body":"x"}`)
	s.Deny("BROWSE_PROJECTS")
	s.want(404, "POST", "issue/"+key+"/comment", `{"body":"x"}`)
}
