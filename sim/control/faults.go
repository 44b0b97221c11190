package control

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// FaultRule is the rule that an input describes, not validated yet.
func FaultRule(input FaultInput) (faults.Rule, error) {
	rule := faults.Rule{
		ID: input.ID, Kind: faults.Kind(input.Kind), Note: input.Note,
		Throttle: faults.Throttle{Rate: input.Rate, Burst: input.Burst},
		Status:   input.Status, Body: input.Body, RetryAfter: input.RetryAfter,
		Certificate: network.Flaw(input.Certificate), Handshake: input.Handshake, After: input.After, All: input.All,
		Trigger: faults.Trigger{
			Share: input.Share, First: input.First, Skip: input.Skip, Every: input.Every, From: input.From, Until: input.Until,
		},
		Scope: faults.Scope{Route: input.Route, User: input.User, Client: input.Client},
	}
	if rule.Kind == faults.KindDrip {
		rule.Throttle.Rate, rule.Rate = 0, input.Rate // of bytes, and not of requests
	}
	if l := input.Latency; l != nil {
		rule.Latency = faults.Latency{Value: l.Constant, Min: l.Min, Max: l.Max, Median: l.Median, P95: l.P95}
		for _, point := range l.Percentiles {
			if rule.Latency.Percentiles == nil {
				rule.Latency.Percentiles = map[float64]time.Duration{}
			}
			if _, twice := rule.Latency.Percentiles[point.Percentile]; twice {
				return rule, fmt.Errorf("fault.latency.percentiles: %v is given twice", point.Percentile)
			}
			rule.Latency.Percentiles[point.Percentile] = point.Value
		}
	}
	return rule, nil
}
