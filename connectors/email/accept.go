package email

import (
	"net/http"
	"net/netip"

	"signoff/connectors"
	"signoff/connectors/email/letter"
)

// Where a mail goes in the mailbox once it is kept.
type sorted string

const (
	sortDone   sorted = "done"
	sortFailed sorted = "failed"
	sortAuto   sorted = "auto"
)

// options are what reading a mail needs to know of us and of how it came.
func (c *Connector) options(e envelope) letter.Options {
	o := letter.Options{
		Self: []string{c.from.Address, c.set.ReplyTo, c.set.Bounces}, Instance: c.instanceMark(), Marker: marker,
		Envelope: letter.Envelope{Known: e.Known, From: e.From, To: e.To, Helo: e.Helo},
	}
	if ip, err := netip.ParseAddr(e.IP); err == nil {
		o.Envelope.IP = ip
	}
	return o
}

// head reads the header of a mail. One that bears an address of ours as its sender is our own, whatever tag stands in it.
func (c *Connector) head(raw []byte, e envelope) letter.Letter {
	l := letter.Head(raw, c.options(e))
	if l.Class != letter.Own && c.ours(l.From.Address) {
		l.Class, l.Because = letter.Own, "it is from an address of ours"
	}
	return l
}

// sort says where a mail goes that was kept.
func (c *Connector) sort(raw []byte, e envelope) sorted {
	l := c.head(raw, e)
	switch {
	case l.Refused != nil:
		return sortFailed
	case l.Class == letter.Personal, l.Class == letter.Weak:
		return sortDone
	}
	return sortAuto
}

// Accept implements connectors.Receiver. Mail comes through our own listeners only; there is no hook for it.
func (c *Connector) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	if !in.Trusted {
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusNotFound, Reason: "mail does not come by a hook"}
	}
	e := envelopeOf(in.Header.Get(headContent))
	key, _ := contentKey(in.Body, e.Size)
	l := c.head(in.Body, e)
	acc := connectors.Accepted{ID: deliveryID(in.Body, e.Size), Key: key, Kind: "mail:" + string(l.Class), Type: e.mediaType(), Enrich: true}
	switch {
	case l.Class == letter.Own:
		acc.Ignored, acc.Enrich = "it is a mail of our own: "+l.Because, false
	case l.Refused != nil:
		acc.Alarm = "a mail is built in a way that is not read: " + l.Refused.Limit
	case in.Header.Get(headReused) != "":
		acc.Alarm = "a Message-ID that is known came with another mail; it is taken as a new one"
	}
	return acc, nil
}
