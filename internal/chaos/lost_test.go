package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

// TestF33_LostAnswers: whatever becomes of the answer to a call, at whichever method, everything is outside exactly once
// (F33, F36, F37).
func TestF33_LostAnswers(t *testing.T) {
	t.Parallel()
	every := []sandbox.FaultKind{
		sandbox.TimeoutBefore, sandbox.TimeoutAfter, sandbox.LostAnswer, sandbox.InvalidJSON, sandbox.HTML200, sandbox.Error500, sandbox.Error503,
	}
	some := []sandbox.FaultKind{sandbox.LostAnswer, sandbox.HTML200}
	for _, at := range []struct {
		service, method string
		kinds           []sandbox.FaultKind
	}{
		{"slack", "chat.postMessage", every}, {"slack", "chat.update", some}, {"slack", "conversations.open", some}, {"slack", "conversations.replies", some},
		{"jira", "createIssue", every}, {"jira", "doTransition", some}, {"jira", "createOrUpdateRemoteIssueLink", some},
	} {
		for _, kind := range at.kinds {
			t.Run(fmt.Sprint(at.service, " ", at.method, " ", kind), func(t *testing.T) {
				t.Parallel()
				in(t, nil, func(w *world) {
					times := 2
					if at.method == "createIssue" {
						times = 1 // a third ticket is never made: two answers that are lost are for a person
					}
					w.arm(at.service, at.method, kind, times, 0)
					thread := w.mention(launch, "A banner for Nova")
					w.pass(15 * time.Minute)
					w.once("CR-1", launch, thread, flow.InReview)
					if n := w.metric("signoff_alarms_total"); n != 0 {
						t.Errorf("%v alarms, want none for what passes by itself:\n%s", n, w.errors())
					}
					w.clean()
				})
			})
		}
	}
}

// TestF38_SearchLagsBehind: a ticket whose answer was lost and that search does not show for long is waited for, and no
// second one is made.
func TestF38_SearchLagsBehind(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 60 * time.Second, 170 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			t.Parallel()
			in(t, func(o *jira.Options) { o.IndexLag = lag }, func(w *world) {
				w.arm("jira", "createIssue", sandbox.LostAnswer, 1, 0)
				thread := w.mention(launch, "A banner for Nova")
				w.pass(10 * time.Minute)
				w.once("CR-1", launch, thread, flow.InReview)
				if n := len(w.made("POST /rest/api/2/issue")); n != 1 {
					t.Errorf("a ticket was asked for %d times, want once", n)
				}
			})
		})
	}
}

// TestF39_FieldRefused: what Jira refuses for one field is tried again without it or set aside with Jira's words, never
// again and again.
func TestF39_FieldRefused(t *testing.T) {
	t.Parallel()
	in(t, nil, func(w *world) {
		w.instead(func(c call) (*http.Response, error) {
			if c.method == "POST /rest/api/2/issue" {
				return says(http.StatusBadRequest, `{"errorMessages":[],"errors":{"summary":"Summaries must rhyme."}}`), nil
			}
			return nil, nil //nolint:nilnil // the service itself answers
		})
		w.mention(launch, "A banner for Nova")
		w.pass(24 * time.Hour)
		if n := len(w.made("POST /rest/api/2/issue")); n < 1 || n > 3 {
			t.Errorf("asked %d times in a day, want once or without the field", n)
		}
		list, err := w.engine.Parked(context.Background())
		if err != nil || len(list) != 1 || !strings.Contains(list[0].Why, "Summaries must rhyme.") {
			t.Errorf("set aside: %+v, %v; want the ticket with Jira's words", list, err)
		}
		if n := w.metric("signoff_alarms_total", "what=parked"); n != 1 {
			t.Errorf("%v alarms, want one", n)
		}
		w.instead(nil)
		if !strings.Contains(w.seen(launch), "Summaries must rhyme.") {
			t.Errorf("the card does not say it:\n%s", w.seen(launch))
		}
	})
}

// seen is everything that a channel and its threads show.
func (w *world) seen(channel string) string {
	var all strings.Builder
	for _, m := range w.slack.Messages(channel) {
		for _, one := range append(w.slack.Thread(channel, m.TS), m) {
			blocks, _ := json.Marshal(one.Blocks) // made of plain values
			all.WriteString(one.Text + " " + string(blocks) + "\n")
		}
	}
	return all.String()
}

// TestF40_ProjectArchived: what can no longer be written is said once, no other ticket is made by itself, and what was
// decided meanwhile follows when somebody works on the ticket again.
func TestF40_ProjectArchived(t *testing.T) {
	t.Parallel()
	in(t, nil, func(w *world) {
		thread := w.mention(launch, "A banner for Nova")
		w.pass(time.Minute)
		w.may(w.jira.ArchiveProject("DES", true))
		w.press(ana, "Approve", "A banner for Nova")
		w.pass(48 * time.Hour)
		d, err := w.engine.Request(context.Background(), "CR-1")
		if all := w.seen(launch); err != nil || d.Request.Ticket.Gone != "archived" || !strings.Contains(all, "DES-1 was archived in Jira") {
			t.Errorf("its ticket is gone %q (%v), want it archived and said:\n%s", d.Request.Ticket.Gone, err, all)
		}
		if n, writes := len(w.made("POST /rest/api/2/issue")), len(w.made("")); n != 1 || writes > 200 {
			t.Errorf("%d tickets were asked for, in %d calls; want no second one and no trying again and again", n, writes)
		}
		w.may(w.jira.ArchiveProject("DES", false))
		w.may(w.jira.CommentAs("Jon Park", "DES-1", "It is back"))
		w.pass(5 * time.Minute)
		w.once("CR-1", launch, thread, flow.Approved)
		if i, _ := w.jira.Issue("DES-1"); i.Status != "Done" {
			t.Errorf("the ticket that is back is %q, want Done", i.Status)
		}
	})
}

// TestF40_TicketHidden: a ticket that nobody shows us any more is said to be so, nothing goes there, and what was decided
// meanwhile follows when it is back.
func TestF40_TicketHidden(t *testing.T) {
	t.Parallel()
	in(t, nil, func(w *world) {
		thread := w.mention(launch, "A banner for Nova")
		w.pass(time.Minute)
		w.may(w.jira.HideIssue("DES-1", true))
		w.pass(50 * time.Minute)
		d, err := w.engine.Request(context.Background(), "CR-1")
		if err != nil || d.Request.Ticket.Gone != "hidden" || !strings.Contains(w.seen(launch), "hidden") {
			t.Errorf("its ticket is gone %q (%v), want it hidden and said:\n%s", d.Request.Ticket.Gone, err, w.seen(launch))
		}
		_, err = w.slack.PostAs(maya, launch, "Said meanwhile", thread)
		w.may(err)
		w.pass(time.Hour)
		if n := len(w.made("POST /rest/api/2/issue")); n != 1 {
			t.Errorf("%d tickets were asked for, want none by itself", n)
		}
		w.may(w.jira.HideIssue("DES-1", false))
		w.pass(50 * time.Minute)
		w.press(ana, "Approve", "A banner for Nova")
		w.pass(5 * time.Minute)
		w.once("CR-1", launch, thread, flow.Approved)
		i, _ := w.jira.Issue("DES-1")
		said := 0
		for _, c := range i.Comments {
			said += strings.Count(c.Body, "Said meanwhile")
		}
		if i.Status != "Done" || said != 1 {
			t.Errorf("the ticket that is back is %q with the comments %+v, want Done and what was said meanwhile, once", i.Status, i.Comments)
		}
	})
}

// may fails the test on an error.
func (w *world) may(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// press presses a button of the newest direct message with the words.
func (w *world) press(who, button, words string) {
	w.t.Helper()
	list := w.slack.DMs(who)
	for i := len(list) - 1; i >= 0; i-- {
		if m := list[i]; m.FromApp && strings.Contains(m.Text+fmt.Sprint(m.Blocks), words) {
			a, err := w.slack.PressButton(who, m.Channel, m.TS, button)
			w.may(err)
			if a.Toast != "" {
				w.t.Errorf("pressing %s: %s", button, a.Toast)
			}
			w.settle()
			return
		}
	}
	w.t.Fatalf("%s has no message with %q", who, words)
}

// TestF41_CopiedLabel: a ticket that somebody made with our label is not taken for ours, even while ours cannot be found.
func TestF41_CopiedLabel(t *testing.T) {
	t.Parallel()
	in(t, func(o *jira.Options) { o.IndexLag = 20 * time.Second }, func(w *world) {
		w.arm("jira", "createIssue", sandbox.TimeoutAfter, 1, time.Second)
		thread := w.mention(launch, "A banner for Nova")
		w.pass(2 * time.Second)
		ours := w.jira.Issues()[0]
		labels, err := json.Marshal(ours.Labels)
		w.may(err)
		_, err = w.jira.CreateAs("Jon Park", fmt.Appendf(nil, `{"fields":{"project":{"key":"DES"},"issuetype":{"name":"Task"},"summary":"Mine","labels":%s}}`, labels))
		w.may(err)
		w.pass(15 * time.Minute)
		w.once("CR-1", launch, thread, flow.InReview)
		d, err := w.engine.Request(context.Background(), "CR-1")
		w.may(err)
		if link, _ := d.Request.Link("ticket"); link.Label != ours.Key {
			t.Errorf("the request follows %s, want %s", link.Label, ours.Key)
		}
		if n := w.metric("signoff_alarms_total", "what=connector"); n < 1 {
			t.Errorf("no alarm about the copied label; the log:\n%s", w.log)
		}
	})
}

// TestF45_RetriesWhileTheFirstIsRunning: Slack sends again what is still being looked into.
func TestF45_RetriesWhileTheFirstIsRunning(t *testing.T) {
	t.Parallel()
	in(t, nil, func(w *world) {
		w.arm("slack", "users.info", sandbox.TimeoutBefore, 1, 12*time.Second)
		thread := w.mention(launch, "A banner for Nova")
		sent := w.slack.Events()
		for _, ev := range sent {
			for range 3 {
				go func() {
					if status, err := w.slack.Redeliver(context.Background(), ev.ID); err != nil || status != http.StatusOK {
						t.Errorf("sent again: %d, %v", status, err)
					}
				}()
			}
		}
		w.pass(5 * time.Minute)
		w.once("CR-1", launch, thread, flow.InReview)
		if n := w.metric("signoff_deliveries_total", "instance=slack", "outcome=duplicate"); int(n) < 3*len(sent) {
			t.Errorf("%v duplicates, want those that came again, %d", n, 3*len(sent))
		}
		if _, err := w.engine.Request(context.Background(), "CR-2"); err == nil {
			t.Error("there is a second request")
		}
	})
}
