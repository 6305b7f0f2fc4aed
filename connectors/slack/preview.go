package slack

import "signoff/internal/text"

// Mrkdwn prints a document as Slack is sent it, for a preview.
func Mrkdwn(d text.Doc) string { return printer{}.doc(d) }
