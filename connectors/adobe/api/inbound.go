package api

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"

	"signoff/connectors"
	"signoff/internal/strictjson"
)

// Post refuses what cannot be a webhook whatever its signature, in the order in which all doors do.
func Post(in connectors.Inbound, most int) error {
	if in.Method != http.MethodPost {
		return &connectors.Refusal{Status: http.StatusMethodNotAllowed, Reason: "method", Allow: http.MethodPost}
	}
	if media, _, err := mime.ParseMediaType(in.Header.Get("Content-Type")); err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "content type"}
	}
	if in.Header.Get("Content-Encoding") != "" {
		return &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "content encoding"}
	}
	if len(in.Body) > most {
		return &connectors.Refusal{Status: http.StatusRequestEntityTooLarge, Reason: "body too large"}
	}
	return nil
}

// Unbelieved is the refusal of what is not authentic.
func Unbelieved(reason string) error {
	return &connectors.Refusal{Status: http.StatusUnauthorized, Reason: reason}
}

// Hash is the SHA-256 of some texts, in hexadecimal.
func Hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

// Decode reads JSON strictly.
func Decode(body []byte, into any, most int) error {
	return strictjson.Decode(body, into, strictjson.Limits{Bytes: most})
}
