package certify

import (
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seatrial/seatrial/reports"
)

// Command is `seatrial certify`; the version goes into the report.
func Command(version string) *cobra.Command {
	o := DefaultOptions()
	cmd := &cobra.Command{
		Use:   "certify",
		Short: "Run the scenario suite and the load test, and hand out the verdict",
		Long: `Rehearses password synchronisation from ForgeRock IDM to Oracle IDCS, to an Okta org, or to both: every scenario of the
suite in virtual time, then for each target a burst and a constant rate of password changes over real sockets and TLS, held
against what was demanded of success rate, mean and 95th percentile. Nothing leaves this machine; client secrets and passwords of
your files are neither needed nor kept.

Exit codes: 0 certified, 1 not certified, 2 wrong usage or unreadable input, 3 void: the run proves nothing.`,
		Example: `  seatrial certify
  seatrial certify --idm-conf ./openidm --users people.ldif --population 0
  seatrial certify --target all
  seatrial certify --target-policy policy.json --latency-p50 300ms --latency-p95 2s
  seatrial certify --json > certificate.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Validate(); err != nil {
				return &UsageError{err}
			}
			if err := prepare(o.Out); err != nil { // now, and not after the run, when the report would be lost
				return &UsageError{err}
			}
			report, err := Run(cmd.Context(), o, version, newProgress(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			if err := show(cmd, report, o); err != nil {
				return brokenRun{err}
			}
			if code := report.ExitCode(); code != 0 {
				return outcome{code}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.IDMConf, "idm-conf", o.IDMConf, "IDM project `folder` to take endpoint, client, scope, retry schedule and source policy from")
	f.StringVar(&o.Users, "users", o.Users, "LDIF or CSV `file` of users, as a directory exports them")
	f.IntVar(&o.Population, "population", o.Population, "how many users to generate besides those of the file")
	f.StringVar(&o.Target, "target", o.Target, "`what` passwords are synchronised to: idcs, okta or all")
	f.StringVar(&o.TargetPolicy, "target-policy", o.TargetPolicy, "JSON `file` with a target's password policy in its vendor's names: Oracle's attributes, or Okta's complexity, age and lockout")
	f.StringVar(&o.Criteria, "criteria", o.Criteria, "YAML `file` of what the load must meet (default 98.7 %, mean 2.3s, p95 4.1s)")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "origin of all chance; the same seed repeats the run")
	f.StringVar(&o.Out, "out", o.Out, "`folder` for report.html, report.json and junit.xml")
	f.IntVar(&o.Workers, "parallel", o.Workers, "scenarios at a time (default one per processor)")
	f.IntVar(&o.Load.Burst, "burst", o.Load.Burst, "changes all at once")
	f.Float64Var(&o.Load.Rate, "rate", o.Load.Rate, "changes a second after the burst")
	f.DurationVar(&o.Load.For, "for", o.Load.For, "how long that rate is kept")
	f.DurationVar(&o.Load.P50, "latency-p50", o.Load.P50, "the target's median latency under load")
	f.DurationVar(&o.Load.P95, "latency-p95", o.Load.P95, "the target's 95th percentile of latency under load")
	f.BoolVar(&o.JSON, "json", o.JSON, "print the report as JSON instead of text")
	return cmd
}

// show writes the report files and prints the verdict and where they lie.
func show(cmd *cobra.Command, report reports.Report, o Options) error {
	files, err := write(o.Out, report)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if o.JSON {
		return reports.WriteJSON(out, report)
	}
	if err := reports.WriteTerminal(out, report, isTerminal(out)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nreport: %s\n", files[0])
	return err
}

// isTerminal tells whether somebody is looking.
func isTerminal(stream any) bool {
	file, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
