package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

//go:embed web
var embedded embed.FS

// pages renders what people see.
type pages struct {
	s      *Server
	sets   map[string]*template.Template
	assets map[string]asset
}

// asset is a file that browsers may keep: its address changes with its content.
type asset struct {
	kind, tag string
	data      []byte
}

func newPages(s *Server) (*pages, error) {
	p := &pages{s: s, sets: map[string]*template.Template{}, assets: map[string]asset{}}
	for name, kind := range map[string]string{"site.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"} {
		data, err := embedded.ReadFile("web/" + name)
		if err != nil {
			return nil, fmt.Errorf("read page files: %w", err)
		}
		sum := sha256.Sum256(data)
		p.assets[name] = asset{kind: kind, tag: hex.EncodeToString(sum[:6]), data: data}
	}
	found, err := fs.Glob(embedded, "web/page-*.html")
	if err != nil {
		return nil, fmt.Errorf("read page files: %w", err)
	}
	for _, file := range found {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "web/page-"), ".html")
		t, err := template.New("frame.html").Option("missingkey=error").ParseFS(embedded, "web/frame.html", "web/parts.html", file)
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		p.sets[name] = t
	}
	return p, nil
}

func (s *Server) pageRoutes() []route {
	return []route{
		{"GET", "/assets/{tag}/{name}", web, anyone, s.asset},
		{"GET", "/{$}", web, reader, s.requestsPage},
		{"GET", "/new", web, person, s.newPage},
		{"POST", "/new", web, person, s.takeNew},
		{"GET", "/requests/{id}", web, reader, s.requestPage},
		{"GET", "/requests/{id}/pictures/{n}", web, reader, s.picture},
		{"POST", "/requests/{id}/votes", web, person, s.voteForm},
		{"POST", "/requests/{id}/acts", web, person, s.actForm},
		{"GET", "/deliveries", web, reader, s.deliveriesPage},
		{"GET", "/deliveries/{id...}", web, reader, s.deliveryPage},
		{"POST", "/replay", web, person, s.replayForm},
		{"POST", "/held", web, person, s.heldForm},
		{"GET", "/triage", web, reader, s.triagePage},
		{"GET", "/people", web, reader, s.peoplePage},
		{"POST", "/people/away", web, person, s.awayForm},
		{"GET", "/rules", web, reader, s.rulesPage},
		{"POST", "/rules/pauses", web, person, s.pauseForm},
		{"GET", "/sign-in", web, anyone, s.signInPage},
		{"POST", "/sign-out", web, person, s.signOut},
		{"GET", "/a/{token}", web, anyone, s.passPage},
		{"POST", "/a/{token}", web, anyone, s.takePass},
		{"GET", "/a/{token}/pictures/{n}", web, anyone, s.passPicture},
		{"GET", "/open/{token}", web, anyone, s.openPage},
		{"POST", "/open/{token}", web, anyone, s.openForm},
	}
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request, c caller) {
	a, ok := s.pages.assets[r.PathValue("name")]
	if !ok || a.tag != r.PathValue("tag") {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", a.kind)
	_, _ = w.Write(a.data) // the browser may be gone
}

// frame is what surrounds every page, with the page's own data in Body.
type frame struct {
	Title    string // of the page
	Studio   string
	Version  string
	CSS      string
	Icon     string
	Nav      []navItem
	Places   []Place
	Me       string // who is signed in; empty for nobody
	Form     string // what forms carry
	Switch   bool   // the demo's role picker is at hand
	Banners  []banner
	Notice   *notice
	Zone     string
	SignedIn bool
	Body     any
}

type navItem struct {
	Label, Path string
	Here        bool
	Count       int
}

// banner is something everybody should know just now.
type banner struct {
	Text string
	Path string // where it is told in full; empty: nowhere
	More string
}

// notice is what became of what somebody just did.
type notice struct {
	Good bool
	Text string
}

// view is a page on its way to the browser.
type view struct {
	status int
	name   string
	title  string
	notice *notice
	form   string // what forms carry instead of the session's token
	body   any
}

// show renders a page. A page that cannot be rendered is our own fault and shown as such.
func (p *pages) show(w http.ResponseWriter, r *http.Request, c caller, v view) {
	var b bytes.Buffer
	if err := p.sets[v.name].Execute(&b, p.frame(r, c, v)); err != nil {
		p.s.o.Log.Error("page not rendered", "page", v.name, "error", err)
		http.Error(w, broken.message, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(v.status)
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

func (p *pages) address(name string) string { return "/assets/" + p.assets[name].tag + "/" + name }

func (p *pages) frame(r *http.Request, c caller, v view) frame {
	f := frame{
		Title: v.title, Studio: p.s.o.Studio, Version: p.s.o.Version, CSS: p.address("site.css"), Icon: p.address("icon.svg"),
		Form: c.form, Notice: v.notice, Body: v.body,
	}
	if v.form != "" {
		f.Form = v.form
	}
	if p.s.o.Demo != nil {
		f.Places, f.Switch = p.s.o.Demo.Places, local(r)
	}
	if !c.known() {
		return f
	}
	clock := p.s.clock(c)
	f.SignedIn, f.Zone = c.session(), clock.place(clock.now)
	if c.session() {
		f.Me = p.s.items().called(c.who)
	}
	h := p.s.health(r)
	f.Banners = banners(h)
	for _, n := range []navItem{{Label: "Requests", Path: "/"}, {Label: "Triage", Path: "/triage", Count: h.Triage}, {Label: "Deliveries", Path: "/deliveries", Count: failures(h)}, {Label: "People", Path: "/people"}, {Label: "Rules", Path: "/rules"}} {
		n.Here = n.Path == r.URL.Path || n.Path != "/" && strings.HasPrefix(r.URL.Path, n.Path) || n.Path == "/" && strings.HasPrefix(r.URL.Path, "/requests/")
		f.Nav = append(f.Nav, n)
	}
	return f
}

// clock tells the time to a caller.
func (s *Server) clock(c caller) clock {
	zone := c.zone
	if zone == nil {
		zone = s.zone()
	}
	return clock{zone: zone, now: s.o.Now()}
}

// refusalPage is the body of a page that says why something was not done.
type refusalPage struct {
	Heading string
	Text    string
	Home    bool // the way back to the list makes sense
}

// refusal shows why something was not done. Who is not known is shown how to sign in.
func (p *pages) refusal(w http.ResponseWriter, r *http.Request, c caller, why refusal) {
	if why.status == http.StatusUnauthorized {
		p.s.signIn(w, r, why.status)
		return
	}
	p.show(w, r, c, view{
		status: why.status, name: "problem", title: headingOf(why.status),
		body: refusalPage{Heading: headingOf(why.status), Text: why.message, Home: why.status != http.StatusServiceUnavailable},
	})
}

func headingOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Nothing here"
	case http.StatusForbidden:
		return "Not for you"
	case http.StatusInternalServerError:
		return "Something went wrong"
	case http.StatusServiceUnavailable:
		return "Just a moment"
	}
	return "That did not work"
}

// pathTo builds the path of something whose name may hold any characters.
func pathTo(folder, name string) string { return "/" + folder + "/" + url.PathEscape(name) }
