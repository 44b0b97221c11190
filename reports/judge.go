package reports

import (
	"fmt"
	"strings"
)

// Judge fills in the verdict of a certificate. A critical or major scenario that failed, or a load that failed, is
// reason enough not to certify. Otherwise one of them that is void makes the whole void, as does a report of nothing at
// all: what proves nothing must not look like a pass. Minor scenarios decide nothing; Remarks speaks of them.
func (r *Report) Judge() {
	r.judge(Certified, NotCertified, func(s Scenario) bool { return s.Severity != Minor })
}

// JudgeRun fills in the verdict of a run that is no certificate, such as a few scenarios or one load test: passed,
// failed or void. Every scenario counts here, minor ones too.
func (r *Report) JudgeRun() {
	r.judge(Passed, Failed, func(Scenario) bool { return true })
}

func (r *Report) judge(good, bad Verdict, counts func(Scenario) bool) {
	var failed, void []string
	add := func(v Verdict, reason string) {
		switch v {
		case Passed, Certified:
		case Failed, NotCertified:
			failed = append(failed, reason)
		default: // void, and whatever nobody judged
			void = append(void, reason)
		}
	}
	for _, severity := range []string{Critical, Major, Minor} {
		for _, s := range r.Suite.Scenarios {
			if severityOf(s) == severity && counts(s) {
				add(s.Verdict, s.sentence())
			}
		}
	}
	for _, l := range r.Load {
		v := l.Verdict
		if v == "" || (v == Passed && len(l.failures()) > 0) {
			v = l.judgement()
		}
		add(v, fmt.Sprintf("load %s %s%s", l.Name, participle(v), because(l.reasons(), everyCriterion)))
	}
	for _, i := range r.Checklist {
		for _, reason := range i.Own {
			failed = append(failed, fmt.Sprintf("checklist %d: %s", i.Number, reason))
		}
	}
	switch {
	case len(failed) > 0:
		r.Verdict, r.Reasons = bad, append(failed, void...)
	case len(void) > 0:
		r.Verdict, r.Reasons = Void, void
	case len(r.Suite.Scenarios) == 0 && len(r.Load) == 0:
		r.Verdict, r.Reasons = Void, []string{"nothing was run, so nothing is proved"}
	default:
		r.Verdict, r.Reasons = good, nil
	}
}

// Judge fills in the verdict of the load from its reasons, checks and criteria. A load that is void already stays so
// unless something in it failed outright.
func (l *Load) Judge() { l.Verdict = l.judgement() }

func (l Load) judgement() Verdict {
	for _, c := range l.Checks {
		if c.Verdict == Failed {
			return Failed // an invariant that was broken was broken, however thin the load
		}
	}
	switch {
	case l.Verdict == Void:
		return Void
	case len(l.failures()) > 0:
		return Failed
	case len(l.Criteria) == 0:
		return Void
	default:
		return Passed
	}
}

// ExitCode is what the process should return: 0 for certified or passed, 1 for not certified or failed, 3 for void.
// (2 is for a command that could not be carried out at all.)
func (r Report) ExitCode() int {
	switch r.judged().Verdict {
	case Certified, Passed:
		return 0
	case NotCertified, Failed:
		return 1
	default:
		return 3
	}
}

// Remarks are what a reader of the verdict should know although it did not decide it: minor scenarios that did not pass,
// inputs with a problem, invariants that could not be observed.
func (r Report) Remarks() []string {
	var remarks []string
	for _, s := range r.Suite.Scenarios {
		if s.Severity == Minor && s.Verdict != Passed && (r.Verdict == Certified || r.Verdict == NotCertified || r.Verdict == Void) {
			remarks = append(remarks, s.sentence()+"; it does not decide a certificate")
		}
	}
	for _, i := range r.Inputs {
		if i.Problem != "" {
			remarks = append(remarks, fmt.Sprintf("input %s (%s): %s", i.What, i.place(), i.Problem))
		}
	}
	unobserved, seen := []string{}, map[string]bool{}
	note := func(checks []Check) {
		for _, c := range checks {
			if c.Kind == Invariant && c.Verdict == Void && !seen[c.Name] {
				seen[c.Name] = true
				unobserved = append(unobserved, c.Name)
			}
		}
	}
	for _, s := range r.Suite.Scenarios {
		note(s.Checks)
	}
	for _, l := range r.Load {
		note(l.Checks)
	}
	if len(unobserved) > 0 {
		remarks = append(remarks, "not observable in at least one run: "+strings.Join(unobserved, ", "))
	}
	return remarks
}

// sentence names the scenario, what became of it and why.
func (s Scenario) sentence() string {
	title := ""
	if s.Title != "" {
		title = " (" + s.Title + ")"
	}
	return fmt.Sprintf("%s scenario %s %s%s%s", severityOf(s), s.ID, participle(s.Verdict), title, because(s.reasons(), 1))
}

// judged is the report with a verdict, for the writers: one that nobody judged is judged as a certificate.
func (r Report) judged() Report {
	if r.Verdict == "" {
		r.Judge()
	}
	return r
}

// reasons why the scenario did not pass, from all places that know some: its own words, then checks, then evidence that
// says something new.
func (s Scenario) reasons() []string {
	if s.Verdict == Passed {
		return nil
	}
	reasons := append([]string(nil), s.Reasons...)
	reasons = append(reasons, failedChecks(s.Checks)...)
	if len(reasons) == 0 {
		for _, f := range s.Failures {
			reasons = append(reasons, f.Summary)
		}
	}
	if len(reasons) == 0 {
		for _, f := range s.Faults {
			if f.Fired == 0 {
				reasons = append(reasons, fmt.Sprintf("fault %s never fired (%d requests were in its scope)", f.ID, f.Seen))
			}
		}
	}
	return reasons
}

// reasons why the load did not pass.
func (l Load) reasons() []string {
	reasons := append(append([]string(nil), l.Reasons...), l.failures()...)
	if worst := counted(l.Errors); len(reasons) > 0 && len(worst) > 0 {
		reasons = append(reasons, fmt.Sprintf("%d × %s", worst[0].N, worst[0].Name))
	}
	return reasons
}

// failures are the criteria not met and the checks failed.
func (l Load) failures() []string {
	var reasons []string
	for _, c := range l.Criteria {
		if !c.Met {
			reasons = append(reasons, fmt.Sprintf("%s is %s, wanted %s", c.Name, c.Got, c.Want))
		}
	}
	return append(reasons, failedChecks(l.Checks)...)
}

func failedChecks(checks []Check) []string {
	var reasons []string
	for _, c := range checks {
		if c.Verdict != Failed {
			continue
		}
		reason := c.Name
		if c.Detail != "" {
			reason += ": " + c.Detail
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// everyCriterion is how many reasons of a load a sentence gives: as many as it has criteria, and the
// commonest error.
const everyCriterion = 5

// because gives the first of the reasons, and how many more there are.
func because(reasons []string, shown int) string {
	switch {
	case len(reasons) == 0:
		return ""
	case len(reasons) <= shown:
		return ": " + strings.Join(reasons, "; ")
	default:
		return fmt.Sprintf(": %s (and %d more)", strings.Join(reasons[:shown], "; "), len(reasons)-shown)
	}
}

func participle(v Verdict) string {
	switch v {
	case Passed, Certified, Failed:
		return string(v)
	case NotCertified:
		return "failed"
	case Void:
		return "is void"
	case Attest:
		return "is to be attested"
	default:
		return "was not judged"
	}
}

func severityOf(s Scenario) string {
	if s.Severity == Critical || s.Severity == Minor {
		return s.Severity
	}
	return Major
}

// place is where an input was found: "file:line".
func (i Input) place() string {
	if i.Line > 0 {
		return fmt.Sprintf("%s:%d", i.From, i.Line)
	}
	return i.From
}
