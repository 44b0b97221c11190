// Package virtualtime runs a function in a world whose clock jumps: whenever every goroutine of the function waits, time
// moves to the next timer at once. A two-week pilot takes milliseconds, with the real engine, the real net/http and the
// real queue in it. It is testing/synctest, made available to a program that is not a test.
//
// # How it works
//
// synctest.Test wants a *testing.T only as the parent of the one it makes itself: a place to hang a failure on. A zero
// testing.T serves, so there is no second testing.MainStart, no flag parsed, nothing printed, and it works alike in the
// seatrial command and within `go test` (with -race, -cover, -run, -skip, -count, -v). The one thing relied on that the
// documentation of package testing does not promise is that a zero T is a usable parent. The tests of this package run
// every way in which a function can end; they are the first to fail if a Go release changes that.
//
// # What a function must keep to
//
// A bubble's clock starts at midnight UTC on 2000-01-01: certificates and tokens are made inside. Only goroutines, timers
// and channels made inside belong to the bubble, and time moves only while all of its goroutines wait on those; so no
// sockets (network.Memory instead), no lock held across a wait, and everything that was started is stopped and waited for
// before the function returns. Two timers that fall on the same instant fire in no particular order.
package virtualtime
