package slack

import (
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/outbound"
)

const sentenceDenied = "Slack no longer accepts signoff's token. Install the app again and set the new bot_token; nothing is lost meanwhile."

// answered classes an answer with ok:false. A code that is not listed is permanent.
func (what call) answered(said slack.SlackErrorResponse) *connectors.Error {
	e := &connectors.Error{Op: what.op, Err: &slackError{code: said.Err, text: explained(said)}}
	switch codeClass(said.Err) {
	case classLimited:
		e.Class, e.Wait = connectors.Limited, outbound.DefaultWait
		what.limit(e)
	case classLater:
		e.Class = connectors.Transient
	case classPartly:
		e.Class = what.unclear()
	case classDenied:
		e.Class, e.Person = connectors.Denied, sentenceDenied
	case classScope:
		e.Class = connectors.Rejected
		if strings.HasPrefix(what.op, "chat.post") || what.op == opUpdate {
			e.Class = connectors.Denied // without it nothing can be said at all
		}
		e.Person = scopeSentence(said.Needed)
	default:
		e.Class, e.Person = connectors.Rejected, personSentence(said.Err)
	}
	return e
}

// slackError is an answer with ok:false.
type slackError struct{ code, text string }

func (e *slackError) Error() string { return e.text }

// explained is what Slack said, for the operator.
func explained(said slack.SlackErrorResponse) string {
	text := "slack answered " + shown(firstOf(said.Err, "no error code"))
	if said.Needed != "" {
		text += ", needed scope " + shown(said.Needed)
	}
	for _, m := range said.ResponseMetadata.Messages {
		text += "; " + clip(clean(m), 200)
	}
	return clip(text, 600)
}

// codeKind groups Slack's error codes.
type codeKind int

const (
	classForGood codeKind = iota
	classLimited
	classLater  // nothing happened
	classPartly // part of it may have happened
	classDenied
	classScope
)

// codeClass is the table of Slack's error codes, from the contract and the methods' own pages.
func codeClass(code string) codeKind {
	switch code {
	case "ratelimited", "rate_limited", "accesslimited", "message_limit_exceeded":
		return classLimited
	case "request_timeout", "service_unavailable", "team_added_to_org", "hash_conflict", "rollup_error":
		return classLater
	case "", "internal_error", "fatal_error", "internal_service_error":
		return classPartly
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission",
		"org_login_required", "ekm_access_denied", "access_denied", "team_access_not_granted",
		"two_factor_setup_required", "app_not_installed", "invalid_token":
		return classDenied
	case "missing_scope", "not_allowed_token_type":
		return classScope
	}
	return classForGood
}

func scopeSentence(needed string) string {
	if needed == "" {
		return "The Slack app lacks a permission. Print the manifest with signoff slack manifest, save it in the app's settings and install the app again."
	}
	return "The Slack app lacks the scope " + shown(needed) + ". Print the manifest with signoff slack manifest, save it in the app's settings and install the app again."
}

// personSentence says what to do about a permanent refusal.
func personSentence(code string) string {
	switch code {
	case "not_in_channel", "channel_not_found":
		return "signoff cannot write in that Slack channel. Invite it there with /invite @signoff, then replay this."
	case "is_archived":
		return "The Slack channel is archived. Unarchive it or move the request, then replay this."
	case "thread_not_found", "cannot_reply_to_message":
		return "The Slack thread is gone: its first message was deleted."
	case "user_disabled", "user_not_found", "users_not_found", "user_not_visible":
		return "That Slack account is deactivated or cannot be seen by signoff. Correct the person's slack: id in the rules."
	case "cannot_dm_bot", "messages_tab_disabled":
		return "signoff cannot send direct messages there. Switch on the messages tab of the app's home in its settings, then replay this."
	case "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format", "no_text", "invalid_arguments", "metadata_too_large":
		return "Slack refused the message as it is written. Tell the operator: this is a fault of signoff's."
	}
	if strings.HasPrefix(code, "restricted_action") || code == "posting_to_channel_denied" {
		return "Posting in that Slack channel is restricted. Allow signoff to post there, then replay this."
	}
	return ""
}

// gone reports that the message to change is no longer there or cannot be changed, so that a new one is due.
func gone(err error) bool {
	switch codeOf(err) {
	case "message_not_found", "cant_update_message", "edit_window_closed":
		return true
	}
	return false
}

// codeOf is the error code of an answer of Slack's, "" for any other error.
func codeOf(err error) string {
	if said, ok := errors.AsType[*slackError](err); ok {
		return said.code
	}
	return ""
}
