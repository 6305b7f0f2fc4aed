package flow

import (
	"strings"
	"testing"

	"signoff/internal/text"
)

func TestReads(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]bool{
		"approved 👍": true, "Approved!": true, "LGTM": true, "lgtm 🚀": true, "Looks good to me": true, "looks good, thanks Lin": true,
		"Ship it": true, "👍": true, "👍🏽": true, ":+1:": true, "✅": true, "✔️": true, "+1": true, "Fine by me.": true, "All good from my side": true,
		"Good to go": true, "I approve this": true, "Perfect, approved": true, "it’s approved": true, "Signed off": true,
		"Freigegeben": true, "Passt so!": true, "sieht gut aus, danke": true, "Genehmigt.": true,
		"Approuvé": true, "C’est bon pour moi": true, "je valide": true,
		"Aprobado": true, "Me parece bien": true, "¡Visto bueno!": true,

		"": false, "Hello": false, "Which folder?": false, "approved?": false, "Is this approved": false, "¿Aprobado?": false,
		"not approved": false, "I can't approve this": false, "I can’t approve this": false, "I don't think this looks good": false,
		"LGTM once the logo is larger": false, "approved if legal agrees": false, "Looks good but the claim is missing": false,
		"almost good to go": false, "Please approve": false, "Can you approve": false, "waiting for Ana to approve": false,
		"this needs to be approved by Legal": false, "never approved": false, "nicht freigegeben": false, "noch nicht genehmigt": false,
		"passt, aber das Logo fehlt": false, "pas approuvé": false, "c'est bon mais le logo est petit": false,
		"no aprobado": false, "aprobado pero falta el logo": false, "disapproved": false, "unapproved": false, "-1": false,
		"The last banner was approved by Eli": false, "who approved this": false, "👎": false, "ok": false, "thanks": false,
		"Perfect": false, "I'll approve by Friday": false, "looks good so far": false, "LGTM, just fix the typo": false, "Looks good overall, one thing:": false,
		"Freigabe erteilt, nur das Logo ändern": false, "c'est bon, juste changer le logo": false, "todo bien, solo falta el logo": false,
		"approval": false, "goodbye": false, "I will have looked at the whole thing by tomorrow": false,
		"Looks good " + strings.Repeat("and so on ", 12): false,
	} {
		if got := readsLikeApproval(text.Plain(words)); got != want {
			t.Errorf("readsLikeApproval(%q) = %v, want %v", words, got, want)
		}
	}
}

func TestReads_Tree(t *testing.T) {
	t.Parallel()
	yes := text.P(text.T("approved"))
	for name, c := range map[string]struct {
		doc  text.Doc
		want bool
	}{
		"emoji":         {text.Doc{text.P(text.Node{Kind: text.Emoji, Ref: "+1", Text: "👍"})}, true},
		"check mark":    {text.Doc{text.P(text.Node{Kind: text.Emoji, Ref: "white_check_mark", Text: "✅"})}, true},
		"mention":       {text.Doc{text.P(text.Who("lin", "Lin"), text.T(" approved"))}, true},
		"strong":        {text.Doc{text.P(text.B("Approved"))}, true},
		"quoted":        {text.Doc{{Kind: text.Quote, Kids: []text.Node{yes}}}, false},
		"quoted, own":   {text.Doc{{Kind: text.Quote, Kids: []text.Node{text.P(text.T("not yet"))}}, yes}, true},
		"code":          {text.Doc{text.P(text.Node{Kind: text.Code, Text: "approved"})}, false},
		"code block":    {text.Doc{{Kind: text.CodeBlock, Text: "approved"}}, false},
		"struck out":    {text.Doc{text.P(text.Node{Kind: text.Strike, Kids: []text.Node{text.T("approved")}})}, false},
		"nothing":       {nil, false},
		"thumbs down":   {text.Doc{text.P(text.Node{Kind: text.Emoji, Ref: "-1", Text: "👎"})}, false},
		"label of link": {text.Doc{text.P(text.A("approved", "https://lumen.example/"))}, true},
	} {
		if got := readsLikeApproval(c.doc); got != c.want {
			t.Errorf("%s: reads = %v, want %v", name, got, c.want)
		}
	}
}
