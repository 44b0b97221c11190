package faults

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// order is in which kinds act; its members are all the kinds.
var order = []Kind{KindLatency, KindThrottle, KindStatus, KindReset, KindHang, KindLoseAnswer}

// mistakes collects every error of a rule, each with the path of its field.
type mistakes []error

func (m *mistakes) add(field, format string, values ...any) {
	*m = append(*m, fmt.Errorf("faults."+field+": "+format, values...))
}

// Validate names every mistake in the rule of an HTTP simulator: "faults.share: 1.5 is not within 0…1".
func (r Rule) Validate() error { return r.validate(overHTTP) }

func (r Rule) validate(p protocol) error {
	var m mistakes
	if !slices.Contains(order, r.Kind) {
		m.add("kind", "%q is none of %s", r.Kind, kinds())
	}
	if strings.TrimSpace(r.ID) != r.ID || len(r.ID) > 100 || strings.ContainsFunc(r.ID, func(c rune) bool { return c < ' ' }) {
		m.add("id", "%q has blanks around it, control characters or more than 100 bytes", r.ID)
	}
	r.checkKind(&m, p)
	r.Trigger.check(&m)
	if _, err := p.route(r.Scope.Route); err != nil {
		m.add("route", "%w", err)
	}
	return errors.Join(m...)
}

// checkKind checks what the kind needs, and refuses what it would silently ignore.
func (r Rule) checkKind(m *mistakes, p protocol) {
	if r.Kind == KindLatency {
		r.Latency.check(m)
	} else if !r.Latency.zero() {
		m.add("latency", "does nothing for the kind %q", r.Kind)
	}
	if r.Kind == KindThrottle {
		r.Throttle.check(m)
	} else if r.Throttle != (Throttle{}) {
		m.add("throttle", "does nothing for the kind %q", r.Kind)
	}
	switch {
	case r.Kind == KindStatus && !p.status(r.Status):
		m.add("status", "%d is not within %s", r.Status, p.statuses)
	case r.Kind != KindStatus && r.Status != 0:
		m.add("status", "does nothing for the kind %q", r.Kind)
	case r.Kind == KindLoseAnswer && slices.Contains(p.lost, r.Body): // part of it is sent
	case r.Kind != KindStatus && r.Body != "":
		m.add("body", "does nothing for the kind %q", r.Kind)
	}
	switch answers := r.Kind == KindStatus || r.Kind == KindThrottle; {
	case r.RetryAfter < 0:
		m.add("retryAfter", "%v is negative", r.RetryAfter)
	case !answers && r.RetryAfter != 0:
		m.add("retryAfter", "does nothing for the kind %q", r.Kind)
	case r.RetryAfter != 0 && !p.retryAfter:
		m.add("retryAfter", "an answer over %s cannot ask for a wait", p.name)
	}
}

func kinds() string {
	names := make([]string, len(order))
	for i, k := range order {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

func (t Trigger) check(m *mistakes) {
	if t.Share != nil && !(*t.Share >= 0 && *t.Share <= 1) { // NaN is not within either
		m.add("share", "%v is not within 0…1", *t.Share)
	}
	for _, count := range []struct {
		field string
		value int
	}{{"first", t.First}, {"skip", t.Skip}, {"every", t.Every}} {
		if count.value < 0 {
			m.add(count.field, "%d is negative", count.value)
		}
	}
	notNegative(m, "from", t.From)
	notNegative(m, "until", t.Until)
	if t.Until > 0 && t.Until <= t.From {
		m.add("until", "%v is not after from (%v)", t.Until, t.From)
	}
}

func (t Throttle) check(m *mistakes) {
	good := func(rate float64) bool { return rate > 0 && !math.IsInf(rate, 0) }
	switch {
	case t.Rate != 0 && t.PerMinute != 0:
		m.add("throttle.perMinute", "give either this or rate")
	case t.PerMinute != 0 && !good(t.PerMinute):
		m.add("throttle.perMinute", "%v is not above 0", t.PerMinute)
	case t.PerMinute == 0 && !good(t.Rate):
		m.add("throttle.rate", "%v is not above 0; to refuse every request, use the kind status with 429", t.Rate)
	}
	if t.Burst < 0 {
		m.add("throttle.burst", "%d is negative", t.Burst)
	}
}

func (l Latency) zero() bool {
	return l.Kind == "" && l.Value == 0 && l.Min == 0 && l.Max == 0 && l.Median == 0 && l.P95 == 0 && len(l.Percentiles) == 0
}

// kind is the distribution, told by the other fields when it is not named.
func (l Latency) kind() string {
	switch {
	case l.Kind != "":
		return l.Kind
	case len(l.Percentiles) > 0:
		return percentiles
	case l.Median != 0 || l.P95 != 0:
		return lognormal
	case l.Min != 0 || l.Max != 0:
		return uniform
	}
	return constant
}

func (l Latency) check(m *mistakes) {
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"value", l.Value}, {"min", l.Min}, {"max", l.Max}, {"median", l.Median}, {"p95", l.P95}} {
		notNegative(m, "latency."+d.field, d.value)
	}
	kind := l.kind()
	used := map[string][]string{
		constant: {"value"}, uniform: {"min", "max"}, lognormal: {"median", "p95", "max"}, percentiles: {"percentiles", "min", "max"},
	}[kind]
	if used == nil {
		m.add("latency.kind", "%q is none of constant, uniform, lognormal, percentiles", l.Kind)
		return
	}
	for _, f := range []struct {
		field string
		set   bool
	}{
		{"value", l.Value != 0},
		{"min", l.Min != 0},
		{"max", l.Max != 0},
		{"median", l.Median != 0},
		{"p95", l.P95 != 0},
		{"percentiles", len(l.Percentiles) > 0},
	} {
		if f.set && !slices.Contains(used, f.field) {
			m.add("latency."+f.field, "does nothing for a %s latency", kind)
		}
	}
	switch kind {
	case constant:
		if l.Value == 0 {
			m.add("latency.value", "is missing: how late shall the answer come?")
		}
	case uniform:
		if l.Max == 0 || l.Max < l.Min {
			m.add("latency.max", "%v is not above min (%v)", l.Max, l.Min)
		}
	case lognormal:
		if l.Median == 0 {
			m.add("latency.median", "is missing")
		}
		if l.P95 < l.Median {
			m.add("latency.p95", "%v is below the median (%v)", l.P95, l.Median)
		}
		if l.Max != 0 && l.Max < l.P95 {
			m.add("latency.max", "%v is below p95 (%v)", l.Max, l.P95)
		}
	case percentiles:
		l.checkPercentiles(m)
	}
}

func (l Latency) checkPercentiles(m *mistakes) {
	if len(l.Percentiles) == 0 {
		m.add("latency.percentiles", "is empty: give points such as 50: 120ms, 95: 450ms")
	}
	before, at := l.Min, "min"
	for _, p := range slices.SortedFunc(maps.Keys(l.Percentiles), cmp.Compare) {
		value := l.Percentiles[p]
		switch {
		case !(p > 0 && p <= 100):
			m.add("latency.percentiles", "%v is not within 0…100 (0 itself is min)", p)
			continue
		case value < 0:
			m.add("latency.percentiles", "%v: %v is negative", p, value)
		case value < before:
			m.add("latency.percentiles", "%v: %v is below %s (%v)", p, value, at, before)
		}
		before, at = value, fmt.Sprintf("the value at %v", p)
	}
	if l.Max != 0 && l.Max < before {
		m.add("latency.max", "%v is below %s (%v)", l.Max, at, before)
	}
}

func notNegative(m *mistakes, field string, d time.Duration) {
	if d < 0 {
		m.add(field, "%v is negative", d)
	}
}
