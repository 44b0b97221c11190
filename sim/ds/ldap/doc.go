// Package ldap is LDAPv3 on the wire (RFC 4511): the types of requests, results, filters and controls, what a server must
// decode (requests) and what it must encode (responses). It carries no rules and holds no entries.
package ldap
