package main

import (
	"errors"
	"time"
)

// idle measures the start over an empty store, and the memory of a process that has nothing to do.
func (b *bench) idle() ([]row, error) {
	o, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer o.close()
	var starts, memory []float64
	for range b.rounds() {
		start, rss, err := b.rest(o)
		if err != nil {
			return nil, err
		}
		starts, memory = append(starts, start), append(memory, rss)
	}
	return []row{
		alone(row{Goal: "P7", What: "idle memory, an empty store", Unit: "MiB", Bound: atMost(28)}, memory),
		alone(row{Goal: "P9", What: "start to ready, an empty store", Unit: "ms", Bound: atMost(150)}, starts),
	}, nil
}

func (b *bench) rest(o *outside) (start, rss float64, err error) {
	c, err := b.start(o)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := sleepUntil(b.ctx, time.Now().Add(pick(b, time.Second, 5*time.Second))); err != nil {
		return 0, 0, err
	}
	rss, err = c.rss()
	return milliseconds(c.Start), rss, err
}
