package slack

import (
	"fmt"
	"regexp"
	"strings"
)

// richText is the block Slack's clients make of what people write: sections, quotes, lists and code. The caller holds mu.
func (s *Server) richText(wire string) []any {
	if strings.TrimSpace(wire) == "" {
		return nil // a file without words
	}
	var parts []any
	for _, run := range richRuns(wire) {
		parts = append(parts, run.wire())
	}
	return []any{object{"type": "rich_text", "block_id": s.newID("", 5), "elements": parts}}
}

// richRun is a run of lines of one kind.
type richRun struct {
	kind  string // "section", "quote", "bullet", "ordered", "preformatted"
	lines []string
}

var ordered = regexp.MustCompile(`^\d+\. `)

// richRuns splits a wire text into runs. Text between code fences is taken as it is.
func richRuns(wire string) []richRun {
	var out []richRun
	for i, piece := range strings.Split(wire, "```") {
		if i%2 == 1 {
			out = append(out, richRun{kind: "preformatted", lines: []string{strings.Trim(piece, "\n")}})
			continue
		}
		if i > 0 {
			piece = strings.TrimPrefix(piece, "\n")
		}
		if piece = strings.TrimSuffix(piece, "\n"); piece == "" {
			continue
		}
		fresh := true
		for _, line := range strings.Split(piece, "\n") {
			kind, words := richLine(line)
			if last := len(out) - 1; fresh || out[last].kind != kind {
				out = append(out, richRun{kind: kind})
			}
			fresh = false
			last := len(out) - 1
			out[last].lines = append(out[last].lines, words)
		}
	}
	return out
}

// richLine tells the kind of a line and what it says.
func richLine(line string) (kind, words string) {
	for _, mark := range []string{"• ", "- "} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return "bullet", rest
		}
	}
	if rest, ok := strings.CutPrefix(line, "&gt; "); ok {
		return "quote", rest
	}
	if number := ordered.FindString(line); number != "" {
		return "ordered", line[len(number):]
	}
	return "section", line
}

func (r richRun) wire() object {
	switch r.kind {
	case "bullet", "ordered":
		var items []any
		for _, line := range r.lines {
			items = append(items, object{"type": "rich_text_section", "elements": richInlines(line)})
		}
		return object{"type": "rich_text_list", "style": r.kind, "indent": 0, "border": 0, "elements": items}
	case "preformatted":
		return object{"type": "rich_text_preformatted", "border": 0, "elements": []any{object{"type": "text", "text": unescape(r.lines[0])}}}
	}
	return object{"type": "rich_text_" + r.kind, "elements": richInlines(strings.Join(r.lines, "\n"))}
}

// inlineMark finds what stands out in a line: references and links, code, bold, italic, struck words, emoji.
var inlineMark = regexp.MustCompile("<[^<>]+>|`[^`\n]+`|\\*[^*\n]+\\*|_[^_\n]+_|~[^~\n]+~|:[a-z0-9_+-]+:(?::skin-tone-[2-6]:)?")

// richInlines are the elements of a line.
func richInlines(wire string) []any { return styled(wire, object{}) }

// styled are the elements of words that carry a style already.
func styled(wire string, style object) []any {
	out := []any{}
	plain := func(words string) {
		if words != "" {
			out = append(out, withStyle(object{"type": "text", "text": unescape(words)}, style))
		}
	}
	start := 0
	for at := 0; at < len(wire); {
		found := inlineMark.FindStringIndex(wire[at:])
		if found == nil {
			break
		}
		from, to := at+found[0], at+found[1]
		inner := richMark(wire, from, to, style)
		if inner == nil {
			at = from + 1
			continue
		}
		plain(wire[start:from])
		out = append(out, inner...)
		start, at = to, to
	}
	plain(wire[start:])
	return out
}

// richMark turns one mark into elements; nil when it is none where it stands.
func richMark(wire string, from, to int, style object) []any {
	mark := wire[from:to]
	switch mark[0] {
	case '<':
		return []any{withStyle(richPart(mark[1:len(mark)-1]), style)}
	case ':':
		return richEmoji(mark)
	}
	inside := mark[1 : len(mark)-1]
	if from > 0 && wordByte(wire[from-1]) || to < len(wire) && wordByte(wire[to]) || strings.TrimSpace(inside) != inside {
		return nil // a_name_like_this
	}
	name := map[byte]string{'`': "code", '*': "bold", '_': "italic", '~': "strike"}[mark[0]]
	more := object{name: true}
	for key, v := range style {
		more[key] = v
	}
	if name == "code" {
		return []any{withStyle(object{"type": "text", "text": unescape(inside)}, more)}
	}
	return styled(inside, more)
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// richEmoji is an emoji that the workspace knows.
func richEmoji(mark string) []any {
	name, tone, _ := strings.Cut(strings.Trim(mark, ":"), "::")
	char := emoji(name)
	if char == "" {
		return nil
	}
	o := object{"type": "emoji", "name": name}
	var points []string
	for _, r := range char {
		points = append(points, fmt.Sprintf("%x", r))
	}
	if n := strings.TrimPrefix(tone, "skin-tone-"); n != tone {
		o["skin_tone"] = int(n[0] - '0')
		points = append(points, fmt.Sprintf("%x", 0x1F3FB+int(n[0]-'2')))
	}
	o["unicode"] = strings.Join(points, "-")
	return []any{o}
}

func withStyle(o, style object) object {
	if len(style) > 0 {
		o["style"] = style
	}
	return o
}

// richPart is a reference or a link between angle brackets.
func richPart(token string) object {
	name, label, _ := strings.Cut(token, "|")
	switch {
	case strings.HasPrefix(name, "@"):
		return object{"type": "user", "user_id": name[1:]}
	case strings.HasPrefix(name, "#"):
		return object{"type": "channel", "channel_id": name[1:]}
	case strings.HasPrefix(name, "!subteam^"):
		return object{"type": "usergroup", "usergroup_id": strings.TrimPrefix(name, "!subteam^")}
	case strings.HasPrefix(name, "!"):
		return object{"type": "broadcast", "range": name[1:]}
	}
	o := object{"type": "link", "url": unescape(name)}
	if label != "" {
		o["text"] = unescape(label)
	}
	return o
}
