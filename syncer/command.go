package syncer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/seal"
)

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
	c := &cobra.Command{
		Use:   "sync",
		Short: "Run the sync engine: password changes in over HTTP, out to Oracle IDCS or Okta",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(runCommand(), keyCommand(), auditCommand(), parkedCommand(), reportCommand(), pullCommand(), ldapCommand(), oktaCommand())
	return c
}

const runExample = `  # sync.yaml; what is left out has its default
  hook:
    listen: 127.0.0.1:8470
    tokenFile: /run/secrets/hook-token        # or tokenEnv: HOOK_TOKEN
  queue:
    dir: /var/lib/seatrial/queue              # or url: nats://queue:4222
  seal:
    keyFile: /etc/seatrial/seal.key           # made with: seatrial sync key /etc/seatrial/seal.key
  idcs:
    url: https://idcs-0123456789abcdef0123456789abcdef.identity.oraclecloud.com
    clientId: 0a1b2c3d4e5f
    clientSecretFile: /run/secrets/idcs       # or clientSecretEnv: IDCS_SECRET
    door: changer                             # or patch: the user must change the password at the next log-in
    timeout: 30s
  retry: {retries: 3, first: 2s}              # waits of 2s, 4s, 8s
  schedule: "0 0/15 * * * ?"                  # then every 15 minutes, 5 times
  audit: /var/lib/seatrial/audit.jsonl

  seatrial sync run --config sync.yaml`

// signalsMeet is how long one signal takes to reach all who listen for it.
const signalsMeet = 50 * time.Millisecond

type runFlags struct {
	config, listen, queue, audit, logFormat string
	drain                                   time.Duration
	dryRun                                  bool
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run --config FILE",
		Short: "Run the engine until it is told to stop",
		Long: `Run the engine until it is told to stop.

SIGTERM or an interrupt stops it: new changes are refused, attempts in flight are ended, the rest stays in the queue for the
next start. A second signal cuts the attempts short; that loses nothing either.`,
		Example: runExample,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return run(c.Context(), f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&f.config, "config", "", "configuration file (YAML)")
	c.Flags().StringVar(&f.listen, "listen", "", "address of the hook, instead of hook.listen; port 0 takes a free one")
	c.Flags().StringVar(&f.queue, "queue", "", "directory or nats:// URL of the queue, instead of queue.dir and queue.url")
	c.Flags().StringVar(&f.audit, "audit", "", "file of the audit trail, instead of audit")
	c.Flags().StringVar(&f.logFormat, "log-format", "text", "text or json; the log goes to standard error")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "look at the target and write nothing; each change ends as planned, and a stop sums up. It wants a queue of its own")
	c.Flags().DurationVar(&f.drain, "drain", 45*time.Second, "how long a stop waits for attempts in flight")
	return c
}

func run(ctx context.Context, f runFlags, out, logs io.Writer) error {
	c, err := f.resolve()
	if err != nil {
		return err
	}
	log, err := newLogger(f.logFormat, logs)
	if err != nil {
		return err
	}
	e, err := New(c, Environment{Logger: log})
	if err != nil {
		return UsageError{err}
	}
	// Signals are caught before anything is open, so that none of them is answered by half a start.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := e.Start(ctx); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "listening on %s\n", e.URL())
	select {
	case <-signals:
	case <-e.Ended():
		err = errLost
	case <-ctx.Done(): // Our caller may have caught the signal too.
		select {
		case <-signals:
		case <-time.After(signalsMeet):
		}
	}
	if err == nil {
		log.InfoContext(ctx, "stopping; a second signal cuts it short")
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.drain)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- e.Stop(drain) }()
	var stopErr error
	select {
	case stopErr = <-stopped:
	case <-signals:
		cancel()
		stopErr = <-stopped
	}
	if stopErr != nil {
		err = errors.Join(err, fmt.Errorf("stop: %w", stopErr))
	}
	if c.DryRun {
		printPlans(out, e.Plans())
	}
	return err
}

// errLost ends a process whose place another one has taken. Whoever supervises it starts it again, and it stands by.
var errLost = errors.New("another engine has taken the lead; start this one again to stand by")

// printPlans sums up a dry run.
func printPlans(out io.Writer, plans map[string]int) {
	total := 0
	for _, plan := range slices.Sorted(maps.Keys(plans)) {
		_, _ = fmt.Fprintf(out, "%8d  %s\n", plans[plan], plan)
		total += plans[plan]
	}
	_, _ = fmt.Fprintf(out, "%8d  planned; nothing was written\n", total)
}

// resolve reads the file and lays the flags over it.
func (f runFlags) resolve() (Config, error) {
	if f.config == "" {
		return Config{}, UsageError{errors.New("--config is missing; `seatrial sync run --help` shows an example")}
	}
	c, source, err := ReadConfig(f.config, os.LookupEnv)
	if err != nil {
		return c, err
	}
	if f.listen != "" {
		c.Hook.Listen = f.listen
	}
	if f.audit != "" {
		c.Audit = f.audit
	}
	c.DryRun = c.DryRun || f.dryRun
	switch {
	case strings.Contains(f.queue, "://"):
		c.Queue.URL = f.queue
	case f.queue != "":
		c.Queue.Dir, c.Queue.URL = f.queue, ""
	}
	if err := c.Validate(); err != nil {
		return c, UsageError{source.Locate(err)}
	}
	return c, nil
}

func newLogger(format string, w io.Writer) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	}
	return nil, UsageError{fmt.Errorf("--log-format: %q is neither text nor json", format)}
}

func keyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key FILE",
		Short: "Make a key file for sealing the passwords that wait",
		Long: `Make a key file for sealing the passwords that wait. A file that is there is never replaced. To change keys, put a new
line before the old one: the first key seals, all keys open.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := seal.WriteKeyFile(args[0]); err != nil {
				return err
			}
			_, _ = fmt.Fprintf(c.OutOrStdout(), "wrote %s, readable by its owner only\n", args[0])
			return nil
		},
	}
}
