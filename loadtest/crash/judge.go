package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/syncer/audit"
)

const (
	target = "idcs"
	// poll is how often the engine is asked whether it has ended.
	poll = 250 * time.Millisecond
	// digestsAtOnce keeps a request small.
	digestsAtOnce = 5000
	// busy is the share of kills that must have found changes under way, or nothing was shown.
	busy = 0.9
)

// judge looks at what all lives of the engine left behind.
type judge struct {
	options Options
	stage   *loadtest.Stage
	system  *sut.Process
	source  *source
	killer  *killer
	initial map[string]secret.Value
	before  []control.User

	outcomes []sut.Outcome
}

// settle waits until every acknowledged change has its outcome. Those that have none when the time is over are found by the
// invariant that nothing is lost.
func (j *judge) settle(ctx context.Context) (err error) {
	deadline := time.Now().Add(j.options.Settle)
	for {
		if j.outcomes, err = j.system.Outcomes(ctx); err != nil {
			return fmt.Errorf("outcomes: %w", err)
		}
		ended := map[string]bool{}
		for _, o := range j.outcomes {
			ended[o.TransactionID] = true
		}
		open := slices.ContainsFunc(j.source.made, func(c invariants.Change) bool { return !ended[c.TransactionID] })
		if !open || time.Now().After(deadline) {
			return nil
		}
		if err := pause(ctx, poll); err != nil {
			return err
		}
	}
}

func (j *judge) report(ctx context.Context) (reports.Scenario, error) {
	h, err := j.history(ctx)
	if err != nil {
		return reports.Scenario{}, fmt.Errorf("observe the run: %w", err)
	}
	result := reports.Scenario{
		ID: "engine/kill-9", Title: "An engine that is killed at any moment loses nothing and writes nothing twice",
		Severity: reports.Critical, Seed: j.options.Seed, Repeat: j.options.command(), Outcomes: map[string]int{},
		Checks: append(invariants.Check(h), chain(h.Artifacts)),
	}
	for _, c := range h.Changes {
		name := c.State
		if c.Reason != "" {
			name += ": " + c.Reason
		}
		result.Outcomes[name]++
	}
	underWay, idle := j.underWay(h.Changes)
	result.Reasons = append(result.Reasons, fmt.Sprintf(
		"killed %d times, with %d changes under way on average; %d submissions had to be repeated", len(j.killer.crashes), underWay, j.source.repeated.Load()))
	result.Verdict = reports.Passed
	if float64(len(j.killer.crashes)-idle) < busy*float64(j.options.Kills) {
		result.Verdict = reports.Void
		result.Reasons = append(result.Reasons, fmt.Sprintf("%d kills found nothing under way: they prove nothing", idle))
	}
	for _, check := range result.Checks {
		switch {
		case check.Verdict == reports.Failed:
			result.Verdict = reports.Failed
			result.Failures = append(result.Failures, reports.Failure{Summary: check.Name + ": " + check.Detail})
		case check.Verdict == reports.Void && result.Verdict == reports.Passed:
			result.Verdict = reports.Void
		}
	}
	return result, nil
}

// underWay counts the changes that were acknowledged and not final when the engine died, on average, and the kills that
// found none.
func (j *judge) underWay(changes []invariants.Change) (average, idle int) {
	total := 0
	for _, crash := range j.killer.crashes {
		open := 0
		for _, c := range changes {
			if c.Acknowledged.Before(crash.Died) && (c.Finished.IsZero() || c.Finished.After(crash.Died)) {
				open++
			}
		}
		total += open
		if open == 0 {
			idle++
		}
	}
	return total / max(len(j.killer.crashes), 1), idle
}

func (j *judge) history(ctx context.Context) (invariants.History, error) {
	plane := j.stage.World.Control()
	h := invariants.History{
		OutcomesObservable: true, UsersBefore: j.before, Retries: invariants.Promised(), Crashes: j.killer.crashes,
		TokenLifetime: time.Hour, Initial: j.initial, Provisioning: map[string]bool{},
		Secrets: append([]secret.Value{j.stage.World.ClientSecret()}, j.system.Secrets()...),
	}
	journal, err := plane.JournalAll(ctx, control.JournalQuery{Target: target})
	if err != nil {
		return h, err
	}
	h.Entries, h.Dropped = journal.Entries, journal.Dropped
	if h.UsersAfter, err = plane.Users(ctx, target); err != nil {
		return h, err
	}
	if h.Artifacts, err = j.system.Artifacts(); err != nil {
		return h, err
	}
	for _, a := range h.Artifacts {
		if a.Name == sut.ArtifactAudit {
			h.AuditObservable = true
			if h.Audit, err = invariants.ReadAudit(a.Data); err != nil {
				return h, fmt.Errorf("audit trail: %w", err)
			}
		}
	}
	if h.Changes, err = j.complete(ctx); err != nil {
		return h, err
	}
	h.Probes, err = j.probe(ctx, h.Changes)
	return h, err
}

// complete adds the digests and what the engine says about the changes.
func (j *judge) complete(ctx context.Context) ([]invariants.Change, error) {
	said := map[string][]sut.Outcome{}
	for _, o := range j.outcomes {
		said[o.TransactionID] = append(said[o.TransactionID], o)
	}
	changes := slices.Clone(j.source.made)
	for batch := range slices.Chunk(changes, digestsAtOnce) {
		var passwords []secret.Value
		for _, c := range batch {
			passwords = append(passwords, c.Password)
		}
		digests, err := j.stage.World.Control().Digests(ctx, passwords...)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			c := &batch[i]
			c.Digest = digests[i]
			for _, o := range said[c.TransactionID] {
				c.Outcomes++
				c.State, c.Reason, c.Attempts, c.Finished = o.State, o.Reason, o.Attempts, o.Finished
			}
		}
	}
	return changes, nil
}

// probe tries every password that any user had or was to have.
func (j *judge) probe(ctx context.Context, changes []invariants.Change) ([]invariants.Probe, error) {
	var probes []invariants.Probe
	var attempts []control.LogInInput
	try := func(user string, change int, password secret.Value) {
		probes = append(probes, invariants.Probe{User: user, Change: change})
		attempts = append(attempts, control.LogInInput{UserName: user, Password: password})
	}
	for _, u := range j.source.plan.Users {
		try(u.Name, -1, j.initial[u.Name])
	}
	for _, c := range changes {
		try(c.User, c.Number, c.Password)
	}
	answers, err := j.stage.World.Control().LogIns(ctx, target, attempts)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		probes[i].OK, probes[i].MustChange, probes[i].Reason = a.OK, a.MustChange, a.Reason
	}
	return probes, nil
}

// chain checks that the audit trail of all lives is one chain.
func chain(artifacts []sut.Artifact) reports.Check {
	c := reports.Check{Name: "audit-chain", Kind: reports.Invariant, Verdict: reports.Void, Detail: "there is no audit trail"}
	for _, a := range artifacts {
		if a.Name != sut.ArtifactAudit {
			continue
		}
		lines, _, err := audit.Read(bytes.NewReader(a.Data), func(audit.Line) {})
		if err != nil {
			c.Verdict, c.Detail = reports.Failed, errors.Join(fmt.Errorf("after %d lines", lines), err).Error()
			return c
		}
		c.Verdict, c.Detail = reports.Passed, fmt.Sprintf("%d lines over all lives, one chain", lines)
	}
	return c
}
