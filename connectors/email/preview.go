package email

import "signoff/internal/text"

// HTML prints a document as it stands in the HTML part of a mail, for a preview.
func HTML(d text.Doc) string { return htmlDoc(d) }
