package syncer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/seatrial/seatrial/syncer/seal"
)

// ReadConfig reads a configuration file over the defaults. Unknown and repeated keys are mistakes. The secrets come from the
// files and environment variables that it names; getenv is os.LookupEnv in life. Nothing is validated yet.
func ReadConfig(path string, getenv func(string) (string, bool)) (Config, *Source, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return Config{}, nil, UsageError{fmt.Errorf("configuration: %w", err)}
	}
	c := DefaultConfig()
	source := &Source{path: path}
	if len(bytes.TrimSpace(text)) > 0 {
		if source.file, err = parser.ParseBytes(text, 0); err != nil {
			return c, nil, UsageError{source.quote(err)}
		}
		if err := source.durations(); err != nil {
			return c, nil, UsageError{err}
		}
		if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&c); err != nil {
			return c, nil, UsageError{source.quote(err)}
		}
	}
	var errs []error
	load := func(name, file, env string, into *seal.Secret) {
		secret, err := readSecret(file, env, getenv)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		case secret != nil:
			*into = secret
		}
	}
	load("hook.token", c.Hook.TokenFile, c.Hook.TokenEnv, &c.Hook.Token)
	load("ldap.password", c.LDAP.PasswordFile, c.LDAP.PasswordEnv, &c.LDAP.Password)
	load("mail.password", c.Mail.PasswordFile, c.Mail.PasswordEnv, &c.Mail.Password)
	load("seal.keyEnv", "", c.Seal.KeyEnv, &c.Seal.Keys)
	if c.Target == TargetOkta {
		load("okta.token", c.Okta.TokenFile, c.Okta.TokenEnv, &c.Okta.Token)
		load("okta.key", c.Okta.KeyFile, c.Okta.KeyEnv, &c.Okta.Key)
	} else {
		load("idcs.clientSecret", c.IDCS.ClientSecretFile, c.IDCS.ClientSecretEnv, &c.IDCS.ClientSecret)
	}
	if err := errors.Join(errs...); err != nil {
		return c, nil, UsageError{source.Locate(err)}
	}
	return c, source, nil
}

func readSecret(file, env string, getenv func(string) (string, bool)) (seal.Secret, error) {
	switch {
	case file != "" && env != "":
		return nil, errors.New("both a file and an environment variable are named; name one")
	case file != "":
		data, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return nil, err
		}
		return seal.Secret(bytes.TrimRight(data, "\r\n")), nil
	case env != "":
		value, ok := getenv(env)
		if !ok {
			return nil, fmt.Errorf("the environment has no variable %s", env)
		}
		return seal.Secret(value), nil
	}
	return nil, nil
}

// Source knows the lines of a configuration file.
type Source struct {
	path string
	file *ast.File
}

// Locate adds file, line and column to each mistake that names a key of the file ("idcs.door: …").
func (s *Source) Locate(err error) error {
	if err == nil {
		return nil
	}
	var located []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		key, _, _ := strings.Cut(line, ":")
		located = append(located, fmt.Errorf("%s: %s", s.position(key), line))
	}
	return errors.Join(located...)
}

func (s *Source) position(key string) string {
	for s.file != nil && key != "" {
		path, err := yaml.PathString("$." + key)
		if err != nil {
			break
		}
		if node, err := path.FilterFile(s.file); err == nil && node != nil {
			at := node.GetToken().Position
			return fmt.Sprintf("%s:%d:%d", s.path, at.Line, at.Column)
		}
		// A key that is missing is missing from its section.
		key = key[:max(0, strings.LastIndexByte(key, '.'))]
	}
	return s.path
}

// quote shows a mistake that the YAML library found, with the lines around it. No secret stands in the file.
func (s *Source) quote(err error) error {
	return fmt.Errorf("%s:%s", s.path, strings.TrimSpace(yaml.FormatError(err, false, true)))
}

// durationKeys are all keys that hold a duration.
var durationKeys = []string{
	"hook.wait", "ldap.timeout", "ldap.overlap", "queue.duplicates", "idcs.timeout", "idcs.remember", "okta.timeout", "okta.remember", "retry.first", "retry.patience", "parked.deadline",
	"parked.keep", "mail.wait", "mail.quiet", "mail.keep",
}

// durations checks what should be a duration; the YAML library says what is wrong with one, but not where it stands.
func (s *Source) durations() error {
	var errs []error
	for _, key := range durationKeys {
		path, err := yaml.PathString("$." + key)
		if err != nil {
			return err
		}
		node, err := path.FilterFile(s.file)
		if err != nil || node == nil {
			continue // It is not there.
		}
		text := node.GetToken().Value
		if _, err := time.ParseDuration(text); err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %q is not a duration like 30s or 15m", s.position(key), key, text))
		}
	}
	return errors.Join(errs...)
}
