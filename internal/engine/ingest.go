package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

const (
	seenFor    = 30 * 24 * time.Hour // how long a delivery is remembered
	commitTime = 2 * time.Second     // a commit that takes longer is answered as our own fault
	crowded    = 32                  // senders that wait at once; beyond it deciding is left to jobs
	besideTime = 10 * time.Second    // what is done beside a commit for somebody who waits
)

// inbox takes deliveries in: verified, stored, acknowledged, and then decided.
type inbox struct {
	e        *Engine
	o        Options
	met      *metrics
	log      *slog.Logger
	decider  *decider
	limits   *limits
	gate     *gate
	answered http.Header
	busy     atomic.Int64 // commits under way

	signatures *signatures
}

func newInbox(e *Engine) *inbox {
	return &inbox{
		e: e, o: e.o, met: e.met, log: e.o.Log, decider: e.decider, limits: e.limits, gate: e.gate,
		answered: http.Header{"Content-Type": {"application/json"}}, signatures: newSignatures(e),
	}
}

// Hook takes one request to a hook: verified before anything is read or written, stored before it is acknowledged.
func (e *Engine) Hook(ctx context.Context, instance string, in connectors.Inbound) connectors.Reply {
	in.Trusted = false // only a connection of our own can vouch for what comes through it
	return e.take(ctx, instance, in)
}

// take takes one delivery in, whichever way it came.
func (e *Engine) take(ctx context.Context, instance string, in connectors.Inbound) connectors.Reply {
	began := e.o.Now()
	reply := e.inbox.receive(ctx, instance, in)
	if reply.Status < 300 {
		e.met.acked(e.o.Now().Sub(began))
	}
	return reply
}

func (b *inbox) receive(ctx context.Context, instance string, in connectors.Inbound) connectors.Reply {
	r, ok := b.o.Connectors[instance].(connectors.Receiver)
	if !ok {
		_ = sha256.Sum256(in.Body) // takes as long as a wrong signature
		b.met.rejected.WithLabelValues("unknown", "unknown_path").Inc()
		return b.refuse(&connectors.Refusal{Status: http.StatusNotFound, Reason: "no such instance"})
	}
	acc, err := accept(r, in)
	var refusal *connectors.Refusal
	switch {
	case errors.As(err, &refusal):
		b.signatures.refused(instance, refusal)
		b.met.rejected.WithLabelValues(instance, reasonClass(refusal)).Inc()
		b.log.Warn("delivery refused", "instance", instance, "status", refusal.Status, "reason", refusal.Reason)
		return b.refuse(refusal)
	case err != nil:
		b.log.Error("delivery could not be read", "instance", instance, "error", err)
		b.met.alarm("accept")
		return b.fault()
	}
	b.signatures.held(instance, acc.Secret)
	if acc.Answer != nil {
		return *acc.Answer
	}
	return b.answer(ctx, instance, in, acc)
}

// accept calls Accept; a panic in it is our own fault, not the sender's.
func accept(r connectors.Receiver, in connectors.Inbound) (acc connectors.Accepted, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while accepting: %v", p)
		}
	}()
	return r.Accept(in)
}

// reasonClass keeps the counter's labels closed.
func reasonClass(r *connectors.Refusal) string {
	if r.Signed {
		return "other_tenant"
	}
	switch r.Status {
	case http.StatusUnauthorized:
		return "not_authentic"
	case http.StatusMethodNotAllowed:
		return "method"
	case http.StatusUnsupportedMediaType:
		return "content_type"
	case http.StatusBadRequest:
		return "bad_request"
	case http.StatusNotFound:
		return "unknown_path"
	}
	return "other"
}

// answer stores an authentic delivery and answers its sender.
func (b *inbox) answer(ctx context.Context, instance string, in connectors.Inbound, acc connectors.Accepted) connectors.Reply {
	ok := connectors.Reply{Status: http.StatusOK, Header: b.answered.Clone(), Body: []byte(`{"ok":true}`), Store: true}
	failed := b.fault()
	if r, is := b.o.Connectors[instance].(connectors.Responder); is && acc.Waits {
		var err error
		if ok, err = respond(func() connectors.Reply { return r.Respond(ctx, in, acc, b.e.Query()) }); err != nil {
			b.log.Error("answer for somebody who waits went wrong", "instance", instance, "error", err)
			b.met.alarm("panic")
			return failed
		}
		if ok.Failed != nil {
			failed = *ok.Failed
		}
	}
	if b.e.stopping.Load() {
		b.aside(ctx, failed.Beside)
		return failed
	}
	b.aside(ctx, ok.Beside)
	if !ok.Store {
		return ok
	}
	d := b.newDelivery(instance, in, acc)
	if err := b.commit(ctx, d, acc); err != nil {
		b.log.Error("delivery not stored", "instance", instance, "delivery", d.ID, "error", err)
		b.met.deliveries.WithLabelValues(instance, "not_stored").Inc()
		b.e.unstored.Store(true)
		b.aside(ctx, failed.Beside)
		return failed
	}
	if !acc.Missed.IsZero() {
		if err := b.e.chores.missed(ctx, acc.Missed); err != nil {
			b.log.Error("what the sender kept back is not asked for", "instance", instance, "error", err)
		}
	}
	if acc.Alarm != "" {
		b.met.alarm("connector")
		b.log.Error("delivery needs a look", "instance", instance, "delivery", d.ID, "alarm", acc.Alarm)
	}
	return ok
}

// respond asks a connector for its answer; a panic in it is our own fault.
func respond(ask func() connectors.Reply) (r connectors.Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return ask(), nil
}

// aside starts what is done beside the commit for somebody who waits, and owns it.
func (b *inbox) aside(ctx context.Context, f func(context.Context)) {
	if f == nil {
		return
	}
	b.e.beside.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), besideTime)
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				b.met.alarm("panic")
				b.log.Error("panic beside a commit", "panic", fmt.Sprint(p))
			}
		}()
		f(ctx)
	})
}

func (b *inbox) newDelivery(instance string, in connectors.Inbound, acc connectors.Accepted) flow.Delivery {
	if in.At.IsZero() {
		in.At = b.o.Now()
	}
	sum := sha256.Sum256(in.Body)
	if acc.ID == "" {
		acc.ID = hex.EncodeToString(sum[:])
	}
	d := flow.Delivery{
		ID: instance + "/" + acc.ID, Instance: instance, Kind: acc.Kind, Type: acc.Type, At: in.At.UTC(), Body: in.Body,
		Hash: hex.EncodeToString(sum[:]), Key: acc.Key, State: flow.Waiting,
	}
	if acc.Kept != nil {
		d.Body = acc.Kept
	}
	switch {
	case acc.Malformed != "":
		d.State, d.Why = flow.Malformed, acc.Malformed
	case acc.Ignored != "":
		d.State, d.Why = flow.Ignored, acc.Ignored
	}
	return d
}

// commit stores a delivery once and puts it to work. What needs nothing from outside is decided in the same
// transaction; where that goes wrong, or many senders wait, the delivery is stored first and a job decides it.
func (b *inbox) commit(ctx context.Context, d flow.Delivery, acc connectors.Accepted) error {
	// A sender that hangs up does not stop what it has sent from being kept.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime+time.Duration(len(d.Body)/largeFrom)*time.Second)
	defer cancel()
	defer b.busy.Add(-1)
	how := intake{enrich: acc.Enrich, about: acc.About}
	room := b.busy.Add(1) <= crowded
	if room && how.enrich && how.about.Zero() && d.State == flow.Waiting {
		var known bool
		d.Learned, known = b.recall(ctx, d)
		how.enrich = !known
	}
	how.now = room && !how.enrich
	got, err := b.store(ctx, d, how)
	if errors.Is(err, errPoison) {
		b.log.Error("delivery could not be decided at once", "instance", d.Instance, "delivery", d.ID, "error", err)
		how.now = false
		got, err = b.store(ctx, d, how)
	}
	if err != nil {
		return err
	}
	b.met.deliveries.WithLabelValues(d.Instance, got.outcome).Inc()
	if got.altered {
		b.met.alarm("altered_delivery")
		b.log.Error("delivery id came again with another body, the first one stands", "instance", d.Instance, "delivery", d.ID)
	}
	b.report(got.settled)
	return nil
}

// recall asks a connector for what it knows about a delivery without asking outside. What goes wrong there goes wrong
// again where the delivery is enriched, which says so.
func (b *inbox) recall(ctx context.Context, d flow.Delivery) (learned []byte, ok bool) {
	c, able := b.o.Connectors[d.Instance].(connectors.Recaller)
	if !able {
		return nil, false
	}
	defer func() {
		if p := recover(); p != nil {
			learned, ok = nil, false
		}
	}()
	return c.Recall(ctx, d)
}

// taken is what became of a delivery on arrival.
type taken struct {
	outcome string // closed set: stored, duplicate, or a delivery state
	altered bool
	settled settled
}

// intake says how a delivery is taken in.
type intake struct {
	enrich bool     // something has to be learned first
	now    bool     // decided in the transaction that keeps it
	about  flow.Ref // of no use unless a request belongs to it
}

func (b *inbox) store(ctx context.Context, d flow.Delivery, how intake) (got taken, err error) {
	var read reading
	if how.now && d.State == flow.Waiting && how.about.Zero() {
		read = b.read(d)
	}
	err = b.o.Store.Update(ctx, func(tx store.Tx) error {
		got = taken{outcome: "stored"}
		known, altered, err := seen(tx, d, b.o.Now())
		if err != nil {
			return err
		}
		if known {
			got.outcome, got.altered = "duplicate", altered
			return nil
		}
		idle, err := useless(tx, d, how.about)
		if err != nil {
			return err
		}
		switch {
		case d.State != flow.Waiting:
			got.outcome = string(d.State)
			return tx.PutDelivery(d)
		case idle:
			got.outcome = string(flow.Ignored)
			return nil
		case how.now:
			if !how.about.Zero() {
				read = b.read(d) // it is of use after all
			}
			got.settled, err = b.settle(tx, d, read)
			return err
		}
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
		return tx.Enqueue(inboxJob(d, how.enrich))
	})
	return got, err
}

// useless reports whether a delivery is of no use because no request belongs to what it is about. Nothing of it is kept but
// its name.
func useless(tx store.Tx, d flow.Delivery, about flow.Ref) (idle bool, err error) {
	if about.Zero() || d.State != flow.Waiting {
		return false, nil
	}
	_, ok, err := touching(tx, about)
	return !ok, err
}

func inboxJob(d flow.Delivery, enrich bool) store.Job {
	kind := decideJob
	if enrich {
		kind = enrichJob
	}
	j := store.Job{ID: kind + "/" + d.ID, Kind: kind, At: d.At, Created: d.At, Payload: []byte(d.ID)}
	if len(d.Body) >= workFrom {
		j.Lane = largeLane
	}
	return j
}

// seen remembers a delivery by its id and by its content key, and says whether either was seen before.
func seen(tx store.Tx, d flow.Delivery, now time.Time) (known, altered bool, err error) {
	until := now.Add(seenFor)
	first, known, err := tx.Seen("delivery/"+d.ID, d.Hash, until)
	if err != nil || known {
		return known, known && first != d.Hash, err
	}
	if d.Key == "" {
		return false, false, nil
	}
	_, known, err = tx.Seen("key/"+d.Instance+"/"+d.Key, d.ID, until)
	return known, false, err
}

// refuse gives the one short answer for everything that is not believed.
func (b *inbox) refuse(r *connectors.Refusal) connectors.Reply {
	h := b.answered.Clone()
	if r.Allow != "" {
		h.Set("Allow", r.Allow)
	}
	if r.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	return connectors.Reply{Status: r.Status, Header: h, Body: []byte(`{"ok":false}`)}
}

// fault answers that we cannot just now; senders come back.
func (b *inbox) fault() connectors.Reply {
	h := b.answered.Clone()
	h.Set("Retry-After", "5")
	return connectors.Reply{Status: http.StatusServiceUnavailable, Header: h, Body: []byte(`{"ok":false}`)}
}
