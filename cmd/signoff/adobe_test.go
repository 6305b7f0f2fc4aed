package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/events"
	"signoff/internal/sandbox/adobe/workfront"
)

// cmdAdobe looks at the pretend Experience Manager, Creative Cloud and Workfront or acts in them, as people whose name they
// have; DOC is the name of a document in Workfront.
//
//	adobe save Lin ASSET…              saves a version of each, which Adobe I/O Events tells of
//	adobe upload 'Ben Osei' DOC FILE   uploads a version of a document
//	adobe update 'Ben Osei' DOC WORDS  writes an update
//	adobe decide Dana DOC Approved     decides on a proof
//	adobe says DOC WORDS               waits until an update has the words
//	adobe link NAME VARIABLE           puts the address of an asset or a document into a variable
//	adobe subscribed N                 waits until signoff has subscribed N times
//	adobe lose on|off                  webhooks do not arrive any more
func cmdAdobe(ts *testscript.TestScript, _ bool, args []string) {
	d := suite{ts, on(ts).adobe}
	acts := map[string]func(a []string){
		"save":   func(a []string) { _, err := d.s.Events.SaveAs(a[0], a[1:]...); ts.Check(err) },
		"upload": func(a []string) { _, err := d.s.Workfront.UploadVersionAs(a[0], a[1], a[2]); ts.Check(err) },
		"update": func(a []string) { _, err := d.s.Workfront.NoteAs(a[0], a[1], a[2]); ts.Check(err) },
		"decide": func(a []string) { ts.Check(d.s.Workfront.ApproveAs(a[0], a[1], a[2])) },
		"says":   func(a []string) { d.says(a[0], a[1]) },
		"link":   func(a []string) { ts.Setenv(a[1], d.link(a[0])) },
		"subscribed": func(a []string) {
			until(ts, d.s.Wait, "subscriptions", func() (bool, string) {
				list := d.s.Workfront.Subscriptions()
				return fmt.Sprint(len(list)) == a[0], fmt.Sprintf("%+v", list)
			})
		},
		"lose": func(a []string) { d.s.LoseWebhooks(a[0] == "on") },
	}
	do := acts[args[0]]
	if do == nil {
		ts.Fatalf("adobe %s is not known", args[0])
	}
	do(args[1:])
}

// suite is what of Adobe is no Frame.io, as a script sees it.
type suite struct {
	ts *testscript.TestScript
	s  *adobe.Server
}

func (d suite) link(name string) string {
	list := d.s.Events.Assets()
	if i := slices.IndexFunc(list, func(a events.Asset) bool { return a.Name == name }); i >= 0 {
		return list[i].Link()
	}
	return d.document(name).URL
}

func (d suite) document(name string) workfront.Document {
	doc, ok := d.s.Workfront.Document(name)
	if !ok {
		d.ts.Fatalf("there is no %q", name)
	}
	return doc
}

func (d suite) says(name, words string) {
	until(d.ts, d.s.Wait, "an update", func() (bool, string) {
		list := d.document(name).Notes
		return slices.ContainsFunc(list, func(n workfront.Note) bool { return strings.Contains(n.Text, words) }), fmt.Sprintf("%+v", list)
	})
}
