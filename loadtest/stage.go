package loadtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
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
	// Source is the password policy under which users choose new passwords, Target that of the target.
	Source, Target policy.Policy
	// Latency of the target's answers.
	Latency Latency
	// System builds the engine; our own with its defaults when nil.
	System sut.Factory
	// Scope is what the engine asks of the target's token endpoint.
	Scope string
	// World changes the world before it is built, for example the target's host name; may be nil.
	World func(*sim.Config)
}

// DefaultSetting is on loopback with Oracle's standard policy on both sides. Seed and People are the caller's.
func DefaultSetting() Setting {
	return Setting{
		Network: network.TCP("127.0.0.1"), Source: policy.Standard(), Target: policy.Standard(),
		Latency: DefaultLatency(), System: sut.Engine(nil), Scope: "urn:opc:idm:__myscopes__",
	}
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
	passwords *passwords
	dir       string
}

const (
	targetName = "idcs"
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
	t := &Stage{setting: s, dir: dir, passwords: newPasswords(s)}
	defer func() {
		if err != nil {
			stage, err = nil, errors.Join(err, t.Close(context.WithoutCancel(ctx)))
		}
	}()
	config := sim.DefaultConfig()
	config.Seed = s.Seed
	if s.World != nil {
		s.World(&config)
	}
	if t.World, err = sim.New(config, s.Network); err != nil {
		return nil, err
	}
	if err = t.World.Start(ctx); err != nil {
		return nil, err
	}
	if err = t.furnish(ctx); err != nil {
		return nil, fmt.Errorf("prepare the target: %w", err)
	}
	t.System, err = s.System(sut.Place{
		Network: s.Network, Authority: t.World.Authority(), URL: t.World.URL(targetName),
		ClientID: t.World.ClientID(), ClientSecret: t.World.ClientSecret(), Scope: s.Scope,
		Dir: dir, Seed: s.Seed, Host: engineHost,
	})
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
	if err := plane.SetPolicy(ctx, targetName, t.setting.Target); err != nil {
		return err
	}
	for batch := range slices.Chunk(t.setting.People, usersAtOnce) {
		inputs := make([]control.UserInput, 0, len(batch))
		for _, p := range batch {
			password, err := t.passwords.draw(t.setting.Target, p)
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
	_, err := plane.AddFault(ctx, targetName, control.FaultInput{
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
	_, err := plane.AddUsers(ctx, targetName, inputs)
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
	plan.Secrets = []secret.Value{t.World.ClientSecret(), t.World.ControlToken()}
	return plan
}

// Run runs a plan on the stage.
func (t *Stage) Run(ctx context.Context, plan Plan, progress func(Event)) ([]reports.Load, error) {
	return Run(ctx, plan, t.System, t.World.Control(), progress)
}

// Switches are the decisions about the target's behaviour under which the stage runs.
func (t *Stage) Switches(ctx context.Context) ([]reports.Switch, error) {
	target, err := t.World.Control().Target(ctx, targetName)
	if err != nil {
		return nil, err
	}
	list := make([]reports.Switch, 0, len(target.Switches))
	for _, s := range target.Switches {
		list = append(list, reports.Switch{Target: targetName, Name: s.Name, Value: s.Value, Default: s.Default, Note: s.Note})
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
