package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"signoff/connectors"
	"signoff/internal/filetype"
	"signoff/internal/flow"
)

// A file is carried from where it was added to where it is wanted as a stream: nothing of it is kept but its first bytes,
// by which it is seen to be what its name says.

const (
	copyTime  = 5 * time.Minute // for one file
	copyRoom  = 4               // files under way at once, so that they never take every worker
	mostShort = 5               // times a file may arrive with another size than was promised
)

// carry does a Copy: looks for what a lost call left behind, then opens, checks and attaches the file.
func (o *outbox) carry(ctx context.Context, a *attempt) error {
	c := a.effect.Copy
	source := c.File.Ref.System
	opener, ok := o.o.Connectors[source].(connectors.Opener)
	if !ok {
		return o.settle(ctx, a, ended{fate: flow.FileRefused, why: fmt.Sprintf("files of %s cannot be read", source)})
	}
	attacher, ok := o.o.Connectors[a.effect.Target].(connectors.Attacher)
	if !ok {
		return o.settle(ctx, a, ended{fate: flow.FileLinked}) // it stays where it is, and a link leads there
	}
	if err := o.mayRead(a, source); err != nil {
		return err
	}
	defer o.leaveCopies(source)
	if err := o.mayCall(a); err != nil {
		return err
	}
	defer o.limits.leave(a.effect.Target)
	if links, found, err := o.leftBehind(ctx, a); found || err != nil {
		if err != nil {
			return o.failed(ctx, a, err)
		}
		a.fileSum = o.summed(ctx, opener, c)
		return o.done(ctx, a, links)
	}
	a.began = o.o.Now().UTC()
	o.limits.breaker(source).TryAcquirePermit() // whether it may was asked above; this lets a source that was away be tried
	end, err := guard(ctx, copyTime, func(ctx context.Context) (ended, error) {
		return stream(ctx, opener, attacher, a.effect)
	})
	if err != nil {
		return o.copyFailed(ctx, a, err)
	}
	o.limits.breaker(source).RecordSuccess()
	if end.fate != "" {
		o.limits.breaker(a.effect.Target).RecordSuccess() // it was not asked for anything
	}
	return o.settle(ctx, a, end)
}

// summed reads a file that was attached by a call whose answer was lost once more, for its sum; empty where that fails.
func (o *outbox) summed(ctx context.Context, from connectors.Opener, c *flow.Copy) string {
	sum, err := guard(ctx, copyTime, func(ctx context.Context) (string, error) {
		body, _, err := from.Open(ctx, c.File.Ref)
		if err != nil {
			return "", err
		}
		defer func() { _ = body.Close() }() // it is only read
		h := sha256.New()
		n, err := io.Copy(h, io.LimitReader(body, c.Limit+1))
		if err != nil || n > c.Limit {
			return "", errors.Join(err, errOver)
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	})
	if err != nil {
		o.log.Warn("copied file could not be read for its sum", "file", c.File.Ref.String(), "error", err)
		return ""
	}
	return sum
}

// leftBehind finds what a call whose answer was lost has attached.
func (o *outbox) leftBehind(ctx context.Context, a *attempt) ([]flow.Link, bool, error) {
	if a.trail.Lost.IsZero() || a.doer == nil {
		return nil, false, nil
	}
	links, found, err := o.find(ctx, a)
	if err == nil && !found {
		a.trail.Lost = time.Time{}
	}
	return links, found, err
}

// mayRead says whether the source may be asked now. Whoever may has a place and must leave it.
func (o *outbox) mayRead(a *attempt, source string) error {
	now := o.o.Now()
	if why, stopped := o.gate.why(source); stopped {
		return o.wait(a, now.Add(closed), source+" is stopped: "+why)
	}
	if at := o.limits.admit(opening(a, source), now); at.After(now) {
		return o.wait(a, at, "waiting for a rate limit of "+source)
	}
	if b := o.limits.breaker(source); b.IsOpen() && b.RemainingDelay() > 0 {
		return o.wait(a, now.Add(b.RemainingDelay()+o.limits.backoff(1)/2), source+" does not answer just now")
	}
	select {
	case o.copies <- struct{}{}:
	default:
		return o.wait(a, now.Add(o.limits.backoff(1)), "many files are under way")
	}
	if !o.fromMail(source) {
		return nil
	}
	select {
	case o.letters <- struct{}{}:
		return nil
	default:
		<-o.copies
		return o.wait(a, now.Add(o.limits.backoff(1)), "another file of a mail is under way")
	}
}

// fromMail reports whether the files of a source lie in mails: to read one the whole mail is held, so one is read at a time.
func (o *outbox) fromMail(source string) bool {
	_, mail := o.o.Connectors[source].(connectors.Mailer)
	return mail
}

func (o *outbox) leaveCopies(source string) {
	if o.fromMail(source) {
		<-o.letters
	}
	<-o.copies
}

// opening is the reading of a file at its source, as the limits see it.
func opening(a *attempt, source string) call {
	return call{job: a.job.ID + "/open", instance: source, shape: "open file"}
}

// ended is how the carrying of a file ended for good.
type ended struct {
	fate  flow.FileFate // empty: it was attached
	why   string
	links []flow.Link
	sum   string // hex SHA-256 of the bytes that were attached
}

// settle records the end of a copy.
func (o *outbox) settle(ctx context.Context, a *attempt, end ended) error {
	a.fileFate, a.fileWhy, a.fileSum = end.fate, end.why, end.sum
	if end.fate != "" {
		o.met.files.WithLabelValues(a.effect.Target, string(end.fate)).Inc()
		return o.record(ctx, a, nil)
	}
	o.met.files.WithLabelValues(a.effect.Target, string(flow.FileCopied)).Inc()
	return o.done(ctx, a, end.links)
}

// sourceError is trouble at the source of a file; nothing was attached.
type sourceError struct{ err *connectors.Error }

func (e *sourceError) Error() string { return e.err.Error() }

func (e *sourceError) Unwrap() error { return e.err }

// stream carries one file. An error says who is to blame; what ends it for good is no error.
func stream(ctx context.Context, from connectors.Opener, to connectors.Attacher, e flow.Effect) (ended, error) {
	c := e.Copy
	body, meta, err := from.Open(ctx, c.File.Ref)
	if err != nil {
		return openFailed(err)
	}
	defer func() { _ = body.Close() }() // what was read has been judged already
	if meta.Size > c.Limit {
		return tooLarge(c, meta.Size), nil
	}
	in := &measured{r: body, limit: c.Limit, want: promised(c.File, meta), sum: sha256.New()}
	head, whole, err := filetype.Head(in)
	if err != nil {
		return in.judge(c, err)
	}
	name := filetype.CleanName(firstOf(c.File.Name, meta.Name))
	kind, err := filetype.Check(name, firstOf(c.File.Type, meta.Type), head)
	if mixed := new(filetype.MismatchError); meta.AsSent && errors.As(err, &mixed) && !mixed.Harmful() {
		kind, err = filetype.Kind{Media: "application/octet-stream"}, nil // nothing opens it by what only one side says it is
	}
	if err != nil {
		return ended{fate: flow.FileRefused, why: err.Error()}, nil
	}
	links, err := to.Attach(ctx, e, connectors.FileMeta{Name: name, Type: kind.Media, Size: in.want}, whole)
	if in.failed() {
		return in.judge(c, err)
	}
	return ended{links: links, sum: hex.EncodeToString(in.sum.Sum(nil))}, err
}

// openFailed says what an error of the source means for the file.
func openFailed(err error) (ended, error) {
	var ce *connectors.Error
	if errors.As(err, &ce) && ce.Class == connectors.Rejected {
		if ce.Gone != "" {
			return ended{fate: flow.FileGone, why: firstOf(ce.Person, "it is "+ce.Gone)}, nil
		}
		return ended{fate: flow.FileRefused, why: reason(ce)}, nil
	}
	return ended{}, &sourceError{err: classed(err)}
}

func tooLarge(c *flow.Copy, size int64) ended {
	why := fmt.Sprintf("it has more than %d MB, and up to %d MB are copied", c.Limit>>20, c.Limit>>20)
	if size > 0 {
		why = fmt.Sprintf("it has %d MB, and up to %d MB are copied", (size+1<<20-1)>>20, c.Limit>>20)
	}
	return ended{fate: flow.FileTooLarge, why: why}
}

// promised is the size that was promised, -1 where nothing was.
func promised(f flow.File, meta connectors.FileMeta) int64 {
	switch {
	case meta.Size >= 0:
		return meta.Size
	case f.Size > 0:
		return f.Size
	}
	return -1
}

// measured reads a file and notices when it is larger than may be, or not as large as was promised.
type measured struct {
	r           io.Reader
	n           int64
	limit, want int64
	sum         hash.Hash
	err         error // of the source
	over, short bool
}

var (
	errOver  = errors.New("the file is larger than may be carried")
	errShort = errors.New("the file has another size than was promised")
)

// Read implements io.Reader.
func (c *measured) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	_, _ = c.sum.Write(p[:n]) // a hash takes everything
	switch {
	case c.n > c.limit:
		c.over = true
		return 0, errOver
	case c.want >= 0 && c.n > c.want, errors.Is(err, io.EOF) && c.want >= 0 && c.n < c.want:
		c.short = true
		return 0, errShort
	case err != nil && !errors.Is(err, io.EOF):
		c.err = err
	}
	return n, err
}

func (c *measured) failed() bool { return c.over || c.short || c.err != nil }

// judge says what a stream that broke off means.
func (c *measured) judge(to *flow.Copy, err error) (ended, error) {
	switch {
	case c.over:
		return tooLarge(to, 0), nil
	case c.short:
		err = errShort
	case c.err != nil:
		err = c.err
	}
	ce := classed(err)
	if ce.Class == connectors.Rejected {
		return openFailed(err)
	}
	return ended{}, &sourceError{err: ce}
}

// copyFailed says what becomes of a file that could not be carried now.
func (o *outbox) copyFailed(ctx context.Context, a *attempt, err error) error {
	var blame *sourceError
	if !errors.As(err, &blame) || errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return o.failed(ctx, a, err)
	}
	source, ce := a.effect.Copy.File.Ref.System, blame.err
	o.limits.breaker(a.effect.Target).RecordSuccess() // it was not at fault
	o.log.Warn("file not read", "request", a.effect.Request, "effect", a.effect.ID, "attempt", a.job.Attempts,
		"instance", source, "class", string(ce.Class), "error", err)
	o.met.effects.WithLabelValues(source, string(ce.Class)).Inc()
	switch ce.Class {
	case connectors.Denied:
		if err := o.halt(ctx, source, ce); err != nil {
			return err
		}
		return o.wait(a, o.o.Now().Add(closed), source+" is stopped: "+reason(ce))
	case connectors.Limited:
		at := o.limits.limited(opening(a, source), ce, o.o.Now())
		return o.again(ctx, a, again{at: at, why: reason(ce), free: true})
	}
	if errors.Is(err, errShort) {
		if a.trail.Faults++; a.trail.Faults >= mostShort {
			return o.settle(ctx, a, ended{fate: flow.FileRefused, why: "it did not arrive whole, however often it was tried"})
		}
	} else {
		o.limits.breaker(source).RecordFailure()
		o.limits.trouble(source, o.o.Now())
	}
	at := o.o.Now().Add(max(ce.Wait, o.limits.backoff(a.job.Attempts)))
	return o.again(ctx, a, again{at: at, why: reason(ce)})
}
