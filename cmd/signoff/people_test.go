package main

import (
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
)

// cmdSlack acts in the pretend workspace as one of its people, or looks at it:
//
//	slack mention maya #design-requests WORDS       writes a message that names the app
//	slack post maya #launch WORDS                   writes a message
//	slack shortcut maya #launch WORDS               picks "New creative request" on the message with these words
//	slack submit maya [LABEL=VALUE…]                fills in and submits the modal
//	slack press ana BUTTON WORDS                    presses a button of the newest message with these words that she sees
//	slack shows #design-requests WORDS              waits until a message of the channel, or of a thread in it, shows the words
//	slack tells ana WORDS                           waits until a direct message or a private note shows the words
//	slack count #design-requests N WORDS            wants exactly N messages that show the words
//	slack cards #design-requests N                  wants exactly N cards of requests
//
// Where words are looked for, "! slack shows" wants them absent now.
func cmdSlack(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("slack VERB …")
	}
	s := on(ts).slack
	verb, rest := args[0], args[1:]
	acts := map[string]func(*testscript.TestScript, *slack.Server, []string){
		"mention": slackMention, "post": slackPost, "shortcut": slackShortcut, "submit": slackSubmit, "press": slackPress, "count": slackCount, "cards": slackCards,
	}
	switch {
	case acts[verb] != nil:
		acts[verb](ts, s, rest)
	case verb == "shows":
		await(ts, neg, s, rest, func() []slack.Message { return everything(s, channel(ts, rest[0])) })
	case verb == "tells":
		await(ts, neg, s, rest, func() []slack.Message { return private(s, user(ts, rest[0])) })
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
	values := map[string]string{}
	for _, pair := range args[1:] {
		label, value, ok := strings.Cut(pair, "=")
		if !ok {
			ts.Fatalf("%q is not LABEL=VALUE", pair)
		}
		values[label] = value
	}
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
	id, label, words := user(ts, args[0]), args[1], strings.Join(args[2:], " ")
	var hit slack.Message
	look := func() bool {
		list := private(s, id)
		for _, c := range demoChannels() {
			list = append(list, everything(s, c.ID)...)
		}
		for i := len(list) - 1; i >= 0; i-- {
			if m := list[i]; has(m, label) && strings.Contains(m.Shown()+"\n"+m.Text, words) {
				hit = m
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

// cmdJira looks at the pretend site or acts on it:
//
//	jira status WORDS STATUS    waits until the issue whose summary has the words is in the status
//	jira move jon WORDS STATUS  moves it as a person
//	jira issues N               wants exactly N issues
func cmdJira(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts).jira
	switch args[0] {
	case "status":
		ctx, cancel := patient()
		defer cancel()
		var last string
		err := s.Wait(ctx, func(*jira.Server) bool {
			i, ok := issue(s, args[1])
			last = i.Status
			return ok && i.Status == args[2]
		})
		if err != nil {
			ts.Fatalf("the issue %q is %q, want %q", args[1], last, args[2])
		}
	case "move":
		i, ok := issue(s, args[2])
		if !ok {
			ts.Fatalf("no issue has %q in its summary", args[2])
		}
		ts.Check(s.MoveAs(args[1], i.Key, args[3]))
	case "issues":
		if n, want := len(s.Issues()), number(ts, args[1]); n != want {
			ts.Fatalf("there are %d issues, want %d", n, want)
		}
	default:
		ts.Fatalf("jira %s is not known", args[0])
	}
}

func number(ts *testscript.TestScript, word string) int {
	n, err := strconv.Atoi(word)
	ts.Check(err)
	return n
}

func issue(s *jira.Server, words string) (jira.Issue, bool) {
	for _, i := range s.Issues() {
		if strings.Contains(i.Summary, words) {
			return i, true
		}
	}
	return jira.Issue{}, false
}
