package syncer

import (
	"fmt"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/idcs"
	"github.com/seatrial/seatrial/syncer/target/okta"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// openTarget builds the target that the configuration names. asked is told of token requests.
func openTarget(c Config, e rest.Environment, asked func(string)) (target.Target, error) {
	if c.Target == TargetOkta {
		t, err := okta.New(c.Okta, okta.Environment{DialContext: e.DialContext, RootCAs: e.RootCAs, Logger: e.Logger, TokenAsked: asked})
		if err != nil { // Not t: a nil pointer in an interface is not nil.
			return nil, err
		}
		return t, nil
	}
	t, err := idcs.New(c.IDCS, idcs.Environment{DialContext: e.DialContext, RootCAs: e.RootCAs, Logger: e.Logger, TokenAsked: asked})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// openTarget builds the engine's target. Each attempt in flight keeps its connection.
func (e *Engine) openTarget() (target.Target, error) {
	c := e.config
	c.IDCS.MaxIdle, c.Okta.MaxIdle = max(c.IDCS.MaxIdle, c.Concurrency), max(c.Okta.MaxIdle, c.Concurrency)
	return openTarget(c, rest.Environment{DialContext: e.env.DialContext, RootCAs: e.env.RootCAs, Logger: e.log},
		func(outcome string) { e.metrics.tokenAsked(outcome) })
}

// readTarget reads what a configuration says about its target. What other sections lack is not asked for.
func readTarget(path string, getenv func(string) (string, bool)) (Config, error) {
	c, source, err := ReadConfig(path, func(name string) (string, bool) {
		value, _ := getenv(name)
		return value, true
	})
	if err != nil {
		return c, err
	}
	if err := checkTarget(c.Target); err != nil {
		return c, UsageError{source.Locate(err)}
	}
	variables := map[string]string{"idcs.clientSecretEnv": c.IDCS.ClientSecretEnv}
	check := c.IDCS.Validate
	if c.Target == TargetOkta {
		variables = map[string]string{"okta.tokenEnv": c.Okta.TokenEnv, "okta.keyEnv": c.Okta.KeyEnv}
		check = c.Okta.Validate
	}
	for key, name := range variables {
		if _, ok := getenv(name); name != "" && !ok {
			return c, UsageError{source.Locate(fmt.Errorf("%s: the environment has no variable %s", key, name))}
		}
	}
	if err := check(); err != nil {
		return c, UsageError{source.Locate(inSection(c.Target, err))}
	}
	return c, nil
}
