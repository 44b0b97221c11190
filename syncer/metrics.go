package syncer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seatrial/seatrial/syncer/notify"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// metrics are under the names that dashboards of password synchronisation have already.
type metrics struct {
	total    *prometheus.CounterVec // by status
	duration prometheus.Observer
	parked   *prometheus.CounterVec // by reason
	retries  *prometheus.CounterVec // by reason
	tokens   *prometheus.CounterVec // by outcome
	mails    *prometheus.CounterVec // by outcome
	inFlight prometheus.Gauge
	open     prometheus.Gauge

	unregister func() // so that the next engine may have the same registry
}

func newMetrics(r prometheus.Registerer, targetName string, e *Engine) (*metrics, error) {
	label := prometheus.Labels{"target_system": targetName}
	counter := func(name, help, by string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: label}, []string{by})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: label})
	}
	duration := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "idm_password_sync_duration_seconds", ConstLabels: label,
		Help:    "Time from the acceptance of a change to its application.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2, 2.3, 4.1, 5, 10, 20, 30, 60, 300, 900, 1800, 3600, 7200},
	})
	m := &metrics{
		total:    counter("idm_password_sync_total", "Changes by final status: applied, parked, superseded, skipped or planned.", "status"),
		duration: duration,
		parked:   counter("idm_password_sync_parked_total", "Changes that were parked for good, by reason.", "reason"),
		retries:  counter("idm_password_sync_retries_total", "Attempts beyond a change's first, by the reason of the failure before.", "reason"),
		mails:    counter("idm_password_sync_mails_total", "Mails to users, by what became of them.", "outcome"),
		tokens:   counter("idm_password_sync_token_requests_total", "Answered requests for an access token, by outcome.", "outcome"),
		inFlight: gauge("idm_password_sync_in_flight", "Attempts that are running."),
		open:     gauge("idm_password_sync_breaker_open", "1 while changes wait because the target is down."),
	}
	waiting := func(name, help string, value func(queued, retrying int, oldest time.Time) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: label}, func() float64 { return value(e.ledger.waiting()) })
	}
	var registered []prometheus.Collector
	m.unregister = func() {
		for _, c := range registered {
			r.Unregister(c)
		}
	}
	for _, c := range []prometheus.Collector{
		m.total, duration, m.parked, m.retries, m.tokens, m.mails, m.inFlight, m.open,
		parkedNow{e, prometheus.NewDesc("idm_password_sync_parked", "Changes that were parked for good and are kept, by reason.", []string{"reason"}, label)},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "idm_password_sync_standby", Help: "1 while another engine works on the queue.", ConstLabels: label,
		}, func() float64 { return truth(!e.leading.Load()) }),
		waiting("idm_password_sync_queue_depth", "Changes that are not final.",
			func(queued, retrying int, _ time.Time) float64 { return float64(queued + retrying) }),
		waiting("idm_password_sync_retrying", "Changes that have failed in passing and are tried again.",
			func(_, retrying int, _ time.Time) float64 { return float64(retrying) }),
		waiting("idm_password_sync_retry_queue_size", "The same under the name that the migration guide gives it.",
			func(_, retrying int, _ time.Time) float64 { return float64(retrying) }),
		waiting("idm_password_sync_oldest_age_seconds", "Age of the oldest change that is not final.",
			func(_, _ int, oldest time.Time) float64 {
				if oldest.IsZero() {
					return 0
				}
				return time.Since(oldest).Seconds()
			}),
	} {
		if err := r.Register(c); err != nil {
			m.unregister()
			return nil, err
		}
		registered = append(registered, c)
	}
	// Series that exist from the start: a rate over a series that appears with its first failure misses that failure.
	for _, s := range hook.Finals() {
		m.total.WithLabelValues(string(s))
	}
	for _, reason := range target.Reasons() {
		m.parked.WithLabelValues(string(reason))
		m.retries.WithLabelValues(string(reason))
	}
	for _, outcome := range notify.Outcomes() {
		m.mails.WithLabelValues(outcome)
	}
	m.tokens.WithLabelValues("granted")
	m.tokens.WithLabelValues("refused")
	return m, nil
}

// parkedNow counts what is in the lot when somebody asks.
type parkedNow struct {
	engine *Engine
	desc   *prometheus.Desc
}

// Describe tells the one series.
func (p parkedNow) Describe(to chan<- *prometheus.Desc) { to <- p.desc }

// Collect counts. Every reason has its series, those of which nothing is parked too.
func (p parkedNow) Collect(to chan<- prometheus.Metric) {
	if p.engine.lot == nil {
		return
	}
	n := p.engine.lot.counts()
	for _, reason := range target.Reasons() {
		to <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, float64(n[string(reason)]), string(reason))
	}
}

func (m *metrics) observe(inFlight int, down bool) {
	m.inFlight.Set(float64(inFlight))
	m.open.Set(truth(down))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *metrics) mailed(outcome string) { m.mails.WithLabelValues(outcome).Inc() }

func (m *metrics) retried(reason target.Reason) { m.retries.WithLabelValues(string(reason)).Inc() }

func (m *metrics) tokenAsked(outcome string) { m.tokens.WithLabelValues(outcome).Inc() }

func (m *metrics) finished(o outcome, took time.Duration) {
	m.total.WithLabelValues(string(o.state)).Inc()
	switch o.state {
	case hook.Applied:
		m.duration.Observe(took.Seconds())
	case hook.Parked:
		m.parked.WithLabelValues(o.reason).Inc()
	case hook.Queued, hook.Retrying, hook.Superseded, hook.Skipped, hook.Planned:
	}
}
