package flow

import (
	"fmt"
	"strings"
	"testing"
)

// wall is a request in review whose work is made of many assets.
func wall(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(studio().stage(StageDef{Name: "Brand", Together: 1, Needs: Quorum{N: 2}}, "ana", "dana"))
	w.submit("maya", "lin")
	for i := range n {
		w.r.Assets = append(w.r.Assets, w.hung(i, 1))
	}
	w.step(w.event(WorkSubmitted, "lin"))
	if len(w.r.Open()) != 1 {
		t.Fatalf("%s: %v", w.r.Status, w.last.Why)
	}
	return w
}

func (w *world) hung(i, version int) Asset {
	id := fmt.Sprintf("sha256:%064d", i*100+version)
	return Asset{Ref: Ref{"figma", "file", fmt.Sprint("K", i)}, Label: fmt.Sprint("hero ", i), At: w.now, Versions: []Version{{ID: id, Name: fmt.Sprint("v", version), Seq: fmt.Sprint(version)}}}
}

// TestAbridged_IsJudgedLikeTheRevision: a button that carries the digest counts for the same work and for no other.
func TestAbridged_IsJudgedLikeTheRevision(t *testing.T) {
	t.Parallel()
	w := wall(t, 60)
	full := w.r.Revision()
	digest := Abridged(full)
	if len(full) < 60*64 || len(digest) > 50 || strings.Contains(digest, "+") {
		t.Fatalf("the revision has %d bytes, abridged it is %q", len(full), digest)
	}
	vote := func(who, version string) string {
		ev := w.vote(who, "Brand", Approve)
		ev.Fields["version"] = []string{version}
		w.step(ev)
		return w.last.Why[0].Code
	}
	for _, other := range []string{Abridged(full + "+x"), digest[:len(digest)-1], "=", Abridged(strings.ToUpper(full))} {
		if code := vote("ana", other); code != CodeStale {
			t.Errorf("a vote for %q: %s, want it refused", other, code)
		}
	}
	if code := vote("ana", digest); code != CodeRecorded || w.r.Votes[0].Version != full {
		t.Fatalf("a vote for the digest: %s, kept for %.40q; want it recorded for the whole revision", code, w.r.Votes[0].Version)
	}

	w.r.Assets = append(w.r.Assets, w.hung(60, 1)) // became known since: nobody decided on anything else
	if ok, _, why := May(w.p, w.r, Attempt{Who: person("dana"), Do: "approve", Stage: "Brand", Version: digest, At: w.now}); !ok {
		t.Errorf("with one asset more: %s", why)
	}
	w.r.Assets[7].Versions = append(w.r.Assets[7].Versions, w.hung(7, 2).Versions...)
	if code := vote("dana", digest); code != CodeStale {
		t.Errorf("a vote for the digest of what was replaced: %s, want it refused", code)
	}
	if why := w.last.Why[0].Text; !strings.Contains(why, "v1 of hero 0") || !strings.Contains(why, "and 57 others. Please look at it and decide again.") || len(why) > 300 {
		t.Errorf("it is refused with %q, want some of what is decided on now", why)
	}
	if code := vote("dana", Abridged(w.r.Revision())); code != CodeRecorded {
		t.Errorf("a vote for what is decided on now: %s", code)
	}
}

func TestAbridged_LeavesShortOnes(t *testing.T) {
	t.Parallel()
	for _, revision := range []string{"", "2", "id1", "1234567890+9876543210", strings.Repeat("x", revisionWhole)} {
		if got := Abridged(revision); got != revision {
			t.Errorf("Abridged(%q) = %q, want it as it is", revision, got)
		}
	}
}
