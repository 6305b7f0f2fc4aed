package engine

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// metrics are the engine's figures. Labels come from closed sets: instances are those configured, everything else
// is one of our own words.
type metrics struct {
	deliveries *prometheus.CounterVec // instance, outcome
	rejected   *prometheus.CounterVec // instance, reason
	decisions  *prometheus.CounterVec // kind
	effects    *prometheus.CounterVec // target, outcome
	alarms     *prometheus.CounterVec // what
	listens    *prometheus.CounterVec // instance, what
	polls      *prometheus.CounterVec // instance, outcome
	held       *prometheus.CounterVec // instance, what
	looks      *prometheus.CounterVec // instance, outcome
	secrets    *prometheus.CounterVec // instance, secret
	strangers  *prometheus.CounterVec // instance
	files      *prometheus.CounterVec // target, fate
	autofill   *prometheus.CounterVec // outcome
	filled     *prometheus.CounterVec // outcome
	reloadOK   prometheus.Gauge
	ack        prometheus.Histogram
	action     prometheus.Histogram
}

func newMetrics(o Options) *metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signoff_" + name, Help: help}, labels)
	}
	m := &metrics{
		deliveries: vec("deliveries_total", "Deliveries accepted, by what became of them on arrival.", "instance", "outcome"),
		rejected:   vec("deliveries_rejected_total", "Requests to a hook that were not believed.", "instance", "reason"),
		decisions:  vec("decisions_total", "Events decided, by kind.", "kind"),
		effects:    vec("effects_total", "Attempts to make an effect true outside, by how they ended.", "target", "outcome"),
		alarms:     vec("alarms_total", "Things an operator should look at.", "what"),
		listens:    vec("connections_total", "Connections of our own through which deliveries come, by what became of them.", "instance", "what"),
		polls:      vec("polls_total", "Rounds of asking services for what is new, by how they ended.", "instance", "outcome"),
		looks:      vec("looks_total", "Looks at the work and the briefs of open requests, by how they ended.", "instance", "outcome"),
		held:       vec("held_total", "Mails held back because nobody knows their sender, and what was said about them.", "instance", "what"),
		secrets:    vec("secret_matched_total", "Deliveries by which of our secrets they were signed with.", "instance", "secret"),
		strangers:  vec("unexplained_writes_total", "Changes of our own account outside that no receipt of ours explains.", "instance"),
		files:      vec("files_total", "Files carried to the other side, by what became of them.", "target", "fate"),
		autofill:   vec("autofill_total", "Questions to the language model, by how they ended.", "outcome"),
		filled:     vec("autofill_fields_total", "Values that forms were filled with, by whether people left them as they were.", "outcome"),
		reloadOK:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "signoff_rules_reload_success", Help: "Whether the last reload of the rules was taken over."}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "signoff_ack_seconds",
			Help: "Time from the receipt of a delivery to its answer.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		action: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "signoff_event_to_action_seconds",
			Help: "Time from the decision that wished for an effect to its being true outside.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 16)}),
	}
	m.reloadOK.Set(1)
	for _, c := range []prometheus.Collector{m.deliveries, m.rejected, m.decisions, m.effects, m.alarms, m.listens, m.polls, m.held, m.looks, m.secrets, m.strangers, m.files, m.autofill, m.filled, m.reloadOK, m.ack, m.action, newQueueGauges(o)} {
		// Two engines on one registry (as in tests) share the first one's figures: registering twice is no fault.
		_ = o.Metrics.Register(c)
	}
	return m
}

// alarm counts something an operator should hear about.
func (m *metrics) alarm(what string) { m.alarms.WithLabelValues(what).Inc() }

func (m *metrics) acked(since time.Duration) { m.ack.Observe(since.Seconds()) }

// queueGauges read the store's counters when they are scraped.
type queueGauges struct {
	store       store.Store
	now         func() time.Time
	jobs, inbox *prometheus.Desc
	paused      *prometheus.Desc
}

func newQueueGauges(o Options) *queueGauges {
	return &queueGauges{
		store: o.Store, now: o.Now,
		jobs:   prometheus.NewDesc("signoff_jobs", "Jobs by state.", []string{"state"}, nil),
		inbox:  prometheus.NewDesc("signoff_inbox", "Deliveries kept, by state.", []string{"state"}, nil),
		paused: prometheus.NewDesc("signoff_rules_paused", "Rules that are paused now.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (q *queueGauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- q.jobs
	ch <- q.inbox
	ch <- q.paused
}

// Collect implements prometheus.Collector. A store that cannot be read gives no figures.
func (q *queueGauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	jobs, inbox, err := counts(ctx, q.store)
	if err != nil {
		return
	}
	if n, err := pausedCount(ctx, q.store, q.now().UTC()); err == nil {
		ch <- prometheus.MustNewConstMetric(q.paused, prometheus.GaugeValue, float64(n))
	}
	for _, s := range []store.JobState{store.JobReady, store.JobRunning, store.JobParked} {
		ch <- prometheus.MustNewConstMetric(q.jobs, prometheus.GaugeValue, float64(jobs[s]), string(s))
	}
	for _, s := range []flow.DeliveryState{flow.Waiting, flow.Done, flow.Ignored, flow.Malformed, flow.Superseded, flow.Dead, flow.Held} {
		ch <- prometheus.MustNewConstMetric(q.inbox, prometheus.GaugeValue, float64(inbox[s]), string(s))
	}
}

func pausedCount(ctx context.Context, s store.Store, now time.Time) (n int, err error) {
	err = s.View(ctx, func(tx store.Tx) error {
		list, err := paused(tx, now)
		n = len(list)
		return err
	})
	return n, err
}

func counts(ctx context.Context, s store.Store) (jobs map[store.JobState]int, inbox map[flow.DeliveryState]int, err error) {
	err = s.View(ctx, func(tx store.Tx) error {
		var err error
		if jobs, err = tx.CountJobs(); err != nil {
			return err
		}
		inbox, err = tx.CountDeliveries()
		return err
	})
	return jobs, inbox, err
}
