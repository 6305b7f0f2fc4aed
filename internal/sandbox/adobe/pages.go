package adobe

import (
	"net/http"
	"strings"

	"signoff/internal/sandbox/adobe/frameio"
	"signoff/internal/sandbox/adobe/site"
)

// tile is one way to go from the first page.
type tile struct{ Name, URL, Text string }

// Pages serves the pages of all services, below Options.Prefix.
func (s *Server) Pages() http.Handler {
	frame := s.NewPages()
	tiles := []tile{
		{"Frame.io", s.Prefix + "/project/" + frameio.ProjectID, "Upload versions, comment at a moment of the film, set the status, press the button that asks for sign-off."},
		{"Adobe I/O Events", s.Prefix + "/io", "Save an asset in Experience Manager or Creative Cloud and see the signed event that tells of it."},
		{"Workfront", s.Prefix + "/workfront", "Save a version of a document, write an update, approve a proof."},
	}
	frame.Handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		frame.Render(w, r, site.Page{Title: "Overview", Template: "home.html", Body: tiles})
	})
	s.Frameio.Pages(frame)
	s.Events.Pages(frame)
	s.Workfront.Pages(frame)
	return frame
}

// Handler serves the interfaces and the pages together.
func (s *Server) Handler() http.Handler {
	api, pages, paths := s.API(), s.Pages(), s.APIPaths()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range paths {
			if strings.HasPrefix(r.URL.Path, s.Prefix+path) {
				api.ServeHTTP(w, r)
				return
			}
		}
		pages.ServeHTTP(w, r)
	})
}
