package faults

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

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
