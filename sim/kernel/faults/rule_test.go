package faults

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValidateNamesEveryMistake(t *testing.T) {
	latency := Rule{Kind: KindLatency, Latency: Latency{Value: time.Second}}
	tests := map[string]struct {
		rule Rule
		want string // empty: the rule is good
	}{
		"constant":               {latency, ""},
		"uniform":                {Rule{Kind: KindLatency, Latency: Latency{Min: 1, Max: 2}}, ""},
		"lognormal":              {Rule{Kind: KindLatency, Latency: Latency{Median: 1, P95: 2, Max: 3}}, ""},
		"percentiles":            {Rule{Kind: KindLatency, Latency: Latency{Min: 1, Percentiles: map[float64]time.Duration{50: 2, 99.9: 3}}}, ""},
		"throttle by the second": {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 0.5}, RetryAfter: time.Second}, ""},
		"throttle by the minute": {Rule{Kind: KindThrottle, Throttle: Throttle{PerMinute: 600, Burst: 10}}, ""},
		"status":                 {Rule{Kind: KindStatus, Status: 503, Body: "gateway", RetryAfter: time.Second}, ""},
		"reset":                  {Rule{Kind: KindReset, Trigger: Trigger{Share: new(0.0), First: 1, Skip: 2, Every: 3, From: 1, Until: 2}}, ""},
		"hang":                   {Rule{Kind: KindHang, Scope: Scope{Route: "patch /Users/*", User: "b", Client: "c"}}, ""},
		"lose_answer":            {Rule{Kind: KindLoseAnswer, Scope: Scope{Route: "/Users/*"}}, ""},

		"no kind":                 {Rule{}, `faults.kind: "" is none of latency, throttle, status, reset, hang, lose_answer`},
		"unknown kind":            {Rule{Kind: "slow"}, `faults.kind: "slow" is none of`},
		"id with a blank":         {Rule{ID: " x", Kind: KindReset}, `faults.id: " x" has blanks`},
		"no latency":              {Rule{Kind: KindLatency}, "faults.latency.value: is missing"},
		"negative latency":        {Rule{Kind: KindLatency, Latency: Latency{Value: -1}}, "faults.latency.value: -1ns is negative"},
		"unknown distribution":    {Rule{Kind: KindLatency, Latency: Latency{Kind: "normal"}}, `faults.latency.kind: "normal" is none of constant,`},
		"two distributions":       {Rule{Kind: KindLatency, Latency: Latency{Value: 1, Median: 1, P95: 1}}, "faults.latency.value: does nothing for a lognormal latency"},
		"bounds the wrong way":    {Rule{Kind: KindLatency, Latency: Latency{Min: 2, Max: 1}}, "faults.latency.max: 1ns is not above min (2ns)"},
		"no median":               {Rule{Kind: KindLatency, Latency: Latency{P95: 1}}, "faults.latency.median: is missing"},
		"p95 below the median":    {Rule{Kind: KindLatency, Latency: Latency{Median: 2, P95: 1}}, "faults.latency.p95: 1ns is below the median (2ns)"},
		"tail cut below p95":      {Rule{Kind: KindLatency, Latency: Latency{Median: 1, P95: 3, Max: 2}}, "faults.latency.max: 2ns is below p95 (3ns)"},
		"no points":               {Rule{Kind: KindLatency, Latency: Latency{Kind: "percentiles"}}, "faults.latency.percentiles: is empty"},
		"point outside":           {Rule{Kind: KindLatency, Latency: Latency{Percentiles: map[float64]time.Duration{101: 1}}}, "faults.latency.percentiles: 101 is not within 0…100"},
		"points that fall":        {Rule{Kind: KindLatency, Latency: Latency{Percentiles: map[float64]time.Duration{50: 2, 95: 1}}}, "faults.latency.percentiles: 95: 1ns is below the value at 50 (2ns)"},
		"point below min":         {Rule{Kind: KindLatency, Latency: Latency{Min: 3, Percentiles: map[float64]time.Duration{50: 2}}}, "faults.latency.percentiles: 50: 2ns is below min (3ns)"},
		"max below the points":    {Rule{Kind: KindLatency, Latency: Latency{Max: 1, Percentiles: map[float64]time.Duration{50: 2}}}, "faults.latency.max: 1ns is below the value at 50 (2ns)"},
		"no rate":                 {Rule{Kind: KindThrottle}, "faults.throttle.rate: 0 is not above 0"},
		"rate that is no number":  {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: math.NaN()}}, "faults.throttle.rate: NaN is not above 0"},
		"two rates":               {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 1, PerMinute: 60}}, "faults.throttle.perMinute: give either this or rate"},
		"negative burst":          {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 1, Burst: -1}}, "faults.throttle.burst: -1 is negative"},
		"no status":               {Rule{Kind: KindStatus}, "faults.status: 0 is not within 200…599"},
		"status of something":     {Rule{Kind: KindReset, Status: 500}, `faults.status: does nothing for the kind "reset"`},
		"body of something":       {Rule{Kind: KindHang, Body: "x"}, `faults.body: does nothing for the kind "hang"`},
		"latency of something":    {Rule{Kind: KindReset, Latency: Latency{Value: 1}}, `faults.latency: does nothing for the kind "reset"`},
		"throttle of something":   {Rule{Kind: KindReset, Throttle: Throttle{Rate: 1}}, `faults.throttle: does nothing for the kind "reset"`},
		"retryAfter of something": {Rule{Kind: KindReset, RetryAfter: 1}, `faults.retryAfter: does nothing for the kind "reset"`},
		"negative retryAfter":     {Rule{Kind: KindStatus, Status: 500, RetryAfter: -1}, "faults.retryAfter: -1ns is negative"},
		"share above 1":           {Rule{Kind: KindReset, Trigger: Trigger{Share: new(1.5)}}, "faults.share: 1.5 is not within 0…1"},
		"share that is no number": {Rule{Kind: KindReset, Trigger: Trigger{Share: new(math.NaN())}}, "faults.share: NaN is not within 0…1"},
		"negative count":          {Rule{Kind: KindReset, Trigger: Trigger{Skip: -1}}, "faults.skip: -1 is negative"},
		"window the wrong way":    {Rule{Kind: KindReset, Trigger: Trigger{From: 2, Until: 1}}, "faults.until: 1ns is not after from (2ns)"},
		"negative window":         {Rule{Kind: KindReset, Trigger: Trigger{From: -1}}, "faults.from: -1ns is negative"},
		"route without a slash":   {Rule{Kind: KindReset, Scope: Scope{Route: "Users"}}, `faults.route: "Users" is neither a path`},
		"route with a query":      {Rule{Kind: KindReset, Scope: Scope{Route: "GET /a b"}}, `faults.route: "GET /a b" is neither a path`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.rule.Validate()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		err := Rule{Kind: "x", Trigger: Trigger{Share: new(2.0), First: -1}, Scope: Scope{Route: "x"}}.Validate()
		for _, field := range []string{"faults.kind", "faults.share", "faults.first", "faults.route"} {
			require.ErrorContains(t, err, field)
		}
	})
}

func TestString(t *testing.T) {
	for want, rule := range map[string]Rule{
		"reset":                         {Kind: KindReset},
		"latency 120ms":                 {Kind: KindLatency, Latency: Latency{Value: 120 * time.Millisecond}},
		"latency 1ms…2s":                {Kind: KindLatency, Latency: Latency{Min: time.Millisecond, Max: 2 * time.Second}},
		"latency median 1s, p95 2s":     {Kind: KindLatency, Latency: Latency{Median: time.Second, P95: 2 * time.Second}},
		"latency p50 1s, p99.9 2s":      {Kind: KindLatency, Latency: Latency{Percentiles: map[float64]time.Duration{50: time.Second, 99.9: 2 * time.Second}}},
		"throttle beyond 5/s (burst 5)": {Kind: KindThrottle, Throttle: Throttle{Rate: 5}},
		"throttle beyond 600/min (burst 10), retry after 30s": {Kind: KindThrottle, Throttle: Throttle{PerMinute: 600}, RetryAfter: 30 * time.Second},
		"status 503, 25% of PATCH /Users/*, user bjensen, without the first 2, each 3., 4 times at most, from 1m0s, until 2m0s": {
			Kind: KindStatus, Status: 503, Scope: Scope{Route: "PATCH /Users/*", User: "bjensen"},
			Trigger: Trigger{Share: new(0.25), Skip: 2, Every: 3, First: 4, From: time.Minute, Until: 2 * time.Minute},
		},
		"hang, 10% of requests": {Kind: KindHang, Trigger: Trigger{Share: new(0.1)}},
	} {
		assert.Equal(t, want, rule.String())
	}
}
