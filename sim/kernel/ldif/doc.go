// Package ldif reads and writes LDIF, the text form of directory entries (RFC 2849).
//
// A Reader hands out lines, unfolded and without comments, to who has opinions of its own on what is an entry; Record makes
// entries of them. It streams: a file may be of any size, a line is bounded.
//
// # What is left out
//
// Change records but for "changetype: add", which is an entry; values at URLs, which are never fetched.
package ldif
