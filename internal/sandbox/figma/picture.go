package figma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"image"
	"net/http"
	"strings"
	"time"

	"signoff/internal/sandbox/serve"
)

const (
	picturePath = "/pictures/"
	// renderLife and thumbLife are how long addresses of pictures hold.
	renderLife = 30 * 24 * time.Hour
	thumbLife  = 12 * time.Hour
	thumbWide  = 400
)

// picture is what an address of a picture leads to: a node of a version, or a person.
type picture struct {
	file, version, node, format string
	scale                       float64
	person                      string
	thumb                       bool
}

// name is the last part of a picture's address, which nobody can guess.
func (s *Server) name(p picture) string {
	sum := sha256.Sum256(fmt.Append(nil, s.secret, p))
	ext := ".png"
	if p.format == "jpg" {
		ext = ".jpg"
	}
	return hex.EncodeToString(sum[:16]) + ext
}

// issued is an address that was given out.
type issued struct {
	picture
	until time.Time
}

// pictureURL gives out the address of a picture. The caller holds the lock.
func (s *Server) pictureURL(p picture) string { return s.opt.BaseURL + s.issue(p) }

// issue gives out the path of a picture below the prefix. The caller holds the lock.
func (s *Server) issue(p picture) string {
	life := renderLife
	if p.thumb {
		life = thumbLife
	}
	name := s.name(p)
	s.pictures[name] = issued{p, s.opt.Now().Add(life)}
	return picturePath + name
}

// thumb is the first frame of a version, small.
func thumb(f *design, v *version) picture {
	if len(f.frames) == 0 {
		return picture{}
	}
	first := f.frames[0]
	return picture{file: f.key, version: v.id, node: first.Node, format: "png", scale: min(1, thumbWide/float64(first.Width)), thumb: true}
}

func (s *Server) thumbnail(f *design, v *version) string {
	if p := thumb(f, v); p.file != "" {
		return s.pictureURL(p)
	}
	return ""
}

// servePicture answers who has the address, and only who shows no token: pictures are kept elsewhere than files.
func (s *Server) servePicture(w http.ResponseWriter, req *http.Request) {
	name := strings.TrimPrefix(req.URL.Path, s.opt.Prefix+picturePath)
	s.mu.Lock()
	found, ok := s.pictures[name]
	if !ok || !s.opt.Now().Before(found.until) {
		ok = false
	}
	s.mu.Unlock()
	why, status := "", http.StatusOK
	switch {
	case req.Header.Get("X-Figma-Token") != "" || req.Header.Get("Authorization") != "":
		why, status = "Only one auth mechanism allowed", http.StatusBadRequest
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		why, status = "The specified method is not allowed against this resource", http.StatusMethodNotAllowed
	case !ok:
		why, status = "Access Denied", http.StatusForbidden
	}
	s.recordPicture(req, status, why)
	if why != "" {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Message>%s</Message></Error>", why) // the caller may be gone
		return
	}
	w.Header().Set("Cache-Control", "private, max-age=3600")
	s.sendPicture(w, found.picture)
}

func (s *Server) sendPicture(w http.ResponseWriter, p picture) {
	raw, err := s.render(p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", http.DetectContentType(raw))
	_, _ = w.Write(raw) // the caller may be gone
}

func (s *Server) recordPicture(req *http.Request, status int, why string) {
	s.records.Came(req, serve.Call{Op: "picture", Status: status, Failed: why != "", Why: why})
}

func themeOf(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum32()
}

// render draws a picture, once.
func (s *Server) render(p picture) ([]byte, error) {
	s.mu.Lock()
	raw, done := s.drawn[p]
	sc, who := s.scene(p), s.user(p.person)
	s.mu.Unlock()
	if done {
		return raw, nil
	}
	var img image.Image
	if who != nil {
		img = portrait(who.Handle, themeOf(who.ID))
	} else {
		img = sc.draw(p.scale)
	}
	raw, err := encode(img, p.format)
	if err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn[p] = raw
	return raw, nil
}

// scene is what a picture of a file shows. The caller holds the lock.
func (s *Server) scene(p picture) scene {
	f := s.file(p.file)
	if f == nil {
		return scene{}
	}
	v := f.version(p.version)
	frame, ok := f.frame(p.node)
	if v == nil || !ok {
		return scene{}
	}
	out := scene{title: f.name, sub: v.label, theme: themeOf(f.key), step: v.number, width: frame.Width, height: frame.Height}
	if out.sub == "" {
		out.sub = fmt.Sprintf("Draft %d", v.number)
	}
	return out
}
