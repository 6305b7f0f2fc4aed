package main

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

// cmdJira looks at the pretend site or acts on it. ISSUE is a part of a summary, or a key:
//
//	jira status ISSUE STATUS            waits until it is in the status
//	jira move jon ISSUE STATUS          moves it as a person
//	jira issues N                       wants exactly N issues
//	jira comment jon ISSUE WORDS [ROLE] comments, for a role only where one is named
//	jira edit jon ISSUE WORDS NEW       changes the comment with the words
//	jira delete jon ISSUE WORDS         deletes it
//	jira restrict jon ISSUE WORDS ROLE  shows it to a role only
//	jira attach jon ISSUE NAME FILE     attaches a file of the script
//	jira says ISSUE WORDS               waits until a comment has the words; "!" wants none to have them
//	jira comments ISSUE N WORDS         wants exactly N comments with the words
//	jira has-file ISSUE NAME FILE       waits until it is attached, byte for byte FILE
//	jira files ISSUE N                  wants exactly N attachments
//	jira field ISSUE NAME VALUE         waits until a field shows the value
//	jira project jon ISSUE MKT          moves it to another project
//	jira remove jon ISSUE               deletes it
//	jira archive jon ISSUE              archives it
//	jira hide ISSUE                     takes it out of the sight of signoff's account
//	jira hooks N URL                    waits until N webhooks lead to the address
//	jira hook off|on|delete             what an administrator does to the first webhook
//	jira hold, jira drop, jira release  keeps webhooks back; loses them; lets them go, the last first
//	jira person NAME e-mail=… hide=yes  changes an account
func cmdJira(ts *testscript.TestScript, neg bool, args []string) {
	b := board{ts, on(ts).jira}
	acts := map[string]func([]string){
		"status": b.status, "move": b.move, "issues": b.issues, "subtasks": b.subtasks, "due": b.dueOn, "describes": b.describes, "assigned": b.assigned, "comment": b.comment, "edit": b.edit, "delete": b.remove, "restrict": b.restrict, "attach": b.attach,
		"comments": b.comments, "has-file": b.hasFile, "files": b.files, "field": b.field, "project": b.project, "remove": b.delete, "archive": b.archive, "hide": b.hide,
		"hooks": b.hooks, "hook": b.hook, "person": b.person,
		"deny": func(keys []string) { b.s.Deny(keys...) },
		"hold": func([]string) { b.s.HoldWebhooks() },
		"drop": func([]string) { b.s.ReleaseWebhooks(func([]jira.Webhook) []jira.Webhook { return nil }) },
		"release": func([]string) {
			b.s.ReleaseWebhooks(func(l []jira.Webhook) []jira.Webhook { slices.Reverse(l); return l })
		},
	}
	switch {
	case acts[args[0]] != nil:
		acts[args[0]](args[1:])
	case args[0] == "says":
		b.says(neg, args[1:])
	default:
		ts.Fatalf("jira %s is not known", args[0])
	}
}

type board struct {
	ts *testscript.TestScript
	s  *jira.Server
}

func (b board) find(words string) (jira.Issue, bool) {
	if i, ok := b.s.Issue(words); ok {
		return i, true
	}
	for _, i := range b.s.Issues() {
		if strings.Contains(i.Summary, words) {
			return i, true
		}
	}
	return jira.Issue{}, false
}

func (b board) issue(words string) jira.Issue {
	i, ok := b.find(words)
	if !ok {
		b.ts.Fatalf("no issue has %q in its summary", words)
	}
	return i
}

// wait waits until the issue is as wanted, and else says how it is.
func (b board) wait(words, want string, ok func(jira.Issue) (is bool, how string)) {
	ctx, cancel := patient()
	defer cancel()
	how := "not there"
	err := b.s.Wait(ctx, func(*jira.Server) bool {
		i, found := b.find(words)
		if !found {
			return false
		}
		var is bool
		is, how = ok(i)
		return is
	})
	if err != nil {
		b.ts.Fatalf("the issue %q: %s; want %s", words, how, want)
	}
}

func (b board) status(args []string) {
	b.wait(args[0], args[1], func(i jira.Issue) (bool, string) { return i.Status == args[1], i.Status })
}

func (b board) move(args []string) { b.ts.Check(b.s.MoveAs(args[0], b.issue(args[1]).Key, args[2])) }

// issues counts the issues that are no sub-tasks, which come after theirs.
func (b board) issues(args []string) {
	all := slices.DeleteFunc(b.s.Issues(), func(i jira.Issue) bool { return i.Type == "Sub-task" })
	if n, want := len(all), number(b.ts, args[0]); n != want {
		b.ts.Fatalf("there are %d issues, want %d", n, want)
	}
}

// subtasks waits until an issue has these sub-tasks, in any order.
func (b board) subtasks(args []string) {
	want := slices.Sorted(slices.Values(args[1:]))
	b.wait(args[0], strings.Join(want, ", "), func(i jira.Issue) (bool, string) {
		var have []string
		for _, key := range i.Subtasks {
			child, _ := b.s.Issue(key)
			have = append(have, child.Summary)
		}
		slices.Sort(have)
		return slices.Equal(have, want), strings.Join(have, ", ")
	})
}

// assigned waits until an issue is somebody's.
func (b board) assigned(args []string) {
	b.wait(args[0], args[1], func(i jira.Issue) (bool, string) { return i.Assignee == args[1], i.Assignee })
}

// describes waits until the description of an issue has words.
func (b board) describes(args []string) {
	b.wait(args[0], args[1], func(i jira.Issue) (bool, string) { return strings.Contains(i.Description, args[1]), i.Description })
}

// dueOn waits until an issue is due on a day.
func (b board) dueOn(args []string) {
	b.wait(args[0], args[1], func(i jira.Issue) (bool, string) { return i.Due == args[1], i.Due })
}

func (b board) comment(args []string) {
	d := jira.CommentDraft{Body: args[2]}
	if len(args) > 3 {
		d.Visibility = &jira.Visibility{Type: "role", Value: args[3]}
	}
	_, err := b.s.WriteCommentAs(args[0], b.issue(args[1]).Key, d)
	b.ts.Check(err)
}

// said is the newest comment of an issue with the words.
func (b board) said(words, part string) (key, id string) {
	i := b.issue(words)
	for _, c := range slices.Backward(i.Comments) {
		if strings.Contains(c.Body, part) {
			return i.Key, c.ID
		}
	}
	b.ts.Fatalf("no comment of %s has %q", i.Key, part)
	return "", ""
}

func (b board) edit(args []string) {
	key, id := b.said(args[1], args[2])
	b.ts.Check(b.s.EditCommentAs(args[0], key, id, args[3]))
}

func (b board) remove(args []string) {
	key, id := b.said(args[1], args[2])
	b.ts.Check(b.s.DeleteCommentAs(args[0], key, id))
}

func (b board) restrict(args []string) {
	key, id := b.said(args[1], args[2])
	b.ts.Check(b.s.RestrictCommentAs(args[0], key, id, &jira.Visibility{Type: "role", Value: args[3]}))
}

func (b board) attach(args []string) {
	_, err := b.s.AttachAs(args[0], b.issue(args[1]).Key, args[2], read(b.ts, args[3]))
	b.ts.Check(err)
}

func bodies(i jira.Issue) string {
	var all []string
	for _, c := range i.Comments {
		all = append(all, "· "+c.Author+": "+c.Body)
	}
	return strings.Join(all, "\n")
}

func (b board) says(neg bool, args []string) {
	if neg {
		if i := b.issue(args[0]); strings.Contains(bodies(i), args[1]) {
			b.ts.Fatalf("%s says %q:\n%s", i.Key, args[1], bodies(i))
		}
		return
	}
	b.wait(args[0], args[1], func(i jira.Issue) (bool, string) {
		return strings.Contains(bodies(i), args[1]), "it says\n" + bodies(i) + "\n"
	})
}

func (b board) comments(args []string) {
	i, n := b.issue(args[0]), 0
	for _, c := range i.Comments {
		if strings.Contains(c.Body, args[2]) {
			n++
		}
	}
	if want := number(b.ts, args[1]); n != want {
		b.ts.Fatalf("%d comments of %s have %q, want %d:\n%s", n, i.Key, args[2], want, bodies(i))
	}
}

func (b board) hasFile(args []string) {
	want := read(b.ts, args[2])
	b.wait(args[0], args[1], func(i jira.Issue) (bool, string) {
		how := "it has no attachment"
		for _, a := range i.Attachments {
			got, _ := b.s.File(a.ID)
			if a.Name == args[1] && bytes.Equal(got, want) {
				return true, ""
			}
			how = "it has " + a.Name
		}
		return false, how
	})
}

func (b board) files(args []string) {
	i := b.issue(args[0])
	if n, want := len(i.Attachments), number(b.ts, args[1]); n != want {
		b.ts.Fatalf("%s has %d attachments, want %d", i.Key, n, want)
	}
}

func (b board) field(args []string) {
	b.wait(args[0], args[1]+" "+args[2], func(i jira.Issue) (bool, string) {
		got := map[string]string{"assignee": i.Assignee, "reporter": i.Reporter, "due": i.Due, "summary": i.Summary, "parent": i.Parent}[args[1]]
		if got == "" {
			got = i.Fields[args[1]]
		}
		return got == args[2], args[1] + " is " + got
	})
}

func (b board) project(args []string) {
	_, err := b.s.ProjectAs(args[0], b.issue(args[1]).Key, args[2])
	b.ts.Check(err)
}

func (b board) delete(args []string) { b.ts.Check(b.s.DeleteAs(args[0], b.issue(args[1]).Key)) }

func (b board) archive(args []string) {
	b.ts.Check(b.s.ArchiveAs(args[0], b.issue(args[1]).Key, true))
}

func (b board) hide(args []string) { b.ts.Check(b.s.HideIssue(b.issue(args[0]).Key, true)) }

func (b board) hooks(args []string) {
	ctx, cancel := patient()
	defer cancel()
	var urls []string
	err := b.s.Wait(ctx, func(*jira.Server) bool {
		urls = nil
		n := 0
		for _, h := range b.s.Hooks() {
			urls = append(urls, h.URL)
			if h.URL == args[1] && h.Enabled {
				n++
			}
		}
		return n == number(b.ts, args[0])
	})
	if err != nil {
		b.ts.Fatalf("the webhooks are %q, want %s to %s that are on", urls, args[0], args[1])
	}
}

func (b board) hook(args []string) {
	hooks := b.s.Hooks()
	if len(hooks) == 0 {
		b.ts.Fatalf("there is no webhook")
	}
	switch args[0] {
	case "delete":
		b.ts.Check(b.s.DeleteHook(hooks[0].ID))
	default:
		b.ts.Check(b.s.EnableHook(hooks[0].ID, args[0] == "on"))
	}
}

func (b board) person(args []string) {
	values := pairs(b.ts, args[1:])
	for _, u := range b.s.Users() {
		if u.Name != args[0] {
			continue
		}
		if mail, ok := values["e-mail"]; ok {
			u.Email = mail
		}
		u.HideEmail = values["hide"] == "yes"
		u.Inactive = values["active"] == "no"
		b.s.PutUser(u)
		return
	}
	b.ts.Fatalf("nobody at the site is called %s", args[0])
}

// cmdFault makes a service misbehave: fault jira addComment lost-answer 1 [NAME]. "fault clear" ends it all.
func cmdFault(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts)
	if args[0] == "clear" {
		s.faults.Clear()
		return
	}
	f := sandbox.Fault{Service: args[0], Method: args[1], Kind: sandbox.FaultKind(args[2]), Times: number(ts, args[3]), Wait: time.Second}
	if len(args) > 4 {
		f.Name = args[4]
	}
	ts.Check(s.faults.Arm(f))
}
