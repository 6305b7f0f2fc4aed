package server

import (
	"strings"

	"signoff/internal/flow"
)

// chip is a state as pages show it: words, with a colour and a sign that only help.
type chip struct {
	Words string
	Tone  string // quiet, busy, good, warn, bad
	Sign  string // name of a sign in parts.html
}

func statusChip(s flow.Status) chip {
	c := chip{Words: s.Words(), Tone: "quiet", Sign: "dot"}
	switch s {
	case flow.InReview:
		c.Tone, c.Sign = "busy", "eye"
	case flow.InProgress:
		c.Tone, c.Sign = "busy", "pen"
	case flow.NeedsInfo:
		c.Tone, c.Sign = "warn", "ask"
	case flow.Approved:
		c.Tone, c.Sign = "good", "tick"
	case flow.Declined, flow.Expired:
		c.Tone, c.Sign = "bad", "cross"
	case flow.Withdrawn, flow.Merged:
		c.Sign = "dash"
	}
	return c
}

func stageChip(s flow.StageState) chip {
	switch s {
	case flow.StageOpen:
		return chip{"open", "busy", "eye"}
	case flow.StageApproved:
		return chip{"approved", "good", "tick"}
	case flow.StageChanges:
		return chip{"changes requested", "warn", "pen"}
	case flow.StageDeclined:
		return chip{"declined", "bad", "cross"}
	case flow.StageExpired:
		return chip{"expired", "bad", "cross"}
	case flow.StageSkipped:
		return chip{"not needed", "quiet", "dash"}
	case flow.StageStopped:
		return chip{"stopped", "quiet", "dash"}
	case flow.StageReverted:
		return chip{"taken back", "quiet", "dash"}
	}
	return chip{"comes later", "quiet", "dot"}
}

func deliveryChip(s flow.DeliveryState) chip {
	switch s {
	case flow.Done:
		return chip{"done", "good", "tick"}
	case flow.Waiting:
		return chip{"waiting", "busy", "dot"}
	case flow.Held:
		return chip{"held back", "warn", "eye"}
	case flow.Malformed:
		return chip{"malformed", "warn", "ask"}
	case flow.Dead:
		return chip{"dead", "bad", "cross"}
	}
	return chip{string(s), "quiet", "dash"}
}

func effectChip(state string) chip {
	switch state {
	case "done":
		return chip{"done", "good", "tick"}
	case "parked":
		return chip{"given up", "bad", "cross"}
	case "retrying":
		return chip{"trying again", "warn", "ask"}
	case "waiting":
		return chip{"waiting", "busy", "dot"}
	}
	return chip{state, "quiet", "dash"}
}

func verdictChip(v flow.Verdict) chip {
	switch v {
	case flow.Approve:
		return chip{"approved", "good", "tick"}
	case flow.Decline:
		return chip{"declined", "bad", "cross"}
	}
	return chip{"asked for changes", "warn", "pen"}
}

// spoken turns a word of ours into words for people: request.submitted, in_review, due_date.
func spoken(word string) string {
	return strings.NewReplacer("_", " ", ".", " ").Replace(word)
}

// purposeWords says what an effect is for.
func (it items) purposeWords(purpose string) string {
	head, rest, _ := strings.Cut(purpose, "/")
	switch head {
	case "card":
		return "the card"
	case "ticket":
		if rest == "thread" {
			return "the link on the ticket"
		}
		return "the ticket"
	case "info":
		return "asking for what is missing"
	case "ask":
		if parts := strings.SplitN(rest, "/", 3); len(parts) == 3 {
			return "asking " + it.called(flow.Actor{Name: parts[2]}) + " for " + parts[1]
		}
		return "asking a reviewer"
	case "work":
		return "asking for the work"
	case "tell":
		return "a message"
	case "comment":
		if strings.HasSuffix(rest, "/thread") {
			return "the thread below a comment"
		}
		return "the copy of comment " + rest
	case "file":
		return "file " + rest
	case "part":
		return "subtask " + rest
	case "asset":
		return "the work"
	case "thread":
		return "the thread it came from"
	case "channel":
		return "the channel it came from"
	}
	return spoken(purpose)
}

// joined is a list as people say it.
func joined(list []string, last string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

// webOnly keeps addresses that a browser may be sent to.
func webOnly(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}
