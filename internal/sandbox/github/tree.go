package github

import (
	"crypto/sha1" //nolint:gosec // as Git names blobs
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Files of a repository: one default branch, and one branch for each pull request.

const defaultBranch = "main"

// PushFilesAs writes files to the default branch, in one commit; an empty text takes a file away.
func (s *Server) PushFilesAs(who, full, message string, files map[string]string) (sha string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r := s.user(who), (*repo)(nil)
	if r, _ = s.repo(full); u == nil || r == nil {
		return "", ErrNothing
	}
	return s.push(r, u, message, files), nil
}

func (s *Server) push(r *repo, u *User, message string, files map[string]string) string {
	before := r.main
	r.main = s.newCommit(r, u, message)
	r.commits[r.main].files = changedBy(r.filesAt(before), files)
	if before == "" {
		before = strings.Repeat("0", 40)
	}
	head := object{"id": r.main, "message": message, "timestamp": stamp(s.opt.Now()), "author": object{"name": u.Name, "username": u.Login}, "added": []string{}, "removed": []string{}, "modified": slices.Sorted(maps.Keys(files))}
	s.announce(r, "push", "", u, object{
		"ref": "refs/heads/" + defaultBranch, "before": before, "after": r.main, "created": false, "deleted": false, "forced": false,
		"head_commit": head, "commits": []object{head}, "pusher": object{"name": u.Login},
	})
	return r.main
}

func (r *repo) filesAt(sha string) map[string]string {
	if c := r.commits[sha]; c != nil {
		return c.files
	}
	return nil
}

func changedBy(files, changes map[string]string) map[string]string {
	out := maps.Clone(files)
	if out == nil {
		out = map[string]string{}
	}
	for path, words := range changes {
		if words == "" {
			delete(out, path)
			continue
		}
		out[path] = words
	}
	return out
}

// ProposeFilesAs opens a pull request that changes files of the default branch.
func (s *Server) ProposeFilesAs(who, full, title string, files map[string]string) (Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r := s.user(who), (*repo)(nil)
	if r, _ = s.repo(full); u == nil || r == nil {
		return Issue{}, ErrNothing
	}
	i := s.newItem(r, u, title, "")
	i.pull, i.branch, i.head = true, fmt.Sprintf("work-%d", i.number), s.newCommit(r, u, title)
	r.commits[i.head].files = changedBy(r.filesAt(r.main), files)
	i.base = r.main
	s.announce(r, "pull_request", "opened", u, object{"number": i.number, "pull_request": s.pullBean(i)})
	return i.show(), nil
}

// ReviseFilesAs adds a commit with files to a pull request.
func (s *Server) ReviseFilesAs(who, place, message string, files map[string]string) (sha string, err error) {
	err = s.with(who, place, func(u *User, i *item) error {
		if !i.pull || i.state != "open" {
			return ErrNothing
		}
		before := i.head
		i.head = s.newCommit(i.repo, u, message)
		sha = i.head
		i.repo.commits[sha].files = changedBy(i.repo.filesAt(before), files)
		s.touch(i)
		s.announce(i.repo, "pull_request", "synchronize", u, object{"number": i.number, "pull_request": s.pullBean(i), "before": before, "after": i.head})
		return nil
	})
	return sha, err
}

// MergeAs merges a pull request that changes files into the default branch.
func (s *Server) MergeAs(who, place string) error {
	return s.with(who, place, func(u *User, i *item) error {
		if !i.pull || i.state != "open" {
			return errors.New("there is nothing to merge")
		}
		i.state, i.merged = "closed", true
		s.touch(i)
		s.announce(i.repo, "pull_request", "closed", u, object{"number": i.number, "pull_request": s.pullBean(i)})
		s.push(i.repo, u, fmt.Sprintf("Merge pull request #%d", i.number), i.changes())
		return nil
	})
}

// changes are the files in which a pull request differs from where it began; an empty text is a file that is gone.
func (i *item) changes() map[string]string {
	was, now := i.repo.filesAt(i.base), i.repo.filesAt(i.head)
	out := map[string]string{}
	for path, words := range now {
		if was[path] != words {
			out[path] = words
		}
	}
	for path := range was {
		if _, there := now[path]; !there {
			out[path] = ""
		}
	}
	return out
}

// Head is the commit at the head of the default branch.
func (s *Server) Head(full string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, _ := s.repo(full); r != nil {
		return r.main
	}
	return ""
}

func (s *Server) getBranch(c call) *reply {
	if c.PathValue("branch") != defaultBranch || c.repo.main == "" {
		return problem(http.StatusNotFound, "Branch not found")
	}
	return answer(http.StatusOK, object{"name": defaultBranch, "protected": false, "commit": s.commitBean(c.repo, c.repo.commits[c.repo.main])})
}

func blobName(words string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(words), words)) //nolint:gosec // as Git names blobs
	return hex.EncodeToString(sum[:])
}

func (s *Server) getTree(c call) *reply {
	found := c.repo.commits[c.PathValue("sha")]
	if found == nil {
		return notFound()
	}
	entries := []object{}
	for _, path := range slices.Sorted(maps.Keys(found.files)) {
		if strings.Contains(path, "/") && c.URL.Query().Get("recursive") == "" {
			continue // the folder is an entry of its own, which nobody here asks for
		}
		words := found.files[path]
		entries = append(entries, object{"path": path, "mode": "100644", "type": "blob", "sha": blobName(words), "size": len(words), "url": s.apiURL("/repos/%s/git/blobs/%s", c.repo.Name, blobName(words))})
	}
	return answer(http.StatusOK, object{"sha": found.sha, "url": s.apiURL("/repos/%s/git/trees/%s", c.repo.Name, found.sha), "tree": entries, "truncated": false})
}

func (s *Server) getBlob(c call) *reply {
	name := c.PathValue("sha")
	for _, one := range c.repo.commits {
		for _, words := range one.files {
			if blobName(words) == name {
				return answer(http.StatusOK, object{"sha": name, "node_id": "B_" + name[:8], "size": len(words), "encoding": "base64", "content": wrapped(words), "url": s.apiURL("/repos/%s/git/blobs/%s", c.repo.Name, name)})
			}
		}
	}
	return notFound()
}

// wrapped is base64 in lines of 60 characters, as GitHub writes it.
func wrapped(words string) string {
	all := base64.StdEncoding.EncodeToString([]byte(words))
	var b strings.Builder
	for len(all) > 60 {
		b.WriteString(all[:60] + "\n")
		all = all[60:]
	}
	b.WriteString(all + "\n")
	return b.String()
}

func (s *Server) listPulls(c call) *reply {
	state, base := c.URL.Query().Get("state"), c.URL.Query().Get("base")
	var all []any
	for _, i := range slices.Backward(c.repo.items) {
		wanted := state == "all" || i.state == state || state == "" && i.state == "open"
		if i.pull && wanted && (base == "" || base == defaultBranch) {
			all = append(all, s.pullBean(i))
		}
	}
	return s.page(c, all)
}

func (s *Server) listPullFiles(c call) *reply {
	var all []any
	was := c.repo.filesAt(c.item.base)
	changes := c.item.changes()
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		status := "modified"
		if _, there := was[path]; !there {
			status = "added"
		} else if changes[path] == "" {
			status = "removed"
		}
		all = append(all, object{"sha": blobName(changes[path]), "filename": path, "status": status, "additions": 1, "deletions": 0, "changes": 1})
	}
	return s.page(c, all)
}
