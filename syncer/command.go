package syncer

import "github.com/spf13/cobra"

// UsageError is a mistake of the caller: a flag, or something in the configuration. Its exit status is 2.
type UsageError struct{ Err error }

// Error is the text of the mistake.
func (u UsageError) Error() string { return u.Err.Error() }

// Unwrap returns the mistake.
func (u UsageError) Unwrap() error { return u.Err }

// ExitCode is 2.
func (u UsageError) ExitCode() int { return 2 }

// Command is `sync` with its subcommands.
func Command() *cobra.Command {
	return &cobra.Command{Use: "sync", Short: "Run the sync engine"}
}
