package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/outbound"
)

const (
	checkTime  = time.Minute
	checkEvery = time.Hour
	believed   = 5 * time.Minute // how far off a service's signed time may be
)

// watch checks the services at once and every hour until ctx ends. The calls of the check also keep what is known of the
// clock fresh when there is nothing else to do.
func (h *hub) watch(ctx context.Context) {
	told := h.check(ctx, nil)
	each := time.NewTicker(checkEvery)
	defer each.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-each.C:
			told = h.check(ctx, told)
		}
	}
}

// check asks every service whether all is in order and logs what is not, unless it was told before; it returns what it
// found. It also lets a connector learn whose installation it is. A service that is down stops nothing.
func (h *hub) check(ctx context.Context, told map[string]bool) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	found := map[string]bool{}
	for instance, c := range h.all {
		_, keeps := c.(connectors.Registrar)
		for _, f := range c.Check(ctx) {
			if keeps && strings.HasSuffix(f.What, "webhook") {
				continue // the engine looks after it, and tells what it could not do
			}
			key := instance + "\n" + f.What + "\n" + f.Text
			if f.Level == "ok" || ctx.Err() != nil {
				continue
			}
			if found[key] = true; !told[key] {
				h.log.Warn("check", "instance", instance, "what", f.What, "finding", f.Text, "remedy", f.Remedy)
			}
		}
	}
	return found
}

// clockTurned tells the log once when the clock turns out to be off, and once when it is right again.
func (h *hub) clockTurned(host string, off time.Duration, bad bool) {
	if bad {
		h.log.Error("clock", "finding", clockReason(host, off), "host", host, "seconds", off.Seconds())
		return
	}
	h.log.Info("clock", "finding", "the clock of this machine agrees with "+host+" again", "host", host, "seconds", off.Seconds())
}

// watched is the engine as the server sees it: its health also tells of a clock that is off. The hub goes on taking what it
// can believe; the window in which a signature counts is not widened.
type watched struct {
	*engine.Engine
	skew *outbound.Skew
}

// Health adds the clock to what the engine says of itself.
func (w watched) Health(ctx context.Context) engine.Health {
	h := w.Engine.Health(ctx)
	if host, off, bad := w.skew.Worst(); bad {
		h.Reasons = append(h.Reasons, clockReason(host, off))
	}
	return h
}

// clockReason says how far the clock is off and what to do.
func clockReason(host string, off time.Duration) string {
	side := "ahead of"
	if off < 0 {
		side = "behind"
	}
	then := "signed deliveries will be refused"
	if off.Abs() < believed {
		then += " from five minutes on"
	}
	return fmt.Sprintf("the clock of this machine is %s %s %s: %s; set the clock (NTP)", roughly(off.Abs()), side, host, then)
}

// roughly gives a span in its largest fitting unit.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// skewGauge reads how far the clock is off when it is scraped.
type skewGauge struct{ skew *outbound.Skew }

func skewDesc() *prometheus.Desc {
	return prometheus.NewDesc("signoff_clock_skew_seconds", "How far the clock of this machine is ahead of a service's, by the Date of its answers.", []string{"host"}, nil)
}

// Describe implements prometheus.Collector.
func (skewGauge) Describe(ch chan<- *prometheus.Desc) { ch <- skewDesc() }

// Collect implements prometheus.Collector.
func (g skewGauge) Collect(ch chan<- prometheus.Metric) {
	for host, off := range g.skew.All() {
		ch <- prometheus.MustNewConstMetric(skewDesc(), prometheus.GaugeValue, off.Seconds(), host)
	}
}
