package figma

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
)

// scene is what a frame of one version shows. Another step gives other colours and another composition.
type scene struct {
	title, sub    string
	theme         uint32 // of the file
	step          int    // of the version
	width, height int
}

// canvas is drawn on in the units of the frame.
type canvas struct {
	img   *image.RGBA
	scale float64
}

// paint blends a colour over everything at which the signed distance is negative, with a soft edge of one pixel.
func (c canvas) paint(ink color.RGBA, box [4]float64, distance func(x, y float64) float64) {
	b := c.img.Bounds()
	left, top := max(0, int((box[0])*c.scale)-1), max(0, int((box[1])*c.scale)-1)
	right, bottom := min(b.Dx(), int(box[2]*c.scale)+2), min(b.Dy(), int(box[3]*c.scale)+2)
	for py := top; py < bottom; py++ {
		for px := left; px < right; px++ {
			d := distance((float64(px)+.5)/c.scale, (float64(py)+.5)/c.scale) * c.scale
			if cover := min(1, .5-d); cover > 0 {
				old := c.img.RGBAAt(px, py)
				c.img.SetRGBA(px, py, mix(old, ink, cover*float64(ink.A)/255))
			}
		}
	}
}

func mix(from, to color.RGBA, part float64) color.RGBA {
	one := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*part)) }
	return color.RGBA{one(from.R, to.R), one(from.G, to.G), one(from.B, to.B), 255}
}

func (c canvas) disc(ink color.RGBA, x, y, r float64) {
	c.paint(ink, [4]float64{x - r, y - r, x + r, y + r}, func(px, py float64) float64 { return math.Hypot(px-x, py-y) - r })
}

// stroke draws a line with round ends.
func (c canvas) stroke(ink color.RGBA, l line, r float64) {
	box := [4]float64{min(l.x1, l.x2) - r, min(l.y1, l.y2) - r, max(l.x1, l.x2) + r, max(l.y1, l.y2) + r}
	dx, dy := l.x2-l.x1, l.y2-l.y1
	long := dx*dx + dy*dy
	c.paint(ink, box, func(x, y float64) float64 {
		t := 0.0
		if long > 0 {
			t = max(0, min(1, ((x-l.x1)*dx+(y-l.y1)*dy)/long))
		}
		return math.Hypot(x-l.x1-t*dx, y-l.y1-t*dy) - r
	})
}

// words writes at most so wide, with capitals at most so high, and returns the size it took.
func (c canvas) words(text string, x, y float64, most [2]float64, ink color.RGBA) (width, height float64) {
	all, wide := lines(text)
	if wide == 0 {
		return 0, 0
	}
	unit := min(most[1]/6, most[0]/wide)
	for _, l := range all {
		c.stroke(ink, line{x + l.x1*unit, y + l.y1*unit, x + l.x2*unit, y + l.y2*unit}, unit*.42)
	}
	return wide * unit, 6 * unit
}

// hue makes a colour of an angle, with saturation and lightness from 0 to 1.
func hue(angle, saturation, light float64) color.RGBA {
	angle = math.Mod(angle+720, 360)
	chroma := (1 - math.Abs(2*light-1)) * saturation
	at := func(n float64) uint8 {
		k := math.Mod(n+angle/30, 12)
		return uint8(math.Round(255 * (light - chroma/2*max(-1, min(k-3, 9-k, 1)))))
	}
	return color.RGBA{at(0), at(8), at(4), 255}
}

// turn spreads numbers over 0 to 1.
func turn(n int, by float64) float64 { _, part := math.Modf(float64(n) * by); return part }

// palette are the colours of a version.
type palette struct{ top, ground, sun, near, far, ink, button, on, spark color.RGBA }

func (s scene) palette() palette {
	turned := (int(s.theme%5) + 2*s.step) % 5
	if s.theme/2%2 == 1 { // night
		base := [5]float64{232, 268, 205, 300, 185}[turned]
		return palette{top: hue(base, .55, .12), ground: hue(base+25, .5, .3), sun: hue(38+float64(turned)*12, .9, .74), near: hue(base+10, .5, .17), far: hue(base+15, .42, .26),
			ink: hue(base+40, .5, .97), button: hue(38+float64(turned)*12, .9, .74), on: hue(base, .6, .14), spark: hue(base, .6, .9)}
	}
	base := [5]float64{152, 338, 205, 28, 265}[turned]
	return palette{top: hue(base, .7, .95), ground: hue(base+20, .72, .86), sun: hue(44-float64(turned)*7, .95, .68), near: hue(base+14, .38, .52), far: hue(base+8, .42, .68),
		ink: hue(base+12, .55, .17), button: hue(base+12, .55, .24), on: hue(base, .7, .97), spark: hue(base+180, .6, .98)}
}

func (s scene) draw(scale float64) *image.RGBA {
	w, h := float64(s.width), float64(s.height)
	c := canvas{image.NewRGBA(image.Rect(0, 0, max(1, int(math.Round(w*scale))), max(1, int(math.Round(h*scale))))), scale}
	p := s.palette()
	for y := range c.img.Bounds().Dy() {
		ink := mix(p.top, p.ground, float64(y)/float64(c.img.Bounds().Dy()))
		for x := range c.img.Bounds().Dx() {
			c.img.SetRGBA(x, y, ink)
		}
	}
	s.landscape(c, p)
	s.copy(c, p)
	return c.img
}

// landscape is a sun, two hills and as many sparks as the version tells.
func (s scene) landscape(c canvas, p palette) {
	w, h, least := float64(s.width), float64(s.height), float64(min(s.width, s.height))
	spark := p.spark
	spark.A = 190
	for i := range 4 + s.step%6 {
		c.disc(spark, w*(.62+.36*turn(i*7+s.step, .755)), h*.6*turn(i*5+s.step, .57), least*(.008+.01*turn(i, .4)))
	}
	sunX, sunY := w*(.74+.16*turn(s.step, .618)), h*(.26+.24*turn(s.step, .382))
	if w < 1.4*h { // the words stand above
		sunX, sunY = w*(.55+.35*turn(s.step, .618)), h*(.66+.14*turn(s.step, .382))
	}
	c.disc(p.sun, sunX, sunY, least*.2)
	c.disc(p.far, w*(.62+.2*turn(s.step, .27)), h+w*.36, w*.46)
	c.disc(p.near, w*(.98-.2*turn(s.step, .41)), h+w*.3, w*.4)
}

// copy is the words: what the file is called, what the version is called and a button.
func (s scene) copy(c canvas, p palette) {
	w, h := float64(s.width), float64(s.height)
	x, wide, tall := w*.07, w*.56, h*.17
	if w < 1.4*h {
		wide, tall = w*.8, min(h*.12, w*.12)
	}
	y := h * .22
	_, high := c.words(s.title, x, y, [2]float64{wide, tall}, p.ink)
	y += high + h*.09
	soft := p.ink
	soft.A = 210
	_, high = c.words(s.sub, x, y, [2]float64{wide, min(h*.07, 12)}, soft)
	y += high + h*.11
	label := min(h*.06, 10)
	_, long := lines("See more")
	long *= label / 6
	r := label * 1.25
	c.stroke(p.button, line{x + r, y + r, x + r + long, y + r}, r)
	c.words("See more", x+r, y+r-label/2, [2]float64{wide, label}, p.on)
}

// portrait is the disc that stands for a person.
func portrait(name string, theme uint32) *image.RGBA {
	c := canvas{image.NewRGBA(image.Rect(0, 0, 96, 96)), 1}
	ink := hue(float64(theme%360), .5, .4)
	c.paint(ink, [4]float64{0, 0, 96, 96}, func(float64, float64) float64 { return -1 })
	_, wide := lines(initial(name))
	c.words(initial(name), 48-wide*3.5, 27, [2]float64{60, 42}, color.RGBA{255, 255, 255, 255})
	return c.img
}

func encode(img image.Image, format string) ([]byte, error) {
	var out bytes.Buffer
	if format == "jpg" {
		err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90})
		return out.Bytes(), err
	}
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img)
	return out.Bytes(), err
}
