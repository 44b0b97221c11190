package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// The names of the simulators: in [Config.Run], at the control plane, in journals and scenarios.
const (
	IDCS  = "idcs"  // an identity domain of Oracle
	Okta  = "okta"  // an Okta org; in an Org2Org pair the hub, which passwords are synchronised to
	Spoke = "spoke" // the second org of the pair
	DS    = "ds"    // a directory, which passwords are synchronised from
	DS2   = "ds2"   // its replica
)

// Simulators lists all of them.
func Simulators() []string { return []string{IDCS, Okta, Spoke, DS, DS2} }

// Config says what world to build.
type Config struct {
	// Run names the simulators that run, some of Simulators(); the spoke needs its hub, and ds2 needs ds. None is idcs alone.
	Run []string
	// Seed is the origin of all chance in the world; the secrets that are made up come from it, too.
	Seed random.Seed
	// IDCS is the identity domain. Without clients it gets one: [World.ClientID] and [World.ClientSecret].
	IDCS idcs.Config
	// Okta is the hub. Without tokens it gets one of a super administrator, [World.OktaToken]; without clients a service
	// application, [World.OktaClient].
	Okta okta.Config
	// Spoke is the second org. Without tokens it gets one: [World.SpokeToken].
	Spoke okta.Config
	// DS is the directory. Where its administrator and the account of a synchronisation have no password, they get one:
	// [World.DSAdministrator], [World.DSAccount].
	DS ds.Config
	// DS2 is its replica, which has the users of DS, its accounts and their passwords.
	DS2 ds.Config
	// ControlHost is the host name of the control plane.
	ControlHost string
	// ControlToken opens the control plane; made up when empty.
	ControlToken secret.Value
	// JournalCapacity is how many exchanges are remembered; beyond, the oldest go, and whoever reads is told.
	JournalCapacity int
	// Names are further host names and addresses for the certificates: what a container is called, where it listens.
	Names []string
	// Version is what the control plane says it is.
	Version string
}

// DefaultConfig is a world with one identity domain as Oracle sets it up; its orgs, which do not run, are as Okta does.
func DefaultConfig() Config {
	hub, spoke := okta.DefaultConfig(), okta.DefaultConfig()
	hub.Host, spoke.Host = "hub.okta.test", "spoke.okta.test"
	return Config{
		Run:             []string{IDCS},
		Seed:            1,
		IDCS:            idcs.DefaultConfig(),
		Okta:            hub,
		Spoke:           spoke,
		DS:              directoryConfig("ds.example.com", 1, 285_001),
		DS2:             directoryConfig("ds2.example.com", 2, 198_001),
		ControlHost:     "control.seatrial.test",
		JournalCapacity: 200_000,
		Version:         "unversioned",
	}
}

// directoryConfig is a server of a directory of DS 7 with replication, as the samples of ForgeRock IDM lay it out. The change
// numbers of two servers differ, as those of the vendor's documentation do, so that who confuses them notices.
func directoryConfig(host string, serverID, firstNumber int) ds.Config {
	c := ds.DefaultConfig()
	c.Host = host
	c.Directory.Layout, c.Directory.ServerID = directory.IDM, serverID
	c.Directory.RootPassword = secret.Value{}
	c.Directory.Reader.DN = "uid=sync,ou=Administrators," + c.Directory.Suffix
	c.Directory.Changelog.Mode, c.Directory.Changelog.FirstNumber = directory.ChangelogCookies, firstNumber
	return c
}

// Validate reports every mistake with its path; it does not look at simulators that do not run.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(format string, arguments ...any) { mistakes = append(mistakes, fmt.Errorf(format, arguments...)) }
	if c.ControlHost == "" || strings.ContainsAny(c.ControlHost, "/: ") {
		wrong("controlHost: %q is not a host name", c.ControlHost)
	}
	for i, name := range c.Run {
		switch {
		case !slices.Contains(Simulators(), name):
			wrong("run[%d]: there is no simulator %q; there are %s", i, name, strings.Join(Simulators(), ", "))
		case slices.Contains(c.Run[:i], name):
			wrong("run[%d]: %q is there twice", i, name)
		case name == Spoke && !slices.Contains(c.Run, Okta):
			wrong("run[%d]: spoke needs okta, its hub", i)
		case name == DS2 && !slices.Contains(c.Run, DS):
			wrong("run[%d]: ds2 needs ds, whose replica it is", i)
		}
	}
	if c.JournalCapacity < 1 {
		wrong("journalCapacity: %d is below 1", c.JournalCapacity)
	}
	for i, name := range c.Names {
		if name == "" || strings.ContainsAny(name, "/ ") {
			wrong("names[%d]: %q is neither a host name nor an address", i, name)
		}
	}
	return errors.Join(append(mistakes, c.checkSimulators()...)...)
}

func (c Config) checkSimulators() (mistakes []error) {
	owners := map[string]string{}
	own := func(path, owner, host string) {
		if other, taken := owners[strings.ToLower(host)]; taken {
			mistakes = append(mistakes, fmt.Errorf("%s: %q is the host of %s, too", path, host, other))
		}
		owners[strings.ToLower(host)] = owner
	}
	check := func(name, owner, host string, err error) {
		if !c.runs(name) {
			return
		}
		if err != nil {
			mistakes = append(mistakes, err)
		}
		own(name+".host", owner, host)
	}
	check(IDCS, "the identity domain", c.IDCS.Host, c.IDCS.Validate())
	check(Okta, "the hub", c.Okta.Host, c.Okta.Validate())
	err := c.Spoke.Validate()
	if err != nil {
		err = fmt.Errorf("spoke: %w", err)
	}
	check(Spoke, "the spoke", c.Spoke.Host, err)
	check(DS, "the directory", c.DS.Host, c.DS.Validate())
	if err = c.DS2.Validate(); err != nil {
		err = fmt.Errorf("ds2: %w", err)
	}
	check(DS2, "the replica", c.DS2.Host, err)
	if c.runs(DS2) && c.DS.Directory.ServerID == c.DS2.Directory.ServerID {
		mistakes = append(mistakes, fmt.Errorf("ds2.directory.serverID: %d is that of ds, too", c.DS2.Directory.ServerID))
	}
	own("controlHost", "the control plane", c.ControlHost)
	return mistakes
}

func (c Config) runs(name string) bool { return slices.Contains(c.Run, name) }
