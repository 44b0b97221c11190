package hook

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
)

// How a caller hears of an outcome.
const (
	// Lenient acknowledges a change when it is durable; what became of it is asked for later.
	Lenient = "lenient"
	// Strict holds the answer back until the outcome is known, so that the source can refuse the change.
	Strict = "strict"
)

// longestWait is the longest time for which an answer is held back.
const longestWait = 5 * time.Minute

// Config says where the hook listens and who may call it.
type Config struct {
	// Listen is the address, "127.0.0.1:8470" by default. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	// Token is what callers present as bearer token. A configuration file names it by TokenFile or TokenEnv.
	Token seal.Secret `yaml:"-"`
	// Optional is set by an engine that has another source: without a token the hook then serves only what needs none.
	Optional bool `yaml:"-"`
	// TokenFile is a file that holds the token; a line end at its end is not part of it.
	TokenFile string `yaml:"tokenFile"`
	// TokenEnv is an environment variable that holds the token.
	TokenEnv string `yaml:"tokenEnv"`
	// CertFile and KeyFile (PEM) make the hook speak TLS. Without them it speaks plain HTTP, which fits loopback only.
	CertFile string `yaml:"certFile"`
	KeyFile  string `yaml:"keyFile"`
	// BodyLimit is the largest body of a change in bytes. Default 64 KiB.
	BodyLimit int64 `yaml:"bodyLimit"`
	// Mode is "lenient" (default) or "strict": whether the answer to a change that names no wait waits for the outcome.
	Mode string `yaml:"mode"`
	// Wait is how long a strict answer is held back; a change that has no outcome by then goes on as in lenient mode.
	// Default 10s.
	Wait time.Duration `yaml:"wait"`
}

// DefaultConfig listens on loopback.
func DefaultConfig() Config {
	return Config{Listen: "127.0.0.1:8470", BodyLimit: 64 << 10, Mode: Lenient, Wait: 10 * time.Second}
}

// Validate reports every mistake, with paths relative to the section.
func (c Config) Validate() error {
	var errs []error
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		errs = append(errs, fmt.Errorf(`listen: %q is not an address like "127.0.0.1:8470": %w`, c.Listen, err))
	}
	switch {
	case len(c.Token) == 0 && c.Optional:
	case len(c.Token) == 0:
		errs = append(errs, errors.New("token: not set; name it by tokenFile or tokenEnv"))
	case len(c.Token) < 16:
		errs = append(errs, fmt.Errorf("token: %d characters are too few to keep a guesser out; use at least 16", len(c.Token)))
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		errs = append(errs, errors.New("certFile: certFile and keyFile go together"))
	}
	if c.BodyLimit < 256 || c.BodyLimit > 1<<20 {
		errs = append(errs, fmt.Errorf("bodyLimit: %d is not within 256…1048576", c.BodyLimit))
	}
	if c.Mode != Lenient && c.Mode != Strict {
		errs = append(errs, fmt.Errorf("mode: %q is neither %q nor %q", c.Mode, Lenient, Strict))
	}
	if c.Wait < time.Second || c.Wait > longestWait {
		errs = append(errs, fmt.Errorf("wait: %v is not within 1s…%v", c.Wait, longestWait))
	}
	return errors.Join(errs...)
}
