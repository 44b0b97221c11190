package ldap

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	entries    prometheus.Counter
	changes    *prometheus.CounterVec // by outcome
	gaps       prometheus.Counter
	failures   *prometheus.CounterVec // by reason
	readable   prometheus.Gauge
	parked     prometheus.Gauge
	references prometheus.Gauge
	connected  *prometheus.GaugeVec // by server
	servers    []string
	looks      atomic.Int64
	last       atomic.Int64 // when the last look ended

	unregister func()
}

func newMetrics(r prometheus.Registerer, servers []string) (*metrics, error) {
	label := prometheus.Labels{"source_system": "ldap"}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: label})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: label})
	}
	m := &metrics{
		entries: counter("idm_password_sync_source_entries_total", "Entries of users that were read."),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "idm_password_sync_source_changes_total", Help: "Users who were looked at, by what became of that.", ConstLabels: label,
		}, []string{"outcome"}),
		gaps: counter("idm_password_sync_source_gaps_total", "Times that changes may have been missed, and all users were compared."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "idm_password_sync_source_failures_total", Help: "Times that a server of the directory could not be used, by reason.", ConstLabels: label,
		}, []string{"reason"}),
		readable:   gauge("idm_password_sync_source_password_readable", "0 when entries were read and passwords cannot be; 1 also when there are none."),
		parked:     gauge("idm_password_sync_source_parked", "Entries that cannot be delivered."),
		references: gauge("idm_password_sync_source_references", "Search references that the last comparison met; they are not followed."),
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "idm_password_sync_source_connected", Help: "1 for the server that is read.", ConstLabels: label,
		}, []string{"server"}),
		servers: servers,
	}
	m.last.Store(time.Now().UnixNano())
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "idm_password_sync_source_lag_seconds", ConstLabels: label,
		Help: "Time since all that the directory had to tell was read.",
	}, func() float64 { return time.Since(time.Unix(0, m.last.Load())).Seconds() })
	for _, v := range verdicts() {
		m.changes.WithLabelValues(string(v))
	}
	for _, r := range reasons() {
		m.failures.WithLabelValues(string(r))
	}
	m.readable.Set(1)
	m.connect("")
	m.unregister = func() {}
	if r == nil {
		return m, nil
	}
	var registered []prometheus.Collector
	m.unregister = func() {
		for _, c := range registered {
			r.Unregister(c)
		}
	}
	for _, c := range []prometheus.Collector{m.entries, m.changes, m.gaps, m.failures, m.readable, m.parked, m.references, m.connected, lag} {
		if err := r.Register(c); err != nil {
			m.unregister()
			return nil, err
		}
		registered = append(registered, c)
	}
	return m, nil
}

func (m *metrics) count(v verdict) { m.changes.WithLabelValues(string(v)).Inc() }

// connect shows which server is read; "" is none.
func (m *metrics) connect(url string) {
	for _, s := range m.servers {
		on := 0.0
		if s == url {
			on = 1
		}
		m.connected.WithLabelValues(s).Set(on)
	}
}

// look ends a look at the directory; looked counts them.
func (m *metrics) look() {
	m.looks.Add(1)
	m.last.Store(time.Now().UnixNano())
}

func (m *metrics) looked() int64 { return m.looks.Load() }
