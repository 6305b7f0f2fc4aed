package mail

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed web
var web embed.FS

const (
	actorCookie = "mail_sandbox_as"
	maxForm     = 40 << 20
	watchTime   = 25 * time.Second
	pagePolicy  = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// letterPolicy is what a letter may do: nothing but look as it likes and have links that open pages of their own.
	letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; " +
		"sandbox allow-popups allow-popups-to-escape-sandbox"
	filePolicy = "default-src 'none'; sandbox"
)

type pages struct {
	*Server
	templates *template.Template
}

// Handler serves the pages: the mail itself goes by SMTP and IMAP.
func (s *Server) Handler() http.Handler { return s.Pages() }

// Pages serves everybody's mail: lists, letters, answers, new letters, absences, and the folders of the product's account to
// look into.
func (s *Server) Pages() http.Handler {
	p := &pages{Server: s, templates: template.Must(template.ParseFS(web, "web/*.html"))}
	mux := http.NewServeMux()
	at := func(pattern string, do http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.opt.Prefix+path, do)
	}
	at("GET /{$}", p.box)
	at("GET /boxes/{name...}", p.box)
	at("GET /letters/{id}", p.letter)
	at("GET /letters/{id}/html", p.html)
	at("GET /letters/{id}/original", p.original)
	at("GET /letters/{id}/files/{n}", p.file)
	at("POST /letters/{id}/reply", p.postReply)
	at("GET /new", p.compose)
	at("POST /new", p.postNew)
	at("GET /away", p.away)
	at("POST /away", p.postAway)
	at("POST /as", p.postAs)
	at("GET /news", p.newsSince)
	at("GET /assets/{file}", p.asset)
	mux.HandleFunc("/", p.nothing)
	sameSite := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		sameSite.ServeHTTP(w, r)
	})
}

// PageOf is where the page of a letter is, for whoever has it.
func (s *Server) PageOf(l Letter) string { return fmt.Sprintf("%s/letters/%d", s.opt.BaseURL, l.ID) }

// view is what every page shows.
type view struct {
	Title, Section, Here, Error string
	Prefix, Back                string
	Me                          Person
	Groups                      []group
	Boxes                       []folder
	Away                        Away
	News                        int  // how many letters were laid into mailboxes so far
	Watch                       bool // show new mail as it comes

	Rows          []row
	Letter        *opened
	Before, After []row
	Form          form
	Found         Verdict // what is found about the person's own mail
}

// group are people who are listed together.
type group struct {
	Name   string
	People []Person
}

// folder is a mailbox in the list of them.
type folder struct {
	Name, Section, URL string
	Unread, Total      int
}

// form is what somebody wrote and could not be sent.
type form struct{ To, Cc, Subject, Text, From string }

// me is the person who looks.
func (p *pages) me(r *http.Request) Person {
	if c, err := r.Cookie(actorCookie); err == nil {
		if address, err := url.QueryUnescape(c.Value); err == nil {
			if someone, err := p.Person(address); err == nil {
				return someone
			}
		}
	}
	return p.People()[0]
}

func (p *pages) view(r *http.Request, title, section string) view {
	me := p.me(r)
	v := view{Title: title, Section: section, Here: r.URL.Path, Prefix: p.opt.Prefix, Back: p.opt.Back, Me: me, Away: p.AwayOf(me.Address), Groups: p.groups()}
	p.mu.Lock()
	defer p.mu.Unlock()
	v.News, v.Found = p.letters, p.verdicts[domainOf(me.Address)]
	for _, b := range p.account(me.Address).boxes {
		v.Boxes = append(v.Boxes, p.folder(b, me))
	}
	return v
}

// groups are the people as the list of them shows them.
func (p *pages) groups() []group {
	groups := []group{{Name: "Studio"}, {Name: "Outside"}, {Name: "signoff"}}
	for _, someone := range p.People() {
		i := 0
		switch {
		case someone.Service:
			i = 2
		case domainOf(someone.Address) != p.opt.Domain:
			i = 1
		}
		groups[i].People = append(groups[i].People, someone)
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.People) == 0 })
}

// folder counts what is in a mailbox. The caller holds the lock.
func (p *pages) folder(b *box, me Person) folder {
	f := folder{Name: b.name, Section: b.name, URL: p.opt.Prefix + "/boxes/" + (&url.URL{Path: b.name}).EscapedPath(), Total: len(b.msgs)}
	if b.name == inbox {
		f.Name, f.URL = "Inbox", p.opt.Prefix+"/"
	}
	for _, m := range b.msgs {
		if !m.flags[`\Seen`] && !me.Service { // the product marks nothing as read
			f.Unread++
		}
	}
	return f
}

func (p *pages) render(w http.ResponseWriter, status int, page string, v view) {
	var buf bytes.Buffer
	if err := p.templates.ExecuteTemplate(&buf, page+".html", v); err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the visitor may be gone
}

// nothing says that there is no such page.
func (p *pages) nothing(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Not here", "")
	v.Error = "There is no such letter or page in the mail of " + v.Me.Name + ". Letters are shown to those who have them: be somebody else, or look in another folder."
	p.render(w, http.StatusNotFound, "message", v)
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	switch file := r.PathValue("file"); file {
	case "mail.css", "mail.js", "icon.svg":
		http.ServeFileFS(w, r, web, "web/"+file)
	default:
		http.NotFound(w, r)
	}
}

// newsSince answers once a letter came or was moved since the page was drawn, or after a while. That one was read is no news:
// whoever reads it is on the way to its page.
func (p *pages) newsSince(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.Atoi(r.URL.Query().Get("since"))
	if err != nil {
		http.Error(w, "since is a number", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), watchTime)
	defer cancel()
	stop := context.AfterFunc(p.ctx, cancel) // the server closes
	defer stop()
	err = p.Wait(ctx, func(s *Server) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.letters > since
	})
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.WriteHeader(http.StatusOK)
}
