package slack

import (
	"context"
	"net/url"
	"strings"

	"signoff/internal/flow"
)

// attached is a file as events, messages and files.info give it.
type attached struct {
	ID        word  `json:"id"`
	Name      word  `json:"name"`
	Title     word  `json:"title"`
	Type      word  `json:"mimetype"`
	Size      whole `json:"size"`
	Mode      word  `json:"mode"`
	Access    word  `json:"file_access"`
	External  truth `json:"is_external"`
	Elsewhere word  `json:"external_url"`
	Private   word  `json:"url_private"`
	Download  word  `json:"url_private_download"`
	Page      word  `json:"permalink"`
	Alt       word  `json:"alt_txt"`
	Shares    loose `json:"shares"`
}

// filesMost is how many files of one message are looked at; Slack's own clients send at most ten.
const filesMost = 20

func attachedIn(l loose) []attached {
	var all []loose
	if !l.into(&all) {
		return nil
	}
	var files []attached
	for _, one := range all {
		var f attached
		if one.into(&f) && f.ID != "" && len(files) < filesMost {
			files = append(files, f)
		}
	}
	return files
}

// unknown reports whether Slack tells about the file only when asked (files of a shared channel).
func (f attached) unknown() bool { return f.Access == "check_file_info" || f.Mode == "file_access" }

// file is f in our words, as the bot of a workspace sees it.
func (c *Connector) file(team string, f attached) flow.File {
	out := flow.File{
		Name: firstOf(string(f.Name), string(f.Title), "file"), Type: string(f.Type), Size: max(int64(f.Size), 0), URL: webOnly(string(f.Page)),
	}
	switch {
	case f.Mode == "tombstone":
		out.Gone = "it was deleted in Slack"
	case f.Mode == "hidden_by_limit":
		out.Gone = "it is older than the Slack plan shows"
	case bool(f.External), f.Mode == "external":
		out.External = true
		out.URL = firstOf(webOnly(string(f.Elsewhere)), webOnly(string(f.Private)), out.URL)
	case f.unknown():
		out.Gone = "Slack does not show it to signoff"
	default:
		out.Ref = c.ref("file", team, string(f.ID))
	}
	return out
}

// webOnly is an address that a browser may open, else "".
func webOnly(address string) string {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return address
}

// files are those of a message; what Slack only tells when asked is in what was learned.
func (s source) files(team string, list []attached) []flow.File {
	var out []flow.File
	for _, f := range list {
		if known, ok := s.learned.Files[string(f.ID)]; ok {
			f = known
		}
		out = append(out, s.c.file(team, f))
	}
	return out
}

const opFile = "files.info"

// fileInfo asks what a file is.
func (c *Connector) fileInfo(ctx context.Context, team, id string) (attached, error) {
	var out struct {
		File attached `json:"file"`
	}
	_, err := c.read(ctx, team, opFile, url.Values{"file": {id}}, &out)
	return out.File, err
}

// sameFiles reports whether two messages carry the same files.
func sameFiles(a, b []attached) bool { return fileIDs(a) == fileIDs(b) }

func fileIDs(list []attached) string {
	var ids []string
	for _, f := range list {
		ids = append(ids, string(f.ID)+string(f.Mode))
	}
	return strings.Join(ids, " ")
}
