package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"signoff/internal/text"
)

// Words never decide. When somebody who is asked writes what reads like an approval, they are offered to record it.

// readsLikeApproval reports whether words read like an approval: short, no question, not negated, without a condition or another
// wish, and with one of the phrases by which people say it.
func readsLikeApproval(words text.Doc) bool {
	const mostWords, mostRunes = 12, 120
	line, tokens := plainly(words)
	if len([]rune(line)) > mostRunes || len(tokens) == 0 || len(tokens) > mostWords || strings.ContainsAny(line, "?¿") {
		return false
	}
	if slices.Contains(asking, tokens[0]) {
		return false
	}
	for _, t := range tokens {
		if slices.Contains(doubts, t) {
			return false
		}
	}
	said := " " + strings.Join(tokens, " ") + " "
	for _, phrase := range approvals {
		if strings.Contains(said, " "+phrase+" ") {
			return true
		}
	}
	return false
}

// approvals are the phrases of an approval, in the form that plainly gives words.
var approvals = []string{
	"approved", "i approve", "approve", "approving", "lgtm", "looks good", "looks great", "looks perfect", "look good", "good to go",
	"good from my side", "all good", "ship it", "shipit", "go ahead", "sign off", "signed off", "signing off", "fine by me", "fine with me",
	"thumbs up", "thumbsup", "+1", "white check mark", "heavy check mark", "ok from me", "okay from me", "ok for me",
	"freigegeben", "freigabe erteilt", "genehmigt", "passt", "passt so", "sieht gut aus", "von mir aus ok",
	"approuvé", "approuve", "j'approuve", "validé", "valide", "je valide", "ça me va", "c'est bon", "bon pour moi",
	"aprobado", "aprobada", "apruebo", "me parece bien", "se ve bien", "todo bien", "visto bueno",
}

// doubts are words beside which an approval is none: negations, conditions, what is still to come, and what others did.
var doubts = []string{
	"not", "no", "never", "cannot", "can't", "cant", "don't", "dont", "isn't", "isnt", "won't", "wont", "wouldn't", "doesn't", "didn't", "hasn't",
	"haven't", "aren't", "wasn't", "without", "unless", "until", "if", "once", "when", "after", "before", "but", "except", "however", "almost", "nearly",
	"yet", "later", "tomorrow", "should", "could", "would", "might", "maybe", "perhaps", "please", "can", "who", "waiting", "wait",
	"i'll", "we'll", "will", "going", "far", "overall", "mostly", "just", "only", "minor", "small", "nit", "nits", "typo", "tweak", "fix", "fixed",
	"change", "changes", "missing", "instead", "rather", "wrong", "larger", "bigger", "smaller",
	"needs", "need", "was", "were", "been", "thought", "hardly", "otherwise", "disapproved", "unapproved", "-1",
	"nicht", "nein", "kein", "keine", "noch", "wenn", "falls", "aber", "sobald", "bitte", "ohne", "erst", "fast", "wer", "nur", "fehlt", "ändern", "kleiner", "größer", "bis",
	"pas", "non", "jamais", "si", "mais", "sauf", "quand", "presque", "sans", "encore", "juste", "manque", "changer",
	"nunca", "pero", "cuando", "salvo", "casi", "sin", "todavía", "aún", "falta", "solo", "sólo", "cambiar",
}

// asking are words that begin a question, with or without its mark.
var asking = []string{"is", "are", "did", "does", "do", "has", "have", "had", "will", "shall", "ist", "hast", "est", "es", "está"}

// plainly gives words as people say them: one line in small letters, and its words without punctuation. What is quoted
// or code was said by somebody else.
func plainly(words text.Doc) (line string, tokens []string) {
	var own text.Doc
	for _, block := range words {
		if block.Kind != text.Quote && block.Kind != text.CodeBlock {
			own = append(own, block)
		}
	}
	var b strings.Builder
	own.Walk(func(n text.Node) {
		switch n.Kind {
		case text.Text:
			b.WriteString(n.Text)
		case text.Emoji:
			b.WriteString(" " + n.Ref + " ")
		case text.Code, text.Strike:
			b.WriteString(" no ") // quoted or taken back
		case text.Break, text.Paragraph, text.Item:
			b.WriteString(" ")
		}
	})
	line = strings.ToLower(strings.NewReplacer("’", "'", "👍", " thumbsup ", "✅", " approved ", "✔", " approved ", "👌", " ok ").Replace(b.String()))
	for _, word := range strings.FieldsFunc(line, between) {
		if word = strings.Trim(word, "'-"); word != "" || word == "-1" {
			tokens = append(tokens, word)
		}
	}
	return strings.TrimSpace(line), tokens
}

// between parts words; a sign before a number belongs to it.
func between(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '+' && r != '-' || r == 0x200d || r == 0xfe0f
}

// offerVerdict offers to record what reads like an approval, to somebody whom an open stage waits for.
func (s *step) offerVerdict(c Comment) {
	fresh := s.ev.Kind == CommentAdded && !s.ev.Actor.Bot && !c.Restricted && c.Removed.IsZero() && c.Edited.IsZero()
	talked := s.fromTracker(s.ev.Said) || s.ev.Said.System == s.r.Places.Chat // elsewhere anybody can write in anybody's name
	if !fresh || !talked || s.automatic() || !readsLikeApproval(s.ev.Body) {
		return
	}
	if away := s.unreached(s.ev.Actor) || len(s.reachable([]Actor{s.ev.Actor})) == 0; away && s.fromTracker(s.ev.Said) {
		return // chat does not reach them: their question came by mail
	}
	var open []StageRun
	for _, run := range s.r.Open() {
		before := s.sent().Before(run.Entered.Truncate(time.Second)) // then it was said of something else
		if holds(s.waiting(run), s.ev.Actor) && !before {
			open = append(open, run)
		}
	}
	if len(open) == 0 {
		return
	}
	s.because("offered", fmt.Sprintf("%s was offered to record it as the approval of %s.", s.who(s.ev.Actor), runNames(open, "or")))
	s.ask(s.verdictView(open))
}

// verdictView asks whether words were meant as an approval, of one stage or another.
func (s scene) verdictView(open []StageRun) View {
	v := s.view(NoticeView, fmt.Sprintf("Record this as your approval of %s?", runNames(open, "or")))
	for _, run := range open {
		b := s.voteButtons(run, false)[0] // approve, or the way to the page where this is decided
		if b.Action == string(Approve) {
			b.Label = "Yes, record it"
			if len(open) > 1 {
				b.Label = "Yes, " + run.Name
			}
		} else if len(open) == 1 {
			v.Headline = fmt.Sprintf("Words do not decide %s: it is decided on the page.", run.Name)
		}
		v.Buttons = append(v.Buttons, b)
	}
	v.Buttons = append(v.Buttons, Button{Action: "dismiss", Label: "No"})
	return v
}

// ask says something to the actor alone: where they spoke in chat, or directly when they spoke at the ticket.
func (s *step) ask(v View) {
	if !s.fromTracker(s.ev.Said) {
		s.private(v, answerFor)
		return
	}
	if known := s.reachable([]Actor{s.ev.Actor}); len(known) > 0 {
		v.Facts = append(v.Facts, Fact{Name: "request", Text: s.label()})
		s.tell(s.r.Places.Chat, Tell{To: known, Expires: s.at.Add(answerFor), View: v})
	}
}
