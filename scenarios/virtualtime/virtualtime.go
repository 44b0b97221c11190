package virtualtime

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/nats-io/nats-server/v2/server/ats"
)

// What can go wrong with a run, other than what the function itself reports.
var (
	// ErrDeadlock: every goroutine waits, and no timer is left that could wake one. The text shows where they wait.
	ErrDeadlock = errors.New("deadlock")
	// ErrPanic: the function panicked. The text has the value and the stack.
	ErrPanic = errors.New("panic")
	// ErrAbandoned: the function left through runtime.Goexit, as a failed require of testify does.
	ErrAbandoned = errors.New("the function left through runtime.Goexit")
	// ErrRace: the race detector found a data race while the function ran, here or in another goroutine of the process.
	ErrRace = errors.New("data race")
	// ErrNested: Run was called by a function that already runs in virtual time.
	ErrNested = errors.New("virtual time cannot be nested: Run was called from within Run")
)

// The race detector's message is formatted under the test flags, which exist only once they are registered.
var registerFlags = sync.OnceFunc(testing.Init)

// Run calls f in virtual time and returns when f and every goroutine that it started have ended. Calls from several
// goroutines run in parallel, each with a clock of its own; f reads time.Now and time.Since as usual. A deadlock and a
// panic of f become errors, and the next Run is not affected; a panic in a goroutine that f started ends the process, as
// it does anywhere. The goroutines of a deadlock stay behind: nothing can end them.
func Run(f func()) error {
	if inBubble() {
		return ErrNested
	}
	registerFlags()
	// JetStream's one clock goroutine hangs on a package-level channel. Were it started inside a bubble, that channel would
	// keep it from counting as waiting, and time would stand still; so it is kept running outside for as long as f runs.
	ats.Register()
	defer ats.Unregister()

	ended := make(chan error, 1)
	go bubble(f, ended)
	return <-ended
}

// bubble runs f on a goroutine of its own, because synctest ends the calling goroutine when the race detector speaks.
func bubble(f func(), ended chan<- error) {
	b := &run{err: ErrRace}
	defer func() {
		if p := recover(); p != nil {
			b.err = b.deadlock(p)
		}
		ended <- b.err
	}()
	var outcome error
	synctest.Test(new(testing.T), func(*testing.T) {
		b.name = bubbleName()
		outcome = call(f)
	})
	b.err = outcome
}

// call keeps a panic and a Goexit of f from reaching the testing package, which would end the process.
func call(f func()) error {
	err := ErrAbandoned
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%w: %v\n%s", ErrPanic, p, debug.Stack())
			}
		}()
		f()
		err = nil
	}()
	<-done
	return err
}

type run struct {
	name string // as the runtime prints it in stacks: "synctest bubble 7"
	err  error
}

func (r *run) deadlock(p any) error {
	message := fmt.Sprint(p)
	if rest, ok := strings.CutPrefix(message, "deadlock: "); ok {
		return fmt.Errorf("%w: %s\n%s", ErrDeadlock, rest, stacks(r.name))
	}
	return fmt.Errorf("%w: %s", ErrPanic, message)
}

var bubbleLabel = regexp.MustCompile(`synctest bubble \d+`)

func bubbleName() string {
	head, _, _ := strings.Cut(string(debug.Stack()), "\n")
	return bubbleLabel.FindString(head)
}

// stacks shows the goroutines of one bubble, as far as 256 KiB of all stacks hold them.
func stacks(name string) string {
	all := make([]byte, 256<<10)
	all = all[:runtime.Stack(all, true)]
	var own []string
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if name != "" && bubbleLabel.FindString(head) == name && !strings.Contains(stack, "virtualtime.stacks") {
			own = append(own, stack)
		}
	}
	return strings.Join(own, "\n\n")
}

// inBubble asks by the one call that is legal only inside.
func inBubble() (inside bool) {
	defer func() {
		if recover() != nil {
			inside = false
		}
	}()
	synctest.Wait()
	return true
}
