package scenarios

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/scenarios/sut/flawed"
	"github.com/seatrial/seatrial/scenarios/virtualtime"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
	t.Logf("  again: %s", s.Repeat)
}

// thrifty scenarios ask for fewer attempts, less time, or more exact reasons, than an engine needs to be right. The foreign engine
// is right, learns nothing from a limit, and reads few codes.
var thrifty = map[string]bool{
	"okta/client-refused-for-a-while": true, "okta/concurrent-limit-held-by-one": true, "okta/refused-by-code": true,
	"okta/token-endpoint-down":  true,
	"idcs/poison-blocks-nobody": true, "idcs/throttled-free-tier": true, "idcs/throttled-premium-tier": true,
	"idcs/user-deleted-while-waiting": true, "okta/api-token-revoked": true, "okta/concurrent-limit": true,
	"okta/read-only-for-a-while": true, "okta/token-share": true,
}

func TestTheSuitePasses(t *testing.T) { suitePasses(t, nil) }

// suitePasses plays the whole suite; nil is our engine.
func suitePasses(t *testing.T, engine sut.Factory) {
	t.Helper()
	list, err := Suite()
	require.NoError(t, err)
	var events int
	suite := Run(t.Context(), list, Options{Seed: 1, System: engine, Progress: func(e Event) {
		events++
		assert.Equal(t, events, e.Done)
		assert.Equal(t, len(list), e.Total)
	}})
	require.Len(t, suite.Scenarios, len(list))
	assert.Equal(t, len(list), events)
	for i, s := range suite.Scenarios {
		assert.Equal(t, list[i].ID, s.ID)
		if list[i].ours() && list[i].Given.DS == nil && engine != nil {
			assert.Equal(t, reports.Void, s.Verdict, "%s: a foreign engine cannot be told, so nothing is shown", s.ID)
			continue
		}
		if thrifty[s.ID] && engine != nil {
			for _, c := range s.Checks {
				assert.True(t, c.Kind == reports.Expectation || c.Verdict == reports.Passed, "%s: %s %s", s.ID, c.Name, c.Detail)
			}
			continue
		}
		if s.Verdict != reports.Passed {
			t.Errorf("%s: %s", s.ID, s.Verdict)
			explain(t, s)
		}
	}
	assert.Greater(t, suite.VirtualTime, 10*time.Hour)
	t.Log(speed(suite))
}

func failed(s reports.Scenario, check string) bool {
	return slices.ContainsFunc(s.Checks, func(c reports.Check) bool { return c.Name == check && c.Verdict == reports.Failed })
}

// written is a scenario in the middle of which each case writes what it is about.
func written(t *testing.T, rest string) Scenario {
	t.Helper()
	s, err := Parse("test.yaml", []byte("id: test/this\ntitle: This\nbecause: That\nseverity: major\n"+rest))
	require.NoError(t, err)
	return s
}

func TestARunThatProvesNothingIsVoid(t *testing.T) {
	tests := []struct {
		name, rest, reason string
	}{
		{"a fault that never fired", `
given: {idcs: {users: 2}}
steps:
  - faults: [{id: never, kind: status, status: 503, route: DELETE *}]
  - change: {users: all}
  - settle: 1m
`, "the fault never never fired"},
		{"a fault that was cleared before it fired", `
given: {idcs: {users: 2}}
steps:
  - faults: [{id: never, kind: status, status: 503}]
  - clear_faults: all
  - change: {users: all}
`, "the fault never never fired"},
		{"no change", `
given: {idcs: {users: 2}}
steps: [{wait: 1s}]
`, "no password was changed"},
		{"a moment that never came", `
given: {idcs: {users: 2}}
steps:
  - change: {users: all}
  - after: {applied: 3, within: 1m}
    do: [{expire_tokens: all}]
`, "after applied: 3: the moment never came; it was 2 after 1m0s"},
		{"a name too short to be forbidden", `
given: {idcs: {people: [{userName: someone, givenName: Jo}]}}
steps:
  - change: {users: all, with: {violates: firstNameDisallowed}}
`, "someone: policy: break firstNameDisallowed"},
		{"a switch that is not there", `
given: {idcs: {users: 2, switches: {federatedWrites: refuse}}}
steps: [{change: {users: all}}]
`, "federatedWrites"},
		{"an expectation under a fault that never fired", `
given: {idcs: {users: 2}}
steps:
  - faults: [{id: never, kind: status, status: 503, route: DELETE *}]
  - change: {users: all}
expect: [{outcome: {applied: 1}}]
`, "the fault never never fired"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := Run(t.Context(), []Scenario{written(t, test.rest)}, Options{Seed: 1, System: flawed.Engine(flawed.None)}).Scenarios[0]
			assert.Equal(t, reports.Void, result.Verdict)
			assert.Contains(t, strings.Join(result.Reasons, "\n"), test.reason)
		})
	}
}

func TestAnExpectationThatDoesNotHoldFails(t *testing.T) {
	const start = `
given: {idcs: {users: 3}, engine: {}}
steps:
  - change: {users: 1-2}
  - settle: 1m
expect:
  - `
	tests := []struct{ name, expect, detail string }{
		{"too few", "outcome: {applied: 3}", "2 are applied; in all: 2 applied"},
		{"too many", "outcome: {applied: at most 1}", "2 are applied"},
		{"another reason", "parked: {policy: 1}", "0 are parked for policy"},
		{"the old password", "login: {users: [1], with: initial}", "cannot sign in with the initial password (wrong_password)"},
		{"no password", "login: {users: [1], with: nothing}", "signs in with the password of change 1"},
		{"nothing was changed", "login: {users: [3], with: newest}", "has no change that the target could accept"},
		{"must change", "login: {users: [1], must_change: true}", "signs in with the password of change 1, and is not asked for a new one"},
		{"an answer", "query: '{ users { total } }'\n    that: users.total == 4", `the answer is {"users":{"total":3}}`},
		{"a time", "within: 1ms", "it took "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := Run(t.Context(), []Scenario{written(t, start+test.expect+"\n")}, Options{Seed: 1, System: flawed.Engine(flawed.None)}).Scenarios[0]
			assert.Equal(t, reports.Failed, result.Verdict)
			last := result.Checks[len(result.Checks)-1]
			assert.Equal(t, reports.Failed, last.Verdict)
			assert.Contains(t, last.Detail, test.detail)
		})
	}
}

// What a target can take may change while a change is under way; who judges must not ask for the impossible, nor for less
// than what is possible.
func TestTheMomentDecidesWhatATargetCouldTake(t *testing.T) {
	tests := []struct {
		name, steps string
		want        []bool
	}{
		{"nothing happens", "- change: {users: all}\n  - settle: 1m", []bool{true}},
		{"blocked before", "- deactivate: all\n  - change: {users: all}\n  - settle: 1m", []bool{false}},
		{"blocked on the way", "- faults: [{kind: status, status: 503, until: 20s}]\n  - change: {users: all}\n  - wait: 5s\n  - federate: all\n  - settle: 40m\n  - unfederate: all", []bool{false}},
		{"blocked afterwards", "- change: {users: all}\n  - settle: 1m\n  - deactivate: all\n  - activate: all", []bool{true}},
		{"again within reach", "- deactivate: all\n  - change: {users: all}\n  - settle: 1m\n  - activate: all\n  - change: {users: all}", []bool{false, true}},
		{"a policy too strict before", "- set_policy: {minLength: 60}\n  - change: {users: all, with: {violates: minLength}}", []bool{false}},
		{"a policy too strict on the way", "- faults: [{kind: status, status: 503, until: 20s}]\n  - change: {users: all}\n  - wait: 5s\n  - set_policy: {minLength: 60}", []bool{false}},
		{"a policy that changes afterwards", "- change: {users: all}\n  - settle: 1m\n  - set_policy: {minLength: 60}", []bool{true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// The rule that is violated must be one of the policy given at first, too.
			r := played(t, written(t, "given: {idcs: {users: 1}}\nsteps:\n  "+test.steps+"\n"), flawed.Engine(flawed.None))
			assert.Empty(t, r.premises)
			var got []bool
			for _, c := range r.judged {
				got = append(got, c.Acceptable)
			}
			assert.Equal(t, test.want, got)
			assert.False(t, slices.ContainsFunc(r.checks, func(c reports.Check) bool { return c.Verdict == reports.Failed }), "%v", r.checks)
		})
	}
}

func played(t *testing.T, s Scenario, system sut.Factory) *run {
	t.Helper()
	r := &run{scenario: s, options: Options{System: system}, seed: 5, dir: t.TempDir(), interrupted: func() error { return nil }}
	require.NoError(t, virtualtime.Run(r.play))
	return r
}

// slow takes its time to acknowledge and notes who was heard at the same time as himself.
type slow struct {
	sut.System
	mu      sync.Mutex
	under   map[string]int
	overlap []string
	most    int
}

func (s *slow) Submit(ctx context.Context, c sut.Change) (string, error) {
	s.note(c.UserName, 1)
	defer s.note(c.UserName, -1)
	time.Sleep(time.Second)
	return s.System.Submit(ctx, c)
}

func (s *slow) note(user string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under[user] += by
	if s.under[user] > 1 {
		s.overlap = append(s.overlap, user)
	}
	total := 0
	for _, n := range s.under {
		total += n
	}
	s.most = max(s.most, total)
}

func TestAUserChangesOnePasswordAtATimeAndManyUsersAtOnce(t *testing.T) {
	s := &slow{under: map[string]int{}}
	r := played(t, written(t, "given: {idcs: {users: 4}}\nsteps:\n  - change: {users: all, count: 3}\n"), func(p sut.Place) (sut.System, error) {
		var err error
		s.System, err = flawed.Engine(flawed.None)(p)
		return s, err
	})
	require.Len(t, r.changes, 12)
	assert.Empty(t, s.overlap)
	assert.Equal(t, 4, s.most)
}

func TestTheWeatherIsNoFault(t *testing.T) {
	r := played(t, written(t, "given: {idcs: {users: 1}}\nsteps: [{change: {users: all}}]\n"), flawed.Engine(flawed.None))
	assert.Empty(t, r.faults)
}

func TestAnInterruptedRunIsVoid(t *testing.T) {
	list, err := Suite("idcs/happy-path", "idcs/outage")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	suite := Run(ctx, list, Options{Seed: 1, Parallel: 1, System: func(p sut.Place) (sut.System, error) {
		cancel() // while the first runs
		return flawed.Engine(flawed.None)(p)
	}})
	require.Len(t, suite.Scenarios, 2)
	assert.Equal(t, reports.Void, suite.Scenarios[0].Verdict)
	assert.Contains(t, suite.Scenarios[0].Reasons[0], "interrupted")
	assert.Equal(t, []string{"interrupted before it began"}, suite.Scenarios[1].Reasons)
}

func TestASystemThatDoesNotStartIsVoid(t *testing.T) {
	list, err := Suite("idcs/happy-path")
	require.NoError(t, err)
	result := Run(t.Context(), list, Options{Seed: 1, System: func(sut.Place) (sut.System, error) { return nil, assert.AnError }}).Scenarios[0]
	assert.Equal(t, reports.Void, result.Verdict)
	assert.Contains(t, result.Reasons[0], assert.AnError.Error())
}

// once plays a built-in scenario and returns the run itself.
func once(t *testing.T, id string, seed random.Seed) *run {
	t.Helper()
	list, err := Suite(id)
	require.NoError(t, err)
	r := &run{scenario: list[0], options: Options{System: flawed.Engine(flawed.None)}, seed: seedOf(seed, id), dir: t.TempDir(), interrupted: func() error { return nil }}
	require.NoError(t, virtualtime.Run(r.play))
	return r
}

func TestASeedRepeatsARun(t *testing.T) {
	sent := func(r *run) (lines []string) {
		for _, s := range r.changes {
			lines = append(lines, s.User+" "+s.TransactionID+" "+s.Password.Reveal()+" "+s.Submitted.String())
		}
		return lines
	}
	became := func(r *run) (lines []string) {
		for _, o := range r.outcomes {
			lines = append(lines, o.TransactionID+" "+o.State+" "+o.Reason+" "+o.Finished.String())
		}
		return lines
	}
	t.Run("many at once are sent the same", func(t *testing.T) {
		first, again, other := once(t, "idcs/slow-target", 7), once(t, "idcs/slow-target", 7), once(t, "idcs/slow-target", 8)
		assert.Equal(t, sent(first), sent(again))
		assert.Equal(t, first.counts, again.counts)
		assert.NotEqual(t, sent(first), sent(other))
	})
	t.Run("one after the other become the same, to the nanosecond", func(t *testing.T) {
		first, again := once(t, "idcs/token-renewed-before-it-expires", 7), once(t, "idcs/token-renewed-before-it-expires", 7)
		require.Len(t, became(first), 90)
		assert.Equal(t, became(first), became(again))
	})
}

func TestAReportShowsNoPassword(t *testing.T) {
	list, err := Suite("idcs/happy-path", "idcs/history-reused-password")
	require.NoError(t, err)
	for _, s := range list {
		r := played(t, s, flawed.Engine(flawed.LeaksPassword))
		var result reports.Scenario
		r.report(&result)
		require.Equal(t, reports.Failed, result.Verdict, "the engine leaks")
		var text bytes.Buffer
		require.NoError(t, reports.WriteJSON(&text, reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{result}}}))
		require.NotEmpty(t, r.changes)
		for _, change := range r.changes {
			require.NotContains(t, text.String(), change.Password.Reveal())
		}
	}
}
