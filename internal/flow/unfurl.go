package flow

import "slices"

// shared shows a compact card below a link to the request that somebody showed elsewhere in chat. Everybody there
// reads it, so it says nothing of what is asked for: no fields, no words, no points. Where others than our own people
// read, nothing is shown.
func (s *step) shared() {
	s.because(CodeNoted, "A link to this was shown elsewhere.")
	if s.ev.Field("shared") == "yes" || s.r.Offer != nil || s.ev.Where.Zero() || s.ev.Echo {
		return
	}
	s.tell(s.ev.Where.System, Tell{
		Where: s.ev.Where, Expires: s.at.Add(answerFor), InReplyTo: s.ev.Delivery, View: s.unfurlView(s.ev.Fields["url"]),
	})
}

func (s scene) unfurlView(urls []string) View {
	v := s.view(UnfurlView, s.cardHeadline())
	facts := append(s.statusFacts(), s.when("due", "due", s.dueOpen())...)
	v.Facts = append(s.ticketFact(), oneLine(facts)...)
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round {
			v.Facts = append(v.Facts, oneLine(s.stageFacts(run))...)
		}
	}
	v.Fields = map[string][]string{"url": slices.Clone(urls)}
	v.Buttons = []Button{s.open()}
	return v
}
