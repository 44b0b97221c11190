package invariants

import (
	"strings"

	"github.com/seatrial/seatrial/reports"
)

// nothingLost: every acknowledged change reaches exactly one final outcome.
func nothingLost(v *view) reports.Check {
	if len(v.Changes) == 0 {
		return void(NothingLost, "no change was made")
	}
	if !v.OutcomesObservable {
		return void(NothingLost, "the system under test does not tell what became of a change")
	}
	var f findings
	acknowledged := 0
	for _, c := range v.Changes {
		switch {
		case c.Outcomes > 1+c.Replays:
			f.add("%s: %d final outcomes", c.name(), c.Outcomes)
		case c.Outcomes > 0 && c.Outcomes < 1+c.Replays:
			f.add("%s: %d final outcomes, and it was sent again %d times", c.name(), c.Outcomes, c.Replays)
		case c.Acked && c.Outcomes == 0 && final(c.State):
			f.add("%s: said to be %s, but not among the final outcomes", c.name(), c.State)
		case c.Acked && c.Outcomes == 0:
			f.add("%s: acknowledged at %s, and no final outcome%s", c.name(), clock(c.Acknowledged), still(c.State))
		case c.Acked && !final(c.State):
			f.add("%s: its outcome %q is not a final state", c.name(), c.State)
		}
		if c.Acked {
			acknowledged++
		}
	}
	return f.check(NothingLost, "%d changes acknowledged, each with one final outcome", acknowledged)
}

func still(state string) string {
	if state == "" {
		return ""
	}
	return " (still " + state + ")"
}

// oneAudit: each final outcome is audited exactly once, with the change's transaction id.
func oneAudit(v *view) reports.Check {
	if len(v.Changes) == 0 {
		return void(OneAudit, "no change was made")
	}
	if !v.AuditObservable {
		return void(OneAudit, "the audit trail of the system under test could not be read")
	}
	lines := map[string][]AuditLine{}
	for _, l := range v.Audit {
		lines[l.TransactionID] = append(lines[l.TransactionID], l)
	}
	var f findings
	judged := map[string]bool{}
	for _, c := range v.Changes {
		own := lines[c.TransactionID]
		if judged[c.TransactionID] {
			continue // submitted again with the same transaction id: one change, one line
		}
		judged[c.TransactionID] = true
		switch {
		case len(own) > 1+c.Replays:
			f.add("%s: audited %d times (%s)", c.name(), len(own), outcomes(own))
		case len(own) > 0 && len(own) <= c.Replays:
			f.add("%s: audited %d times, and sent again %d times", c.name(), len(own), c.Replays)
		case len(own) > 0:
			v.compareAudit(&f, c, own[len(own)-1])
		case v.OutcomesObservable && c.Outcomes > 0:
			f.add("%s: %s, and not audited", c.name(), c.State)
		case !v.OutcomesObservable && c.Acked:
			f.add("%s: acknowledged, and not audited", c.name())
		}
	}
	first := map[string]bool{}
	for _, l := range v.Audit {
		if !judged[l.TransactionID] {
			judged[l.TransactionID] = true
			if user := fold(l.User); v.DeliversFirst && v.before[user] != "" && !first[user] && final(l.Outcome) {
				first[user] = true // the password from before the run, which is nobody's change
				continue
			}
			f.add("%s: audited as %s under the transaction id %q, which no change has", l.User, l.Outcome, l.TransactionID)
		}
	}
	return f.check(OneAudit, "%d audit lines, one for each final outcome", len(v.Audit))
}

func (v *view) compareAudit(f *findings, c Change, l AuditLine) {
	switch {
	case fold(l.User) != fold(c.User):
		f.add("%s: audited for the user %q", c.name(), l.User)
	case !final(l.Outcome):
		f.add("%s: audited as %q, which is not a final outcome", c.name(), l.Outcome)
	case v.OutcomesObservable && c.Outcomes > 0 && l.Outcome != c.State:
		f.add("%s: %s, but audited as %s", c.name(), c.State, l.Outcome)
	case v.OutcomesObservable && c.Outcomes > 0 && l.Reason != "" && c.Reason != "" && l.Reason != c.Reason:
		f.add("%s: %s for %s, but audited for %s", c.name(), c.State, c.Reason, l.Reason)
	}
}

func outcomes(lines []AuditLine) string {
	list := make([]string, 0, len(lines))
	for _, l := range lines {
		list = append(list, l.Outcome)
	}
	return strings.Join(list, ", ")
}
