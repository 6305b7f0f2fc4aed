package events

import (
	"bytes"
	"embed"
	"encoding/json"
	"net/http"
	"slices"

	"signoff/internal/sandbox/adobe/site"
)

//go:embed web
var web embed.FS

// mostShown is how many deliveries the page lists.
const mostShown = 12

type pages struct {
	*site.Pages
	s *Site
}

// Pages adds the page of I/O Events.
func (s *Site) Pages(frame *site.Pages) {
	p := pages{frame, s}
	frame.Add(web)
	frame.Handle("GET /io", func(w http.ResponseWriter, r *http.Request) { p.show(w, r, "") })
	frame.Handle("POST /io/{act}", p.act)
}

type page struct {
	Assets       []Asset
	Registration Registration
	Sent         []sent
	Journal      int
}

// sent is a delivery, ready to be read.
type sent struct {
	site.Delivery
	Answer, Pretty string
	Good           bool
}

func (p pages) show(w http.ResponseWriter, r *http.Request, problem string) {
	body := page{Assets: p.s.Assets()}
	if all := p.s.Registrations(); len(all) > 0 {
		body.Registration = all[0]
	}
	p.s.Lock()
	body.Journal = len(p.s.journal)
	p.s.Unlock()
	for _, d := range slices.Backward(p.s.Post.Deliveries(Service)) {
		if len(body.Sent) == mostShown {
			break
		}
		one := sent{Delivery: d, Answer: site.Outcome(d), Good: d.Taken}
		var pretty bytes.Buffer
		if json.Indent(&pretty, d.Body, "", "  ") == nil {
			one.Pretty = pretty.String()
		}
		body.Sent = append(body.Sent, one)
	}
	status := http.StatusOK
	if problem != "" {
		status = http.StatusBadRequest
	}
	p.Render(w, r, site.Page{Status: status, Title: "Adobe I/O Events", Section: "io", Template: "io.html", Error: problem, Body: body})
}

func (p pages) act(w http.ResponseWriter, r *http.Request) {
	var problem string
	switch r.PathValue("act") {
	case "save":
		problem = p.save(r)
	case "challenge":
		answered, err := p.s.SaveRegistration(r.Context(), r.PostFormValue("id"))
		switch {
		case err != nil:
			problem = "There is no webhook to ask."
		case !answered:
			problem = "The webhook did not answer the challenge. Adobe has asked it for an address to be opened instead."
		}
	case "confirm":
		if err := p.s.Confirm(r.PostFormValue("id")); err != nil {
			problem = err.Error() + "."
		}
	default:
		problem = "There is nothing of that kind to do."
	}
	if problem != "" {
		p.show(w, r, problem)
		return
	}
	p.Done(w, r, p.Prefix+"/io#sent")
}

func (p pages) save(r *http.Request) string {
	if err := r.ParseForm(); err != nil || len(r.PostForm["asset"]) == 0 {
		return "Choose an asset to save."
	}
	p.s.SetBatch(r.PostFormValue("how") == "batch")
	if _, err := p.s.SaveAs(p.Actor(r).ID, r.PostForm["asset"]...); err != nil {
		return "That asset cannot be saved: it was deleted."
	}
	return ""
}
