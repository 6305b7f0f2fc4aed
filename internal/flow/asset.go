package flow

import (
	"time"

	"signoff/internal/text"
)

// Asset is the work that is decided on, where it is kept, with the versions of it that are known. A vote holds for the
// versions that were newest when it was given.
type Asset struct {
	// Ref is what is followed: {figma, file, KEY}, {adobe, file, ACCOUNT/ID}, {github, pull, OWNER/REPO#7}, …; for a file
	// that was uploaded {signoff, upload, its name}, whose versions are the uploads of that name.
	Ref   Ref       `json:"ref"`
	Label string    `json:"label,omitempty"` // what people call it: the file's name
	URL   string    `json:"url,omitempty"`
	Nodes []string  `json:"nodes,omitempty"` // the parts of it that the request is about; empty: all of it
	By    Actor     `json:"by,omitzero"`     // who brought it
	At    time.Time `json:"at,omitzero"`
	// Versions are in the order of the source, the newest last. Empty: not read yet.
	Versions []Version `json:"versions,omitempty"`
	Gone     string    `json:"gone,omitempty"` // why it cannot be read any more: "deleted", "hidden"
}

// Version is one exact state of an asset.
type Version struct {
	ID    string    `json:"id"`             // the source's own, of exactly this state, never used again; sha256:… for an upload
	Name  string    `json:"name,omitempty"` // what people call it: "v3 - legal copy"
	Note  string    `json:"note,omitempty"` // what its maker wrote beside it
	By    Actor     `json:"by,omitzero"`
	At    time.Time `json:"at,omitzero"`    // saved, by the source's clock
	URL   string    `json:"url,omitempty"`  // where a browser shows exactly this state
	Thumb File      `json:"thumb,omitzero"` // a small picture of it; no Ref: none
	Seq   string    `json:"seq,omitempty"`  // the source's order
}

// Current returns the newest version that is known; the zero Version before it was read.
func (a Asset) Current() Version {
	if n := len(a.Versions); n > 0 {
		return a.Versions[n-1]
	}
	return Version{}
}

// Brief is a page that says what is wanted.
type Brief struct {
	Ref   Ref       `json:"ref"`
	Title string    `json:"title"`
	Owner Actor     `json:"owner,omitzero"`
	URL   string    `json:"url,omitempty"`
	Seq   string    `json:"seq,omitempty"` // the page's own version
	At    time.Time `json:"at,omitzero"`
	Words text.Doc  `json:"words,omitempty"`
}

// Picture is shown in a view: a file that a connector of ours opens, and its words for those who do not see it.
type Picture struct {
	Ref Ref    `json:"ref"`
	Alt string `json:"alt"`
}

// TakesPart reports whether somebody asked for the request, made its work, was asked about it, or has said something in it.
func TakesPart(r Request, who Actor) bool {
	if who.ID() == "" {
		return false
	}
	parties := append([]Actor{r.Requester, r.Assignee, r.Editor}, r.Makers...)
	for _, run := range r.Stages {
		parties = append(parties, run.Asked...)
	}
	for _, c := range r.Comments {
		parties = append(parties, c.By)
	}
	return holds(parties, who)
}
