package main

import (
	"context"
	"fmt"
	"strings"

	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
)

// seed plays four requests into different stages, as people would: one waits for brand review, one is being worked
// on, one has been approved, one waits for triage. Around the first there is a conversation, and a draft waits for Tom.
func (w *world) seed(ctx context.Context, play bool) error {
	if !play {
		return nil
	}
	if _, err := w.github.OpenPullAs("Chloé Roy", "lumen/site", "Darker hero for the spring launch", "Link to this in #design-requests, or give it the label signoff.", "Darken the hero"); err != nil {
		return fmt.Errorf("open the pull request: %w", err)
	}
	asks := []string{
		"<@U0SIGNOFF> Lumen newsletter banner 600x200 for EMEA by Friday EOD",
		"<@U0SIGNOFF> Need a Nova banner 300x250 by Friday EOD",
		"<@U0SIGNOFF> Lumen display ad 728x90, 160x600 for the spring launch by 4 December",
		"<@U0SIGNOFF> 500 Lumen flyers A5 for the trade fair by 9 December",
	}
	threads := make([]string, len(asks))
	for i, words := range asks {
		var err error
		if threads[i], err = w.slack.PostAs("U0MAYA001", demoRequest, words, ""); err != nil {
			return fmt.Errorf("ask for request %d: %w", i+1, err)
		}
		if err := w.opened(ctx, fmt.Sprintf("CR-%d", i+1)); err != nil {
			return err
		}
	}
	for _, step := range []struct{ request, words, button string }{
		{"CR-1", "", "Send to review"}, {"CR-1", "Brand review", "Approve"}, {"CR-1", "Sign-off", "Approve"}, {"CR-2", "", "Send to review"},
	} {
		if err := w.press(ctx, step.request, step.words, step.button); err != nil {
			return err
		}
	}
	if err := w.talk(ctx, threads[1], "Nova"); err != nil {
		return err
	}
	_, err := w.slack.PostAs("U0TOM0001", demoAsks, "We need a Lumen display ad for our stand at the trade fair by 2 December", "")
	return err
}

// talk plays a conversation: a reply with a file, and a comment of the ticket with those words in its summary.
func (w *world) talk(ctx context.Context, thread, words string) error {
	_, err := w.slack.Say(slack.Post{
		User: "U0MAYA001", Channel: demoRequest, Thread: thread, Text: "Here is the brief. Please keep the *claim* as it is.",
		Files: []slack.Upload{{Name: "nova-brief.pdf", Data: paper("Nova: spring launch", "Light that moves with you.", "300x250, ends on the claim")}},
	})
	if err != nil {
		return err
	}
	var ticket jira.Issue
	err = w.jira.Wait(ctx, func(s *jira.Server) bool {
		for _, ticket = range s.Issues() {
			if strings.Contains(ticket.Summary, words) && len(ticket.Attachments) > 0 && len(ticket.Comments) > 0 {
				return true
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	return w.jira.CommentAs("jon", ticket.Key, "The publisher needs it below 150 kB.")
}

// opened waits for the card of a request, so that the next one gets the next number.
func (w *world) opened(ctx context.Context, request string) error {
	return w.slack.Wait(ctx, func(s *slack.Server) bool {
		for _, m := range s.Messages(demoRequest) {
			for _, reply := range s.Thread(demoRequest, m.TS) {
				if about(reply, request) {
					return true
				}
			}
		}
		return false
	})
}

// press waits until somebody has a direct message about the request with these words and this button, and presses it.
func (w *world) press(ctx context.Context, request, words, label string) error {
	var user string
	var message slack.Message
	err := w.slack.Wait(ctx, func(s *slack.Server) bool {
		for _, u := range demoUsers() {
			for _, m := range s.DMs(u.ID) {
				if about(m, request) && strings.Contains(m.Shown(), words) && has(m, label) {
					user, message = u.ID, m
					return true
				}
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	if _, err := w.slack.PressButton(user, message.Channel, message.TS, label); err != nil {
		return fmt.Errorf("press %s of %s: %w", label, request, err)
	}
	// The message changes before the next button of the same name is looked for.
	return w.slack.Wait(ctx, func(s *slack.Server) bool {
		for _, m := range s.DMs(user) {
			if m.TS == message.TS {
				return !has(m, label)
			}
		}
		return true
	})
}

func about(m slack.Message, request string) bool {
	payload, _ := m.Metadata["event_payload"].(map[string]any)
	return payload["request"] == request || strings.Contains(m.Shown(), request+" ")
}

func has(m slack.Message, label string) bool {
	for _, b := range m.Buttons() {
		if b.Text == label {
			return true
		}
	}
	return false
}
