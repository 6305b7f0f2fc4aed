package frameio

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
)

const (
	mostFiles   = 100 // of one project, each time
	mostFolders = 30
	overlap     = 5 * time.Minute
)

func polledKey(project string) string { return "frameio/polled/" + project }

// Due reports whether projects are to be read again: the journal of another part is read more often.
func (p *Part) Due() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.deps.Now().Before(p.due)
}

const pollEvery = 14 * time.Minute // a little less than the usual distance

// Poll reads the newest comments in the projects of the settings, for those that ask for sign-off and of which no webhook told.
// What is said about files of open requests comes by Look.
func (p *Part) Poll(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) error {
	if p.set.Mode == legacy {
		return nil
	}
	for _, project := range p.set.Projects {
		if err := p.pollProject(ctx, project, deliver); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due = p.deps.Now().Add(pollEvery)
	return nil
}

func (p *Part) pollProject(ctx context.Context, project string, deliver func(context.Context, connectors.Inbound) connectors.Reply) error {
	began := p.deps.Now().UTC()
	var since time.Time
	had, err := p.Load(ctx, polledKey(project), &since)
	if err != nil {
		return err
	}
	if !had {
		p.Note(polledKey(project), began) // from now on; what is older was not said to signoff
		return nil
	}
	own, err := p.account(ctx)
	if err != nil {
		return err
	}
	files, err := p.filesIn(ctx, project)
	if err != nil {
		return err
	}
	for _, f := range files {
		all, err := p.comments(ctx, f.ID)
		if api.Gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		for _, m := range all {
			_, asks := api.Mentions(p.set.Mention, m.Text)
			if !asks || m.at().Before(since.Add(-overlap)) || p.wrote(m, own) {
				continue
			}
			if !p.tell(ctx, project, m, deliver) {
				return nil // not stored: from the same instant again
			}
		}
	}
	p.Note(polledKey(project), began)
	return nil
}

// tell delivers a comment as a webhook would have; false where it was not stored.
func (p *Part) tell(ctx context.Context, project string, m comment, deliver func(context.Context, connectors.Inbound) connectors.Reply) bool {
	body, err := json.Marshal(map[string]any{
		"account": map[string]string{"id": p.set.Account}, "project": map[string]string{"id": project}, "type": "comment.created",
		"resource": map[string]string{"id": m.ID, "type": "comment"}, "user": map[string]string{"id": m.by().ID},
	})
	if err != nil {
		return true
	}
	r := deliver(ctx, connectors.Inbound{
		Method: http.MethodPost, Rest: Door + "/read", Header: http.Header{"Content-Type": {"application/json"}}, Body: body, At: p.deps.Now().UTC(), Trusted: true,
	})
	return r.Status < http.StatusInternalServerError
}

// filesIn lists the files of a project that were touched last, folder by folder.
func (p *Part) filesIn(ctx context.Context, project string) ([]asset, error) {
	root, err := read[struct {
		Root string `json:"root_folder_id"`
	}](ctx, p, get("read the project", p.path("projects", project), "the project"))
	if err != nil {
		return nil, err
	}
	var files []asset
	folders := []string{root.Root}
	for i := 0; i < len(folders) && i < mostFolders; i++ {
		if folders[i] == "" {
			continue
		}
		all, err := list[asset](ctx, p, get("read a folder", p.path("folders", folders[i], "children"), "the folder"))
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			switch {
			case !idForm.MatchString(a.ID):
			case a.folder():
				folders = append(folders, a.ID)
			case a.stack():
				kids, err := p.children(ctx, a.ID)
				if err != nil {
					return nil, err
				}
				files = append(files, kids...)
			default:
				files = append(files, a)
			}
		}
	}
	slices.SortStableFunc(files, func(a, b asset) int { return instant(b.Updated).Compare(instant(a.Updated)) })
	return files[:min(len(files), mostFiles)], nil
}
