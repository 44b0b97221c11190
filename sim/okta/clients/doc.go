// Package clients holds the simulated Okta org to what nobody of this project wrote: Okta's SDKs for Go, of the present
// generation and of the old one that is still in use, and in the folder openapi Okta's description of its API. It is a module of
// its own, so that their dependencies stay out of seatrial's; it is tested, and never installed.
//
// The tests run without the race detector: compiling the SDKs with it costs minutes, and the simulator has its own tests for that.
package clients
