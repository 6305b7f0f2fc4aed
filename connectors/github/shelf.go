package github

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Shelf is the repository that keeps the rule files.
type Shelf struct {
	Repository string `yaml:"repository" doc:"The repository that keeps the rule files."`
	Branch     string `yaml:"branch" doc:"The branch whose rules are loaded. Default: main."`
	Folder     string `yaml:"folder" doc:"Where the rule files lie in it. Default: the whole repository."`
	Status     string `yaml:"status" doc:"The name of the commit status. Default: signoff/rules."`
}

const (
	shelfBranch = "main"
	shelfStatus = "signoff/rules"

	mostRuleFiles   = 200
	longestRuleFile = 1 << 20
	longestRules    = 8 << 20
	mostProposals   = 50
)

func (s *Shelf) complete(tracker bool) error {
	switch {
	case tracker:
		return problem("rules", "a tracker keeps no rules; write it under connectors.github")
	case s.Repository == "":
		return problem("rules.repository", "name the repository that keeps the rule files, for example lumen/studio-rules")
	case !repositoryName.MatchString(s.Repository):
		return problem("rules.repository", "%q is not the name of a repository; they are written like lumen/studio-rules", s.Repository)
	case strings.ContainsAny(s.Branch, " ~^:?*[\\") || strings.Contains(s.Branch, ".."):
		return problem("rules.branch", "%q cannot be the name of a branch", s.Branch)
	}
	if s.Branch == "" {
		s.Branch = shelfBranch
	}
	if s.Status == "" {
		s.Status = shelfStatus
	}
	s.Folder = strings.Trim(path.Clean("/"+s.Folder), "/")
	return nil
}

// Shelved implements connectors.Shelf.
func (c *Connector) Shelved() connectors.Shelved {
	if c.set.Rules == nil {
		return connectors.Shelved{}
	}
	return connectors.Shelved{Repository: c.set.Rules.Repository, Branch: c.set.Rules.Branch, Folder: c.set.Rules.Folder}
}

// shelf makes a call about the repository of the rules.
func (c *Connector) shelf(op, method, rest string) call {
	full := c.set.Rules.Repository
	return call{op: op, method: method, path: repoPath(full, rest), repo: full, scope: "the rules in " + full}
}

// onShelf reports whether a webhook tells of the repository of the rules: something was pushed to its branch, or a pull
// request against it was opened, changed or closed.
func (c *Connector) onShelf(p *payload) bool {
	if c.set.Rules == nil || !strings.EqualFold(p.Repository.GetFullName(), c.set.Rules.Repository) {
		return false
	}
	switch p.event {
	case "push":
		return p.Ref == "refs/heads/"+c.set.Rules.Branch
	case "pull_request":
		return slices.Contains([]string{"opened", "reopened", "synchronize", "edited", "ready_for_review"}, p.Action) && p.Pull.GetBase().GetRef() == c.set.Rules.Branch
	}
	return false
}

// pushed tells that somebody changed rule files, or proposed to. What exactly is read from the repository.
func (r *reading) pushed() {
	r.add(flow.RulesPushed, func(ev *flow.Event) {
		ev.Subject, ev.Echo = flow.Ref{}, false
		ev.Fields["repository"] = []string{r.c.set.Rules.Repository}
	})
}

// Head implements connectors.Shelf. Pull requests from other copies of the repository are left out: anybody can make
// those, and what is said on one would tell of the studio's requests.
func (c *Connector) Head(ctx context.Context) (string, []connectors.Proposal, error) {
	var branch gogithub.Branch
	if err := c.do(ctx, c.shelf("read branch", http.MethodGet, "/branches/"+url.PathEscape(c.set.Rules.Branch)), &branch); err != nil {
		return "", nil, err
	}
	r := c.shelf("list pull requests", http.MethodGet, "/pulls")
	r.query = url.Values{"state": {open}, "base": {c.set.Rules.Branch}}
	var pulls []*gogithub.PullRequest
	if _, err := pages(ctx, c, r, mostPages, func(list []*gogithub.PullRequest) bool {
		pulls = append(pulls, list...)
		return len(pulls) < mostProposals
	}); err != nil {
		return "", nil, err
	}
	var out []connectors.Proposal
	for _, p := range slices.Backward(pulls[:min(len(pulls), mostProposals)]) { // the newest come first
		if p.GetHead().GetRepo().GetID() != p.GetBase().GetRepo().GetID() || p.GetHead().GetSHA() == "" {
			continue
		}
		touches, err := c.touchesRules(ctx, p.GetNumber())
		if err != nil {
			return "", nil, err
		}
		if touches {
			out = append(out, connectors.Proposal{Number: p.GetNumber(), Commit: p.GetHead().GetSHA(), Title: phrase(p.GetTitle()), URL: p.GetHTMLURL()})
		}
	}
	return branch.GetCommit().GetSHA(), out, nil
}

// touchesRules reports whether a pull request changes a file that may be a rule file.
func (c *Connector) touchesRules(ctx context.Context, number int) (touches bool, err error) {
	r := c.shelf("list files", http.MethodGet, "/pulls/"+strconv.Itoa(number)+"/files")
	_, err = pages(ctx, c, r, mostPages, func(list []*gogithub.CommitFile) bool {
		touches = touches || slices.ContainsFunc(list, func(f *gogithub.CommitFile) bool {
			return c.ruleFile(f.GetFilename()) || c.ruleFile(f.GetPreviousFilename())
		})
		return !touches
	})
	return touches, err
}

// ruleFile reports whether a path is one of a rule file or of its tests.
func (c *Connector) ruleFile(name string) bool {
	if folder := c.set.Rules.Folder; folder != "" && !strings.HasPrefix(name, folder+"/") {
		return false
	}
	return strings.HasSuffix(name, ".yaml") && !strings.HasPrefix(path.Base(name), ".")
}

// RuleFiles implements connectors.Shelf.
func (c *Connector) RuleFiles(ctx context.Context, commit string) ([]connectors.RuleFile, error) {
	r := c.shelf("read files", http.MethodGet, "/git/trees/"+url.PathEscape(commit))
	r.query = url.Values{"recursive": {"1"}}
	var tree gogithub.Tree
	if err := c.do(ctx, r, &tree); err != nil {
		return nil, err
	}
	if tree.GetTruncated() {
		return nil, cannot(r.op, fmt.Sprintf("The repository %s is too large to be read as rules. Set rules.folder, or keep the rules in a repository of their own.", c.set.Rules.Repository))
	}
	var out []connectors.RuleFile
	total := 0
	for _, e := range tree.Entries {
		if e.GetType() != "blob" || e.GetMode() == "120000" || !c.ruleFile(e.GetPath()) {
			continue
		}
		total += e.GetSize()
		if len(out) == mostRuleFiles || e.GetSize() > longestRuleFile || total > longestRules {
			return nil, cannot(r.op, fmt.Sprintf("%s is more than signoff reads as rules: at most %d files of 1 MB, 8 MB in all. Set rules.folder to where the rules lie.", e.GetPath(), mostRuleFiles))
		}
		data, err := c.blob(ctx, e.GetSHA())
		if err != nil {
			return nil, err
		}
		out = append(out, connectors.RuleFile{Name: e.GetPath(), Data: data})
	}
	slices.SortFunc(out, func(a, b connectors.RuleFile) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (c *Connector) blob(ctx context.Context, sha string) ([]byte, error) {
	r := c.shelf("read file", http.MethodGet, "/git/blobs/"+url.PathEscape(sha))
	var b gogithub.Blob
	if err := c.do(ctx, r, &b); err != nil {
		return nil, err
	}
	if b.GetEncoding() != "base64" {
		return []byte(b.GetContent()), nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\n", "", "\r", "").Replace(b.GetContent()))
	if err != nil {
		return nil, failure(r, fmt.Errorf("the file cannot be read: %w", err))
	}
	return data, nil
}

// reviewed is what is remembered of the comment on a proposal.
type reviewed struct {
	ID     int64  `json:"id"`
	Digest string `json:"digest"` // of its words as they were last written
}

func reviewedKey(number int) string { return "rules/comment/" + strconv.Itoa(number) }

// Review implements connectors.Shelf.
func (c *Connector) Review(ctx context.Context, p connectors.Proposal, r connectors.Review) error {
	if _, err := c.account(ctx); err != nil { // whose comments are ours
		return err
	}
	st := c.shelf("set commit status", http.MethodPost, "/statuses/"+url.PathEscape(p.Commit))
	body := map[string]string{"state": r.State, "context": c.set.Rules.Status, "description": fitting(oneLine(r.Summary), longestStatus, "…")}
	if c.deps.PublicURL != "" {
		body["target_url"] = c.deps.PublicURL + "/rules"
	}
	st.body = body
	if err := c.do(ctx, st, nil); err != nil {
		return err
	}
	if r.Body == "" {
		return nil
	}
	return c.reviewComment(ctx, p, r)
}

func (c *Connector) reviewComment(ctx context.Context, p connectors.Proposal, r connectors.Review) error {
	mark := c.wordsMark("rules/" + strconv.Itoa(p.Number))
	words := fitting(r.Body, room, "\n\n…") + "\n\n" + mark
	var was reviewed
	if _, err := c.memory.Load(ctx, reviewedKey(p.Number), &was); err != nil {
		return err
	}
	if was.ID == 0 {
		var err error
		if was.ID, err = c.commentMarked(ctx, p.Number, mark); err != nil {
			return err
		}
	}
	if was.ID != 0 && was.Digest == hash(words) {
		return nil
	}
	if was.ID != 0 {
		edit := c.shelf("edit comment", http.MethodPatch, "/issues/comments/"+strconv.FormatInt(was.ID, 10))
		edit.body = map[string]string{"body": words}
		err := c.do(ctx, edit, nil)
		if s := refusalOf(err); s == nil || s.status != http.StatusNotFound {
			if err != nil {
				return err
			}
			return c.memory.Save(ctx, reviewedKey(p.Number), reviewed{was.ID, hash(words)})
		}
	}
	post := c.shelf("comment", http.MethodPost, "/issues/"+strconv.Itoa(p.Number)+"/comments")
	post.body, post.once = map[string]string{"body": words}, true
	var made gogithub.IssueComment
	if err := c.do(ctx, post, &made); err != nil {
		return err
	}
	return c.memory.Save(ctx, reviewedKey(p.Number), reviewed{made.GetID(), hash(words)})
}

// commentMarked finds the comment that an earlier try left behind, 0 without one.
func (c *Connector) commentMarked(ctx context.Context, number int, mark string) (id int64, err error) {
	r := c.shelf("read comments", http.MethodGet, "/issues/"+strconv.Itoa(number)+"/comments")
	_, err = pages(ctx, c, r, mostPages, func(list []*gogithub.IssueComment) bool {
		for _, one := range list {
			if c.isSelf(one.GetUser()) && strings.HasSuffix(strings.TrimSpace(one.GetBody()), mark) {
				id = one.GetID()
				return false
			}
		}
		return true
	})
	return id, err
}
