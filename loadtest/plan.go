package loadtest

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// User is somebody whose password may be changed.
type User struct {
	Name string
	// Attributes are what the source sends along: givenName, sn, mail.
	Attributes map[string]string
	// Password is the one in force at the target, to try after the run that it no longer is; empty when there is none.
	Password secret.Value
}

// Shape is how changes come: Burst of them at once, or Rate a second for the time For.
type Shape struct {
	Name  string
	Burst int
	Rate  float64
	For   time.Duration
}

// Changes is how many changes the shape has.
func (s Shape) Changes() int {
	if s.Burst > 0 {
		return s.Burst
	}
	return int(math.Round(s.Rate * s.For.Seconds()))
}

// due is when change i, from 0, is to be sent, since the start. It depends on the shape alone, never on how the run goes.
func (s Shape) due(i int) time.Duration {
	if s.Burst > 0 {
		return 0
	}
	return time.Duration(math.Round(float64(i) / s.Rate * float64(time.Second)))
}

// String says the shape in words: "150 changes at once".
func (s Shape) String() string {
	if s.Burst > 0 {
		return fmt.Sprintf("%d changes at once", s.Burst)
	}
	return fmt.Sprintf("%g changes a second for %v", s.Rate, s.For)
}

// The bounds of a shape: what a Go program on one machine can put on, and honestly measure.
const (
	mostChanges = 1_000_000
	lowestRate  = 0.1
	highestRate = 10_000
)

func (s Shape) validate(at string) []error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(at+format, args...))
		}
	}
	add(s.Name == "", ".name: is empty")
	switch {
	case s.Burst < 0:
		add(true, ".burst: %d is below 0", s.Burst)
	case s.Burst > 0 && (s.Rate != 0 || s.For != 0):
		add(true, ": is a burst and a rate; make two shapes of it")
	case s.Burst > 0:
		add(s.Burst > mostChanges, ".burst: %d is above %d", s.Burst, mostChanges)
	default:
		add(!(s.Rate >= lowestRate && s.Rate <= highestRate), ".rate: %v is not within %v…%v", s.Rate, lowestRate, highestRate)
		add(s.For <= 0, ".for: %v is not above 0", s.For)
		if len(errs) == 0 {
			add(s.Rate*s.For.Seconds() > mostChanges, ": %s are more than %d changes", s, mostChanges)
			add(s.Changes() < 2, ": %s are fewer than 2 changes, which is no rate", s)
		}
	}
	return errs
}

// Plan is what to put on whom, and what is demanded.
type Plan struct {
	// Shapes run one after the other.
	Shapes []Shape
	// Criteria decide each shape.
	Criteria Criteria
	// Users are taken in turn, each at most once within a shape; a later shape goes on where the one before stopped.
	Users []User
	// Password makes the new password of a user: one that the target's policy accepts, unlike all others.
	Password func(User) (secret.Value, error)
	// Target is the simulator's name at the control plane. Default "idcs".
	Target string
	// WarmUp is how many changes, with users of their own, go before each shape and are not measured. Default 5.
	WarmUp int
	// Timeout is how long after its due time a change may take before it counts as lost. Default 30s.
	Timeout time.Duration
	// Settle is how long after the last change the engine may take to end what it has acknowledged. Default 30s.
	Settle time.Duration
	// Calm is how long to look on after that: an engine that believes it has finished may not have. Default 1s.
	Calm time.Duration
	// Seed names the transactions.
	Seed random.Seed
	// Secrets must not leak either, besides the passwords: the client's secret, the hook's token.
	Secrets []secret.Value
	// Retries is how the engine promised to retry, TokenLifetime how long a token of the target lives.
	Retries       invariants.Discipline
	TokenLifetime time.Duration
	// Repeat is the command that repeats a shape; may be nil.
	Repeat func(Shape) string
}

// DefaultPlan is a burst of 150 changes and 25 changes a second for 10 seconds. Users, Password and Seed are the caller's.
func DefaultPlan() Plan {
	return Plan{
		Shapes: []Shape{
			{Name: "burst", Burst: 150},
			{Name: "rate", Rate: 25, For: 10 * time.Second},
		},
		Criteria:      DefaultCriteria(),
		Target:        "idcs",
		WarmUp:        5,
		Timeout:       30 * time.Second,
		Settle:        30 * time.Second,
		Calm:          time.Second,
		Retries:       invariants.Promised(),
		TokenLifetime: time.Hour,
	}
}

// Validate reports every mistake with its path. Too few users are none: they make a shape void.
func (p Plan) Validate() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(len(p.Shapes) == 0, "shapes: there is none, so nothing would be sent")
	names := map[string]bool{}
	for i, s := range p.Shapes {
		at := fmt.Sprintf("shapes[%d]", i)
		errs = append(errs, s.validate(at)...)
		add(s.Name != "" && names[s.Name], "%s.name: %q is the name of another shape, too", at, s.Name)
		names[s.Name] = true
	}
	seen := map[string]bool{}
	for i, u := range p.Users {
		add(u.Name == "", "users[%d].name: is empty", i)
		add(u.Name != "" && seen[u.Name], "users[%d].name: %q is there already; each change needs a user of its own", i, u.Name)
		seen[u.Name] = true
	}
	if err := p.Criteria.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("criteria: %w", err))
	}
	add(p.Password == nil, "password: is missing: a function that makes the new passwords")
	add(p.Target == "", "target: is empty; idcs and okta are there")
	add(p.WarmUp < 0, "warmUp: %d is below 0", p.WarmUp)
	add(p.Timeout <= 0, "timeout: %v is not above 0", p.Timeout)
	add(p.Settle < 0, "settle: %v is below 0", p.Settle)
	add(p.Calm < 0, "calm: %v is below 0", p.Calm)
	return errors.Join(errs...)
}
