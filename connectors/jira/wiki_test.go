package jira

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// TestWiki_Hostile: nothing a person writes can format, mention, load or end anything.
func TestWiki_Hostile(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain words, as they are.":             "plain words, as they are.",
		"[~accountid:5b10a2844c20165700ede21g]": `\[\~accountid:5b10a2844c20165700ede21g\]`,
		"[~admin] please":                       `\[\~admin\] please`,
		"!http://evil.example/track.png!":       `\!http://evil.example/track.png!`,
		"wow! really":                           "wow! really",
		"{noformat}":                            `\{noformat\}`,
		"{html}<script>x</script>{html}":        `\{html\}<script>x</script>\{html\}`,
		"{color:red}x{color}":                   `\{color:red\}x\{color\}`,
		"[click|javascript:alert(1)]":           `\[click\|javascript:alert(1)\]`,
		"*bold* _it_ -gone- +ins+ ^up^ ~down~":  `\*bold* \_it_ \-gone- \+ins+ \^up^ \~down~`,
		"h1. Shouting":                          "h1&#46; Shouting",
		"H6. Shouting":                          "H6&#46; Shouting",
		"bq. quoted":                            "bq&#46; quoted",
		"# one":                                 `\# one`,
		"* one":                                 `\* one`,
		"- one":                                 `\- one`,
		"----":                                  `\-\-\-\-`,
		"||a||b||":                              `\|\|a\|\|b\|\|`,
		"??cite??":                              `\?\?cite\?\?`,
		"really?":                               "really?",
		`C:\new\{x}`:                            `C:&#92;new&#92;\{x\}`,
		`\\`:                                    `&#92;&#92;`,
		`\[~x]`:                                 `&#92;\[\~x\]`,
		"re-brand e_mail 2*3 a+b":               "re-brand e_mail 2*3 a+b",
		"https://x.example/a_b-c?d=1&e=~f":      `https://x.example/a_b-c?d=1&e=\~f`,
		"a - b":                                 "a - b",
		"two\nlines":                            "two\nlines",
		"two\n# lines":                          "two\n\\# lines",
		"  # behind blanks":                     `\# behind blanks`,
		"zero\x00 and \x1b[31m":                 `zero and \[31m`,
		"line\u2028# sep":                       "line # sep",
		"Chloé 日本 🎨":                            "Chloé 日本 🎨",
	} {
		if got := wiki(text.Plain(in)); got != want {
			t.Errorf("wiki(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestWiki_Document(t *testing.T) {
	t.Parallel()
	item := func(kids ...text.Node) text.Node { return text.Node{Kind: text.Item, Kids: kids} }
	doc := text.Doc{
		{Kind: text.Heading, Level: 2, Kids: []text.Node{text.T("Points [1]")}},
		text.P(text.B("Logo"), text.T(" is "), text.Node{Kind: text.Emph, Kids: []text.Node{text.T("too small")}}, text.Node{Kind: text.Break},
			text.Node{Kind: text.Strike, Kids: []text.Node{text.T("gone ")}}, text.Node{Kind: text.Code, Text: "a{b}"}),
		text.P(text.T("Ask "), text.Who("ana", "Ana [~x]"), text.T(" by "), text.When(time.Date(2026, 12, 1, 17, 0, 0, 0, time.UTC), ""),
			text.T(" see "), text.A("the file", "https://figma.example/a|b]c"), text.T(" "), text.A("x", "javascript:alert(1)"), text.T(" "), text.Node{Kind: text.Link, Href: "https://x.example"}),
		{Kind: text.Bullets, Kids: []text.Node{
			item(text.P(text.T("one")), text.Node{Kind: text.Numbers, Kids: []text.Node{item(text.P(text.T("first")))}}),
			item(text.P(text.T("two")), text.P(text.T("more"))),
		}},
		{Kind: text.Quote, Kids: []text.Node{text.P(text.T("said"))}},
		{Kind: text.CodeBlock, Text: "x {noformat} y {NoFormat} {noformat:nopanel=true}"},
		{Kind: text.Rule},
	}
	want := `h2. Points \[1\]

{*}Logo{*} is {_}too small{_}
{-}gone{-} {{a\{b\}}}

Ask Ana \[\~x\] by 1 Dec 2026 17:00 UTC see [the file|https://figma.example/a%7Cb%5Dc] x [https://x.example]

* one
*# first
* two\\
more

{quote}
said
{quote}

{noformat}
x { noformat} y { NoFormat} { noformat:nopanel=true}
{noformat}

----`
	if diff := cmp.Diff(want, wiki(doc)); diff != "" {
		t.Errorf("wiki (-want +got)\n%s", diff)
	}
}

func TestWiki_Seams(t *testing.T) {
	t.Parallel()
	doc := text.Doc{text.P(text.T("!"), text.T("http://x.example/a.png"), text.T("!"), text.T("?"), text.T("?cite"))}
	if got, want := wiki(doc), `\!http://x.example/a.png\!\?\?cite`; got != want {
		t.Errorf("wiki of texts side by side = %q, want %q", got, want)
	}
}

func TestFitting(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"letters": strings.Repeat("a", 40000), "two units each": strings.Repeat("🎨", 20000), "escapes": strings.Repeat(`\[`, 20000), "short": "short",
	} {
		got := fitting(in, longestText, cutNote)
		if n := len(utf16.Encode([]rune(got))); n > longestText || !utf8.ValidString(got) {
			t.Errorf("%s: %d units, valid %v, want at most %d of valid text", name, n, utf8.ValidString(got), longestText)
		}
		if cut := strings.HasSuffix(got, cutNote); cut != (name != "short") {
			t.Errorf("%s: cut = %v", name, cut)
		}
	}
}

// opens are the ways in which markup does something to others. What precedes must not be an escape.
var opens = regexp.MustCompile(`(^|[^\\])(\[~|\{[a-zA-Z]|![^\s!]|\[[^\]]*\|)`)

func FuzzWiki(f *testing.F) {
	for _, seed := range []string{"[~accountid:x]", "{noformat}\n[~x]", `\[~x]`, "a\\\\{html}", "!x!", "\r\n# x", "[a|b]", "\u2028h1. x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := wiki(text.Plain(in))
		if opens.MatchString(got) {
			t.Errorf("wiki(%q) = %q lets markup through", in, got)
		}
		if utf8.ValidString(in) && !utf8.ValidString(got) {
			t.Errorf("wiki(%q) = %q is not valid UTF-8", in, got)
		}
	})
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"DES":                        `"DES"`,
		`" OR project = SECRET --`:   `"\" OR project = SECRET --"`,
		`\" OR 1=1`:                  `"\\\" OR 1=1"`,
		"a\nb\x00c\x7f":              `"abc"`,
		"AND":                        `"AND"`,
		`x" ORDER BY created DESC "`: `"x\" ORDER BY created DESC \""`,
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(`" OR project = SECRET --`)
	f.Fuzz(func(t *testing.T, in string) {
		got := quote(in)
		inner := got[1 : len(got)-1]
		for i := 0; i < len(inner); i++ {
			switch inner[i] {
			case '\\':
				i++
				if i == len(inner) {
					t.Errorf("quote(%q) = %s lets the closing quote be escaped", in, got)
				}
			case '"':
				t.Errorf("quote(%q) = %s ends early", in, got)
			}
		}
	})
}

func TestShape(t *testing.T) {
	t.Parallel()
	named := func(id, name, kind, items, allowed string) field {
		f := field{ID: id, Name: name, Schema: schema{Type: kind, Items: items}}
		if allowed != "" {
			if err := json.Unmarshal([]byte(allowed), &f.Allowed); err != nil {
				t.Fatal(err)
			}
		}
		return f
	}
	brands := `[{"id":"1","value":"Lumen"},{"id":"2","value":"Nova"}]`
	known := map[string]flow.Ref{"ana": {Key: "a1"}}
	for name, tc := range map[string]struct {
		field  field
		values []string
		want   string // JSON, or "error: …"
	}{
		"text":                {named("f", "Note", "string", "", ""), []string{"a", "b"}, `"a, b"`},
		"nothing":             {named("f", "Note", "string", "", ""), []string{" "}, `null`},
		"number":              {named("f", "Cost", "number", "", ""), []string{"4.5"}, `4.5`},
		"money":               {named("f", "Cost", "number", "", ""), []string{"1200 EUR"}, `1200`},
		"no number":           {named("f", "Cost", "number", "", ""), []string{"much"}, `error: "much": this is not a number`},
		"not a number":        {named("f", "Cost", "number", "", ""), []string{"NaN"}, `error: "NaN": this is not a number`},
		"date":                {named("f", "Due", "date", "", ""), []string{"2026-12-01T17:00:00Z"}, `"2026-12-01"`},
		"date in its own day": {named("f", "Due", "date", "", ""), []string{"2026-12-01T23:00:00-05:00"}, `"2026-12-01"`},
		"no date":             {named("f", "Due", "date", "", ""), []string{"soon"}, `error: "soon" is not a date`},
		"instant":             {named("f", "Start", "datetime", "", ""), []string{"2026-12-01T17:00:00+01:00"}, `"2026-12-01T17:00:00.000+0100"`},
		"option":              {named("f", "Brand", "option", "", brands), []string{"nova"}, `{"id":"2"}`},
		"option by id":        {named("f", "Brand", "option", "", brands), []string{"1"}, `{"id":"1"}`},
		"option not offered":  {named("f", "Brand", "option", "", brands), []string{"Acme"}, `error: "Acme" is none of the values of Brand: Lumen, Nova`},
		"option unlisted":     {named("f", "Brand", "option", "", ""), []string{"Acme"}, `{"value":"Acme"}`},
		"options":             {named("f", "Brands", "array", "option", brands), []string{"Lumen", "Nova"}, `[{"id":"1"},{"id":"2"}]`},
		"plain allowed":       {named("f", "Size", "option", "", `["S","M"]`), []string{"m"}, `"M"`},
		"labelled allowed":    {named("f", "Size", "option", "", `[{"id":"7","label":"Big"}]`), []string{"big"}, `{"id":"7"}`},
		"component":           {named("components", "Components", "array", "component", `[{"id":"9","name":"Web"}]`), []string{"Web"}, `[{"id":"9"}]`},
		"words":               {named("f", "Tags", "array", "string", ""), []string{"a", "b"}, `["a","b"]`},
		"labels":              {named("labels", "Labels", "array", "string", ""), []string{"two words", "two words", "signoff", ""}, `["two-words"]`},
		"user":                {named("f", "Owner", "user", "", ""), []string{"ana"}, `{"accountId":"a1"}`},
		"user unknown":        {named("f", "Owner", "user", "", ""), []string{"ben"}, `error: "ben" has no Jira account that is known`},
		"users":               {named("f", "Owners", "array", "user", ""), []string{"ana"}, `[{"accountId":"a1"}]`},
		"cascade":             {named("f", "Place", "option-with-child", "", ""), []string{"EMEA / France"}, `{"child":{"value":"France"},"value":"EMEA"}`},
		"parent":              {named("parent", "Parent", "issuelink", "", ""), []string{"DES-2"}, `{"key":"DES-2"}`},
		"no parent":           {named("parent", "Parent", "issuelink", "", ""), []string{"x/../y"}, `error: "x/../y" is not the key of a ticket`},
		"estimate":            {named("timetracking", "Time tracking", "timetracking", "", ""), []string{"6.5"}, `{"originalEstimate":"6h 30m"}`},
		"estimate in words":   {named("timetracking", "Time tracking", "timetracking", "", ""), []string{"2h 15m"}, `{"originalEstimate":"2h 15m"}`},
		"estimate in seconds": {named("timeoriginalestimate", "Original estimate", "number", "", ""), []string{"2"}, `7200`},
		"negative estimate":   {named("timetracking", "Time tracking", "timetracking", "", ""), []string{"-3"}, `error: "-3" is not a number of hours`},
	} {
		v, err := tc.field.shape(tc.values, known)
		got := ""
		if err != nil {
			got = "error: " + err.Error()
		} else if raw, err := json.Marshal(v); err == nil {
			got = string(raw)
		}
		if got != tc.want {
			t.Errorf("%s: shape(%q) = %s, want %s", name, tc.values, got, tc.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine(" a\r\n\tb  c "); got != "a b c" {
		t.Errorf("oneLine = %q, want one line", got)
	}
	if got := oneLine(strings.Repeat("é", 400)); utf8.RuneCountInString(got) != longestSummary || !strings.HasSuffix(got, "…") {
		t.Errorf("oneLine of a long text has %d runes, want %d and a sign that it was cut", utf8.RuneCountInString(got), longestSummary)
	}
}

func TestScreen_Named(t *testing.T) {
	t.Parallel()
	s := &screen{fields: []field{{ID: "customfield_1", Name: "Brand"}, {ID: "customfield_2", Name: "Team"}, {ID: "customfield_3", Name: "team"}}}
	for name, want := range map[string]string{
		"customfield_2": "customfield_2", " brand ": "customfield_1",
		"Team": `error: 2 fields are called "Team"; use one of the ids customfield_2, customfield_3`,
		"Size": `error: there is no field "Size" on the screen`,
	} {
		f, err := s.named(name)
		got := f.ID
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("named(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestReadSaid(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"errorMessages":["One.","Two."],"errors":{"b":"bad","a":"worse"}}`: "One.; Two.; a: worse; b: bad",
		`{"errorMessages":"alone"}`:                             "alone",
		`{"errors":{"a":{"deep":1}}}`:                           `a: {"deep":1}`,
		`{"errorMessage":"service desk","i18nErrorMessage":{}}`: "service desk",
		`{"message":"gateway"}`:                                 "gateway",
		`{"errorMessages":null,"errors":null}`:                  "",
		`<html>oops</html>`:                                     "",
		``:                                                      "",
		`{"errorMessages":["two\nlines\u0007"]}`:                "two lines",
	} {
		if got := readSaid([]byte(body)).plain(nil); got != want {
			t.Errorf("readSaid(%s) = %q, want %q", body, got, want)
		}
	}
}
