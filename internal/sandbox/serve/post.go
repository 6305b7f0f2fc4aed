package serve

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
)

// Message is a webhook as it goes over the wire.
type Message struct {
	URL    string
	Header map[string]string
	Body   []byte
}

// Post sends a webhook and returns the status of the answer, 0 where none came.
func Post(ctx context.Context, client *http.Client, m Message) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return 0, err
	}
	for name, value := range m.Header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // read so that the connection is used again
	return res.StatusCode, nil
}

// Sign is the signature that Atlassian and GitHub put on a body: "sha256=" and the HMAC in hex.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
