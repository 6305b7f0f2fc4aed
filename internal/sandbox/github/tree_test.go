package github

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A change of files is proposed, looked at, revised and merged, and each step is told.
func TestTree_ProposedRevisedMerged(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	first, err := d.s.PushFilesAs("dana-lumen", "lumen/site", "Rules", map[string]string{"rules/studio.yaml": "version: 1\n", "README.md": "Rules"})
	if err != nil {
		t.Fatal(err)
	}
	pull, err := d.s.ProposeFilesAs("ana-lumen", "lumen/site", "Two reviewers", map[string]string{"rules/studio.yaml": "version: 1 # two\n", "rules/new.yaml": "rules: []\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.paths(t, "/repos/lumen/site/git/trees/"+pull.Head+"?recursive=1"); !slices.Equal(got, []string{"README.md", "rules/new.yaml", "rules/studio.yaml"}) {
		t.Errorf("tree of the proposal: %v", got)
	}
	_, _, files := d.ask(http.MethodGet, "/repos/lumen/site/pulls/1/files", "")
	for _, want := range []string{`"filename":"rules/new.yaml"`, `"status":"added"`, `"status":"modified"`} {
		if !strings.Contains(files, want) {
			t.Errorf("files of the pull request %s, want %s", files, want)
		}
	}
	if status, _, list := d.ask(http.MethodGet, "/repos/lumen/site/pulls?state=open&base=main", ""); status != http.StatusOK || !strings.Contains(list, pull.Head) {
		t.Errorf("open pull requests: %d %s", status, list)
	}
	if _, err := d.s.ReviseFilesAs("ana-lumen", "lumen/site#1", "Smaller", map[string]string{"rules/new.yaml": ""}); err != nil {
		t.Fatal(err)
	}
	if err := d.s.MergeAs("dana-lumen", "lumen/site#1"); err != nil {
		t.Fatal(err)
	}
	head := d.s.Head("lumen/site")
	if _, _, branch := d.ask(http.MethodGet, "/repos/lumen/site/branches/main", ""); head == first || !strings.Contains(branch, head) {
		t.Errorf("branch %s, want the merge %s", branch, head)
	}
	if got := d.file(t, head, "rules/studio.yaml"); got != "version: 1 # two\n" {
		t.Errorf("after the merge the file holds %q", got)
	}
	var told []string
	for range 5 {
		r := <-d.got
		<-d.bodies
		told = append(told, r.Header.Get("X-GitHub-Event"))
	}
	if !slices.Equal(told, []string{"push", "pull_request", "pull_request", "pull_request", "push"}) {
		t.Errorf("told %v", told)
	}
}

func (d *desk) entries(t *testing.T, path string) (list []struct{ Path, SHA string }) {
	t.Helper()
	status, _, body := d.ask(http.MethodGet, path, "")
	var tree struct{ Tree []struct{ Path, SHA string } }
	if err := json.Unmarshal([]byte(body), &tree); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, body)
	}
	return tree.Tree
}

func (d *desk) paths(t *testing.T, path string) (list []string) {
	t.Helper()
	for _, e := range d.entries(t, path) {
		list = append(list, e.Path)
	}
	return list
}

func (d *desk) file(t *testing.T, commit, path string) string {
	t.Helper()
	for _, e := range d.entries(t, "/repos/lumen/site/git/trees/"+commit+"?recursive=1") {
		if e.Path != path {
			continue
		}
		_, _, body := d.ask(http.MethodGet, "/repos/lumen/site/git/blobs/"+e.SHA, "")
		var blob struct{ Content, Encoding string }
		if err := json.Unmarshal([]byte(body), &blob); err != nil || blob.Encoding != "base64" {
			t.Fatalf("blob %s", body)
		}
		words, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(blob.Content, "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		return string(words)
	}
	t.Fatalf("%s has no %s", commit, path)
	return ""
}
