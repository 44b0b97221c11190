package clock

import (
	"sync/atomic"
	"time"
)

// Clock is one tenant's idea of the time. The zero value shows the real time. It is safe for concurrent use.
type Clock struct {
	offset atomic.Int64
}

// Now returns the current time in UTC, turned by the offset.
func (c *Clock) Now() time.Time {
	return time.Now().Add(c.Offset()).UTC()
}

// Turn moves the clock by d, forwards or (with a negative d) backwards, and returns the new offset.
func (c *Clock) Turn(d time.Duration) time.Duration {
	return time.Duration(c.offset.Add(int64(d)))
}

// Offset is the distance from the real time.
func (c *Clock) Offset() time.Duration {
	return time.Duration(c.offset.Load())
}

// Reset shows the real time again.
func (c *Clock) Reset() {
	c.offset.Store(0)
}
