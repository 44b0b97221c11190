package directory

// Session is who asks, on one connection. The server makes one, marks it secure when TLS begins, and hands it to every call;
// Bind says who it is. A Session is used by one goroutine while it binds, and only read otherwise.
type Session struct {
	// DN is the one that is bound; "" is anonymous.
	DN string
	// Secure tells that the connection is encrypted.
	Secure bool
	// MustChange tells that nothing but a change of the own password is allowed.
	MustChange bool
}
