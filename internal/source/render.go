package source

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// window is how many columns of a line are shown.
const window = 100

// Render prints problems as `signoff check` shows them: the place, the level and the code, what is wrong; then the line with
// the one before it, and a caret with the hint. Warnings without a hint stay on one line. sources maps file names to contents.
func Render(w io.Writer, problems []Problem, sources map[string][]byte, color bool) error {
	r := renderer{paint: painter(color), files: map[string][]string{}}
	for name, data := range sources {
		r.files[name] = lines(data)
	}
	for _, p := range problems {
		r.problem(p)
	}
	if _, err := io.WriteString(w, r.out.String()); err != nil {
		return fmt.Errorf("print problems: %w", err)
	}
	return nil
}

type renderer struct {
	out   strings.Builder
	paint painter
	files map[string][]string
}

func (r *renderer) problem(p Problem) {
	color := red
	if p.Level == Warning {
		color = yellow
	}
	fmt.Fprintf(&r.out, "%s  %s  %s\n", r.paint.in(bold, p.Pos.String()), r.paint.in(color, p.Level.String()+" "+p.Code), visible(p.Message))
	file := r.files[p.Pos.File]
	switch {
	case p.Level == Warning && p.Hint == "":
		return
	case p.Pos.Line < 1 || p.Pos.Line > len(file):
		if p.Hint != "" {
			fmt.Fprintf(&r.out, "      | %s\n", visible(p.Hint))
		}
		return
	}
	r.snippet(p, file, color)
}

func (r *renderer) snippet(p Problem, file []string, color string) {
	line := layOut(file[p.Pos.Line-1])
	from := line.window(p.Pos.Col - 1)
	if before := p.Pos.Line - 2; before >= 0 && strings.TrimSpace(file[before]) != "" {
		r.source(p.Pos.Line-1, layOut(file[before]).show(from))
	}
	r.source(p.Pos.Line, line.show(from))
	start := line.column(p.Pos.Col-1) - from
	width := line.column(p.Pos.Col-1+max(p.Pos.Len, 1)) - line.column(p.Pos.Col-1)
	width = max(min(width, window-start), 1)
	carets := r.paint.in(color, strings.Repeat("^", width))
	row := r.paint.in(dim, "      |") + " " + strings.Repeat(" ", start) + carets
	if p.Hint != "" {
		row += " " + visible(p.Hint)
	}
	r.out.WriteString(row + "\n")
}

func (r *renderer) source(number int, text string) {
	row := r.paint.in(dim, fmt.Sprintf("%5d |", number))
	if text != "" {
		row += " " + text
	}
	r.out.WriteString(row + "\n")
}

// A layout is a line as a terminal shows it: cells of one rune and its width.
type layout []cell

type cell struct {
	text  string
	width int
}

// layOut expands tabs and replaces what would steer the terminal.
func layOut(line string) layout {
	var out layout
	column := 0
	for _, r := range strings.TrimRight(line, "\r") {
		c := cell{string(r), runeWidth(r)}
		switch {
		case r == '\t':
			c.width = 4 - column%4
			c.text = strings.Repeat(" ", c.width)
		case unprintable(r):
			c = cell{"\ufffd", 1}
		}
		column += c.width
		out = append(out, c)
	}
	return out
}

// column returns the screen column at which the n-th character starts.
func (l layout) column(n int) int {
	column := 0
	for i, c := range l {
		if i == n {
			return column
		}
		column += c.width
	}
	return column + max(0, min(n-len(l), 1)) // one past the end at most
}

// window returns the first column to show so that the n-th character is seen.
func (l layout) window(n int) int {
	if at := l.column(n); at > window-20 {
		return at - window/2
	}
	return 0
}

// show returns the part of the line within the window, with … where it was cut.
func (l layout) show(from int) string {
	var b strings.Builder
	column := 0
	for _, c := range l {
		switch {
		case column < from:
			if column+c.width > from {
				b.WriteString(strings.Repeat(" ", column+c.width-from))
			}
		case column == from && from > 0 && c.width > 0:
			b.WriteString("…" + strings.Repeat(" ", c.width-1))
		case column+c.width > from+window:
			return b.String() + "…"
		default:
			b.WriteString(c.text)
		}
		column += c.width
	}
	return strings.TrimRight(b.String(), " ")
}

// visible keeps messages on one line and harmless for a terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unprintable(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Colours as a terminal knows them.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// painter is false where colour is off.
type painter bool

func (p painter) in(color, text string) string {
	if !p {
		return text
	}
	return color + text + reset
}
