package flow

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/text"
)

func TestPoints(t *testing.T) {
	t.Parallel()
	item := func(s string) text.Node { return text.Node{Kind: text.Item, Kids: []text.Node{text.P(text.T(s))}} }
	tests := map[string]struct {
		note text.Doc
		want []string
	}{
		"one paragraph":       {text.Plain("Logo too small"), []string{"Logo too small"}},
		"two lines of one":    {text.Plain("Logo too small,\nplease double it"), []string{"Logo too small,\nplease double it"}},
		"paragraphs":          {text.Plain("Logo too small\n\nWrong red"), []string{"Logo too small", "Wrong red"}},
		"typed bullets":       {text.Plain("- Logo too small\n- Wrong red"), []string{"Logo too small", "Wrong red"}},
		"typed numbers":       {text.Plain("1. Logo too small\n2) Wrong red\nand dull"), []string{"Logo too small", "Wrong red\nand dull"}},
		"a lead and items":    {text.Plain("Please:\n• Logo\n• Red"), []string{"Please:", "Logo", "Red"}},
		"a number is no item": {text.Plain("300 x 250 is too small\n4.5 is better"), []string{"300 x 250 is too small\n4.5 is better"}},
		"a list":              {text.Doc{{Kind: text.Bullets, Kids: []text.Node{item("Logo"), item(" "), item("Red")}}}, []string{"Logo", "Red"}},
		"a quote and a rule":  {text.Doc{{Kind: text.Quote, Kids: []text.Node{text.P(text.T("was agreed"))}}, {Kind: text.Rule}}, []string{"> was agreed"}},
		"nothing but marks":   {text.Plain("- \n1."), []string{"- \n1."}},
		"nothing":             {nil, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range points(tc.note) {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("points(%q) (-want +got):\n%s", tc.note, diff)
			}
		})
	}
}
