package invariants_test

import (
	"fmt"
	"testing"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
)

// A load test of 10 000 users must be judged in seconds.
func BenchmarkCheck(b *testing.B) {
	const users = 10_000
	names := make([]string, users)
	for i := range names {
		names[i] = fmt.Sprintf("user%05d", i)
	}
	s := begin(names...)
	for i, name := range names[:users/2] {
		password := fmt.Sprintf("Quiet-Harbour-%05d", i)
		s.change(name, password)
		s.find(name)
		s.accept(name, password)
		s.end(i, invariants.Applied, "")
	}
	for i, name := range names {
		s.Probes = append(s.Probes, invariants.Probe{User: name, Change: -1, OK: i >= users/2})
		if i < users/2 {
			s.Probes = append(s.Probes, invariants.Probe{User: name, Change: i, OK: true})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range invariants.Check(s.History) {
			if c.Verdict != reports.Passed {
				b.Fatal(c.Name, c.Detail)
			}
		}
	}
}
