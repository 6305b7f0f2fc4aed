package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/slack"
)

// cmdSlack acts in the pretend workspace as one of its people, or looks at it:
//
//	slack mention maya #design-requests WORDS       writes a message that names the app
//	slack post maya #launch WORDS                   writes a message
//	slack shortcut maya #launch WORDS               picks "New creative request" on the message with these words
//	slack submit maya [LABEL=VALUE…]                fills in and submits the modal
//	slack press ana BUTTON WORDS                    presses a button of the newest message with these words that she sees;
//	                                                ANY is whoever has it in their own conversation
//	slack shows #design-requests WORDS              waits until a message of the channel, or of a thread in it, shows the words
//	slack clears #design-requests WORDS             waits until no message there shows the words any more
//	slack tells ana WORDS                           waits until a direct message or a private note shows the words
//	slack count #design-requests N WORDS            wants exactly N messages that show the words
//	slack cards #design-requests N                  wants exactly N cards of requests
//
// What people say, and the other ways in, stand in talk_test.go.
//
// Where words are looked for, "! slack shows" wants them absent now.
func cmdSlack(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("slack VERB …")
	}
	s := on(ts).slack
	verb, rest := args[0], args[1:]
	acts := map[string]func(*testscript.TestScript, *slack.Server, []string){
		"mention": slackMention, "post": slackPost, "shortcut": slackShortcut, "submit": slackSubmit, "press": slackPress, "count": slackCount, "cards": slackCards, "form": slackForm, "refused": slackRefused,
		"reply": slackReply, "edit": slackEdit, "delete": slackDelete, "react": slackReact, "dm": slackDM, "command": slackCommand, "home": slackHome,
		"at-home": slackAtHome, "has-file": slackHasFile, "redeliver": slackRedeliver, "sockets": slackSockets, "lose": slackLose, "revoke": slackRevoke,
	}
	switch {
	case acts[verb] != nil:
		acts[verb](ts, s, rest)
	case verb == "shows":
		await(ts, neg, s, rest, func() []slack.Message { return everything(s, channel(ts, rest[0])) })
	case verb == "clears":
		clears(ts, s, channel(ts, rest[0]), strings.Join(rest[1:], " "))
	case verb == "tells":
		await(ts, neg, s, rest, func() []slack.Message { return private(s, user(ts, rest[0])) })
	case verb == "unfolds":
		await(ts, neg, s, rest, func() []slack.Message { return unfolded(s, channel(ts, rest[0])) })
	case verb == "home-shows":
		homeShows(ts, neg, s, rest)
	default:
		ts.Fatalf("slack %s is not known", verb)
	}
}

func user(ts *testscript.TestScript, name string) string {
	for _, u := range demoUsers() {
		if u.Name == name {
			return u.ID
		}
	}
	ts.Fatalf("nobody in the workspace is called %s", name)
	return ""
}

func channel(ts *testscript.TestScript, name string) string {
	for _, c := range demoChannels() {
		if "#"+c.Name == name {
			return c.ID
		}
	}
	ts.Fatalf("there is no channel %s", name)
	return ""
}

func everything(s *slack.Server, ch string) []slack.Message {
	var out []slack.Message
	for _, m := range s.Messages(ch) {
		out = append(out, m)
		if m.Replies > 0 {
			out = append(out, s.Thread(ch, m.TS)[1:]...)
		}
	}
	return out
}

func private(s *slack.Server, id string) []slack.Message {
	return append(s.DMs(id), s.Ephemerals(id)...)
}

func find(list []slack.Message, words string) (slack.Message, bool) {
	for i := len(list) - 1; i >= 0; i-- {
		if strings.Contains(list[i].Shown()+"\n"+list[i].Text, words) {
			return list[i], true
		}
	}
	return slack.Message{}, false
}

func await(ts *testscript.TestScript, neg bool, s *slack.Server, args []string, look func() []slack.Message) {
	words := strings.Join(args[1:], " ")
	if neg {
		if m, ok := find(look(), words); ok {
			ts.Fatalf("%s shows %q:\n%s", args[0], words, m.Shown())
		}
		return
	}
	ctx, cancel := patient()
	defer cancel()
	err := s.Wait(ctx, func(*slack.Server) bool { _, ok := find(look(), words); return ok })
	if err != nil {
		var all []string
		for _, m := range look() {
			all = append(all, "· "+m.Shown())
		}
		ts.Fatalf("%s does not show %q. It shows:\n%s", args[0], words, strings.Join(all, "\n"))
	}
}

func clears(ts *testscript.TestScript, s *slack.Server, ch, words string) {
	ctx, cancel := patient()
	defer cancel()
	if err := s.Wait(ctx, func(*slack.Server) bool { _, ok := find(everything(s, ch), words); return !ok }); err != nil {
		m, _ := find(everything(s, ch), words)
		ts.Fatalf("still shown:\n%s", m.Shown())
	}
}

func slackMention(ts *testscript.TestScript, s *slack.Server, args []string) {
	_, err := s.Mention(user(ts, args[0]), channel(ts, args[1]), strings.Join(args[2:], " "))
	ts.Check(err)
}

func slackPost(ts *testscript.TestScript, s *slack.Server, args []string) {
	_, err := s.PostAs(user(ts, args[0]), channel(ts, args[1]), strings.Join(args[2:], " "), "")
	ts.Check(err)
}

func slackShortcut(ts *testscript.TestScript, s *slack.Server, args []string) {
	ch := channel(ts, args[1])
	m, ok := find(s.Messages(ch), strings.Join(args[2:], " "))
	if !ok {
		ts.Fatalf("%s has no message %q", args[1], strings.Join(args[2:], " "))
	}
	a, err := s.OpenShortcut(user(ts, args[0]), ch, m.TS, "request_from_message")
	ts.Check(err)
	if a.Toast != "" {
		ts.Fatalf("the shortcut failed: %s", a.Toast)
	}
}

func slackSubmit(ts *testscript.TestScript, s *slack.Server, args []string) {
	values := pairs(ts, args[1:])
	ctx, cancel := patient()
	defer cancel()
	if err := s.Wait(ctx, func(*slack.Server) bool { _, open := s.Modal(user(ts, args[0])); return open }); err != nil {
		ts.Fatalf("no form is open for %s", args[0])
	}
	a, err := s.SubmitModal(user(ts, args[0]), values)
	ts.Check(err)
	if a.Toast != "" || len(a.Errors) > 0 {
		ts.Fatalf("the form was not taken: %s %v", a.Toast, a.Errors)
	}
}

func slackPress(ts *testscript.TestScript, s *slack.Server, args []string) {
	label, words := args[1], strings.Join(args[2:], " ")
	var people []string
	for _, u := range demoUsers() {
		if u.Name == args[0] || args[0] == "ANY" {
			people = append(people, u.ID)
		}
	}
	var id string
	var hit slack.Message
	look := func() bool {
		for _, who := range people {
			if m, ok := sees(s, who, label, words); ok && (len(people) == 1 || m.Channel == s.Direct(who)) {
				id, hit = who, m
				return true
			}
		}
		return false
	}
	ctx, cancel := patient()
	defer cancel()
	if err := s.Wait(ctx, func(*slack.Server) bool { return look() }); err != nil {
		ts.Fatalf("%s sees no message with %q and a button %s", args[0], words, label)
	}
	a, err := s.PressButton(id, hit.Channel, hit.TS, label)
	ts.Check(err)
	if a.Toast != "" {
		ts.Fatalf("pressing %s failed: %s", label, a.Toast)
	}
}

// sees finds the newest message with a button and words that somebody sees, their own messages before those of channels.
func sees(s *slack.Server, id, label, words string) (slack.Message, bool) {
	var list []slack.Message
	for _, c := range demoChannels() {
		list = append(list, everything(s, c.ID)...)
	}
	for _, m := range slices.Backward(append(list, private(s, id)...)) {
		if has(m, label) && strings.Contains(m.Shown()+"\n"+m.Text, words) {
			return m, true
		}
	}
	return slack.Message{}, false
}

func slackCount(ts *testscript.TestScript, s *slack.Server, args []string) {
	n, words := 0, strings.Join(args[2:], " ")
	for _, m := range everything(s, channel(ts, args[0])) {
		if strings.Contains(m.Shown(), words) {
			n++
		}
	}
	if want := number(ts, args[1]); n != want {
		ts.Fatalf("%s shows %q %d times, want %d", args[0], words, n, want)
	}
}

func slackCards(ts *testscript.TestScript, s *slack.Server, args []string) {
	marks := map[any]int{}
	for _, m := range everything(s, channel(ts, args[0])) {
		payload, _ := m.Metadata["event_payload"].(map[string]any)
		if mark, _ := payload["mark"].(string); strings.HasSuffix(mark, "/card") {
			marks[mark]++
		}
	}
	total := 0
	for mark, n := range marks {
		total += n
		if n > 1 {
			ts.Fatalf("%s has %d cards with the mark %s", args[0], n, mark)
		}
	}
	if want := number(ts, args[1]); total != want {
		ts.Fatalf("%s has %d cards, want %d", args[0], total, want)
	}
}

func pairs(ts *testscript.TestScript, args []string) map[string]string {
	out := map[string]string{}
	for _, pair := range args {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			ts.Fatalf("%q is not NAME=VALUE", pair)
		}
		out[name] = value
	}
	return out
}

func number(ts *testscript.TestScript, word string) int {
	n, err := strconv.Atoi(word)
	ts.Check(err)
	return n
}
