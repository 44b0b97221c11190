//go:build !race

package scenarios

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut/flawed"
)

// Foreign engines are played without the race detector, under which they would take minutes more: `make test` has a run for them.

func TestAForeignEnginePassesTheSuite(t *testing.T) { suitePasses(t, flawed.Engine(flawed.None)) }

// caughtBy names, for each flaw, the scenario that must reject an engine that has it.
var caughtBy = map[flawed.Flaw]string{
	flawed.RetriesPermanent:       "idcs/policy-length",
	flawed.NoTokenRefresh:         "idcs/token-expired-mid-run",
	flawed.RefreshStampede:        "idcs/happy-path",
	flawed.IgnoresRetryAfter:      "idcs/throttled-with-retry-after",
	flawed.NoRetry:                "idcs/outage",
	flawed.BlindRewrite:           "idcs/answer-lost-after-commit",
	flawed.OutOfOrder:             "idcs/older-change-retried-after-newer",
	flawed.LosesChanges:           "idcs/connection-resets",
	flawed.LeaksPassword:          "idcs/password-usable-at-once",
	flawed.PatchDoor:              "idcs/password-usable-at-once",
	flawed.NoProvision:            "idcs/unknown-user-provisioned",
	flawed.WritesTwice:            "idcs/happy-path",
	flawed.ReportsSuccessOnRefuse: "idcs/history-reused-password",
	flawed.WritesFederated:        "idcs/federated-user-parked",
	flawed.TouchesAttributes:      "idcs/password-usable-at-once",
	flawed.DoubleAudit:            "idcs/password-usable-at-once",
	flawed.Recipe:                 "idcs/happy-path",
}

// caughtAtAnOrg names, for each flaw that an engine can have at an Okta org, the scenario that must reject it. One door there is
// for passwords, so nobody can choose the wrong one.
var caughtAtAnOrg = map[flawed.Flaw]string{
	flawed.RetriesPermanent:       "okta/policy-every-rule",
	flawed.NoTokenRefresh:         "okta/token-expired-mid-run",
	flawed.RefreshStampede:        "okta/happy-path-as-a-service-application",
	flawed.IgnoresRetryAfter:      "okta/throttled-by-plan",
	flawed.NoRetry:                "okta/outage",
	flawed.BlindRewrite:           "okta/answer-lost-after-commit",
	flawed.OutOfOrder:             "okta/older-change-retried-after-newer",
	flawed.LosesChanges:           "okta/outage",
	flawed.LeaksPassword:          "okta/happy-path",
	flawed.NoProvision:            "okta/unknown-user-provisioned",
	flawed.WritesTwice:            "okta/happy-path",
	flawed.ReportsSuccessOnRefuse: "okta/policy-source-weaker-than-target",
	flawed.WritesFederated:        "okta/federated-of-each-kind",
	flawed.TouchesAttributes:      "okta/same-short-name",
	flawed.DoubleAudit:            "okta/same-short-name",
	flawed.Recipe:                 "okta/happy-path",
}

func TestEveryFlawIsCaughtByTheScenarioThatNamesIt(t *testing.T) {
	for _, kind := range flawed.Kinds() {
		id, known := caughtBy[kind.Flaw]
		require.True(t, known, "no scenario is named that catches %s", kind.Flaw)
		catches(t, kind, id)
		if kind.Flaw == flawed.Recipe {
			kind.Fails = []string{invariants.OneWrite} // its door makes nobody change the password
		}
		if id, known = caughtAtAnOrg[kind.Flaw]; known {
			catches(t, kind, id)
		} else {
			assert.Equal(t, flawed.PatchDoor, kind.Flaw, "no scenario is named that catches it at an org")
		}
	}
}

// catches runs an engine with a flaw through the scenario that must reject it, by the invariants that name the flaw.
func catches(t *testing.T, kind flawed.Kind, id string) {
	t.Helper()
	t.Run(string(kind.Flaw)+" at "+id, func(t *testing.T) {
		list, err := Suite(id)
		require.NoError(t, err)
		result := Run(t.Context(), list, Options{Seed: 1, System: flawed.Engine(kind.Flaw)}).Scenarios[0]
		if !assert.Equal(t, reports.Failed, result.Verdict) {
			explain(t, result)
		}
		for _, invariant := range kind.Fails {
			assert.True(t, failed(result, invariant), "%s must fail", invariant)
		}
		if len(kind.Fails) == 0 {
			assert.True(t, slices.ContainsFunc(result.Checks, func(c reports.Check) bool {
				return c.Kind == reports.Expectation && c.Verdict == reports.Failed
			}), "an expectation must fail")
		}
		require.NotEmpty(t, result.Failures, "a failure comes with its evidence")
		assert.NotEmpty(t, result.Failures[0].Exchanges)
		assert.Equal(t, "seatrial scenarios run "+id+" --seed 1", result.Repeat)
	})
}
