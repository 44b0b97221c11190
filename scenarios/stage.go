package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// hookHost is where the system under test may listen.
const hookHost = "engine.seatrial.test"

// run is one scenario being played.
type run struct {
	scenario    Scenario
	target      target
	options     Options
	seed        random.Seed
	dir         string
	interrupted func() error // asks without waiting: what lies outside virtual time must not be waited for inside

	ctx          context.Context //nolint:containedctx // of the run, inside virtual time; each method would pass it on
	world        *sim.World
	control      *control.Client
	system       living
	place        sut.Place   // what the system was told
	mail         *mailServer // nil when there is none
	jitter       *random.Stream
	transactions *random.Stream
	passwords    *passwords

	residents, newcomers []*person
	before               []control.User
	changes              []*submission
	number               int
	senders              sync.WaitGroup
	writable             string // the directory server that people change their passwords at
	storedMu             sync.Mutex
	stored               []invariants.Stored      // what the directory has stored of passwords
	directoryFaults      []string                 // ids of the rules that were set at the directory
	planned              []string                 // ids of the fault rules that are in force
	faults               []control.Fault          // what became of the rules
	expires              map[string]time.Duration // of a rule: its until
	settled              time.Duration            // how long the last settle took

	pair  *sut.Org2Org // where a spoke pushes to the target; it is the system under test
	since uint64       // the journal's last entry before the run

	repaired map[string]bool // users, in lower case, whom an operator had repaired

	crashes []invariants.Crash // the ends of the system, and its starts
	remains []sut.Artifact     // of its former lives

	outcomes   []sut.Outcome
	observable bool // the system tells outcomes
	virtual    time.Duration

	premises []string // why the run proves nothing
	judged   []invariants.Change
	speed    reports.Latency
	checks   []reports.Check
	failures []reports.Failure
	counts   map[string]int
}

// The limits of a run, all in virtual time.
const (
	lastSettle  = 2 * time.Hour // five rounds of a quarter-hourly schedule, and some
	aftermath   = 20 * time.Minute
	stopTimeout = time.Minute
	momentLimit = 10 * time.Minute
)

// errPremise is a run that cannot show what it was to show.
type errPremise struct{ text string }

func (e errPremise) Error() string { return e.text }

func premise(format string, args ...any) error { return errPremise{fmt.Sprintf(format, args...)} }

// play builds a world, plays the steps, looks at what came of it, and takes the world down. It runs in virtual time.
func (r *run) play() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r.ctx, r.target = ctx, r.scenario.target()
	r.jitter = r.seed.Stream("scenarios/jitter")
	r.transactions = r.seed.Stream("scenarios/transactions")
	r.passwords = newPasswords(r.scenario, r.seed)
	r.expires, r.repaired = map[string]time.Duration{}, map[string]bool{}
	r.counts = map[string]int{}
	r.observable = true

	err := r.build()
	if err == nil {
		err = r.steps()
	}
	if err == nil {
		err = r.aftermath()
	}
	if err != nil {
		r.premises = append(r.premises, err.Error())
	}
	stopped := r.stopSystem()
	if err == nil {
		if err := r.judge(); err != nil {
			r.premises = append(r.premises, err.Error())
		}
		if stopped != nil {
			r.checks = append(r.checks, reports.Check{Name: "the system under test stops when told to", Kind: reports.Expectation, Verdict: reports.Failed, Detail: stopped.Error()})
		}
	}
	cancel()
	r.senders.Wait()
	r.mail.close()
	if r.world != nil {
		bounded, end := context.WithTimeout(context.Background(), stopTimeout)
		defer end()
		_ = r.world.Stop(bounded)
	}
}

// build makes what is given.
func (r *run) build() error {
	config := sim.DefaultConfig()
	config.Seed = r.seed
	r.target.configure(&config, r.seed)
	r.writable = sim.DS
	if r.scenario.Given.DS != nil {
		r.scenario.Given.DS.configure(&config)
	}
	world, err := sim.New(config, network.Memory())
	if err != nil {
		return fmt.Errorf("world: %w", err)
	}
	if err := world.Start(r.ctx); err != nil {
		return fmt.Errorf("world: %w", err)
	}
	r.world, r.control = world, world.Control()
	if err := r.furnish(); err != nil {
		return fmt.Errorf("given: %w", err)
	}
	if r.scenario.Given.Engine.Mail {
		if r.mail, err = openMail(world.Network(), world.Authority()); err != nil {
			return fmt.Errorf("mail server: %w", err)
		}
	}
	return r.startSystem(r.scenario.Given.Engine.Settings)
}

// startSystem builds the system under test on its folder, which is empty unless it lived there before, and starts it.
func (r *run) startSystem(settings map[string]any) error {
	place, err := sut.At(r.world, r.target.name(), r.target.byClient())
	if err != nil {
		return err
	}
	place.Dir, place.Seed, place.Host, place.Door = r.dir, r.seed, hookHost, r.scenario.door()
	place.Provision, place.Settings = r.scenario.Given.Engine.Provision, r.mail.settings(settings)
	if r.scenario.Given.DS != nil {
		place.Directory = r.scenario.Given.DS.source(r.world)
	}
	r.place = place
	if r.pair != nil {
		r.system.set(r.pair)
		return nil
	}
	system, err := r.options.System(place)
	if err != nil {
		return fmt.Errorf("system under test: %w", err)
	}
	if !r.scenario.fits(system) {
		return premise("it asks for what only seatrial's own engine can be told: settings, a restart, a replay, strict mode")
	}
	if err := system.Start(r.ctx); err != nil {
		return fmt.Errorf("start the system under test: %w", err)
	}
	r.system.set(system)
	return nil
}

// furnish gives the target its policy, its habits and its people.
func (r *run) furnish() error {
	steps := []error{
		r.control.SetPolicy(r.ctx, r.target.name(), r.target.rules().Attributes()),
		r.control.SetTokenLifetime(r.ctx, r.target.name(), r.scenario.tokenLifetime()),
		r.switches(r.target.place().Switches),
		r.target.furnish(r),
	}
	if err := errors.Join(steps...); err != nil {
		return err
	}
	r.residents, r.newcomers = cast(r.scenario, r.seed)
	users := make([]control.UserInput, 0, len(r.residents))
	for _, p := range r.residents {
		password, err := r.passwords.initial(p)
		if err != nil {
			return fmt.Errorf("initial password of %s: %w", p.UserName, err)
		}
		p.initial, p.known = password, append(p.known, password)
		users = append(users, input(p))
	}
	if _, err := r.control.Populate(r.ctx, r.target.name(), users); err != nil {
		return err
	}
	err := errors.Join(r.target.house(r), r.furnishDirectory())
	if err != nil {
		return err
	}
	if r.before, err = r.control.Users(r.ctx, r.target.name()); err != nil {
		return err
	}
	weather := Fault{ID: weatherID, Kind: "latency", Note: "how long an answer usually takes", Latency: new(r.scenario.weather())}
	_, err = r.control.AddFault(r.ctx, r.target.name(), r.faultInput(weather, weatherID))
	return err
}

func (r *run) switches(values map[string]string) error {
	for _, name := range sortedKeys(values) {
		if _, err := r.control.SetSwitch(r.ctx, r.target.name(), name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) stopSystem() error {
	system := r.system.get()
	if system == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return system.Stop(ctx)
}

// steps plays them in order.
func (r *run) steps() error {
	for i, step := range r.scenario.Steps {
		if err := r.step(step); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	if len(r.changes) == 0 {
		return premise("no password was changed, so nothing was shown")
	}
	return nil
}

func (r *run) step(s Step) error {
	if r.interrupted() != nil {
		return premise("interrupted")
	}
	switch {
	case s.Change != nil:
		return r.change(*s.Change)
	case s.After != nil:
		if err := r.moment(*s.After); err != nil {
			return err
		}
		for _, inner := range s.Do {
			if err := r.step(inner); err != nil {
				return err
			}
		}
		return nil
	case s.Restart != nil:
		return r.restart(*s.Restart)
	case s.Directory != nil:
		return r.atDirectory(*s.Directory)
	case s.Notice != nil:
		return r.notice(*s.Notice)
	case s.Wait != nil:
		return r.sleep(time.Duration(*s.Wait) + r.jitter.Jitter(betweenJitter))
	case s.Settle != nil:
		return r.settle(time.Duration(*s.Settle))
	default:
		return r.turn(s)
	}
}

// aftermath waits for what is still under way, and then a while longer: an engine that believes it has finished may not
// have. Time is free.
func (r *run) aftermath() error {
	settled := r.settled
	if err := r.settle(lastSettle); err != nil {
		return err
	}
	if settled > 0 {
		r.settled = settled // expectations speak of the scenario's own settle
	}
	if err := r.sleep(aftermath); err != nil {
		return err
	}
	if err := r.readOutcomes(); err != nil {
		return err
	}
	if d := r.scenario.Given.DS; d != nil {
		if err := r.noteDirectory(d.names()...); err != nil {
			return err
		}
	}
	return r.noteFaults()
}

// sleep passes virtual time.
func (r *run) sleep(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}
