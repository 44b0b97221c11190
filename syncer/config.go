package syncer

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/notify"
	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/source/ldap"
	"github.com/seatrial/seatrial/syncer/target/idcs"
	"github.com/seatrial/seatrial/syncer/target/okta"
)

// The targets that an engine can write to.
const (
	TargetIDCS = "idcs"
	TargetOkta = "okta"
)

// Config is all that a file can say about an engine.
type Config struct {
	// Hook is where changes come from.
	Hook hook.Config `yaml:"hook"`
	// LDAP is a directory that they are read from. Without the hook's token, it is the only source.
	LDAP ldap.Config `yaml:"ldap"`
	// Queue is where they wait.
	Queue queue.Config `yaml:"queue"`
	// Seal keeps their passwords secret while they wait.
	Seal seal.Config `yaml:"seal"`
	// Target is where they go: "idcs" (default) or "okta". Only its section counts.
	Target string `yaml:"target"`
	// IDCS is the identity domain.
	IDCS idcs.Config `yaml:"idcs"`
	// Okta is the org.
	Okta okta.Config `yaml:"okta"`
	// Retry says how passing failures are met.
	Retry Retry `yaml:"retry"`
	// Concurrency is the highest number of attempts in flight; a throttling target lowers it for a while. Default 32.
	Concurrency int `yaml:"concurrency"`
	// Provision creates users that the target does not have. Default false: such changes are parked as not_found.
	Provision bool `yaml:"provision"`
	// Schedule is a Quartz cron expression (seconds first, UTC) that says when parked changes are tried again.
	// Default "0 0/15 * * * ?".
	Schedule string `yaml:"schedule"`
	// Rounds is how often the schedule tries a parked change. Default 5.
	Rounds int `yaml:"rounds"`
	// Parked says how long changes wait, and how long those that were parked for good are kept.
	Parked Parked `yaml:"parked"`
	// Rollout says for whom passwords are synchronised already. Default: for everybody.
	Rollout Rollout `yaml:"rollout"`
	// Mail tells users whose changes fail, and operators. Default: nobody.
	Mail notify.Config `yaml:"mail"`
	// DryRun looks at the target and writes nothing; each change ends as planned. It wants a queue of its own.
	DryRun bool `yaml:"dryRun"`
	// Audit is the file of the audit trail. Default "audit.jsonl".
	Audit string `yaml:"audit"`
	// Seed makes the jitter of waits repeatable.
	Seed uint64 `yaml:"seed"`
}

// Retry says how passing failures are met before a change is left to the schedule.
type Retry struct {
	// Retries is the number of further attempts after the first. Default 3.
	Retries int `yaml:"retries"`
	// First is the wait before the first retry; each further wait is twice as long. Default 2s: 2s, 4s, 8s.
	First time.Duration `yaml:"first"`
	// Jitter is the share by which a wait may be longer or shorter. Default 0.1.
	Jitter float64 `yaml:"jitter"`
	// Patience is how long a change waits for a target that is known to be down, or takes nothing for its limit, before it
	// is left to the schedule. Default 1m.
	Patience time.Duration `yaml:"patience"`
}

// Parked says how long changes wait, and how long those that were parked for good are kept.
type Parked struct {
	// Deadline is the longest time from the acceptance of a change to its last attempt. Default 24h.
	Deadline time.Duration `yaml:"deadline"`
	// Keep is how long the password of a parked change is kept, sealed, for a replay; then it is wiped, and what is left is
	// the record. Default 168h.
	Keep time.Duration `yaml:"keep"`
}

// DefaultConfig lacks only what has no default: the hook's token, the key file, and the target with its credentials.
func DefaultConfig() Config {
	return Config{
		Hook: hook.DefaultConfig(), LDAP: ldap.DefaultConfig(), Queue: queue.DefaultConfig(), Target: TargetIDCS, IDCS: idcs.DefaultConfig(), Okta: okta.DefaultConfig(),
		Retry:       Retry{Retries: 3, First: 2 * time.Second, Jitter: 0.1, Patience: time.Minute},
		Parked:      Parked{Deadline: 24 * time.Hour, Keep: 7 * 24 * time.Hour},
		Rollout:     DefaultRollout(),
		Mail:        notify.DefaultConfig(),
		Concurrency: 32, Schedule: "0 0/15 * * * ?", Rounds: 5, Audit: "audit.jsonl",
	}
}

// Validate reports every mistake with its path, for example "idcs.door: …".
func (c Config) Validate() error {
	var errs []error
	section := func(name string, err error) { errs = append(errs, inSection(name, err)) }
	c.Hook.Optional = c.LDAP.On()
	section("hook", c.Hook.Validate())
	section("ldap", c.LDAP.Validate())
	section("queue", c.Queue.Validate())
	section("seal", c.Seal.Validate())
	switch c.Target {
	case TargetIDCS:
		section("idcs", c.IDCS.Validate())
	case TargetOkta:
		section("okta", c.Okta.Validate())
	default:
		errs = append(errs, checkTarget(c.Target))
	}
	section("retry", c.Retry.validate())
	section("parked", c.Parked.validate())
	section("rollout", c.Rollout.Validate())
	section("mail", c.Mail.Validate())
	if c.Concurrency < 1 || c.Concurrency > 1024 {
		errs = append(errs, fmt.Errorf("concurrency: %d is not within 1…1024", c.Concurrency))
	}
	if c.Rounds < 0 || c.Rounds > 1000 {
		errs = append(errs, fmt.Errorf("rounds: %d is not within 0…1000", c.Rounds))
	}
	if _, err := parseSchedule(c.Schedule); err != nil {
		errs = append(errs, fmt.Errorf("schedule: %w", err))
	}
	if _, err := parseSchedule(c.Mail.ReportAt); c.Mail.Server != "" && err != nil {
		errs = append(errs, fmt.Errorf("mail.reportAt: %w", err))
	}
	return errors.Join(errs...)
}

// inSection puts the name of a section before each mistake in it.
func inSection(name string, err error) error {
	if err == nil {
		return nil
	}
	var errs []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		errs = append(errs, errors.New(name+"."+line))
	}
	return errors.Join(errs...)
}

func checkTarget(name string) error {
	if name != TargetIDCS && name != TargetOkta {
		return fmt.Errorf("target: %q is neither %q nor %q", name, TargetIDCS, TargetOkta)
	}
	return nil
}

// What Parked may hold: the deadline leaves time for the retries, and neither outlasts a year.
const (
	shortestDeadline = time.Minute
	longestKeep      = 365 * 24 * time.Hour
)

func (p Parked) validate() error {
	var errs []error
	if p.Deadline < shortestDeadline || p.Deadline > longestKeep {
		errs = append(errs, fmt.Errorf("deadline: %v is not within %v…%v", p.Deadline, shortestDeadline, longestKeep))
	}
	if p.Keep < 0 || p.Keep > longestKeep {
		errs = append(errs, fmt.Errorf("keep: %v is not within 0…%v; 0s keeps no password", p.Keep, longestKeep))
	}
	return errors.Join(errs...)
}

func (r Retry) validate() error {
	var errs []error
	if r.Retries < 0 || r.Retries > 20 {
		errs = append(errs, fmt.Errorf("retries: %d is not within 0…20", r.Retries))
	}
	if r.First < time.Millisecond || r.First > time.Hour {
		errs = append(errs, fmt.Errorf("first: %v is not within 1ms…1h", r.First))
	}
	if r.Jitter < 0 || r.Jitter > 0.5 {
		errs = append(errs, fmt.Errorf("jitter: %v is not within 0…0.5", r.Jitter))
	}
	if r.Patience < 0 {
		errs = append(errs, fmt.Errorf("patience: %v is below 0", r.Patience))
	}
	return errors.Join(errs...)
}
