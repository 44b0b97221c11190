package certify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/syncer"
)

// Run rehearses and returns the judged report. An error is a usage error, or a run that could not be carried out.
func Run(ctx context.Context, o Options, version string, p *progress) (reports.Report, error) {
	defer p.end()
	in, err := gather(o)
	if err != nil {
		return reports.Report{}, err
	}
	folder, err := readFolder(o.IDMConf)
	if err != nil {
		return reports.Report{}, err
	}
	criteria, err := readCriteria(o.Criteria)
	if err != nil {
		return reports.Report{}, err
	}
	in.noteCriteria(criteria, o.Criteria)
	in.noteLoad(o)
	report := reports.Report{
		Title: "Password synchronisation from ForgeRock IDM to " + o.names(), Started: time.Now().UTC(),
		Seed: o.Seed, Command: o.command(), Version: version, Limits: o.limits(),
	}
	list, err := scenarios.Suite(o.areas()...)
	if err != nil {
		return report, brokenRun{fmt.Errorf("the embedded suite: %w", err)}
	}
	engine := sut.Engine(in.configure)
	report.Suite = scenarios.Run(ctx, list, scenarios.Options{
		Seed: random.Seed(o.Seed), System: engine, Parallel: o.Workers,
		Progress: func(e scenarios.Event) { p.step("scenarios", e.Done, e.Total) },
	})
	for _, target := range o.targets() {
		loads, switches, err := in.load(ctx, o, target, criteria, engine, p)
		report.Load, report.Switches = append(report.Load, loads...), append(report.Switches, switches...)
		if err != nil { // what was found out until then is not lost
			report.Load = append(report.Load, reports.Load{Name: "test", Verdict: reports.Void, Reasons: []string{"it broke off: " + err.Error()}})
		}
	}
	report.Inputs = in.list
	report.Checklist = judgeChecklist(report, folder, o.targets())
	report.Finished = time.Now().UTC()
	report.Judge()
	return report, nil
}

// configure gives the engine what the customer's files say.
func (in *inputs) configure(c *syncer.Config) {
	c.IDCS.Scope, c.IDCS.ContentType, c.Schedule = in.scope, in.contentType, in.schedule
}

// names are the targets as people call them: "Oracle IDCS and Okta".
func (o Options) names() string {
	var names []string
	for _, target := range o.targets() {
		names = append(names, vendors[target])
	}
	return strings.Join(names, " and ")
}

// engineSuite is the area of what the engine promises whatever the target is. It is played at an identity domain.
const engineSuite = "engine"

// areas are the parts of the suite that are played. Who rehearses everything rehearses a directory as the source, too.
func (o Options) areas() []string {
	areas := append(o.targets(), engineSuite)
	if o.Target == allTargets {
		areas = append(areas, sim.DS)
	}
	return areas
}

// limits are what a certificate of this kind does not say.
func (o Options) limits() []string {
	vendor := map[string]string{sim.IDCS: "Oracle documents", sim.Okta: "Okta documents"}
	var documented []string
	for _, target := range o.targets() {
		documented = append(documented, vendor[target])
	}
	list := []string{
		"A target is a simulator: it behaves as " + strings.Join(documented, " and ") + " and as others observed. Where neither was to be had, a " +
			"switch says what was assumed; the report lists all switches.",
		"The engine under test is seatrial's own. An IDM hook script is read, not run.",
		"Latency of the network between the source, the engine and the real target is not part of the figures.",
	}
	if o.Target == allTargets {
		list = append(list, "In ds/* changes came as hashes from a simulated directory, and went to an identity domain.")
	}
	if o.Target != sim.IDCS {
		list = append(list, "The engine's own promises (engine/*) were rehearsed at an identity domain. Under load no rate limits of Okta's were in "+
			"force: those of your plan are rehearsed in okta/throttled-by-plan. In okta/org2org-* Okta's own provisioning was on trial, not the engine.")
	}
	return list
}

// command is the command line that repeats the run.
func (o Options) command() string {
	d := DefaultOptions()
	parts := []string{"seatrial certify"}
	add := func(changed bool, name string, value any) {
		if changed {
			parts = append(parts, fmt.Sprintf("--%s %v", name, quote(fmt.Sprint(value))))
		}
	}
	add(o.IDMConf != d.IDMConf, "idm-conf", o.IDMConf)
	add(o.Users != d.Users, "users", o.Users)
	add(o.Population != d.Population, "population", o.Population)
	add(o.Target != d.Target, "target", o.Target)
	add(o.TargetPolicy != d.TargetPolicy, "target-policy", o.TargetPolicy)
	add(o.Criteria != d.Criteria, "criteria", o.Criteria)
	add(o.Load.Burst != d.Load.Burst, "burst", o.Load.Burst)
	add(o.Load.Rate != d.Load.Rate, "rate", o.Load.Rate)
	add(o.Load.For != d.Load.For, "for", o.Load.For)
	add(o.Load.P50 != d.Load.P50, "latency-p50", o.Load.P50)
	add(o.Load.P95 != d.Load.P95, "latency-p95", o.Load.P95)
	add(true, "seed", o.Seed)
	return strings.Join(parts, " ")
}

// quote makes a word that a shell takes as one.
func quote(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n'\"\\$&|;<>()*?[]#~`!{}") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
