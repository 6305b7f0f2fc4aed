package slack

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"signoff/internal/sandbox"
)

// loginPage is what Slack serves, with status 200, to whoever may not have a file.
const loginPage = `<!DOCTYPE html><html lang="en-US"><head><meta charset="utf-8"><title>Sign in | Slack</title></head>` +
	`<body><h1>Sign in to your workspace</h1><form action="/signin" method="post"><input type="email" name="email"></form></body></html>`

// serveFile is url_private and url_private_download: the bytes for a bot token with files:read, a sign-in page for
// everybody else.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	f, why := s.fileFor(r)
	entry := sandbox.Entry{
		Service: service, Direction: sandbox.In, Method: r.Method, Path: methodName(r), Status: http.StatusOK, Body: r.URL.Path,
		Note: "ok", Failed: why != "" || r.Header.Get(sandbox.FaultHeader) != "",
	}
	if why != "" {
		entry.Note = "sign-in page: " + why
	}
	if fault := r.Header.Get(sandbox.FaultHeader); fault != "" {
		entry.Note += ", then fault " + fault
	}
	s.opt.Ledger.Add(entry)
	if why != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, loginPage) // the caller may be gone; the ledger has the entry
		return
	}
	writeFile(w, f)
}

// writeFile sends the bytes as a download: nothing a person uploaded is shown in the pages' own origin.
func writeFile(w http.ResponseWriter, f File) {
	h := w.Header()
	h.Set("Content-Type", f.Mimetype)
	h.Set("Content-Length", strconv.Itoa(len(f.Data)))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.Data) // the caller may be gone; the ledger has the entry
}

// fileFor finds the file of a download; why says what stands against it.
func (s *Server) fileFor(r *http.Request) (f File, why string) {
	team, id, _ := strings.Cut(r.PathValue("file"), "-")
	if of := s.app.team(team); of != nil {
		s = of
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.files[id]
	switch failed := s.allow(bearer(r), "files:read"); {
	case r.Header.Get("Authorization") == "":
		return f, "no token"
	case failed != nil:
		return f, failed.code
	case team != s.opt.Team.ID || found == nil || !s.appSees(found):
		return f, "file_not_found"
	case found.gone() || found.mode == modeExternal:
		return f, "no bytes"
	}
	return s.copyFile(found), ""
}

// allow checks a bot token and one scope. The caller holds mu.
func (s *Server) allow(token, scope string) *failure {
	of, failed := s.app.holder(token, s.opt.Now())
	switch {
	case failed != nil:
		return failed
	case of != s:
		return fail("invalid_auth") // a token of another workspace
	}
	return s.wantScope(scope)
}

// bytesOf says in words how large something is.
func bytesOf(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
