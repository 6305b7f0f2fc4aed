package jira_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
)

// copying is a file of the thread on its way to a ticket.
func copying(ticket flow.Ref, number int, name string, size int) flow.Effect {
	return flow.Effect{ID: fmt.Sprintf("CR-142/2/%d", number), Request: "CR-142", Target: "jira", Copy: &flow.Copy{
		Purpose: fmt.Sprint("file/", number), To: ticket, Limit: 25 << 20, Version: 2,
		File: flow.File{Ref: flow.Ref{System: "slack", Type: "file", Key: "F1"}, Name: name, Size: int64(size)},
	}}
}

func meta(name string, size int) connectors.FileMeta {
	return connectors.FileMeta{Name: name, Type: "application/pdf", Size: int64(size)}
}

func (o *outside) files(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, f := range o.site.Issues()[0].Attachments {
		content, _ := o.site.File(f.ID)
		out = append(out, fmt.Sprintf("%s %d", f.Name, len(content)))
	}
	return out
}

func pdf(size int) []byte { return append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), size-9)...) }

func TestAttach(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		content := pdf(300_000)
		for name, size := range map[string]int{"brief.pdf": len(content), "../../étude \"final\".pdf": -1} {
			e := copying(made[0].Ref, len(name), name, len(content))
			links, err := c.Attach(t.Context(), e, meta(name, size), bytes.NewReader(content))
			if err != nil {
				t.Fatalf("Attach(%q): %v", name, err)
			}
			got, ok := o.site.File(links[0].Ref.Key)
			if !ok || !bytes.Equal(got, content) {
				t.Errorf("%q arrives as %d bytes, want the %d it has", name, len(got), len(content))
			}
			if links[0].Purpose != e.Copy.Purpose || !strings.Contains(links[0].URL, "/secure/attachment/"+links[0].Ref.Key+"/") {
				t.Errorf("Attach(%q) = %+v, want a link to the file", name, links)
			}
			again, err := c.Attach(t.Context(), e, meta(name, size), bytes.NewReader(content))
			if err != nil || again[0].Ref != links[0].Ref {
				t.Errorf("Attach(%q) again = %v, %v, want the same file", name, again, err)
			}
			if _, found, err := c.Find(t.Context(), e, c.clock.Now()); !found || err != nil {
				t.Errorf("Find(%q) = %v, %v, want it", name, found, err)
			}
		}
		if got := strings.Join(o.files(t), ", "); !strings.Contains(got, "brief.pdf 300000") || strings.Contains(got, "..") || len(o.files(t)) != 2 {
			t.Errorf("the ticket has %s, want two files with clean names", got)
		}
	})
}

func TestAttach_LostAnswer(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		content := pdf(1000)
		other := copying(made[0].Ref, 1, "brief.pdf", len(content))
		if _, err := c.Attach(t.Context(), other, meta("brief.pdf", len(content)), bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		e := copying(made[0].Ref, 2, "brief.pdf", len(content))
		if _, found, err := c.Find(t.Context(), e, c.clock.Now()); found || err != nil {
			t.Errorf("Find before anything was sent = %v, %v, want nothing", found, err)
		}
		o.front.arm(lose(true))
		tried := c.clock.Now()
		if _, err := c.Attach(t.Context(), e, meta("brief.pdf", len(content)), bytes.NewReader(content)); connectors.ClassOf(err) != connectors.Unsure {
			t.Fatalf("Attach with a lost answer = %v, want unsure", err)
		}
		links, found, err := c.Find(t.Context(), e, tried)
		if err != nil || !found {
			t.Fatalf("Find = %v, %v, want the file", found, err)
		}
		if first, _, _ := c.Find(t.Context(), other, tried); first[0].Ref == links[0].Ref {
			t.Errorf("two copies of one name and size are both taken for %v", links[0].Ref)
		}
		if got := o.files(t); len(got) != 2 {
			t.Errorf("the ticket has %v, want two files", got)
		}
	})
}

func TestAttach_Refused(t *testing.T) {
	t.Parallel()
	broke := errors.New("the source broke off")
	for name, tc := range map[string]struct {
		change func(*site.Options)
		size   int
		body   io.Reader
		class  connectors.Class
		person string
	}{
		"too large": {func(o *site.Options) { o.UploadLimit = 10 << 20 }, 30 << 20, strings.NewReader(""), connectors.Rejected,
			"brief.pdf: the file is 30 MB and Jira takes 10 MB: make it smaller, or put it somewhere else and share the link."},
		"too large, not announced": {func(o *site.Options) { o.UploadLimit = 1 << 20 }, -1, bytes.NewReader(pdf(2 << 20)), connectors.Rejected,
			"brief.pdf: the file is "},
		"no permission": {func(o *site.Options) { o.Denied = []string{"CREATE_ATTACHMENTS"} }, 9, bytes.NewReader(pdf(9)), connectors.Rejected,
			"signoff's account may not attach file in Jira (ticket DES-1)"},
		"a source that breaks off": {nil, 2000, io.MultiReader(bytes.NewReader(pdf(1000)), &failing{broke}), connectors.Transient, ""},
		"a source that ends early": {nil, 2000, bytes.NewReader(pdf(1000)), connectors.Transient, ""},
		"a source that is refused": {nil, 2000, io.MultiReader(bytes.NewReader(pdf(1000)), &failing{&connectors.Error{Op: "open file", Class: connectors.Rejected, Person: "It is a login page."}}),
			connectors.Rejected, "It is a login page."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := rigged(t, tc.change)
			made := c.do(t, ticket(1, "Homepage hero"))
			_, err := c.Attach(t.Context(), copying(made[0].Ref, 1, "brief.pdf", tc.size), meta("brief.pdf", tc.size), tc.body)
			ce, _ := err.(*connectors.Error) //nolint:errorlint // exactly this type
			if ce == nil || ce.Class != tc.class || !strings.HasPrefix(ce.Person, tc.person) {
				t.Errorf("Attach = %+v\nwant class %q and people told %q", err, tc.class, tc.person)
			}
			if got := o.files(t); len(got) != 0 {
				t.Errorf("the ticket has %v, want nothing left behind", got)
			}
		})
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestAttach_SwitchedOff(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{"GET /rest/api/2/attachment/meta": {`{"enabled":false,"uploadLimit":0}`}})
	_, err := c.Attach(t.Context(), copying(flow.Ref{System: "jira", Type: "issue", Key: "10042"}, 1, "a.pdf", 9), meta("a.pdf", 9), bytes.NewReader(pdf(9)))
	if ce, ok := err.(*connectors.Error); !ok || !strings.HasPrefix(ce.Person, "Attachments are switched off in this Jira") { //nolint:errorlint // exactly this type
		t.Errorf("Attach = %v, want it refused with a sentence", err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		c.do(t, o.ticket())
		content := pdf(200_000)
		id, err := o.site.AttachAs("Jon Park", "DES-1", "étude 1.pdf", content)
		if err != nil {
			t.Fatal(err)
		}
		ref := flow.Ref{System: "jira", Type: "attachment", Key: id}
		body, m, err := c.Open(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil || !bytes.Equal(got, content) {
			t.Errorf("Open gives %d bytes (%v), want the %d that were attached", len(got), err, len(content))
		}
		if want := (connectors.FileMeta{Name: "étude 1.pdf", Type: "application/pdf", Size: 200_000}); m != want {
			t.Errorf("Open says %+v, want %+v", m, want)
		}
		if err := o.site.DetachAs("Jon Park", "DES-1", id); err != nil {
			t.Fatal(err)
		}
		_, _, err = c.Open(t.Context(), ref)
		if ce, ok := err.(*connectors.Error); !ok || ce.Gone != "deleted" || ce.Person == "" { //nolint:errorlint // exactly this type
			t.Errorf("Open of a deleted file = %v, want it gone", err)
		}
	})
}

// TestOpen_Elsewhere: the token goes to the site alone, whatever address an answer names.
func TestOpen_Elsewhere(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"another host":   "https://media.example/secure/attachment/7/a.pdf",
		"a longer host":  "%s.evil.example/secure/attachment/7/a.pdf",
		"a user in it":   "http://jira@127.0.0.1/secure/attachment/7/a.pdf",
		"out of the way": "%s/../../secure/attachment/7/a.pdf",
		"none":           "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := scriptedAs(t, dataCenter, nil)
			content = strings.ReplaceAll(content, "%s", c.url)
			s.answers["GET /rest/api/2/attachment/7"] = []string{fmt.Sprintf(`{"filename":"a.pdf","size":9,"content":%q}`, content)}
			_, _, err := c.Open(t.Context(), flow.Ref{System: "jira", Type: "attachment", Key: "7"})
			if ce, ok := err.(*connectors.Error); !ok || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "not on its own site") { //nolint:errorlint // exactly this type
				t.Errorf("Open(%s) = %v, want it refused", content, err)
			}
		})
	}
}

func TestOpen_LoginPage(t *testing.T) {
	t.Parallel()
	c, o := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition, o.Quirks = site.DataCenter, site.Quirks{LoginForFiles: true} })
	c.do(t, o.ticket())
	id, err := o.site.AttachAs("Jon Park", "DES-1", "brief.pdf", pdf(100))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Open(t.Context(), flow.Ref{System: "jira", Type: "attachment", Key: id})
	if ce, ok := err.(*connectors.Error); !ok || !strings.HasPrefix(ce.Person, "Jira asks signoff to sign in instead of giving the file") { //nolint:errorlint // exactly this type
		t.Errorf("Open = %v, want the page for signing in recognised", err)
	}
}
