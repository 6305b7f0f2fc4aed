package sandbox

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed panel
var panelFiles embed.FS

const (
	// panelPolicy lets the page load its own files and nothing else.
	panelPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	panelRows  = 150
	panelWatch = 25 * time.Second
)

// Place is one part of the demo that the panel links to.
type Place struct{ Name, URL, Text string }

// Step is one way to move the clock: Value is what the form posts as "step".
type Step struct{ Name, Value string }

// PanelOptions say what the panel shows.
type PanelOptions struct {
	Prefix      string // where it is mounted, "/demo"
	Now         Clock
	Ledger      *Ledger
	Faults      *Faults
	Services    []string // the services a fault can be armed for
	Places      []Place
	ClockAction string // where the clock forms post to; no clock controls when empty
	Steps       []Step
}

// panel serves the page.
type panel struct {
	PanelOptions
	tmpl *template.Template
}

// NewPanel serves the demo's front page: where to go, the clock, the fault switches and the ledger.
// Forms from other origins are refused.
func NewPanel(o PanelOptions) http.Handler {
	o.Prefix = strings.TrimSuffix(o.Prefix, "/")
	p := panel{PanelOptions: o, tmpl: template.Must(template.ParseFS(panelFiles, "panel/panel.html"))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+o.Prefix+"/{$}", p.show)
	if o.Prefix != "" {
		mux.HandleFunc("GET "+o.Prefix, p.show)
	}
	mux.HandleFunc("GET "+o.Prefix+"/news", p.news)
	mux.HandleFunc("POST "+o.Prefix+"/faults", p.arm)
	mux.HandleFunc("POST "+o.Prefix+"/faults/clear", p.clear)
	mux.HandleFunc("GET "+o.Prefix+"/assets/{file}", p.asset)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", panelPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		guarded.ServeHTTP(w, r)
	})
}

// panelPage is what the template shows.
type panelPage struct {
	PanelOptions
	Now    string
	Clock  string // for machines
	Seq    int
	Armed  []armed
	Kinds  []FaultKind
	Rows   []row
	Hidden int // older rows that are not shown
	Filter string
	Views  []filter
	Error  string
}

type armed struct{ What, Left string }

type filter struct {
	Name, URL string
	Current   bool
}

// row is a ledger entry ready for the template.
type row struct {
	Entry
	Clock, ISO, Way, Pretty string
	Bad                     bool
}

func (p panel) show(w http.ResponseWriter, r *http.Request) { p.render(w, r, http.StatusOK, "") }

func (p panel) render(w http.ResponseWriter, r *http.Request, status int, problem string) {
	now := p.Now()
	entries := p.Ledger.Entries(0)
	data := panelPage{
		PanelOptions: p.PanelOptions, Now: now.Format("Mon 2 Jan 2006, 15:04 MST"), Clock: now.Format(time.RFC3339),
		Seq: len(entries), Kinds: FaultKinds(), Filter: r.URL.Query().Get("show"), Error: problem,
	}
	for _, f := range p.Faults.List() {
		data.Armed = append(data.Armed, describe(f))
	}
	data.Views = p.filters(data.Filter)
	for _, e := range slices.Backward(entries) {
		line := rowOf(e)
		if !line.in(data.Filter) {
			continue
		}
		if len(data.Rows) == panelRows {
			data.Hidden++
			continue
		}
		data.Rows = append(data.Rows, line)
	}
	var out bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&out, "panel", data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the reader may be gone
}

func (p panel) filters(current string) []filter {
	out := []filter{{Name: "Everything", URL: p.Prefix + "/", Current: current == ""}}
	add := func(name, value string) {
		out = append(out, filter{Name: name, URL: p.Prefix + "/?show=" + value, Current: current == value})
	}
	for _, s := range p.Services {
		add(title(s), s)
	}
	add("Troubles", "trouble")
	return out
}

// title is the name of a service as it writes itself, and any other word with a capital.
func title(s string) string {
	switch s {
	case "":
		return ""
	case "github":
		return "GitHub"
	case "frameio":
		return "Frame.io"
	case "adobeio":
		return "Adobe I/O"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func rowOf(e Entry) row {
	r := row{Entry: e, Clock: e.At.Format("2 Jan 15:04:05"), ISO: e.At.Format(time.RFC3339), Way: "asked " + title(e.Service)}
	if e.Direction == Out {
		r.Way = title(e.Service) + " told"
	}
	if strings.HasPrefix(e.Path, "/") {
		r.Path = e.Method + " " + e.Path
	}
	r.Bad = e.Failed || e.Status == 0 || e.Status >= 400
	var pretty bytes.Buffer
	if json.Indent(&pretty, []byte(e.Body), "", "  ") == nil {
		r.Pretty = pretty.String()
	} else {
		r.Pretty = e.Body
	}
	return r
}

func (r row) in(filter string) bool {
	return filter == "" || filter == r.Service || filter == "trouble" && r.Bad
}

// describe says in words what is armed.
func describe(f Fault) armed {
	what := title(f.Service) + ": " + string(f.Kind)
	if f.Name != "" {
		what += " " + f.Name
	}
	if f.Method != "" {
		what += " on " + f.Method
	}
	switch f.Times {
	case UntilCleared:
		return armed{What: what, Left: "until cleared"}
	case 1:
		return armed{What: what, Left: "next call"}
	}
	return armed{What: what, Left: "next " + strconv.Itoa(f.Times) + " calls"}
}

func (p panel) arm(w http.ResponseWriter, r *http.Request) {
	times, err := strconv.Atoi(r.PostFormValue("times"))
	if err != nil {
		times = 1
	}
	wait, err := strconv.Atoi(r.PostFormValue("wait"))
	if err != nil || wait < 0 || wait > 600 {
		wait = 0
	}
	err = p.Faults.Arm(Fault{
		Service: r.PostFormValue("service"), Method: strings.TrimSpace(r.PostFormValue("method")),
		Kind: FaultKind(r.PostFormValue("kind")), Times: times, Wait: time.Duration(wait) * time.Second,
		Name: strings.TrimSpace(r.PostFormValue("name")),
	})
	if err != nil {
		p.render(w, r, http.StatusBadRequest, title(err.Error())+".")
		return
	}
	http.Redirect(w, r, p.Prefix+"/", http.StatusSeeOther)
}

func (p panel) clear(w http.ResponseWriter, r *http.Request) {
	p.Faults.Clear()
	http.Redirect(w, r, p.Prefix+"/", http.StatusSeeOther)
}

// news answers once the ledger is longer than since, or after a while.
func (p panel) news(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.Atoi(r.URL.Query().Get("since"))
	if err != nil {
		http.Error(w, "since is a number", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), panelWatch)
	defer cancel()
	if p.Ledger.Longer(ctx, since) != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"news":true}`)) // the reader may be gone
}

func (p panel) asset(w http.ResponseWriter, r *http.Request) {
	switch file := r.PathValue("file"); file {
	case "panel.css", "panel.js", "icon.svg":
		http.ServeFileFS(w, r, panelFiles, "panel/"+file)
	default:
		http.NotFound(w, r)
	}
}
