package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// judge looks at what came of the run, after the system has stopped: the invariants first, then what the scenario expects.
func (r *run) judge() error {
	history, err := r.history()
	if err != nil {
		return fmt.Errorf("observe the run: %w", err)
	}
	r.judged, r.speed = history.Changes, speedOf(history)
	r.count(history)
	r.checkPremises(history)
	for _, check := range invariants.Check(history) {
		r.checks = append(r.checks, check)
		if check.Verdict == reports.Failed {
			r.failures = append(r.failures, r.evidence(check.Name+": "+check.Detail, r.mentioned(check.Detail), history)...)
		}
	}
	if check, about := r.letGo(); check.Verdict == reports.Failed {
		r.checks = append(r.checks, check)
		r.failures = append(r.failures, r.evidence(check.Name+": "+check.Detail, about, history)...)
	}
	for _, e := range r.scenario.Expect {
		check, about := r.expect(e, history)
		r.checks = append(r.checks, check)
		if check.Verdict == reports.Failed {
			r.failures = append(r.failures, r.evidence(check.Name+": "+check.Detail, about, history)...)
		}
	}
	return nil
}

// patience is how much later than asked for a source that waits may be answered.
const patience = 2 * time.Second

// letGo: who waits for an outcome is answered in his time, with it or without.
func (r *run) letGo() (reports.Check, []string) {
	var wrong, about []string
	for _, s := range r.changes {
		if took := s.Acknowledged.Sub(s.Submitted); s.wait > 0 && s.Acked && !r.scenario.mortal() && took > s.wait+patience {
			wrong, about = append(wrong, fmt.Sprintf("%s asked for %v and was held for %v", s.User, s.wait, took.Round(time.Second))), append(about, s.User)
		}
	}
	check := reports.Check{Name: "a source that waits is let go in time", Kind: reports.Expectation, Verdict: reports.Passed}
	if len(wrong) > 0 {
		check.Verdict, check.Detail = reports.Failed, shorten(wrong)
	}
	return check, about
}

// history is everything that was observed.
func (r *run) history() (invariants.History, error) {
	h := invariants.History{
		OutcomesObservable: r.observable, UsersBefore: r.before, Retries: r.options.Retries,
		TokenLifetime: r.scenario.tokenLifetime(),
		MustChange:    r.scenario.door() == "patch", Crashes: r.crashes,
		Repaired:      r.repaired,
		DeliversFirst: r.scenario.Given.DS != nil && sut.DeliversFirst(r.scenario.Given.Engine.Settings),
		Initial:       map[string]secret.Value{}, Provisioning: map[string]bool{},
		Secrets: r.place.Secrets(),
	}
	h.Secrets = append(h.Secrets, sut.Secrets(r.system.get())...)
	for _, p := range r.residents {
		h.Initial[p.UserName] = p.initial
	}
	for _, p := range r.newcomers {
		h.Provisioning[p.UserName] = r.scenario.Given.Engine.Provision || r.pair != nil
	}
	if h.Generates = r.pair != nil; h.Generates {
		for _, p := range r.residents {
			h.Provisioning[p.UserName] = true
		}
	}
	journal, err := r.control.JournalAll(r.ctx, control.JournalQuery{Target: r.target.name(), After: r.since})
	if err != nil {
		return h, err
	}
	h.Entries, h.Dropped, h.Stored = journal.Entries, journal.Dropped, r.stored
	if h.Source, err = r.sourceJournal(); err != nil {
		return h, err
	}
	if h.UsersAfter, err = r.control.Users(r.ctx, r.target.name()); err != nil {
		return h, err
	}
	if h.Artifacts, err = r.system.get().Artifacts(); err != nil {
		return h, err
	}
	h.Artifacts = append(h.Artifacts, r.remains...)
	for _, a := range h.Artifacts {
		if a.Name == sut.ArtifactAudit {
			h.AuditObservable = true
			if h.Audit, err = invariants.ReadAudit(a.Data); err != nil {
				return h, fmt.Errorf("audit trail: %w", err)
			}
		}
	}
	if h.Changes, err = r.complete(h.Entries); err != nil {
		return h, err
	}
	h.Probes, err = r.probe(h.Changes)
	return h, err
}

// complete completes the changes with what the system and the target say about them.
func (r *run) complete(entries []control.Entry) ([]invariants.Change, error) {
	passwords := make([]secret.Value, 0, len(r.changes))
	for _, s := range r.changes {
		passwords = append(passwords, s.Password)
	}
	digests, err := r.control.Digests(r.ctx, passwords...)
	if err != nil {
		return nil, err
	}
	if r.scenario.Given.DS != nil {
		r.hashes()
	}
	accepted, refused := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		switch {
		case e.Digest == "":
		case e.Outcome == "accepted":
			accepted[e.Digest] = true
		case e.Outcome == "refused":
			refused[e.Digest] = true
		}
	}
	changes := make([]invariants.Change, 0, len(r.changes))
	for i, s := range r.changes {
		c := s.Change
		c.Digest = digests[i]
		if s.stored != "" {
			c.Digest, c.Acked = s.stored, c.Acked && !s.unseen
		}
		for _, o := range r.outcomes {
			if o.TransactionID == c.TransactionID {
				c.Outcomes++
				c.Replays = max(c.Replays, o.Replay)
				c.State, c.Reason, c.Attempts, c.Finished = o.State, o.Reason, o.Attempts, o.Finished
			}
		}
		c.Acceptable = s.acceptable
		// What changed at the target while the change was under way makes it a matter of the moment; then what the target
		// did counts, not what it could have done.
		switch {
		case s.overtaken:
			c.Acceptable = accepted[c.Digest]
		case s.outdated:
			c.Acceptable = accepted[c.Digest] || s.acceptable && !refused[c.Digest]
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// probe tries every password that any user had or was to have.
func (r *run) probe(changes []invariants.Change) ([]invariants.Probe, error) {
	var probes []invariants.Probe
	var attempts []control.LogInInput
	try := func(user string, change int, password secret.Value) {
		probes = append(probes, invariants.Probe{User: user, Change: change})
		attempts = append(attempts, control.LogInInput{UserName: user, Password: password})
	}
	for _, p := range r.residents {
		try(p.UserName, -1, p.initial)
	}
	for _, c := range changes {
		try(c.User, c.Number, c.Password)
	}
	answers, err := r.control.LogIns(r.ctx, r.target.name(), attempts)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		probes[i].OK, probes[i].MustChange, probes[i].Reason = a.OK, a.MustChange, a.Reason
	}
	return probes, nil
}

// count sums up how the changes ended.
func (r *run) count(h invariants.History) {
	for _, c := range h.Changes {
		switch {
		case !c.Acked:
			r.counts["not acknowledged"]++
		case c.State == invariants.Parked && c.Reason != "":
			r.counts[c.State+": "+c.Reason]++
		case c.State != "":
			r.counts[c.State]++
		case r.observable:
			r.counts["no outcome"]++
		}
	}
}

// checkPremises finds out whether what was planned came true.
func (r *run) checkPremises(h invariants.History) {
	for _, f := range r.faults {
		if f.Fired == 0 {
			r.premises = append(r.premises, fmt.Sprintf("the fault %s never fired (%d requests came into its scope), so nothing was shown about it", f.ID, f.Seen))
		}
	}
	acknowledged := slices.ContainsFunc(h.Changes, func(c invariants.Change) bool { return c.Acked })
	if !acknowledged {
		first := "nothing"
		for _, s := range r.changes {
			if s.err != nil {
				first = s.err.Error()
				break
			}
		}
		r.premises = append(r.premises, "the system under test acknowledged no change at all; it answered: "+first)
	}
}

// report writes the result down, outside virtual time.
func (r *run) report(result *reports.Scenario) {
	result.Outcomes, result.Checks, result.Failures, result.Speed = r.counts, r.checks, r.failures, r.speed
	for _, f := range r.faults {
		fault := reports.Fault{ID: f.ID, Kind: f.Kind, Seen: f.Seen, Fired: f.Fired, From: f.Added}
		if until := r.expires[f.ID]; until > 0 {
			fault.Until = f.Added.Add(until)
		}
		result.Faults = append(result.Faults, fault)
	}
	result.Reasons = r.premises
	result.Verdict = verdict(r.checks, r.premises)
}

// verdict: a broken invariant is a failure whatever else happened. What the scenario expects counts only when its premise
// came true.
func verdict(checks []reports.Check, premises []string) reports.Verdict {
	failed := func(kind string) bool {
		return slices.ContainsFunc(checks, func(c reports.Check) bool { return c.Kind == kind && c.Verdict == reports.Failed })
	}
	void := slices.ContainsFunc(checks, func(c reports.Check) bool { return c.Kind == reports.Expectation && c.Verdict == reports.Void })
	switch {
	case failed(reports.Invariant):
		return reports.Failed
	case len(premises) > 0:
		return reports.Void
	case failed(reports.Expectation):
		return reports.Failed
	case void || len(checks) == 0:
		return reports.Void
	default:
		return reports.Passed
	}
}
