package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Pictures are served by us and never linked to: their addresses at the source end, or open the file to whoever has them.

// assetData is the work that is decided on, as the pages show it.
type assetData struct {
	Label, URL string
	Gone       string
	Picture    string // the path of a picture of the newest version
	Alt        string
	Versions   []versionData // newest first
}

type versionData struct {
	Name, By, Note, URL string
	At                  *moment
	Current             bool
}

// assets are the files of a request; under is the path their pictures stand under.
func (it items) assets(r flow.Request, under string, clock clock) []assetData {
	var out []assetData
	for i, a := range r.Assets {
		one := assetData{Label: a.Label, URL: webOnly(a.URL), Gone: a.Gone}
		if one.Label == "" {
			one.Label = capital(a.Ref.System) + " file"
		}
		if thumb := a.Current().Thumb; !thumb.Ref.Zero() {
			one.Picture, one.Alt = under+"/pictures/"+strconv.Itoa(i+1), "Picture of "+one.Label+" "+a.Current().Name
		}
		for n := len(a.Versions) - 1; n >= 0; n-- {
			one.Versions = append(one.Versions, it.version(a.Versions[n], n == len(a.Versions)-1, clock))
		}
		out = append(out, one)
	}
	return out
}

func (it items) version(v flow.Version, current bool, clock clock) versionData {
	out := versionData{Name: v.Name, Note: v.Note, URL: webOnly(v.URL), At: clock.at(v.At), Current: current}
	if out.Name == "" {
		out.Name = "unnamed version"
	}
	if v.By.ID() != "" || v.By.Shown != "" {
		out.By = it.called(v.By)
	}
	return out
}

// picture serves the picture of an asset's newest version.
func (s *Server) picture(w http.ResponseWriter, r *http.Request, c caller) {
	d, err := s.o.Hub.Request(r.Context(), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	s.servePicture(w, r, d.Request)
}

// passPicture serves the same to whoever holds a decision link.
func (s *Server) passPicture(w http.ResponseWriter, r *http.Request, _ caller) {
	if o, ok := s.openPass(w, r); ok {
		s.servePicture(w, r, o.detail.Request)
	}
}

// pictureWait is how long a page waits for a picture that is still being fetched; its words stand in its place meanwhile.
const pictureWait = 2 * time.Second

func (s *Server) servePicture(w http.ResponseWriter, r *http.Request, of flow.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(of.Assets) || of.Assets[n-1].Current().Thumb.Ref.Zero() {
		s.notFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pictureWait)
	defer cancel()
	body, kind, err := s.o.Hub.Picture(ctx, of.Assets[n-1].Current().Thumb.Ref)
	switch {
	case connectors.ClassOf(err) == connectors.Transient:
		s.refuse(w, r, caller{}, refusal{http.StatusServiceUnavailable, "unavailable", "The picture is not here yet. Please try again in a moment."})
		return
	case err != nil:
		s.o.Log.Info("a picture cannot be shown", "request", of.ID, "error", err)
		s.notFound(w, r)
		return
	case kind != "image/png" && kind != "image/jpeg" && kind != "image/gif" && kind != "image/webp":
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Disposition", "inline")
	w.Header().Set("Cache-Control", "private, max-age=60")
	_, _ = w.Write(body) // the browser may be gone
}
