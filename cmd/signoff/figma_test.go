package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/figma"
)

// cmdFigma looks at the pretend Figma or acts in it, as people whose name it has; FILE is a name ("Spring banner").
//
//	figma save Lin FILE LABEL [DESCRIPTION]   saves a version
//	figma draw Lin FILE                       draws, which is kept by itself
//	figma comment 'Ana Reyes' FILE WORDS      begins a thread at the first frame
//	figma reply 'Ben Osei' FILE WORDS TEXT    answers the thread that begins with a comment with the words
//	figma resolve 'Ben Osei' FILE WORDS       resolves it
//	figma says FILE WORDS                     waits until a comment of the file has the words; "!" wants none
//	figma count FILE WORDS N                  wants exactly N comments with the words
//	figma link FILE NAME                      puts the address of the file, at its first frame, into a variable
//	figma hooks N                             waits until N webhooks are registered
//	figma lose on|off                         webhooks do not arrive any more
//	figma delete FILE                         moves the file to the trash
func cmdFigma(ts *testscript.TestScript, neg bool, args []string) {
	d := desk{ts, on(ts).figma}
	acts := map[string]func(a []string){
		"save": func(a []string) {
			_, err := d.s.SaveVersionAs(a[0], a[1], a[2], strings.Join(a[3:], " "))
			ts.Check(err)
		},
		"draw": func(a []string) { _, err := d.s.AutosaveAs(a[0], a[1]); ts.Check(err) },
		"comment": func(a []string) {
			_, err := d.s.CommentAs(a[0], a[1], d.file(a[1]).Frames[0].Node, a[2])
			ts.Check(err)
		},
		"reply":   func(a []string) { _, err := d.s.ReplyAs(a[0], a[1], d.root(a[1], a[2]), a[3]); ts.Check(err) },
		"resolve": func(a []string) { ts.Check(d.s.ResolveAs(a[0], a[1], d.root(a[1], a[2]), true)) },
		"says":    func(a []string) { d.says(neg, a[0], a[1]) },
		"count":   func(a []string) { d.count(a[0], a[1], a[2]) },
		"link": func(a []string) {
			f := d.file(a[0])
			ts.Setenv(a[1], f.URL+"?node-id="+strings.ReplaceAll(f.Frames[0].Node, ":", "-"))
		},
		"hooks":  func(a []string) { d.hooks(a[0]) },
		"lose":   func(a []string) { d.s.LoseWebhooks(a[0] == "on") },
		"delete": func(a []string) { ts.Check(d.s.DeleteFile("Lin", a[0])) },
	}
	do := acts[args[0]]
	if do == nil {
		ts.Fatalf("figma %s is not known", args[0])
	}
	do(args[1:])
}

// desk is the design tool as a script sees it.
type desk struct {
	ts *testscript.TestScript
	s  *figma.Server
}

func (d desk) file(name string) figma.File {
	list := d.s.Files()
	i := slices.IndexFunc(list, func(f figma.File) bool { return f.Name == name })
	if i < 0 {
		d.ts.Fatalf("there is no file %q", name)
	}
	return list[i]
}

func (d desk) with(file, words string) (list []figma.Comment) {
	for _, c := range d.s.Comments(file) {
		if strings.Contains(c.Words, words) {
			list = append(list, c)
		}
	}
	return list
}

func (d desk) root(file, words string) string {
	for _, c := range d.with(file, words) {
		if c.Parent == "" {
			return c.ID
		}
	}
	d.ts.Fatalf("no thread of %q begins with %q", file, words)
	return ""
}

func (d desk) says(neg bool, file, words string) {
	if neg {
		if list := d.with(file, words); len(list) > 0 {
			d.ts.Fatalf("%q says %q: %+v", file, words, list)
		}
		return
	}
	until(d.ts, d.s.Wait, "a comment", func() (bool, string) { return len(d.with(file, words)) > 0, fmt.Sprintf("%+v", d.s.Comments(file)) })
}

func (d desk) count(file, words, want string) {
	if n := len(d.with(file, words)); fmt.Sprint(n) != want {
		d.ts.Fatalf("%q has %d comments with %q, want %s: %+v", file, n, words, want, d.s.Comments(file))
	}
}

func (d desk) hooks(want string) {
	until(d.ts, d.s.Wait, "webhooks", func() (bool, string) {
		list := d.s.Hooks()
		return fmt.Sprint(len(list)) == want, fmt.Sprintf("%+v", list)
	})
}
