package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
)

// expect judges one expectation. It also tells which users a failure is about.
func (r *run) expect(e Expectation, h invariants.History) (reports.Check, []string) {
	check := reports.Check{Name: e.String(), Kind: reports.Expectation, Verdict: reports.Passed}
	var wrong, about []string
	switch {
	case e.Outcome != nil, e.Parked != nil:
		if !h.OutcomesObservable {
			check.Verdict, check.Detail = reports.Void, "the system under test does not tell outcomes"
			return check, nil
		}
		wrong, about = r.expectCounts(e, h)
	case e.Login != nil:
		wrong, about = r.expectLogin(*e.Login, h)
	case e.Speed != nil:
		wrong = expectSpeed(*e.Speed, h)
	case e.Mails != nil:
		wrong, about = r.expectMails(*e.Mails)
	case e.Refused != nil:
		if n := r.refusedAtSource(); !e.Refused.Met(n) {
			wrong = []string{fmt.Sprintf("%d were refused to the waiting source", n)}
		}
	case e.Within != nil:
		if r.settled > time.Duration(*e.Within) {
			wrong = []string{fmt.Sprintf("it took %v", r.settled.Round(time.Millisecond))}
		}
	default:
		text, err := r.expectAnswer(e)
		if err != nil {
			check.Verdict, check.Detail = reports.Void, err.Error()
			return check, nil
		}
		if text != "" {
			wrong = []string{text}
		}
	}
	if len(wrong) > 0 {
		check.Verdict, check.Detail = reports.Failed, shorten(wrong)
	}
	return check, about
}

const namedAtMost = 5

// shorten names the first few.
func shorten(list []string) string {
	if len(list) <= namedAtMost {
		return strings.Join(list, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(list[:namedAtMost], "; "), len(list)-namedAtMost)
}

func (r *run) expectCounts(e Expectation, h invariants.History) (wrong, about []string) {
	judge := func(what string, want *Count, counts func(invariants.Change) bool) {
		if want == nil {
			return
		}
		var counted, others []string
		for _, c := range h.Changes {
			if counts(c) {
				counted = append(counted, c.User)
			} else {
				others = append(others, c.User)
			}
		}
		got := len(counted)
		if want.Met(got) {
			return
		}
		wrong = append(wrong, fmt.Sprintf("%d are %s", got, what))
		if got < want.Min {
			about = append(about, others...)
		} else {
			about = append(about, counted...)
		}
	}
	in := func(state string) func(invariants.Change) bool {
		return func(c invariants.Change) bool { return c.State == state }
	}
	if e.Outcome != nil {
		judge(invariants.Applied, e.Outcome.Applied, in(invariants.Applied))
		judge(invariants.Parked, e.Outcome.Parked, in(invariants.Parked))
		judge(invariants.Superseded, e.Outcome.Superseded, in(invariants.Superseded))
		judge(invariants.Skipped, e.Outcome.Skipped, in(invariants.Skipped))
		judge(invariants.Planned, e.Outcome.Planned, in(invariants.Planned))
	}
	for _, reason := range sortedKeys(e.Parked) {
		want := e.Parked[reason]
		judge("parked for "+reason, &want, func(c invariants.Change) bool {
			return c.State == invariants.Parked && c.Reason == reason
		})
	}
	if len(wrong) > 0 {
		wrong = append(wrong, "in all: "+r.sum())
	}
	return wrong, about
}

// sum is what the counts add up to: "18 applied, 2 parked: policy".
func (r *run) sum() string {
	var parts []string
	for _, state := range sortedKeys(r.counts) {
		parts = append(parts, fmt.Sprintf("%d %s", r.counts[state], state))
	}
	return strings.Join(parts, ", ")
}

// expectSpeed measures the applied changes, from their submission to their end.
func expectSpeed(e Speed, h invariants.History) (wrong []string) {
	measured := speedOf(h)
	judge := func(what string, want *Duration, got time.Duration) {
		if want != nil && got > time.Duration(*want) {
			wrong = append(wrong, fmt.Sprintf("%s is %v", what, got.Round(time.Millisecond)))
		}
	}
	judge("the mean", e.Mean, measured.Mean)
	judge("the 95th percentile", e.P95, measured.P95)
	if measured == (reports.Latency{}) {
		wrong = []string{"no change was applied"}
	}
	return wrong
}

func speedOf(h invariants.History) reports.Latency {
	var took []time.Duration
	for _, c := range h.Changes {
		if c.State == invariants.Applied && !c.Finished.IsZero() {
			took = append(took, c.Finished.Sub(c.Submitted))
		}
	}
	return reports.Measure(took)
}

// expectLogin reads the probes: the expected password signs in, and none of the others does.
func (r *run) expectLogin(e Login, h invariants.History) (wrong, about []string) {
	newest := map[string]int{}
	for _, c := range h.Changes {
		if c.Acceptable {
			newest[c.User] = c.Number
		}
	}
	for _, p := range r.pick(e.Users) {
		expected, has := -1, true
		switch e.With {
		case "nothing":
			has = false
		case "initial":
		default:
			expected, has = newest[p.UserName]
			if !has {
				wrong, about = append(wrong, fmt.Sprintf("%q has no change that the target could accept", p.UserName)), append(about, p.UserName)
				continue
			}
		}
		if text := r.loginProblem(p, expected, has, e.MustChange, h); text != "" {
			wrong, about = append(wrong, fmt.Sprintf("%q %s", p.UserName, text)), append(about, p.UserName)
		}
	}
	return wrong, about
}

func (r *run) loginProblem(p *person, expected int, has, mustChange bool, h invariants.History) string {
	same := p.initial // a password that came back is one with the expected one
	for _, c := range h.Changes {
		if c.Number == expected {
			same = c.Password
		}
	}
	for _, probe := range h.Probes {
		if probe.User != p.UserName {
			continue
		}
		password := p.initial
		if probe.Change >= 0 {
			password = h.Changes[probe.Change-1].Password
		}
		name := "the initial password"
		if probe.Change >= 0 {
			name = fmt.Sprintf("the password of change %d", probe.Change)
		}
		wanted := has && password.Equal(same)
		switch {
		case wanted && !probe.OK:
			return fmt.Sprintf("cannot sign in with %s (%s)", name, probe.Reason)
		case wanted && probe.MustChange && !mustChange:
			return fmt.Sprintf("signs in with %s, but is asked for a new one at once", name)
		case wanted && !probe.MustChange && mustChange:
			return fmt.Sprintf("signs in with %s, and is not asked for a new one", name)
		case !wanted && probe.OK:
			return "signs in with " + name
		}
	}
	return ""
}

// expectAnswer asks the control plane and judges the answer; "" when it is as expected.
func (r *run) expectAnswer(e Expectation) (string, error) {
	var answer map[string]any
	if err := r.control.Do(r.ctx, e.Query, nil, &answer); err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	whole(answer)
	result, err := expr.Run(e.program, answer)
	if err != nil {
		return "", fmt.Errorf("that: %w", err)
	}
	if holds, _ := result.(bool); holds {
		return "", nil
	}
	return "the answer is " + compact(answer), nil
}
