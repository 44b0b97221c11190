package directory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/schemes"
)

// PasswordPolicy is a password policy of DS. Its JSON has the names of dsconfig; what is zero is off, as there.
type PasswordPolicy struct {
	// DN is how accounts name it in ds-pwp-password-policy-dn.
	DN string `json:"dn"`
	// DefaultScheme encodes new passwords; see Config.Schemes for its cost.
	DefaultScheme string `json:"default-password-storage-scheme"`
	// DeprecatedSchemes are replaced by the default one when a password has been verified with them.
	DeprecatedSchemes []string `json:"deprecated-password-storage-scheme,omitempty"`
	// AllowPreEncoded takes values such as {SSHA512}… for passwords that are encoded already.
	AllowPreEncoded bool `json:"allow-pre-encoded-passwords"`

	AllowUserChange        bool `json:"allow-user-password-changes"`
	AllowMultiple          bool `json:"allow-multiple-password-values"`
	AllowExpiredChange     bool `json:"allow-expired-password-changes"`
	RequireCurrentPassword bool `json:"password-change-requires-current-password"`
	RequireSecureBind      bool `json:"require-secure-authentication"`
	RequireSecureChange    bool `json:"require-secure-password-changes"`
	ForceChangeOnAdd       bool `json:"force-change-on-add"`
	ForceChangeOnReset     bool `json:"force-change-on-reset"`
	SkipForAdministrators  bool `json:"skip-validation-for-administrators"`
	RecordLastLogin        bool `json:"last-login-time-attribute"` // into ds-pwp-last-login-time

	// MinAge is how old a password must be before its owner may change it.
	MinAge Duration `json:"min-password-age"`
	// MaxAge is how old it may become; MaxResetAge how long after a reset by an administrator.
	MaxAge            Duration `json:"max-password-age"`
	MaxResetAge       Duration `json:"max-password-reset-age"`
	ExpirationWarning Duration `json:"password-expiration-warning-interval"`
	ExpireUnwarned    bool     `json:"expire-passwords-without-warning"`
	GraceLogins       int      `json:"grace-login-count"`

	LockoutFailures int      `json:"lockout-failure-count"`
	LockoutDuration Duration `json:"lockout-duration"`
	FailureInterval Duration `json:"lockout-failure-expiration-interval"`

	HistoryCount    int      `json:"password-history-count"`
	HistoryDuration Duration `json:"password-history-duration"`

	Validators Validators `json:"validators"`
	// Generator makes the passwords that nobody gives: so many characters of each set, in this order. Empty: three letters, two
	// digits, five letters or digits.
	Generator []CharacterSet `json:"password-generator,omitempty"`
}

// Duration is a time.Duration that is written as "15m".
type Duration time.Duration

// MarshalText writes "15m0s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

func (d Duration) seconds() int { return int(time.Duration(d) / time.Second) }

// Validators are the password validators of a policy, asked in this order. What is zero does not look.
type Validators struct {
	// AttributeValue refuses what another attribute of the entry has; those it looks at, "*" for all.
	AttributeValue []string `json:"attribute-value,omitempty"`
	// ForwardOnly does not look at the password backwards; AttributeSubstrings is how long a part of it is that counts, 0 when
	// only all of it does.
	ForwardOnly         bool `json:"attribute-value-forward-only,omitempty"`
	AttributeSubstrings int  `json:"attribute-value-min-substring-length,omitempty"`
	// CharacterSets asks for so many characters of each set; MinCharacterSets for so many sets, those that need none included.
	// ClassifiedOnly refuses characters of no set.
	CharacterSets    []CharacterSet `json:"character-set,omitempty"`
	MinCharacterSets int            `json:"min-character-sets,omitempty"`
	ClassifiedOnly   bool           `json:"refuse-unclassified-characters,omitempty"`
	// Dictionary refuses these words, CommonPasswords the list that DS has of them. DictionarySubstrings is how long a word is
	// that may not even be a part of a password, 0 when none is.
	Dictionary           []string `json:"dictionary,omitempty"`
	DictionaryCase       bool     `json:"dictionary-case-sensitive-validation,omitempty"`
	DictionaryReversed   bool     `json:"dictionary-test-reversed-password,omitempty"`
	DictionarySubstrings int      `json:"dictionary-min-substring-length,omitempty"`
	CommonPasswords      bool     `json:"common-passwords"`
	MinLength            int      `json:"min-password-length"`
	MaxLength            int      `json:"max-password-length"`
	// MaxRepeated is how many times one character may follow itself.
	MaxRepeated  int  `json:"max-consecutive-length"`
	RepeatedCase bool `json:"repeated-characters-case-sensitive-validation,omitempty"`
	// MinDifference is how much a password must differ from the present one, where that is known.
	MinDifference int `json:"min-password-difference"`
	// MinUnique is how many different characters there must be.
	MinUnique  int  `json:"min-unique-characters"`
	UniqueCase bool `json:"unique-characters-case-sensitive-validation,omitempty"`
}

// CharacterSet is a set of characters with the least number of them.
type CharacterSet struct {
	Characters string `json:"characters"`
	Minimum    int    `json:"minimum"`
}

// The DNs of the policies that DS has from the start.
const (
	DefaultPolicyDN = "cn=Default Password Policy,cn=Password Policies,cn=config"
	RootPolicyDN    = "cn=Root Password Policy,cn=Password Policies,cn=config"
)

// DefaultPolicy is the policy of users as DS's setup leaves it.
func DefaultPolicy(p Profile) PasswordPolicy {
	policy := PasswordPolicy{
		DN: DefaultPolicyDN, DefaultScheme: "PBKDF2-HMAC-SHA256",
		AllowUserChange: true, AllowExpiredChange: false, RequireSecureBind: true, RequireSecureChange: true,
		ExpirationWarning: Duration(5 * 24 * time.Hour),
		Validators:        Validators{MinLength: 8, CommonPasswords: true, DictionarySubstrings: 5},
	}
	if p == OpenDJ {
		policy.DefaultScheme = "SSHA"
		policy.RequireSecureBind, policy.RequireSecureChange = false, false
		policy.Validators = Validators{}
	}
	return policy
}

// rootPolicy is the policy of the administrators.
func rootPolicy(p Profile) PasswordPolicy {
	policy := DefaultPolicy(p)
	policy.DN, policy.Validators, policy.RequireCurrentPassword = RootPolicyDN, Validators{}, true
	if p == OpenDJ {
		policy.DefaultScheme = "SSHA512"
	}
	return policy
}

// DefaultSchemes are the storage schemes that are enabled, with what they cost. Those of DS 7 are eight; OpenDJ has them all but
// the newest.
func DefaultSchemes(p Profile) map[string]schemes.Settings {
	if p == OpenDJ {
		return map[string]schemes.Settings{
			"SSHA": {}, "SSHA256": {}, "SSHA384": {}, "SSHA512": {}, "SHA": {}, "SMD5": {}, "MD5": {}, "CRYPT": {}, "CLEAR": {},
			"BASE64": {}, "BCRYPT": {}, "PBKDF2": {Salt: 8}, "PBKDF2-HMAC-SHA256": {Salt: 8}, "PBKDF2-HMAC-SHA512": {Salt: 8}, "PKCS5S2": {},
		}
	}
	return map[string]schemes.Settings{
		"ARGON2": {}, "BCRYPT": {}, "PBKDF2-HMAC-SHA256": {Rounds: 10, Salt: 16}, "PBKDF2-HMAC-SHA512": {Salt: 16}, "SSHA512": {},
		"SCRAM-SHA-256": {}, "SCRAM-SHA-512": {}, "SCRYPT": {},
	}
}

// TenantSchemes are those of a public rebuild of an Identity Cloud tenant of 2025, whose policy calls all of them deprecated: the
// first sign-on encodes a password anew.
func TenantSchemes() map[string]schemes.Settings {
	all := DefaultSchemes(DS7)
	for _, name := range []string{"PKCS5S2", "PBKDF2-HMAC-SHA512T256", "SSHA", "SSHA384", "SSHA256", "PBKDF2"} {
		all[name] = schemes.Settings{}
	}
	return all
}

// forcesChange tells whether there are passwords that must be changed before anything else.
func (p *PasswordPolicy) forcesChange() bool {
	return p.AllowUserChange && (p.ForceChangeOnAdd || p.ForceChangeOnReset)
}

// Validate reports every mistake.
func (p *PasswordPolicy) Validate() error {
	var wrong []error
	if p.DN == "" {
		wrong = append(wrong, errors.New("dn: a policy needs one"))
	}
	if scheme, ok := schemes.Lookup(p.DefaultScheme); !ok || !scheme.Encodable {
		wrong = append(wrong, fmt.Errorf("default-password-storage-scheme: %q cannot encode", p.DefaultScheme))
	}
	numbers := map[string]int{
		"grace-login-count": p.GraceLogins, "lockout-failure-count": p.LockoutFailures, "password-history-count": p.HistoryCount,
		"min-password-age": int(p.MinAge), "max-password-age": int(p.MaxAge), "max-password-reset-age": int(p.MaxResetAge),
		"lockout-duration": int(p.LockoutDuration), "lockout-failure-expiration-interval": int(p.FailureInterval),
		"password-history-duration": int(p.HistoryDuration), "password-expiration-warning-interval": int(p.ExpirationWarning),
		"min-password-length": p.Validators.MinLength, "max-password-length": p.Validators.MaxLength,
		"max-consecutive-length": p.Validators.MaxRepeated, "min-password-difference": p.Validators.MinDifference,
		"min-unique-characters": p.Validators.MinUnique,
	}
	for _, path := range slices.Sorted(maps.Keys(numbers)) {
		if numbers[path] < 0 {
			wrong = append(wrong, fmt.Errorf("%s: it is below 0", path))
		}
	}
	if v := p.Validators; v.MaxLength > 0 && v.MaxLength < v.MinLength {
		wrong = append(wrong, fmt.Errorf("max-password-length: %d is below the minimum %d", v.MaxLength, v.MinLength))
	}
	return errors.Join(append(wrong, p.checkGenerator()...)...)
}

// longestGenerated is how long a generated password may be.
const longestGenerated = 1024

func (p *PasswordPolicy) checkGenerator() (wrong []error) {
	left := longestGenerated
	for _, set := range p.Generator {
		if set.Characters == "" {
			wrong = append(wrong, errors.New("password-generator: a set has no characters"))
		}
		if set.Minimum < 0 || set.Minimum > left {
			wrong = append(wrong, fmt.Errorf("password-generator: %d characters of %q are not within 0…%d", set.Minimum, set.Characters, left))
			break
		}
		left -= set.Minimum
	}
	return wrong
}
