package frameio

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// Service is the name of Frame.io in the ledger and for faults.
const Service = "frameio"

// The ids that are there from the start.
const (
	AccountID   = "6f70f1bd-7e89-4a7e-b4d3-7e576585a181"
	WorkspaceID = "378fcbf7-6f88-4224-8139-6a743ed940b2"
	ProjectID   = "7e46e495-4444-4555-8649-bee4d391a997"
	TeaserStack = "51ac5547-4e64-45f0-ad12-d075660eddd2"
	TeaserFile  = "d3075547-4e64-45f0-ad12-d075660eddd2"
	VisualFile  = "a1075547-4e64-45f0-ad12-d075660eddd2"
	StatusField = "57a75547-4e64-45f0-ad12-d075660eddd2"
	rootFolder  = "f01d5547-4e64-45f0-ad12-d075660eddd2"
	notesField  = "07e55547-4e64-45f0-ad12-d075660eddd2"
	sizeField   = "51e55547-4e64-45f0-ad12-d075660eddd2"
)

// Options are what is Frame.io's alone.
type Options struct {
	Actions []Action        // custom actions of the workspace
	Retry   []time.Duration // waits between the tries of a delivery; nil = 15 s, 30 s, 1 min, 2 min
	PerPage int             // most entries of a page; 0 = 100
}

// Action is a custom action: a button on every file.
type Action struct {
	ID                string // "" = one of its own
	Name, Description string
	Event             string // what its calls name as their type; "" = "signoff.request"
	URL               string
	Secret            string // signs its calls
}

// Site is one account of Frame.io. It is safe for concurrent use.
type Site struct {
	*site.Site
	opt  Options
	seal string // signs the addresses of pictures

	account   string
	workspace *workspace
	projects  []*project
	fields    []*definition
	presses   []*press
}

// New returns an account with the workspace "Lumen" and the project "Spring launch" in it.
func New(common *site.Site, opt Options) *Site {
	opt.PerPage = cmp.Or(opt.PerPage, 100)
	if opt.Retry == nil {
		opt.Retry = []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute}
	}
	s := &Site{Site: common, opt: opt, account: AccountID, seal: site.Secret(16)}
	s.workspace = &workspace{id: WorkspaceID, name: "Lumen", created: common.Now()}
	for _, a := range opt.Actions {
		a.ID, a.Event = cmp.Or(a.ID, site.UUID()), cmp.Or(a.Event, "signoff.request")
		s.Hide(a.Secret)
		s.workspace.actions = append(s.workspace.actions, a)
	}
	s.seed()
	return s
}

// seed is what lies there on the first day.
func (s *Site) seed() {
	s.fields = []*definition{
		{id: StatusField, name: "Status", kind: "select", mutable: true, options: options("Needs Review", "In Progress", "Approved", "Declined")},
		{id: notesField, name: "Notes", kind: "text", mutable: true},
		{id: sizeField, name: "File Size", kind: "number"},
	}
	lin, now := &s.People[0], s.Now()
	p := &project{id: ProjectID, name: "Spring launch", created: now, owner: lin, space: s.workspace}
	p.root = &asset{id: rootFolder, kind: aFolder, name: p.name, project: p, creator: lin, created: now, updated: now}
	s.projects = append(s.projects, p)
	stack := &asset{id: TeaserStack, kind: aStack, name: "Spring teaser", project: p, creator: lin, created: now, updated: now}
	p.root.add(stack)
	teaser := s.newFile(p, lin, "Spring teaser.mp4")
	teaser.id = TeaserFile
	stack.add(teaser)
	visual := s.newFile(p, lin, "Nova key visual.png")
	visual.id = VisualFile
	p.root.add(visual)
	for _, f := range []*asset{teaser, visual} {
		f.status = transcoded
		s.set(f, s.fields[0], s.fields[0].options[0].ID)
	}
}

func options(names ...string) []option {
	var out []option
	for i, name := range names {
		out = append(out, option{ID: fmt.Sprintf("0%d0a5547-4e64-45f0-ad12-d075660eddd2", i+1), Name: name})
	}
	return out
}

// newFile is a file that is being uploaded. The caller holds the lock, and puts it somewhere.
func (s *Site) newFile(p *project, by *site.Person, name string) *asset {
	now := s.Now()
	f := &asset{id: site.UUID(), kind: aFile, name: name, project: p, creator: by, created: now, updated: now, status: created, values: map[string]any{}}
	f.media = mediaOf(name)
	f.size = 1_800_000 + int64(hue(name))*4096
	if f.video() {
		f.length = 30 * time.Second
		f.size *= 12
	}
	return f
}

// asset finds a file, folder or version stack. The caller holds the lock.
func (s *Site) asset(id string) *asset {
	for _, p := range s.projects {
		if a := p.root.find(func(a *asset) bool { return a.id == strings.ToLower(id) }); a != nil {
			return a
		}
	}
	return nil
}

// file finds a file by its id or name; for a stack, the version on top.
func (s *Site) file(idOrName string) *asset {
	a := s.asset(idOrName)
	for i := 0; a == nil && i < len(s.projects); i++ {
		a = s.projects[i].root.find(func(a *asset) bool { return a.kind != aFolder && a.name == idOrName })
	}
	if a != nil && a.kind == aStack {
		return a.head()
	}
	if a == nil || a.kind != aFile {
		return nil
	}
	return a
}

func (s *Site) project(id string) *project {
	i := slices.IndexFunc(s.projects, func(p *project) bool { return p.id == strings.ToLower(id) || p.name == id })
	if i < 0 {
		return nil
	}
	return s.projects[i]
}

// comment finds a comment or reply.
func (s *Site) comment(id string) *comment {
	var found *comment
	for _, p := range s.projects {
		p.root.find(func(a *asset) bool {
			for _, c := range a.comments {
				for _, one := range append([]*comment{c}, c.replies...) {
					if one.id == id {
						found = one
					}
				}
			}
			return found != nil
		})
	}
	return found
}

// API serves /v4/… and /media/…, below the site's prefix.
func (s *Site) API() http.Handler {
	api, media := s.Serve(s.api()), s.media()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, s.Prefix+"/media/") {
			media.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// Operations names every operation, for those who arm faults.
func (s *Site) Operations() []string {
	var all []string
	for _, r := range s.api().Routes {
		all = append(all, r.Op)
	}
	return all
}
