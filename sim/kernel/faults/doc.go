// Package faults makes a simulator misbehave on demand: show a bad certificate, break a TLS handshake, answer late, throttle, fail, cut
// the connection or leave it dead, hang, stop in the middle of an answer, or carry a request out and lose its answer. A Set holds the
// rules of one simulator; Wrap puts them in front of its handler, inside the journal, which learns from the request's context which
// rules acted. Secure puts them in front of its TLS.
//
// On one request the rules act in a fixed order, whatever order they were added in: latency (the delays of all rules
// that fire are added up), throttle, status, disconnect, reset, half_open, hang, drip, stall, cut, lose_answer. The first that ends the
// exchange or changes its answer is the last to act. A rule counts a request as seen when it is in scope and in the window, and as
// fired when it acted on it.
//
// A TLS handshake is a request of its own, which only certificate and handshake see, and which sees only them. It has no user, no
// client, and no path.
//
// A simulator that speaks LDAP asks Judge before it carries an operation out, with a Set of NewLDAPSet.
//
// All chance comes from the seed. Each rule draws from its own numbers, which depend on the seed and the rule's id, and
// draws once for every request that it has seen: another rule shifts nothing. Each delay is up to 20 µs longer than
// asked for, by the same seed, so that no two timers fall on one instant and a run in virtual time repeats.
//
// All waits use the standard time package and end when the client goes.
package faults
