package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestThreads(t *testing.T) {
	t.Parallel()
	s := New(Options{Now: func() time.Time { return time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) }})
	t.Cleanup(s.Close)
	for _, head := range []string{
		"Subject: a\r\nMessage-ID: <a@x>",
		"Subject: b\r\nMessage-ID: <b@x>",
		"Subject: a2\r\nMessage-ID: <a2@x>\r\nIn-Reply-To: <a@x>",
		"Subject: lone",
		"Subject: early\r\nMessage-ID: <e2@x>\r\nReferences: <e1@x>", // its root is not here
		"Subject: both\r\nMessage-ID: <ab@x>\r\nReferences: <a2@x>\r\n\t<b@x>",
		"Subject: early2\r\nMessage-ID: <e3@x>\r\nReferences: <e1@x>",
		"Subject: a\r\nMessage-ID: <a@x>", // the same id again, in the same mailbox: another letter
	} {
		if err := s.Put("Maya Lind", inbox, []byte(head+"\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, thread := range threads(s.Inbox("Maya Lind")) {
		var subjects []string
		for _, l := range thread {
			subjects = append(subjects, l.Subject())
		}
		got = append(got, strings.Join(subjects, " "))
	}
	if diff := cmp.Diff([]string{"a b a2 both a", "early early2", "lone"}, got); diff != "" {
		t.Errorf("other conversations (-want +got):\n%s", diff)
	}
}

func TestParted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"Hello\n\nOn Wed, Ana <a@x>\nwrote:\n\n> one\n>\n> two\n":   {"Hello", "On Wed, Ana <a@x>\nwrote:\n\n> one\n>\n> two"},
		"Hello\n________________________________\nFrom: Ana\n\nold": {"Hello", "________________________________\nFrom: Ana\n\nold"},
		"> one\nno\n> two\nyes": {"> one\nno\n> two\nyes", ""},
		"> only a quote":        {"", "> only a quote"},
		"He wrote:":             {"He wrote:", ""},
		"________________________________\nNot one": {"________________________________\nNot one", ""},
		"": {"", ""},
	} {
		fresh, quoted := parted(text)
		if got := [2]string{strings.Join(fresh, "\n"), strings.Join(quoted, "\n")}; got != want {
			t.Errorf("parted(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLinked_KeepsEveryCharacter(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"see https://a.example/x?y=1.", "(http://a.example)", "https://a.example https://b.example/é", "none", "> https://a.example"} {
		var all strings.Builder
		links := 0
		for _, b := range linked([]string{line})[0].Bits {
			all.WriteString(b.Text)
			if b.URL != "" {
				links++
			}
		}
		if all.String() != line || links != strings.Count(line, "://") {
			t.Errorf("linked(%q) says %q with %d links", line, all.String(), links)
		}
	}
}
