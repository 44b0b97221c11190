package reports_test

import (
	"fmt"
	"math"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// samples are the reports of the golden files: a certificate that passes, one that fails in every way, a void run.
func samples() map[string]reports.Report {
	return map[string]reports.Report{"certified": certified(), "not-certified": notCertified(), "void": void()}
}

var (
	began   = time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC)
	virtual = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
)

func checks(change ...reports.Check) []reports.Check {
	var list []reports.Check
	for _, name := range []string{"nothing-lost", "newest-wins", "no-stale-write", "one-write", "no-leak", "retry-discipline", "token-discipline", "one-audit", "no-surprise"} {
		list = append(list, reports.Check{Name: name, Kind: reports.Invariant, Verdict: reports.Passed})
	}
	for _, c := range change {
		found := false
		for i := range list {
			if list[i].Name == c.Name {
				list[i], found = c, true
			}
		}
		if !found {
			list = append(list, c)
		}
	}
	return list
}

func passedScenario(id, title, severity string, virtual time.Duration) reports.Scenario {
	return reports.Scenario{
		ID: id, Title: title, Because: "IDCS guide, section 4", Severity: severity, Verdict: reports.Passed, Seed: 42,
		Repeat:      "seatrial scenarios run " + id + " --seed 42",
		VirtualTime: virtual, RealTime: 41 * time.Millisecond, Outcomes: map[string]int{"applied": 20},
		Checks: checks(reports.Check{Name: "journal.total >= 1 && journal.total <= 4", Kind: reports.Expectation, Verdict: reports.Passed}),
		Faults: []reports.Fault{{ID: "gateway-503", Kind: "status", Seen: 44, Fired: 9, From: time.Date(2000, 1, 1, 0, 0, 10, 0, time.UTC), Until: time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)}},
	}
}

// load makes n points whose latencies have the long tail of a real one.
func load(n int, gap time.Duration, lostEvery int) (points []reports.Point) {
	stream := random.Seed(1).Stream("sample")
	for i := range n {
		due := time.Duration(i) * gap
		queued := stream.Jitter(40 * time.Millisecond).Round(time.Millisecond)
		took := time.Duration((.35 + .42*-math.Log(1-stream.Float64())) * float64(time.Second))
		p := reports.Point{Intended: due, Sent: due + queued, Done: due + queued + took.Round(time.Millisecond), OK: true}
		if lostEvery > 0 && i%lostEvery == lostEvery-1 {
			p.OK, p.Done = false, p.Sent+4*time.Second
		}
		points = append(points, p)
	}
	return points
}

// measured fills in what follows from the points.
func measured(l reports.Load, points []reports.Point) reports.Load {
	var intended, sent []time.Duration
	l.Points, l.Planned, l.Sent, l.Accepted = points, len(points), len(points), len(points)
	for _, p := range points {
		l.Duration = max(l.Duration, p.Done)
		if p.OK {
			intended, sent = append(intended, p.Done-p.Intended), append(sent, p.Done-p.Sent)
		}
	}
	l.Applied, l.Lost = len(intended), len(points)-len(intended)
	l.FromIntended, l.FromSent = reports.Measure(intended), reports.Measure(sent)
	share := float64(l.Applied) / float64(len(points))
	l.Criteria = []reports.Criterion{
		{Name: "success rate", Want: ">= 98.7 %", Got: fmt.Sprintf("%.1f %%", 100*share), Met: share >= .987},
		{Name: "mean latency", Want: "<= 2.3 s", Got: fmt.Sprintf("%.2f s", l.FromIntended.Mean.Seconds()), Met: l.FromIntended.Mean <= 2300*time.Millisecond},
		{Name: "p95 latency", Want: "<= 4.1 s", Got: fmt.Sprintf("%.2f s", l.FromIntended.P95.Seconds()), Met: l.FromIntended.P95 <= 4100*time.Millisecond},
	}
	if l.AskedRate == 0 {
		l.Criteria = append(l.Criteria, reports.Criterion{Name: "in flight at once", Want: ">= 100", Got: fmt.Sprint(l.Concurrency), Met: l.Concurrency >= 100})
	}
	l.Judge()
	return l
}

func certified() reports.Report {
	r := reports.Report{
		Title: "Certificate: ForgeRock IDM to Oracle IDCS", Started: began, Finished: began.Add(41 * time.Second), Seed: 42,
		Command: "seatrial certify conf/ --seed 42", Version: "0.1.0",
		Inputs: []reports.Input{
			{What: "endpoint", Value: "https://idcs-5eat71a1.identity.oraclecloud.com", From: "conf/provisioner.openicf-idcs.json", Line: 15},
			{What: "retries", Value: "3, from 2 s, doubling", From: "conf/schedule-passwordSyncRetry.json", Line: 12},
			{What: "criteria", Value: "success 0.987, mean 2.3s, p95 4.1s", From: "default"},
		},
		Suite: reports.Suite{VirtualTime: 4*time.Hour + 3*time.Minute, RealTime: 2100 * time.Millisecond, Scenarios: []reports.Scenario{
			passedScenario("idcs/token-revoked-mid-run", "A token revoked in the middle of a run costs one refresh and no password change", reports.Critical, time.Minute+12*time.Second),
			passedScenario("idcs/answer-lost", "A lost answer burns no password history", reports.Critical, 48*time.Second),
			passedScenario("idcs/throttled", "A throttling target is used just below its limit", reports.Major, 31*time.Minute),
			passedScenario("engine/restart", "A restart in the middle of a run loses nothing", reports.Critical, 2*time.Hour),
		}},
		Load: []reports.Load{
			measured(reports.Load{
				Name: "burst", Shape: "150 changes at once", Started: began.Add(5 * time.Second), Concurrency: 150, Checks: checks(),
				Repeat: "seatrial loadtest --burst 150 --rate 0 --seed 42",
			}, load(150, 0, 0)),
			measured(reports.Load{
				Name: "rate", Shape: "25 changes per second for 10s", Started: began.Add(12 * time.Second), Concurrency: 38, AskedRate: 25, SentRate: 25, Checks: checks(),
				Repeat: "seatrial loadtest --burst 0 --rate 25 --for 10s --seed 42",
			}, load(250, 40*time.Millisecond, 0)),
		},
		Checklist: []reports.Item{
			{
				Number: 1, Title: "The source accepts no password that the target refuses", Verdict: reports.Passed, Evidence: []string{"0 of 400 changes under load were refused for policy", "7 scenarios passed: idcs/policy-*"},
				Todo: "compare with the policies of your domain:", Command: "seatrial forecast --idm-conf conf --config sync.yaml",
			},
			{Number: 2, Title: "The hook sees every change", Verdict: reports.Attest, Todo: "no IDM folder was given:", Command: "seatrial preflight --idm-conf DIR"},
		},
		Switches: []reports.Switch{{Target: "idcs", Name: "throttled_body", Value: "scim", Default: "scim", Note: "Oracle does not publish the body of a 429."}},
		Limits: []string{
			"The rehearsal ran against a simulator of Oracle IDCS; the tenant itself was not contacted.",
			"Traffic of 10 minutes at most was run in real time.",
		},
	}
	r.Judge()
	return r
}

func notCertified() reports.Report {
	r := certified()
	r.Checklist = []reports.Item{
		{Number: 1, Title: "The source accepts no password that the target refuses", Verdict: reports.Failed, Evidence: []string{"35 changes under load were refused for policy"}},
		{Number: 2, Title: "The hook sees every change", Verdict: reports.Failed, Own: []string{"conf/script/onUpdate.js:2:5: request.value is never set <here>, so the hook never fires"}},
		{Number: 3, Title: "A pilot was held", Verdict: reports.Void, Evidence: []string{"the pilot did not run"}},
	}
	at := func(d time.Duration) time.Time { return virtual.Add(d) }
	path := "/admin/v1/Users/1b0a4f67c1e54d5d8c3e8e1d2f3a4b5c"
	body := "{\n  \"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\n  \"Operations\": [{\"op\": \"replace\", \"path\": \"password\", \"value\": \"••••••••\"}]\n}"
	lost := passedScenario("idcs/answer-lost", "A lost answer burns no password history", reports.Critical, 48*time.Second)
	lost.Verdict = reports.Failed
	lost.Outcomes = map[string]int{"applied": 18, "parked: policy": 2}
	lost.Checks = checks(
		reports.Check{Name: "one-write", Kind: reports.Invariant, Verdict: reports.Failed, Detail: "bjensen: change 3 was accepted twice by the target (entries 12 and 15)"},
		reports.Check{Name: "newest-wins", Kind: reports.Invariant, Verdict: reports.Failed, Detail: "bjensen: signs in with change 2, not with change 3"},
		reports.Check{Name: "retry-discipline", Kind: reports.Invariant, Verdict: reports.Failed, Detail: "bjensen: refused for policy (entry 15), yet sent again (entry 19)"},
		reports.Check{Name: "no-leak", Kind: reports.Invariant, Verdict: reports.Failed, Detail: "the password of change 3 stands in engine.log:118, base64"},
		reports.Check{Name: "one-audit", Kind: reports.Invariant, Verdict: reports.Void, Detail: "not observable: the engine hands out no audit trail"},
		reports.Check{Name: "applied == 20", Kind: reports.Expectation, Verdict: reports.Failed, Detail: "applied is 18"},
	)
	lost.Faults = []reports.Fault{
		{ID: "lose-first", Kind: "lose_answer", Seen: 22, Fired: 20, From: at(0), Until: at(2500 * time.Millisecond)},
		{ID: "slow", Kind: "latency", Seen: 61, Fired: 61},
	}
	lost.Failures = []reports.Failure{{
		Summary: "Change 3 of bjensen was written twice; the second write failed on password history",
		User:    "bjensen",
		Exchanges: []reports.Exchange{
			{Time: at(1200 * time.Millisecond), Target: "idcs", Method: "PATCH", Path: path, Status: 0, Request: body, Duration: "120ms", Faults: []string{"lose-first"}, Note: "applied, but the answer was lost"},
			{
				Time: at(3350 * time.Millisecond), Target: "idcs", Method: "PATCH", Path: path, Status: 400, Request: body, Duration: "95ms",
				Response: "{\n  \"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:Error\"],\n  \"detail\": \"Your password can't be the same as your last 4 passwords.\",\n  \"status\": \"400\",\n  \"scimType\": \"invalidValue\"\n}",
			},
			{Time: at(7410 * time.Millisecond), Target: "idcs", Method: "PATCH", Path: path, Status: 400, Request: body, Duration: "101ms", Response: `{"detail": "Your password can't be the same as your last 4 passwords."}`},
		},
	}}
	r.Suite.Scenarios[1] = lost
	r.Suite.Scenarios[2].Verdict = reports.Void
	r.Suite.Scenarios[2].Faults = []reports.Fault{{ID: "limit-10", Kind: "throttle", Seen: 12}}
	minor := passedScenario("engine/metrics-names", "The metrics have the published names", reports.Minor, time.Second)
	minor.Verdict = reports.Failed
	minor.Reasons = []string{"idm_password_sync_total is missing"}
	minor.Checks, minor.Faults = nil, nil
	r.Suite.Scenarios = append(r.Suite.Scenarios, minor)

	r.Inputs[1] = reports.Input{What: "retries", Value: "", From: "conf/schedule-passwordSyncRetry.json", Line: 12, Problem: "not JSON: a comma is missing after \"schedule\""}

	points := load(250, 40*time.Millisecond, 31)
	for i := range points {
		if points[i].Intended > 4*time.Second && points[i].Intended < 6*time.Second {
			stall := 6*time.Second - points[i].Intended
			points[i].Sent, points[i].Done = points[i].Sent+stall/2, points[i].Done+stall
		}
	}
	l := &r.Load[1]
	*l = measured(*l, points)
	l.Errors = map[string]int{"not applied within 4s": l.Lost}
	l.Faults = []reports.Fault{{ID: "outage", Kind: "status", Seen: 61, Fired: 61, From: l.Started.Add(4 * time.Second), Until: l.Started.Add(6 * time.Second)}}
	l.Failures = []reports.Failure{{
		Summary: "Change 30 was not applied within 4s", User: "o'brien",
		Exchanges: []reports.Exchange{{Time: l.Started.Add(1300 * time.Millisecond), Target: "idcs", Method: "PATCH", Path: path, Status: 503, Request: body, Response: "upstream connect error", Duration: "3ms", Faults: []string{"outage"}}},
	}}
	r.Judge()
	return r
}

func void() reports.Report {
	r := reports.Report{
		Title: "Load test", Started: began, Finished: began.Add(3 * time.Second), Seed: 7, Command: "seatrial loadtest --burst 150 --population 100 --seed 7", Version: "0.1.0",
		Load: []reports.Load{{
			Name: "burst", Shape: "150 changes at once", Verdict: reports.Void, Planned: 150,
			Reasons: []string{"the shape needs 150 users of its own and the population has 100"},
		}},
	}
	r.JudgeRun()
	return r
}
