package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
)

// living is the system under test while it lives. Whoever submits a change asks for it anew; between two lives there is none.
type living struct {
	mu     sync.Mutex
	system sut.System
}

func (l *living) get() sut.System {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.system
}

func (l *living) set(s sut.System) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.system = s
}

// errNotRunning is what a source hears between two lives.
var errNotRunning = errors.New("the system under test is not running")

// restart ends the system, keeps what it said, and starts it again.
func (r *run) restart(s Restart) error {
	system := r.system.get()
	crash := invariants.Crash{Died: time.Now()}
	r.system.set(nil)
	if s.Cut {
		cutter, able := system.(interface{ Cut() error })
		if !able {
			return premise("this system under test cannot be cut off and started again")
		}
		if err := cutter.Cut(); err != nil {
			return fmt.Errorf("cut off the system under test: %w", err)
		}
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := system.Stop(ctx); err != nil {
			return fmt.Errorf("stop the system under test: %w", err)
		}
	}
	artifacts, err := system.Artifacts()
	if err != nil {
		return fmt.Errorf("what the system under test left behind: %w", err)
	}
	life := len(r.crashes) + 1
	for _, a := range artifacts {
		switch a.Name { // Files are still there when the next life ends.
		case sut.ArtifactLog, sut.ArtifactMetrics, sut.ArtifactResponses:
			r.remains = append(r.remains, sut.Artifact{Name: fmt.Sprintf("life %d/%s", life, a.Name), Data: a.Data})
		}
	}
	if s.Keys != "" {
		keeper, able := system.(interface{ Keys(how string) error })
		if !able {
			return premise("this system under test has no sealing keys that could be %s", s.Keys)
		}
		if err := keeper.Keys(s.Keys); err != nil {
			return fmt.Errorf("sealing keys %s: %w", s.Keys, err)
		}
	}
	if err := r.sleep(time.Duration(s.After) + r.jitter.Jitter(betweenJitter)); err != nil {
		return err
	}
	crash.Started = time.Now()
	r.crashes = append(r.crashes, crash)
	return r.startSystem(sut.Merge(r.scenario.Given.Engine.Settings, s.Settings))
}

// What may happen to the sealing keys between two lives.
const (
	keysRotated = "rotated"
	keysLost    = "lost"
	keysBack    = "back"
)

// replay asks the system to send parked changes again, as an operator does.
func (r *run) replay(s Replay) error {
	able, ok := r.system.get().(interface {
		Replay(ctx context.Context, reason string) (transactions []string, err error)
	})
	if !ok {
		return premise("this system under test keeps no parked changes that could be replayed")
	}
	transactions, err := able.Replay(r.ctx, s.Reason)
	// What was parked and cannot be replayed is the system's fault, not an accident of the run: that is no premise.
	switch {
	case err != nil:
		r.checks = append(r.checks, broken("what was parked can be replayed", err.Error()))
	case len(transactions) == 0:
		r.checks = append(r.checks, broken("what was parked can be replayed", "no change that was parked"+because(s.Reason)+" is kept"))
	}
	for _, c := range r.changes {
		if slices.Contains(transactions, c.TransactionID) {
			c.replays++
			c.overtaken = true // whether it can be accepted now is for the target to say
		}
	}
	return nil
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " for " + reason
}

func broken(name, detail string) reports.Check {
	return reports.Check{Name: name, Kind: reports.Expectation, Verdict: reports.Failed, Detail: detail}
}

// fits tells whether a system can be told what the scenario asks for: our own, all of it; another one that reads directories by
// itself, what is about that.
func (s Scenario) fits(system sut.System) bool {
	_, ours := system.(interface{ Keys(how string) error })
	_, reads := system.(interface{ ReadsDirectories() })
	return !s.ours() || ours || reads && s.Given.DS != nil
}

// ours tells whether the scenario asks for what only our own engine can be told.
func (s Scenario) ours() bool {
	if s.Given.Spoke != nil { // Nobody's engine is asked.
		return false
	}
	if len(s.Given.Engine.Settings) > 0 || s.Given.Engine.Mail || s.Given.DS != nil || s.mortal() {
		return true
	}
	return s.has(func(step Step) bool {
		return step.Replay != nil || step.Notice != nil || step.Change != nil && step.Change.Wait != nil
	})
}

// has tells whether there is such a step, at whatever moment.
func (s Scenario) has(such func(Step) bool) bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return such(step) || slices.ContainsFunc(step.Do, such) })
}

// mortal tells whether the scenario restarts the system: then its source is a careful one, which submits again what was not
// acknowledged.
func (s Scenario) mortal() bool {
	return s.has(func(step Step) bool { return step.Restart != nil })
}
