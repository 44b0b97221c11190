package syncer

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

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
			v := verifier{out: c.OutOrStdout(), seen: map[outcomeKey]string{}}
			for _, path := range args {
				if err := v.file(path); err != nil {
					return err
				}
			}
			if v.findings > 0 {
				return fmt.Errorf("the audit trail is not in order: %d findings", v.findings)
			}
			return nil
		},
	})
	return c
}

// outcomeKey tells outcomes apart: a change has one, and one more for each replay.
type outcomeKey struct {
	id     string
	replay int
}

// verifier reads trails and prints what is wrong with them.
type verifier struct {
	out      io.Writer
	seen     map[outcomeKey]string // where
	findings int
}

func (v *verifier) file(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return UsageError{err}
	}
	defer func() { _ = f.Close() }()
	line := 0
	lines, _, err := audit.Read(f, func(l audit.Line) {
		line++
		key, here := outcomeKey{l.ID, l.Replay}, fmt.Sprintf("%s: line %d", path, line)
		if first, twice := v.seen[key]; twice {
			v.finding("%s: change %s has its outcome already: %s", here, l.ID, first)
			return
		}
		v.seen[key] = here
	})
	if err != nil {
		v.finding("%s: %v", path, err)
		return nil
	}
	_, _ = fmt.Fprintf(v.out, "%s: %d lines, the chain is whole\n", path, lines)
	return nil
}

func (v *verifier) finding(format string, a ...any) {
	v.findings++
	_, _ = fmt.Fprintf(v.out, format+"\n", a...)
}
