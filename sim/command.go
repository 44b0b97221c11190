package sim

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/okta"
	"github.com/seatrial/seatrial/sim/population"
)

// stopWithin bounds the end of a world after a signal.
const stopWithin = 10 * time.Second

// options are the flags of the command.
type options struct {
	run                    []string
	listen                 string
	idcsPort, oktaPort     int
	spokePort, controlPort int
	dsPort, dsLDAPSPort    int
	ds2Port, ds2LDAPSPort  int
	names                  []string
	seed                   uint64
	seeded                 bool // the seed was given
	population             int
	users                  string
	export, people, schema string
	schemes                []string
	ca                     string
	client, clientAuth     string
	json                   bool
	tier, plan             string
	visibility             time.Duration
}

// Command is `seatrial sim`: a world over sockets that runs until it is told to stop.
func Command() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use:   "sim",
		Short: "Run the simulators over TLS, for an engine, curl or a colleague",
		Long: `Starts simulators and the control plane on this machine, with users, a CA and credentials of their own, and runs until
it gets SIGINT or SIGTERM. Host names, addresses and secrets are printed at the start.

Without --run it is an Oracle IDCS identity domain. "okta" is an Okta org; "okta,spoke" is an Org2Org pair, in which okta is the
hub. Logins at Okta are e-mail addresses. "ds" is a ForgeRock directory over LDAPS and StartTLS, which passwords are synchronised
from; "ds,ds2" has a replica.

The users are generated, or those of an LDIF or CSV file; they have no passwords until an engine writes some. A directory takes
a whole export with --ds-ldif: its suffix, entries, hashes, password policies and access control instructions.`,
		Example: `  seatrial sim
  seatrial sim --run okta --plan free
  seatrial sim --run idcs,okta,spoke
  seatrial sim --run ds,ds2 --population 100
  seatrial sim --run idcs,ds --ds-ldif export.ldif --users export.ldif
  seatrial sim --users export.ldif --idcs-port 8443 --control-port 8444
  seatrial sim --tier free --visibility 2s
  seatrial sim --json --seed 7 > world.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true // a mistake is told in a line; the usage has --help
			o.seeded = cmd.Flags().Changed("seed")
			if o.users != "" && cmd.Flags().Changed("population") {
				return usageError{errors.New("--users, --population: the users come from the file or are generated: give one of the two")}
			}
			if err := o.check(); err != nil {
				return usageError{err}
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return run(ctx, stop, o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&o.run, "run", []string{IDCS}, "the `simulators` to run, with commas: "+strings.Join(Simulators(), ", "))
	flags.StringVar(&o.listen, "listen", "127.0.0.1", "the `address` to listen on; beyond loopback, whoever has the token rules the world")
	flags.IntVar(&o.idcsPort, "idcs-port", 0, "the `port` of the identity domain; 0 is any")
	flags.IntVar(&o.oktaPort, "okta-port", 0, "the `port` of the Okta org; 0 is any")
	flags.IntVar(&o.spokePort, "spoke-port", 0, "the `port` of the second org; 0 is any")
	flags.IntVar(&o.dsPort, "ds-port", 0, "the `port` of the directory for LDAP with StartTLS; 0 is any")
	flags.IntVar(&o.dsLDAPSPort, "ds-ldaps-port", 0, "the `port` of the directory for LDAPS; 0 is any")
	flags.IntVar(&o.ds2Port, "ds2-port", 0, "the `port` of the replica for LDAP with StartTLS; 0 is any")
	flags.IntVar(&o.ds2LDAPSPort, "ds2-ldaps-port", 0, "the `port` of the replica for LDAPS; 0 is any")
	flags.IntVar(&o.controlPort, "control-port", 0, "the `port` of the control plane; 0 is any")
	flags.StringSliceVar(&o.names, "tls-name", nil, "a further host `name` or address for the certificates (may be repeated)")
	flags.Uint64Var(&o.seed, "seed", 0, "the origin of all chance, names and secrets included; random when not given")
	flags.IntVar(&o.population, "population", 1000, "how `many` users to generate")
	flags.StringVar(&o.users, "users", "", "take the users of an LDIF or CSV `file` instead")
	flags.StringVar(&o.export, "ds-ldif", "", "fill the directory with an LDIF `file` that export-ldif or ldapsearch has written, hashes included")
	flags.StringVar(&o.people, "ds-people", "", "the users of the export are below this `DN`; ou=People of its suffix when not given")
	flags.StringVar(&o.schema, "ds-schema", "", "add the definitions of an LDIF `file` of cn=schema, like 99-user.ldif, to the directory's")
	flags.StringSliceVar(&o.schemes, "ds-schemes", nil, "enable further password storage `schemes`, like SSHA")
	flags.StringVar(&o.client, "client-certificate", "", "write a certificate of this `DN` and its key, for SASL EXTERNAL at the directory, to "+clientFile+" beside the CA's")
	flags.StringVar(&o.clientAuth, "ds-client-auth", string(ds.ClientAuthOptional), "whether the directory asks clients for a certificate: a `policy` of disabled, optional, required")
	flags.StringVar(&o.ca, "ca", "seatrial-ca.pem", "the `file` to write the CA's certificate to")
	flags.StringVar(&o.tier, "tier", "", "apply the rate limits of a domain `type`: "+strings.Join(idcs.Tiers(), ", ")+"; none when not given")
	flags.StringVar(&o.plan, "plan", okta.DefaultConfig().Plan, "apply the rate limits of a `plan` of Okta's: "+strings.Join(okta.Plans(), ", "))
	flags.DurationVar(&o.visibility, "visibility", 0, "how long a search does not find a user whom a client has created, like `2s`; at Okta, how late it finds any change")
	flags.BoolVar(&o.json, "json", false, "print the addresses and secrets as one line of JSON")
	return command
}

// usageError is a mistake in a flag.
type usageError struct{ error }

// Unwrap is the mistake itself.
func (u usageError) Unwrap() error { return u.error }

// ExitCode is that of wrong usage.
func (usageError) ExitCode() int { return 2 }

// check judges the flags and fills in what was not given.
func (o *options) check() error {
	var mistakes []error
	if net.ParseIP(o.listen) == nil {
		mistakes = append(mistakes, fmt.Errorf("--listen: %q is not an IP address: 127.0.0.1 is this machine only, 0.0.0.0 everybody", o.listen))
	}
	mistakes = append(mistakes, o.checkPorts()...)
	for i, name := range o.run {
		switch {
		case !slices.Contains(Simulators(), name):
			mistakes = append(mistakes, fmt.Errorf("--run: there is no simulator %q; there are %s", name, strings.Join(Simulators(), ", ")))
		case slices.Contains(o.run[:i], name):
			mistakes = append(mistakes, fmt.Errorf("--run: %s is there twice", name))
		case name == Spoke && !slices.Contains(o.run, Okta):
			mistakes = append(mistakes, errors.New("--run: spoke needs okta, its hub"))
		case name == DS2 && !slices.Contains(o.run, DS):
			mistakes = append(mistakes, errors.New("--run: ds2 needs ds, whose replica it is"))
		}
	}
	if len(o.run) == 0 {
		mistakes = append(mistakes, errors.New("--run: is empty"))
	}
	if !slices.Contains(okta.Plans(), o.plan) {
		mistakes = append(mistakes, fmt.Errorf("--plan: there is no plan %q; there are %s", o.plan, strings.Join(okta.Plans(), ", ")))
	}
	if o.tier != "" && !slices.Contains(idcs.Tiers(), o.tier) {
		mistakes = append(mistakes, fmt.Errorf("--tier: there is no domain type %q; there are %s", o.tier, strings.Join(idcs.Tiers(), ", ")))
	}
	if o.visibility < 0 || o.visibility > time.Hour {
		mistakes = append(mistakes, fmt.Errorf("--visibility: %s is not from 0s to 1h", o.visibility))
	}
	if o.population < 0 {
		mistakes = append(mistakes, fmt.Errorf("--population: %d is below 0", o.population))
	}
	if o.ca == "" {
		mistakes = append(mistakes, errors.New("--ca: is empty: without the CA nobody can trust the simulators"))
	}
	if !slices.Contains(ds.ClientAuths(), ds.ClientAuth(o.clientAuth)) {
		mistakes = append(mistakes, fmt.Errorf("--ds-client-auth: %q is none of disabled, optional, required", o.clientAuth))
	}
	mistakes = append(mistakes, o.checkDirectory()...)
	if o.client != "" {
		if _, err := ds.Subject(o.client); err != nil {
			mistakes = append(mistakes, fmt.Errorf("--client-certificate: %w", err))
		}
		if !slices.Contains(o.run, DS) {
			mistakes = append(mistakes, errors.New("--client-certificate: needs --run ds: no other simulator asks for one"))
		}
	}
	if path, err := filepath.Abs(o.ca); err == nil {
		o.ca = path // so that what is printed can be pasted anywhere
	}
	if !o.seeded {
		var chance [8]byte
		_, _ = rand.Read(chance[:]) // never fails
		o.seed = binary.LittleEndian.Uint64(chance[:])
	}
	return errors.Join(mistakes...)
}

func (o *options) checkPorts() (mistakes []error) {
	taken := map[int]string{}
	for _, one := range []struct {
		flag, owner string
		port        int
	}{
		{"--idcs-port", "the identity domain", o.idcsPort},
		{"--okta-port", "the Okta org", o.oktaPort},
		{"--spoke-port", "the second org", o.spokePort},
		{"--ds-port", "the directory", o.dsPort},
		{"--ds-ldaps-port", "the directory, over LDAPS", o.dsLDAPSPort},
		{"--ds2-port", "the replica", o.ds2Port},
		{"--ds2-ldaps-port", "the replica, over LDAPS", o.ds2LDAPSPort},
		{"--control-port", "the control plane", o.controlPort},
	} {
		if one.port < 0 || one.port > 65535 {
			mistakes = append(mistakes, fmt.Errorf("%s: %d is not from 0 to 65535", one.flag, one.port))
		}
		if owner := taken[one.port]; owner != "" && one.port != 0 {
			mistakes = append(mistakes, fmt.Errorf("%s: %d is the port of %s, too", one.flag, one.port, owner))
		}
		taken[one.port] = one.owner
	}
	return mistakes
}

// run is the life of the world.
func run(ctx context.Context, unhook func(), o options, out, notes io.Writer) (err error) {
	config := DefaultConfig()
	config.Seed = random.Seed(o.seed)
	config.Run, config.Names = o.run, o.names
	config.IDCS.Tier, config.IDCS.Visibility = o.tier, o.visibility
	config.Okta.Plan, config.Okta.SearchLag = o.plan, o.visibility
	config.DS.ClientAuth, config.DS2.ClientAuth = ds.ClientAuth(o.clientAuth), ds.ClientAuth(o.clientAuth)
	config.Spoke.Plan, config.Spoke.SearchLag = o.plan, o.visibility
	if err := o.adapt(&config); err != nil {
		return usageError{err}
	}
	ip := net.ParseIP(o.listen)
	if !ip.IsUnspecified() && !ip.IsLoopback() {
		config.Names = append(config.Names, o.listen)
	}
	if !ip.IsLoopback() && o.seeded {
		_, _ = fmt.Fprintln(notes, "--seed: the token of the control plane comes from the seed, and others can reach it: keep the seed secret")
	}
	//nolint:contextcheck // a world is built without waiting for anything
	world, err := New(config, network.TCPPorts(o.listen, map[string]int{
		config.IDCS.Host: o.idcsPort, config.Okta.Host: o.oktaPort, config.Spoke.Host: o.spokePort,
		net.JoinHostPort(config.DS.Host, ldapPort): o.dsPort, net.JoinHostPort(config.DS.Host, ldapsPort): o.dsLDAPSPort,
		net.JoinHostPort(config.DS2.Host, ldapPort): o.ds2Port, net.JoinHostPort(config.DS2.Host, ldapsPort): o.ds2LDAPSPort,
		config.ControlHost: o.controlPort,
	}))
	if err != nil {
		return err
	}
	users, err := inhabit(ctx, world, o, notes)
	if err != nil && o.users != "" {
		err = usageError{err} // The file is the reader's.
	}
	if err != nil {
		return err
	}
	if err := world.Start(ctx); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%w: choose other ports with --control-port and the others that end in -port, or 0 for any", err)
		}
		return err
	}
	defer func() {
		unhook() // a second signal ends the process at once
		// The context is over, and the end needs time of its own.
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		err = errors.Join(err, world.Stop(bounded))
	}()
	// Only now: a world that could not start must not replace the CA of the one that has its ports.
	if err := world.Authority().WriteFile(o.ca); err != nil {
		return fmt.Errorf("--ca: %w", err)
	}
	if o.client != "" {
		if err := writeClient(world.Authority(), o.client, o.clientPath()); err != nil {
			return fmt.Errorf("--client-certificate: %w", err)
		}
	}
	if err := announce(out, world, o, users); err != nil {
		return err
	}
	<-ctx.Done()
	if !o.json {
		_, _ = fmt.Fprintln(notes, "stopping")
	}
	return nil
}

// inhabit fills every simulator, and tells on notes what was left out. It returns how many users each has.
func inhabit(ctx context.Context, world *World, o options, notes io.Writer) (users int, err error) {
	for i, target := range world.config.Run {
		if target == DS2 {
			continue // it has the users of ds
		}
		if target == DS && o.export != "" {
			if err := fill(ctx, world, o.export, notes); err != nil {
				return 0, fmt.Errorf("--ds-ldif: %w", err)
			}
			continue
		}
		if o.users == "" {
			everybody := population.Generate(world.config.Seed, o.population)
			if target == Okta || target == Spoke {
				everybody = population.AddressedLogins(everybody)
			}
			if users, err = world.Populate(ctx, target, everybody); err != nil {
				return 0, err
			}
			continue
		}
		report, refusals, err := world.PopulateFile(ctx, target, o.users)
		if err != nil {
			return 0, fmt.Errorf("--users: %w", err)
		}
		if i == 0 {
			tell(notes, report)
		}
		refusals.tell(notes, target)
		if users = world.Target(target).Roster().Len(); users == 0 {
			return 0, fmt.Errorf("--users: %s has nobody who can be used", o.users)
		}
	}
	return users, nil
}

// tell says what of a file was used and what was not.
func tell(notes io.Writer, report population.Report) {
	say := func(format string, arguments ...any) { _, _ = fmt.Fprintf(notes, format+"\n", arguments...) }
	say("%s", report)
	for _, problem := range report.Skipped {
		say("  %s", problem)
	}
	if more := report.SkippedCount - len(report.Skipped); more > 0 {
		say("  … and %d more", more)
	}
	if bare := report.Schemes["cleartext"]; bare > 0 {
		say("  %d passwords stand in the file in clear text: they were not kept, but the file should not lie about", bare)
	}
}
