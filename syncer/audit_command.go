package syncer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/audit"
)

func auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Check audit trails",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "verify FILE…",
		Short: "Check that no line of an audit trail was changed, removed or moved, and that no outcome is there twice",
		Long: `Check that no line of an audit trail was changed, removed or moved, that the last line has its end, and that no change has
its outcome twice, also not in two of the files. Each file is a trail of its own. Exit code 1 says that something was found.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			verdict, err := audit.Verify(args...)
			if errors.Is(err, fs.ErrNotExist) {
				return UsageError{err}
			}
			if err != nil {
				return err
			}
			if findings := printVerdict(c.OutOrStdout(), verdict); findings > 0 {
				return fmt.Errorf("the audit trail is not in order: %d findings", findings)
			}
			return nil
		},
	})
	return c
}

func printVerdict(out io.Writer, v audit.Verdict) (findings int) {
	for _, f := range v.Files {
		if len(f.Problems) == 0 {
			_, _ = fmt.Fprintf(out, "%s: %d lines, the chain is whole\n", f.Path, f.Lines)
		}
		for _, p := range f.Problems {
			_, _ = fmt.Fprintf(out, "%s: line %d: %v\n", f.Path, p.Line, p.Err)
		}
		if f.More > 0 {
			_, _ = fmt.Fprintf(out, "%s: and %d more\n", f.Path, f.More)
		}
		findings += len(f.Problems) + f.More
	}
	return findings
}
