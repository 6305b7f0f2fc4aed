package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// longestValue is how much of one field is put together from its lines: longer ones are written to cost time.
const longestValue = 16 << 10

// headers reads the first values of some fields of a mail's header, unfolded, and returns where the body begins. It reads no
// further than the header and takes whatever line ends there are.
func headers(raw []byte, names ...string) (values map[string]string, body []byte) {
	values = map[string]string{}
	var name string
	var value []byte // of name, as far as it was read
	defer func() { keep(values, name, value) }()
	begun := false
	for line := range bytes.Lines(raw) {
		rest := len(line)
		raw = raw[rest:]
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case len(text) == 0 && !begun:
			continue // blank lines before the header
		case len(text) == 0:
			return values, raw
		case text[0] == ' ' || text[0] == '\t':
			if name != "" && len(value) < longestValue {
				value = append(append(value, ' '), bytes.TrimSpace(text)...)
			}
			continue
		}
		head, said, ok := bytes.Cut(text, []byte(":"))
		if !ok && !begun && !bytes.HasPrefix(text, []byte("From ")) {
			return values, append(line[:rest:rest], raw...) // no header at all
		}
		keep(values, name, value)
		name, value, begun = "", nil, true
		word := strings.ToLower(string(bytes.TrimRight(head, " \t")))
		if _, known := values[word]; ok && !known && slices.Contains(names, word) {
			name, value = word, bytes.Clone(bytes.TrimSpace(said))
		}
	}
	return values, nil
}

func keep(values map[string]string, name string, value []byte) {
	if name != "" {
		values[name] = string(value)
	}
}

// deliveryID names a mail by its bytes, contentKey by what it is: the same mail in two folders, or come by two ways, has
// other trace headers and the same key. A Message-ID alone is not enough: it may be missing or used again.
func deliveryID(raw []byte, size int64) string {
	h := sha256.New()
	_, _ = h.Write(raw) // a hash takes everything
	if size > 0 {
		_, _ = io.WriteString(h, "\x00cut")
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func contentKey(raw []byte, size int64) (key, messageID string) {
	values, body := headers(raw, "message-id", "date", "from", "subject")
	h := sha256.New()
	for _, name := range []string{"message-id", "date", "from"} {
		_, _ = io.WriteString(h, values[name]+"\x00")
	}
	if values["message-id"] == "" { // of devices and scripts, which say all they have to say in the subject
		_, _ = io.WriteString(h, values["subject"]+"\x00")
	}
	if size > 0 {
		_, _ = io.WriteString(h, "cut\x00")
	}
	_, _ = h.Write(bodyHash(body))
	return hex.EncodeToString(h.Sum(nil)[:16]), bareID(values["message-id"])
}

// bodyHash is the same for any line ends, and for any number of them at the end.
func bodyHash(body []byte) []byte {
	h := sha256.New()
	for line := range bytes.Lines(bytes.TrimRight(body, "\r\n")) {
		_, _ = h.Write(bytes.TrimRight(line, "\r\n"))
		_, _ = h.Write([]byte("\n"))
	}
	return h.Sum(nil)
}

// bareID is a Message-ID without brackets.
func bareID(s string) string {
	s = strings.TrimSpace(s)
	if _, after, ok := strings.Cut(s, "<"); ok {
		if id, _, closed := strings.Cut(after, ">"); closed {
			return id
		}
	}
	return s
}

// idKey names a Message-ID in what is kept and in addresses: ids may be long and hold anything.
func idKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base32lower(sum[:10])
}

func base32lower(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
