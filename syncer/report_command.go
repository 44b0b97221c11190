package syncer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

type reportFlags struct {
	audit []string
	since time.Duration
	users int
	json  bool
}

func reportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report --audit FILE",
		Short: "Tell what was parked, why, and who still waits for a password",
		Long: `Tell what was parked, why, and who still waits for a password. The audit trail is read as it stands, also while an engine
writes to it. Exit code 1 says that the trail is broken, so the report is not complete.`,
		Example: "  seatrial sync report --audit audit.jsonl --since 168h",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c.OutOrStdout(), time.Now()) },
	}
	c.Flags().StringArrayVar(&f.audit, "audit", nil, "file of the audit trail; repeat it for older files, the oldest first")
	c.Flags().DurationVar(&f.since, "since", 24*time.Hour, "how far back the report goes")
	c.Flags().IntVar(&f.users, "users", 50, "how many users to show; 0 shows all (--json always does)")
	c.Flags().BoolVar(&f.json, "json", false, "print the report as JSON")
	return c
}

func (f reportFlags) run(out io.Writer, now time.Time) error {
	switch {
	case len(f.audit) == 0:
		return UsageError{errors.New("--audit is missing; it is the file that `audit` in the configuration names")}
	case f.since <= 0:
		return UsageError{fmt.Errorf("--since: %v is not above 0", f.since)}
	case f.users < 0:
		return UsageError{fmt.Errorf("--users: %d is below 0", f.users)}
	}
	r := newReporter(now.Add(-f.since), now)
	for _, path := range f.audit {
		if err := r.file(path); err != nil {
			return UsageError{fmt.Errorf("--audit: %w", err)}
		}
	}
	report := r.finish()
	if err := report.write(out, f); err != nil {
		return err
	}
	if len(report.Trouble) > 0 {
		return errors.New("the report is not complete: " + report.Trouble[0])
	}
	return nil
}

func (r Report) write(out io.Writer, f reportFlags) error {
	if !f.json {
		return r.WriteText(out, f.users)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
