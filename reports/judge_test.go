package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

func scenario(severity string, v reports.Verdict) reports.Scenario {
	return reports.Scenario{ID: "s", Title: "It holds", Severity: severity, Verdict: v, Checks: []reports.Check{{Name: "one-write", Kind: reports.Invariant, Verdict: v, Detail: "twice"}}}
}

func shape(v reports.Verdict, met bool, checks ...reports.Check) reports.Load {
	return reports.Load{Name: "burst", Verdict: v, Criteria: []reports.Criterion{{Name: "p95 latency", Want: "<= 4.1s", Got: "5s", Met: met}}, Checks: checks}
}

func TestVerdict(t *testing.T) {
	broken := reports.Check{Name: "no-leak", Kind: reports.Invariant, Verdict: reports.Failed, Detail: "in the log"}
	unseen := reports.Check{Name: "one-audit", Kind: reports.Invariant, Verdict: reports.Void, Detail: "no audit trail"}
	for name, test := range map[string]struct {
		scenarios   []reports.Scenario
		load        []reports.Load
		certificate reports.Verdict
		run         reports.Verdict
		code        int // of the certificate
		reason      string
	}{
		"nothing was run":         {nil, nil, reports.Void, reports.Void, 3, "nothing was run, so nothing is proved"},
		"all passed":              {[]reports.Scenario{scenario("critical", "passed")}, []reports.Load{shape("passed", true)}, reports.Certified, reports.Passed, 0, ""},
		"critical failed":         {[]reports.Scenario{scenario("critical", "failed"), scenario("major", "passed")}, nil, reports.NotCertified, reports.Failed, 1, "critical scenario s failed (It holds): one-write: twice"},
		"major failed":            {[]reports.Scenario{scenario("major", "failed")}, nil, reports.NotCertified, reports.Failed, 1, "major scenario s failed (It holds): one-write: twice"},
		"minor failed":            {[]reports.Scenario{scenario("minor", "failed"), scenario("major", "passed")}, nil, reports.Certified, reports.Failed, 0, ""},
		"unknown severity":        {[]reports.Scenario{scenario("blocker", "failed")}, nil, reports.NotCertified, reports.Failed, 1, "major scenario s failed (It holds): one-write: twice"},
		"void":                    {[]reports.Scenario{scenario("major", "passed"), scenario("critical", "void")}, nil, reports.Void, reports.Void, 3, "critical scenario s is void (It holds)"},
		"minor void":              {[]reports.Scenario{scenario("major", "passed"), scenario("minor", "void")}, nil, reports.Certified, reports.Void, 0, ""},
		"never judged":            {[]reports.Scenario{scenario("major", "")}, nil, reports.Void, reports.Void, 3, "major scenario s was not judged (It holds)"},
		"failed outweighs void":   {[]reports.Scenario{scenario("critical", "void"), scenario("major", "failed")}, nil, reports.NotCertified, reports.Failed, 1, "major scenario s failed (It holds): one-write: twice"},
		"criterion unmet":         {nil, []reports.Load{shape("failed", false)}, reports.NotCertified, reports.Failed, 1, "load burst failed: p95 latency is 5s, wanted <= 4.1s"},
		"unmet, said to pass":     {nil, []reports.Load{shape("passed", false)}, reports.NotCertified, reports.Failed, 1, "load burst failed: p95 latency is 5s, wanted <= 4.1s"},
		"unmet, not judged":       {nil, []reports.Load{shape("", false)}, reports.NotCertified, reports.Failed, 1, "load burst failed: p95 latency is 5s, wanted <= 4.1s"},
		"thin load":               {nil, []reports.Load{shape("void", false)}, reports.Void, reports.Void, 3, "load burst is void: p95 latency is 5s, wanted <= 4.1s"},
		"invariant broken":        {nil, []reports.Load{shape("passed", true, broken)}, reports.NotCertified, reports.Failed, 1, "load burst failed: no-leak: in the log"},
		"all of a load's reasons": {nil, []reports.Load{shape("failed", false, broken)}, reports.NotCertified, reports.Failed, 1, "load burst failed: p95 latency is 5s, wanted <= 4.1s; no-leak: in the log"},
		"not observable":          {nil, []reports.Load{shape("passed", true, unseen)}, reports.Certified, reports.Passed, 0, ""},
		"load without criteria":   {nil, []reports.Load{{Name: "burst"}}, reports.Void, reports.Void, 3, "load burst is void"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reports.Report{Suite: reports.Suite{Scenarios: test.scenarios}, Load: test.load}
			assert.Equal(t, test.code, r.ExitCode(), "a report that nobody judged is judged for its exit code")
			r.Judge()
			assert.Equal(t, test.certificate, r.Verdict)
			assert.Equal(t, test.code, r.ExitCode())
			if test.reason == "" {
				assert.Empty(t, r.Reasons)
			} else {
				assert.Equal(t, test.reason, r.Reasons[0])
			}
			r.JudgeRun()
			assert.Equal(t, test.run, r.Verdict)
		})
	}
}

func TestABrokenInvariantFailsEvenAThinLoad(t *testing.T) {
	l := shape(reports.Void, true, reports.Check{Name: "no-leak", Kind: reports.Invariant, Verdict: reports.Failed})
	l.Judge()
	assert.Equal(t, reports.Failed, l.Verdict)
}

func TestRemarksNameWhatDidNotDecide(t *testing.T) {
	r := notCertified()
	assert.Equal(t, []string{
		"minor scenario engine/metrics-names failed (The metrics have the published names): idm_password_sync_total is missing; it does not decide a certificate",
		`input retries (conf/schedule-passwordSyncRetry.json:12): not JSON: a comma is missing after "schedule"`,
		"not observable in at least one run: one-audit",
	}, r.Remarks())
}

func TestMeasureIsExact(t *testing.T) {
	var values []time.Duration
	for i := 100; i > 0; i-- {
		values = append(values, time.Duration(i)*time.Millisecond)
	}
	assert.Equal(t, reports.Latency{
		Mean: 50500 * time.Microsecond, P50: 50 * time.Millisecond, P90: 90 * time.Millisecond, P95: 95 * time.Millisecond, P99: 99 * time.Millisecond, Max: 100 * time.Millisecond,
	}, reports.Measure(values))
	assert.Equal(t, 100*time.Millisecond, values[0], "the values stay as they were")
	assert.Equal(t, reports.Latency{}, reports.Measure(nil))
	one := time.Second
	assert.Equal(t, reports.Latency{Mean: one, P50: one, P90: one, P95: one, P99: one, Max: one}, reports.Measure([]time.Duration{one}))
	assert.Equal(t, 3*time.Second, reports.Measure([]time.Duration{1, 2, 3 * time.Second}).P90, "the rank is rounded up: never better than it was")
}

func TestChecklistDecidesOnlyByWhatStandsNowhereElse(t *testing.T) {
	r := certified()
	require.Equal(t, reports.Certified, r.Verdict)
	r.Checklist = []reports.Item{
		{Number: 1, Title: "seen", Verdict: reports.Failed, Evidence: []string{"a scenario failed, which has been said"}},
		{Number: 2, Title: "asked", Verdict: reports.Attest, Todo: "look"},
	}
	r.Judge()
	assert.Equal(t, reports.Certified, r.Verdict, "the scenario itself decides")
	r.Checklist[1].Verdict, r.Checklist[1].Own = reports.Failed, []string{"hook.js:2: never fires"}
	r.Judge()
	assert.Equal(t, reports.NotCertified, r.Verdict)
	assert.Equal(t, []string{"checklist 2: hook.js:2: never fires"}, r.Reasons)
}
