package main

import (
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"signoff/internal/backtest"
)

// picture is before and after as shapes, printed as SVG or painted as PNG.
type picture struct {
	title, words string // what it is, for those who do not see it
	wide, high   int
	bars         []block
	texts        []caption
}

// block is a filled rectangle.
type block struct {
	x, y, wide, high int
	color            string
}

// caption is a line of text; right ones end at x.
type caption struct {
	x, y, size  int
	text        string
	bold, right bool
	color       string
}

const (
	ink, pale = "#1b1f24", "#57606a"
	wasColor  = "#9aa4b2"
	isColor   = "#1f6feb"
	sheet     = "#ffffff"
)

// pictureOf lays before and after out: the measures, then the hours of each person.
func pictureOf(r backtest.Report) picture {
	const left, nameWide, barLeft, barMost, row = 24, 220, 250, 440, 26
	p := picture{wide: 860, title: "Before and after", words: countsLine(r)}
	y := 40
	add := func(l caption) { p.texts = append(p.texts, l) }
	add(caption{x: left, y: y, size: 20, text: "Before and after the new rules", bold: true, color: ink})
	y += 24
	add(caption{x: left, y: y, size: 13, text: fmt.Sprintf("%s opened %s to %s. %s", plural(r.Requests, "request"), r.Since.Format("2 Jan 2006"), r.Until.Format("2 Jan 2006"), countsLine(r)), color: pale})
	y += 36
	add(caption{x: barLeft + 60, y: y, size: 13, text: "was", bold: true, color: ink})
	add(caption{x: barLeft + 230, y: y, size: 13, text: "would be", bold: true, color: ink})
	for _, m := range measures(r) {
		y += row - 4
		is := m.is
		if m.estimate {
			is += " *"
		}
		add(caption{x: left, y: y, size: 13, text: m.name, color: ink})
		add(caption{x: barLeft + 60, y: y, size: 13, text: m.was, color: ink})
		add(caption{x: barLeft + 230, y: y, size: 13, text: is, color: ink})
	}
	y += 44
	add(caption{x: left, y: y, size: 15, text: "Hours of work a week", bold: true, color: ink})
	add(caption{x: barLeft, y: y, size: 12, text: "grey: was, blue: would be, line: what they have", color: pale})
	most := 1.0
	for _, one := range r.People {
		most = max(most, one.WasHours, one.IsHours, one.Capacity)
	}
	length := func(hours float64) int { return int(hours / most * barMost) }
	shown := 0
	for _, one := range r.People {
		if one.WasHours+one.IsHours == 0 || shown == 12 {
			continue
		}
		shown++
		y += row + 8
		add(caption{x: left + nameWide, y: y, size: 13, text: clipped(one.ShownName, 28), right: true, color: ink})
		p.bars = append(p.bars, block{barLeft, y - 15, length(one.WasHours), 10, wasColor}, block{barLeft, y - 4, length(one.IsHours), 10, isColor}, block{barLeft + length(one.Capacity), y - 17, 2, 24, ink})
		add(caption{x: barLeft + barMost + 12, y: y, size: 12, text: fmt.Sprintf("%.0f → %.0f h", one.WasHours, one.IsHours), color: ink})
		p.words += fmt.Sprintf(" %s: %.0f hours a week, would be %.0f.", one.ShownName, one.WasHours, one.IsHours)
	}
	if r.Is.Estimated {
		y += row + 12
		for _, line := range wrapped("* estimate: "+r.Assumption, 120) {
			add(caption{x: left, y: y, size: 12, text: line, color: pale})
			y += 17
		}
	}
	p.high = y + 24
	return p
}

func clipped(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// drawBacktest prints the picture as SVG.
func drawBacktest(w io.Writer, r backtest.Report) error {
	p := pictureOf(r)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t d" width="%d" height="%d" viewBox="0 0 %d %d" font-family="Inter, Helvetica, Arial, sans-serif">`+"\n", p.wide, p.high, p.wide, p.high)
	fmt.Fprintf(&b, "<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n<rect width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", escaped(p.title), escaped(p.words), p.wide, p.high, sheet)
	for _, x := range p.bars {
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x.x, x.y, x.wide, x.high, x.color)
	}
	for _, l := range p.texts {
		more := ""
		if l.bold {
			more += ` font-weight="bold"`
		}
		if l.right {
			more += ` text-anchor="end"`
		}
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"%s\"%s>%s</text>\n", l.x, l.y, l.size, l.color, more, escaped(l.text))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(visible(s))) // a strings.Builder does not fail
	return b.String()
}

// paintBacktest paints the picture as PNG, twice as large so that it is sharp on any screen.
func paintBacktest(w io.Writer, r backtest.Report) error {
	const scale = 2
	p := pictureOf(r)
	img := image.NewRGBA(image.Rect(0, 0, p.wide*scale, p.high*scale))
	fill := func(r image.Rectangle, c string) {
		draw.Draw(img, r, image.NewUniform(colorOf(c)), image.Point{}, draw.Src)
	}
	fill(img.Bounds(), sheet)
	for _, x := range p.bars {
		fill(image.Rect(x.x*scale, x.y*scale, (x.x+x.wide)*scale, (x.y+x.high)*scale), x.color)
	}
	for _, l := range p.texts {
		if err := lettering(img, l, scale); err != nil {
			return fmt.Errorf("paint text: %w", err)
		}
	}
	return png.Encode(w, img)
}

func lettering(img *image.RGBA, l caption, scale int) error {
	ttf := goregular.TTF
	if l.bold {
		ttf = gobold.TTF
	}
	f, err := opentype.Parse(ttf)
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(l.size * scale), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return err
	}
	defer func() { _ = face.Close() }() // holds memory only
	d := font.Drawer{Dst: img, Src: image.NewUniform(colorOf(l.color)), Face: face, Dot: fixed.P(l.x*scale, l.y*scale)}
	if l.right {
		d.Dot.X -= d.MeasureString(l.text)
	}
	d.DrawString(l.text)
	return nil
}

// colorOf reads a colour such as #1f6feb.
func colorOf(s string) color.RGBA {
	c := color.RGBA{A: 255}
	_, _ = fmt.Sscanf(s, "#%02x%02x%02x", &c.R, &c.G, &c.B) // they are our own
	return c
}
