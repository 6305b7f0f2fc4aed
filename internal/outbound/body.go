package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// TooLargeError says that a body was longer than is read of it.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the answer is longer than %d bytes", e.Limit)
}

// PackedError says that a file came packed although it was asked for as it is; its bytes would not be the file's.
type PackedError struct{ Encoding string }

func (e *PackedError) Error() string { return fmt.Sprintf("the answer is packed (%.40q)", e.Encoding) }

// IdleError says that a body stood still for too long. It counts as a deadline that was missed.
type IdleError struct{ After time.Duration }

func (e *IdleError) Error() string { return fmt.Sprintf("nothing moved for %v", e.After) }

// Unwrap makes it a deadline for errors.Is.
func (e *IdleError) Unwrap() error { return context.DeadlineExceeded }

// Timeout makes it a time-out for net.Error.
func (e *IdleError) Timeout() bool { return true }

// SizeError says that a file ended elsewhere than it was announced to.
type SizeError struct{ Want, Got int64 } // Got is one more than Want when it went on

func (e *SizeError) Error() string {
	if e.Got > e.Want {
		return fmt.Sprintf("the file goes on after the %d bytes that were announced", e.Want)
	}
	return fmt.Sprintf("the file ends after %d of %d bytes", e.Got, e.Want)
}

// Limit passes on what r gives and ends with a *TooLargeError where r goes on after most bytes.
func Limit(r io.Reader, most int64) io.Reader {
	return &limited{r, capped{left: most, limit: most}}
}

type limited struct {
	r   io.Reader
	cap capped
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) { return l.cap.read(l.r, p) }

// Exact passes on what r gives and ends with a *SizeError unless that is size bytes: a connection that is cut can look
// like the end of a file.
func Exact(r io.Reader, size int64) io.Reader { return &exact{r: r, size: size} }

type exact struct {
	r         io.Reader
	size, got int64
}

// Read implements io.Reader.
func (e *exact) Read(p []byte) (int, error) {
	if e.got > e.size {
		return 0, &SizeError{e.size, e.got}
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.size-e.got+1)])
	e.got += int64(n)
	switch {
	case e.got > e.size:
		return n - 1, &SizeError{e.size, e.got}
	case errors.Is(err, io.EOF) && e.got < e.size:
		return n, &SizeError{e.size, e.got}
	}
	return n, err
}

// capped counts what may still be read.
type capped struct {
	left, limit int64
	refused     error // said instead of reading anything
}

// read gives at most what is left, then finds out by one more byte whether that was all.
func (c *capped) read(r io.Reader, p []byte) (int, error) {
	if c.refused != nil {
		return 0, c.refused
	}
	if c.left > 0 {
		n, err := r.Read(p[:min(int64(len(p)), c.left)])
		c.left -= int64(n)
		return n, err
	}
	var more [1]byte
	n, err := r.Read(more[:])
	if n > 0 {
		c.refused = &TooLargeError{c.limit}
		return 0, c.refused
	}
	return 0, err
}

// answerBody is an answer within its bounds. Closing it ends the request.
type answerBody struct {
	body   io.ReadCloser
	capped capped
	idle   *idle
	ctx    context.Context
	cancel context.CancelFunc
	ended  bool
}

// Read waits for bytes at most as long as a body may stand still. An end that comes after the request was given up is none:
// the other side may be closing a file that it had not sent to its end.
func (b *answerBody) Read(p []byte) (int, error) {
	if b.ended {
		return 0, io.EOF
	}
	b.idle.start()
	n, err := b.capped.read(b.body, p)
	b.idle.stop()
	if errors.Is(err, io.EOF) {
		if cause := context.Cause(b.ctx); cause != nil {
			return n, cause
		}
		b.ended = true
		return n, io.EOF
	}
	return n, stood(b.ctx, err)
}

// Close ends the request.
func (b *answerBody) Close() error {
	b.idle.stop()
	err := b.body.Close()
	b.cancel()
	return err
}

// sentBody watches over a request's body: what was read from it has to be taken by the other side within the time.
// How long our own source takes is not counted; it has bounds of its own.
type sentBody struct {
	io.ReadCloser
	idle *idle
}

// Read gives the next bytes to send.
func (b *sentBody) Read(p []byte) (int, error) {
	b.idle.stop()
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		b.idle.start()
	}
	return n, err
}

// Close ends the watch.
func (b *sentBody) Close() error {
	b.idle.stop()
	return b.ReadCloser.Close()
}

// idle cancels a request when it is not stopped in time. A nil idle never does.
type idle struct {
	after time.Duration
	timer *time.Timer
}

func newIdle(after time.Duration, cancel context.CancelCauseFunc) *idle {
	if after <= 0 {
		return nil
	}
	timer := time.AfterFunc(after, func() { cancel(&IdleError{after}) })
	timer.Stop()
	return &idle{after, timer}
}

func (i *idle) start() {
	if i != nil {
		i.timer.Reset(i.after)
	}
}

func (i *idle) stop() {
	if i != nil {
		i.timer.Stop()
	}
}

// stood returns the standstill that ended ctx in place of the cancellation that it became.
func stood(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if idle, ok := errors.AsType[*IdleError](context.Cause(ctx)); ok {
		return idle
	}
	return err
}
