package workfront

import (
	"embed"
	"net/http"
	"slices"
	"strings"

	"signoff/internal/sandbox/adobe/site"
)

//go:embed web
var web embed.FS

// mostShown is how many deliveries a page lists.
const mostShown = 8

type pages struct {
	*site.Pages
	s *Site
}

// Pages adds the list of documents and a page for each.
func (s *Site) Pages(frame *site.Pages) {
	p := pages{frame, s}
	frame.Add(web)
	frame.Handle("GET /workfront", p.list)
	frame.Handle("GET /document/{id}", p.one)
	frame.Handle("GET /document/{id}/{tab}", p.one)
	frame.Handle("POST /document/{id}/{act}", p.act)
}

type sent struct {
	site.Delivery
	Answer string
}

type listPage struct {
	Documents     []Document
	Subscriptions []Subscription
	Sent          []sent
}

func (p pages) list(w http.ResponseWriter, r *http.Request) {
	body := listPage{Documents: p.s.Documents(), Subscriptions: p.s.Subscriptions()}
	for _, d := range slices.Backward(p.s.Post.Deliveries(Service)) {
		if len(body.Sent) < mostShown {
			body.Sent = append(body.Sent, sent{d, site.Outcome(d)})
		}
	}
	p.Render(w, r, site.Page{Title: "Workfront", Section: "workfront", Template: "workfront.html", Body: body})
}

type documentPage struct {
	Document
	Path, NextName, Typed string
	Decisions             []string
	Current               Version
}

func (p pages) one(w http.ResponseWriter, r *http.Request) { p.show(w, r, "") }

func (p pages) show(w http.ResponseWriter, r *http.Request, problem string) {
	d, ok := p.s.Document(r.PathValue("id"))
	if !ok {
		p.Missing(w, r, "There is no such document in this Workfront. It may have been deleted.")
		return
	}
	body := documentPage{Document: d, Path: p.Prefix + "/document/" + d.ID, Decisions: Decisions(), Current: d.Versions[len(d.Versions)-1], NextName: d.Versions[len(d.Versions)-1].File}
	slices.Reverse(body.Versions)
	status := http.StatusOK
	if problem != "" {
		status, body.Typed = http.StatusBadRequest, site.Words(r, "text")
	}
	p.Render(w, r, site.Page{Status: status, Title: d.Name, Section: "workfront", Template: "workfront-document.html", Error: problem, Body: body})
}

func (p pages) act(w http.ResponseWriter, r *http.Request) {
	who, id, words := p.Actor(r).ID, r.PathValue("id"), site.Words(r, "text")
	var err error
	switch r.PathValue("act") {
	case "version":
		_, err = p.s.UploadVersionAs(who, id, site.Words(r, "name"))
	case "note":
		_, err = p.s.NoteAs(who, id, words)
	case "reply":
		_, err = p.s.ReplyAs(who, r.PostFormValue("note"), words)
	case "decide":
		err = p.s.ApproveAs(who, id, r.PostFormValue("decision"))
	default:
		err = ErrNothing
	}
	if err != nil {
		p.show(w, r, strings.ToUpper(err.Error()[:1])+err.Error()[1:]+".")
		return
	}
	p.Done(w, r, p.Prefix+"/document/"+id)
}
