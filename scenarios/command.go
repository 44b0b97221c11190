package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Command is `scenarios` with its subcommands. Its errors have an ExitCode: 1 when something failed, 2 for a mistake in a
// scenario or on the command line, 3 when nothing failed but something proved nothing.
func Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "scenarios",
		Short: "Rehearse password synchronisation, one situation at a time, in virtual time",
		Long: `A scenario is a YAML file: what is given, what happens, what is expected. Each is played in a world of its own, in
virtual time, against the sync engine, and ends with the same universal checks.`,
		Example: `  seatrial scenarios list
  seatrial scenarios describe idcs/token-revoked-mid-run
  seatrial scenarios run
  seatrial scenarios run 'idcs/policy-*' --seed 7 --html report.html
  seatrial scenarios lint my-scenario.yaml && seatrial scenarios run my-scenario.yaml`,
		Args:         usage(cobra.NoArgs),
		SilenceUsage: true,
		RunE:         func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(listCommand(), lintCommand(), describeCommand(), runCommand(), schemaCommand())
	return c
}

// usageError is a mistake on the command line.
type usageError struct{ error }

func (usageError) ExitCode() int { return exitInvalid }

func (e usageError) Unwrap() error { return e.error }

func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func flagMistakes(c *cobra.Command) *cobra.Command {
	c.SilenceUsage = true
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	return c
}

func listCommand() *cobra.Command {
	return flagMistakes(&cobra.Command{
		Use:     "list [ID-PATTERN]...",
		Short:   "List the built-in scenarios",
		Example: "  seatrial scenarios list\n  seatrial scenarios list 'idcs/policy-*'",
		RunE: func(c *cobra.Command, args []string) error {
			list, err := Suite(args...)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, s := range list {
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.ID, s.Severity, s.Title)
			}
			return table.Flush()
		},
	})
}

func lintCommand() *cobra.Command {
	return flagMistakes(&cobra.Command{
		Use:     "lint FILE...",
		Short:   "Check scenario files without running them",
		Long:    "Checks the grammar, the queries against the control plane's schema, and that what is named exists. Every mistake is\nshown as file:line:column.",
		Example: "  seatrial scenarios lint my-scenario.yaml",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			all := &InvalidError{}
			for _, file := range args {
				s, err := ReadFile(file)
				var invalid *InvalidError
				switch {
				case errors.As(err, &invalid):
					all.Problems = append(all.Problems, invalid.Problems...)
				case err != nil:
					return usageError{err}
				default:
					_, _ = fmt.Fprintf(c.OutOrStdout(), "%s: ok: %s\n", file, s.ID)
				}
			}
			if len(all.Problems) > 0 {
				return all
			}
			return nil
		},
	})
}

func describeCommand() *cobra.Command {
	return flagMistakes(&cobra.Command{
		Use:     "describe ID-PATTERN|FILE...",
		Short:   "Tell scenarios in words",
		Example: "  seatrial scenarios describe idcs/token-revoked-mid-run",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			list, err := choose(args)
			if err != nil {
				return err
			}
			for i, s := range list {
				if i > 0 {
					_, _ = fmt.Fprintln(c.OutOrStdout())
				}
				_, _ = io.WriteString(c.OutOrStdout(), describe(s))
			}
			return nil
		},
	})
}

func schemaCommand() *cobra.Command {
	return flagMistakes(&cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON schema of the scenario language, for editors",
		Example: "  seatrial scenarios schema > scenario.schema.json",
		Args:    usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := Schema()
			if err == nil {
				_, err = c.OutOrStdout().Write(text)
			}
			return err
		},
	})
}

type runFlags struct {
	seed     uint64
	parallel int
	json     bool
	junit    string
	html     string
}

func runCommand() *cobra.Command {
	var f runFlags
	c := flagMistakes(&cobra.Command{
		Use:   "run [ID-PATTERN|FILE]...",
		Short: "Run scenarios against the sync engine, all built-in ones when none is named",
		Long: `Runs scenarios, each in a world and a virtual time of its own. In a pattern * stands for any text; an area, such as
idcs, for all scenarios in it; what ends in .yaml is a file. Exit status: 0 all passed, 1 one failed, 2 a mistake in a scenario or on
the command line, 3 nothing failed but something proved nothing.`,
		Example: `  seatrial scenarios run
  seatrial scenarios run idcs/answer-lost-after-commit --seed 7
  seatrial scenarios run 'idcs/policy-*' my-scenario.yaml --junit junit.xml`,
		RunE: func(c *cobra.Command, args []string) error { return runThem(c, args, f) },
	})
	c.Flags().Uint64Var(&f.seed, "seed", 1, "where all chance comes from; the same seed repeats the run")
	c.Flags().IntVar(&f.parallel, "parallel", 0, "how many scenarios at once (0: as many as there are processors)")
	c.Flags().BoolVar(&f.json, "json", false, "write the report as JSON instead of text")
	c.Flags().StringVar(&f.junit, "junit", "", "also write a JUnit XML report to this file")
	c.Flags().StringVar(&f.html, "html", "", "also write an HTML report to this file")
	return c
}

// choose finds built-in scenarios and reads files, in the order of the arguments.
func choose(args []string) ([]Scenario, error) {
	if len(args) == 0 {
		return Suite()
	}
	var list []Scenario
	seen := map[string]string{}
	for _, arg := range args {
		found, err := chooseOne(arg)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			switch other, twice := seen[s.ID]; {
			case !twice:
				list = append(list, s)
				seen[s.ID] = s.file
			case other != s.file:
				return nil, usageError{fmt.Errorf("%s and %s have the same id %s", other, s.file, s.ID)}
			}
		}
	}
	return list, nil
}

func chooseOne(arg string) ([]Scenario, error) {
	switch filepath.Ext(arg) {
	case ".yaml", ".yml":
		s, err := ReadFile(arg)
		var invalid *InvalidError
		if err != nil && !errors.As(err, &invalid) {
			err = usageError{err}
		}
		return []Scenario{s}, err
	default:
		return Suite(arg)
	}
}

func runThem(c *cobra.Command, args []string, f runFlags) error {
	list, err := choose(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
	defer stop()
	words := []string{"seatrial scenarios run"}
	for _, arg := range args {
		words = append(words, shellWord(arg))
	}
	report := reports.Report{
		Title: "Scenarios of password synchronisation", Started: time.Now(), Seed: f.seed,
		Command: fmt.Sprintf("%s --seed %d", strings.Join(words, " "), f.seed),
	}
	report.Suite = Run(ctx, list, Options{Seed: random.Seed(f.seed), Parallel: f.parallel, Progress: progress(c.ErrOrStderr())})
	report.Finished = time.Now()
	report.JudgeRun()
	if err := write(c.OutOrStdout(), report, f); err != nil {
		return err
	}
	return outcome(report, len(list))
}

// progress says what has ended, where somebody watches.
func progress(w io.Writer) func(Event) {
	if file, ok := w.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(e Event) {
		_, _ = fmt.Fprintf(w, "%3d/%d  %-6s  %s\n", e.Done, e.Total, e.Result.Verdict, e.Result.ID)
	}
}

func write(out io.Writer, r reports.Report, f runFlags) error {
	if f.junit != "" {
		if err := writeFile(f.junit, r, reports.WriteJUnit); err != nil {
			return err
		}
	}
	if f.html != "" {
		if err := writeFile(f.html, r, reports.WriteHTML); err != nil {
			return err
		}
	}
	if f.json {
		return reports.WriteJSON(out, r)
	}
	file, isFile := out.(*os.File)
	color := isFile && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""
	if err := reports.WriteTerminal(out, r, color); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s\n", speed(r.Suite))
	return err
}

// speed says how much faster than life the run was.
func speed(s reports.Suite) string {
	perSecond := s.VirtualTime.Hours() / max(s.RealTime.Seconds(), 1e-9)
	return fmt.Sprintf("%.1f h of virtual time in %.1f s: %.1f virtual hours a second", s.VirtualTime.Hours(), s.RealTime.Seconds(), perSecond)
}

func writeFile(path string, r reports.Report, render func(io.Writer, reports.Report) error) (err error) {
	file, err := os.Create(path) // #nosec G304 -- the user names the file on the command line
	if err != nil {
		return usageError{fmt.Errorf("write report: %w", err)}
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return render(file, r)
}

// verdictError is a run that did not pass: the report has said why.
type verdictError struct {
	text string
	code int
}

func (e verdictError) Error() string { return e.text }

func (e verdictError) ExitCode() int { return e.code }

func outcome(r reports.Report, total int) error {
	failed, void := 0, 0
	for _, s := range r.Suite.Scenarios {
		switch s.Verdict {
		case reports.Failed:
			failed++
		case reports.Void:
			void++
		default:
		}
	}
	switch {
	case failed > 0:
		return verdictError{fmt.Sprintf("%d of %d scenarios failed", failed, total), r.ExitCode()}
	case void > 0:
		return verdictError{fmt.Sprintf("%d of %d scenarios are void: they prove nothing", void, total), r.ExitCode()}
	default:
		return nil
	}
}
