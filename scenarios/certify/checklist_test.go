package certify

import (
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/syncer/preflight"
)

// A point whose proof is misspelt would never be proved, and a finding that belongs to no point would decide nothing.
func TestChecklistNamesWhatThereIs(t *testing.T) {
	assert.Len(t, checklist, 15)
	suite, err := scenarios.Suite()
	require.NoError(t, err)
	var checks, findings []string
	for _, c := range invariants.Check(invariants.History{}) {
		checks = append(checks, c.Name)
	}
	for _, p := range checklist {
		for _, pattern := range p.scenarios {
			assert.True(t, slices.ContainsFunc(suite, func(s scenarios.Scenario) bool { ok, _ := path.Match(pattern, s.ID); return ok }),
				"%s: no scenario is called %s", p.title, pattern)
		}
		for _, name := range p.invariants {
			assert.Contains(t, checks, name, p.title)
		}
		findings = append(findings, p.findings...)
		assert.True(t, p.todo != "" || len(p.scenarios)+len(p.invariants) > 0 || p.load, "%s: nothing can prove it and nobody is to attest it", p.title)
		assert.Equal(t, p.todo == "", p.command == "", "%s: what is to be attested has a command that shows it", p.title)
	}
	var rules []string
	for _, r := range preflight.Rules() {
		rules = append(rules, r.ID)
	}
	assert.ElementsMatch(t, rules, findings, "each rule of the preflight belongs to one point")
	for _, s := range suite {
		if s.Severity == scenarios.Minor {
			continue
		}
		assert.True(t, slices.ContainsFunc(checklist, func(p point) bool {
			return slices.ContainsFunc(p.scenarios, func(pattern string) bool { ok, _ := path.Match(pattern, s.ID); return ok })
		}), "%s belongs to no point of the checklist", s.ID)
	}
}

func TestChecklistJudges(t *testing.T) {
	passed := func(id string) reports.Scenario {
		return reports.Scenario{ID: id, Verdict: reports.Passed, Severity: reports.Major, Checks: []reports.Check{{Name: invariants.NoLeak, Kind: reports.Invariant, Verdict: reports.Passed}}}
	}
	failed := passed("idcs/policy-length")
	failed.Verdict = reports.Failed
	minor := failed
	minor.Severity = reports.Minor
	void := passed("idcs/policy-length")
	void.Verdict = reports.Void
	unseen := passed("y")
	unseen.Checks = []reports.Check{{Name: invariants.NoLeak, Kind: reports.Invariant, Verdict: reports.Void}}
	load := reports.Load{Name: "burst", Planned: 100, Verdict: reports.Passed, Criteria: []reports.Criterion{{Name: "success rate", Got: "100 %", Want: ">= 98.7 %", Met: true}}}
	refused := load
	refused.Errors = map[string]int{"refused by the target: policy: too short": 7}
	found := func(id string, s preflight.Severity) *preflight.Report {
		return &preflight.Report{Folder: "conf", Findings: []preflight.Finding{{ID: id, Severity: s, File: "hook.js", Line: 2, Problem: "it never fires"}}}
	}
	cases := map[string]struct {
		report  reports.Report
		folder  *preflight.Report
		point   int
		verdict reports.Verdict
		says    string
	}{
		"a scenario passed":         {reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{passed("idcs/policy-length")}}}, nil, 1, reports.Passed, "1 scenario passed: idcs/policy-length"},
		"a scenario failed":         {reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{failed, passed("idcs/policy-custom")}}}, nil, 1, reports.Failed, "scenario idcs/policy-length: failed"},
		"a minor one failed":        {reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{minor, passed("idcs/policy-custom")}}}, nil, 1, reports.Passed, "scenario idcs/policy-length: failed"},
		"a scenario is void":        {reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{void}}}, nil, 1, reports.Void, "scenario idcs/policy-length: void"},
		"refused under load":        {reports.Report{Load: []reports.Load{refused}}, nil, 1, reports.Failed, "7 of 100 changes under load were refused for policy"},
		"none refused under load":   {reports.Report{Load: []reports.Load{load}}, nil, 1, reports.Passed, "0 of 100 changes"},
		"criteria met":              {reports.Report{Load: []reports.Load{load}}, nil, 14, reports.Passed, "load burst: success rate 100 %, wanted >= 98.7 %"},
		"an invariant held":         {reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{passed("x")}}}, nil, 3, reports.Passed, "no-leak held in 1 of 1 runs"},
		"an invariant was not seen": {reports.Report{Suite: reports.Suite{Scenarios: []reports.Scenario{passed("x"), unseen}}}, nil, 3, reports.Passed, "no-leak held in 1 runs, and could not be seen in 1"},
		"nothing is known":          {reports.Report{}, nil, 4, reports.Attest, ""},
		"the folder is clean":       {reports.Report{}, &preflight.Report{Folder: "conf"}, 4, reports.Passed, "nothing against it was found in conf"},
		"the folder will fail":      {reports.Report{}, found("F05", preflight.WillFail), 4, reports.Failed, ""},
		"the folder may fail":       {reports.Report{}, found("P12", preflight.MayFail), 4, reports.Attest, "may fail: hook.js:2: P12 it never fires"},
		"another point's fault":     {reports.Report{}, found("F10", preflight.WillFail), 4, reports.Passed, "nothing against it"},
		"nothing ran, none to ask":  {reports.Report{}, nil, 14, reports.Void, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			item := judgeChecklist(tc.report, tc.folder, []string{sim.IDCS})[tc.point-1]
			assert.Equal(t, tc.verdict, item.Verdict, "%+v", item)
			if tc.says != "" {
				require.NotEmpty(t, item.Evidence)
				assert.Contains(t, item.Evidence[len(item.Evidence)-1]+item.Evidence[0], tc.says)
			}
		})
	}
	assert.Equal(t, []string{"hook.js:2: F05 it never fires"}, judgeChecklist(reports.Report{}, found("F05", preflight.WillFail), nil)[3].Own)
}

// What is left to people depends on what was rehearsed.
func TestWhatRemainsForPeople(t *testing.T) {
	limits := func(targets ...string) reports.Item { return judgeChecklist(reports.Report{}, nil, targets)[8] }
	assert.Equal(t, "seatrial sim --tier free", limits(sim.IDCS).Command)
	assert.Equal(t, "seatrial sim --run okta --plan free", limits(sim.Okta).Command)
	both := limits(sim.IDCS, sim.Okta)
	assert.Equal(t, "seatrial sim --tier free; seatrial sim --run okta --plan free", both.Command)
	assert.Contains(t, both.Todo, "type of your domain")
	assert.Contains(t, both.Todo, "plan of your org")
}
