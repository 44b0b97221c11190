// Package schemes recognises, encodes and verifies passwords as directories store them.
//
// # What is in
//
// LDAP's userPassword, {SCHEME}value, with the schemes of PingDS and OpenDJ; their authPassword (RFC 3112); the prefixes
// that Oracle's identity domains take on import; the password hash of Okta's Users API (OktaHash); the $crypto object of
// ForgeRock IDM (ParseIDM). Known lists the schemes and what can be done with each. Verify takes equal time wherever two
// hashes differ, and refuses work beyond the limits (MaxIterations and the others) instead of doing it. No error and
// no print of a Stored has any of the value in it.
//
// # What is left out
//
// AES, 3DES, BLOWFISH and RC4 are encrypted with keys of their server and IDM's x-simple-encryption with IDM's: their form
// is checked, a password cannot be. The same holds for Argon2d, which golang.org/x/crypto lacks, and for BCRYPT, SCRYPT
// and PBKDF2 of IDM. SCRAM is without SASLprep. Which schemes a directory has enabled, and whether it takes encoded
// values at all, is its simulator's to say; PreEncoded and the fields of Scheme and Settings (a bcrypt variant that
// OpenDJ refuses, the cost that a rehash looks at) are there for it.
//
// # Where it is harsher than the vendors
//
// The limits, among them passwords of 4096 bytes, for CRYPT of 512; line ends in base64; CRYPT with characters outside its
// alphabet or with rounds that crypt(3) would correct. It is not harsher where the vendors forget a part of the password:
// bcrypt looks at 72 bytes, CRYPT with DES at eight characters.
//
// # Which facts about the vendors are unsure
//
// How PingDS joins the parts of SCRAM in userPassword; written is RFC 5803's, read is GNU SASL's too. Its text of Argon2 and
// scrypt: the PHC string format is assumed. Its {PBKDF2-HMAC-SHA512T256}: the layout of its siblings is assumed, with a
// key of 32 bytes. SHA256, SHA384 and SHA512 without salt are OpenLDAP's; PingDS lists none, so Scheme.DS is false. What
// Oracle wants behind iterations and dollar sign: key and salt are assumed, as two public clients write them with salts of
// 32 bytes, and as Oracle's example of 40 bytes for SHA-1 allows; one value of the former kind is on record as refused
// (My Oracle Support 2649325.1: 400, error.common.validation.invalidHash, "Invalid / bad hash provided").
package schemes
