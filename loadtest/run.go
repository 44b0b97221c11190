package loadtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Phase is where a shape is.
type Phase string

// The phases of a shape, in order.
const (
	WarmingUp Phase = "warming up"
	Sending   Phase = "sending"
	Settling  Phase = "settling"
	Judging   Phase = "judging"
)

// Event tells how far a run is.
type Event struct {
	Shape   string
	Phase   Phase
	Planned int
	Ended   int // changes that were applied, refused or given up so far
}

// Run puts the plan's shapes on the system, which must have been started, and judges each. The control client watches the
// target that the system writes to. progress may be nil; it is called from one goroutine at a time.
//
// The error says that the run as such broke: the plan is wrong, the control plane did not answer, the context ended. The
// loads so far come with it. What the system does wrong is no error but in the loads.
func Run(ctx context.Context, plan Plan, system sut.System, plane *control.Client, progress func(Event)) ([]reports.Load, error) {
	if err := plan.Validate(); err != nil {
		return nil, fmt.Errorf("load test: %w", err)
	}
	if progress == nil {
		progress = func(Event) {}
	}
	r := &run{
		plan: plan, system: system, plane: plane, progress: progress,
		current: map[string]secret.Value{}, earlier: map[string]bool{},
		transactions: plan.Seed.Stream("loadtest/transactions"),
	}
	for _, u := range plan.Users {
		r.current[u.Name] = u.Password
	}
	var loads []reports.Load
	for _, s := range plan.Shapes {
		load, err := r.shape(ctx, s)
		loads = append(loads, load)
		if err != nil {
			return loads, fmt.Errorf("load test, shape %s: %w", s.Name, err)
		}
	}
	return loads, nil
}

// run is what outlives a shape.
type run struct {
	plan         Plan
	system       sut.System
	plane        *control.Client
	progress     func(Event)
	transactions *random.Stream

	next    int                     // the user whose turn it is
	number  int                     // of the last change
	current map[string]secret.Value // the password in force, by user
	earlier map[string]bool         // transactions of former shapes
}

// shape runs one shape from its premises to its judgement.
func (r *run) shape(ctx context.Context, s Shape) (reports.Load, error) {
	load := reports.Load{Name: s.Name, Shape: s.String(), Planned: s.Changes()}
	if s.Burst == 0 {
		load.AskedRate = s.Rate
	}
	if r.plan.Repeat != nil {
		load.Repeat = r.plan.Repeat(s)
	}
	if reason := r.premise(s); reason != "" {
		load.Verdict, load.Reasons = reports.Void, []string{reason}
		return load, nil
	}
	t := &trial{run: r, shape: s, load: &load}
	err := t.play(ctx)
	if err != nil {
		load.Verdict = reports.Void
		load.Reasons = append(load.Reasons, "the run broke off: "+err.Error())
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = errors.Join(err, cause)
		}
	}
	return load, err
}

// premise is why a shape cannot prove anything, before it runs.
func (r *run) premise(s Shape) string {
	changes := s.Changes()
	if need := changes + r.plan.WarmUp; len(r.plan.Users) < need {
		extra := ""
		if r.plan.WarmUp > 0 {
			extra = fmt.Sprintf(", %d for its changes and %d to warm up", changes, r.plan.WarmUp)
		}
		return fmt.Sprintf("the shape needs %d users of its own%s, and the population has %d; make the shape smaller or add users", need, extra, len(r.plan.Users))
	}
	if s.Burst > 0 && s.Burst < r.plan.Criteria.MinConcurrency {
		return fmt.Sprintf("a burst of %d cannot have the %d changes in flight at once that the criteria ask for (min_concurrency)", s.Burst, r.plan.Criteria.MinConcurrency)
	}
	return ""
}

// take hands out the next n users, going round: no two of them are the same as long as n is not above their number.
func (r *run) take(n int) []User {
	users := make([]User, 0, n)
	for range n {
		users = append(users, r.plan.Users[r.next%len(r.plan.Users)])
		r.next++
	}
	return users
}
