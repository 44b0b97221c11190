package directory

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// ErrInvalid is wrapped by everything that is wrong with a setting, a person or a file.
var ErrInvalid = errors.New("invalid")

// Profile is a generation of the product, with its defaults and texts.
type Profile string

// The profiles.
const (
	// DS7 is ForgeRock Directory Services 7 and PingDS 8.
	DS7 Profile = "ds7"
	// OpenDJ is OpenDJ and ForgeRock Directory Services up to 6.
	OpenDJ Profile = "opendj"
)

// Layout is what a directory has in it when it is new.
type Layout string

// The layouts.
const (
	// Empty has the suffix alone, and the accounts of administrators.
	Empty Layout = "empty"
	// Evaluation is that of the setup profile ds-evaluation: people, groups, applications, kvaughan who resets passwords.
	Evaluation Layout = "ds-evaluation"
	// IDM is that of the samples of ForgeRock IDM: people, groups, and uid=idm,ou=Administrators, who reads all and writes all.
	IDM Layout = "idm"
)

// Config says what directory to simulate.
type Config struct {
	Profile Profile
	Layout  Layout
	// Suffix is the naming context, "dc=example,dc=com".
	Suffix string
	// People is the DN of the entry above the users, somewhere below the suffix; "" is ou=People. The layouts have no other than that:
	// it comes with an import.
	People string
	// RootDN and RootPassword are of the administrator who may do everything.
	RootDN       string
	RootPassword secret.Value
	// AccountPassword is the one of the layout's accounts: uid=idm, uid=kvaughan and the others. Empty: they have the documented
	// ones of DS's example data, and uid=idm has none.
	AccountPassword secret.Value
	// Reader is the account that a synchronisation binds with: besides what the layout has. It reads all users with their hashes, and
	// the changelog, and changes nothing. An empty DN is none.
	Reader Reader
	// ServerID tells replicas apart, 1 to 65535; it is part of every CSN.
	ServerID int
	// Schema has further definitions, each as in cn=schema: "attributeTypes: ( … )".
	Schema []string
	// Indexes are of the suffix.
	Indexes []Index
	Limits  Limits
	// Policy is the default password policy; Policies are further ones, which accounts name in ds-pwp-password-policy-dn. One
	// with RootPolicyDN is the administrator's.
	Policy   PasswordPolicy
	Policies []PasswordPolicy
	// Schemes are the enabled storage schemes with their costs: passwords stored with others verify nothing.
	Schemes   map[string]schemes.Settings
	Hashing   Hashing
	Changelog Changelog
	// ACIs are the global access control instructions, in DS's syntax.
	ACIs   []string
	Offers Offers
	// ReturnBindErrors tells clients why a bind failed; DS does not (return-bind-error-messages).
	ReturnBindErrors bool
	Switches         Switches
}

// Reader is the account of a synchronisation.
type Reader struct {
	// DN is directly below an entry of the layout, "uid=sync,ou=Administrators,dc=example,dc=com"; it begins with the uid.
	DN       string
	Password secret.Value
}

// Limits bound a search. Zero is no limit.
type Limits struct {
	// Size is how many entries a search returns: 1000.
	Size int
	// Lookthrough is how many it looks at: 5000.
	Lookthrough int
	// Seconds is how long it may take: 60.
	Seconds int
}

// Offers is what the server says of itself in the root DSE.
type Offers struct {
	Controls, Extensions, Features, SASLMechanisms, TLSProtocols, TLSCiphers []string
}

// ChangelogMode says whether and how cn=changelog can be read.
type ChangelogMode string

// The modes.
const (
	// ChangelogOff is a server without replication: there is no cn=changelog.
	ChangelogOff ChangelogMode = "disabled"
	// ChangelogCookies is read with the cookie control alone (changelog-enabled: enabled-cookie-mode-only, the default of DS 7).
	ChangelogCookies ChangelogMode = "enabled-cookie-mode-only"
	// ChangelogNumbers has change numbers, too.
	ChangelogNumbers ChangelogMode = "enabled"
)

// Changelog is about cn=changelog.
type Changelog struct {
	Mode ChangelogMode
	// PurgeDelay is how long changes are kept: 72h (replication-purge-delay).
	PurgeDelay time.Duration
	// FirstNumber is the number of the first change: 1. Replicas count for themselves, so theirs differ.
	FirstNumber int
	// IncludeForDeletes lists attributes that a deletion tells of the entry (ecl-include-for-deletes); Include those that all do.
	Include, IncludeForDeletes []string
}

// Hashing is what it costs to verify and to encode passwords.
type Hashing struct {
	// Workers is how many passwords are hashed at one time: all processors but one by default, so that a storm of binds leaves
	// searches theirs.
	Workers int
	// Cheap compares passwords by a digest instead of computing what their scheme asks for; Delay is waited then, while the worker
	// is taken. Stored values are those of the scheme all the same, with the least cost that it allows.
	Cheap bool
	Delay time.Duration
	// Rehash is what becomes of a password whose cost is not that of its scheme when it has been verified (rehash-policy).
	Rehash Rehash
}

// Rehash is a rehash-policy.
type Rehash string

// The rehash policies.
const (
	RehashNever        Rehash = "never"
	RehashOnlyIncrease Rehash = "only-increase"
	RehashAlways       Rehash = "always"
)

// DefaultConfig is what DS's setup makes of a profile.
func DefaultConfig(p Profile) Config {
	c := Config{
		Profile: p, Layout: Evaluation, Suffix: "dc=example,dc=com", RootDN: "uid=admin", RootPassword: secret.New("password"),
		ServerID: 1, Indexes: DefaultIndexes(), Limits: Limits{Size: 1000, Lookthrough: 5000, Seconds: 60},
		Policy: DefaultPolicy(p), Schemes: DefaultSchemes(p),
		Hashing:   Hashing{Workers: max(1, runtime.GOMAXPROCS(0)-1), Rehash: RehashNever},
		Changelog: Changelog{Mode: ChangelogOff, PurgeDelay: 72 * time.Hour, FirstNumber: 1},
		ACIs:      DefaultACIs(p), Offers: DefaultOffers(p),
	}
	if p == OpenDJ {
		c.RootDN = "cn=Directory Manager"
	}
	return c
}

// Validate reports every mistake with its path.
func (c *Config) Validate() error {
	var wrong []error
	fail := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: ds."+format, append([]any{ErrInvalid}, args...)...))
	}
	if c.Profile != DS7 && c.Profile != OpenDJ {
		fail("profile: %q is neither %q nor %q", c.Profile, DS7, OpenDJ)
	}
	if !slices.Contains([]Layout{Empty, Evaluation, IDM}, c.Layout) {
		fail("layout: %q is not one of %q, %q, %q", c.Layout, Empty, Evaluation, IDM)
	}
	for path, dn := range map[string]string{"suffix": c.Suffix, "rootDN": c.RootDN} {
		if d, err := names.Parse(dn); err != nil || len(d) == 0 {
			fail("%s: %q is not a DN", path, dn)
		}
	}
	if err := c.CheckPeople(); err != nil {
		fail("people: %w", err)
	}
	if dn, err := names.Parse(c.Reader.DN); c.Reader.DN != "" && (err != nil || len(dn) < 2 || dn[0].Value("uid") == "") {
		fail("reader.dn: %q is not the DN of an account, uid=…", c.Reader.DN)
	}
	if c.ServerID < 1 || c.ServerID > 0xffff {
		fail("serverID: %d is not in 1 to 65535", c.ServerID)
	}
	s, err := schema.New(c.Schema...)
	if err != nil {
		fail("schema: %w", err)
		s = schema.Standard()
	}
	for i, x := range c.Indexes {
		kind, ok := s.Attribute(x.Attribute)
		switch {
		case !ok:
			fail("indexes[%d]: the schema has no attribute %q", i, x.Attribute)
		case x.Substring && !kind.Ordered():
			fail("indexes[%d]: %s has no substrings", i, x.Attribute)
		}
	}
	for path, n := range map[string]int{
		"limits.size": c.Limits.Size, "limits.lookthrough": c.Limits.Lookthrough, "limits.seconds": c.Limits.Seconds,
		"hashing.workers": c.Hashing.Workers - 1, "changelog.firstNumber": c.Changelog.FirstNumber - 1,
	} {
		if n < 0 {
			fail("%s: it is too small", path)
		}
	}
	if !slices.Contains([]ChangelogMode{ChangelogOff, ChangelogCookies, ChangelogNumbers}, c.Changelog.Mode) {
		fail("changelog.mode: %q is not one of %q, %q, %q", c.Changelog.Mode, ChangelogOff, ChangelogCookies, ChangelogNumbers)
	}
	if !slices.Contains([]Rehash{"", RehashNever, RehashOnlyIncrease, RehashAlways}, c.Hashing.Rehash) {
		fail("hashing.rehash: %q is not one of %q, %q, %q", c.Hashing.Rehash, RehashNever, RehashOnlyIncrease, RehashAlways)
	}
	if c.Changelog.PurgeDelay <= 0 {
		fail("changelog.purgeDelay: %s is not positive", c.Changelog.PurgeDelay)
	}
	for i, text := range c.ACIs {
		if _, err := parseACI(s, text, &entry{}); err != nil {
			fail("acis[%d]: %w", i, err)
		}
	}
	for i, p := range append([]PasswordPolicy{c.Policy}, c.Policies...) {
		if err := p.Validate(); err != nil {
			fail("policies[%d]: %w", i, err)
		} else if !c.enables(p.DefaultScheme) {
			fail("policies[%d]: default-password-storage-scheme: %s is not enabled, so nobody could bind", i, p.DefaultScheme)
		}
	}
	for name := range c.Schemes {
		if _, ok := schemes.Lookup(name); !ok {
			fail("schemes: %q is not known", name)
		}
	}
	if err := checkSwitches(c.Switches); err != nil {
		wrong = append(wrong, fmt.Errorf("%w: %w", ErrInvalid, err))
	}
	return errors.Join(wrong...)
}

// enables tells whether a storage scheme is among the enabled ones, by whatever name.
func (c *Config) enables(scheme string) bool {
	wanted, ok := schemes.Lookup(scheme)
	for name := range c.Schemes {
		if known, found := schemes.Lookup(name); ok && found && known.Name == wanted.Name {
			return true
		}
	}
	return false
}
