package engine

import (
	"context"

	"signoff/connectors"
)

// Mails may be large. What a connection of our own brings is bounded by its connector; here it is seen to that few large
// bodies are held at once: their sender hears that there is no room just now, and leaves them where they are.

const (
	largeFrom = 4 << 20  // bytes of a body; hooks take none larger
	largest   = 40 << 20 // a mail of 35 MiB with everything around it
	largeRoom = 2        // large bodies being stored at once
	// largeLane is where large deliveries are worked on, one after the other: reading one takes several times its size.
	largeLane = "large"
	workFrom  = 1 << 20
)

// bring takes in what a listener or a poller delivers.
func (e *Engine) bring(ctx context.Context, instance string, in connectors.Inbound) connectors.Reply {
	size := len(in.Body)
	if size <= largeFrom {
		return e.take(ctx, instance, in)
	}
	if size > largest {
		e.met.deliveries.WithLabelValues(instance, "too_large").Inc()
		e.o.Log.Error("delivery is too large to be kept", "instance", instance, "bytes", size)
		return e.inbox.fault()
	}
	select {
	case e.large <- struct{}{}:
		defer func() { <-e.large }()
		return e.take(ctx, instance, in)
	default:
		e.met.deliveries.WithLabelValues(instance, "crowded").Inc()
		return e.inbox.fault()
	}
}
