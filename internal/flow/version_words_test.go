package flow

import (
	"strings"
	"testing"

	"signoff/internal/text"
)

// TestVersionWords_NameWhereTheWorkIsKept on the cards and in the tracker.
func TestVersionWords_NameWhereTheWorkIsKept(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		assets       []Asset
		card, ticket string
	}{
		"Figma":              {[]Asset{{Ref: Ref{"figma", "file", "K"}}}, "Figma version:", "Figma version"},
		"Frame.io":           {[]Asset{{Ref: Ref{"adobe", "file", "A/F"}}}, "Frame.io version:", "Frame.io version"},
		"Creative Cloud":     {[]Asset{{Ref: Ref{"adobe", "asset", "urn:aaid:1"}}}, "Creative Cloud version:", "Creative Cloud version"},
		"Experience Manager": {[]Asset{{Ref: Ref{"adobe", "aem", "h/content/dam/x"}}}, "Experience Manager version:", "Experience Manager version"},
		"Workfront":          {[]Asset{{Ref: Ref{"adobe", "workfront", "DOCU/1"}}}, "Workfront version:", "Workfront version"},
		"GitHub":             {[]Asset{{Ref: Ref{"github", "pull", "lumen/site#7"}}}, "GitHub version:", "GitHub version"},
		"another connection": {[]Asset{{Ref: Ref{"agency", "file", "K"}}}, "Agency version:", "Agency version"},
		"uploaded":           {[]Asset{{Ref: Ref{uploads, "upload", "banner.pdf"}, Label: "banner.pdf"}}, "Version:", "Version"},
		"several": {
			[]Asset{{Ref: Ref{"figma", "file", "K"}, Label: "Spring"}, {Ref: Ref{"github", "pull", "lumen/site#7"}, Label: "lumen/site#7"}},
			"Spring in Figma:|Lumen/site#7 in GitHub:", "Version of Spring in Figma|Version of lumen/site#7 in GitHub",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := reviewed("void")
			for i := range tc.assets {
				tc.assets[i].Versions = []Version{{ID: "id", Name: "v3 - legal copy", At: w.now}}
			}
			w.r.Assets = tc.assets
			s := scene{r: &w.r, p: w.p, at: w.now}
			var card, ticket []string
			for _, f := range s.versionFacts() {
				if f.Name == "version" {
					card = append(card, f.Label)
				}
			}
			for _, f := range s.ticketVersions() {
				ticket = append(ticket, f.Label)
			}
			if got := strings.Join(card, "|"); got != tc.card {
				t.Errorf("the card says %q, want %q", got, tc.card)
			}
			if got := strings.Join(ticket, "|"); got != tc.ticket {
				t.Errorf("the ticket says %q, want %q", got, tc.ticket)
			}
		})
	}
}

// TestVersionWords_OfferOfReview says once that a version was saved, and no more than is known.
func TestVersionWords_OfferOfReview(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		forget func(*Version)
		want   string
	}{
		"all is known": {func(*Version) {}, `was saved by Lin, Wed 18 Nov, 14:00 London. Send v2 to review?`},
		"not by whom":  {func(v *Version) { v.By = Actor{} }, `was saved Wed 18 Nov, 14:00 London. Send v2 to review?`},
		"nothing":      {func(v *Version) { *v = Version{ID: v.ID, Name: v.Name} }, `was saved. Send v2 to review?`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := reviewed("void")
			changes := w.vote("ana", "Brand", RequestChanges)
			changes.Body = text.Plain("Larger logo")
			w.step(changes)
			ev := w.saves(2)
			tc.forget(&ev.Versions[0])
			var got []string
			for _, e := range w.step(ev).Effects {
				if e.Tell != nil && strings.Contains(e.Tell.View.Headline, "to review?") {
					got = append(got, e.Tell.View.Headline)
				}
			}
			if len(got) != 1 || !strings.HasSuffix(got[0], tc.want) {
				t.Errorf("offers %q, want one that ends %q", got, tc.want)
			}
		})
	}
}
