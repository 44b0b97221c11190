package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/source/ldap"
)

// checkError is what `sync ldap check` ends with when it has something to tell.
type checkError struct {
	text string
	code int
}

func (e *checkError) Error() string { return e.text }

// ExitCode is 1 for findings, 3 when no server could be asked.
func (e *checkError) ExitCode() int { return e.code }

func ldapCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ldap",
		Short: "Look at the directory that passwords are read from",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(ldapCheckCommand())
	return c
}

func ldapCheckCommand() *cobra.Command {
	var config string
	var asJSON bool
	c := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Say how the directory would be read, with which rights, and from where on; changes nothing",
		Long: `Say how the directory would be read, with which rights, and from where on. Only the ldap section of the configuration counts.
Each server is connected to and bound to as the engine does it; the root DSE tells which strategies there are, a search whether
the account may use them. All users are read as a comparison does it, so a limit, a referral or a missing right shows now; where
passwords are not, it says whether there are none or they are hidden, and how that is known. Each trouble comes with what to do.
Values are never shown, only their schemes. Nothing is changed, neither in the directory nor in ldap.state.

Exit codes: 0 nothing stands in the way, 1 findings, 2 wrong usage, 3 no server could be asked.`,
		Example: "  seatrial sync ldap check --config sync.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return checkLDAP(c.Context(), config, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&config, "config", "", "configuration file (YAML)")
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return c
}

func checkLDAP(ctx context.Context, config string, asJSON bool, out io.Writer) error {
	if config == "" {
		return UsageError{errors.New("--config is missing; `seatrial sync ldap check --help` shows an example")}
	}
	c, source, err := ReadConfig(config, os.LookupEnv)
	if err != nil {
		return err
	}
	if !c.LDAP.On() {
		return UsageError{errors.New("ldap.urls: not set; there is no directory to look at")}
	}
	if err := inSection("ldap", c.LDAP.Validate()); err != nil {
		return UsageError{source.Locate(err)}
	}
	report, err := ldap.Check(ctx, c.LDAP, ldap.Environment{})
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.Write(out)
	}
	switch {
	case err != nil:
		return err
	case report.Unreachable():
		return &checkError{"no server of the directory could be asked", 3}
	case !report.Sound():
		return &checkError{"the directory cannot be read as it should be; see the findings", 1}
	}
	return nil
}
