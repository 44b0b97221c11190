package queue

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Config says where the queue lives.
type Config struct {
	// Dir is the directory of the embedded store; one engine at a time may use it.
	Dir string `yaml:"dir"`
	// URL names a NATS server or cluster with JetStream ("nats://queue:4222"); Dir is not used then.
	URL string `yaml:"url"`
	// CredentialsFile holds NATS user credentials for URL.
	CredentialsFile string `yaml:"credentialsFile"`
	// Stream is the name of the stream. Default "SEATRIAL".
	Stream string `yaml:"stream"`
	// Replicas is the number of copies that a cluster keeps. Default 1; the embedded store has one.
	Replicas int `yaml:"replicas"`
	// Limit is the number of waiting changes above which new ones are refused. Default 1 000 000.
	Limit int64 `yaml:"limit"`
	// Duplicates is how long a change that is submitted again is recognised. Default 24h.
	Duplicates time.Duration `yaml:"duplicates"`
}

// DefaultConfig returns a queue in the directory "queue".
func DefaultConfig() Config {
	return Config{Dir: "queue", Stream: "SEATRIAL", Replicas: 1, Limit: 1_000_000, Duplicates: 24 * time.Hour}
}

var streamName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate reports every mistake, with paths relative to the section.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" && c.URL == "" {
		errs = append(errs, errors.New("dir: not set, and no url either; the queue needs one of them"))
	}
	if !streamName.MatchString(c.Stream) {
		errs = append(errs, fmt.Errorf("stream: %q is not 1 to 64 letters, digits, _ or -", c.Stream))
	}
	if c.Replicas < 1 || c.Replicas > 5 {
		errs = append(errs, fmt.Errorf("replicas: %d is not within 1…5", c.Replicas))
	}
	if c.URL == "" && c.Replicas > 1 {
		errs = append(errs, fmt.Errorf("replicas: %d needs a cluster, named by url", c.Replicas))
	}
	if c.Limit < 1 {
		errs = append(errs, fmt.Errorf("limit: %d is below 1", c.Limit))
	}
	if c.Duplicates < time.Second {
		errs = append(errs, fmt.Errorf("duplicates: %v is below 1s", c.Duplicates))
	}
	return errors.Join(errs...)
}
