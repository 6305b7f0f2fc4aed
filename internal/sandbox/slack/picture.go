package slack

import (
	"fmt"
	"slices"
	"strings"
)

// Pictures in blocks: files that Slack keeps, named by their id or their address. A file that was just sent is looked
// through first; until then nothing is said of what it is, and no block may name it.

// slackFile is how a block names a file.
func slackFile() check {
	return both(
		shape{"id": may(pattern(`F[A-Z0-9]{8,}`, "input must match regex pattern: ^[F][A-Z0-9]{8,}$")), "url": may(link(maxURL))}.check,
		exactlyOne("id", "url"),
	)
}

// isPicture reports whether blocks show files of this kind.
func isPicture(mimetype string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, mimetype)
}

// lintPictures checks that the files which blocks show are pictures that the app may show now. The caller holds mu.
func (s *Server) lintPictures(l *lint, at string, v any) {
	switch v := v.(type) {
	case []any:
		for i, one := range v {
			s.lintPictures(l, fmt.Sprintf("%s/%d", at, i), one)
		}
	case object:
		if named := obj(v["slack_file"]); named != nil {
			if f := s.fileNamed(named); f == nil || !s.appSees(f) || f.gone() || f.looking || !isPicture(f.mimetype) {
				l.add(at+"/slack_file", "invalid slack file")
			}
		}
		for _, key := range []string{"elements", "accessory"} {
			s.lintPictures(l, at+"/"+key, v[key])
		}
	}
}

// fileNamed finds the file that a block shows.
func (s *Server) fileNamed(by object) *file {
	if id := str(by, "id"); id != "" {
		return s.files[id]
	}
	for _, f := range s.files {
		if address := str(by, "url"); address == s.filePermalink(f) || address == s.fileURL(f, "") {
			return f
		}
	}
	return nil
}

// shows reports whether blocks show a file.
func (s *Server) shows(v any, f *file) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return s.shows(one, f) })
	case object:
		named := obj(v["slack_file"])
		return named != nil && s.fileNamed(named) == f || s.shows(v["elements"], f) || s.shows(v["accessory"], f)
	}
	return false
}

// showed reports whether a message shows a file, or did: a window that is open may still load it.
func (s *Server) showed(m *message, f *file) bool {
	return s.shows(m.blocks, f) || slices.ContainsFunc(m.earlier, func(blocks []any) bool { return s.shows(blocks, f) })
}

// lookThrough ends the time in which nothing is said of files that were just sent.
func (s *Server) lookThrough(files []*file) {
	if !s.sleep(s.opt.LookAfter) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		f.looking = false
	}
	s.touch()
}

// picture prepares a picture for the templates: a file of the workspace, or words in the place of one from elsewhere, which the
// pages load nothing from.
func (r reader) picture(o object, out *shownElement) {
	out.Text = str(o, "alt_text")
	named := obj(o["slack_file"])
	if named == nil {
		return
	}
	switch f := r.s.fileNamed(named); {
	case f == nil || f.gone():
		out.Text = strings.TrimSpace("This picture was deleted. " + out.Text)
	default:
		out.URL = r.s.userPath(r.user) + "/file/" + f.id
	}
}
