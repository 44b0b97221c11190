// Package faults makes a simulator misbehave on demand: answer late, throttle, fail, cut the connection, hang, or carry
// a request out and lose its answer. A Set holds the rules of one simulator; Wrap puts them in front of its handler,
// inside the journal, which learns from the request's context which rules acted.
//
// On one request the rules act in a fixed order, whatever order they were added in: latency (the delays of all rules
// that fire are added up), throttle, status, reset, hang, lose_answer. The first that ends the exchange is the last
// to act. A rule counts a request as seen when it is in scope and in the window, and as fired when it acted on it.
//
// A simulator that speaks LDAP asks Judge before it carries an operation out, with a Set of NewLDAPSet.
//
// All chance comes from the seed. Each rule draws from its own numbers, which depend on the seed and the rule's id, and
// draws once for every request that it has seen: another rule shifts nothing. Each delay is up to 20 µs longer than
// asked for, by the same seed, so that no two timers fall on one instant and a run in virtual time repeats.
//
// All waits use the standard time package and end when the client goes.
package faults
