package figma_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
)

// summary is what a list of events says, one line each.
func summary(list []flow.Event) []string {
	var out []string
	for _, ev := range list {
		line := string(ev.Kind)
		for _, v := range ev.Versions {
			line += " " + v.ID
		}
		if !ev.Said.Zero() {
			line += " " + ev.Said.Key[strings.Index(ev.Said.Key, "/")+1:]
		}
		for _, name := range []string{"state", "why"} {
			if v := ev.Field(name); v != "" {
				line += " " + v
			}
		}
		out = append(out, line)
	}
	return out
}

func look(t *testing.T, c *rig, since time.Time, versions ...flow.Version) []flow.Event {
	t.Helper()
	events, err := c.Look(t.Context(), flow.Asset{Ref: file1(fileA), Versions: versions}, since)
	if err != nil {
		t.Fatalf("Look: %v", err)
	}
	ids := map[string]bool{}
	for _, ev := range events {
		if ev.ID == "" || ids[ev.ID] || ev.Subject != file1(fileA) || ev.Actor.ID() == "" && ev.Kind == flow.CommentAdded {
			t.Errorf("event lacks an id of its own, its subject or actor: %+v", ev)
		}
		ids[ev.ID] = true
	}
	return events
}

func TestLook_Versions(t *testing.T) {
	t.Parallel()
	type saved struct{ id, label string } // oldest first, a minute apart
	many := []saved{{"1", "v1"}}
	for i := range 70 {
		many = append(many, saved{fmt.Sprint(100 + i), ""})
	}
	for name, tc := range map[string]struct {
		settings string
		history  []saved
		known    string
		want     string
	}{
		"named":                             {"", []saved{{"1", "v1"}, {"2", ""}, {"3", "v2"}, {"4", ""}}, "", "3"},
		"several since":                     {"", []saved{{"1", "v1"}, {"2", ""}, {"3", "v2"}, {"4", "v3"}}, "1", "3 4"},
		"nothing new":                       {"", []saved{{"1", "v1"}, {"2", ""}}, "1", "1"},
		"never named":                       {"", []saved{{"1", ""}, {"2", ""}}, "", "2"},
		"never named, saved again":          {"", []saved{{"1", ""}, {"2", ""}, {"3", ""}}, "2", "3"},
		"named for the first time":          {"", []saved{{"1", ""}, {"2", "v1"}, {"3", ""}}, "1", "2"},
		"pinned to an autosave":             {"", []saved{{"1", "v1"}, {"2", ""}, {"3", ""}}, "2", "2"},
		"all":                               {"versions: all\n", []saved{{"1", "v1"}, {"2", ""}, {"3", ""}}, "", "3"},
		"all since":                         {"versions: all\n", []saved{{"1", "v1"}, {"2", ""}, {"3", ""}}, "1", "2 3"},
		"a name far back":                   {"", many, "", "1"},
		"known version deleted":             {"", []saved{{"1", "v1"}, {"2", "v2"}}, "9", "1 2"},
		"white space is no name":            {"", []saved{{"1", "v1"}, {"2", "  "}}, "", "1"},
		"the file has no history: as it is": {"", nil, "", "77"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, tc.settings)
			for i, v := range tc.history {
				c.site.save(fileA, v.id, v.label, begin().Add(time.Duration(i-100)*time.Minute))
			}
			var known []flow.Version
			if tc.known != "" {
				known = append(known, flow.Version{ID: tc.known})
			}
			got := summary(look(t, c, begin(), known...))
			if diff := cmp.Diff([]string{"asset.changed " + tc.want}, got); diff != "" {
				t.Errorf("Look after %q:\n%s", tc.known, diff)
			}
		})
	}
}

// TestLook_Talk follows comments through their life: Figma tells of none of it.
func TestLook_Talk(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	since := begin()
	c.site.save(fileA, "443", "v3", begin())
	c.site.say(fileA, "1", "", evanID, "Long ago", map[string]any{"created_at": begin().Add(-time.Hour).Format(time.RFC3339)})
	c.clock.Advance(time.Minute)
	c.site.say(fileA, "2", "", evanID, "Too dark", nil)
	c.site.say(fileA, "3", "2", "777", "Brighter now", nil)
	c.site.say(fileA, "4", "2", botID, "Noted\nsignoff ref 0123456789ab", nil)
	step := func(what string, want ...string) {
		t.Helper()
		c.clock.Advance(15 * time.Minute)
		got := summary(look(t, c, since, flow.Version{ID: "443"}))
		if diff := cmp.Diff(append([]string{"asset.changed 443"}, want...), got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	change := func(id, member string, value any) {
		c.site.with(func() {
			for _, m := range c.site.files[fileA].Comments {
				if m["id"] == id {
					m[member] = value
				}
			}
		})
	}
	step("what was said", "comment.added 2", "comment.added 3")
	change("2", "message", "Too dark by far")
	step("an edit", "comment.added 3", "comment.edited 2")
	change("2", "resolved_at", begin().Add(40*time.Minute).Format(time.RFC3339Nano))
	step("resolved", "comment.added 2", "comment.added 3", "point.resolved 2 resolved")
	change("2", "resolved_at", nil)
	step("opened again", "comment.added 2", "comment.added 3", "point.resolved 2 open")
	change("1", "resolved_at", begin().Add(80*time.Minute).Format(time.RFC3339))
	c.site.with(func() {
		list := c.site.files[fileA].Comments
		c.site.files[fileA].Comments = append(list[:2:2], list[3:]...) // 3 is taken back
	})
	step("taken back", "comment.added 2", "comment.removed 3")
	step("nothing more", "comment.added 2")
}

// TestLook_WhatAsked: the comment that a request was made of is no point of it, whatever the clocks say.
func TestLook_WhatAsked(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	c.site.save(fileA, "443", "v3", begin())
	c.site.say(fileA, "7", "", evanID, "@signoff the hero", nil)
	c.take(t, hookOf(commented("7", "", "@signoff the hero")))
	if diff := cmp.Diff([]string{"asset.changed 443"}, summary(look(t, c, begin().Add(-time.Minute)))); diff != "" {
		t.Errorf("Look:\n%s", diff)
	}
	c.site.with(func() { c.site.files[fileA].Comments[0]["message"] = "@signoff the hero, please" })
	events := look(t, c, begin().Add(-time.Minute))
	if diff := cmp.Diff([]string{"asset.changed 443", "comment.edited 7"}, summary(events)); diff != "" || events[1].Field("point") != "" {
		t.Errorf("Look after an edit, point %q:\n%s", events[1].Field("point"), diff)
	}
}

func TestLook_Gone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*site)
		want   []string
		class  connectors.Class
	}{
		"deleted":       {func(s *site) { delete(s.files, fileA) }, []string{"asset.gone hidden"}, ""},
		"not invited":   {func(s *site) { s.denied["GET v1/files"] = "You don't have permission" }, []string{"asset.gone hidden"}, ""},
		"token is over": {func(s *site) { s.auth = "X-Nobody" }, nil, connectors.Denied},
		"scope missing": {func(s *site) { s.denied["GET v1/files"] = `Invalid scope: ["file_versions:read"]` }, nil, connectors.Rejected},
		"limited":       {func(s *site) { s.limit = http.Header{"Retry-After": {"30"}} }, nil, connectors.Limited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, "")
			c.site.with(func() { tc.change(c.site) })
			events, err := c.Look(t.Context(), flow.Asset{Ref: file1(fileA)}, begin())
			if diff := cmp.Diff(tc.want, summary(events)); connectors.ClassOf(err) != tc.class || diff != "" {
				t.Errorf("Look = %v, want class %q:\n%s", err, tc.class, diff)
			}
		})
	}
}

// TestLook_WithinTheBudget: calls beyond our own budget are not made.
func TestLook_WithinTheBudget(t *testing.T) {
	t.Parallel()
	c := connect(t, "per_minute: {tier2: 4}\n")
	c.site.save(fileA, "443", "v3", begin())
	var err error
	for range 5 {
		if _, err = c.Look(t.Context(), flow.Asset{Ref: file1(fileA)}, begin()); err != nil {
			break
		}
	}
	if connectors.ClassOf(err) != connectors.Limited {
		t.Fatalf("Look = %v, want class limited", err)
	}
	n := 0
	for _, call := range c.site.seen() {
		if strings.Contains(call, "/versions") || strings.Contains(call, "/comments") {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d calls went out in one minute, want 4", n)
	}
	c.clock.Advance(time.Minute)
	if _, err := c.Look(t.Context(), flow.Asset{Ref: file1(fileA)}, begin()); err != nil {
		t.Errorf("a minute later Look = %v", err)
	}
}

// TestAuth: the token travels in the header of its kind.
func TestAuth(t *testing.T) {
	t.Parallel()
	c := connect(t, "token_type: oauth\n")
	c.site.with(func() { c.site.auth = "Authorization" })
	c.site.save(fileA, "443", "v3", begin())
	look(t, c, begin())
}
