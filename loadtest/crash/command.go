package crash

import (
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

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/reports"
)

// Command is `loadtest crash`. Its errors have an ExitCode: 1 when something was lost, doubled or shown, 2 for a wrong
// flag, 3 when the run proves nothing.
func Command() *cobra.Command {
	o, asJSON := DefaultOptions(), false
	cmd := &cobra.Command{
		Use:   "crash",
		Short: "Kill the engine again and again while passwords change, and look what is lost",
		Long: `Starts an Oracle IDCS simulator and, in a process of its own, the engine; changes passwords; kills the engine with SIGKILL
at random moments and starts it again on what it left behind. In the end every acknowledged change must have exactly one
outcome, each user must sign in with the newest password and no other, and no file may hold a password.`,
		Example: `  seatrial loadtest crash
  seatrial loadtest crash --changes 1000 --kills 8 --seed 42
  seatrial loadtest crash --json > crash.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Validate(); err != nil {
				return loadtest.Exit{Code: 2, Err: err}
			}
			cmd.SilenceUsage = true
			var err error
			if o.Binary == "" {
				if o.Binary, err = os.Executable(); err != nil {
					return loadtest.Exit{Code: 2, Err: fmt.Errorf("--binary: %w", err)}
				}
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			report := reports.Report{
				Title: "Crash test of the sync engine", Started: time.Now().UTC(), Seed: o.Seed, Command: o.command(),
				Limits: []string{"A killed process leaves what it wrote in the page cache: loss of power is not shown here."},
			}
			result, err := Run(ctx, o, progressTo(cmd.ErrOrStderr()))
			if err != nil {
				return loadtest.Exit{Code: 3, Err: err}
			}
			report.Suite = reports.Suite{Scenarios: []reports.Scenario{result}, RealTime: result.RealTime, VirtualTime: result.RealTime}
			report.Finished = time.Now().UTC()
			report.JudgeRun()
			return write(cmd.OutOrStdout(), report, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Changes, "changes", o.Changes, "password changes")
	flags.IntVar(&o.Kills, "kills", o.Kills, "how often the engine is killed")
	flags.IntVar(&o.Users, "users", o.Users, "users whose passwords change")
	flags.DurationVar(&o.Settle, "settle", o.Settle, "how long after the last change all must have an outcome")
	flags.StringVar(&o.Binary, "binary", o.Binary, "the seatrial `file` whose engine is killed; this one when not set")
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "origin of users, passwords and moments; the moments are also the scheduler's, so a seed does not repeat a run exactly")
	flags.BoolVar(&asJSON, "json", asJSON, "print the report as JSON")
	return cmd
}

func (o Options) command() string {
	d := DefaultOptions()
	text := "seatrial loadtest crash"
	add := func(changed bool, format string, value any) {
		if changed {
			text += fmt.Sprintf(format, value)
		}
	}
	add(o.Changes != d.Changes, " --changes %d", o.Changes)
	add(o.Kills != d.Kills, " --kills %d", o.Kills)
	add(o.Users != d.Users, " --users %d", o.Users)
	add(o.Settle != d.Settle, " --settle %v", o.Settle)
	return fmt.Sprintf("%s --seed %d", text, o.Seed) // The binary is the reader's own.
}

func write(out io.Writer, r reports.Report, asJSON bool) (err error) {
	if asJSON {
		err = reports.WriteJSON(out, r)
	} else {
		err = errors.Join(reports.WriteTerminal(out, r, isTerminal(out) && os.Getenv("NO_COLOR") == ""), evidence(out, r))
	}
	if err != nil {
		return loadtest.Exit{Code: 3, Err: err}
	}
	if code := r.ExitCode(); code != 0 {
		return loadtest.Exit{Code: code}
	}
	return nil
}

// evidence is what was looked at, also when nothing was found.
func evidence(out io.Writer, r reports.Report) error {
	var text strings.Builder
	for _, s := range r.Suite.Scenarios {
		for _, reason := range s.Reasons {
			text.WriteString(reason + "\n")
		}
		for _, check := range s.Checks {
			if check.Verdict == reports.Passed {
				fmt.Fprintf(&text, "  %-16s %s\n", check.Name, check.Detail)
			}
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// progressTo rewrites one line on a terminal, and is quiet elsewhere.
func progressTo(notes io.Writer) func(Event) {
	if !isTerminal(notes) {
		return func(Event) {}
	}
	return func(e Event) {
		end := ""
		if e.Killed == e.Kills {
			end = "\n"
		}
		_, _ = fmt.Fprintf(notes, "\r\x1b[Kkilled %d of %d times, %d of %d changes acknowledged%s", e.Killed, e.Kills, e.Acknowledged, e.Changes, end)
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
