package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The load generator shares two cores with what it measures, so it does as little as it can: requests are signed and
// laid out before the clock starts, answers are read only as far as their status and their length.

// shots are requests as they go over the wire, in one piece of memory.
type shots struct {
	bytes []byte
	ends  []int
}

func (s *shots) add(request []byte) {
	s.bytes = append(s.bytes, request...)
	s.ends = append(s.ends, len(s.bytes))
}

func (s *shots) len() int { return len(s.ends) }

func (s *shots) at(i int) []byte {
	from := 0
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.bytes[from:s.ends[i]]
}

// volley is what a run of the generator saw.
type volley struct {
	Rate float64         // answers per second
	Took []time.Duration // from the first byte out to the last byte in, per request
}

const answerTime = 20 * time.Second

// gun is one kept-alive connection.
type gun struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, addr string) (*gun, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &gun{conn: conn, in: bufio.NewReaderSize(conn, 4096)}, nil
}

// fire sends one request and waits for its answer. Anything but a 200 is an error.
func (g *gun) fire(request []byte) error {
	if err := g.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	if _, err := g.conn.Write(request); err != nil {
		return err
	}
	return readAnswer(g.in)
}

func readAnswer(in *bufio.Reader) error {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("answered %q, want 200", bytes.TrimSpace(status))
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return fmt.Errorf("read answer: %w", err)
			}
		}
	}
	if length < 0 {
		return errors.New("the answer does not say its length")
	}
	_, err = io.CopyN(io.Discard, in, int64(length))
	return err
}

// closedLoop fires each shot once over conns connections, each connection its next shot as soon as the last is
// answered, until none is left or the time is up.
func closedLoop(ctx context.Context, addr string, conns int, s *shots, most time.Duration) (volley, error) {
	guns := make([]*gun, conns)
	for i := range guns {
		g, err := dial(ctx, addr)
		if err != nil {
			return volley{}, err
		}
		defer g.conn.Close()
		guns[i] = g
	}
	var next atomic.Int64
	took := make([][]time.Duration, conns)
	errs := make([]error, conns)
	var done sync.WaitGroup
	start := time.Now()
	end := start.Add(most)
	for i, g := range guns {
		done.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				from := time.Now()
				if n >= s.len() || from.After(end) || ctx.Err() != nil {
					return
				}
				if err := g.fire(s.at(n)); err != nil {
					errs[i] = fmt.Errorf("request %d: %w", n, err)
					return
				}
				took[i] = append(took[i], time.Since(from))
			}
		})
	}
	done.Wait()
	elapsed := time.Since(start)
	var v volley
	for _, t := range took {
		v.Took = append(v.Took, t...)
	}
	v.Rate = float64(len(v.Took)) / elapsed.Seconds()
	return v, errors.Join(append(errs, ctx.Err())...)
}

// openLoop fires shot i at start + i/rate whether or not earlier ones were answered, and calls sent just before its
// first byte goes out.
func openLoop(ctx context.Context, addr string, rate float64, s *shots, sent func(i int)) (volley, error) {
	idle := make(chan *gun, s.len())
	took := make([]time.Duration, s.len())
	errs := make([]error, s.len())
	var done sync.WaitGroup
	start := time.Now()
	for i := range s.len() {
		if err := sleepUntil(ctx, start.Add(time.Duration(float64(i)/rate*float64(time.Second)))); err != nil {
			return volley{}, err
		}
		done.Go(func() {
			took[i], errs[i] = fireOne(ctx, addr, idle, s.at(i), func() { sent(i) })
		})
	}
	done.Wait()
	close(idle)
	for g := range idle {
		_ = g.conn.Close() // answered and done with
	}
	return volley{Rate: float64(s.len()) / time.Since(start).Seconds(), Took: took}, errors.Join(errs...)
}

// fireOne uses an idle connection or makes one, as a sender with a pool does.
func fireOne(ctx context.Context, addr string, idle chan *gun, request []byte, sent func()) (time.Duration, error) {
	var g *gun
	select {
	case g = <-idle:
	default:
		var err error
		if g, err = dial(ctx, addr); err != nil {
			return 0, err
		}
	}
	sent()
	from := time.Now()
	if err := g.fire(request); err != nil {
		return 0, errors.Join(err, g.conn.Close())
	}
	took := time.Since(from)
	idle <- g
	return took, nil
}

func sleepUntil(ctx context.Context, t time.Time) error {
	select {
	case <-time.After(time.Until(t)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
