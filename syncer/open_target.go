package syncer

import (
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/idcs"
	"github.com/seatrial/seatrial/syncer/target/okta"
)

// openTarget builds the target that the configuration names. Each attempt in flight keeps its connection.
func (e *Engine) openTarget() (target.Target, error) {
	asked := func(outcome string) { e.metrics.tokenAsked(outcome) }
	if e.config.Target == TargetOkta {
		org := e.config.Okta
		org.MaxIdle = max(org.MaxIdle, e.config.Concurrency)
		t, err := okta.New(org, okta.Environment{DialContext: e.env.DialContext, RootCAs: e.env.RootCAs, Logger: e.log, TokenAsked: asked})
		if err != nil { // Not t: a nil pointer in an interface is not nil.
			return nil, err
		}
		return t, nil
	}
	domain := e.config.IDCS
	domain.MaxIdle = max(domain.MaxIdle, e.config.Concurrency)
	t, err := idcs.New(domain, idcs.Environment{DialContext: e.env.DialContext, RootCAs: e.env.RootCAs, Logger: e.log, TokenAsked: asked})
	if err != nil {
		return nil, err
	}
	return t, nil
}
