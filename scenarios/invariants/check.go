package invariants

import (
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/reports"
)

// The names of the checks, in the order of Check.
const (
	NothingLost     = "nothing-lost"
	NewestWins      = "newest-wins"
	NoStaleWrite    = "no-stale-write"
	OneWrite        = "one-write"
	NoLeak          = "no-leak"
	RetryDiscipline = "retry-discipline"
	TokenDiscipline = "token-discipline"
	OneAudit        = "one-audit"
	NoSurprise      = "no-surprise"
)

// Check judges the history: nine checks, always all of them, always in this order. It is a pure function.
func Check(h History) []reports.Check {
	v := read(h)
	return []reports.Check{
		nothingLost(v), newestWins(v), noStaleWrite(v), oneWrite(v), noLeak(v),
		retryDiscipline(v), tokenDiscipline(v), oneAudit(v), noSurprise(v),
	}
}

// shown is how many findings a check spells out; a load test may have thousands of the same kind.
const shown = 5

// findings collects what is wrong, each with its user, change and entries.
type findings struct {
	texts []string
	more  int
}

func (f *findings) add(format string, args ...any) {
	if len(f.texts) == shown {
		f.more++
		return
	}
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

// check fails with what was found; without findings it passes, and evidence says what was looked at.
func (f *findings) check(name, evidence string, args ...any) reports.Check {
	c := reports.Check{Name: name, Kind: reports.Invariant, Verdict: reports.Passed, Detail: fmt.Sprintf(evidence, args...)}
	if len(f.texts) == 0 {
		return c
	}
	c.Verdict, c.Detail = reports.Failed, strings.Join(f.texts, "; ")
	if f.more > 0 {
		c.Detail += fmt.Sprintf("; and %d more", f.more)
	}
	return c
}

func void(name, reason string) reports.Check {
	return reports.Check{Name: name, Kind: reports.Invariant, Verdict: reports.Void, Detail: reason}
}

// unobservable is why a check that reads the journal cannot be made, or "".
func (v *view) unobservable() string {
	switch {
	case v.Dropped > 0:
		return fmt.Sprintf("%d entries of the journal are gone: it was too small for this run", v.Dropped)
	case len(v.Changes) == 0:
		return "no change was made"
	}
	for _, c := range v.Changes {
		if c.Digest == "" {
			return fmt.Sprintf("change %d carries no digest to find it in the journal by", c.Number)
		}
	}
	return ""
}
