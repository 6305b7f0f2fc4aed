package text

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markdown reads CommonMark with struck text and bare addresses. Every line break counts, as it does for those who type.
// Images become links; HTML, tables and whatever else is unknown stay as the words they were typed in. The document is in
// its normal form. A text of more than 64 KiB, or one that nests deeper than people write, is plain text: texts that are made to
// hurt take the square of their length.
func Markdown(s string) Doc {
	if len(s) > longestMarkup || nestsDeep(s) {
		return Plain(s).Normal()
	}
	source := []byte(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD"))
	root := markdownParser().Parse(text.NewReader(source))
	return markdownReader{source}.blocks(root, 0).Normal()
}

// mail is a bare address of mail: fewer marks than are allowed, since those left out begin code and emphasis.
var mail = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.+_-]*@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+`)

const longestMarkup = 64 << 10

// nestsDeep reports whether a line begins with more marks of quotes and lists than nest.
func nestsDeep(s string) bool {
	for line := range strings.SplitSeq(s, "\n") {
		marks := 0
	prefix:
		for i := range len(line) {
			switch c := line[i]; {
			case c == '>', strings.IndexByte("-+*.)", c) >= 0 && i+1 < len(line) && line[i+1] == ' ':
				marks++
				continue
			case c == ' ', c == '\t', c >= '0' && c <= '9':
				continue
			}
			break prefix
		}
		if marks > 4*deepest {
			return true
		}
	}
	return false
}

// markdownParser is made anew for each text: it holds no state of ours.
func markdownParser() parser.Parser {
	inlines := append(parser.DefaultInlineParsers(),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(extension.WithLinkifyEmailRegexp(mail)), 999))
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(inlines...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...))
}

type markdownReader struct{ source []byte }

func (r markdownReader) blocks(parent ast.Node, depth int) Doc {
	var doc Doc
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		doc = append(doc, r.block(n, depth))
	}
	return doc
}

func (r markdownReader) block(n ast.Node, depth int) Node {
	if depth > 2*deepest {
		return P(T(r.words(n)))
	}
	switch n := n.(type) {
	case *ast.Heading:
		return Node{Kind: Heading, Level: n.Level, Kids: r.inlines(n, depth)}
	case *ast.List:
		if n.IsOrdered() {
			return Node{Kind: Numbers, Level: n.Start, Kids: r.blocks(n, depth+1)}
		}
		return Node{Kind: Bullets, Kids: r.blocks(n, depth+1)}
	case *ast.ListItem:
		return Node{Kind: Item, Kids: r.blocks(n, depth+1)}
	case *ast.Blockquote:
		return Node{Kind: Quote, Kids: r.blocks(n, depth+1)}
	case *ast.FencedCodeBlock:
		return Node{Kind: CodeBlock, Ref: string(n.Language(r.source)), Text: r.lines(n)}
	case *ast.CodeBlock:
		return Node{Kind: CodeBlock, Text: r.lines(n)}
	case *ast.ThematicBreak:
		return Node{Kind: Rule}
	case *ast.HTMLBlock:
		words := r.lines(n)
		if n.HasClosure() {
			words += string(n.ClosureLine.Value(r.source))
		}
		return P(T(strings.TrimRight(words, "\n")))
	}
	return P(r.inlines(n, depth)...)
}

// lines are the lines of a block as they were typed.
func (r markdownReader) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(r.source))
	}
	return b.String()
}

func (r markdownReader) inlines(parent ast.Node, depth int) []Node {
	var nodes []Node
	var raw strings.Builder // text that may go on in the next node
	flush := func() {
		nodes = append(nodes, typedText(raw.String())...)
		raw.Reset()
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		t, ok := n.(*ast.Text)
		if !ok {
			flush()
			nodes = append(nodes, r.inline(n, depth+1))
			continue
		}
		raw.Write(t.Value(r.source))
		if t.SoftLineBreak() || t.HardLineBreak() {
			flush()
			nodes = append(nodes, Node{Kind: Break})
		}
	}
	flush()
	return nodes
}

func (r markdownReader) inline(n ast.Node, depth int) Node {
	if depth > 4*deepest {
		return T(r.words(n))
	}
	switch n := n.(type) {
	case *ast.Emphasis:
		if n.Level == 2 {
			return Node{Kind: Strong, Kids: r.inlines(n, depth)}
		}
		return Node{Kind: Emph, Kids: r.inlines(n, depth)}
	case *extast.Strikethrough:
		return Node{Kind: Strike, Kids: r.inlines(n, depth)}
	case *ast.CodeSpan:
		return Node{Kind: Code, Text: r.verbatim(n)}
	case *ast.Link:
		return Node{Kind: Link, Href: unescape(string(n.Destination)), Kids: r.inlines(n, depth)}
	case *ast.Image:
		return Node{Kind: Link, Href: unescape(string(n.Destination)), Kids: r.inlines(n, depth)}
	case *ast.AutoLink:
		return r.autoLink(n)
	case *ast.RawHTML:
		var b strings.Builder
		for i := range n.Segments.Len() {
			piece := n.Segments.At(i)
			b.Write(piece.Value(r.source))
		}
		return T(b.String())
	case *ast.String:
		return T(string(n.Value))
	}
	return T(r.words(n))
}

// words are the texts below a node that lies deeper than people write.
func (r markdownReader) words(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // our function returns no error
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Value(r.source))
		}
		return ast.WalkContinue, nil
	})
	return unescape(b.String())
}

func (r markdownReader) verbatim(n ast.Node) string {
	var b strings.Builder
	for kid := n.FirstChild(); kid != nil; kid = kid.NextSibling() {
		if t, ok := kid.(*ast.Text); ok {
			b.WriteString(strings.ReplaceAll(string(t.Value(r.source)), "\n", " "))
		}
	}
	return b.String()
}

func (r markdownReader) autoLink(n *ast.AutoLink) Node {
	href, label := string(n.URL(r.source)), string(n.Label(r.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(href), "mailto:") {
		href = "mailto:" + href
	}
	return A(label, href)
}

// typedText reads the names of emoji and undoes escapes. A colon that was escaped names nothing.
func typedText(raw string) []Node {
	nodes := EmojiNames(raw)
	for i := range nodes {
		if nodes[i].Kind == Text {
			nodes[i].Text = unescape(nodes[i].Text)
		}
	}
	return nodes
}

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// unescape undoes backslashes before punctuation, and entities.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(punctuation, s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			end := strings.IndexByte(s[i:min(len(s), i+longestEntity)], ';')
			if end < 0 || strings.Trim(s[i+1:i+end], entityLetters) != "" {
				b.WriteByte('&')
				continue
			}
			b.WriteString(html.UnescapeString(s[i : i+end+1]))
			i += end
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

const (
	longestEntity = 34
	entityLetters = "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)
