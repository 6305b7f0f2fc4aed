package flow

import "testing"

// A long list is shown page by page; a page that is gone is the last.
func TestSection_Pages(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct{ all, page, first, count, shown, pages int }{
		"none": {0, 0, 0, 0, 1, 1}, "few": {3, 1, 0, 3, 1, 1}, "full": {7, 1, 0, 7, 1, 1}, "one more": {8, 2, 7, 1, 2, 2},
		"beyond": {8, 9, 7, 1, 2, 2}, "before": {8, -3, 0, 7, 1, 2},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			all := make([]View, tc.all)
			for i := range all {
				all[i].Round = i
			}
			got := section(HomeSection{Name: "asked"}, all, map[string]int{"asked": tc.page})
			if got.Page != tc.shown || got.Pages != tc.pages || len(got.Items) != tc.count {
				t.Fatalf("page %d of %d with %d items, want %d of %d with %d", got.Page, got.Pages, len(got.Items), tc.shown, tc.pages, tc.count)
			}
			if len(got.Items) > 0 && got.Items[0].Round != tc.first {
				t.Errorf("begins with %d, want %d", got.Items[0].Round, tc.first)
			}
		})
	}
}
