package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// sign returns the X-Slack-Signature of body at timestamp.
func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}
