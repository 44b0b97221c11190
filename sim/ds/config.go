package ds

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
)

// ErrInvalid is wrapped by everything that is wrong with a setting.
var ErrInvalid = errors.New("invalid")

// Config says what directory server to simulate.
type Config struct {
	// Host is the server's host name, as its certificate has it.
	Host string
	// Directory is what lives in it. Of what it offers, the SASL mechanisms decide which of this server's are enabled; what it says of
	// controls and extended operations is replaced by what the server can do.
	Directory directory.Config
	// ClientAuth is whether clients are asked for a certificate of theirs, which SASL EXTERNAL needs: optional by default.
	ClientAuth ClientAuth
	// MaxMessage is how large a request may be, in bytes: 5,000,000 by default, as OpenDJ has it. A larger one ends the connection.
	MaxMessage int
	// MaxOperations is how many operations of one connection may be under way; the next is answered busy (51). OpenDJ counts those
	// of all connections together, 1000.
	MaxOperations int
	// IdleTimeout ends a connection that has asked nothing for so long and waits for nothing; 0, the default, never does.
	IdleTimeout time.Duration
	// MessageTimeout is how long a request may take from its first byte to its last, and a TLS handshake altogether: 30s.
	MessageTimeout time.Duration
	// WriteTimeout is how long a client may leave what it is sent unread: 2m, as OpenDJ has it.
	WriteTimeout time.Duration
}

// ClientAuth is the ssl-client-auth-policy of a connection handler (OpenDJ, LDAPConnectionHandlerConfiguration.xml).
type ClientAuth string

// The policies. A certificate that is shown must be one of a CA that is trusted.
const (
	ClientAuthDisabled ClientAuth = "disabled"
	ClientAuthOptional ClientAuth = "optional"
	ClientAuthRequired ClientAuth = "required"
)

// ClientAuths lists them.
func ClientAuths() []ClientAuth {
	return []ClientAuth{ClientAuthDisabled, ClientAuthOptional, ClientAuthRequired}
}

// DefaultConfig is a server as DS sets one up.
func DefaultConfig() Config {
	return Config{
		Host: "ds.example.com", Directory: directory.DefaultConfig(directory.DS7), ClientAuth: ClientAuthOptional, MaxMessage: ber.DefaultSize, MaxOperations: 1000,
		MessageTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute,
	}
}

// Validate reports every mistake with its path. Those of the directory are reported by New.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%w: ds."+format, append([]any{ErrInvalid}, args...)...))
	}
	if c.Host == "" {
		wrong("host: is empty")
	}
	if !slices.Contains(ClientAuths(), c.ClientAuth) {
		wrong("clientAuth: %q is none of disabled, optional, required", c.ClientAuth)
	}
	if c.MaxMessage < 1<<10 || c.MaxMessage > 1<<30 {
		wrong("maxMessage: %d is not within 1024…1073741824", c.MaxMessage)
	}
	if c.MaxOperations < 1 {
		wrong("maxOperations: %d is below 1", c.MaxOperations)
	}
	if c.IdleTimeout < 0 {
		wrong("idleTimeout: %s is negative", c.IdleTimeout)
	}
	if c.MessageTimeout <= 0 {
		wrong("messageTimeout: %s is not above 0", c.MessageTimeout)
	}
	if c.WriteTimeout <= 0 {
		wrong("writeTimeout: %s is not above 0", c.WriteTimeout)
	}
	return errors.Join(mistakes...)
}
