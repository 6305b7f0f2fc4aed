package site

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed web
var web embed.FS

const (
	actorCookie = "adobe_sandbox_as"
	maxForm     = 128 << 10
	pagePolicy  = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// Pages is the frame of the pages of all services: who you are, where you can go, and how it looks.
type Pages struct {
	*Site
	mux       *http.ServeMux
	templates *template.Template
	styles    []fs.FS
}

// Page is one page, ready to be drawn.
type Page struct {
	Status   int // 0 = 200
	Title    string
	Section  string // "frameio", "io", "workfront", "" for the way in
	Template string
	Error    string
	Body     any
}

// NewPages returns the frame with nothing in it.
func (s *Site) NewPages() *Pages {
	p := &Pages{Site: s, mux: http.NewServeMux()}
	p.templates = template.New("").Funcs(template.FuncMap{
		"initials": initials, "tint": func(name string) string { return fmt.Sprintf("tint-%d", tint(name)) }, "when": s.when, "prefix": func() string { return s.Prefix },
	})
	p.Add(web)
	p.Handle("GET /assets/{file}", p.style)
	p.Handle("POST /as", p.actAs)
	return p
}

// Add takes the templates and styles below the folder web.
func (p *Pages) Add(files fs.FS) {
	p.templates = template.Must(p.templates.ParseFS(files, "web/*.html"))
	p.styles = append(p.styles, files)
}

// Handle adds a page: "GET /project/{project}".
func (p *Pages) Handle(pattern string, do http.HandlerFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	p.mux.HandleFunc(method+" "+p.Prefix+path, do)
}

// ServeHTTP implements http.Handler. Forms of other sites are refused.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if _, pattern := p.mux.Handler(r); pattern == "" && r.Method == http.MethodGet {
		p.Missing(w, r, "There is no such page in this sandbox.")
		return
	}
	http.NewCrossOriginProtection().Handler(p.mux).ServeHTTP(w, r)
}

func (p *Pages) style(w http.ResponseWriter, r *http.Request) {
	name := "web/" + r.PathValue("file")
	for _, files := range p.styles {
		if _, err := fs.Stat(files, name); err == nil && !strings.HasSuffix(name, ".html") {
			http.ServeFileFS(w, r, files, name)
			return
		}
	}
	http.NotFound(w, r)
}

// Actor is who the visitor is.
func (p *Pages) Actor(r *http.Request) *Person {
	if c, err := r.Cookie(actorCookie); err == nil {
		if one := p.Person(c.Value); one != nil {
			return one
		}
	}
	return &p.People[0]
}

func (p *Pages) actAs(w http.ResponseWriter, r *http.Request) {
	if one := p.Person(r.PostFormValue("who")); one != nil && one != &p.Bot {
		http.SetCookie(w, &http.Cookie{Name: actorCookie, Value: one.ID, Path: p.Prefix + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	http.Redirect(w, r, p.back(r), http.StatusSeeOther)
}

// back is the page that a form was on; nothing else is believed.
func (p *Pages) back(r *http.Request) string {
	to := r.PostFormValue("back")
	if !strings.HasPrefix(to, p.Prefix+"/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return p.Prefix + "/"
	}
	return to
}

// shell is what the frame shows.
type shell struct {
	Page
	Prefix, Back string
	Home         string
	Actor        Person
	People       []Person
	Main         template.HTML
}

// Render draws a page.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, page Page) {
	var main, whole bytes.Buffer
	if err := p.templates.ExecuteTemplate(&main, page.Template, page.Body); err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	back := r.URL.Path
	if r.Method != http.MethodGet {
		back = p.Prefix + "/"
	}
	err := p.templates.ExecuteTemplate(&whole, "shell.html", shell{
		Page: page, Prefix: p.Prefix, Back: back, Home: p.Site.Back, Actor: *p.Actor(r), People: p.People,
		Main: template.HTML(main.String()), //nolint:gosec // drawn by the templates just now
	})
	if err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(max(page.Status, http.StatusOK))
	_, _ = whole.WriteTo(w) // the visitor may be gone
}

// Missing says that something is not here.
func (p *Pages) Missing(w http.ResponseWriter, r *http.Request, why string) {
	p.Render(w, r, Page{Status: http.StatusNotFound, Title: "Not here", Template: "missing.html", Body: why})
}

// Done leads back to a page after a form was taken.
func (p *Pages) Done(w http.ResponseWriter, r *http.Request, to string) {
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// Words is a text of a form, with the line ends of Unix.
func Words(r *http.Request, field string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.PostFormValue(field), "\r\n", "\n"))
}

func initials(name string) string {
	var out []rune
	for word := range strings.FieldsSeq(name) {
		out = append(out, []rune(word)[0])
	}
	return strings.ToUpper(string(out[:min(2, len(out))]))
}

func tint(name string) int {
	sum := 0
	for _, r := range name {
		sum += int(r)
	}
	return sum % 6
}

// when writes an instant for people, in the zone of the sandbox's clock.
func (s *Site) when(t time.Time) string {
	now := s.Now()
	t = t.In(now.Location())
	if slices.Equal([]int{t.Year(), t.YearDay()}, []int{now.Year(), now.YearDay()}) {
		return t.Format("15:04")
	}
	return t.Format("2 Jan, 15:04")
}
