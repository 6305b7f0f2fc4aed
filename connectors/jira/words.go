package jira

import "signoff/internal/text"

// readWords reads what people wrote in a comment.
func (c *Connector) readWords(body string) text.Doc { return text.Plain(body) }

// wiki prints words for this Jira.
func (c *Connector) wiki(d text.Doc) string { return wiki(d) }
