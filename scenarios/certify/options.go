package certify

import (
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim"
)

// Options are the flags of the command.
type Options struct {
	IDMConf      string // an IDM project folder; empty: the embedded defaults
	Users        string // an LDIF or CSV file of the source's users
	Population   int    // generated users, besides those of the file
	Target       string // idcs, okta or all
	TargetPolicy string // a JSON file with a target's password policy, in Oracle's names or Okta's; empty: what the vendor sets up
	Criteria     string // a YAML file of what the load must meet; empty: 98.7 %, 2.3 s mean, 4.1 s p95
	Seed         uint64
	Out          string // the folder of the reports
	Workers      int    // scenarios at a time; 0: one per processor
	Load         Load
	JSON         bool // the report as JSON on standard output instead of the text
}

// Load is what the load test asks for.
type Load struct {
	Burst int           // changes all at once
	Rate  float64       // changes a second, afterwards
	For   time.Duration // how long
	P50   time.Duration // the target's latency
	P95   time.Duration
}

// DefaultOptions are the embedded defaults.
func DefaultOptions() Options {
	return Options{
		Target: sim.IDCS, Population: 15000, Seed: 1, Out: "seatrial-report",
		Load: Load{Burst: 150, Rate: 25, For: 10 * time.Second, P50: 120 * time.Millisecond, P95: 450 * time.Millisecond},
	}
}

// Validate reports every mistake by its flag.
func (o Options) Validate() error {
	var errs []error
	wrong := func(condition bool, format string, args ...any) {
		if condition {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(o.targets() == nil, "--target: %q is neither idcs nor okta nor all", o.Target)
	wrong(o.Population < 0 || o.Population > 1_000_000, "--population: %d is not within 0…1000000", o.Population)
	wrong(o.Population == 0 && o.Users == "", "--population: 0 leaves nobody to rehearse with; name a file of users with --users")
	wrong(o.Out == "", "--out: needs a folder for the report")
	wrong(o.Workers < 0, "--parallel: %d is below 0", o.Workers)
	wrong(o.Load.Burst < 1 || o.Load.Burst > 100_000, "--burst: %d is not within 1…100000", o.Load.Burst)
	wrong(o.Load.Rate <= 0 || o.Load.Rate > 10_000, "--rate: %v is not above 0 and up to 10000", o.Load.Rate)
	wrong(o.Load.For < time.Second || o.Load.For > 24*time.Hour, "--for: %v is not within 1s…24h", o.Load.For)
	wrong(o.Load.P50 < 0, "--latency-p50: %v is below 0", o.Load.P50)
	wrong(o.Load.P95 < o.Load.P50, "--latency-p95: %v is below --latency-p50, %v", o.Load.P95, o.Load.P50)
	return errors.Join(errs...)
}

// allTargets is every target that there is a suite for.
const allTargets = "all"

// vendors are the targets as people call them.
var vendors = map[string]string{sim.IDCS: "Oracle IDCS", sim.Okta: "Okta"}

// targets are the simulators that passwords are rehearsed to; nil when there is none of that name.
func (o Options) targets() []string {
	switch o.Target {
	case allTargets:
		return []string{sim.IDCS, sim.Okta}
	case sim.IDCS, sim.Okta:
		return []string{o.Target}
	}
	return nil
}

// UsageError is input that cannot be used: a flag, a file. The command line ends with exit code 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap is the mistake itself.
func (e *UsageError) Unwrap() error { return e.Err }

// ExitCode is 2.
func (e *UsageError) ExitCode() int { return 2 }

// outcome ends the command line with the report's exit code; all there is to say has been said.
type outcome struct{ code int }

func (outcome) Error() string { return "" }

// ExitCode is the verdict's.
func (o outcome) ExitCode() int { return o.code }

// brokenRun is a run that could not be carried out: it proves nothing, so the command line ends with exit code 3.
type brokenRun struct{ err error }

func (b brokenRun) Error() string { return b.err.Error() }

func (b brokenRun) Unwrap() error { return b.err }

// ExitCode is that of a void run.
func (brokenRun) ExitCode() int { return 3 }
