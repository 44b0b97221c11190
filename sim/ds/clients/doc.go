// Package clients holds sim/ds against clients that nobody here has written: OpenLDAP's command line tools, the JDK's JNDI,
// python3-ldap3 and Perl's Net::LDAP. The same script runs against other servers, OpenLDAP's slapd and 389 Directory Server, by
// make ldap-peers.
package clients
