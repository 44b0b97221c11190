package preflight

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// exitError ends the command with an exit code; without a text of its own when the report has said it all.
type exitError struct {
	err  error
	code int
}

// Error is the text of the mistake, empty when findings are the reason.
func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the mistake.
func (e exitError) Unwrap() error { return e.err }

// ExitCode is 1 for findings and 2 for a mistake of the caller.
func (e exitError) ExitCode() int { return e.code }

const (
	exitFindings = 1
	exitUsage    = 2
)

// failOn are the words for what makes the command fail, each with all that is worse.
var failOn = map[string]Severity{"will": WillFail, "may": MayFail, "advice": Advice}

// Command is `preflight`.
func Command() *cobra.Command {
	var dir, fail string
	var asJSON, asSARIF bool
	c := &cobra.Command{
		Use:   "preflight --idm-conf DIR",
		Short: "Read an IDM project folder and tell what will fail in it, and why",
		Long: `Read an IDM project folder (the one that has the folder conf) and tell what will fail in it, and why: each finding with
file, line and column, the line itself (secrets masked), what will happen in production, and what to do.

Nothing is run and nothing leaves the folder. Exit code 0: nothing found that will fail; 1: something will fail (or what
--fail-on says); 2: no such folder, or wrong usage.`,
		Example: `  seatrial preflight --idm-conf /opt/openidm
  seatrial preflight --idm-conf ./openidm --json | jq -r '.findings[] | .id + " " + .problem'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			least, known := failOn[fail]
			switch {
			case dir == "":
				return exitError{errors.New("--idm-conf is missing: name the IDM project folder, the one that has the folder conf"), exitUsage}
			case !known:
				return exitError{fmt.Errorf("--fail-on: %q is none of will, may, advice", fail), exitUsage}
			case asJSON && asSARIF:
				return exitError{errors.New("--json and --sarif: choose one"), exitUsage}
			}
			report, err := Run(dir)
			if err != nil {
				return exitError{err, exitUsage}
			}
			write := report.WriteText
			if asJSON {
				write = report.WriteJSON
			} else if asSARIF {
				write = report.WriteSARIF
			}
			if err := write(c.OutOrStdout()); err != nil {
				return fmt.Errorf("report: %w", err)
			}
			for _, f := range report.Findings {
				if f.Severity.rank() <= least.rank() {
					return exitError{nil, exitFindings}
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "idm-conf", "", "IDM project folder")
	c.Flags().BoolVar(&asJSON, "json", false, "write the report as JSON")
	c.Flags().BoolVar(&asSARIF, "sarif", false, "write the report as SARIF 2.1.0, for code hosts")
	c.Flags().StringVar(&fail, "fail-on", "will", "what makes the exit code 1: will, may or advice (each with all that is worse)")
	return c
}
