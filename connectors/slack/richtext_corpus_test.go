package slack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"signoff/internal/text"
)

const corpus = "../../internal/text/testdata/corpus"

// TestCorpus: each document of the corpus is printed as its golden mrkdwn, and mrkdwn and rich text are read as its tree, or
// as what comes back where they cannot say all of it.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(corpus, "*.txt"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files of the corpus, %v; want 60 at least", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			c := readCase(t, file)
			if *update {
				c.rewrite(t)
				return
			}
			c.check(t)
		})
	}
}

// corpusCase is one file of the corpus.
type corpusCase struct {
	file    string
	archive *txtar.Archive
}

func readCase(t *testing.T, file string) *corpusCase {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return &corpusCase{file, archive}
}

func (c *corpusCase) get(name string) (string, bool) {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return strings.TrimSuffix(string(f.Data), "\n"), true
		}
	}
	return "", false
}

func (c *corpusCase) tree(t *testing.T, name string) text.Doc {
	t.Helper()
	s, _ := c.get(name)
	var d text.Doc
	if err := json.Unmarshal([]byte(s), &d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

func richDoc(raw string) text.Doc {
	doc, _ := parseRichText(json.RawMessage(raw), nil)
	return doc
}

func mrkdwnDoc(s string) text.Doc { return parseMrkdwn(s, nil) }

func (c *corpusCase) check(t *testing.T) {
	tree := c.tree(t, "tree.json")
	for name, parse := range map[string]func(string) text.Doc{"mrkdwn": mrkdwnDoc, "rich_text": richDoc} {
		if in, ok := c.get("in." + name); ok {
			if diff := cmp.Diff(tree, parse(in)); diff != "" {
				t.Errorf("in.%s %q is read as (-want +got)\n%s", name, in, diff)
			}
		}
		want := tree
		if _, ok := c.get(name + ".back.json"); ok {
			want = c.tree(t, name+".back.json")
		}
		golden, ok := c.get(name)
		if !ok {
			t.Errorf("the file has no %s", name)
		}
		if diff := cmp.Diff(want, parse(golden)); diff != "" {
			t.Errorf("%s %q is read back as (-want +got)\n%s", name, golden, diff)
		}
	}
	golden, _ := c.get("mrkdwn")
	printed := printer{instance: "slack"}.doc(tree)
	if diff := cmp.Diff(golden, printed); diff != "" {
		t.Errorf("printed (-want +got)\n%s", diff)
	}
	l := &lint{}
	if l.entities("printed", printed); len(l.problems) > 0 {
		t.Error(strings.Join(l.problems, "; "))
	}
}

// rewrite writes the sections of Slack anew and leaves the others.
func (c *corpusCase) rewrite(t *testing.T) {
	t.Helper()
	for name, parse := range map[string]func(string) text.Doc{"mrkdwn": mrkdwnDoc, "rich_text": richDoc} {
		if in, ok := c.get("in." + name); ok {
			c.set("tree.json", encodeTree(t, parse(in)))
		}
	}
	if _, ok := c.get("tree.json"); !ok {
		return // another package reads it first
	}
	tree := c.tree(t, "tree.json")
	for _, m := range []struct {
		name, golden string
		parse        func(string) text.Doc
	}{{"mrkdwn", printer{instance: "slack"}.doc(tree), mrkdwnDoc}, {"rich_text", richText(t, tree), richDoc}} {
		c.set(m.name, m.golden)
		c.drop(m.name + ".back.json")
		if back := m.parse(m.golden); !cmp.Equal(tree, back) {
			c.set(m.name+".back.json", encodeTree(t, back))
		}
	}
	if err := os.WriteFile(c.file, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c *corpusCase) drop(name string) {
	var kept []txtar.File
	for _, f := range c.archive.Files {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	c.archive.Files = kept
}

func (c *corpusCase) set(name, data string) {
	for i, f := range c.archive.Files {
		if f.Name == name {
			c.archive.Files[i].Data = []byte(data + "\n")
			return
		}
	}
	c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(data + "\n")})
}

// encodeTree prints a tree with one block on each line.
func encodeTree(t *testing.T, d text.Doc) string {
	t.Helper()
	var lines []string
	for _, n := range d {
		raw, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(raw))
	}
	return "[\n" + strings.Join(lines, ",\n") + "\n]"
}

type object = map[string]any

// richText writes a tree as Slack's editor would. Only the corpus is made with it.
func richText(t *testing.T, d text.Doc) string {
	t.Helper()
	var elements []any
	for i, n := range d {
		if i > 0 && n.Kind == text.Paragraph && d[i-1].Kind == text.Paragraph {
			elements = append(elements, object{"type": "rich_text_section", "elements": []any{object{"type": "text", "text": "\n"}}})
		}
		elements = append(elements, richBlock(n, 0)...)
	}
	raw, err := json.Marshal([]any{object{"type": "rich_text", "elements": elements}})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func richBlock(n text.Node, indent int) []any {
	switch n.Kind {
	case text.Bullets, text.Numbers:
		return richList(n, indent)
	case text.Quote:
		return []any{object{"type": "rich_text_quote", "elements": richLines(n.Kids)}}
	case text.CodeBlock:
		return []any{object{"type": "rich_text_preformatted", "border": 0, "elements": []any{object{"type": "text", "text": n.Text}}}}
	case text.Rule:
		return []any{object{"type": "rich_text_section", "elements": []any{object{"type": "text", "text": "———"}}}}
	case text.Heading:
		n.Kids = []text.Node{{Kind: text.Strong, Kids: n.Kids}}
	}
	return []any{object{"type": "rich_text_section", "elements": richInlines(n.Kids, nil)}}
}

// richLines are blocks as the lines of one quotation, which knows nothing else.
func richLines(blocks []text.Node) []any {
	var out []any
	for i, n := range blocks {
		if i > 0 {
			out = append(out, object{"type": "text", "text": "\n\n"})
		}
		if n.Kind == text.Paragraph {
			out = append(out, richInlines(n.Kids, nil)...)
			continue
		}
		out = append(out, object{"type": "text", "text": text.Doc{n}.String()})
	}
	return out
}

func richList(n text.Node, indent int) []any {
	style := map[text.Kind]string{text.Bullets: "bullet", text.Numbers: "ordered"}[n.Kind]
	var out []any
	var open []any
	from := max(n.Level, 1) - 1
	flush := func(next int) {
		if len(open) > 0 {
			list := object{"type": "rich_text_list", "style": style, "indent": indent, "border": 0, "elements": open}
			if style == "ordered" && from > 0 {
				list["offset"] = from
			}
			out = append(out, list)
			open, from = nil, next
		}
	}
	for i, item := range n.Kids {
		var lines []text.Node
		var nested []any
		for _, kid := range item.Kids {
			if kid.Kind == text.Bullets || kid.Kind == text.Numbers {
				nested = append(nested, richList(kid, indent+1)...)
				continue
			}
			lines = append(lines, kid)
		}
		open = append(open, object{"type": "rich_text_section", "elements": richLines(lines)})
		if len(nested) > 0 {
			flush(max(n.Level, 1) + i)
			out = append(out, nested...)
		}
	}
	flush(0)
	return out
}

func richInlines(nodes []text.Node, style object) []any {
	var out []any
	for _, n := range nodes {
		if name := map[text.Kind]string{text.Strong: "bold", text.Emph: "italic", text.Strike: "strike"}[n.Kind]; name != "" {
			inner := object{name: true}
			for k := range style {
				inner[k] = true
			}
			out = append(out, richInlines(n.Kids, inner)...)
			continue
		}
		e := richLeaf(n)
		if n.Kind == text.Code {
			code := object{"code": true}
			for k := range style {
				code[k] = true
			}
			e["style"] = code
		} else if len(style) > 0 && n.Kind != text.Break {
			e["style"] = style
		}
		out = append(out, e)
	}
	return out
}

func richLeaf(n text.Node) object {
	switch n.Kind {
	case text.Link:
		e := object{"type": "link", "url": n.Href}
		if label := (text.Doc{text.P(n.Kids...)}).String(); label != "" {
			e["text"] = label
		}
		return e
	case text.Emoji:
		name, tone, _ := strings.Cut(n.Ref, "::skin-tone-")
		e := object{"type": "emoji", "name": name}
		if tone != "" {
			e["skin_tone"] = int(tone[0] - '0')
		}
		return e
	case text.Channel:
		return object{"type": "channel", "channel_id": n.Ref}
	case text.Group:
		return object{"type": "usergroup", "usergroup_id": n.Ref}
	case text.Date:
		return object{"type": "date", "timestamp": n.At.Unix(), "format": "{date_short_pretty}", "fallback": n.Text}
	case text.Break:
		return object{"type": "text", "text": "\n"}
	}
	return object{"type": "text", "text": n.Text}
}
