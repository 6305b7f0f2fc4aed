package email

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"signoff/connectors"
)

type deliverer = func(context.Context, connectors.Inbound) connectors.Reply

// mostMail is the largest mail that is read whole.
const mostMail = 35 << 20

// Listen reads the mailbox and keeps the mail server of our own open, whichever the settings name, until ctx ends.
func (c *Connector) Listen(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts []func(context.Context, deliverer) error
	if c.set.Receive.IMAP != nil {
		parts = append(parts, c.readMailbox)
	}
	if c.set.Receive.SMTP != nil {
		parts = append(parts, c.serveDoor)
	}
	if len(parts) == 0 {
		<-ctx.Done()
		return nil
	}
	var all sync.WaitGroup
	errs := make([]error, len(parts))
	for i, part := range parts {
		all.Go(func() {
			defer stop() // one without the other would be half a door that looks open
			errs[i] = part(ctx, deliver)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	leastPause  = time.Second
	mostPause   = 5 * time.Minute
	authTries   = 3
	steadyAfter = 30 * time.Second // a connection that lasted so long was none in vain; nor was one that brought mail
)

// readMailbox keeps a connection to the mailbox, opened again after a growing pause. Being refused three times in a row is
// the end: going on would lock the account.
func (c *Connector) readMailbox(ctx context.Context, deliver deliverer) error {
	defer c.imap.set(false, "the connection is closed")
	refused, pause := 0, leastPause
	for {
		c.imap.set(false, "connecting")
		began := c.d.Now()
		err := c.openMailbox(ctx, deliver)
		if ctx.Err() != nil {
			return nil
		}
		var ce *connectors.Error
		if errors.As(err, &ce) && ce.Class == connectors.Denied {
			if refused++; refused >= authTries {
				c.imap.set(false, "the account is refused")
				c.refused.note(c.d.Now(), ce)
				return ce
			}
		} else {
			refused = 0
		}
		if c.brought.Swap(false) || c.d.Now().Sub(began) >= steadyAfter {
			pause = leastPause
		}
		c.imap.set(false, why(err))
		c.d.Log.Warn("the mailbox is opened again", "in", pause, "error", err)
		if !rest(ctx, time.Duration((0.5+rand.Float64()/2)*float64(pause))) {
			return nil
		}
		pause = min(2*pause, mostPause)
	}
}

func why(err error) string {
	if err == nil {
		return "the connection ended"
	}
	return err.Error()
}

// rest waits; false when ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hand delivers one mail. ok is false when it was not kept, which is our own fault: it must come again.
func (c *Connector) hand(ctx context.Context, deliver deliverer, raw []byte, e envelope, at time.Time) (ok bool) {
	key, id := contentKey(raw, e.Size)
	row, known, err := c.mail(ctx, id)
	if err != nil {
		c.d.Log.Error("what is known of earlier mail cannot be read", "error", err)
		return false
	}
	reused := known && row.Content != "" && row.Content != key
	reply := deliver(ctx, connectors.Inbound{Header: e.header(reused), Body: raw, At: at, Trusted: true})
	c.sweep(ctx)
	return reply.Status < 500
}
