package source_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/source"
)

func render(t *testing.T, p source.Problem, text string, color bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := source.Render(&out, []source.Problem{p}, map[string][]byte{"rules/studio.yaml": []byte(text)}, color); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRender_AsTheSurfaceShowsIt(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("#\n", 37) + "        reviewers: group:brand\n        quorom: 1\n"
	at := source.Pos{File: "rules/studio.yaml", Line: 39, Col: 9, Len: 6}
	for _, c := range []struct {
		name  string
		p     source.Problem
		color bool
		want  string
	}{
		{"error", source.Problem{Pos: at, Code: "SO112", Message: `"quorom" is not a key of a stage`, Hint: `did you mean "needs"?   (e.g. needs: 1, needs: 2 of 3, needs: all)`}, false,
			`rules/studio.yaml:39:9  error SO112  "quorom" is not a key of a stage
   38 |         reviewers: group:brand
   39 |         quorom: 1
      |         ^^^^^^ did you mean "needs"?   (e.g. needs: 1, needs: 2 of 3, needs: all)
`},
		{"warning without a hint", source.Problem{Pos: at, Level: source.Warning, Code: "SO205", Message: "never applies"}, false,
			"rules/studio.yaml:39:9  warning SO205  never applies\n"},
		{"warning with a hint", source.Problem{Pos: at, Level: source.Warning, Code: "SO205", Message: "m", Hint: "h"}, false,
			"rules/studio.yaml:39:9  warning SO205  m\n   38 |         reviewers: group:brand\n   39 |         quorom: 1\n      |         ^^^^^^ h\n"},
		{"whole file", source.Problem{Pos: source.Pos{File: "rules/studio.yaml"}, Code: "SO106", Message: "too long", Hint: "split it"}, false,
			"rules/studio.yaml  error SO106  too long\n      | split it\n"},
		{"unknown file", source.Problem{Pos: source.Pos{File: "other.yaml", Line: 3, Col: 1}, Code: "SO106", Message: "m"}, false,
			"other.yaml:3:1  error SO106  m\n"},
		{"line beyond the end", source.Problem{Pos: source.Pos{File: "rules/studio.yaml", Line: 999, Col: 1}, Code: "SO106", Message: "m"}, false,
			"rules/studio.yaml:999:1  error SO106  m\n"},
		{"first line has none before it", source.Problem{Pos: source.Pos{File: "rules/studio.yaml", Line: 1, Col: 1, Len: 1}, Code: "SO100", Message: "m"}, false,
			"rules/studio.yaml:1:1  error SO100  m\n    1 | #\n      | ^\n"},
		{"colour", source.Problem{Pos: at, Code: "SO112", Message: "m", Hint: "h"}, true,
			"\x1b[1mrules/studio.yaml:39:9\x1b[0m  \x1b[31merror SO112\x1b[0m  m\n\x1b[2m   38 |\x1b[0m         reviewers: group:brand\n\x1b[2m   39 |\x1b[0m         quorom: 1\n\x1b[2m      |\x1b[0m         \x1b[31m^^^^^^\x1b[0m h\n"},
		{"no control characters", source.Problem{Pos: source.Pos{File: "rules/studio.yaml"}, Code: "SO1", Message: "a\x1b[31m\nb\u202e"}, false,
			"rules/studio.yaml  error SO1  a\ufffd[31m b\ufffd\n"},
	} {
		if diff := cmp.Diff(c.want, render(t, c.p, text, c.color)); diff != "" {
			t.Errorf("%s: want -, got +\n%s", c.name, diff)
		}
	}
}

// TestRender_CaretStandsUnderTheWord counts screen columns: wide characters take two, marks none, tabs reach the next stop.
func TestRender_CaretStandsUnderTheWord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line     string
		col      int
		wantLine string
		wantRow  string
	}{
		{"abc: WORD", 6, "abc: WORD", "     ^^^^"},
		{"校正: WORD", 5, "校正: WORD", "      ^^^^"},
		{"e\u0301: WORD", 5, "e\u0301: WORD", "   ^^^^"},
		{"👍: WORD", 4, "👍: WORD", "    ^^^^"},
		{"a\tWORD", 3, "a   WORD", "    ^^^^"},
		{"\x1b[2JWORD", 5, "\ufffd[2JWORD", "    ^^^^"},
		{"WORD", 5, "WORD", "    ^"},
		{strings.Repeat("x", 300) + "WORD" + strings.Repeat("y", 300), 301, "…" + strings.Repeat("x", 49) + "WORD" + strings.Repeat("y", 46) + "…", strings.Repeat(" ", 50) + "^^^^"},
		{strings.Repeat("校", 300) + "WORD", 301, "… " + strings.Repeat("校", 24) + "WORD", strings.Repeat(" ", 50) + "^^^^"},
		{"WORD" + strings.Repeat("y", 300), 1, "WORD" + strings.Repeat("y", 96) + "…", "^^^^"},
	} {
		p := source.Problem{Pos: source.Pos{File: "rules/studio.yaml", Line: 1, Col: c.col, Len: 4}, Code: "SO1", Message: "m"}
		got := strings.Split(render(t, p, c.line, false), "\n")
		if want := "    1 | " + c.wantLine; got[1] != want {
			t.Errorf("%.20q: line\n got %q\nwant %q", c.line, got[1], want)
		}
		if want := "      | " + c.wantRow; got[2] != want {
			t.Errorf("%.20q: caret\n got %q\nwant %q", c.line, got[2], want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRender_ReportsAFailedWrite(t *testing.T) {
	t.Parallel()
	if err := source.Render(full{}, nil, nil, false); err == nil {
		t.Error("got nil, want the error of the writer")
	}
}
