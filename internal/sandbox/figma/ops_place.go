package figma

import "net/http"

// inTeam lists the projects of a team, or refuses.
func (s *Server) inTeam(c call) (Team, []object, *reply) {
	t, ok := s.team(c.PathValue("team_id"))
	if !ok {
		return t, nil, forbidden()
	}
	all := []object{}
	for _, p := range s.opt.Projects {
		if p.Team == t.ID {
			all = append(all, object{"id": p.ID, "name": p.Name})
		}
	}
	return t, all, nil
}

func (s *Server) getTeamProjects(c call) *reply {
	t, all, bad := s.inTeam(c)
	if bad != nil {
		return bad
	}
	return answer(object{"name": t.Name, "projects": all})
}

func (s *Server) getTeamFolders(c call) *reply {
	t, all, bad := s.inTeam(c)
	if bad != nil {
		return bad
	}
	for _, one := range all {
		one["parent_folder_id"] = nil
	}
	return answer(object{"name": t.Name, "folders": all})
}

// getFolderFolders lists nothing: the folders of the sandbox are not nested.
func (s *Server) getFolderFolders(c call) *reply {
	p, ok := s.project(c.PathValue("project_id"))
	if !ok {
		return notFound()
	}
	return answer(object{"name": p.Name, "folders": []any{}})
}

func (s *Server) inProject(id string) []*design {
	var all []*design
	for _, f := range s.files {
		if f.project == id && !f.deleted && !f.locked {
			all = append(all, f)
		}
	}
	return all
}

func (s *Server) getProjectFiles(c call) *reply {
	if _, bad := c.flag("branch_data"); bad != nil {
		return bad
	}
	p, ok := s.project(c.PathValue("project_id"))
	if !ok {
		if c.op == "getFolderFiles" {
			return notFound()
		}
		return forbidden()
	}
	all := []object{}
	for _, f := range s.inProject(p.ID) {
		v := f.current()
		all = append(all, object{"key": f.key, "name": f.name, "thumbnail_url": s.thumbnail(f, v), "last_modified": stamp(v.at)})
	}
	return answer(object{"name": p.Name, "files": all})
}

func (s *Server) getProjectMeta(c call) *reply {
	p, ok := s.project(c.PathValue("project_id"))
	if !ok {
		return problem(http.StatusNotFound, "Not found")
	}
	files := s.inProject(p.ID)
	created, updated := s.opt.Now(), s.opt.Now()
	var thumb any
	if len(files) > 0 {
		created, updated, thumb = files[0].created, files[0].current().at, s.thumbnail(files[0], files[0].current())
	}
	for _, f := range files {
		if f.created.Before(created) {
			created = f.created
		}
		if f.current().at.After(updated) {
			updated = f.current().at
		}
	}
	return answer(object{"id": p.ID, "name": p.Name, "thumbnail_url": thumb, "file_count": len(files), "updated_at": stamp(updated), "created_at": stamp(created)})
}
