package figma

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/internal/flow"
)

const (
	refWords    = "signoff ref "
	refLength   = 12
	receiptKeep = "receipt/"
)

var refForm = pattern.New(`signoff ref ([0-9a-f]{12})\s*$`)

// refOf ends each of our comments. It is the same for every try of one effect, and another in every installation.
func (c *Connector) refOf(e flow.Effect) string {
	sum := sha256.Sum256([]byte(c.deps.StoreID + "\n" + e.Mark()))
	return hex.EncodeToString(sum[:])[:refLength]
}

// markOf is the mark at the end of a comment, "" where there is none.
func markOf(message string) string {
	if m := refForm.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// wrote reports whether a comment is one of signoff's: our account's, with a mark. The same account without one is the person
// it belongs to. Where the token does not say whose it is, a call of ours has to explain the mark.
func (c *Connector) wrote(ctx context.Context, m comment, own loose) (bool, error) {
	switch {
	case markOf(m.Message) == "":
		return false, nil
	case own != "":
		return m.By.ID == own, nil
	}
	return c.receipt(ctx, m)
}

// receipt is left before a comment is posted, so that no webhook can be faster; with its id once that is known.
type receipt struct {
	At time.Time `json:"at"`
	ID string    `json:"id,omitempty"` // KEY/ID
}

func receiptKey(ref string) string { return receiptKeep + ref }

// receipt reports whether a call of ours explains a comment.
func (c *Connector) receipt(ctx context.Context, m comment) (bool, error) {
	var r receipt
	ok, err := c.memory.Load(ctx, receiptKey(markOf(m.Message)), &r)
	return ok && (r.ID == "" || strings.HasSuffix(r.ID, "/"+string(m.ID))), err
}
