package slack

import "strconv"

// shownFile is a file below a message.
type shownFile struct {
	ID, Name, Size, Path string
	Note                 string // what stands in place of a file that cannot be had
	Image, Away, Own     bool
}

// showAttached prepares the files of a message and what the app shows below its links.
func (s *Server) showAttached(r reader, l look, m *message, out *shown) {
	for _, f := range m.files {
		one := shownFile{ID: f.id, Name: f.title, Size: bytesOf(f.size), Path: s.userPath(l.user) + "/file/" + f.id, Own: f.user == l.user && !f.gone()}
		switch f.mode {
		case modeTombstone:
			one.Note = "This file was deleted."
		case modeHidden:
			one.Note = "This file is hidden by the limit of the plan."
		case modeExternal:
			one.Path, one.Size, one.Away = f.external, domainOf(f.external), true
		}
		switch f.mimetype {
		case "image/png", "image/jpeg", "image/gif", "image/webp":
			one.Image = len(f.data) > 0
		}
		out.Attached = append(out.Attached, one)
	}
	for i, u := range m.unfurls {
		in := placeIn{dom: dom(out.ID, "u", strconv.Itoa(i)), act: s.userPath(l.user), channel: m.channel.id, ts: m.ts, back: out.Here}
		out.Below = append(out.Below, r.blocks(list(obj(u)["blocks"]), in))
	}
}

// fromWhere says what sets somebody apart from the members: a guest, or somebody of another workspace.
func (s *Server) fromWhere(u *User) string {
	switch {
	case u.Team != "":
		if of := s.app.team(u.Team); of != nil {
			return of.opt.Team.Name
		}
		return "another workspace"
	case u.Stranger:
		return "another workspace"
	case u.Guest:
		return "guest"
	}
	return ""
}
