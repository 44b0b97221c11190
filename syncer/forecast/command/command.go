package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer"
	"github.com/seatrial/seatrial/syncer/forecast"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/idcs"
)

// The exit codes, beside 0 for no gap and 2 for wrong usage.
const (
	exitGaps          = 1
	exitNotComparable = 3
)

// outcome is an exit code with its reason; an empty text means that the report has said it.
type outcome struct {
	code int
	text string
}

func (o outcome) Error() string { return o.text }

// ExitCode is what the process answers.
func (o outcome) ExitCode() int { return o.code }

func usage(format string, arguments ...any) error {
	return syncer.UsageError{Err: fmt.Errorf(format, arguments...)}
}

// flags are the command line.
type flags struct {
	idmConf        string
	source         sourceFlags
	targetPolicy   string
	config         string
	domain         idcs.Config
	users          string
	passwordsLike  string
	habits         string
	samples        int
	seed           uint64
	statistics     string
	validate       bool
	json, fix      bool
	sourceFlagsSet bool
}

const example = `  seatrial forecast --idm-conf openidm --target-policy policy.json
  seatrial forecast --idm-conf openidm --config sync.yaml --validate
  seatrial forecast --source-min-length 8 --source-capitals 1 --target-policy policy.json --passwords-like policy
  seatrial forecast --idm-conf openidm --target-policy policy.json --statistics made-of.csv --users people.ldif
  seatrial forecast --idm-conf openidm --target-policy policy.json --fix > password-policies.json`

const long = `Compare the password policy of the source with that of the target, from files or from the domain itself: every rule by
which the target refuses what the source accepts, with a password that proves it and what to change at the source.

The share of the next changes that will be refused depends on what people choose, which no policy says. --statistics counts
it from what your passwords are made of (CSV: length,lower,upper,digit,special,count); --passwords-like policy estimates it
from a stated model of people (--habits). Without either the forecast says that it cannot be known.

Exit codes: 0 no gap, 1 gaps, 2 wrong usage or an unreadable file, 3 the policies could not be compared.`

// Command is `forecast`.
func Command() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:     "forecast",
		Short:   "Tell which passwords the source accepts and the target will refuse",
		Long:    long,
		Example: example,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f.sourceFlagsSet = f.source.changed(c)
			return f.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&f.idmConf, "idm-conf", "", "IDM project folder: conf/managed.json and conf/policy.json say what the source demands")
	f.source.register(c)
	c.Flags().StringVar(&f.targetPolicy, "target-policy", "", "file with the target's policies, as GET /admin/v1/PasswordPolicies answers, or one policy (JSON)")
	c.Flags().StringVar(&f.config, "config", "", "configuration of the engine; its section idcs names the domain to ask")
	c.Flags().StringVar(&f.domain.URL, "target-url", "", "domain to ask, instead of --config: https://idcs-….identity.oraclecloud.com")
	c.Flags().StringVar(&f.domain.ClientID, "client-id", "", "client id for --target-url")
	c.Flags().StringVar(&f.domain.ClientSecretFile, "client-secret-file", "", "file with the client secret for --target-url")
	c.Flags().StringVar(&f.domain.CAFile, "ca-file", "", "certificates (PEM) to trust for --target-url")
	c.Flags().BoolVar(&f.validate, "validate", false, "ask the domain about each witness of its default policy; nothing is stored")
	c.Flags().StringVar(&f.users, "users", "", "population, LDIF or CSV: whom the rules concern")
	c.Flags().StringVar(&f.passwordsLike, "passwords-like", "", `"policy": estimate the share from passwords drawn from the source's policy`)
	c.Flags().StringVar(&f.habits, "habits", forecast.DefaultHabits().String(), "how people choose, for --passwords-like: characters beyond the fewest, and shares")
	c.Flags().IntVar(&f.samples, "samples", 10_000, "passwords to draw for --passwords-like")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "repeats a drawing")
	c.Flags().StringVar(&f.statistics, "statistics", "", "CSV of what passwords are made of: length,lower,upper,digit,special,count")
	c.Flags().BoolVar(&f.json, "json", false, "print the forecast as JSON")
	c.Flags().BoolVar(&f.fix, "fix", false, "print the source's policies with the gaps closed, for managed.json (JSON)")
	return c
}

// mostSamples bounds --samples: more tell nothing that the model knows.
const mostSamples = 1_000_000

func (f *flags) check() error {
	targets := 0
	for _, given := range []string{f.targetPolicy, f.config, f.domain.URL} {
		if given != "" {
			targets++
		}
	}
	switch {
	case f.idmConf == "" && !f.sourceFlagsSet:
		return usage("the source is missing: --idm-conf names an IDM project folder, or --source-min-length and its like say the policy")
	case targets == 0:
		return usage("the target is missing: --target-policy names a file, --config or --target-url the domain to ask")
	case targets > 1:
		return usage("--target-policy, --config and --target-url name one target each; give one of them")
	case f.domain.URL == "" && (f.domain.ClientID != "" || f.domain.ClientSecretFile != "" || f.domain.CAFile != ""):
		return usage("--client-id, --client-secret-file and --ca-file belong to --target-url; --config has its own")
	case f.validate && f.targetPolicy != "":
		return usage("--validate asks the domain, which --target-policy does not name: use --config or --target-url")
	case f.json && f.fix:
		return usage("--json and --fix print different things; give one of them (--json holds each gap's policies, too)")
	case f.passwordsLike != "" && f.passwordsLike != "policy":
		return usage("--passwords-like: %q: there is only \"policy\"", f.passwordsLike)
	case f.passwordsLike != "" && f.statistics != "":
		return usage("--passwords-like and --statistics are two ways to the same share; give one of them")
	case f.samples < 100 || f.samples > mostSamples:
		return usage("--samples: %d is not within 100…%d", f.samples, mostSamples)
	}
	return nil
}

func (f *flags) run(ctx context.Context, out, notes io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	source, err := f.readSource()
	if err != nil {
		return err
	}
	domain, caller, err := f.readTarget(ctx)
	if err != nil {
		return err
	}
	if caller != nil {
		defer caller.Close()
	}
	report := forecast.Report{Source: source.Policy().Words(), Remarks: domain.Remarks}
	for _, p := range domain.Policies {
		c, err := forecast.Compare(source.Policy(), p.Policy)
		if err != nil {
			return outcome{exitNotComparable, err.Error()}
		}
		report.Targets = append(report.Targets, forecast.Target{
			Side: p.Words(), Default: p.Default, Priority: p.Priority, Groups: p.Groups, Comparison: c,
		})
	}
	if err := f.share(&report, source, domain); err != nil {
		return err
	}
	if f.validate {
		if err := forecast.Confirm(ctx, caller, report.Targets[0].Gaps); errors.Is(err, forecast.ErrNoValidator) {
			report.Targets[0].NotConfirmed = err.Error()
		} else if err != nil {
			return outcome{exitNotComparable, err.Error()}
		}
	}
	if err := f.print(report, source, out, notes); err != nil {
		return err
	}
	switch {
	case len(report.Gaps()) > 0:
		return outcome{code: exitGaps}
	case report.Undecided():
		return outcome{code: exitNotComparable}
	}
	return nil
}

func (f *flags) print(report forecast.Report, source forecast.IDM, out, notes io.Writer) error {
	switch {
	case f.json:
		return writeJSON(out, report)
	case f.fix:
		closed, left := source.Close(report.Gaps())
		for _, text := range left {
			if _, err := fmt.Fprintf(notes, "still open: %s\n", text); err != nil {
				return err
			}
		}
		return writeJSON(out, struct {
			Policies []forecast.IDMRule `json:"policies"`
		}{closed.Rules})
	}
	return report.Text(out)
}

func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// readTarget reads the file, or asks the domain, which is then returned, too.
func (f *flags) readTarget(ctx context.Context) (forecast.Domain, *idcs.Target, error) {
	if f.targetPolicy != "" {
		data, err := os.ReadFile(filepath.Clean(f.targetPolicy))
		if err != nil {
			return forecast.Domain{}, nil, usage("--target-policy: %w", err)
		}
		d, err := forecast.ReadDomain(data)
		if err != nil {
			return d, nil, usage("--target-policy: %s: %w", f.targetPolicy, err)
		}
		return d, nil, nil
	}
	config, err := f.domainConfig()
	if err != nil {
		return forecast.Domain{}, nil, err
	}
	target, err := idcs.New(config, idcs.Environment{})
	if err != nil {
		return forecast.Domain{}, nil, syncer.UsageError{Err: err}
	}
	d, err := forecast.AskDomain(ctx, target)
	if err != nil {
		target.Close()
		return d, nil, outcome{exitNotComparable, err.Error()}
	}
	return d, target, nil
}

func (f *flags) domainConfig() (idcs.Config, error) {
	if f.config != "" {
		c, source, err := syncer.ReadConfig(f.config, os.LookupEnv)
		if err != nil {
			return idcs.Config{}, err
		}
		if c.Target != syncer.TargetIDCS {
			return c.IDCS, usage("--config: the target is %s; a forecast reads the policies of an identity domain", c.Target)
		}
		if err := c.IDCS.Validate(); err != nil {
			return c.IDCS, syncer.UsageError{Err: source.Locate(prefixed("idcs.", err))}
		}
		return c.IDCS, nil
	}
	c := idcs.DefaultConfig()
	c.URL, c.ClientID, c.CAFile = f.domain.URL, f.domain.ClientID, f.domain.CAFile
	if c.ClientID == "" || f.domain.ClientSecretFile == "" {
		return c, usage("--target-url needs --client-id and --client-secret-file")
	}
	secret, err := os.ReadFile(filepath.Clean(f.domain.ClientSecretFile))
	if err != nil {
		return c, usage("--client-secret-file: %w", err)
	}
	c.ClientSecret = seal.Secret(bytes.TrimRight(secret, "\r\n"))
	if err := c.Validate(); err != nil {
		return c, syncer.UsageError{Err: prefixed("target: ", err)}
	}
	return c, nil
}

// prefixed puts a prefix before each line of an error.
func prefixed(prefix string, err error) error {
	var all []error
	for line := range bytes.SplitSeq([]byte(err.Error()), []byte("\n")) {
		all = append(all, errors.New(prefix+string(line)))
	}
	return errors.Join(all...)
}
