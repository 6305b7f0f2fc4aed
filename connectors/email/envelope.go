package email

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// envelope is what is known of a mail besides its bytes. It travels as the media type of the delivery, so that the body
// stays the mail as it came, which signatures are made over.
type envelope struct {
	By       string // imap, smtp, lmtp
	Known    bool   // From and To were told by a server
	From     string // empty: the null sender
	To       []string
	At       time.Time // when the mailbox took it in
	Size     int64     // of the whole mail where only its header is here
	Helo, IP string
}

const (
	mediaMail   = "message/rfc822"
	headReused  = "X-Message-Id-Reused"
	headContent = "Content-Type"
)

// mediaType prints the envelope.
func (e envelope) mediaType() string {
	p := map[string]string{"by": e.By}
	if e.Known {
		p["from"] = printable(e.From)
		p["to"] = printable(strings.Join(e.To, " "))
	}
	if !e.At.IsZero() {
		p["at"] = e.At.UTC().Format(time.RFC3339)
	}
	if e.Size > 0 {
		p["size"] = strconv.FormatInt(e.Size, 10)
	}
	if e.Helo != "" {
		p["helo"] = printable(e.Helo)
	}
	if e.IP != "" {
		p["ip"] = e.IP
	}
	return mime.FormatMediaType(mediaMail, p)
}

// printable keeps what can stand in a header's parameter.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// envelopeOf reads what mediaType printed; the zero envelope for anything else.
func envelopeOf(mediaType string) (e envelope) {
	kind, p, err := mime.ParseMediaType(mediaType)
	if err != nil || kind != mediaMail {
		return e
	}
	e.By, e.From, e.Helo, e.IP = p["by"], p["from"], p["helo"], p["ip"]
	_, e.Known = p["from"]
	e.To = strings.Fields(p["to"])
	e.At, _ = time.Parse(time.RFC3339, p["at"]) // zero where it is not told
	e.Size, _ = strconv.ParseInt(p["size"], 10, 64)
	return e
}

// header is what a mail is delivered with.
func (e envelope) header(reused bool) http.Header {
	h := http.Header{headContent: {e.mediaType()}}
	if reused {
		h.Set(headReused, "yes")
	}
	return h
}
