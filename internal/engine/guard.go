package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// faultError is a panic in a connector, or a call that did not come back.
type faultError struct {
	what  string
	stack []byte
}

func (f *faultError) Error() string { return f.what }

const hangs = 2 * time.Second // a call that ignores the end of its time for so long is left behind

// guard calls f with a deadline of its own; a panic becomes an error, and a call that ignores its context is left
// behind, so that nothing a connector does can hold up the queue.
func guard[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type result struct {
		v   T
		err error
	}
	ended := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = &faultError{what: fmt.Sprintf("panic: %v", p), stack: debug.Stack()}
			}
			ended <- r
		}()
		r.v, r.err = f(ctx)
	}()
	select {
	case r := <-ended:
		return r.v, r.err
	case <-ctx.Done():
	}
	late := time.NewTimer(hangs)
	defer late.Stop()
	select {
	case r := <-ended:
		return r.v, r.err
	case <-late.C:
		var none T
		return none, &faultError{what: "the call did not come back in time"}
	}
}
