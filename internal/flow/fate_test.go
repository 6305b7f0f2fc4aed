package flow

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What became of a file is said in words; only its name leads to it.
func TestFileFacts_OnlyTheNameIsALink(t *testing.T) {
	t.Parallel()
	r := Request{ID: "CR-142", Places: Places{Chat: "slack", Tracker: "jira"}, Files: []FileState{
		{File: File{Ref: Ref{"slack", "file", "T/F1"}, Name: "film.mp4", URL: "https://lumen.slack.example/F1"}, Fate: FileTooLarge, Why: "it has 31 MB, and up to 25 MB are copied"},
		{File: File{Ref: Ref{"slack", "file", "T/F2"}, Name: "old.psd"}, Fate: FileGone, Why: "it was deleted in Slack"},
		{File: File{Name: "Board", URL: "https://figma.example/b"}, Fate: FileLinked},
	}}
	want := []Fact{
		{Name: "files", Text: "film.mp4", URL: "https://lumen.slack.example/F1", After: "was not copied to Jira: it has 31 MB, and up to 25 MB are copied. Open it in Slack"},
		{Name: "files", Text: "old.psd", After: "was not copied to Jira: it was deleted in Slack. Add it again if it is needed"},
		{Name: "files", Label: "Linked:", Text: "Board", URL: "https://figma.example/b"},
	}
	if diff := cmp.Diff(want, scene{r: &r}.fileFacts(true)); diff != "" {
		t.Errorf("fileFacts (-want +got):\n%s", diff)
	}
}

// An offer to record an approval names its request once, wherever it is made.
func TestVerdictView_LeavesTheRequestToItsPlace(t *testing.T) {
	t.Parallel()
	r := Request{ID: "CR-142", Title: "Spring banner"}
	v := scene{r: &r}.verdictView(nil)
	if len(v.Facts) != 0 {
		t.Errorf("verdictView facts = %+v, want none: private adds the request", v.Facts)
	}
}
