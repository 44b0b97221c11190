package loadtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/okta"
	"github.com/seatrial/seatrial/sim/population"
)

// Latency is how long the target takes for an answer: points of a distribution.
type Latency struct{ P50, P95, P99 time.Duration }

// DefaultLatency is that of a tenant in the same region on an ordinary day: 120 ms, 450 ms, 1.2 s.
func DefaultLatency() Latency { return LatencyOf(120*time.Millisecond, 450*time.Millisecond) }

// LatencyOf stretches the tail of the default: its 99th percentile is 2⅔ times the 95th. Zero and zero is no latency.
func LatencyOf(p50, p95 time.Duration) Latency { return Latency{P50: p50, P95: p95, P99: p95 * 8 / 3} }

// Setting is the stage to build: a target with its people, and an engine beside it.
type Setting struct {
	Seed random.Seed
	// Network is where they meet: network.TCP for a load test.
	Network network.Network
	// People live at the target. Each gets a password that its policy accepts, so that the change of it can be seen.
	People []people.Person
	// Target is the simulator that passwords go to, "idcs" or "okta".
	Target string
	// Policy is the target's password policy, Source that under which users choose new passwords.
	Policy, Source rulebook.Book
	// Latency of the target's answers.
	Latency Latency
	// System builds the engine; our own with its defaults when nil.
	System sut.Factory
	// Scope is what the engine asks of an identity domain's token endpoint, when it is not the usual.
	Scope string
	// World changes the world before it is built, for example the target's host name; may be nil.
	World func(*sim.Config)
}

// DefaultSetting is at an identity domain on loopback with Oracle's standard policy on both sides. Seed and People are the
// caller's.
func DefaultSetting() Setting {
	standard := rulebook.Oracles{Policy: policy.Standard()}
	return Setting{
		Network: network.TCP("127.0.0.1"), Target: sim.IDCS, Source: standard, Policy: standard,
		Latency: DefaultLatency(), System: sut.Engine(nil),
	}
}

// SettingAtOrg is at an Okta org with the policy that Okta sets an org up with. Its rate limits are out of force: they are a matter
// of the plan, and would be all that is measured.
func SettingAtOrg() Setting {
	s, usual := DefaultSetting(), rulebook.Oktas{PasswordSettings: okta.DefaultSettings()}
	s.Target, s.Source, s.Policy = sim.Okta, usual, usual
	return s
}

// Stage is a built setting with everything running. Close it.
type Stage struct {
	World  *sim.World
	System sut.System
	// Users are the people whom the target took, with the passwords that they have there.
	Users []User
	// Refused is how many people the target did not take, Refusal why it did not take the first of them.
	Refused int
	Refusal error

	setting   Setting
	place     sut.Place
	passwords *passwords
	dir       string
}

const (
	engineHost = "engine.seatrial.test"
	latencyID  = "usual-latency"
)

// Build starts the target, fills it, gives it its latency and starts the engine. On an error nothing is left running.
func Build(ctx context.Context, s Setting) (stage *Stage, err error) {
	if s.System == nil {
		s.System = sut.Engine(nil)
	}
	dir, err := os.MkdirTemp("", "seatrial-load-*")
	if err != nil {
		return nil, fmt.Errorf("a folder for the engine: %w", err)
	}
	if s.Target == sim.Okta { // where user names look like e-mail addresses
		s.People = slices.Collect(population.AddressedLogins(slices.Values(s.People)))
	}
	t := &Stage{setting: s, dir: dir, passwords: newPasswords(s)}
	defer func() {
		if err != nil {
			stage, err = nil, errors.Join(err, t.Close(context.WithoutCancel(ctx)))
		}
	}()
	config := sim.DefaultConfig()
	config.Seed, config.Run, config.Okta.Plan = s.Seed, []string{s.Target}, "unlimited"
	if s.World != nil {
		s.World(&config)
	}
	//nolint:contextcheck // a world is built without waiting for anything
	if t.World, err = sim.New(config, s.Network); err != nil {
		return nil, err
	}
	if err = t.World.Start(ctx); err != nil {
		return nil, err
	}
	if err = t.furnish(ctx); err != nil {
		return nil, fmt.Errorf("prepare the target: %w", err)
	}
	if t.place, err = sut.At(t.World, s.Target, s.Target != sim.Okta); err != nil {
		return nil, err
	}
	t.place.Dir, t.place.Seed, t.place.Host = dir, s.Seed, engineHost
	if s.Scope != "" {
		t.place.Scope = s.Scope
	}
	t.System, err = s.System(t.place)
	if err != nil {
		return nil, fmt.Errorf("system under test: %w", err)
	}
	if err = t.System.Start(ctx); err != nil {
		return nil, fmt.Errorf("start the system under test: %w", err)
	}
	return t, nil
}

// furnish gives the target its policy, its people and its latency.
func (t *Stage) furnish(ctx context.Context) error {
	plane := t.World.Control()
	if err := plane.SetPolicy(ctx, t.setting.Target, t.setting.Policy.Attributes()); err != nil {
		return err
	}
	for batch := range slices.Chunk(t.setting.People, usersAtOnce) {
		inputs := make([]control.UserInput, 0, len(batch))
		for _, p := range batch {
			password, err := t.passwords.draw(t.setting.Policy, p)
			if err != nil {
				return fmt.Errorf("a first password for %s: %w", p.UserName, err)
			}
			inputs = append(inputs, control.UserInput{
				UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName, DisplayName: p.DisplayName,
				Email: p.PrimaryEmail(), ExternalID: p.ExternalID, Password: password,
			})
		}
		if err := t.house(ctx, plane, inputs); err != nil {
			return err
		}
	}
	l := t.setting.Latency
	if l == (Latency{}) {
		return nil
	}
	_, err := plane.AddFault(ctx, t.setting.Target, control.FaultInput{
		ID: latencyID, Kind: "latency", Note: "how long the target usually takes",
		Latency: &control.LatencyInput{Percentiles: []control.PercentileInput{
			{Percentile: 50, Value: l.P50}, {Percentile: 95, Value: l.P95}, {Percentile: 99, Value: l.P99},
		}},
	})
	return err
}

// usersAtOnce keeps a request small.
const usersAtOnce = 2_000

// house adds people to the target. A batch goes in as a whole or not at all; one that is refused is halved until those
// who cannot be taken are found. A file of real people has some.
func (t *Stage) house(ctx context.Context, plane *control.Client, inputs []control.UserInput) error {
	_, err := plane.AddUsers(ctx, t.setting.Target, inputs)
	var refused *control.Error
	switch {
	case err == nil:
		for _, u := range inputs {
			t.Users = append(t.Users, User{
				Name: u.UserName, Password: u.Password,
				Attributes: map[string]string{"givenName": u.GivenName, "sn": u.FamilyName, "mail": u.Email},
			})
		}
		return nil
	case !errors.As(err, &refused):
		return err
	case len(inputs) > 1:
		half := len(inputs) / 2
		if err := t.house(ctx, plane, inputs[:half]); err != nil {
			return err
		}
		return t.house(ctx, plane, inputs[half:])
	}
	if t.Refused++; t.Refused == 1 {
		t.Refusal = fmt.Errorf("%s: %w", inputs[0].UserName, err)
	}
	return nil
}

// Plan is the default plan for this stage: its users, its passwords, its secrets, its seed.
func (t *Stage) Plan() Plan {
	plan := DefaultPlan()
	plan.Users, plan.Password, plan.Seed = t.Users, t.passwords.next, t.setting.Seed
	plan.Target = t.setting.Target
	plan.Secrets = append(t.place.Secrets(), t.World.ControlToken())
	return plan
}

// Run runs a plan on the stage.
func (t *Stage) Run(ctx context.Context, plan Plan, progress func(Event)) ([]reports.Load, error) {
	return Run(ctx, plan, t.System, t.World.Control(), progress)
}

// Switches are the decisions about the target's behaviour under which the stage runs.
func (t *Stage) Switches(ctx context.Context) ([]reports.Switch, error) {
	target, err := t.World.Control().Target(ctx, t.setting.Target)
	if err != nil {
		return nil, err
	}
	list := make([]reports.Switch, 0, len(target.Switches))
	for _, s := range target.Switches {
		list = append(list, reports.Switch{Target: t.setting.Target, Name: s.Name, Value: s.Value, Default: s.Default, Note: s.Note})
	}
	return list, nil
}

// closeWithin bounds the end of the engine and of the world, each.
const closeWithin = 20 * time.Second

// Close stops the engine, then the target, and removes the engine's folder.
func (t *Stage) Close(ctx context.Context) error {
	var errs []error
	if t.System != nil {
		bounded, cancel := context.WithTimeout(ctx, closeWithin)
		if err := t.System.Stop(bounded); err != nil {
			errs = append(errs, fmt.Errorf("stop the system under test: %w", err))
		}
		cancel()
	}
	if t.World != nil {
		bounded, cancel := context.WithTimeout(ctx, closeWithin)
		errs = append(errs, t.World.Stop(bounded))
		cancel()
	}
	errs = append(errs, os.RemoveAll(t.dir))
	return errors.Join(errs...)
}
