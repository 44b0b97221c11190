package scenarios

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/scenarios/virtualtime"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Options say how scenarios are played.
type Options struct {
	// Seed is where all chance comes from.
	Seed random.Seed
	// System builds the system under test, anew for each scenario; our own engine with its defaults when nil.
	System sut.Factory
	// Retries is how the system promised to retry; what the migration guide promises when zero.
	Retries invariants.Discipline
	// Parallel is how many scenarios run at once; as many as there are processors when zero.
	Parallel int
	// Progress is told of each scenario that has ended, one at a time, in the order in which they end.
	Progress func(Event)
}

// Event is a scenario that has ended.
type Event struct {
	Result      reports.Scenario
	Done, Total int
}

// Run plays the scenarios, each in a world and a virtual time of its own, and returns their results in the order of the
// list. When the context ends, scenarios that run are cut short and are void, and so are those that did not begin.
func Run(ctx context.Context, list []Scenario, o Options) reports.Suite {
	if o.System == nil {
		o.System = sut.Engine(nil)
	}
	if len(o.Retries.Waits) == 0 {
		o.Retries = invariants.Promised()
	}
	if o.Parallel < 1 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	started := time.Now()
	suite := reports.Suite{Scenarios: make([]reports.Scenario, len(list))}
	var progress sync.Mutex
	done := 0
	var group errgroup.Group
	group.SetLimit(o.Parallel)
	for i, s := range list {
		group.Go(func() error {
			result := play(ctx, s, o)
			suite.Scenarios[i] = result
			progress.Lock()
			defer progress.Unlock()
			done++
			if o.Progress != nil {
				o.Progress(Event{Result: result, Done: done, Total: len(list)})
			}
			return nil
		})
	}
	_ = group.Wait() // no job returns an error: what goes wrong is in the results
	for _, s := range suite.Scenarios {
		suite.VirtualTime += s.VirtualTime
	}
	suite.RealTime = time.Since(started)
	return suite
}

// play runs one scenario to its result, whatever happens.
func play(ctx context.Context, s Scenario, o Options) reports.Scenario {
	result := reports.Scenario{
		ID: s.ID, Title: s.Title, Because: s.Because, Severity: string(s.Severity), Seed: uint64(o.Seed),
		Repeat: fmt.Sprintf("seatrial scenarios run %s --seed %d", repeatArgument(s), o.Seed),
	}
	void := func(format string, args ...any) reports.Scenario {
		result.Verdict = reports.Void
		result.Reasons = append(result.Reasons, fmt.Sprintf(format, args...))
		return result
	}
	if ctx.Err() != nil {
		return void("interrupted before it began")
	}
	dir, err := os.MkdirTemp("", "seatrial-*")
	if err != nil {
		return void("no folder for the system under test: %v", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	started := time.Now()
	r := &run{scenario: s, options: o, seed: seedOf(o.Seed, s.ID), dir: dir, interrupted: ctx.Err}
	err = virtualtime.Run(func() { //nolint:contextcheck // a context from outside must not be waited for in virtual time
		began := time.Now()
		r.play()
		r.virtual = time.Since(began)
	})
	result.RealTime, result.VirtualTime = time.Since(started), r.virtual
	if err != nil {
		// Whether the system under test or seatrial itself hung or fell: nothing was shown to work.
		first, _, _ := strings.Cut(err.Error(), "\n")
		result.Verdict = reports.Failed
		result.Reasons = []string{"the run broke down: " + first}
		result.Failures = []reports.Failure{{Summary: err.Error()}}
		return result
	}
	r.report(&result)
	return result
}

// repeatArgument is how the command line finds the scenario again: those that are not built in, by their file.
func repeatArgument(s Scenario) string {
	if s.embedded {
		return s.ID
	}
	return shellWord(s.file)
}

// shellWord quotes what a shell would otherwise take apart.
func shellWord(word string) string {
	if !strings.ContainsAny(word, " \t\n*?[]{}()<>|&;$`\"'\\#~!") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// seedOf gives each scenario its own seed, so that what happens in one does not depend on which others run.
func seedOf(run random.Seed, id string) random.Seed {
	return random.Seed(binary.LittleEndian.Uint64(run.Stream("scenarios/" + id).Bytes(8)))
}
