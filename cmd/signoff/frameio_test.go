package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/frameio"
)

// cmdFrameio looks at the pretend Frame.io or acts in it, as people whose name it has; FILE is a name ("Spring teaser.mp4"),
// which stands for the newest version.
//
//	frameio upload Lin FILE NAME               uploads a version on top of it
//	frameio comment 'Ana Reyes' FILE WORDS 12s comments at a moment of the film; without one, on the whole of it
//	frameio reply 'Ben Osei' FILE WORDS TEXT   answers the comment with the words
//	frameio complete 'Ben Osei' FILE WORDS     marks it as done
//	frameio press Lin FILE [LABEL=VALUE…]      presses "Ask for sign-off" and answers the form with what is given; what comes back is stdout
//	frameio says FILE WORDS                    waits until a comment on any of its versions has the words
//	frameio count FILE WORDS N                 wants exactly N comments with the words
//	frameio status FILE STATUS                 waits until its status is that
//	frameio link FILE NAME                     puts its address into a variable
//	frameio hooks N                            waits until N webhooks are registered
//	frameio lose on|off                        webhooks do not arrive any more
func cmdFrameio(ts *testscript.TestScript, _ bool, args []string) {
	d := cutting{ts, on(ts).adobe, on(ts).adobe.Frameio}
	acts := map[string]func(a []string){
		"upload":   func(a []string) { _, err := d.s.UploadVersionAs(a[0], a[1], a[2]); ts.Check(err) },
		"comment":  func(a []string) { d.comment(a) },
		"reply":    func(a []string) { _, err := d.s.ReplyAs(a[0], d.with(a[1], a[2])[0].ID, a[3]); ts.Check(err) },
		"complete": func(a []string) { ts.Check(d.s.CompleteAs(a[0], d.with(a[1], a[2])[0].ID, true)) },
		"press":    func(a []string) { d.press(a[0], a[1], pairs(ts, a[2:])) },
		"says": func(a []string) {
			d.until("a comment", func() (bool, string) { return len(d.with(a[0], a[1])) > 0, fmt.Sprintf("%+v", d.with(a[0], "")) })
		},
		"count": func(a []string) {
			if n := len(d.with(a[0], a[1])); fmt.Sprint(n) != a[2] {
				ts.Fatalf("%s has %d comments with %q, want %s: %+v", a[0], n, a[1], a[2], d.with(a[0], ""))
			}
		},
		"status": func(a []string) {
			d.until("the status", func() (bool, string) { is := d.file(a[0]).Status; return is == a[1], is })
		},
		"link": func(a []string) { ts.Setenv(a[1], d.file(a[0]).URL) },
		"hooks": func(a []string) {
			d.until("webhooks", func() (bool, string) { list := d.s.Webhooks(); return fmt.Sprint(len(list)) == a[0], fmt.Sprint(list) })
		},
		"lose": func(a []string) { d.all.LoseWebhooks(a[0] == "on") },
	}
	do := acts[args[0]]
	if do == nil {
		ts.Fatalf("frameio %s is not known", args[0])
	}
	do(args[1:])
}

// cutting is the cutting room as a script sees it.
type cutting struct {
	ts  *testscript.TestScript
	all *adobe.Server
	s   *frameio.Site
}

func (d cutting) file(name string) frameio.File {
	f, ok := d.s.File(name)
	if !ok {
		d.ts.Fatalf("there is no file %q", name)
	}
	return f
}

// with lists the comments with some words on all versions of a file, answers among them.
func (d cutting) with(name, words string) (list []frameio.Comment) {
	for _, v := range d.s.Versions(name) {
		for _, c := range d.s.Comments(v.ID) {
			for _, one := range append([]frameio.Comment{c}, c.Replies...) {
				if strings.Contains(one.Text, words) {
					list = append(list, one)
				}
			}
		}
	}
	return list
}

func (d cutting) comment(a []string) {
	at := frameio.Untimed
	if len(a) > 3 {
		var err error
		at, err = time.ParseDuration(a[3])
		d.ts.Check(err)
	}
	_, err := d.s.CommentAs(a[0], d.file(a[1]).ID, a[2], at)
	d.ts.Check(err)
}

func (d cutting) press(who, name string, values map[string]string) {
	ctx, cancel := patient()
	defer cancel()
	id, err := d.s.PressActionAs(who, "Ask for sign-off", d.file(name).ID)
	d.ts.Check(err)
	p, err := d.s.Settled(ctx, id)
	d.ts.Check(err)
	if len(values) > 0 {
		answers := map[string]string{}
		for label, value := range values {
			answers[d.field(p, label)] = value
		}
		d.ts.Check(d.s.AnswerForm(id, answers))
		p, err = d.s.Settled(ctx, id)
		d.ts.Check(err)
	}
	if p.Problem != "" {
		d.ts.Fatalf("the button was not answered: %s", p.Problem)
	}
	fmt.Fprintf(d.ts.Stdout(), "%s\n%s\n", p.Title, p.Description)
	for _, f := range p.Fields {
		fmt.Fprintf(d.ts.Stdout(), "%s: %s\n", f.Label, f.Value)
	}
}

func (d cutting) field(p frameio.Press, label string) string {
	for _, f := range p.Fields {
		if f.Label == label {
			return f.Name
		}
	}
	d.ts.Fatalf("the form asks for no %s but %+v", label, p.Fields)
	return ""
}

func (d cutting) until(what string, ok func() (bool, string)) { until(d.ts, d.all.Wait, what, ok) }
