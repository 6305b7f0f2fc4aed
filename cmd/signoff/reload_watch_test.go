package main

import (
	"crypto/sha256"
	"slices"
	"testing"
)

// A file that is still being written is not read (F50): only one that has stood still is, and once.
func TestRuleWatch_HalfWrittenFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	sum := func(words string) [sha256.Size]byte { return sha256.Sum256([]byte(words)) }
	w := &ruleWatch{last: sum("old"), seen: sum("old")}
	var got []state
	for _, words := range []string{"old", "half", "half and more", "whole", "whole", "whole", "typo", "whole", "", "", "whole", "whole"} {
		got = append(got, w.judge(sum(words)))
	}
	want := []state{same, writing, writing, writing, changed, same, writing, same, writing, changed, writing, changed}
	if !slices.Equal(got, want) {
		t.Errorf("judged %v, want %v", got, want)
	}
}
