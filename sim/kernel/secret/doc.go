// Package secret holds what must not be printed: passwords, client secrets and tokens. A Value shows as dots in fmt, JSON
// and slog, and is opened in one named way (Reveal). A Digester turns values into keyed digests, so that journals can
// tell whether two passwords are equal without holding either.
package secret
