package confluence

import (
	"testing"

	"signoff/internal/text"
)

// ReadsAnything reads a page of any kind: it may be refused, and what is read is a document in its normal form.
func ReadsAnything(t *testing.T, body string) {
	doc, _, err := readStorage(body, nil)
	if err != nil {
		return
	}
	if got := text.Doc(doc.Normal()).String(); got != doc.String() {
		t.Errorf("not in its normal form: %q reads %q", doc.String(), got)
	}
	if printed := storage(doc); printed != "" {
		if _, _, err := readStorage(printed, nil); err != nil {
			t.Errorf("what we print of %q cannot be read: %v\n%s", body, err, printed)
		}
	}
}
