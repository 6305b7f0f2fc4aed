package connectors

import "context"

// Shelf keeps rule files in a repository, where changes are proposed and looked at before they count. Errors are *Error.
type Shelf interface {
	// Shelved names the repository, the branch whose files count and the folder; the zero value where the instance keeps
	// no rules.
	Shelved() Shelved
	// Head returns the commit at the head of the branch and what is proposed to it: the open proposals that change rule
	// files, made by people who may write to the repository, oldest first.
	Head(ctx context.Context) (commit string, open []Proposal, err error)
	// RuleFiles reads the rule files and their tests as of a commit, in the order of their names.
	RuleFiles(ctx context.Context, commit string) ([]RuleFile, error)
	// Review shows what comes of a proposal: one comment, made once and changed from then on, and a status at its commit.
	// Doing it twice is harmless.
	Review(ctx context.Context, p Proposal, r Review) error
}

// Shelved is where rule files are kept.
type Shelved struct {
	Repository string // lumen/studio-rules
	Branch     string
	Folder     string // below which the files lie; empty: everywhere
}

// Proposal is a change of rule files that does not count yet.
type Proposal struct {
	Number int    `json:"number"`
	Commit string `json:"commit"`
	Title  string `json:"title"`
	URL    string `json:"url"`
}

// RuleFile is one file by its path in the repository.
type RuleFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Review is what comes of a proposal.
type Review struct {
	State   string // pending, success, failure, error (it could not be looked at)
	Summary string // one line: "3 errors", "37 of 611 requests routed differently"
	Body    string // Markdown
}
