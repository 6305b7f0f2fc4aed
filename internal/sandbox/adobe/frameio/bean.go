package frameio

import (
	"fmt"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

func userBean(p *site.Person) object {
	return object{"id": p.ID, "name": p.Name, "email": p.Email, "active": true, "avatar_url": nil, "adobe_user_id": p.AdobeID}
}

func (s *Site) viewURL(a *asset) string {
	return s.BaseURL + "/project/" + a.project.id + "/view/" + a.id
}

func (s *Site) workspaceBean(w *workspace) object {
	return object{"id": w.id, "name": w.name, "account_id": s.account, "created_at": stamp(w.created), "updated_at": stamp(w.created)}
}

func (s *Site) projectBean(p *project, owner bool) object {
	o := object{
		"id": p.id, "name": p.name, "root_folder_id": p.root.id, "status": "active", "storage": p.storage(), "created_at": stamp(p.created), "updated_at": stamp(p.created),
		"view_url": s.BaseURL + "/project/" + p.id, "workspace_id": p.space.id, "description": nil, "restricted": false,
	}
	if owner {
		o["owner"] = userBean(p.owner)
	}
	return o
}

func (p *project) storage() (sum int64) {
	p.root.find(func(a *asset) bool { sum += a.size; return false })
	return sum
}

// assetIncludes are what files, folders and stacks can be shown with.
func assetIncludes() []string {
	return append([]string{"media_links", "creator", "project", "project.owner", "metadata"}, mediaIncludes()...)
}

func mediaIncludes() []string {
	return []string{
		"media_links.original", "media_links.thumbnail", "media_links.thumbnail_high_quality", "media_links.video_h264_180", "media_links.high_quality", "media_links.efficient",
		"media_links.scrub_sheet",
	}
}

// bean is a file, folder or stack with what is wanted besides.
func (s *Site) bean(a *asset, want map[string]bool) object {
	o := object{
		"id": a.id, "type": a.kind, "name": a.name, "parent_id": nil, "project_id": a.project.id, "created_at": stamp(a.created), "updated_at": stamp(a.updated), "view_url": s.viewURL(a),
	}
	if a.parent != nil {
		o["parent_id"] = a.parent.id
	}
	if want["creator"] {
		o["creator"] = userBean(a.creator)
	}
	if want["project"] || want["project.owner"] {
		o["project"] = s.projectBean(a.project, want["project.owner"])
	}
	switch a.kind {
	case aFolder:
		o["cover_file_id"] = nil
	case aStack:
		o["head_version"] = s.bean(a.head(), want)
	case aFile:
		s.fileMembers(o, a, want)
	}
	return o
}

func (s *Site) fileMembers(o object, f *asset, want map[string]bool) {
	o["file_size"], o["media_type"], o["status"] = f.size, f.media, f.status
	if want["metadata"] {
		o["metadata"] = s.metadataBean(f, true)
	}
	links := object{}
	for _, name := range mediaIncludes() {
		if want["media_links"] || want[name] {
			links[name[len("media_links."):]] = s.mediaLink(f, name[len("media_links."):])
		}
	}
	if len(links) > 0 {
		o["media_links"] = links
	}
}

// mediaLink is where one rendering of a file lies; null until it was made, and for those that its kind does not have.
func (s *Site) mediaLink(f *asset, name string) any {
	switch name {
	case "original":
		if f.status == created {
			return nil
		}
		return object{"download_url": s.pictureURL(f, "original"), "inline_url": s.pictureURL(f, "original")}
	case "thumbnail", "thumbnail_high_quality":
		if f.status != transcoded {
			return nil
		}
		return object{"url": s.pictureURL(f, name), "download_url": s.pictureURL(f, name)}
	}
	return nil
}

// metadataBean are the fields of a file; show also those without a value.
func (s *Site) metadataBean(f *asset, null bool) []object {
	out := []object{}
	for _, d := range s.fields {
		value := f.values[d.id]
		if d.id == sizeField {
			value = f.size
		}
		if value == nil && !null {
			continue
		}
		o := object{"field_type": d.kind, "field_definition_id": d.id, "field_definition_name": d.name, "mutable": d.mutable, "value": value}
		if d.kind == "select" {
			o["field_options"], o["value"] = d.options, []option{}
			if chosen := d.option(fmt.Sprint(value)); chosen != nil {
				o["value"] = []option{*chosen}
			}
		}
		out = append(out, o)
	}
	return out
}

func (s *Site) commentBean(c *comment, want map[string]bool, timecode bool) object {
	o := object{
		"id": c.id, "file_id": c.file.id, "text": c.text, "annotation": nil, "page": nil, "timestamp": nil, "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"text_edited_at": maybe(c.edited), "completed_at": maybe(c.completed), "completer_id": nil,
	}
	if c.annotation != "" {
		o["annotation"] = c.annotation
	}
	if c.page > 0 {
		o["page"] = c.page
	}
	if c.frame > 0 {
		o["timestamp"] = c.frame
		if timecode {
			o["timestamp"] = timecodeOf(c.frame)
		}
	}
	if c.completer != nil {
		o["completer_id"] = c.completer.ID
	}
	if want["owner"] {
		o["owner"] = userBean(c.by)
	}
	if want["replies"] {
		below := []object{}
		for _, r := range c.replies {
			below = append(below, s.commentBean(r, map[string]bool{"owner": want["owner"]}, timecode))
		}
		o["replies"] = below
	}
	return o
}

// timecodeOf writes a frame as HH:MM:SS:FF.
func timecodeOf(frame int) string {
	at := frame - 1
	seconds := at / framesPerSecond
	return fmt.Sprintf("%02d:%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60, at%framesPerSecond)
}

// frameAt is the frame that is shown at a moment of a film.
func frameAt(at time.Duration) int { return int(at*framesPerSecond/time.Second) + 1 }

func (s *Site) hookBean(h *hook, want map[string]bool) object {
	o := object{
		"id": h.id, "name": h.name, "url": h.url, "events": h.events, "active": h.active, "workspace_id": s.workspace.id, "created_at": stamp(h.created), "updated_at": stamp(h.updated),
	}
	if want["creator"] {
		o["creator"] = userBean(&s.Bot)
	}
	return o
}
