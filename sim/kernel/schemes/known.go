package schemes

import (
	"slices"
	"strings"
)

// Scheme describes a storage scheme.
type Scheme struct {
	// Name stands in the braces of userPassword.
	Name string
	// Aliases are what configurations and other documents call it; they are no names of a stored value.
	Aliases []string
	// DS tells that PingDS or OpenDJ has it, IDCS that Oracle takes it on import.
	DS, IDCS bool
	// AuthPassword is its name in the syntax of RFC 3112, where it has one.
	AuthPassword string
	// Verifiable tells that a password can be checked against it here; Encodable that Encode makes it.
	Verifiable, Encodable bool
}

// format is how one scheme is written in one syntax.
type format interface {
	parse(payload string) (method, []byte, error)
}

// encoder is a format that can be written too.
type encoder interface {
	format
	fresh(salts Salts, s Settings) (method, error)
	render(m method, got []byte) string
}

type entry struct {
	Scheme
	user format
	auth authFormat
	idcs format
}

// entries are in the order of Known. The aliases are the names that dsconfig has for the schemes (PingDS, Configuration
// Reference, Password Storage Scheme).
var entries = complete([]entry{
	{Scheme: Scheme{Name: "CLEAR", DS: true, Aliases: []string{"Clear"}}, user: clearText{}},
	{Scheme: Scheme{Name: "BASE64", DS: true, Aliases: []string{"Base64"}}, user: clear64{}},
	{Scheme: Scheme{Name: "MD5", DS: true, Aliases: []string{"MD-5"}}, user: plainDigest{hashMD5}},
	{Scheme: Scheme{Name: "SMD5", DS: true, Aliases: []string{"Salted MD5"}, AuthPassword: "MD5"}, user: saltedDigest{hashMD5}, auth: authDigest{hashMD5}},
	{Scheme: Scheme{Name: "SHA", DS: true, Aliases: []string{"SHA-1", "SHA1"}}, user: plainDigest{hashSHA1}},
	{Scheme: Scheme{Name: "SHA256", Aliases: []string{"SHA-256"}}, user: plainDigest{hashSHA256}},
	{Scheme: Scheme{Name: "SHA384", Aliases: []string{"SHA-384"}}, user: plainDigest{hashSHA384}},
	{Scheme: Scheme{Name: "SHA512", Aliases: []string{"SHA-512"}}, user: plainDigest{hashSHA512}},
	salted("SSHA", "SHA1", "Salted SHA-1", hashSHA1),
	salted("SSHA256", "SHA256", "Salted SHA-256", hashSHA256),
	salted("SSHA384", "SHA384", "Salted SHA-384", hashSHA384),
	salted("SSHA512", "SHA512", "Salted SHA-512", hashSHA512),
	{Scheme: Scheme{Name: "CRYPT", DS: true, Aliases: []string{"Crypt"}}, user: crypt3{}},
	{Scheme: Scheme{Name: "BCRYPT", DS: true, Aliases: []string{"Bcrypt"}}, user: modularBcrypt{}},
	pbkdf2Entry("PBKDF2", true, false, hashSHA1),
	pbkdf2Entry("PBKDF2-HMAC-SHA1", false, true, hashSHA1),
	pbkdf2Entry("PBKDF2-HMAC-SHA256", true, true, hashSHA256),
	pbkdf2Entry("PBKDF2-HMAC-SHA384", false, true, hashSHA384),
	pbkdf2Entry("PBKDF2-HMAC-SHA512", true, true, hashSHA512),
	{Scheme: Scheme{Name: "PBKDF2-HMAC-SHA512T256", DS: true}, user: iterated{hashSHA512, 32, ":"}},
	{Scheme: Scheme{Name: "PKCS5S2", DS: true}, user: atlassian{}},
	scramEntry("SCRAM-SHA-256", hashSHA256),
	scramEntry("SCRAM-SHA-512", hashSHA512),
	{Scheme: Scheme{Name: "ARGON2", DS: true, Aliases: []string{"Argon2"}}, user: phcArgon2{}},
	{Scheme: Scheme{Name: "SCRYPT", DS: true, Aliases: []string{"Scrypt"}}, user: phcScrypt{}},
	{Scheme: Scheme{Name: "AES", DS: true}, user: encrypted{}},
	{Scheme: Scheme{Name: "3DES", DS: true, Aliases: []string{"Triple-DES"}}, user: encrypted{}},
	{Scheme: Scheme{Name: "BLOWFISH", DS: true, Aliases: []string{"Blowfish"}}, user: encrypted{}},
	{Scheme: Scheme{Name: "RC4", DS: true}, user: encrypted{}},
})

func salted(name, auth, title string, a algorithm) entry {
	return entry{
		Scheme: Scheme{Name: name, DS: true, IDCS: true, Aliases: []string{title}, AuthPassword: auth},
		user:   saltedDigest{a}, auth: authDigest{a}, idcs: saltedDigest{a},
	}
}

func pbkdf2Entry(name string, ds, idcs bool, a algorithm) entry {
	e := entry{Scheme: Scheme{Name: name, DS: ds, IDCS: idcs}}
	if ds {
		e.AuthPassword = name
		e.user, e.auth = iterated{a, a.size, ":"}, authIterated{a}
	}
	if idcs {
		e.idcs = iterated{a, a.size, "$"}
	}
	return e
}

func scramEntry(name string, a algorithm) entry {
	return entry{Scheme: Scheme{Name: name, DS: true, AuthPassword: name}, user: scramKeys{a}, auth: scramKeys{a}}
}

// complete fills in what the formats tell.
func complete(all []entry) []entry {
	for i := range all {
		e := &all[i]
		f := e.user
		if f == nil {
			f = e.idcs
		}
		_, isEncrypted := f.(encrypted)
		_, e.Encodable = f.(encoder)
		e.Verifiable = !isEncrypted
	}
	return all
}

// Known lists the schemes.
func Known() []Scheme {
	all := make([]Scheme, 0, len(entries))
	for _, e := range entries {
		all = append(all, e.copied())
	}
	return all
}

// Lookup finds a scheme by its name or an alias, whatever the case.
func Lookup(name string) (Scheme, bool) {
	e, known := lookup(name)
	return e.copied(), known
}

func (s Scheme) copied() Scheme {
	s.Aliases = slices.Clone(s.Aliases)
	return s
}

func lookup(name string) (entry, bool) {
	named := func(other string) bool { return strings.EqualFold(other, name) }
	if i := slices.IndexFunc(entries, func(e entry) bool { return named(e.Name) }); i >= 0 {
		return entries[i], true
	}
	if i := slices.IndexFunc(entries, func(e entry) bool { return slices.ContainsFunc(e.Aliases, named) }); i >= 0 {
		return entries[i], true
	}
	return entry{}, false
}
