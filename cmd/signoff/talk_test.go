package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/slack"
)

// What people say in the pretend workspace, and the ways in that are no form (see cmdSlack):
//
//	slack reply maya #launch ROOT WORDS [FILE…]   replies in the thread of the message with the words ROOT
//	slack edit maya #launch WORDS NEW             changes a message or reply
//	slack delete maya #launch WORDS               deletes one
//	slack react maya #launch WORDS art            reacts to one
//	slack dm maya WORDS                           writes to the app
//	slack command maya #launch /signoff WORDS     runs a command; what comes back at once is the script's stdout
//	slack home maya                               opens the app's home tab
//	slack home-shows maya WORDS                   waits until it shows the words
//	slack at-home maya LABEL                      presses a button there, or picks the entry of a menu
//	slack unfolds #launch WORDS                   waits until a link in the channel unfolds into a card with the words
//	slack has-file #launch NAME FILE              waits until a file of that name is there, byte for byte FILE
//	slack redeliver                               sends everything once more that was told so far
//	slack sockets N                               waits until N connections of the app stand
//	slack lose                                    breaks the connections without a word
//	slack revoke CODE                             makes the tokens answer with the code; without one they are good again
//
// A FILE is one of the script; NAME:FILE gives it another name, NAME:huge is one of 60 MiB, and a
// FILE that is an address is kept elsewhere.

func slackReply(ts *testscript.TestScript, s *slack.Server, args []string) {
	ch := channel(ts, args[1])
	root := message(ts, s.Messages(ch), args[2])
	_, err := s.Say(slack.Post{User: user(ts, args[0]), Channel: ch, Text: args[3], Thread: root.TS, Files: uploads(ts, args[4:])})
	ts.Check(err)
}

func message(ts *testscript.TestScript, list []slack.Message, words string) slack.Message {
	m, ok := find(list, words)
	if !ok {
		ts.Fatalf("no message shows %q", words)
	}
	return m
}

func uploads(ts *testscript.TestScript, files []string) []slack.Upload {
	var out []slack.Upload
	for _, f := range files {
		if strings.Contains(f, "://") {
			out = append(out, slack.Upload{Name: filepath.Base(f), URL: f})
			continue
		}
		name, path, ok := strings.Cut(f, ":")
		if !ok {
			path = f
		}
		if path == "huge" {
			out = append(out, slack.Upload{Name: name, Data: []byte("the first bytes of a film"), Size: 60 << 20})
			continue
		}
		out = append(out, slack.Upload{Name: filepath.Base(name), Data: read(ts, path)})
	}
	return out
}

func read(ts *testscript.TestScript, path string) []byte {
	b, err := os.ReadFile(ts.MkAbs(path))
	ts.Check(err)
	return b
}

func slackEdit(ts *testscript.TestScript, s *slack.Server, args []string) {
	ch := channel(ts, args[1])
	ts.Check(s.EditAs(user(ts, args[0]), ch, message(ts, everything(s, ch), args[2]).TS, args[3]))
}

func slackDelete(ts *testscript.TestScript, s *slack.Server, args []string) {
	ch := channel(ts, args[1])
	ts.Check(s.DeleteAs(user(ts, args[0]), ch, message(ts, everything(s, ch), args[2]).TS))
}

func slackReact(ts *testscript.TestScript, s *slack.Server, args []string) {
	ch := channel(ts, args[1])
	ts.Check(s.ReactAs(user(ts, args[0]), ch, message(ts, everything(s, ch), args[2]).TS, args[3]))
}

func slackDM(ts *testscript.TestScript, s *slack.Server, args []string) {
	id := user(ts, args[0])
	_, err := s.PostAs(id, s.Direct(id), args[1], "")
	ts.Check(err)
}

func slackCommand(ts *testscript.TestScript, s *slack.Server, args []string) {
	a, err := s.SlashCommand(user(ts, args[0]), channel(ts, args[1]), args[2], strings.Join(args[3:], " "))
	ts.Check(err)
	if a.Toast != "" {
		ts.Fatalf("%s failed: %s", args[2], a.Toast)
	}
}

func slackHome(ts *testscript.TestScript, s *slack.Server, args []string) {
	ts.Check(s.OpenHome(user(ts, args[0])))
}

func homeShows(ts *testscript.TestScript, neg bool, s *slack.Server, args []string) {
	id, words := user(ts, args[0]), strings.Join(args[1:], " ")
	shown := func() string { v, _ := s.Home(id); return v.Shown() }
	if neg {
		if strings.Contains(shown(), words) {
			ts.Fatalf("the home of %s shows %q:\n%s", args[0], words, shown())
		}
		return
	}
	ctx, cancel := patient()
	defer cancel()
	if err := s.Wait(ctx, func(*slack.Server) bool { return strings.Contains(shown(), words) }); err != nil {
		ts.Fatalf("the home of %s does not show %q. It shows:\n%s", args[0], words, shown())
	}
}

func slackAtHome(ts *testscript.TestScript, s *slack.Server, args []string) {
	act := slack.Action{User: user(ts, args[0]), ActionID: args[1]}
	v, _ := s.Home(act.User)
	if menu, ok := entry(v.Blocks, args[1]); ok {
		menu.User = act.User
		act = menu
	}
	a, err := s.ActInView(act)
	ts.Check(err)
	if a.Toast != "" {
		ts.Fatalf("pressing %s failed: %s", args[1], a.Toast)
	}
}

// entry finds the entry of a menu by its words.
func entry(blocks []map[string]any, label string) (slack.Action, bool) {
	for _, b := range blocks {
		for _, e := range append(list(b["elements"]), b["accessory"]) {
			element, _ := e.(map[string]any)
			for _, o := range list(element["options"]) {
				option, _ := o.(map[string]any)
				if text, _ := option["text"].(map[string]any); text["text"] != label {
					continue
				}
				block, _ := b["block_id"].(string)
				action, _ := element["action_id"].(string)
				value, _ := option["value"].(string)
				return slack.Action{BlockID: block, ActionID: action, Values: []string{value}}, true
			}
		}
	}
	return slack.Action{}, false
}

// unfolded makes messages of what the links of a channel unfold into.
func unfolded(s *slack.Server, ch string) []slack.Message {
	var out []slack.Message
	for _, m := range everything(s, ch) {
		for _, card := range m.Unfurls {
			u := slack.Message{Channel: ch, TS: m.TS}
			for _, b := range list(card["blocks"]) {
				if block, ok := b.(map[string]any); ok {
					u.Blocks = append(u.Blocks, block)
				}
			}
			u.Text, _ = card["fallback"].(string)
			out = append(out, u)
		}
	}
	return out
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func slackHasFile(ts *testscript.TestScript, s *slack.Server, args []string) {
	want := read(ts, args[2])
	ctx, cancel := patient()
	defer cancel()
	var names []string
	err := s.Wait(ctx, func(*slack.Server) bool {
		names = nil
		for _, m := range everything(s, channel(ts, args[0])) {
			for _, f := range m.Files {
				names = append(names, f.Name)
				if f.Name == args[1] && bytes.Equal(f.Data, want) {
					return true
				}
			}
		}
		return false
	})
	if err != nil {
		ts.Fatalf("%s has no %s with the bytes of %s; it has %q", args[0], args[1], args[2], names)
	}
}

func slackRedeliver(ts *testscript.TestScript, s *slack.Server, _ []string) {
	ctx, cancel := patient()
	defer cancel()
	for _, ev := range s.Events() {
		if status, err := s.Redeliver(ctx, ev.ID); err != nil || status >= 300 {
			ts.Fatalf("sending %s (%s) once more: %d, %v", ev.ID, ev.Type, status, err)
		}
		if status, err := s.Duplicate(ctx, ev.ID); err != nil || status >= 300 {
			ts.Fatalf("sending %s (%s) under another id: %d, %v", ev.ID, ev.Type, status, err)
		}
	}
}

func slackSockets(ts *testscript.TestScript, s *slack.Server, args []string) {
	ctx, cancel := patient()
	defer cancel()
	if err := s.WaitSockets(ctx, number(ts, args[0])); err != nil {
		ts.Fatalf("%d connections stand, want %s", s.Sockets(), args[0])
	}
}

func slackLose(_ *testscript.TestScript, s *slack.Server, _ []string) { s.Cut() }

func slackRevoke(_ *testscript.TestScript, s *slack.Server, args []string) {
	if len(args) == 0 {
		s.Renew()
		return
	}
	s.Revoke(args[0])
}
