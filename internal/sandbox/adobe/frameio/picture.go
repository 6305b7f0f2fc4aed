package frameio

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pictureLife is how long the address of a picture is good.
const pictureLife = 24 * time.Hour

// pictureURL is where one rendering of a file can be fetched without a token, for a day.
func (s *Site) pictureURL(f *asset, name string) string {
	ends := strconv.FormatInt(s.Now().Add(pictureLife).Unix(), 10)
	return fmt.Sprintf("%s/media/%s/%s.png?expires=%s&signature=%s", s.BaseURL, f.id, name, ends, s.sealed(f.id, name, ends))
}

func (s *Site) sealed(parts ...string) string {
	mac := hmac.New(sha256.New, []byte(s.seal))
	mac.Write([]byte(strings.Join(parts, "/")))
	return hex.EncodeToString(mac.Sum(nil))
}

// media serves pictures at the addresses that were given out, to everybody who has one.
func (s *Site) media() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+s.Prefix+"/media/{file}/{picture}", func(w http.ResponseWriter, r *http.Request) {
		q, name := r.URL.Query(), strings.TrimSuffix(r.PathValue("picture"), ".png")
		ends, err := strconv.ParseInt(q.Get("expires"), 10, 64)
		good := err == nil && hmac.Equal([]byte(q.Get("signature")), []byte(s.sealed(r.PathValue("file"), name, q.Get("expires"))))
		switch {
		case r.Header.Get("Authorization") != "":
			http.Error(w, "Only one auth mechanism allowed", http.StatusBadRequest) // as such stores do, whose addresses are signed
			return
		case !good || s.Now().Unix() > ends:
			http.Error(w, "AccessDenied", http.StatusForbidden)
			return
		}
		body := s.drawing(r.PathValue("file"), name)
		if body == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Cache-Control", "private, max-age=3600")
		_, _ = w.Write(body) // the caller may be gone
	})
	return mux
}

// drawing is the picture of a file.
func (s *Site) drawing(id, name string) []byte {
	s.Lock()
	f := s.asset(id)
	var seed string
	var version int
	if f != nil && f.kind == aFile && f.status != created {
		seed, version = f.versions()[0].id, f.number()
	}
	s.Unlock()
	if seed == "" {
		return nil
	}
	width := 320
	if name != "thumbnail" {
		width = 960
	}
	return Draw(seed, version, width)
}

func hue(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum32() % 360
}

// Draw paints a landscape that is the same for the same seed and a little different for each version, whose number stands in a
// corner. It is a PNG.
func Draw(seed string, version, width int) []byte {
	height := width * 9 / 16
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	base := float64(hue(seed)) + float64(version-1)*47
	sun := point{0.24 + 0.13*float64(version%4), 0.3 + 0.05*float64(version%3)}
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, landscape(float64(x)/float64(width), float64(y)/float64(height), base, sun))
		}
	}
	badge(img, version)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(fmt.Sprintf("draw: %v", err)) // into memory
	}
	return out.Bytes()
}

type point struct{ x, y float64 }

// landscape is the colour at a place: sky, sun and three hills, one before the other.
func landscape(x, y, base float64, sun point) color.RGBA {
	c := hsl(base, 0.55, 0.86-0.3*y)
	if d := math.Hypot((x-sun.x)*16/9, y-sun.y); d < 0.17 {
		c = mix(c, hsl(base+40, 0.9, 0.82), smooth(0.17, 0.16, d))
	}
	for i, hill := range []struct{ top, swing, wave, shift float64 }{{0.55, 0.07, 5, 0.3}, {0.68, 0.09, 3.2, 1.9}, {0.82, 0.06, 4.1, 4.4}} {
		top := hill.top + hill.swing*math.Sin(x*hill.wave+hill.shift+base/60)
		if y > top-0.004 {
			c = mix(c, hsl(base+170+14*float64(i), 0.38, 0.52-0.13*float64(i)), smooth(top-0.004, top+0.004, y))
		}
	}
	return c
}

// smooth goes from 0 at a to 1 at b.
func smooth(a, b, v float64) float64 {
	t := math.Min(1, math.Max(0, (v-a)/(b-a)))
	return t * t * (3 - 2*t)
}

func mix(a, b color.RGBA, t float64) color.RGBA {
	one := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*t) }
	return color.RGBA{one(a.R, b.R), one(a.G, b.G), one(a.B, b.B), 255}
}

func hsl(h, s, l float64) color.RGBA {
	one := func(n float64) uint8 {
		k := math.Mod(n+h/30, 12)
		return uint8(255 * (l - s*math.Min(l, 1-l)*math.Max(-1, math.Min(math.Min(k-3, 9-k), 1))))
	}
	return color.RGBA{one(0), one(8), one(4), 255}
}

// digits are drawn on a grid of three by five.
var digits = [...]string{
	"111101101101111", "010110010010111", "111001111100111", "111001011001111", "101101111001001", "111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111",
}

const letterV = "101101101010010"

// badge writes "V2" into the corner.
func badge(img *image.RGBA, version int) {
	glyphs := []string{letterV}
	for _, d := range strconv.Itoa(version) {
		glyphs = append(glyphs, digits[d-'0'])
	}
	unit := max(1, img.Rect.Dx()/106)
	left, top := img.Rect.Dx()-unit*(4*len(glyphs)+5), img.Rect.Dy()-unit*11
	fill(img, image.Rect(left, top, left+unit*(4*len(glyphs)+3), top+unit*9), color.RGBA{20, 18, 30, 255})
	for i, g := range glyphs {
		for at, on := range g {
			if on == '1' {
				x, y := left+unit*(2+4*i+at%3), top+unit*(2+at/3)
				fill(img, image.Rect(x, y, x+unit, y+unit), color.RGBA{255, 255, 255, 255})
			}
		}
	}
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			img.SetRGBA(x, y, c)
		}
	}
}

// clock writes a moment of a film as 00:12.
func clock(at time.Duration) string {
	seconds := int(at / time.Second)
	return fmt.Sprintf("%02d:%02d", seconds/60, seconds%60)
}
