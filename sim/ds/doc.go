// Package ds simulates ForgeRock and Ping Directory Services as its clients see it: LDAPv3 over TCP and TLS. This package is the
// server, connections, operations, controls, SASL and StartTLS; what lives in it is sim/ds/directory.
//
// # What is simulated
//
//   - Bind, simple and SASL: PLAIN, EXTERNAL, SCRAM-SHA-256 and SCRAM-SHA-512; unbind, search, compare, add, modify, delete, modify
//     DN, abandon; the extended operations cancel, password modify, password policy state, who am I, StartTLS and
//     get connection id.
//   - LDAPS and StartTLS. Nothing that came before the handshake is taken for encrypted.
//   - Certificates of clients: ssl-client-auth-policy, and for EXTERNAL the mapper "Subject Equals DN".
//   - Controls: those that supportedControl of the root DSE lists. An unknown one is refused when it is critical (12).
//   - Operations of one connection run beside each other; its writes happen in their order; a bind ends what is under way and lets
//     nothing begin before it is done, and so does StartTLS, but for the ending.
//   - Too many operations at once (51); requests that are too large, too deep, too slow or no LDAP: a notice of disconnection.
//   - A request of sound structure that asks for what there is not, such as a substring filter without substrings, is answered with
//     protocolError, as RFC 4511, 4.1.1 wants and OpenDJ does not.
//   - Faults of sim/kernel/faults by operation, DN, user and bound DN: late answers, busy beyond a rate, any result code, at once or
//     after some entries of a search, referrals, cut and half-open connections, notices of disconnection, answers lost after the
//     write, and answers that stall, trickle, or end in the middle of a message.
//   - Faults of TLS, on LDAPS and StartTLS: certificates that are expired, not valid yet, of another host or of an unknown CA;
//     handshakes that end, hang, or are answered with garbage.
//   - The journal: each operation with its DN, user and result code.
//
// # What is left out
//
//   - The extended operation get symmetric key; the controls for relax rules and replication repair: critical, they are refused.
//   - Intermediate responses.
//   - The other certificate mappers (attribute, fingerprint), and the comparison of a certificate with userCertificate of the entry.
//   - SASL with security layers or channel binding; CRAM-MD5, DIGEST-MD5, GSSAPI; an authorization identity that differs from who
//     binds (privilege proxied-auth), but for the control.
//   - The administration port, DSML, REST.
//
// # Where it is harsher than DS
//
//   - A request must arrive within Config.MessageTimeout; one that does not begin as LDAP ends the connection at once.
//   - A message number that is in use, or 0, ends the connection.
//   - Integers with needless bytes are refused; elements may be nested 50 deep.
//   - StartTLS is refused while operations are under way.
//
// # What is unsure
//
// The text of notices of disconnection and of many diagnostic messages of DS 7 and later, of which OpenDJ's are taken; whether 51
// counts the operations of one connection, as here, or of all; whether StartTLS keeps who was bound, as here.
package ds
