package email

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"

	"signoff/internal/flow"
)

// A tag stands behind the + of an address of ours. Of a request it routes an answer, and never gives a right: authority comes
// from the sender. Of a bounce it says which mail came back, and that we sent it.
const (
	purposeReply  = "reply:v1:"
	purposeBounce = "bounce:v1:"
	bounceTag     = "b." // before the key of the mail
)

func (c *Connector) mac(purpose, of string) string {
	h := hmac.New(sha256.New, c.d.Key)
	_, _ = h.Write([]byte(purpose + of)) // a hash takes everything
	return base32lower(h.Sum(nil)[:10])
}

// replyAddress is where answers about a request go: approvals+cr-142.bt7rpt7wdmrvfyra@lumen.example. Without a request it is
// the plain address.
func (c *Connector) replyAddress(r flow.RequestID) string {
	if r == "" {
		return c.set.ReplyTo
	}
	return tagged(c.set.ReplyTo, strings.ToLower(string(r))+"."+c.mac(purposeReply, strings.ToUpper(string(r))))
}

// bounceAddress is the envelope's sender of a mail of ours.
func (c *Connector) bounceAddress(key string) string {
	if !c.verp() {
		return c.set.Bounces
	}
	return tagged(c.set.Bounces, bounceTag+key+"."+c.mac(purposeBounce, key))
}

// verp reports whether the envelope's sender names the mail.
func (c *Connector) verp() bool { return c.set.Send.VERP == nil || *c.set.Send.VERP }

func tagged(address, tag string) string {
	return localPart(address) + "+" + tag + "@" + domainOf(address)
}

// requestOf reads the request from addresses that a mail was sent to; "" when none carries a right tag.
func (c *Connector) requestOf(addresses []string) flow.RequestID {
	of, _ := c.tagOf(addresses, c.set.ReplyTo, purposeReply, strings.ToUpper)
	return flow.RequestID(of)
}

// returned reads the key of a mail of ours that came back.
func (c *Connector) returned(addresses []string) (key string, ok bool) {
	return c.tagOf(addresses, c.set.Bounces, purposeBounce, func(s string) string { return strings.TrimPrefix(s, bounceTag) })
}

func (c *Connector) tagOf(addresses []string, base, purpose string, plain func(string) string) (of string, ok bool) {
	for _, a := range addresses {
		a = strings.ToLower(a) // mail systems change the case
		_, tag, found := strings.Cut(localPart(a), "+")
		dot := strings.LastIndexByte(tag, '.')
		if !found || dot < 1 || localPart(untagged(a)) != localPart(base) { // forwarded mail may come to another domain; the tag proves enough
			continue
		}
		of := plain(tag[:dot])
		if hmac.Equal([]byte(c.mac(purpose, of)), []byte(tag[dot+1:])) {
			return of, true
		}
	}
	return "", false
}

// messageID is the id of the mail that an effect sends to an address: the same on each try, and not to be guessed.
func (c *Connector) messageID(e flow.Effect, to, shown string) string {
	h := hmac.New(sha256.New, c.d.Key)
	for _, part := range []string{"mail:v1", c.d.StoreID, e.Mark(), strings.ToLower(to), shown} {
		_, _ = h.Write([]byte(part + "\x00"))
	}
	words := []string{"signoff"}
	if e.Request != "" {
		words = []string{strings.ToLower(string(e.Request))}
	}
	return strings.Join(append(words, base32lower(h.Sum(nil)[:15])), ".") + "@" + domainOf(c.from.Address)
}

// rootID is what all mails about a request to one person refer to, so that programs show them together.
func (c *Connector) rootID(r flow.RequestID, to string) string {
	return strings.ToLower(string(r)) + ".thread." + c.mac("root:v1:", c.d.StoreID+"\x00"+string(r)+"\x00"+strings.ToLower(to)) + "@" + domainOf(c.from.Address)
}

const passFor = 7 * 24 * time.Hour // how long a decision link holds
