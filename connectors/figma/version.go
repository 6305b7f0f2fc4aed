package figma

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/internal/flow"
)

// version is a state of a file that Figma keeps: named by somebody, or saved by itself.
type version struct {
	ID          loose  `json:"id"`
	Created     string `json:"created_at"`
	Label       string `json:"label"`
	Description string `json:"description"`
	By          user   `json:"user"`
	Thumb       string `json:"thumbnail_url"`
}

func (v version) named() bool { return strings.TrimSpace(v.Label) != "" }

// meta is what Figma says of a file.
type meta struct {
	Name    string `json:"name"`
	Touched string `json:"last_touched_at"`
	By      user   `json:"last_touched_by"`
	Creator user   `json:"creator"`
	Thumb   string `json:"thumbnail_url"`
	URL     string `json:"url"`
	Version loose  `json:"version"`
}

// savedForm is what the id of a version may look like. It is a number as a rule; nothing depends on that.
var savedForm = pattern.New(`^[0-9A-Za-z][0-9A-Za-z:_.-]{0,63}$`)

const (
	pageSize  = 30
	mostPages = 3 // of versions: further back nobody waits for a decision
	mostNew   = 20
)

// metaOf reads what a file is called and when it was last touched.
func (c *Connector) metaOf(ctx context.Context, key string) (meta, error) {
	if m, ok := c.recent.meta(key, c.deps.Now()); ok {
		return m, nil
	}
	var answer struct {
		File meta `json:"file"`
	}
	if err := c.do(ctx, get("read the file", tier3, key, "/meta", "file_metadata:read"), &answer); err != nil {
		return meta{}, err
	}
	c.recent.putMeta(key, answer.File, c.deps.Now())
	return answer.File, nil
}

// newer reads the versions that count and are newer than the known one, oldest first. Where there is none, it is the newest
// that counts; without any version at all, the file as it was last touched.
func (c *Connector) newer(ctx context.Context, key, known string) ([]version, error) {
	list, err := c.history(ctx, key, known)
	if err != nil {
		return nil, err
	}
	out := c.counting(list, known)
	if len(out) > 0 {
		return out, nil
	}
	m, err := c.metaOf(ctx, key)
	if err != nil || m.Version == "" {
		return nil, err
	}
	by := m.By
	if by.ID == "" {
		by = m.Creator
	}
	return []version{{ID: m.Version, Created: m.Touched, By: by, Thumb: m.Thumb}}, nil
}

// history reads versions, the newest first, until the known one, or the first named one where none is known.
func (c *Connector) history(ctx context.Context, key, known string) ([]version, error) {
	var all []version
	before := ""
	for range mostPages {
		page, next, err := c.versionPage(ctx, key, before)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" || next == before || slices.ContainsFunc(all, func(v version) bool {
			return known != "" && string(v.ID) == known || known == "" && (v.named() || c.set.Versions != named)
		}) {
			break
		}
		before = next
	}
	return all, nil
}

// versionPage reads one page of the history. Of the address of the next one only the version is taken, never the host.
func (c *Connector) versionPage(ctx context.Context, key, before string) (list []version, next string, err error) {
	r := get("read versions", tier2, key, "/versions", "file_versions:read")
	r.query = url.Values{"page_size": {fmt.Sprint(pageSize)}}
	if before != "" {
		r.query.Set("before", before)
	}
	var answer struct {
		Versions   []version `json:"versions"`
		Pagination struct {
			Next string `json:"next_page"`
		} `json:"pagination"`
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return nil, "", err
	}
	if u, err := url.Parse(answer.Pagination.Next); err == nil {
		if next = u.Query().Get("before"); !savedForm.MatchString(next) {
			next = ""
		}
	}
	valid := slices.DeleteFunc(answer.Versions, func(v version) bool { return !savedForm.MatchString(string(v.ID)) })
	return valid, next, nil
}

// counting picks of a history what is decided on: named versions, or with "all" each one; where nothing is named, the newest
// autosave. The known version is picked only where nothing newer counts.
func (c *Connector) counting(list []version, known string) []version {
	slices.SortStableFunc(list, func(a, b version) int { return strings.Compare(b.seq(), a.seq()) })
	var out []version
	for i, v := range list {
		counts := v.named() || c.set.Versions != named
		if string(v.ID) == known {
			if len(out) == 0 && (counts || slices.ContainsFunc(list, version.named)) {
				out = list[i : i+1 : i+1]
			}
			break
		}
		if !counts {
			continue
		}
		if out = append(out, v); known == "" || len(out) == mostNew {
			break
		}
	}
	if len(out) == 0 && len(list) > 0 {
		out = list[:1:1]
	}
	out = slices.Clone(out)
	slices.Reverse(out)
	return out
}

// seq is the order of versions: by when they were saved.
func (v version) seq() string {
	return fmt.Sprintf("%s/%025s", instant(v.Created).Format("20060102150405.000000000"), string(v.ID))
}

// shown is a version in our words, with a picture of the node that the request is about.
func (c *Connector) shown(key, title, node string, v version) flow.Version {
	at := instant(v.Created)
	out := flow.Version{
		ID: string(v.ID), Name: oneLine(v.Label, longestName), Note: oneLine(v.Description, 500), By: c.actor(v.By), At: at,
		URL: c.site.address(place{key: key, node: node, version: string(v.ID)}), Seq: v.seq(),
		Thumb: flow.File{Ref: c.ref("thumb", key+"/"+string(v.ID)+"/"+node), Name: firstOf(title, key) + ".png", Type: "image/png"},
	}
	if out.Name == "" && !at.IsZero() {
		out.Name = "autosaved " + at.Format("2 Jan 2006, 15:04") + " UTC"
	}
	return out
}

// changed says which versions of a file are new.
func (c *Connector) changed(key, title, node string, list []version) flow.Event {
	newest := list[len(list)-1]
	ev := flow.Event{
		Kind: flow.AssetChanged, Subject: c.file(key), Actor: c.actor(newest.By), Sent: instant(newest.Created), Seq: newest.seq(),
		Assets: []flow.Asset{{Ref: c.file(key), Label: title, URL: c.site.address(place{key: key, node: node}), Nodes: nodes(node)}},
	}
	for _, v := range list {
		ev.Versions = append(ev.Versions, c.shown(key, title, node, v))
	}
	return ev
}

func nodes(node string) []string {
	if node == "" {
		return nil
	}
	return []string{node}
}

// recently is how long what Figma said of a file is not asked again.
const (
	metaLife     = 5 * time.Minute
	commentsLife = time.Minute
)
