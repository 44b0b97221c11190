package scenarios

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut/flawed"
)

// explain prints what a reader needs to see why a scenario did not pass.
func explain(t *testing.T, s reports.Scenario) {
	t.Helper()
	t.Logf("%s: %s, virtual %v, real %v, outcomes %v", s.ID, s.Verdict, s.VirtualTime.Round(time.Millisecond), s.RealTime.Round(time.Millisecond), s.Outcomes)
	for _, reason := range s.Reasons {
		t.Logf("  because %s", reason)
	}
	for _, c := range s.Checks {
		if c.Verdict != reports.Passed {
			t.Logf("  %s %s: %s", c.Verdict, c.Name, c.Detail)
		}
	}
}

func TestTheCorrectDoublePasses(t *testing.T) {
	list, err := Suite()
	require.NoError(t, err)
	suite := Run(t.Context(), list, Options{Seed: 1, System: flawed.Engine(flawed.None)})
	for _, s := range suite.Scenarios {
		if s.Verdict != reports.Passed {
			t.Errorf("%s: %s", s.ID, s.Verdict)
		}
		explain(t, s)
	}
	t.Log(suite.VirtualTime, suite.RealTime)
}
