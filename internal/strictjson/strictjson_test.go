package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/strictjson"
)

func nest(open, inner, end string, n int) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

func manyKeys(n int, last string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		fmt.Fprintf(&b, `"key%d":%d,`, i, i)
	}
	return b.String() + last + "}"
}

func TestCheck_Accepts(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `-1.5e+3`, `1E-400`, `true`, `false`, `null`, " \t\r\n{ } \n",
		`{"a":{"a":1},"b":[{"a":2},{"a":3}]}`, `[{"a":1},{"a":1}]`,
		`"\"\\\/\b\f\n\r\t\u00e9"`, `"\ud83d\ude00"`, `"Chloé 日本 👍"`, `"` + "\u2028\ufffd" + `"`, `"\ufffd"`,
		`12345678901234567890123456789`, nest("[", "1", "]", 64), nest(`{"a":`, "1", "}", 64),
		manyKeys(100, `"last":1`), `{"":1}`, `{"a":1,"á":2,"A\u0301":3}`,
	} {
		if err := strictjson.Check([]byte(in), strictjson.Limits{}); err != nil {
			t.Errorf("Check(%.80q) = %v, want nil", in, err)
		}
		if !json.Valid([]byte(in)) {
			t.Errorf("the row %.80q is not JSON at all", in)
		}
	}
}

func TestCheck_Refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in     string
		kind   strictjson.Kind
		offset int64
		key    string
	}{
		{`{"team_id":"T1","team_id":"T2"}`, strictjson.Duplicate, 16, "team_id"},
		{`{"team_id":"T1","TEAM_ID":"T2"}`, strictjson.CaseTwin, 16, "TEAM_ID"},
		{`{"team_id":"T1","t\u0065am_id":"T2"}`, strictjson.Duplicate, 16, "team_id"},
		{`{"team_id":"T1","\u0054eam_id":"T2"}`, strictjson.CaseTwin, 16, "Team_id"},
		{`{"key":1,"` + "\u212a" + `ey":2}`, strictjson.CaseTwin, 9, "\u212aey"},
		{`{"session":1,"` + "\u017f" + `ession":2}`, strictjson.CaseTwin, 13, "\u017fession"},
		{`{"é":1,"É":2}`, strictjson.CaseTwin, 8, "É"},
		{`{"a":[{"b":1,"B":2}]}`, strictjson.CaseTwin, 13, "B"},
		{`{"":1,"":2}`, strictjson.Duplicate, 6, ""},
		{`{"a":{"x":1,"y":2},"A":1}`, strictjson.CaseTwin, 19, "A"},
		{manyKeys(40, `"KEY3":1`), strictjson.CaseTwin, 421, "KEY3"},
		{manyKeys(40, `"key39":1`), strictjson.Duplicate, 421, "key39"},
		{`{} {}`, strictjson.Trailing, 3, ""},
		{`{}x`, strictjson.Trailing, 2, ""},
		{"{}\x00", strictjson.Trailing, 2, ""},
		{nest("[", "", "]", 65), strictjson.TooDeep, 64, ""},
		{nest(`{"a":`, "1", "}", 65), strictjson.TooDeep, 320, ""},
		{nest("[", "", "", 100000), strictjson.TooDeep, 64, ""},
		{`1e400`, strictjson.Number, 0, ""},
		{`[-1e309]`, strictjson.Number, 1, ""},
		{`1e99999999999999999999`, strictjson.Number, 0, ""},
		{strings.Repeat("9", 65), strictjson.Number, 0, ""},
		{`NaN`, strictjson.Syntax, 0, ""},
		{`[Infinity]`, strictjson.Syntax, 1, ""},
		{`-Infinity`, strictjson.Syntax, 1, ""},
		{`01`, strictjson.Trailing, 1, ""},
		{`+1`, strictjson.Syntax, 0, ""},
		{`1.`, strictjson.Syntax, 2, ""},
		{`.5`, strictjson.Syntax, 0, ""},
		{`1e`, strictjson.Syntax, 2, ""},
		{`0x10`, strictjson.Trailing, 1, ""},
		{`"\u0000"`, strictjson.Nul, 1, ""},
		{"\"a\x00\"", strictjson.Nul, 2, ""},
		{`{"a\u0000":1}`, strictjson.Nul, 3, ""},
		{`"\ud800"`, strictjson.Surrogate, 1, ""},
		{`"\udc00"`, strictjson.Surrogate, 1, ""},
		{`"\ud800\ud800"`, strictjson.Surrogate, 1, ""},
		{`"\ud800x"`, strictjson.Surrogate, 1, ""},
		{`"\ud800\n"`, strictjson.Surrogate, 1, ""},
		{"\"\xff\"", strictjson.Encoding, 1, ""},
		{"\"\\n\xc3(\"", strictjson.Encoding, 3, ""},
		{"\"\xed\xa0\x80\"", strictjson.Encoding, 1, ""},
		{"\"\xc0\x80\"", strictjson.Encoding, 1, ""},
		{"\xef\xbb\xbf{}", strictjson.Syntax, 0, ""},
		{"\xff\xfe{\x00}\x00", strictjson.Syntax, 0, ""},
		{``, strictjson.Empty, 0, ""},
		{" \n", strictjson.Empty, 2, ""},
		{`{"a":1,}`, strictjson.Syntax, 7, ""},
		{`[1,]`, strictjson.Syntax, 3, ""},
		{`[1 2]`, strictjson.Syntax, 3, ""},
		{`{"a" 1}`, strictjson.Syntax, 5, ""},
		{`{a:1}`, strictjson.Syntax, 1, ""},
		{`{'a':1}`, strictjson.Syntax, 1, ""},
		{`{"a":1`, strictjson.Syntax, 6, ""},
		{`["a`, strictjson.Syntax, 3, ""},
		{`"\`, strictjson.Syntax, 2, ""},
		{`"\x41"`, strictjson.Syntax, 2, ""},
		{`"\u12"`, strictjson.Syntax, 5, ""},
		{`"\u12`, strictjson.Syntax, 5, ""},
		{"\"a\nb\"", strictjson.Syntax, 2, ""},
		{`tru`, strictjson.Syntax, 0, ""},
		{`nulL`, strictjson.Syntax, 0, ""},
		{`{}//`, strictjson.Trailing, 2, ""},
		{`[1]]`, strictjson.Trailing, 3, ""},
		{`]`, strictjson.Syntax, 0, ""},
		{`{"a":1]`, strictjson.Syntax, 6, ""},
	} {
		err := strictjson.Check([]byte(c.in), strictjson.Limits{})
		got, ok := errors.AsType[*strictjson.Error](err)
		if !ok {
			t.Errorf("Check(%.80q) = %v, want %s", c.in, err, c.kind)
			continue
		}
		if got.Kind != c.kind || got.Offset != c.offset || got.Key != c.key {
			t.Errorf("Check(%.80q)\n got %s at %d, key %q\nwant %s at %d, key %q", c.in, got.Kind, got.Offset, got.Key, c.kind, c.offset, c.key)
		}
	}
}

func TestCheck_OwnLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		l    strictjson.Limits
		want strictjson.Kind
	}{
		{`[[1]]`, strictjson.Limits{Depth: 1}, strictjson.TooDeep},
		{`[[1]]`, strictjson.Limits{Depth: 2}, ""},
		{`[1234]`, strictjson.Limits{Number: 3}, strictjson.Number},
		{`[1234]`, strictjson.Limits{Number: 4}, ""},
		{`[1234]`, strictjson.Limits{Bytes: 5}, strictjson.TooLong},
		{`[1234]`, strictjson.Limits{Bytes: 6}, ""},
		{strings.Repeat("9", 400), strictjson.Limits{Number: 500}, strictjson.Number},
	} {
		var got strictjson.Kind
		if e, ok := errors.AsType[*strictjson.Error](strictjson.Check([]byte(c.in), c.l)); ok {
			got = e.Kind
		}
		if got != c.want {
			t.Errorf("Check(%.40q, %+v) = %q, want %q", c.in, c.l, got, c.want)
		}
	}
}

type base struct {
	TeamID string `json:"team_id"`
}

type payload struct {
	base
	Type   string            `json:"type"`
	User   *user             `json:"user"`
	Users  []user            `json:"users"`
	ByName map[string]user   `json:"by_name"`
	Free   map[string]string `json:"free"`
	Raw    json.RawMessage   `json:"raw"`
	At     time.Time         `json:"at"`
	Any    any               `json:"any"`
	Plain  string
	Hidden string   `json:"-"`
	Self   *payload `json:"self"`
}

type user struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

func TestDecode_FieldsByTheirExactNameOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want payload
	}{
		{`{"type":"a","unknown":{"deep":[1]}}`, payload{Type: "a"}},
		{`{"TYPE":"a"}`, payload{}},
		{`{"t\u0059pe":"a"}`, payload{}},
		{`{"TEAM_ID":"T2"}`, payload{}},
		{`{"team_id":"T1"}`, payload{base: base{"T1"}}},
		{`{"plain":"x"}`, payload{}},
		{`{"Plain":"x"}`, payload{Plain: "x"}},
		{`{"user":{"ID":"U2"}}`, payload{User: &user{}}},
		{`{"USER":{"id":"U2"}}`, payload{}},
		{`{"users":[{"id":"U1"},{"Id":"U2","name":"n"}]}`, payload{Users: []user{{ID: "U1"}, {Name: "n"}}}},
		{`{"by_name":{"NAME":{"ID":"x","id2":"y"}}}`, payload{ByName: map[string]user{"NAME": {}}}},
		{`{"free":{"TYPE":"kept","Id":"kept"}}`, payload{Free: map[string]string{"TYPE": "kept", "Id": "kept"}}},
		{`{"raw":{"TYPE":1}}`, payload{Raw: json.RawMessage(`{"TYPE":1}`)}},
		{`{"any":{"TYPE":1}}`, payload{Any: map[string]any{"TYPE": 1.0}}},
		{`{"at":"2026-11-24T10:00:00Z"}`, payload{At: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}},
		{`{"self":{"self":{"Type":"x"}}}`, payload{Self: &payload{Self: &payload{}}}},
		{`{"-":"y","Hidden":"z1"}`, payload{}},
	} {
		var got payload
		if err := strictjson.Decode([]byte(c.in), &got, strictjson.Limits{}); err != nil {
			t.Errorf("Decode(%s): %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(payload{})); diff != "" {
			t.Errorf("Decode(%s): want -, got +\n%s", c.in, diff)
		}
	}
}

func TestDecode_RefusesTwinsOfWhatIsRead(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]strictjson.Kind{
		`{"team_id":"T1","TEAM_ID":"T2"}`:                    strictjson.CaseTwin,
		`{"TEAM_ID":"T1","team_id":"T2"}`:                    strictjson.CaseTwin,
		`{"TEAM_ID":"T1","Team_ID":"T2"}`:                    strictjson.CaseTwin,
		`{"user":{"id":"U1","Id":"U2"}}`:                     strictjson.CaseTwin,
		`{"users":[{},{"ID":"U1","id":"U2"}]}`:               strictjson.CaseTwin,
		`{"free":{"a":"1","A":"2"}}`:                         strictjson.CaseTwin,
		`{"other":1,"OTHER":2}`:                              "",
		`{"other":1,"OTHER":2,"OTHER":3}`:                    strictjson.Duplicate,
		`{"other":1,"OTHER":2,"other":3}`:                    strictjson.Duplicate,
		`{"link":{"issueType":1,"issuetype":2}}`:             "",
		`{"raw":{"issueType":1,"issuetype":2}}`:              "",
		`{"link":{"issueType":1,"issueType":2}}`:             strictjson.Duplicate,
		`{"link":` + manyKeys(40, `"KEY3":1,"Key3":2`) + `}`: "",
		`{"link":` + manyKeys(40, `"KEY3":1,"KEY3":2`) + `}`: strictjson.Duplicate,
		`{"free":{"a":"1"},"link":{"x":[{"a":1,"A":[{}]}]}}`: "",
	} {
		var p payload
		var got strictjson.Kind
		if e, ok := errors.AsType[*strictjson.Error](strictjson.Decode([]byte(in), &p, strictjson.Limits{})); ok {
			got = e.Kind
		}
		if got != want {
			t.Errorf("Decode(%.80s) = %q, want %q", in, got, want)
		}
	}
}

func TestDecode_LeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	in := []byte(`{"TYPE":"a"}`)
	var p payload
	if err := strictjson.Decode(in, &p, strictjson.Limits{}); err != nil {
		t.Fatal(err)
	}
	if got, want := string(in), `{"TYPE":"a"}`; got != want {
		t.Errorf("the signed bytes changed: got %s, want %s", got, want)
	}
}

func TestDecode_WrongTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, key string }{
		{`{"type":1}`, "type"},
		{`{"user":"U1"}`, "user"},
		{`{"users":[{"id":"U1"},{"id":[]}]}`, "users.id"},
	} {
		var p payload
		err := strictjson.Decode([]byte(c.in), &p, strictjson.Limits{})
		got, ok := errors.AsType[*strictjson.Error](err)
		if !ok || got.Kind != strictjson.Type || got.Key != c.key || got.Offset == 0 {
			t.Errorf("Decode(%s) = %v, want a wrong type at %s", c.in, err, c.key)
		}
	}
	if err := strictjson.Decode([]byte(`{}`), nil, strictjson.Limits{}); err == nil {
		t.Error("Decode into nil: got nil, want an error")
	}
}

func TestError_SaysNothingOfTheDocumentButTheKey(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 500)
	err := strictjson.Check([]byte(`{"token":"canary","`+long+`":1,"`+long+`":2}`), strictjson.Limits{})
	if got := err.Error(); strings.Contains(got, "canary") || len(got) > 160 {
		t.Errorf("got %s, want a short message without values", got)
	}
	err = strictjson.Check([]byte("{\"a\\n\\u001b\":1,\"a\\n\\u001b\":2}"), strictjson.Limits{})
	if got, want := err.Error(), `malformed JSON at byte 15: key occurs twice: "a\n\x1b"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
