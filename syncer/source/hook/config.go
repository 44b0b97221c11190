package hook

import (
	"errors"
	"fmt"
	"net"

	"github.com/seatrial/seatrial/syncer/seal"
)

// Config says where the hook listens and who may call it.
type Config struct {
	// Listen is the address, "127.0.0.1:8470" by default. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	// Token is what callers present as bearer token. A configuration file names it by TokenFile or TokenEnv.
	Token seal.Secret `yaml:"-"`
	// TokenFile is a file that holds the token; a line end at its end is not part of it.
	TokenFile string `yaml:"tokenFile"`
	// TokenEnv is an environment variable that holds the token.
	TokenEnv string `yaml:"tokenEnv"`
	// CertFile and KeyFile (PEM) make the hook speak TLS. Without them it speaks plain HTTP, which fits loopback only.
	CertFile string `yaml:"certFile"`
	KeyFile  string `yaml:"keyFile"`
	// BodyLimit is the largest body of a change in bytes. Default 64 KiB.
	BodyLimit int64 `yaml:"bodyLimit"`
}

// DefaultConfig listens on loopback.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:8470", BodyLimit: 64 << 10} }

// Validate reports every mistake, with paths relative to the section.
func (c Config) Validate() error {
	var errs []error
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		errs = append(errs, fmt.Errorf(`listen: %q is not an address like "127.0.0.1:8470": %w`, c.Listen, err))
	}
	switch {
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
	return errors.Join(errs...)
}
