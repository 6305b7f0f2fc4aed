package source_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/source"
)

func env(vars, files map[string]string) source.Env {
	return source.Env{
		Lookup: func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if v, ok := files[path]; ok {
				return []byte(v), nil
			}
			return nil, errors.New("canary: no such file")
		},
	}
}

var (
	vars = map[string]string{
		"TOKEN": "canary: #x\n- y", "EMPTY": "", "PORT": "8080", "ON": "true", "SECRET_FILE": "/run/s", "LOST_FILE": "/gone", "DIR": "/creds", "DOLLAR": "${TOKEN}",
	}
	files = map[string]string{"/run/s": "canary-of-file\n", "/creds/slack": "canary-of-dir\r\n", "/two": "a\n\n"}
)

func TestExpand_Values(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"${TOKEN}", vars["TOKEN"]},
		{"a${PORT}b${PORT}", "a8080b8080"},
		{"${EMPTY}", ""},
		{"${EMPTY:-x}", "x"},
		{"${NOPE:-x y}", "x y"},
		{"${NOPE:-}", ""},
		{"${NOPE:-http://localhost:9/}", "http://localhost:9/"},
		{"${SECRET}", "canary-of-file"},
		{"${SECRET:-d}", "canary-of-file"},
		{"${file:/run/s}", "canary-of-file"},
		{"${file:$DIR/slack}", "canary-of-dir"},
		{"${file:/two}", "a\n"},
		{"$$HOME", "$HOME"},
		{"$${TOKEN}", "${TOKEN}"},
		{"$HOME", "$HOME"},
		{"5$", "5$"},
		{"${DOLLAR}", "${TOKEN}"},
		{"no reference", "no reference"},
	} {
		root := parse(t, fmt.Sprintf("key: %q", c.in))
		if ps := source.Expand(root, env(vars, files), source.Error); len(ps) > 0 {
			t.Errorf("%s: problems %v, want none", c.in, ps)
		}
		n := root.Key("key")
		if got := n.Value(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
		if got := n.Shown(); got != c.in && got != c.want {
			t.Errorf("%s: shown as %q, want what the file says", c.in, got)
		}
		if ps := source.Expand(root, env(vars, files), source.Error); len(ps) > 0 || n.Value() != c.want {
			t.Errorf("%s: expanding twice changes it to %q (%v)", c.in, n.Value(), ps)
		}
	}
}

func TestExpand_Problems(t *testing.T) {
	t.Parallel()
	root := parse(t, `a: ${NOPE}
list:
  - {token: "${LOST}"}
  - ${file:/gone}
b: "${file:$NODIR/x}"
c: ${ TOKEN }
d: "${TOKEN"
e: "${file:}"
f: ${TOKEN-x}
ok: ${TOKEN}
${KEY}: x
`)
	type row struct{ Place, Level, Code, Message string }
	var got []row
	for _, p := range source.Expand(root, env(vars, files), source.Warning) {
		got = append(got, row{p.Pos.String(), p.Level.String(), p.Code, p.Message})
	}
	want := []row{
		{"f.yaml:1:4", "warning", "SO109", "a: the environment variable NOPE is not set"},
		{"f.yaml:3:13", "warning", "SO109", "token: LOST_FILE names a file that cannot be read"},
		{"f.yaml:4:5", "warning", "SO109", "list: the file /gone cannot be read"},
		{"f.yaml:5:4", "warning", "SO109", "b: the environment variable NODIR is not set"},
		{"f.yaml:6:4", "error", "SO114", "c: ${…} does not hold a name"},
		{"f.yaml:7:4", "error", "SO114", "d: ${ is not closed"},
		{"f.yaml:8:4", "error", "SO114", "e: ${file:} does not name a file"},
		{"f.yaml:9:4", "error", "SO114", "f: ${…} does not hold a name"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if strings.Contains(fmt.Sprint(got), "canary") {
		t.Errorf("a value is in %v", got)
	}
	if ps := source.Expand(parse(t, "a: ${NOPE}"), env(vars, files), source.Error); ps.Errors() != 1 {
		t.Errorf("at the level of an error: %v, want one error", ps)
	}
}

// TestExpand_TypedReading: a variable can fill a number or a switch, an unset one is not reported twice, and messages show
// what the file says.
func TestExpand_TypedReading(t *testing.T) {
	t.Parallel()
	text := "port: ${PORT}\non: ${ON}\nunset: ${NOPE}\nbad: ${TOKEN}\nchoice: ${TOKEN}\nnumber: \"${PORT}\"\nempty: ${EMPTY}\n"
	root := parse(t, text)
	source.Expand(root, env(vars, files), source.Warning)
	var d source.Decoder
	if port, ok := d.Int(root.Key("port")); port != 8080 || !ok {
		t.Errorf("port: got %d, %v", port, ok)
	}
	if number, ok := d.Number(root.Key("number")); number != 8080 || !ok {
		t.Errorf("number: got %v, %v", number, ok)
	}
	if on, ok := d.Bool(root.Key("on")); !on || !ok {
		t.Errorf("on: got %v, %v", on, ok)
	}
	unset := root.Key("unset")
	for _, read := range []func() bool{
		func() bool { _, ok := d.Int(unset); return ok }, func() bool { _, ok := d.Bool(unset); return ok },
		func() bool { _, ok := d.Text(unset); return ok }, func() bool { _, ok := d.Enum(unset, "x"); return ok },
		func() bool { _, ok := d.Strings(unset); return ok }, func() bool { _, ok := d.List(unset); return ok },
		func() bool { return d.Map(unset, stage) }, func() bool { _, ok := d.Number(unset); return ok },
	} {
		if read() {
			t.Error("an unset value was read")
		}
	}
	if len(d.Problems) > 0 {
		t.Errorf("problems %v, want none: Expand has reported the unset variable", d.Problems)
	}
	d.Int(root.Key("bad"))
	d.Enum(root.Key("choice"), "a", "b")
	d.Text(root.Key("empty"))
	if got := fmt.Sprint(d.Problems); strings.Contains(got, "canary") || len(d.Problems) != 3 || !strings.Contains(got, `"${TOKEN}"`) {
		t.Errorf("got %s, want three problems that show ${TOKEN} and no value", got)
	}
	var out bytes.Buffer
	if err := source.Render(&out, d.Problems, map[string][]byte{"f.yaml": []byte(text)}, false); err != nil || strings.Contains(out.String(), "canary") {
		t.Errorf("rendered: %v\n%s", err, out.String())
	}
}
