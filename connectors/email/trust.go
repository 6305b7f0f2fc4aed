package email

import (
	"context"
	"errors"
	"strings"

	"signoff/connectors"
	"signoff/connectors/email/letter"
	"signoff/internal/flow"
)

var errNames = errors.New("names of the sender's domain cannot be looked up")

// trust says how the sender was verified, and whether that and their address make them somebody whose mail is taken.
func (c *Connector) trust(ctx context.Context, out *learned, d flow.Delivery, l letter.Letter) error {
	v := c.verify(ctx, d)
	if v.Temporary && v.How == letter.None {
		if c.d.Now().Sub(d.At) < dnsPatience {
			return &connectors.Error{Op: opEnrich, Class: connectors.Transient, Err: errNames}
		}
		c.d.Log.Warn("a sender could not be checked in time", "delivery", d.ID, "why", v.Why)
	}
	out.Verified, out.Authserv, out.Doubt = string(v.How), v.Authserv, v.Why
	switch set := c.set.Receive; {
	case l.From.Address == "":
		out.Stranger = "it names no sender"
	case set.Require == requireDMARC && v.How == letter.None:
		out.Stranger = "its sender could not be verified"
	case len(set.AcceptFrom) > 0 && !matches(set.AcceptFrom, l.From.Address):
		out.Stranger = "its sender is not among those that mail is taken from"
	}
	return nil
}

// verify finds whether the author's domain vouches for the mail: by the word of a server that the settings name, else by
// looking for ourselves. SPF is looked up only for mail that came to our own door from its server; behind an MTA the
// address is that of the MTA.
func (c *Connector) verify(ctx context.Context, d flow.Delivery) letter.Verdict {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	e := envelopeOf(d.Type)
	if values, _ := headers(d.Body, "authentication-results"); values["authentication-results"] != "" {
		c.sawAuthserv(ctx, values["authentication-results"])
	}
	t := letter.Trust{Authserv: c.set.Receive.AuthservID, Resolver: c.resolver, Envelope: c.options(e).Envelope}
	if e.By != "smtp" || onThisMachine(e.IP) {
		t.Envelope = letter.Envelope{}
	}
	return letter.Verify(ctx, d.Body, t)
}

// sawAuthserv remembers whose word stood topmost in the last mail, for whoever checks the settings.
func (c *Connector) sawAuthserv(ctx context.Context, value string) {
	server, _, _ := strings.Cut(value, ";")
	words := strings.Fields(server)
	if len(words) == 0 || strings.Contains(words[0], "=") {
		return
	}
	var seen string
	if _, err := c.memory.Load(ctx, keyAuthserv, &seen); err == nil && seen != words[0] {
		c.memory.Note(keyAuthserv, clip(oneLine(words[0]), 100))
	}
}

// author is who wrote a mail. An address that nobody vouched for is not that of the person who has it.
func (c *Connector) author(l letter.Letter, known learned) flow.Actor {
	if l.From.Address == "" {
		return flow.Actor{Shown: "somebody unnamed"}
	}
	address := strings.ToLower(l.From.Address)
	if known.Verified == string(letter.None) && c.set.Receive.Require != requireNone {
		return flow.Actor{Ref: c.ref("unverified", address), Shown: shownAs(l.From.Name, address+", not verified")}
	}
	return flow.Actor{Ref: c.address(address), Shown: shownAs(l.From.Name, address), Email: address}
}

const mostName = 60

// shownAs names somebody outside the directory: anybody can write any name, so the address stands beside it.
func shownAs(name, address string) string {
	if name = clip(oneLine(name), mostName); name == "" {
		return address
	}
	return name + " (" + address + ")"
}
