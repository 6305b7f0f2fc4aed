package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"signoff/connectors"
)

// Check implements connectors.Connector: can the mailbox be opened, is there a server that takes our mail, and do other
// servers believe it.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	var list []connectors.Finding
	if c.set.Receive.IMAP != nil {
		list = append(list, c.checkMailbox(ctx)...)
	}
	if c.set.Receive.SMTP != nil {
		list = append(list, c.checkDoor())
	}
	if c.set.Send.SMTP != nil {
		list = append(list, c.checkRelay(ctx), c.checkDMARC(ctx))
	} else {
		list = append(list, connectors.Finding{Level: "warning", What: "send.smtp", Text: "no mail can be sent: people get no acknowledgement and no question", Remedy: "name a server under send.smtp"})
	}
	return append(list, c.checkTrust(ctx)...)
}

// checkDoor says how our own mail server stands, and who may reach it.
func (c *Connector) checkDoor() connectors.Finding {
	set := c.set.Receive.SMTP
	up, why := c.door.get()
	host, _, _ := net.SplitHostPort(set.Listen) // Settings have seen that it can be parted
	f := connectors.Finding{Level: "ok", What: "receive.smtp", Text: "listening for mail at " + set.Listen + set.Socket}
	switch inside := set.Socket != "" || onThisMachine(host); {
	case !up && why != "":
		return connectors.Finding{Level: "warning", What: f.What, Text: "not listening: " + why, Remedy: "see whether another program has the port, and whether signoff may open it"}
	case set.LMTP && !inside:
		f.Level, f.Text, f.Remedy = "warning", "LMTP can be reached from other machines at "+set.Listen, "let only your MTA reach it, or use a socket: whoever speaks LMTP is taken for your MTA"
	case !inside && c.doorTLS == nil:
		f.Level, f.Text, f.Remedy = "warning", "mail can come unencrypted from other machines at "+set.Listen, "name a certificate and its key, or listen on 127.0.0.1"
	case !up:
		f.Text = "mail is taken at " + set.Listen + set.Socket + " while signoff runs"
	}
	return f
}

// Probe implements connectors.Prober. An account that was refused is not tried again at once: servers lock accounts.
func (c *Connector) Probe(ctx context.Context) error {
	if err := c.refused.still(c.d.Now()); err != nil {
		return err
	}
	err := c.signInEverywhere(ctx)
	c.refused.note(c.d.Now(), err)
	return err
}

func (c *Connector) signInEverywhere(ctx context.Context) error {
	if c.set.Receive.IMAP != nil {
		b := &mailbox{c: c, set: c.set.Receive.IMAP, news: make(chan struct{}, 1)}
		if err := b.connect(ctx); err != nil {
			return err
		}
		b.close()
	}
	if c.set.Send.SMTP == nil {
		return nil
	}
	line, err := c.dialRelay(ctx)
	if err != nil {
		return err
	}
	line.quit()
	return nil
}

const (
	leastRefused = 10 * time.Minute
	mostRefused  = time.Hour
)

// refusal is that an account was refused, and until when it is left alone. New settings make a new connector.
type refusal struct {
	mu    sync.Mutex
	err   error
	until time.Time
	pause time.Duration
}

func (r *refusal) still(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.until) {
		return r.err
	}
	return nil
}

func (r *refusal) note(now time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if connectors.ClassOf(err) != connectors.Denied {
		r.err, r.until, r.pause = nil, time.Time{}, 0
		return
	}
	r.pause = min(max(2*r.pause, leastRefused), mostRefused)
	r.err, r.until = err, now.Add(r.pause)
}

func found(what string, err error, remedy string) connectors.Finding {
	f := connectors.Finding{Level: "problem", What: what, Text: plain(err).Error(), Remedy: remedy}
	var ce *connectors.Error
	if errors.As(err, &ce) && ce.Person != "" {
		f.Remedy = ce.Person
	}
	return f
}

func (c *Connector) checkMailbox(ctx context.Context) []connectors.Finding {
	set := c.set.Receive.IMAP
	b := &mailbox{c: c, set: set, news: make(chan struct{}, 1)}
	if err := b.connect(ctx); err != nil {
		return []connectors.Finding{found("receive.imap", err, "check host, port and tls, and whether this machine may reach them")}
	}
	defer b.close()
	list := []connectors.Finding{{Level: "ok", What: "receive.imap", Text: "signed in as " + set.User + " at " + set.Host}}
	err := b.ask(askTime, func() error {
		data, err := b.cl.Status(set.Mailbox, &imap.StatusOptions{NumMessages: true}).Wait()
		if err == nil && data.NumMessages != nil {
			list = append(list, connectors.Finding{Level: "ok", What: "receive.imap.mailbox", Text: fmt.Sprintf("%s holds %d mails", set.Mailbox, *data.NumMessages)})
		}
		return err
	})
	if err != nil {
		return append(list, found("receive.imap.mailbox", err, "there is no folder "+set.Mailbox+" that may be read; check its name"))
	}
	for _, name := range []string{set.Done, set.Failed, set.Auto} {
		list = append(list, b.checkFolder(name))
	}
	if !b.caps.Has("IDLE") {
		list = append(list, connectors.Finding{Level: "warning", What: "receive.imap", Text: "the server cannot tell of new mail (IDLE); it is asked every minute", Remedy: "nothing needs to be done; mail arrives up to a minute later"})
	}
	return list
}

// checkFolder asks for a folder; it is made when the mailbox is opened, so a missing one is no problem yet.
func (b *mailbox) checkFolder(name string) connectors.Finding {
	f := connectors.Finding{Level: "ok", What: "receive.imap " + name, Text: "the folder is there"}
	err := b.ask(askTime, func() error {
		if b.folders == nil {
			b.names()
		}
		_, err := b.cl.Status(b.folders[name], &imap.StatusOptions{NumMessages: true}).Wait()
		return err
	})
	if err != nil {
		return connectors.Finding{Level: "warning", What: f.What, Text: "the folder is not there yet", Remedy: "signoff makes it when it starts; where it may not, make it by hand"}
	}
	return f
}

func (c *Connector) checkRelay(ctx context.Context) connectors.Finding {
	line, err := c.dialRelay(ctx)
	if err != nil {
		return found("send.smtp", err, "check host, port and tls, and whether this machine may reach them")
	}
	line.quit()
	who := "without an account"
	if u := c.set.Send.SMTP.User; u != "" {
		who = "as " + u
	}
	return connectors.Finding{Level: "ok", What: "send.smtp", Text: c.set.Send.SMTP.Host + " takes our mail, " + who}
}

// forExamples says that the system's names never hold this domain (RFC 2606, RFC 6761).
func forExamples(domain string) bool {
	labels := strings.Split(domain, ".")
	return slices.Contains([]string{"example", "test", "invalid", "localhost"}, strings.ToLower(labels[len(labels)-1]))
}

// checkDMARC looks whether the domain that we write from tells others what to believe.
func (c *Connector) checkDMARC(ctx context.Context) connectors.Finding {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	domain := domainOf(c.from.Address)
	f := connectors.Finding{Level: "warning", What: "DMARC of " + domain, Remedy: "publish SPF, DKIM and DMARC for " + domain + "; without them mail of signoff may land in spam"}
	if c.resolver == net.DefaultResolver && forExamples(domain) {
		return connectors.Finding{Level: "ok", What: f.What, Text: "names of this kind are for examples and are not looked up"}
	}
	records, err := c.resolver.LookupTXT(ctx, "_dmarc."+domain)
	var dns *net.DNSError
	switch {
	case err != nil && !(errors.As(err, &dns) && dns.IsNotFound):
		f.Text, f.Remedy = "it cannot be looked up just now", "see whether this machine can ask a DNS server, or set receive.dns"
		return f
	case err != nil:
		f.Text = "there is no record"
		return f
	}
	for _, r := range records {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(r)), "v=dmarc1") {
			return connectors.Finding{Level: "ok", What: f.What, Text: clip(oneLine(r), 120)}
		}
	}
	f.Text = "there is no record"
	return f
}

// checkTrust says how senders are verified, and which servers were seen to vouch for them.
func (c *Connector) checkTrust(ctx context.Context) []connectors.Finding {
	set := c.set.Receive
	if set.IMAP == nil && set.SMTP == nil {
		return nil
	}
	if set.Require == requireNone {
		return []connectors.Finding{{Level: "warning", What: "receive.require", Text: "senders need not be verified: anybody can write in anybody's name", Remedy: "set require: dmarc unless mail comes from inside only"}}
	}
	if len(set.AuthservID) == 0 {
		return []connectors.Finding{{Level: "ok", What: "receive.authserv_id", Text: "signoff checks DKIM and DMARC itself"}}
	}
	var seen string
	if _, err := c.memory.Load(ctx, keyAuthserv, &seen); err != nil || seen == "" {
		return []connectors.Finding{{Level: "ok", What: "receive.authserv_id", Text: "the word of " + strings.Join(set.AuthservID, ", ") + " is taken; no mail has come yet"}}
	}
	for _, id := range set.AuthservID {
		if strings.EqualFold(id, seen) {
			return []connectors.Finding{{Level: "ok", What: "receive.authserv_id", Text: "the last mail was vouched for by " + seen}}
		}
	}
	return []connectors.Finding{{Level: "warning", What: "receive.authserv_id", Text: "the last mail bears the word of " + seen + ", which the settings do not name",
		Remedy: "if that is your own server, name it in receive.authserv_id; it must strip the same field from mail that comes in"}}
}

const keyAuthserv = "authserv" // the name in the newest Authentication-Results of the last mail
