package ldap

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/robfig/cron/v3"

	"github.com/seatrial/seatrial/syncer/internal/quartz"
	"github.com/seatrial/seatrial/syncer/seal"
)

// How the directory is read.
const (
	// LiveSync asks every few seconds for what has changed.
	LiveSync = "liveSync"
	// Reconciliation reads all users and compares, by a schedule.
	Reconciliation = "reconciliation"
)

// How liveSync learns what has changed.
const (
	// Auto takes the first of cookie, changeNumber and timestamps that the server offers and the account may use.
	Auto = "auto"
	// ChangeNumber reads cn=changelog by number; each server counts for itself.
	ChangeNumber = "changeNumber"
	// Cookie reads cn=changelog of ForgeRock DS by its cookie, which all replicas understand.
	Cookie = "cookie"
	// Timestamps searches the users for a younger modifyTimestamp.
	Timestamps = "timestamps"
)

// What happens to passwords that were there before the first start.
const (
	// Now takes note of them and delivers only what changes from now on.
	Now = "now"
	// All delivers them.
	All = "all"
)

// How the account says who it is.
const (
	// Simple sends BindDN and the password.
	Simple = "simple"
	// External leaves it to the certificate of CertFile (SASL EXTERNAL).
	External = "external"
	// Plain sends AuthID and the password (SASL PLAIN).
	Plain = "plain"
)

// Config says which directory passwords are read from, and how.
type Config struct {
	// URLs are the servers of one directory, "ldaps://ds1.example.com:1636" or "ldap://…:1389". The first is used until it
	// fails, then the next. Without any this source is off.
	URLs []string `yaml:"urls"`
	// Auth is "simple" (default), "external" or "plain".
	Auth string `yaml:"auth"`
	// BindDN is the account that reads; it needs the right to read userPassword, and for a changelog the privilege
	// changelog-read. With "external" the certificate says it.
	BindDN string `yaml:"bindDN"`
	// AuthID is the account as SASL PLAIN names it. Default "dn:" and BindDN, as DS takes it; slapd wants a user name.
	AuthID string `yaml:"authID"`
	// Password is its password. A configuration file names it by PasswordFile or PasswordEnv.
	Password seal.Secret `yaml:"-"`
	// PasswordFile is a file that holds the password; a line end at its end is not part of it. It is read again for each
	// connection, so a password that is rotated needs no restart.
	PasswordFile string `yaml:"passwordFile"`
	// PasswordEnv is an environment variable that holds the password.
	PasswordEnv string `yaml:"passwordEnv"`
	// StartTLS secures ldap:// connections before anything is said. Default true; false is for loopback.
	StartTLS bool `yaml:"startTLS"`
	// CAFile holds certificates (PEM) to trust besides the system's, for instance that of the deployment id. It is read again
	// for each connection, as are CertFile and KeyFile.
	CAFile string `yaml:"caFile"`
	// CertFile and KeyFile (PEM) are our own certificate, for "external", or for a server that talks to nobody without one.
	CertFile string `yaml:"certFile"`
	KeyFile  string `yaml:"keyFile"`
	// Base is where the users are.
	Base string `yaml:"base"`
	// Filter says who is a user. Default "(objectClass=person)".
	Filter string `yaml:"filter"`
	// Attributes travel with each change, for targets that create users. Default mail, givenName, sn.
	Attributes []string `yaml:"attributes"`
	// UIDAttribute tells entries apart for good, also when they are renamed. Default entryUUID; on an old 389-DS nsUniqueId.
	UIDAttribute string `yaml:"uidAttribute"`
	// UserNameAttribute is the user's name at the target. Default uid.
	UserNameAttribute string `yaml:"userNameAttribute"`
	// Mode is "liveSync" (default) or "reconciliation".
	Mode string `yaml:"mode"`
	// Strategy is "auto" (default), "cookie", "changeNumber" or "timestamps". Only liveSync has one.
	Strategy string `yaml:"strategy"`
	// Start is "now" or "all": whether passwords that are there at the first start are delivered. Default: now for liveSync,
	// all for reconciliation.
	Start string `yaml:"start"`
	// Interval is the time between two looks, "10s" (the default of liveSync), or a Quartz expression in UTC,
	// "0 0/15 * * * ?" (the default of reconciliation).
	Interval string `yaml:"interval"`
	// PageSize is the number of entries that are asked for at once. Default 500: below the usual size limit of 1000.
	PageSize int `yaml:"pageSize"`
	// Timeout bounds the connecting, each step of securing it, and each request up to the last byte of its answer: a server that
	// stalls and one that drips are left after it alike. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// Overlap is how far timestamps look back beyond what they have seen. It should be longer than replication ever lags,
	// and the clocks of the servers are apart. Default 1m.
	Overlap time.Duration `yaml:"overlap"`
	// State is a directory for the position and for what was seen. Default "ldap".
	State string `yaml:"state"`
	// Users is the highest number of users that are remembered, each with 56 bytes on disk and about 100 in memory.
	// Default 1000000.
	Users int `yaml:"users"`
	// AllowEmptySource believes a reconciliation that finds nobody although there were users. Default false: it is taken for
	// a mistake, and nobody for deleted.
	AllowEmptySource bool `yaml:"allowEmptySource"`
	// IgnoreInitiators are DNs whose changes are not delivered, for instance of the account that writes passwords coming
	// from the target. Only a changelog tells who changed something.
	IgnoreInitiators []string `yaml:"ignoreInitiators"`
	// Cleartext delivers values that are stored in clear ("secret", "{CLEAR}secret") as passwords. Default false: such
	// entries are parked.
	Cleartext bool `yaml:"cleartext"`
}

// attributeName is a name or an object identifier; options, as in "cn;lang-de", may follow.
var attributeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.;-]{0,127}$`)

// DefaultConfig lacks URLs, BindDN, Password and Base.
func DefaultConfig() Config {
	return Config{
		Auth: Simple, StartTLS: true, Filter: "(objectClass=person)", Attributes: []string{"mail", "givenName", "sn"}, UIDAttribute: "entryUUID",
		UserNameAttribute: "uid", Mode: LiveSync, Strategy: Auto, PageSize: 500, Timeout: 30 * time.Second, Overlap: time.Minute,
		State: "ldap", Users: 1_000_000,
	}
}

// On tells whether a directory is read at all.
func (c Config) On() bool { return len(c.URLs) > 0 }

// Validate reports every mistake, with paths relative to the section.
func (c Config) Validate() error {
	if !c.On() {
		return nil
	}
	var errs []error
	mistake := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	for i, text := range c.URLs {
		if err := c.checkURL(text); err != nil {
			mistake("urls[%d]: %w", i, err)
		} else if slices.Contains(c.URLs[:i], text) {
			mistake("urls[%d]: %s is there twice", i, text)
		}
	}
	c.checkAccount(mistake)
	if _, err := parseDN(c.Base); err != nil || c.Base == "" {
		mistake("base: %q is not a DN like ou=People,dc=example,dc=com", c.Base)
	}
	if _, err := goldap.CompileFilter(c.Filter); err != nil {
		mistake("filter: %q is not an LDAP filter like (objectClass=person)", c.Filter)
	}
	for i, dn := range c.IgnoreInitiators {
		if _, err := parseDN(dn); err != nil || dn == "" {
			mistake("ignoreInitiators[%d]: %q is not a DN", i, dn)
		}
	}
	c.checkAttributes(mistake)
	oneOf := func(name, value string, of ...string) {
		if !slices.Contains(of, value) {
			mistake("%s: %q is not one of %s", name, value, strings.Join(of, ", "))
		}
	}
	oneOf("auth", c.Auth, Simple, External, Plain)
	oneOf("mode", c.Mode, LiveSync, Reconciliation)
	oneOf("strategy", c.Strategy, Auto, Cookie, ChangeNumber, Timestamps)
	if c.Start != "" {
		oneOf("start", c.Start, Now, All)
	}
	if _, err := c.rhythm(); err != nil {
		mistake("interval: %w", err)
	}
	if c.PageSize < 1 || c.PageSize > 10_000 {
		mistake("pageSize: %d is not within 1…10000", c.PageSize)
	}
	if c.Timeout < time.Second || c.Timeout > time.Hour {
		mistake("timeout: %v is not within 1s…1h", c.Timeout)
	}
	if c.Overlap < 0 || c.Overlap > 24*time.Hour {
		mistake("overlap: %v is not within 0s…24h", c.Overlap)
	}
	if c.State == "" {
		mistake("state: not set; it is the directory for the position")
	}
	if c.Users < 1 {
		mistake("users: %d is below 1", c.Users)
	}
	return errors.Join(errs...)
}

// checkAccount looks for what the kind of authentication needs.
func (c Config) checkAccount(mistake func(string, ...any)) {
	named := c.Auth != Simple && c.BindDN == "" && (c.Auth == External || c.AuthID != "")
	if _, err := parseDN(c.BindDN); err != nil || c.BindDN == "" && !named {
		mistake("bindDN: %q is not a DN like uid=sync,ou=Apps,dc=example,dc=com", c.BindDN)
	}
	if len(c.Password) == 0 && c.Auth != External {
		mistake("password: not set; name it by passwordFile or passwordEnv")
	}
	switch {
	case strings.ContainsRune(c.AuthID, 0):
		mistake("authID: must not hold a NUL")
	case c.Auth == External && c.CertFile == "":
		mistake("certFile: not set; external is by certificate")
	case (c.CertFile == "") != (c.KeyFile == ""):
		mistake("keyFile: certFile and keyFile belong together")
	}
}

// identity is the account as SASL PLAIN names it: RFC 4513, 5.2.1.8; OpenDJ, PlainSASLMechanismHandler.
func (c Config) identity() string { return cmp.Or(c.AuthID, "dn:"+c.BindDN) }

// who names the account to people.
func (c Config) who() string {
	switch c.Auth {
	case External:
		return "the subject of " + c.CertFile
	case Plain:
		return c.identity()
	}
	return c.BindDN
}

func (c Config) checkAttributes(mistake func(string, ...any)) {
	check := func(path, name string) {
		switch {
		case !attributeName.MatchString(name):
			mistake("%s: %q is not the name of an attribute", path, name)
		case strings.EqualFold(name, passwordAttribute):
			mistake("%s: %s goes its own way, sealed", path, passwordAttribute)
		}
	}
	check("uidAttribute", c.UIDAttribute)
	check("userNameAttribute", c.UserNameAttribute)
	for i, name := range c.Attributes {
		check(fmt.Sprintf("attributes[%d]", i), name)
	}
}

func (c Config) checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a URL", text)
	case u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps":
		return fmt.Errorf("%q is not a URL like ldaps://ds.example.com:1636", text)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return errors.New("must hold nothing but scheme, host and port; base and filter stand for themselves")
	case u.Scheme == "ldap" && !c.StartTLS && !loopback(u.Hostname()):
		return errors.New("startTLS is off, so the password and all hashes would cross the network in clear; that is for loopback only")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// parseDN reads a DN as the directory compares it: without regard to case.
func parseDN(text string) (*goldap.DN, error) { return goldap.ParseDN(text) }

// within tells whether a DN is the base or below it.
func within(base *goldap.DN, text string) bool {
	dn, err := parseDN(text)
	return err == nil && (base.EqualFold(dn) || base.AncestorOfFold(dn))
}

// rhythm is when the directory is looked at.
func (c Config) rhythm() (cron.Schedule, error) {
	text := strings.TrimSpace(c.Interval)
	switch {
	case text == "" && c.Mode == Reconciliation:
		text = "0 0/15 * * * ?"
	case text == "":
		text = "10s"
	}
	if strings.ContainsAny(text, " \t") {
		return quartz.Parse(text)
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is neither a duration like 10s nor a Quartz expression like 0 0/15 * * * ?", text)
	case d < time.Second || d > 24*time.Hour:
		return nil, fmt.Errorf("%v is not within 1s…24h", d)
	}
	return every(d), nil
}

// every is a schedule of equal pauses.
type every time.Duration

// Next is one pause later.
func (e every) Next(t time.Time) time.Time { return t.Add(time.Duration(e)) }

// DeliversFirst tells whether passwords that are there at the first start are delivered.
func (c Config) DeliversFirst() bool {
	if c.Start == "" {
		return c.Mode == Reconciliation
	}
	return c.Start == All
}
