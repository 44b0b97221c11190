// Package oauth is the token side of a simulated vendor: clients and their secrets, signed access tokens (RS256 JWT), and
// what has become of each of them. A resource asks Verify, which is one look-up by the token's digest: it tells expired,
// revoked and never-issued tokens apart, which a signature cannot.
package oauth
