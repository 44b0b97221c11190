package sim

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Config says what world to build.
type Config struct {
	// Seed is the origin of all chance in the world; the secrets that are made up come from it, too.
	Seed random.Seed
	// IDCS is the identity domain. Without clients it gets one: [World.ClientID] and [World.ClientSecret].
	IDCS idcs.Config
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

// DefaultConfig is a world with one identity domain as Oracle sets it up.
func DefaultConfig() Config {
	return Config{
		Seed:            1,
		IDCS:            idcs.DefaultConfig(),
		ControlHost:     "control.seatrial.test",
		JournalCapacity: 200_000,
		Version:         "unversioned",
	}
}

// Validate reports every mistake with its path.
func (c Config) Validate() error {
	var mistakes []error
	if c.ControlHost == "" || strings.ContainsAny(c.ControlHost, "/: ") {
		mistakes = append(mistakes, fmt.Errorf("controlHost: %q is not a host name", c.ControlHost))
	}
	if strings.EqualFold(c.ControlHost, c.IDCS.Host) {
		mistakes = append(mistakes, fmt.Errorf("controlHost: %q is the host of the identity domain, too", c.ControlHost))
	}
	if c.JournalCapacity < 1 {
		mistakes = append(mistakes, fmt.Errorf("journalCapacity: %d is below 1", c.JournalCapacity))
	}
	for i, name := range c.Names {
		if name == "" || strings.ContainsAny(name, "/ ") {
			mistakes = append(mistakes, fmt.Errorf("names[%d]: %q is neither a host name nor an address", i, name))
		}
	}
	if err := c.IDCS.Validate(); err != nil {
		mistakes = append(mistakes, err)
	}
	return errors.Join(mistakes...)
}
