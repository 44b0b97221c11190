package loadtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// judge looks at everything that can be observed of the shape and checks the invariants over it.
func (t *trial) judge(ctx context.Context) error {
	h, err := t.history(ctx)
	if err != nil {
		return fmt.Errorf("observe the run: %w", err)
	}
	l := t.load
	l.Checks = invariants.Check(h)
	t.listen(h)
	if h.Dropped > 0 {
		l.Reasons = append(l.Reasons, fmt.Sprintf("%d entries of the journal are gone: it is too small for this load, so what the target did cannot be told", h.Dropped))
	}
	if len(l.Reasons) > 0 {
		l.Verdict = reports.Void
	}
	if l.Faults, err = t.faults(ctx); err != nil {
		return err
	}
	l.Failures = t.failures(h)
	l.Judge()
	t.bequeath(h)
	return nil
}

// history is everything that was observed since the shape began.
func (t *trial) history(ctx context.Context) (invariants.History, error) {
	h := invariants.History{
		Initial: t.initial, UsersBefore: t.before, Retries: t.plan.Retries, TokenLifetime: t.plan.TokenLifetime,
		Secrets: append(slices.Clone(t.plan.Secrets), sut.Secrets(t.system)...), Provisioning: map[string]bool{},
	}
	outcomes, err := t.system.Outcomes(ctx)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return h, fmt.Errorf("outcomes of the system under test: %w", err)
	}
	h.OutcomesObservable = err == nil
	journal, err := t.plane.JournalAll(ctx, control.JournalQuery{Target: t.plan.Target, After: t.since})
	if err != nil {
		return h, err
	}
	h.Entries = journal.Entries
	if journal.Dropped > t.since {
		h.Dropped = journal.Dropped - t.since // what is gone of the time before the shape is not missed
	}
	if h.UsersAfter, err = t.plane.Users(ctx, t.plan.Target); err != nil {
		return h, err
	}
	if h.Artifacts, err = t.system.Artifacts(); err != nil {
		return h, err
	}
	if err := t.readAudit(&h); err != nil {
		return h, err
	}
	h.Changes = t.complete(outcomes)
	h.Probes, err = t.probe(ctx, h.Changes)
	return h, err
}

// readAudit reads the audit trail, without the lines that belong to former shapes.
func (t *trial) readAudit(h *invariants.History) error {
	for _, a := range h.Artifacts {
		if a.Name != sut.ArtifactAudit {
			continue
		}
		lines, err := invariants.ReadAudit(a.Data)
		if err != nil {
			return fmt.Errorf("audit trail: %w", err)
		}
		h.AuditObservable = true
		h.Audit = slices.DeleteFunc(lines, func(l invariants.AuditLine) bool { return t.earlier[l.TransactionID] })
	}
	return nil
}

// complete adds what the engine says about the changes.
func (t *trial) complete(outcomes []sut.Outcome) []invariants.Change {
	said := map[string][]sut.Outcome{}
	for _, o := range outcomes {
		said[o.TransactionID] = append(said[o.TransactionID], o)
	}
	var changes []invariants.Change
	for _, c := range t.all() {
		complete := c.Change
		for _, o := range said[c.TransactionID] {
			complete.Outcomes++
			complete.State, complete.Reason, complete.Attempts, complete.Finished = o.State, o.Reason, o.Attempts, o.Finished
		}
		switch c.refusal {
		case "policy", "federated", "inactive":
			complete.Acceptable = false // the target knows its own rules best
		}
		changes = append(changes, complete)
	}
	return changes
}

// probe tries the old and the new password of each user whose password was to change.
func (t *trial) probe(ctx context.Context, changes []invariants.Change) ([]invariants.Probe, error) {
	var probes []invariants.Probe
	var attempts []control.LogInInput
	try := func(user string, change int, password secret.Value) {
		probes = append(probes, invariants.Probe{User: user, Change: change})
		attempts = append(attempts, control.LogInInput{UserName: user, Password: password})
	}
	for _, c := range changes {
		if old := t.initial[c.User]; !old.Empty() {
			try(c.User, -1, old)
		}
		try(c.User, c.Number, c.Password)
	}
	answers, err := t.plane.LogIns(ctx, t.plan.Target, attempts)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		probes[i].OK, probes[i].MustChange, probes[i].Reason = a.OK, a.MustChange, a.Reason
	}
	return probes, nil
}

// faults are the rules in force at the target: its latency, above all.
func (t *trial) faults(ctx context.Context) ([]reports.Fault, error) {
	rules, err := t.plane.Faults(ctx, t.plan.Target)
	if err != nil {
		return nil, err
	}
	var list []reports.Fault
	for _, rule := range rules {
		f := reports.Fault{ID: rule.ID, Kind: rule.Kind, Seen: rule.Seen, Fired: rule.Fired}
		if rule.Added.After(t.started) {
			f.From = rule.Added
		}
		list = append(list, f)
	}
	return list, nil
}

// bequeath remembers for the next shape which passwords are in force now and which transactions are history.
func (t *trial) bequeath(h invariants.History) {
	byNumber := map[int]*change{}
	for _, c := range t.all() {
		byNumber[c.Number] = c
	}
	for _, p := range h.Probes {
		if c, found := byNumber[p.Change]; found && p.OK {
			t.current[c.User] = c.Password
		}
	}
	for _, c := range t.all() {
		t.earlier[c.TransactionID] = true
	}
}

// How much evidence goes into a report.
const (
	failuresShown  = 20
	exchangesShown = 12
	mentionedShown = 3
)

// failures are the evidence: the users whom a failed check names, then the first changes that went wrong.
func (t *trial) failures(h invariants.History) []reports.Failure {
	e := newEvidence(h)
	var list []reports.Failure
	for _, check := range t.load.Checks {
		if check.Verdict != reports.Failed {
			continue
		}
		named := 0
		for _, c := range t.all() {
			if named < mentionedShown && mentions(check.Detail, c.User) {
				named++
				list = append(list, reports.Failure{Summary: check.Name + ": " + check.Detail, User: c.User, Exchanges: e.of(c.User)})
			}
		}
	}
	for i, c := range t.changes {
		if len(list) >= failuresShown {
			break
		}
		if !c.applied && !c.sent.IsZero() {
			list = append(list, reports.Failure{Summary: fmt.Sprintf("Change %d: %s", i+1, t.trouble(c)), User: c.User, Exchanges: e.of(c.User)})
		}
	}
	return list[:min(len(list), failuresShown)]
}

// mentions tells whether a text names a user: "ann" is not named by "joann".
func mentions(text, user string) bool {
	text, user = strings.ToLower(text), strings.ToLower(user)
	for from := 0; user != ""; {
		i := strings.Index(text[from:], user)
		if i < 0 {
			break
		}
		at := from + i
		end := at + len(user)
		if (at == 0 || !inName(text[at-1])) && (end == len(text) || !inName(text[end])) {
			return true
		}
		from = end
	}
	return false
}

func inName(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

// evidence finds the exchanges about a user. A request that a fault ended before the target read it names its user only
// by the id in its path.
type evidence struct {
	byUser map[string][]control.Entry
}

func newEvidence(h invariants.History) evidence {
	names := map[string]string{}
	for _, u := range slices.Concat(h.UsersBefore, h.UsersAfter) {
		names[u.ID] = strings.ToLower(u.UserName)
	}
	e := evidence{byUser: map[string][]control.Entry{}}
	for _, entry := range h.Entries {
		user := strings.ToLower(entry.User)
		if user == "" {
			user = names[entry.Path[strings.LastIndexByte(entry.Path, '/')+1:]]
		}
		if user != "" {
			e.byUser[user] = append(e.byUser[user], entry)
		}
	}
	return e
}

func (e evidence) of(user string) []reports.Exchange {
	entries := e.byUser[strings.ToLower(user)]
	var list []reports.Exchange
	for _, entry := range entries[:min(len(entries), exchangesShown)] {
		list = append(list, invariants.Exchange(entry))
	}
	if left := len(entries) - exchangesShown; left > 0 {
		last := &list[len(list)-1]
		last.Note = strings.TrimPrefix(fmt.Sprintf("%s; %d more exchanges follow", last.Note, left), "; ")
	}
	return list
}
