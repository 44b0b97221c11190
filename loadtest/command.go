package loadtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/population"
)

// options are the flags of the command.
type options struct {
	burst      int
	rate       float64
	length     time.Duration
	warmUp     int
	timeout    time.Duration
	criteria   string
	population int
	users      string
	p50, p95   time.Duration
	seed       uint64
	json       bool
	target     string
}

func defaultOptions() options {
	plan, latency := DefaultPlan(), DefaultLatency()
	return options{
		burst: plan.Shapes[0].Burst, rate: plan.Shapes[1].Rate, length: plan.Shapes[1].For, warmUp: plan.WarmUp, timeout: plan.Timeout,
		target: sim.IDCS, population: 1000, p50: latency.P50, p95: latency.P95, seed: 1,
	}
}

// Command is `seatrial loadtest`. Its errors have an ExitCode: 1 when a criterion or an invariant failed, 2 for a mistake
// in a flag or file, 3 when the run proves nothing.
func Command() *cobra.Command {
	o := defaultOptions()
	cmd := &cobra.Command{
		Use:   "loadtest",
		Short: "Put a burst and a constant rate of password changes on the engine, over real sockets",
		Long: `Starts a simulated target, Oracle IDCS or an Okta org, and the engine on loopback, over TLS, and changes passwords: a
burst all at once, then a constant rate. A change counts from the moment at which it is due until the target has accepted the
write. Each shape must meet the criteria, and every invariant must hold over everything that was observed.

Exit codes: 0 passed, 1 failed, 2 wrong usage or unreadable input, 3 void: the run proves nothing.`,
		Example: `  seatrial loadtest
  seatrial loadtest --burst 1000 --population 5000 --rate 0
  seatrial loadtest --criteria criteria.yaml --latency-p50 300ms --latency-p95 2s
  seatrial loadtest --target okta
  seatrial loadtest --json > load.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, plan, err := o.resolve(cmd.Context())
			if err != nil {
				return Exit{Code: 2, Err: err}
			}
			cmd.SilenceUsage = true // from here on, it is not the usage that is wrong
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return o.run(ctx, s, plan, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.target, "target", o.target, "`simulator` that passwords are synchronised to: idcs or okta")
	flags.IntVar(&o.burst, "burst", o.burst, "`changes` all at once; 0 leaves the burst out")
	flags.Float64Var(&o.rate, "rate", o.rate, "`changes` a second; 0 leaves the constant rate out")
	flags.DurationVar(&o.length, "for", o.length, "how long the rate is kept")
	flags.IntVar(&o.warmUp, "warm-up", o.warmUp, "`changes` before each shape that are not measured")
	flags.DurationVar(&o.timeout, "timeout", o.timeout, "how long after its due time a change may take before it counts as lost")
	flags.StringVar(&o.criteria, "criteria", o.criteria, "YAML `file` with success, mean, p95, min_concurrency (default 0.987, 2.3s, 4.1s, 100)")
	flags.IntVar(&o.population, "population", o.population, "how many users to generate")
	flags.StringVar(&o.users, "users", o.users, "take the users of an LDIF or CSV `file` instead")
	flags.DurationVar(&o.p50, "latency-p50", o.p50, "the target's median latency")
	flags.DurationVar(&o.p95, "latency-p95", o.p95, "the target's 95th percentile of latency; the 99th is 2⅔ times as long")
	flags.Uint64Var(&o.seed, "seed", o.seed, "origin of all chance; the same seed repeats users, passwords and latencies")
	flags.BoolVar(&o.json, "json", o.json, "print the report as JSON")
	cmd.MarkFlagsMutuallyExclusive("users", "population")
	return cmd
}

// vendors are the targets as people call them.
var vendors = map[string]string{sim.IDCS: "Oracle IDCS", sim.Okta: "Okta"}

// Exit ends the command line with a code; without an error all there is to say has been said.
type Exit struct {
	Code int
	Err  error
}

// Error is empty when there is nothing left to say.
func (e Exit) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap is what went wrong.
func (e Exit) Unwrap() error { return e.Err }

// ExitCode is for the command line.
func (e Exit) ExitCode() int { return e.Code }

// resolve turns flags and files into a setting and a plan without users, and reports every mistake.
func (o options) resolve(ctx context.Context) (Setting, Plan, error) {
	s, plan := DefaultSetting(), DefaultPlan()
	if o.target == sim.Okta {
		s = SettingAtOrg()
	}
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(o.target != sim.IDCS && o.target != sim.Okta, "--target: %q is neither idcs nor okta", o.target)
	add(o.burst < 0 || o.burst > mostChanges, "--burst: %d is not within 0…%d", o.burst, mostChanges)
	add(o.rate != 0 && !(o.rate >= lowestRate && o.rate <= highestRate), "--rate: %v is neither 0 nor within %v…%v", o.rate, lowestRate, highestRate)
	add(o.rate != 0 && o.length <= 0, "--for: %v is not above 0", o.length)
	add(o.burst == 0 && o.rate == 0, "--burst, --rate: both are 0, so nothing would be sent")
	add(o.warmUp < 0, "--warm-up: %d is below 0", o.warmUp)
	add(o.timeout <= 0, "--timeout: %v is not above 0", o.timeout)
	add(o.population < 1 && o.users == "", "--population: %d leaves nobody whose password could be changed", o.population)
	add(o.p50 < 0, "--latency-p50: %v is below 0", o.p50)
	add(o.p95 < o.p50, "--latency-p95: %v is below --latency-p50, %v", o.p95, o.p50)
	s.Seed, s.Latency = random.Seed(o.seed), LatencyOf(o.p50, o.p95)
	plan.Shapes, plan.WarmUp, plan.Timeout = nil, o.warmUp, o.timeout
	if o.burst > 0 {
		plan.Shapes = append(plan.Shapes, Shape{Name: "burst", Burst: o.burst})
	}
	if o.rate > 0 {
		shape := Shape{Name: "rate", Rate: o.rate, For: o.length}
		plan.Shapes = append(plan.Shapes, shape)
		if len(errs) == 0 {
			errs = append(errs, shape.validate("--rate, --for")...)
		}
	}
	if o.criteria != "" {
		var err error
		if plan.Criteria, err = ReadCriteria(o.criteria); err != nil {
			errs = append(errs, fmt.Errorf("--criteria: %w", err))
		}
	}
	if len(errs) > 0 {
		return s, plan, errors.Join(errs...)
	}
	var err error
	if s.People, err = o.folk(ctx); err != nil {
		return s, plan, err
	}
	return s, plan, nil
}

// folk are the users of the file, or generated ones.
func (o options) folk(ctx context.Context) ([]people.Person, error) {
	var list []people.Person
	if o.users == "" {
		for p := range population.Generate(random.Seed(o.seed), o.population) {
			list = append(list, p)
		}
		return list, nil
	}
	all, _, err := population.ReadFile(o.users)
	if err != nil {
		return nil, fmt.Errorf("--users: %w", err)
	}
	for p, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("--users: %w", err)
		}
		if p.Active && !p.Federated {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("--users: %s has nobody whose password could be changed", o.users)
	}
	return list, nil
}

// run builds the stage, runs the plan and prints the report.
func (o options) run(ctx context.Context, s Setting, plan Plan, out, notes io.Writer) (err error) {
	report := reports.Report{
		Title: "Load test of password synchronisation to " + vendors[o.target], Started: time.Now().UTC(), Seed: o.seed, Command: o.command(),
		Limits: []string{"Source, engine and target ran on one machine over loopback; the network between the real ones is not part of the figures."},
	}
	stage, err := Build(ctx, s)
	if err != nil {
		return Exit{Code: 3, Err: err}
	}
	defer func() {
		if closing := stage.Close(context.WithoutCancel(ctx)); closing != nil && err == nil {
			err = Exit{Code: 3, Err: closing}
		}
	}()
	if stage.Refused > 0 {
		_, _ = fmt.Fprintf(notes, "%d of %d users were refused by the target and are left out; the first: %v\n", stage.Refused, len(s.People), stage.Refusal)
	}
	own := stage.Plan()
	plan.Target, plan.Users, plan.Password, plan.Seed, plan.Secrets = own.Target, own.Users, own.Password, own.Seed, own.Secrets
	plan.Repeat = func(shape Shape) string {
		alone := o
		if shape.Burst > 0 {
			alone.rate = 0
		} else {
			alone.burst = 0
		}
		return alone.command()
	}
	report.Load, err = stage.Run(ctx, plan, progressTo(notes))
	if err != nil {
		return Exit{Code: 3, Err: err}
	}
	if report.Switches, err = stage.Switches(ctx); err != nil {
		return Exit{Code: 3, Err: err}
	}
	report.Finished = time.Now().UTC()
	report.JudgeRun()
	if o.json {
		err = reports.WriteJSON(out, report)
	} else {
		err = reports.WriteTerminal(out, report, isTerminal(out))
	}
	if err != nil {
		return Exit{Code: 3, Err: err}
	}
	if code := report.ExitCode(); code != 0 {
		return Exit{Code: code}
	}
	return nil
}

// command is the command line that repeats the run.
func (o options) command() string {
	d := defaultOptions()
	parts := []string{"seatrial loadtest"}
	add := func(changed bool, name string, value any) {
		if changed {
			parts = append(parts, fmt.Sprintf("--%s %s", name, quote(fmt.Sprint(value))))
		}
	}
	add(o.target != d.target, "target", o.target)
	add(o.burst != d.burst, "burst", o.burst)
	add(o.rate != d.rate, "rate", o.rate)
	add(o.length != d.length && o.rate != 0, "for", o.length)
	add(o.warmUp != d.warmUp, "warm-up", o.warmUp)
	add(o.timeout != d.timeout, "timeout", o.timeout)
	add(o.criteria != "", "criteria", o.criteria)
	add(o.users == "" && o.population != d.population, "population", o.population)
	add(o.users != "", "users", o.users)
	add(o.p50 != d.p50, "latency-p50", o.p50)
	add(o.p95 != d.p95, "latency-p95", o.p95)
	add(true, "seed", o.seed)
	return strings.Join(parts, " ")
}

// quote makes a value one word of a POSIX shell.
func quote(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// progressTo tells a person at a terminal how far the run is, in one line that is rewritten. Elsewhere it is quiet.
func progressTo(notes io.Writer) func(Event) {
	if !isTerminal(notes) {
		return nil
	}
	return func(e Event) {
		text := fmt.Sprintf("load %s: %s", e.Shape, e.Phase)
		if e.Phase == Sending {
			text += fmt.Sprintf(", %d of %d", e.Ended, e.Planned)
		}
		end := ""
		if e.Phase == Judging {
			end = "\r\x1b[K"
		}
		_, _ = fmt.Fprintf(notes, "\r\x1b[K%s%s", text, end) // what cannot be written is not worth failing a run for
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
