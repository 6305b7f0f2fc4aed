package server

import (
	"slices"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

type eventData struct {
	Kind string
	By   string
	At   *moment
	Text string
	Why  []flow.Reason
	// Confirmed are events next to each other that only say that something outside is as it should be; then the rest
	// is empty.
	Confirmed []eventData
}

type effectData struct {
	ID, What, Target string
	State            chip
	Attempts         int
	At, Next         *moment
	Why, Job         string
}

// eventLines are the events of records, newest first.
func (it items) eventLines(records []flow.Record, clock clock) []eventData {
	var out []eventData
	for _, rec := range slices.Backward(records) {
		out = append(out, it.eventLine(rec, clock))
	}
	return out
}

// foldedEvents are eventLines with neighbours that only confirm something put together.
func (it items) foldedEvents(records []flow.Record, clock clock) []eventData {
	var out []eventData
	for _, rec := range slices.Backward(records) {
		e := it.eventLine(rec, clock)
		if !confirms(rec) {
			out = append(out, e)
			continue
		}
		if n := len(out); n == 0 || out[n-1].Confirmed == nil {
			out = append(out, eventData{})
		}
		last := &out[len(out)-1]
		last.Confirmed = append(last.Confirmed, e)
	}
	return out
}

func (it items) eventLine(rec flow.Record, clock clock) eventData {
	e := eventData{Kind: it.eventWords(rec.Event), At: clock.at(rec.Event.At), Text: rec.Event.Body.String(), Why: rec.Why}
	if rec.Event.Actor.ID() != "" {
		e.By = it.called(rec.Event.Actor)
	}
	return e
}

// confirms reports whether a record only says that something outside is as it should be: an effect was carried out, or
// what we did came back as news.
func confirms(rec flow.Record) bool {
	return rec.Event.Kind == flow.EffectDone || rec.Event.Echo || len(rec.Why) > 0 && rec.Why[0].Code == flow.CodeEcho
}

// latest parts effects, newest first, into the last of each purpose with what was given up, and the rest.
func latest(list []effectData) (now, earlier []effectData) {
	seen := map[string]bool{}
	for _, e := range list {
		key := e.What + "/" + e.Target
		if e.Job != "" || !seen[key] {
			now = append(now, e)
		} else {
			earlier = append(earlier, e)
		}
		seen[key] = true
	}
	return now, earlier
}

func (it items) eventWords(ev flow.Event) string {
	switch ev.Kind {
	case flow.RequestSubmitted:
		return "Request submitted"
	case flow.RequestEdited:
		return "Details changed"
	case flow.RequestWithdrawn:
		return "Request withdrawn"
	case flow.RequestAssigned:
		return "Request assigned"
	case flow.WorkSubmitted:
		return "Work sent to review"
	case flow.VoteCast:
		return "Vote: " + spoken(ev.Field("verdict"))
	case flow.VoteUndone:
		return "Vote taken back"
	case flow.StageDelegated:
		return "Handed on"
	case flow.CommentAdded:
		return "Comment"
	case flow.CommentEdited:
		return "Comment edited"
	case flow.CommentRemoved:
		return "Comment removed"
	case flow.FilesAdded:
		return "Files added"
	case flow.LinkShared:
		return "Link shown in chat"
	case flow.DraftConfirmed:
		return "Draft confirmed"
	case flow.DraftDismissed:
		return "Draft put aside"
	case flow.TicketRenamed:
		return "Ticket renamed to " + ev.Field("key")
	case flow.TicketGone:
		return "Ticket gone: " + ev.Field("why")
	case flow.TicketWanted:
		return "New ticket asked for"
	case flow.TicketMoved:
		return "Ticket moved to " + ev.Field("status")
	case flow.TimerFired:
		return "Time came: " + spoken(ev.Field("name"))
	case flow.EffectDone:
		return "Done outside: " + it.purposeWords(ev.Field("purpose"))
	case flow.EffectParked:
		return "Given up outside: " + it.purposeWords(ev.Field("purpose"))
	}
	return capital(spoken(string(ev.Kind)))
}

func (it items) effectLines(list []engine.EffectState, clock clock) []effectData {
	var out []effectData
	for _, e := range slices.Backward(list) {
		out = append(out, effectData{
			ID: e.ID, What: capital(it.purposeWords(e.Purpose)), Target: capital(e.Target), State: effectChip(e.State), Attempts: e.Attempts,
			At: clock.at(e.At), Next: clock.at(e.Next), Why: e.Why, Job: e.Job,
		})
	}
	return out
}
