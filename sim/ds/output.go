package ds

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/faults"
)

// output is what a connection sends. Whoever has something to send adds it; the one who finds nobody writing writes, also what
// others add meanwhile: many small answers leave in one piece, and the last never waits. No lock is held while writing.
type output struct {
	timeout time.Duration
	over    <-chan struct{} // closed when the connection ends
	failed  func()          // told when the client cannot be written to

	mu      sync.Mutex
	conn    net.Conn
	pending []byte
	spare   []byte
	writing bool
	room    chan struct{} // closed when pending has been taken
	err     error
	drip    *faults.Drip // how what is sent trickles; nil when it does not
	dead    bool         // nothing is sent any more, and nobody is told
}

const (
	// enough is how much is worth a write of its own before an operation is at its end.
	enough = 16 << 10
	// plenty is how much may wait for a slow client before the next operation waits too.
	plenty = 256 << 10
)

func newOutput(c net.Conn, timeout time.Duration, over <-chan struct{}, failed func()) *output {
	return &output{conn: c, timeout: timeout, over: over, failed: failed, room: make(chan struct{})}
}

// trickle makes everything that is sent from now on trickle: what belongs to one answer cannot be told from the rest.
func (o *output) trickle(d *faults.Drip) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drip = d
}

// die drops everything that is sent from now on.
func (o *output) die() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead, o.pending = true, nil
	o.makeRoom()
}

// makeRoom tells all who wait for it. It is called with the lock.
func (o *output) makeRoom() {
	close(o.room)
	o.room = make(chan struct{})
}

// write sends all at once, or drop by drop until the connection ends.
func (o *output) write(c net.Conn, all []byte, drip *faults.Drip) error {
	for len(all) > 0 {
		now := all
		if drip != nil {
			now = all[:min(len(all), drip.Piece())]
		}
		all = all[len(now):]
		if err := c.SetWriteDeadline(time.Now().Add(o.timeout)); err != nil {
			return err
		}
		if _, err := c.Write(now); err != nil {
			return err
		}
		if drip == nil {
			continue
		}
		timer := time.NewTimer(drip.Pause())
		select {
		case <-timer.C:
		case <-o.over:
			timer.Stop()
			drip = nil
		}
	}
	return nil
}

// swap goes on over another connection: the same, under TLS. Nobody may be writing.
func (o *output) swap(c net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conn = c
}

// send adds what appended writes and, when flush is set, sees that it leaves. Without, it leaves when there is enough of it or
// somebody else flushes. It waits while a slow client has plenty to read.
func (o *output) send(ctx context.Context, flush bool, appended func([]byte) []byte) error {
	o.mu.Lock()
	for o.writing && len(o.pending) > plenty && o.err == nil {
		room := o.room
		o.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		o.mu.Lock()
	}
	if o.err != nil {
		defer o.mu.Unlock()
		return o.err
	}
	if o.dead {
		o.mu.Unlock()
		return nil
	}
	o.pending = appended(o.pending)
	if o.writing || !flush && len(o.pending) < enough {
		o.mu.Unlock()
		return nil
	}
	o.writing = true
	err := o.drain()
	o.mu.Unlock()
	if err != nil {
		o.failed()
	}
	return err
}

// drain writes until nothing is left. It is called with the lock, which it gives away while it writes.
func (o *output) drain() error {
	for len(o.pending) > 0 && o.err == nil {
		piece := o.pending
		o.pending, o.spare = o.spare[:0], nil
		o.makeRoom()
		conn, drip := o.conn, o.drip
		o.mu.Unlock()
		err := o.write(conn, piece, drip)
		o.mu.Lock()
		o.err = err
		if cap(piece) <= plenty {
			o.spare = piece[:0]
		}
	}
	o.writing = false
	if o.err != nil { // those who wait for room shall hear it
		o.makeRoom()
	}
	return o.err
}
