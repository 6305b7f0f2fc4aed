package slack

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Upload is a file that a person attaches, or a file kept elsewhere that they link.
type Upload struct {
	Name     string
	Title    string // Name when empty
	Mimetype string // by name and content when empty
	Data     []byte
	Size     int64  // what Slack says the size is; len(Data) when zero
	URL      string // of a file kept elsewhere (Drive, Figma): Slack has no bytes of it
	Kind     string // with URL: "gdrive", "figma"; by the address when empty
	Mode     string // "snippet", or what is shown in place of a file: "tombstone", "hidden_by_limit", "file_access"
}

// Modes of files.
const (
	modeHosted    = "hosted"
	modeSnippet   = "snippet"
	modeExternal  = "external"
	modeTombstone = "tombstone"
	modeHidden    = "hidden_by_limit"
	modeAccess    = "file_access" // files.info says more
)

// file is one file of the workspace.
type file struct {
	id, name, title, user string
	mimetype, filetype    string
	mode, external, kind  string
	size                  int64
	data                  []byte
	created               int64
	looking               bool // Slack does not know yet what it is
}

// File is a copy of one file, for tests and pages.
type File struct {
	ID, Name, Title, User    string
	Mimetype, Filetype, Mode string
	Size                     int64
	Data                     []byte
	External                 string // address of a file kept elsewhere
	URL                      string // url_private_download
	Permalink                string
}

// newFile keeps an upload. The caller holds mu.
func (s *Server) newFile(user string, u Upload) (*file, error) {
	f := &file{
		id: s.newID("F0", 9), name: path.Base(strings.ReplaceAll(u.Name, "\\", "/")), title: firstOf(u.Title, u.Name), user: user,
		size: cmp.Or(u.Size, int64(len(u.Data))), data: u.Data, created: s.opt.Now().Unix(),
		mode: firstOf(u.Mode, modeHosted), external: u.URL, kind: u.Kind,
	}
	if strings.TrimSpace(u.Name) == "" {
		return nil, fmt.Errorf("a file needs a name")
	}
	if !slices.Contains([]string{modeHosted, modeSnippet, modeTombstone, modeHidden, modeAccess}, f.mode) {
		return nil, fmt.Errorf("a file cannot be %q", f.mode)
	}
	f.mimetype, f.filetype = fileType(u)
	if u.URL != "" {
		where, err := url.Parse(u.URL)
		if err != nil || where.Host == "" {
			return nil, fmt.Errorf("%q is no address of a file", u.URL)
		}
		f.mode, f.size, f.data = modeExternal, 0, nil
		f.kind = firstOf(u.Kind, externalKind(where.Host))
	}
	s.files[f.id] = f
	return f, nil
}

func externalKind(host string) string {
	for _, k := range [][2]string{{"google.com", "gdrive"}, {"figma.com", "figma"}, {"dropbox.com", "dropbox"}, {"box.com", "box"}} {
		if within, _ := strings.CutSuffix(host, k[0]); within != host && (within == "" || strings.HasSuffix(within, ".")) {
			return k[1]
		}
	}
	return "app"
}

// fileTypes are the types people attach, by extension: Slack's word and the MIME type.
func fileTypes() map[string][2]string {
	return map[string][2]string{
		"pdf": {"pdf", "application/pdf"}, "png": {"png", "image/png"}, "jpg": {"jpg", "image/jpeg"}, "jpeg": {"jpg", "image/jpeg"},
		"gif": {"gif", "image/gif"}, "webp": {"webp", "image/webp"}, "svg": {"svg", "image/svg+xml"}, "txt": {"text", "text/plain"},
		"md": {"markdown", "text/markdown"}, "csv": {"csv", "text/csv"}, "html": {"html", "text/html"}, "zip": {"zip", "application/zip"},
		"mp4": {"mp4", "video/mp4"}, "mov": {"mov", "video/quicktime"}, "psd": {"psd", "image/vnd.adobe.photoshop"},
		"ai": {"ai", "application/postscript"}, "json": {"json", "application/json"},
		"docx": {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"xlsx": {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		"pptx": {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	}
}

func fileType(u Upload) (mimetype, filetype string) {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(u.Name), "."))
	known := fileTypes()[ext]
	sniffed, _, _ := strings.Cut(http.DetectContentType(u.Data), ";")
	return firstOf(u.Mimetype, known[1], sniffed), firstOf(known[0], "binary")
}

// gone reports that nobody gets the bytes any more.
func (f *file) gone() bool { return f.mode == modeTombstone || f.mode == modeHidden }

// wireFile returns a file as events and the Web API show it. A file of another workspace, and one that is gone, comes as little more
// than its id.
func (s *Server) wireFile(f *file) object {
	switch f.mode {
	case modeTombstone, modeHidden:
		return object{"id": f.id, "mode": f.mode}
	case modeAccess:
		return object{"id": f.id, "mode": modeAccess, "file_access": "check_file_info"}
	}
	return s.wireWholeFile(f)
}

func (s *Server) wireWholeFile(f *file) object {
	mode, mimetype, filetype := f.mode, f.mimetype, f.filetype
	if f.looking {
		mimetype, filetype = "", ""
	}
	if mode == modeAccess {
		mode = modeHosted
	}
	o := object{
		"id": f.id, "created": f.created, "timestamp": f.created, "name": f.name, "title": f.title,
		"mimetype": mimetype, "filetype": filetype, "pretty_type": strings.ToUpper(filetype), "user": f.user,
		"user_team": s.teamOf(f.user), "editable": mode == modeSnippet, "size": f.size, "mode": mode,
		"is_external": mode == modeExternal, "external_type": f.kind, "is_public": true, "public_url_shared": false,
		"display_as_bot": false, "username": "", "permalink": s.filePermalink(f), "has_rich_preview": false,
		"file_access": "visible", "media_display_type": "unknown",
	}
	if mode == modeExternal {
		o["url_private"], o["external_url"] = f.external, f.external
		return o
	}
	o["url_private"], o["url_private_download"] = s.fileURL(f, ""), s.fileURL(f, "download/")
	o["permalink_public"] = s.opt.origin("https://slack-files.com") + "/" + s.opt.Team.ID + "-" + f.id + "-" + strings.ToLower(f.id[2:])
	return o
}

// origin is the address of the stand-in, or real's where it has none.
func (o Options) origin(real string) string { return firstOf(o.Origin, real) }

func (s *Server) fileURL(f *file, download string) string {
	return s.opt.origin("https://files.slack.com") + "/files-pri/" + s.opt.Team.ID + "-" + f.id + "/" + download + url.PathEscape(f.name)
}

func (s *Server) filePermalink(f *file) string {
	return s.teamURL() + "files/" + f.user + "/" + f.id + "/" + url.PathEscape(f.name)
}

func (s *Server) copyFile(f *file) File {
	out := File{
		ID: f.id, Name: f.name, Title: f.title, User: f.user, Mimetype: f.mimetype, Filetype: f.filetype, Mode: f.mode,
		Size: f.size, Data: f.data, External: f.external, Permalink: s.filePermalink(f),
	}
	if f.external == "" {
		out.URL = s.fileURL(f, "download/")
	}
	return out
}

// File returns a file by its id.
func (s *Server) File(id string) (File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		return File{}, false
	}
	return s.copyFile(f), true
}

// sharesOf lists the messages that carry a file.
func (s *Server) sharesOf(f *file) []*message {
	var out []*message
	for _, c := range s.channels {
		for _, m := range c.messages {
			if slices.Contains(m.files, f) {
				out = append(out, m)
			}
		}
	}
	return out
}

// appSees reports whether the app may look at a file: its own, and those in conversations it is in.
func (s *Server) appSees(f *file) bool {
	return f.user == s.opt.Bot.UserID || slices.ContainsFunc(s.sharesOf(f), func(m *message) bool { return m.channel.has(s.opt.Bot.UserID) })
}

func (s *Server) fileInfo(a args) (object, *failure) {
	f := s.files[a.str("file")]
	switch {
	case f == nil || !s.appSees(f):
		return nil, fail("file_not_found")
	case f.mode == modeTombstone:
		return nil, fail("file_deleted")
	case f.mode == modeHidden:
		return object{"file": s.wireFile(f), "comments": []any{}, "response_metadata": object{"next_cursor": ""}}, nil
	}
	o := s.wireWholeFile(f)
	s.wireShares(f, o)
	return object{"file": o, "comments": []any{}, "response_metadata": object{"next_cursor": ""}}, nil
}

// wireShares adds where the app sees a file.
func (s *Server) wireShares(f *file, o object) {
	places := map[string][]string{"channels": {}, "groups": {}, "ims": {}}
	shares := map[string]object{}
	for _, m := range s.sharesOf(f) {
		c := m.channel
		if !c.has(s.opt.Bot.UserID) {
			continue
		}
		list, group := "groups", "private"
		switch {
		case c.im:
			list = "ims"
		case !c.private && !c.mpim:
			list, group = "channels", "public"
		}
		places[list] = append(places[list], c.id)
		share := object{"ts": m.ts, "channel_name": c.name, "team_id": s.opt.Team.ID, "share_user_id": m.user, "reply_count": len(c.replies(m.ts))}
		if m.threadTS != "" {
			share["thread_ts"] = m.threadTS
		}
		if shares[group] == nil {
			shares[group] = object{}
		}
		before, _ := shares[group][c.id].([]any)
		shares[group][c.id] = append(before, share)
	}
	for key, ids := range places {
		o[key] = ids
	}
	o["shares"] = shares
}

// DeleteFileAs deletes a user's file. The messages keep a tombstone in its place.
func (s *Server) DeleteFileAs(user, fileID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[fileID]
	if f == nil || f.user != user || f.mode == modeTombstone {
		return fmt.Errorf("no file %s of %s", fileID, user)
	}
	s.turn(f, modeTombstone)
	s.sendEvent(object{"type": "file_deleted", "file_id": f.id, "event_ts": s.newTS()})
	return nil
}

// HideFile puts a file behind the limit of the free plan.
func (s *Server) HideFile(fileID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[fileID]
	if f == nil {
		return fmt.Errorf("no file %s", fileID)
	}
	s.turn(f, modeHidden)
	return nil
}

// turn changes the mode of a file and tells the app that the messages with it read differently. The caller holds mu.
func (s *Server) turn(f *file, mode string) {
	var before []object
	shares := s.sharesOf(f)
	for _, m := range shares {
		before = append(before, clone(s.wire(m, false)))
	}
	f.mode, f.data = mode, nil
	for i, m := range shares {
		s.sendChanged(m, before[i])
	}
	s.touch()
}
