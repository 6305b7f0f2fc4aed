package slack

import (
	"net/http"
	"net/url"
	"testing"
)

func TestSettings_WhatAnAdministratorDoes(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	do := func(fields ...string) string {
		values := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			values.Add(fields[i], fields[i+1])
		}
		resp, err := http.PostForm(b.site.URL+"/demo/slack/app", values)
		if err != nil {
			t.Fatal(err)
		}
		return b.body(resp)
	}
	wantIn(t, b.get("/demo/slack/"), `href="/demo/slack/app"`)
	say(t, b.world, Post{User: maya, Channel: launch, Text: "hello"})
	b.innerOf("message", 1)
	wantIn(t, b.get("/demo/slack/app"), "installed", "Uninstall", `value="chat:write" checked`, "Deliver again")
	wantIn(t, do("do", "again", "event", b.Events()[0].ID), "Delivered again: answer 200.")
	wantIn(t, do("do", "scopes", "scope", "chat:write", "scope", "team:read"), "The scopes are chat:write, team:read.")
	if a := b.call("users.info", "user", maya); a["error"] != "missing_scope" {
		t.Errorf("after the scopes went: got %v, want missing_scope", a)
	}
	wantIn(t, do("do", "revoke"), "token revoked", "Give the token back")
	wantIn(t, do("do", "renew"), "The bot token is good again.")
	b.ok("auth.test")
	wantIn(t, do("do", "limit"), "answer 200")
	wantIn(t, do("do", "socket-on"), "on, 0 connections", "Cut the connections")
	wantIn(t, do("do", "cut"), "Every connection is cut.")
	wantIn(t, do("do", "socket-off"), "Switch on")
	wantIn(t, do("do", "uninstall"), "not installed")
	if a := b.call("auth.test"); a["error"] != "account_inactive" {
		t.Errorf("uninstalled: got %v, want account_inactive", a)
	}
	wantIn(t, do("do", "fly"), "nothing that can be done here")
}
