// Package ldaptest is a compact directory for tests: replicas with users, a changelog by number and by cookie, StartTLS, paged
// results, and trouble on demand. It speaks LDAP over in-memory connections and keeps to what ForgeRock DS, OpenDJ and 389-DS
// show of themselves.
package ldaptest
