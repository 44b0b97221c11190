// Package clients holds sim/ds against clients that nobody here has written: OpenLDAP's command line tools, the JDK's JNDI,
// python3-ldap3 and Perl's Net::LDAP. What each gets is in testdata. The same script runs against OpenLDAP's slapd and 389
// Directory Server with make ldap-peers, which prints where they differ from sim/ds.
//
// # Where slapd 2.5 differs
//
//   - A modify that deletes the old password in the clear and adds the new one ends with 16: slapd compares the value with what is
//     stored, a hash; DS verifies it.
//   - Persistent search is refused, 12 when it is critical: slapd has syncrepl instead. DS has it for who may use the control.
//
// # Where 389 Directory Server 2.3 differs
//
//   - The filter (&) finds nothing: it does not know the absolute true filter of RFC 4526, which DS lists among its features.
//   - The password policy control is answered only when there is something to say; DS answers with an empty sequence, 30 00.
//   - Who am I is answered with a blank behind "dn:" and a normalised DN; DS has the DN of the entry as it was added.
//
// # How fast it is
//
// make ldap-speed, on two shared processors, each server a process of its own with the same entries and SSHA passwords, 16
// connections of go-ldap, operations a second as medians of five turns; only the ratio means anything:
//
//	users    what     sim/ds /s   slapd /s   ratio
//	1000     bind         51624      18276    2.82
//	1000     search       21983      16374    1.34
//	1000     mixed        31342      17682    1.77
//	100000   bind         45348      18717    2.42
//	100000   search       19774      16189    1.22
//	100000   mixed        30506      16724    1.82
//
// While the machine did other work the ratios were 1.86, 1.54, 1.11 and 1.95, 1.25, 1.07.
//
// # What is unsure
//
// The clients are those of Debian 12: OpenLDAP 2.5, JDK 17, ldap3 2.9, Net::LDAP 0.68.
package clients
