package network

import "net"

// Reset cuts the connection without a goodbye: the peer's next read or write fails with syscall.ECONNRESET, over TCP
// because an RST is sent. It looks below TLS, so no close_notify is sent either.
func Reset(c net.Conn) {
	for {
		switch below := c.(type) {
		case *conn:
			below.reset()
			return
		case *net.TCPConn:
			_ = below.SetLinger(0) // a socket that has broken already has nothing left to cut
			_ = below.Close()
			return
		case interface{ NetConn() net.Conn }: // *tls.Conn
			c = below.NetConn()
		default:
			_ = c.Close()
			return
		}
	}
}
