package adobe_test

import (
	"crypto/sha256"
	"encoding/hex"

	"signoff/internal/text"
)

func plain(s string) text.Doc { return text.Plain(s) }

func sum12(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:12]
}
