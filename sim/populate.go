package sim

import (
	"context"
	"fmt"
	"iter"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/population"
)

// Populate adds people to the identity domain by its own rules, as they come, until one is refused.
func (w *World) Populate(ctx context.Context, all iter.Seq[people.Person]) (int, error) {
	added := 0
	for p := range all {
		if err := ctx.Err(); err != nil {
			return added, err
		}
		if _, err := w.idcs.Populate(p); err != nil {
			return added, fmt.Errorf("world: %w", err)
		}
		added++
	}
	return added, nil
}

// refusalsShown bounds the refusals that PopulateFile lists.
const refusalsShown = 20

// Refusals are the people of a file whom the identity domain did not take.
type Refusals struct {
	Count int
	First []error
}

// PopulateFile adds the people of an LDIF or CSV file. Who cannot be used, or is refused by the domain, is left out and
// reported; an error means that the file cannot be trusted as a whole.
func (w *World) PopulateFile(ctx context.Context, path string) (population.Report, Refusals, error) {
	var refusals Refusals
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
		if _, err := w.idcs.Populate(p); err != nil {
			refusals.Count++
			if len(refusals.First) < refusalsShown {
				refusals.First = append(refusals.First, err)
			}
		}
	}
	return *report, refusals, nil
}
