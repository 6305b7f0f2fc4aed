package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/github"
)

// cmdGitHub looks at the pretend GitHub or acts on it. PLACE is lumen/site#1, a person the name before "-lumen":
//
//	github issues REPO N                  wants exactly N issues and pull requests
//	github state PLACE STATE LABEL        waits until it is open or closed and bears the label
//	github assigned PLACE LOGIN           waits until it has the assignee
//	github comment jon PLACE WORDS        comments
//	github line jon PLACE WORDS           comments on a line
//	github says PLACE WORDS               waits until a comment has the words; "!" wants none to have them
//	github close jon PLACE REASON         closes it: completed, not_planned
//	github transfer jon PLACE REPO        moves it to another repository
//	github label jon PLACE LABEL          puts a label on it
//	github pull ben REPO TITLE            opens a pull request
//	github push ben PLACE MESSAGE         pushes a commit to it
//	github review ana PLACE VERDICT WORDS reviews it: approve, "request changes", comment
//	github check PLACE STATE              waits until the newest commit has the state
//	github hooks REPO N                   waits until N webhooks are there
//	github lose on|off                    webhooks do not arrive any more
//	github files dana REPO MESSAGE FOLDER pushes the files below the folder to the default branch
//	github propose ana REPO TITLE FOLDER  opens a pull request that changes the files below the folder
//	github revise ana PLACE MESSAGE FOLDER pushes them to it
//	github merge dana PLACE               merges it
func cmdGitHub(ts *testscript.TestScript, neg bool, args []string) {
	s := on(ts).github
	who := func(name string) string { return name + "-lumen" }
	acts := map[string]func(a []string) error{
		"comment":  func(a []string) error { _, err := s.CommentAs(who(a[0]), a[1], a[2]); return err },
		"line":     func(a []string) error { _, err := s.LineAs(who(a[0]), a[1], a[2], 0); return err },
		"close":    func(a []string) error { return s.CloseAs(who(a[0]), a[1], a[2]) },
		"transfer": func(a []string) error { _, err := s.TransferAs(who(a[0]), a[1], a[2]); return err },
		"label":    func(a []string) error { return s.LabelAs(who(a[0]), a[1], a[2], true) },
		"pull":     func(a []string) error { _, err := s.OpenPullAs(who(a[0]), a[1], a[2], "", a[2]); return err },
		"push":     func(a []string) error { _, err := s.PushAs(who(a[0]), a[1], a[2]); return err },
		"review":   func(a []string) error { _, err := s.ReviewAs(who(a[0]), a[1], a[2], a[3]); return err },
		"files": func(a []string) error {
			_, err := s.PushFilesAs(who(a[0]), a[1], a[2], tree(ts, a[3]))
			return err
		},
		"propose": func(a []string) error {
			_, err := s.ProposeFilesAs(who(a[0]), a[1], a[2], tree(ts, a[3]))
			return err
		},
		"revise": func(a []string) error {
			_, err := s.ReviseFilesAs(who(a[0]), a[1], a[2], tree(ts, a[3]))
			return err
		},
		"merge": func(a []string) error { return s.MergeAs(who(a[0]), a[1]) },
		"lose":  func(a []string) error { s.LoseWebhooks(a[0] == "on"); return nil },
	}
	if do := acts[args[0]]; do != nil {
		ts.Check(do(args[1:]))
		return
	}
	w := octocat{ts, s}
	switch args[0] {
	case "issues":
		if n := len(s.Issues(args[1])); fmt.Sprint(n) != args[2] {
			ts.Fatalf("%s has %d issues, want %s", args[1], n, args[2])
		}
	case "state":
		w.wait(args[1], func(i github.Issue) bool { return i.State == args[2] && slices.Contains(i.Labels, args[3]) })
	case "assigned":
		w.wait(args[1], func(i github.Issue) bool { return slices.Contains(i.Assignees, args[2]) })
	case "check":
		w.wait(args[1], func(i github.Issue) bool {
			list := s.Statuses(i.Repository, i.Head)
			return len(list) > 0 && list[len(list)-1].State == args[2]
		})
	case "says":
		w.says(neg, args[1], args[2])
	case "hooks":
		w.until("webhooks", func() (bool, string) {
			list := s.Hooks(args[1])
			return fmt.Sprint(len(list)) == args[2], fmt.Sprint(list)
		})
	default:
		ts.Fatalf("github %s is not known", args[0])
	}
}

// tree is the files below a folder, by their path in it.
func tree(ts *testscript.TestScript, folder string) map[string]string {
	files := map[string]string{}
	root := ts.MkAbs(folder)
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return files
}

type octocat struct {
	ts *testscript.TestScript
	s  *github.Server
}

func (o octocat) find(place string) (github.Issue, bool) {
	full, number, _ := strings.Cut(place, "#")
	for _, i := range o.s.Issues(full) {
		if fmt.Sprint(i.Number) == number {
			return i, true
		}
	}
	return github.Issue{}, false
}

func (o octocat) until(what string, ok func() (bool, string)) {
	ctx, cancel := patient()
	defer cancel()
	how := ""
	if err := o.s.Wait(ctx, func(*github.Server) (is bool) { is, how = ok(); return is }); err != nil {
		o.ts.Fatalf("%s: %v: %s", what, err, how)
	}
}

func (o octocat) wait(place string, ok func(github.Issue) bool) {
	o.until(place, func() (bool, string) {
		i, there := o.find(place)
		return there && ok(i), fmt.Sprintf("%+v %+v", i, o.s.Statuses(i.Repository, i.Head))
	})
}

func (o octocat) says(neg bool, place, words string) {
	has := func(i github.Issue) bool {
		return slices.ContainsFunc(append(i.Comments, i.Lines...), func(c github.Comment) bool { return strings.Contains(c.Body, words) })
	}
	if neg {
		if i, _ := o.find(place); has(i) {
			o.ts.Fatalf("%s says %q: %+v", place, words, i.Comments)
		}
		return
	}
	o.wait(place, has)
}
