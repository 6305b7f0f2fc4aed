package main

import (
	"context"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/mail"
)

// cmdMail looks at the mailboxes or writes as a person: the name before "@lumen.example", olga and lin of the agency, or
// stranger.
//
//	mail write olga requests@lumen.example SUBJECT TEXT [FILE]   writes a mail
//	mail forge stranger maya@lumen.example SUBJECT TEXT          writes to requests@ in another's name
//	mail raw olga FILE                                           sends a mail to requests@ byte by byte
//	mail reply olga WORDS TEXT [FILE]                            answers the newest letter with the words, quoting it below
//	mail gets olga WORDS                                         waits for a letter with the words and prints it; "!" wants none
//	mail count olga WORDS N                                      wants exactly N letters with the words
//	mail link ana WORDS Approve NAME                             puts where a letter's link leads into a variable
//	mail box signoff/Done N                                      waits until a mailbox of requests@ holds N mails
//	mail away olga TEXT [rude]                                   switches the absence note on; a rude one answers machines
//	mail between olga WORDS TEXT                                 answers that letter below its line with the words
//	mail cut | half-dead | renumber                              breaks connections, makes them silent, numbers the inbox anew
func cmdMail(ts *testscript.TestScript, neg bool, args []string) {
	p := postman{ts, on(ts).mail}
	acts := map[string]func(a []string){
		"write": func(a []string) {
			p.write(a[0], mail.Draft{To: a[1:2], Subject: a[2], Text: a[3], Files: p.files(a[4:])})
		},
		"forge": func(a []string) {
			p.write(a[0], mail.Draft{To: []string{requestsAt}, ForgeFrom: a[1], Subject: a[2], Text: a[3]})
		},
		"raw": func(a []string) {
			ts.Check(p.s.Submit(address(a[0]), "", []string{requestsAt}, crlf(ts.ReadFile(a[1]))))
		},
		"reply": func(a []string) { p.reply(a) },
		"gets":  func(a []string) { p.gets(neg, a[0], a[1:]) },
		"count": func(a []string) { p.count(a[0], a[1], a[2]) },
		"link":  func(a []string) { p.link(a) },
		"box":   func(a []string) { p.box(a[0], a[1]) },
		"away":  func(a []string) { ts.Check(p.s.SetAway(address(a[0]), mail.Away{Text: a[1], Rude: len(a) > 2})) },
		"between": func(a []string) {
			_, err := p.s.ReplyBetweenAs(address(a[0]), p.receive(a[0], a[1]), a[1], a[2])
			ts.Check(err)
		},
		"cut":       func([]string) { p.s.Cut() },
		"half-dead": func([]string) { p.s.HalfDead() },
		"renumber":  func([]string) { ts.Check(p.s.Renumber(requestsAt, "INBOX")) },
	}
	do := acts[args[0]]
	if do == nil {
		ts.Fatalf("mail %s is not known", args[0])
	}
	do(args[1:])
}

const requestsAt = "requests@lumen.example"

func address(who string) string {
	switch who {
	case "olga", "lin":
		return who + "@agency.example"
	case "stranger":
		return "someone@elsewhere.example"
	}
	return who + "@lumen.example"
}

func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

type postman struct {
	ts *testscript.TestScript
	s  *mail.Server
}

func (p postman) files(names []string) (list []mail.File) {
	for _, name := range names {
		b, err := os.ReadFile(p.ts.MkAbs(name))
		p.ts.Check(err)
		list = append(list, mail.File{Name: filepath.Base(name), Type: mime.TypeByExtension(filepath.Ext(name)), Data: b})
	}
	return list
}

func (p postman) write(who string, d mail.Draft) {
	_, err := p.s.WriteAs(address(who), d)
	p.ts.Check(err)
}

func (p postman) receive(who string, words ...string) mail.Letter {
	ctx, cancel := patient()
	defer cancel()
	l, err := p.s.Receive(ctx, address(who), words...)
	if err != nil {
		var all []string
		for _, one := range p.s.Inbox(address(who)) {
			all = append(all, one.Subject()+"\n"+one.Text())
		}
		p.ts.Fatalf("%s never had a letter with %q, but\n%s", who, words, strings.Join(all, "\n---\n"))
	}
	return l
}

func (p postman) reply(a []string) {
	_, err := p.s.ReplyAs(address(a[0]), p.receive(a[0], a[1]), a[2], p.files(a[3:])...)
	p.ts.Check(err)
}

func (p postman) gets(neg bool, who string, words []string) {
	if neg {
		if l, there := p.s.Find(address(who), words...); there {
			p.ts.Fatalf("%s has a letter with %q: %s\n%s", who, words, l.Subject(), l.Text())
		}
		return
	}
	l := p.receive(who, words...)
	for _, name := range []string{"From", "To", "Reply-To", "Subject", "In-Reply-To", "References", "Auto-Submitted"} {
		fmt.Fprintf(p.ts.Stdout(), "%s: %s\n", name, l.Header(name))
	}
	fmt.Fprintf(p.ts.Stdout(), "\n%s\n", l.Text())
}

func (p postman) count(who, words, want string) {
	p.until("the mail on its way", func() (bool, string) { return p.s.Quiet(), "" })
	n := 0
	for _, l := range p.s.Inbox(address(who)) {
		if l.Says(words) {
			n++
		}
	}
	if fmt.Sprint(n) != want {
		p.ts.Fatalf("%s has %d letters with %q, want %s", who, n, words, want)
	}
}

func (p postman) link(a []string) {
	l := p.receive(a[0], a[1])
	to := l.Link(a[2])
	if to == "" {
		p.ts.Fatalf("no link %q in\n%s", a[2], l.HTML())
	}
	p.ts.Setenv(a[3], to)
}

func (p postman) box(name, want string) {
	p.until("the mails in "+name, func() (bool, string) {
		n := len(p.s.Letters(requestsAt, name))
		return fmt.Sprint(n) == want, fmt.Sprint(n, " of ", p.s.Mailboxes(requestsAt))
	})
}

func (p postman) until(what string, ok func() (bool, string)) { until(p.ts, p.s.Wait, what, ok) }

// until waits for something at a pretend service, and says how it was last if it never comes.
func until[S any](ts *testscript.TestScript, wait func(context.Context, func(S) bool) error, what string, ok func() (bool, string)) {
	ctx, cancel := patient()
	defer cancel()
	how := ""
	if err := wait(ctx, func(S) (is bool) { is, how = ok(); return is }); err != nil {
		ts.Fatalf("%s: %v: %s", what, err, how)
	}
}
