package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/confluence"
)

// cmdConfluence looks at the pretend Confluence or acts in it, as people whose name it has; PAGE is a title.
//
//	confluence page 'Maya Lind' SPACE TITLE TEXT   makes a page
//	confluence edit 'Maya Lind' PAGE TEXT          publishes another text
//	confluence label 'Maya Lind' PAGE LABEL        puts a label on
//	confluence link PAGE NAME                      puts the address of the page into a variable
//	confluence says PAGE WORDS                     waits until a comment below the page has the words
//	confluence count PAGE WORDS N                  wants exactly N comments with the words
func cmdConfluence(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts).confluence
	page := func(title string) confluence.Page {
		list := s.PagesOf("")
		i := slices.IndexFunc(list, func(p confluence.Page) bool { return p.Title == title })
		if i < 0 {
			ts.Fatalf("there is no page %q", title)
		}
		return list[i]
	}
	with := func(title, words string) (n int, all string) {
		list := s.Comments(page(title).ID)
		for _, c := range list {
			if strings.Contains(c.Body, words) {
				n++
			}
		}
		return n, fmt.Sprintf("%+v", list)
	}
	acts := map[string]func(a []string){
		"page":  func(a []string) { _, err := s.CreatePageAs(a[0], a[1], a[2], a[3]); ts.Check(err) },
		"edit":  func(a []string) { ts.Check(s.EditPageAs(a[0], page(a[1]).ID, a[1], a[2])) },
		"label": func(a []string) { ts.Check(s.LabelAs(a[0], page(a[1]).ID, a[2], true)) },
		"link":  func(a []string) { ts.Setenv(a[1], page(a[0]).URL) },
		"says": func(a []string) {
			until(ts, s.Wait, "a comment", func() (bool, string) { n, all := with(a[0], a[1]); return n > 0, all })
		},
		"count": func(a []string) {
			if n, all := with(a[0], a[1]); fmt.Sprint(n) != a[2] {
				ts.Fatalf("%q has %d comments with %q, want %s: %s", a[0], n, a[1], a[2], all)
			}
		},
	}
	do := acts[args[0]]
	if do == nil {
		ts.Fatalf("confluence %s is not known", args[0])
	}
	do(args[1:])
}
