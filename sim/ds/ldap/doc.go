// Package ldap is LDAPv3 on the wire (RFC 4511): the types of requests, results, filters and controls, what a server must
// decode (requests) and what it must encode (responses), and filters as text (RFC 4515). It carries no rules and holds no entries.
//
// # What is simulated
//
// All operations; the controls that DS lists and whose values are published; the extended operations password modify and cancel.
// A request whose structure is broken is ErrProtocol, which ends a connection; one that merely asks for what does not exist, a
// scope of 9, is a RefusedError, which is answered (RFC 4511, 4.1.1).
//
// # What is left out
//
// Decoding responses and encoding requests: nothing here is a client. Matched values, effective rights, the password quality
// advice, whose encoding nobody has published.
//
// # Where it is harsher than DS
//
// A substring filter has its parts in order, and at least one; an extensible filter has a type or a rule; values of controls end
// where they should. See sim/ds/ber for the rest.
//
// # What is unsure
//
// Which of the account usability's optional numbers DS leaves out, and when.
package ldap
