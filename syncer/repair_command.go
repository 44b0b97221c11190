package syncer

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/target/okta"
)

// repairOutcome is an exit code with its reason; an empty text means that the report has said it.
type repairOutcome struct {
	code int
	text string
}

// Error is the reason.
func (o repairOutcome) Error() string { return o.text }

// ExitCode is 1 when something is left to repair, 3 when the hub or the engine cannot be asked.
func (o repairOutcome) ExitCode() int { return o.code }

const (
	exitLeft     = 1
	exitNotAsked = 3
)

func oktaCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "okta", Short: "What only an Okta hub needs", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(repairCommand())
	return c
}

const repairExample = `  # What would be done for those whose changes are parked as federated, request by request
  seatrial sync okta repair --config sync.yaml --plan --parked --engine http://127.0.0.1:8470 --token-env HOOK_TOKEN

  # Do it, and send their parked changes again
  seatrial sync okta repair --config sync.yaml --apply --parked --engine http://127.0.0.1:8470 --token-env HOOK_TOKEN

  # Make one user anew instead
  seatrial sync okta repair --config sync.yaml --plan --user anna@example.com --fix recreate`

func repairCommand() *cobra.Command {
	r := repair{getenv: os.LookupEnv}
	c := &cobra.Command{
		Use:   "repair --config FILE (--plan | --apply) (--user NAME | --parked)",
		Short: "Make federated users of the hub its own again, so that their passwords can be synchronised",
		Long: `Make federated users of the hub its own again, so that their passwords can be synchronised.

--fix convert keeps the user: he is unlinked from his identity providers, and a password reset without a provider makes him an
OKTA user. --fix recreate deletes him and makes him anew with his profile and groups; what that costs him is told. --plan prints
each request and sends none of them. --apply sends them, after a question that --yes answers; with --engine it then has the
parked changes replayed, which sets the passwords.

Every step is in the journal before and after it is done. A run that broke off is taken up by the next one with the same
journal, which alone knows the profiles of users who are deleted and not made anew yet: it holds personal data, and no secret.

Where a sign-in through an identity provider would undo the repair (just-in-time provisioning, profile mastering), --apply
refuses; --jit-stays overrules that.

Exit codes: 0 nothing is left to repair, 1 something is, 2 wrong usage, 3 the hub or the engine cannot be asked.`,
		Example: repairExample,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r.in, r.out = c.InOrStdin(), c.OutOrStdout()
			return r.run(c.Context())
		},
	}
	flags := c.Flags()
	flags.StringVar(&r.config, "config", "", "configuration file (YAML) of the engine, whose target is okta")
	flags.BoolVar(&r.plan, "plan", false, "print what would be done")
	flags.BoolVar(&r.apply, "apply", false, "do it")
	flags.StringArrayVar(&r.users, "user", nil, "a user by the name that changes have, or by his login; repeat it for several")
	flags.BoolVar(&r.parked, "parked", false, "the users whose changes are parked as federated; needs --engine or --queue")
	flags.StringVar(&r.fix, "fix", string(okta.FixConvert), "convert or recreate")
	flags.BoolVar(&r.yes, "yes", false, "apply without a question")
	flags.BoolVar(&r.jitStays, "jit-stays", false, "apply although a sign-in through an identity provider would undo it")
	flags.BoolVar(&r.json, "json", false, "print JSON")
	flags.StringVar(&r.journal, "journal", "okta-repair.jsonl", "file of what was done")
	flags.StringVar(&r.store.engine, "engine", "", "URL of the hook of a running engine")
	flags.StringVar(&r.store.tokenFile, "token-file", "", "file with the hook's token")
	flags.StringVar(&r.store.tokenEnv, "token-env", "", "environment variable with the hook's token")
	flags.StringVar(&r.store.caFile, "ca-file", "", "certificates (PEM) to trust besides the system's, for the engine")
	flags.StringVar(&r.store.queue, "queue", "", "directory or nats:// URL of the queue, instead of --engine; nothing is replayed then")
	return c
}

// mistake is what is wrong with the flags.
func (r *repair) mistake() error {
	stored := r.store.engine != "" || r.store.queue != ""
	switch {
	case r.config == "":
		return errors.New("--config is missing; `seatrial sync okta repair --help` shows an example")
	case r.plan == r.apply:
		return errors.New("say either --plan or --apply")
	case r.parked == (len(r.users) > 0):
		return errors.New("say who is meant: either --user or --parked")
	case r.parked && !stored:
		return errors.New("--parked needs to know where they are: --engine (a running engine) or --queue (the queue itself)")
	case r.fix != string(okta.FixConvert) && r.fix != string(okta.FixRecreate):
		return fmt.Errorf("--fix: %q is neither %q nor %q", r.fix, okta.FixConvert, okta.FixRecreate)
	case r.apply && r.json && !r.yes:
		return errors.New("--json has no place for a question: say --yes")
	}
	return nil
}

// run does what the flags say.
func (r *repair) run(ctx context.Context) error {
	if err := r.mistake(); err != nil {
		return UsageError{err}
	}
	c, err := readTarget(r.config, r.getenv)
	switch {
	case err != nil:
		return err
	case c.Target != TargetOkta:
		return UsageError{fmt.Errorf("--config: the target is %s; only an org of Okta's has users to repair like this", c.Target)}
	}
	if r.store.engine == "" && r.store.queue == "" {
		return r.with(ctx, c, nil)
	}
	return r.store.with(ctx, func(ctx context.Context, s storehouse) error { return r.with(ctx, c, s) })
}

// with is run with what was opened; s is nil where there is no store of parked changes.
func (r *repair) with(ctx context.Context, c Config, s storehouse) (err error) {
	journal, err := openRepairJournal(r.journal, c.Okta.URL)
	if err != nil {
		return UsageError{fmt.Errorf("--journal: %w", err)}
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	hub, err := okta.NewRepairer(c.Okta, okta.Environment{DialContext: r.environment.DialContext, RootCAs: r.environment.RootCAs, Logger: r.environment.Logger})
	if err != nil {
		return UsageError{err}
	}
	defer hub.Close()
	r.hub, r.notes, r.lots = hub, journal, s
	p, err := r.look(ctx, c.Okta.URL)
	if err != nil {
		return repairOutcome{exitNotAsked, err.Error()}
	}
	if r.plan {
		return r.planned(p)
	}
	return r.applied(ctx, p)
}

// confirmed asks whether to go on.
func (r *repair) confirmed(question string) bool {
	if r.yes {
		return true
	}
	_, _ = fmt.Fprintf(r.out, "%s [y/N] ", question)
	var answer string
	_, err := fmt.Fscanln(r.in, &answer)
	return err == nil && (answer == "y" || answer == "yes")
}
