package directory

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
)

// A subentry has a password policy in one of two vocabularies: pwdPolicy of draft-behera-ldap-password-policy, whose missing
// attributes come from the default policy (OpenDJ, SubentryPasswordPolicy), and ds-pwp-password-policy of DS 7, which has defaults of
// its own (PingDS, "About password policies").

func (d *Directory) hasClass(e *entry, name string) bool {
	return d.indexOf(d.known.objectClass, e.values(d.known.objectClass), []byte(name)) >= 0
}

func (d *Directory) isPolicySubentry(e *entry) bool {
	return d.hasClass(e, "pwdPolicy") || d.hasClass(e, "ds-pwp-password-policy")
}

// subentryPolicy is the policy that a subentry has, or what is wrong with it: the sentence names the attribute.
func (d *Directory) subentryPolicy(e *entry) (*PasswordPolicy, ldap.Result) {
	r := &policyReader{d: d, entry: e}
	p := *d.policies.Load().standard
	if d.hasClass(e, "ds-pwp-password-policy") {
		p = PasswordPolicy{AllowUserChange: true, ExpirationWarning: Duration(5 * 24 * time.Hour), RecordLastLogin: p.RecordLastLogin}
	}
	p.DN = e.name
	if d.hasClass(e, "pwdPolicy") {
		r.draft(&p)
	}
	if d.hasClass(e, "ds-pwp-password-policy") {
		r.settings(&p)
	}
	if d.hasClass(e, "ds-pwp-validator") {
		p.Validators = Validators{}
		r.validators(&p.Validators)
	}
	if d.hasClass(e, "ds-pwp-random-generator") {
		r.generator(&p)
	}
	if err := p.Validate(); err != nil && r.refused.Code == ldap.Success {
		r.refuse(ldap.ConstraintViolation, "The password policy %s is invalid: %s", e.name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return &p, r.refused
}

// draft reads the attributes of pwdPolicy. pwdCheckQuality, pwdMinLength and pwdLockout must make sense, but mean nothing: DS has
// validators and the count of failures instead.
func (r *policyReader) draft(p *PasswordPolicy) {
	r.passwordAttribute("pwdAttribute")
	r.seconds("pwdMinAge", &p.MinAge)
	r.seconds("pwdMaxAge", &p.MaxAge)
	r.number("pwdInHistory", &p.HistoryCount, math.MaxInt32)
	var ignored int
	r.number("pwdCheckQuality", &ignored, 2)
	r.number("pwdMinLength", &ignored, math.MaxInt32)
	var ignoredToo bool
	r.flag("pwdLockout", &ignoredToo)
	r.seconds("pwdExpireWarning", &p.ExpirationWarning)
	r.number("pwdGraceAuthNLimit", &p.GraceLogins, math.MaxInt32)
	r.seconds("pwdLockoutDuration", &p.LockoutDuration)
	r.number("pwdMaxFailure", &p.LockoutFailures, math.MaxInt32)
	r.flag("pwdMustChange", &p.ForceChangeOnReset)
	r.flag("pwdAllowUserChange", &p.AllowUserChange)
	r.flag("pwdSafeModify", &p.RequireCurrentPassword)
	r.seconds("pwdFailureCountInterval", &p.FailureInterval)
}

// settings reads the attributes of ds-pwp-password-policy; its idle lockout, change by time, handlers and formats must make sense,
// but are not simulated.
func (r *policyReader) settings(p *PasswordPolicy) {
	r.passwordAttribute("ds-pwp-password-attribute")
	if named := r.schemes("ds-pwp-default-password-storage-scheme"); len(named) == 1 {
		p.DefaultScheme = named[0]
	} else if len(named) > 1 {
		r.refuse(ldap.ConstraintViolation, "The attribute ds-pwp-default-password-storage-scheme has %d values, of which only one is supported", len(named))
	}
	p.DeprecatedSchemes = r.schemes("ds-pwp-deprecated-password-storage-scheme")
	r.flag("ds-pwp-allow-expired-password-changes", &p.AllowExpiredChange)
	r.flag("ds-pwp-allow-multiple-password-values", &p.AllowMultiple)
	r.flag("ds-pwp-allow-pre-encoded-passwords", &p.AllowPreEncoded)
	r.flag("ds-pwp-allow-user-password-changes", &p.AllowUserChange)
	r.flag("ds-pwp-expire-passwords-without-warning", &p.ExpireUnwarned)
	r.flag("ds-pwp-force-change-on-add", &p.ForceChangeOnAdd)
	r.flag("ds-pwp-force-change-on-reset", &p.ForceChangeOnReset)
	r.flag("ds-pwp-password-change-requires-current-password", &p.RequireCurrentPassword)
	r.flag("ds-pwp-require-secure-authentication", &p.RequireSecureBind)
	r.flag("ds-pwp-require-secure-password-changes", &p.RequireSecureChange)
	r.flag("ds-pwp-skip-validation-for-administrators", &p.SkipForAdministrators)
	r.duration("ds-pwp-lockout-duration", &p.LockoutDuration)
	r.duration("ds-pwp-lockout-failure-expiration-interval", &p.FailureInterval)
	r.duration("ds-pwp-max-password-age", &p.MaxAge)
	r.duration("ds-pwp-max-password-reset-age", &p.MaxResetAge)
	r.duration("ds-pwp-min-password-age", &p.MinAge)
	r.duration("ds-pwp-password-expiration-warning-interval", &p.ExpirationWarning)
	r.duration("ds-pwp-password-history-duration", &p.HistoryDuration)
	var ignored Duration
	r.duration("ds-pwp-idle-lockout-interval", &ignored)
	r.number("ds-pwp-grace-login-count", &p.GraceLogins, math.MaxInt32)
	r.number("ds-pwp-lockout-failure-count", &p.LockoutFailures, math.MaxInt32)
	r.number("ds-pwp-password-history-count", &p.HistoryCount, math.MaxInt32)
	if name, ok := r.text("ds-pwp-last-login-time-attribute"); ok {
		kind, known := r.d.schema.Attribute(name)
		if p.RecordLastLogin = known && kind == r.d.known.lastLoginTime; !p.RecordLastLogin {
			r.refuse(ldap.UnwillingToPerform, "The attribute ds-pwp-last-login-time-attribute names %q, but only ds-pwp-last-login-time is supported", name)
		}
	}
	switch text, _ := r.text("ds-pwp-state-update-failure-policy"); strings.ToLower(text) {
	case "", "ignore", "proactive", "reactive":
	default:
		r.refuse(ldap.ConstraintViolation, "The attribute ds-pwp-state-update-failure-policy is %q, which is none of ignore, proactive and reactive", text)
	}
}

// generator reads the attributes of ds-pwp-random-generator: named sets of characters, and how many of which make a password.
func (r *policyReader) generator(p *PasswordPolicy) {
	const format = "ds-pwp-random-password-format"
	sets := map[string]string{}
	for _, text := range r.texts("ds-pwp-random-password-character-set") {
		name, characters, ok := strings.Cut(text, ":")
		if !ok || characters == "" {
			r.refuse(ldap.ConstraintViolation, "The attribute ds-pwp-random-password-character-set has the value %q, which is not a name, a colon and characters", text)
			return
		}
		sets[strings.TrimSpace(name)] = characters
	}
	text, _ := r.text(format)
	p.Generator = nil
	left := longestGenerated
	for part := range strings.SplitSeq(text, ",") {
		name, count, _ := strings.Cut(part, ":")
		characters, known := sets[strings.TrimSpace(name)]
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if !known || err != nil || n < 0 || n > left {
			r.refuse(ldap.ConstraintViolation, "The attribute %s has the part %q, which is not the name of a character set, a colon and a number", format, part)
			return
		}
		left -= n
		p.Generator = append(p.Generator, CharacterSet{Characters: characters, Minimum: n})
	}
}

// policyReader reads the attributes of a policy subentry. The first that is wrong stays.
type policyReader struct {
	d       *Directory
	entry   *entry
	refused ldap.Result
}

func (r *policyReader) refuse(code ldap.ResultCode, format string, args ...any) {
	if r.refused.Code == ldap.Success {
		r.refused = ldap.Result{Code: code, Message: fmt.Sprintf(format, args...)}
	}
}

func (r *policyReader) values(name string) [][]byte {
	kind, ok := r.d.schema.Attribute(name)
	if !ok {
		return nil
	}
	return r.entry.values(kind)
}

func (r *policyReader) texts(name string) (all []string) {
	for _, v := range r.values(name) {
		all = append(all, string(v))
	}
	return all
}

func (r *policyReader) text(name string) (string, bool) {
	values := r.values(name)
	if len(values) == 0 || len(values[0]) == 0 {
		return "", false
	}
	return string(values[0]), true
}

// passwordAttribute must be userPassword, the only one that this directory has passwords in.
func (r *policyReader) passwordAttribute(name string) {
	text, ok := r.text(name)
	if !ok {
		return
	}
	switch kind, known := r.d.schema.Attribute(text); {
	case !known:
		r.refuse(ldap.UnwillingToPerform, "The password policy definition contained in configuration entry \"%s\" is invalid because the specified password attribute \"%s\" is not defined in the server schema (%s)", r.entry.name, text, name)
	case kind != r.d.known.userPassword:
		r.refuse(ldap.UnwillingToPerform, "The password policy definition contained in configuration entry \"%s\" is invalid because the specified password attribute \"%s\" has a syntax OID of %s. The password attribute must have a syntax OID of either 1.3.6.1.4.1.26027.1.3.1 (for the user password syntax) or 1.3.6.1.4.1.4203.1.1.2 (for the authentication password syntax) (%s)", r.entry.name, kind.Name(), kind.Syntax, name)
	}
}

func (r *policyReader) schemes(name string) (all []string) {
	for _, text := range r.texts(name) {
		scheme, known := schemes.Lookup(text)
		if !known || name == "ds-pwp-default-password-storage-scheme" && !r.d.config.enables(scheme.Name) {
			r.refuse(ldap.ConstraintViolation, "The attribute %s names the password storage scheme %q, which is not defined or not enabled", name, text)
			continue
		}
		all = append(all, scheme.Name)
	}
	return all
}

func (r *policyReader) flag(name string, into *bool) {
	text, ok := r.text(name)
	if !ok {
		return
	}
	switch strings.ToLower(text) {
	case "true", "false":
		*into = strings.EqualFold(text, "true")
	default:
		r.refuse(ldap.ConstraintViolation, "Unable to set the value for Boolean configuration attribute %s because the provided value %s was not either 'true' or 'false'", name, text)
	}
}

func (r *policyReader) number(name string, into *int, most int) {
	text, ok := r.text(name)
	if !ok {
		return
	}
	switch n, err := strconv.Atoi(text); {
	case err != nil:
		r.refuse(ldap.ConstraintViolation, "Unable to set the value for integer configuration attribute %s because the provided value %s cannot be interpreted as an integer value: For input string: \"%s\"", name, text, text)
	case n < 0:
		r.refuse(ldap.ConstraintViolation, "Unable to set the value for configuration attribute %s because the provided value %d is less than the lowest allowed value of 0", name, n)
	case n > most:
		r.refuse(ldap.ConstraintViolation, "Unable to set the value for configuration attribute %s because the provided value %d is greater than the largest allowed value of %d", name, n, most)
	default:
		*into = n
	}
}

func (r *policyReader) seconds(name string, into *Duration) {
	n := -1
	if r.number(name, &n, math.MaxInt32); n >= 0 {
		*into = Duration(time.Duration(n) * time.Second)
	}
}

func (r *policyReader) duration(name string, into *Duration) {
	text, ok := r.text(name)
	if !ok {
		return
	}
	parsed, ok := parseDuration(text)
	if !ok {
		r.refuse(ldap.ConstraintViolation, "Unable to set the value for configuration attribute %s because the provided value %s is not a duration such as \"5 m\"", name, text)
		return
	}
	*into = Duration(parsed)
}

// durationUnits are those of DS's configuration (OpenDJ, DurationUnit).
var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "milliseconds": time.Millisecond, "s": time.Second, "seconds": time.Second, "": time.Second,
	"m": time.Minute, "minutes": time.Minute, "h": time.Hour, "hours": time.Hour, "d": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

// parseDuration reads "5 m", "1 d 12 h" or a number of seconds.
func parseDuration(text string) (sum time.Duration, ok bool) {
	rest := strings.TrimSpace(strings.ToLower(text))
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		rest = strings.TrimLeft(rest[digits:], " ")
		end := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))
		word := rest[:end]
		unit, known := durationUnits[word]
		if !known && word != "" {
			unit, known = durationUnits[word+"s"] // One minute.
		}
		rest = strings.TrimLeft(rest[end:], " ")
		if err != nil || !known || n > int64((math.MaxInt64-sum)/unit) {
			return 0, false
		}
		sum += time.Duration(n) * unit
	}
	return sum, text != ""
}
