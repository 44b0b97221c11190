// Package ber reads and writes the subset of the Basic Encoding Rules (X.690) that LDAP allows (RFC 4511, 5.1): definite
// lengths only, strings in one piece, tags of one byte. It knows nothing of LDAP and uses no reflection.
//
// ReadElement takes one element off a connection, within a size. It allocates as bytes arrive, never for what a length
// merely announces: 20 bytes that promise two gigabytes cost 20 bytes. A Reader walks through an element that has
// arrived; what it returns points into it and is not copied. Elements may lie in each other only so deep, which a
// Reader counts on its way down, so that recursion over a stranger's bytes ends.
//
// # Where it is stricter than others
//
// Indefinite lengths, constructed strings, integers with needless leading bytes and tag numbers above 30 are errors, and
// so is anything after the last element that a structure has room for (see Reader.End). A length may have more bytes
// than it needs, up to four: clients that write every length as 84 xx xx xx xx are common.
package ber
