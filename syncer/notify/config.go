package notify

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/seatrial/seatrial/syncer/seal"
)

// Kinds of transport security.
const (
	StartTLS = "starttls"
	TLS      = "tls"
	None     = "none"
)

// Config says who gets mail when, and through which server.
type Config struct {
	// Server is the mail server as host:port, usually port 587 with "starttls" or 465 with "tls". Empty: no mail is sent.
	Server string `yaml:"server"`
	// TLS is "starttls" (the default: a server that does not offer it gets no mail), "tls" from the first byte on, or
	// "none", which is for a server on loopback only.
	TLS string `yaml:"tls"`
	// CAFile (PEM) holds the authorities that the server's certificate may come from; empty means the system's.
	CAFile string `yaml:"caFile"`
	// Username logs in at the server; empty means without a log-in.
	Username string `yaml:"username"`
	// Password belongs to Username. A configuration file names it by PasswordFile or PasswordEnv.
	Password seal.Secret `yaml:"-"`
	// PasswordFile is a file that holds the password; a line end at its end is not part of it.
	PasswordFile string `yaml:"passwordFile"`
	// PasswordEnv is an environment variable that holds the password.
	PasswordEnv string `yaml:"passwordEnv"`

	// From is the sender, "IT Service <it@example.com>" or the address alone.
	From string `yaml:"from"`
	// ReplyTo is where answers go; empty means to From.
	ReplyTo string `yaml:"replyTo"`
	// Subject of the mail to a user.
	Subject string `yaml:"subject"`
	// TemplateFile holds the text of the mail to a user as a Go template with .UserName, .ResetURL, .Failures, .Reason,
	// .TransactionID and .Time; empty means the built-in text.
	TemplateFile string `yaml:"templateFile"`
	// ResetURL is where a user sets his password anew. It is part of the built-in text.
	ResetURL string `yaml:"resetUrl"`

	// After is how many failed syncs in a row make a mail. Default 3.
	After int `yaml:"after"`
	// Wait is how long the mail of a change that is still tried again is held back; when the password is applied meanwhile
	// there is no mail. Default 20m, past the schedule's first round: an outage of a minute is nothing to write to everybody
	// about. The mail of a change that was parked for good does not wait.
	Wait time.Duration `yaml:"wait"`
	// Quiet is the time in which a user gets at most one mail. Default 24h.
	Quiet time.Duration `yaml:"quiet"`
	// Keep is how long a mail that cannot be sent is tried again before it is given up. Default 24h.
	Keep time.Duration `yaml:"keep"`
	// Attribute of a change that holds the user's address. Default "mail".
	Attribute string `yaml:"attribute"`
	// State is the file that remembers counts, mails that wait and mails that were sent. One process uses it at a time.
	// Default "mail.jsonl".
	State string `yaml:"state"`

	// ReportTo are the addresses that get the daily report; none means no report.
	ReportTo []string `yaml:"reportTo"`
	// ReportAt is when they get it, a Quartz cron expression in UTC. Default "0 0 6 * * ?".
	ReportAt string `yaml:"reportAt"`
}

// DefaultConfig sends no mail: it has no server.
func DefaultConfig() Config {
	return Config{
		TLS: StartTLS, Subject: "Please set your password again", After: 3, Wait: 20 * time.Minute, Quiet: 24 * time.Hour,
		Keep: 24 * time.Hour, Attribute: "mail", State: "mail.jsonl", ReportAt: "0 0 6 * * ?",
	}
}

// Validate reports every mistake, with paths relative to the section. ReportAt is the engine's to check.
func (c Config) Validate() error {
	if c.Server == "" {
		if len(c.ReportTo) > 0 {
			return errors.New("reportTo: the report has no way out; set server")
		}
		return nil
	}
	var errs []error
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	host, port, err := net.SplitHostPort(c.Server)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		wrong(`server: %q is not host:port, for example "mail.example.com:587"`, c.Server)
	}
	switch {
	case !slices.Contains([]string{StartTLS, TLS, None}, c.TLS):
		wrong("tls: %q is none of starttls, tls and none", c.TLS)
	case c.TLS == None && !loopback(host):
		wrong("tls: none would send mail and log-in in clear; only localhost, 127.0.0.1 and ::1 may have that, not %q", host)
	case c.TLS == None && c.CAFile != "":
		wrong("caFile: there is no certificate to check with tls: none")
	}
	if (c.Username == "") != (len(c.Password) == 0) {
		wrong("username: a log-in needs both username and passwordFile (or passwordEnv)")
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		wrong(`from: %q is not an address like "IT Service <it@example.com>"`, c.From)
	}
	if _, err := mail.ParseAddress(c.ReplyTo); c.ReplyTo != "" && err != nil {
		wrong("replyTo: %q is not an address", c.ReplyTo)
	}
	if strings.TrimSpace(c.Subject) == "" || strings.ContainsFunc(c.Subject, unicode.IsControl) {
		wrong("subject: %q is not one line of text", c.Subject)
	}
	if u, err := url.Parse(c.ResetURL); c.ResetURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
		wrong("resetUrl: not an address like https://password.example.com/")
	}
	if c.ResetURL == "" && c.TemplateFile == "" {
		wrong("resetUrl: not set; the mail must tell where to set the password (or have a templateFile)")
	}
	if c.After < 1 || c.After > 1000 {
		wrong("after: %d is not within 1…1000", c.After)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{{"wait", c.Wait, 0}, {"quiet", c.Quiet, time.Minute}, {"keep", c.Keep, time.Minute}} {
		if d.value < d.least || d.value > maxSpan {
			wrong("%s: %v is not within %v…%v", d.name, d.value, d.least, maxSpan)
		}
	}
	if c.Attribute == "" {
		wrong(`attribute: not set; it names the attribute of a change that holds the address, for example "mail"`)
	}
	if c.State == "" {
		wrong("state: not set; without the file a restart would write to everybody again")
	}
	for i, to := range c.ReportTo {
		if _, err := parseAddress(to); err != nil {
			wrong("reportTo[%d]: %w", i, err)
		}
	}
	return errors.Join(errs...)
}

// maxSpan bounds all durations.
const maxSpan = 90 * 24 * time.Hour

// loopback tells whether a host is this machine by name, without asking anybody.
func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}
