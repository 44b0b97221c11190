package sim

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
	"github.com/seatrial/seatrial/sim/population"
)

// Populate adds people to a simulator by its own rules, as they come, until one is refused.
func (w *World) Populate(ctx context.Context, target string, all iter.Seq[people.Person]) (int, error) {
	s := w.Target(target)
	if s == nil {
		return 0, fmt.Errorf("world: there is no %q in it", target)
	}
	added := 0
	for p := range all {
		if err := ctx.Err(); err != nil {
			return added, err
		}
		if _, err := s.Populate(p); err != nil {
			return added, fmt.Errorf("world: %w", err)
		}
		added++
	}
	return added, nil
}

// refusalsShown bounds the refusals that are listed.
const refusalsShown = 20

// Refusals are the people or entries of a file which a simulator did not take.
type Refusals struct {
	Count int
	First []error
}

func (r *Refusals) add(err error) {
	r.Count++
	if len(r.First) < refusalsShown {
		r.First = append(r.First, err)
	}
}

// tell lists them as those of a target.
func (r *Refusals) tell(notes io.Writer, target string) {
	for _, refusal := range r.First {
		_, _ = fmt.Fprintf(notes, "  refused by %s: %v\n", target, refusal)
	}
	if more := r.Count - len(r.First); more > 0 {
		_, _ = fmt.Fprintf(notes, "  … and %d more\n", more)
	}
}

// PopulateFile adds the people of an LDIF or CSV file to a simulator. Who cannot be used, or is refused by it, is left out and
// reported; an error means that the file cannot be trusted as a whole. Where logins must look like e-mail addresses, the
// address stands in for a user name that does not.
func (w *World) PopulateFile(ctx context.Context, target, path string) (population.Report, Refusals, error) {
	var refusals Refusals
	s := w.Target(target)
	if s == nil {
		return population.Report{}, refusals, fmt.Errorf("world: there is no %q in it", target)
	}
	org, isOrg := s.(*okta.Server)
	all, report, err := population.ReadFile(path)
	if err != nil {
		return population.Report{}, refusals, err
	}
	for p, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return *report, refusals, err
		}
		if isOrg && org.AddressedLogins() {
			p = population.AddressedLogin(p)
		}
		if _, err := s.Populate(p); err != nil {
			refusals.add(err)
		}
	}
	return *report, refusals, nil
}
