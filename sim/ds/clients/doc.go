// Package clients holds sim/ds against clients that nobody here has written: OpenLDAP's command line tools, the JDK's JNDI,
// python3-ldap3 and Perl's Net::LDAP, and against bytes that no client would send. What each gets is in testdata. The same runs
// against OpenLDAP's slapd and 389 Directory Server with make ldap-peers, which prints where they differ from sim/ds; make
// ldap-speed times sim/ds beside slapd.
//
// sim/README.md tells what came of it, in "How far the directory can be trusted"; testdata/raw.txt has the reason for each
// difference in bytes.
//
// # What is unsure
//
// The clients are those of Debian 12: OpenLDAP 2.5, JDK 17, ldap3 2.9, Net::LDAP 0.68.
package clients
