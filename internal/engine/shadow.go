package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// In shadow mode everything is decided and nothing is said or shown outside, but for one message a day to those who look after
// the studio: what would have been.

const (
	shadowTable  = "shadow"  // "day" -> tally of what was not done since the last message
	shadowPrefix = "shadow/" // of the effects that are done all the same
	shadowHour   = 9         // of the day in the workspace
)

// wouldHave counts what was decided and not done.
type wouldHave struct {
	Since time.Time      `json:"since"`
	Words map[string]int `json:"words"` // "ask 3 reviewers" without the number
	Rules map[string]int `json:"rules"` // cards by rule
}

// shadowed counts an effect that is not done.
func shadowed(tx store.Tx, a *attempt, now time.Time) error {
	var w wouldHave
	if _, err := row(tx, shadowTable, "day", &w); err != nil {
		return err
	}
	if w.Words == nil {
		w = wouldHave{Since: now, Words: map[string]int{}, Rules: map[string]int{}}
	}
	w.Words[deed(a.effect)]++
	if s := a.effect.Show; s != nil && s.View.Kind == flow.TicketView {
		w.Rules[firstOf(a.request.Rule, "no rule")]++
	}
	return putRow(tx, shadowTable, "day", w)
}

// deed is what an effect would have done: a verb, and one and several of what it is about.
func deed(e flow.Effect) string {
	switch {
	case e.Copy != nil:
		return "carried|file|files"
	case e.Tell != nil && e.Tell.Private:
		return "answered|press or command in private|presses or commands in private"
	case e.Tell != nil:
		return "sent|message|messages"
	}
	switch e.Show.View.Kind {
	case flow.CardView:
		return "posted|card|cards"
	case flow.AskView:
		return "asked|reviewer for a decision|reviewers for a decision"
	case flow.WorkView:
		return "asked|person for work|people for work"
	case flow.InfoView:
		return "asked|requester for details|requesters for details"
	case flow.TicketView:
		return "made|ticket|tickets"
	case flow.PartView:
		return "made|sub-task|sub-tasks"
	case flow.CommentView:
		return "copied|comment|comments"
	}
	return "shown|other thing|other things"
}

// nextMorning is the next time that the message is due.
func (e *Engine) nextMorning(now time.Time) time.Time {
	local := now.In(e.current().Zone())
	at := time.Date(local.Year(), local.Month(), local.Day(), shadowHour, 0, 0, 0, local.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// shadowDigest tells what would have been done since the last message; nothing where that is nothing.
func (c *chores) shadowDigest(ctx context.Context) error {
	now := c.e.o.Now().UTC()
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		var w wouldHave
		if _, err := row(tx, shadowTable, "day", &w); err != nil || len(w.Words) == 0 {
			return err
		}
		if err := tx.DeleteRow(shadowTable, "day"); err != nil {
			return err
		}
		return c.e.decider.tellTriage(tx, shadowPrefix+now.Format(time.RFC3339), w.view(c.e.current().Zone()), now)
	})
}

func (w wouldHave) view(zone *time.Location) flow.View {
	var parts []string
	list := text.Node{Kind: text.Bullets}
	for _, key := range slices.SortedFunc(maps.Keys(w.Words), func(a, b string) int {
		return cmp.Or(cmp.Compare(w.Words[b], w.Words[a]), strings.Compare(a, b))
	}) {
		word := strings.Split(key, "|") // verb, one, several
		parts = append(parts, word[0]+" "+howMany(w.Words[key], word[1], word[2]))
		list.Kids = append(list.Kids, item(parts[len(parts)-1]))
	}
	body := text.Doc{list}
	if len(w.Rules) > 0 {
		rules := text.Node{Kind: text.Bullets}
		for _, name := range slices.Sorted(maps.Keys(w.Rules)) {
			rules.Kids = append(rules.Kids, item(fmt.Sprintf("%s: %s", name, howMany(w.Rules[name], "request"))))
		}
		body = append(body, text.P(text.T("New requests by rule:")), rules)
	}
	if last := len(parts) - 1; last > 0 {
		parts = []string{strings.Join(parts[:last], ", ") + " and " + parts[last]}
	}
	line := fmt.Sprintf("Shadow mode: since %s I would have %s. Nothing of it was done.", w.Since.In(zone).Format("Mon 2 Jan, 15:04"), parts[0])
	return flow.View{
		Kind: flow.NoticeView, Title: "What I would have done", Headline: line, Page: "/", Body: body,
		Buttons: []flow.Button{{Action: "open", Label: "Open", URL: "/"}},
	}
}
