// Package journal keeps what was asked of a simulator and what it answered: bounded, redacted and searchable.
//
// Wrap opens an Exchange for every request and puts it into the request's context, where the handlers below add what
// only they know: the route, the client, the user, the outcome, the digest of a password. When the handler is done, the
// exchange becomes an Entry, also when its connection was cut or its handler gave up.
//
// An entry never shows a secret. Authorization, cookies and password headers are masked always. Bodies are kept only when
// the handler has parsed them and said so (ShowBodies), and each value that it names (Secret) is replaced by dots
// wherever it stands: plain, JSON-escaped, URL-escaped or in base64. In a password's place stands its keyed digest, so
// that equality can still be checked.
//
// The journal is a ring: the newest entries push out the oldest, which are counted as dropped. Totals stay exact.
package journal
