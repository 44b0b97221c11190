// Package clients tries the simulated identity domain with clients that nobody of this project wrote. It is a module of its
// own, so that their dependencies stay out of seatrial's; it is tested, and never installed.
package clients
