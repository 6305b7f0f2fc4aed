package github_test

import (
	"slices"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
)

const (
	studioRules   = "lumen/studio-rules"
	shelfSettings = `api_url: %s/api/v3
token: github_pat_canary-token
webhook_secret: signoff-github-webhook-secret
rules: {repository: lumen/studio-rules, folder: rules}
`
)

// shelved is a connector that only keeps rules, and a repository with some.
func shelved(t *testing.T) *rig {
	t.Helper()
	r := rigged(t, false, shelfSettings, site.Options{Repositories: []site.Repository{{ID: 503, Name: studioRules}}})
	_, err := r.site.PushFilesAs("dana-lumen", studioRules, "Rules", map[string]string{
		"rules/studio.yaml": "version: 1\n", "rules/studio_test.yaml": "rules: [studio.yaml]\n", "rules/.hidden.yaml": "x", "README.md": "Our rules", "other/notes.yaml": "a: 1\n",
	})
	must(t, err)
	return r
}

func TestShelf_ReadsTheFilesOfACommit(t *testing.T) {
	t.Parallel()
	r := shelved(t)
	if got := r.c.Shelved(); got != (connectors.Shelved{Repository: studioRules, Branch: "main", Folder: "rules"}) {
		t.Errorf("shelved %+v", got)
	}
	commit, open, err := r.c.Head(t.Context())
	must(t, err)
	if commit != r.site.Head(studioRules) || len(open) != 0 {
		t.Errorf("head %s with %v, want %s and nothing proposed", commit, open, r.site.Head(studioRules))
	}
	files, err := r.c.RuleFiles(t.Context(), commit)
	must(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name+"="+string(f.Data))
	}
	if want := []string{"rules/studio.yaml=version: 1\n", "rules/studio_test.yaml=rules: [studio.yaml]\n"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
}

func TestShelf_ToldOfWhatIsPushedAndProposed(t *testing.T) {
	t.Parallel()
	r := shelved(t)
	if got := kinds(r.events(r.hooks()...)); !slices.Equal(got, []flow.Kind{flow.RulesPushed}) {
		t.Errorf("a push becomes %v", got)
	}
	_, err := r.site.ProposeFilesAs("ana-lumen", studioRules, "Two reviewers", map[string]string{"rules/studio.yaml": "version: 1 # two\n"})
	must(t, err)
	_, err = r.site.ReviseFilesAs("ana-lumen", studioRules+"#1", "Three", map[string]string{"rules/studio.yaml": "version: 1 # three\n"})
	must(t, err)
	if got := kinds(r.events(r.hooks()...)); !slices.Equal(got, []flow.Kind{flow.RulesPushed, flow.RulesPushed}) {
		t.Errorf("a proposal and its revision become %v", got)
	}
	must(t, r.site.LabelAs("ana-lumen", studioRules+"#1", "signoff", true))
	if got := r.events(r.hooks()...); len(got) != 0 {
		t.Errorf("a label on a proposal becomes %v, want nothing", briefs(got))
	}
}

func kinds(list []flow.Event) (out []flow.Kind) {
	for _, ev := range list {
		out = append(out, ev.Kind)
	}
	return out
}

func TestShelf_ProposalsThatChangeRules(t *testing.T) {
	t.Parallel()
	r := shelved(t)
	for title, files := range map[string]map[string]string{"Words": {"README.md": "The rules"}} {
		_, err := r.site.ProposeFilesAs("ana-lumen", studioRules, title, files)
		must(t, err)
	}
	second, err := r.site.ProposeFilesAs("ana-lumen", studioRules, "Two reviewers", map[string]string{"rules/studio.yaml": "version: 1 # two\n"})
	must(t, err)
	_, open, err := r.c.Head(t.Context())
	must(t, err)
	if len(open) != 1 || open[0].Number != 2 || open[0].Commit != second.Head || open[0].Title != "Two reviewers" {
		t.Errorf("proposals %+v, want the second alone", open)
	}
	must(t, r.site.MergeAs("dana-lumen", studioRules+"#2"))
	if _, open, err = r.c.Head(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("after the merge: %+v, %v; want none", open, err)
	}
}

func TestShelf_OneCommentChangedInPlace(t *testing.T) {
	t.Parallel()
	r := shelved(t)
	pull, err := r.site.ProposeFilesAs("ana-lumen", studioRules, "Two reviewers", map[string]string{"rules/studio.yaml": "version: 1 # two\n"})
	must(t, err)
	p := connectors.Proposal{Number: pull.Number, Commit: pull.Head}
	must(t, r.c.Review(t.Context(), p, connectors.Review{State: "pending", Summary: "signoff looks at it"}))
	must(t, r.c.Review(t.Context(), p, connectors.Review{State: "failure", Summary: "1 error", Body: "**1 error** in rules/studio.yaml"}))
	if err := r.c.Review(t.Context(), p, connectors.Review{State: "success", Summary: "in order", Body: "In order."}); err != nil {
		t.Fatal(err)
	}
	issues := r.site.Issues(studioRules)
	if c := issues[0].Comments; len(c) != 1 || !strings.HasPrefix(c[0].Body, "In order.") || strings.Contains(c[0].Body, "1 error") {
		t.Errorf("comments %+v, want one that says how it is now", c)
	}
	var states []string
	for _, st := range r.site.Statuses(studioRules, pull.Head) {
		states = append(states, st.Context+" "+st.State)
	}
	if want := []string{"signoff/rules pending", "signoff/rules failure", "signoff/rules success"}; !slices.Equal(states, want) {
		t.Errorf("statuses %v, want %v", states, want)
	}
}

// A comment whose answer was lost is found again by its mark, not made twice.
func TestShelf_LostAnswerMakesNoSecondComment(t *testing.T) {
	t.Parallel()
	r := shelved(t)
	pull, err := r.site.ProposeFilesAs("ana-lumen", studioRules, "Two reviewers", map[string]string{"rules/studio.yaml": "version: 1 # two\n"})
	must(t, err)
	p := connectors.Proposal{Number: pull.Number, Commit: pull.Head}
	must(t, r.c.Review(t.Context(), p, connectors.Review{State: "success", Summary: "in order", Body: "In order."}))
	r.keep.Note("rules/comment/1", nil) // as if the process had ended before it was kept
	must(t, r.c.Review(t.Context(), p, connectors.Review{State: "success", Summary: "in order", Body: "In order, twice."}))
	if c := r.site.Issues(studioRules)[0].Comments; len(c) != 1 || !strings.HasPrefix(c[0].Body, "In order, twice.") {
		t.Errorf("comments %+v, want one", c)
	}
}

func TestShelf_LooksAfterItsWebhook(t *testing.T) {
	t.Parallel()
	r := shelved(t)
	for range 2 {
		found, err := r.c.Register(t.Context())
		must(t, err)
		if len(found) != 1 || found[0].Level != "ok" || !strings.Contains(found[0].What, studioRules) {
			t.Errorf("findings %+v", found)
		}
	}
}
