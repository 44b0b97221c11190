// Package network is where the hosts of a rehearsal meet, under the same names over TCP loopback and in memory.
//
// In memory (Memory) connections are buffered pairs that wait only in ways testing/synctest understands, so real
// net/http, TLS and LDAP code runs over them in virtual time. Over TCP (TCP, TCPPorts) each host has a real port, and a
// caller in this process still dials it by its vendor-like name.
//
// Neither ever asks the DNS: a host that nobody listens for is unknown, even when the real world has one of that name,
// and an address outside the loopback is refused. A rehearsal cannot reach a production tenant by mistake.
//
// Reset cuts a connection as a crashed server or a firewall does. Authority is the CA that the hosts' certificates come from,
// those with a flaw included.
package network
