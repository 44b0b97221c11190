package syncer

import (
	"context"
	"slices"
	"time"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// deliver takes a change from the queue.
func (d *dispatcher) deliver(ctx context.Context, delivery queue.Delivery) {
	if d.held[delivery.Sequence] {
		return // Delivered a second time because it was held for so long.
	}
	r, err := decodeRecord(delivery.Data)
	if err != nil {
		d.log.ErrorContext(ctx, "a change in the queue cannot be read; it stays there", "sequence", delivery.Sequence, "error", err)
		return
	}
	delivery.Data = nil // It is in the record now.
	c := &change{
		record: r, key: userKey(r.UserName), order: delivery.Sequence, delivery: delivery, waits: r.Accepted,
		inherited: delivery.Sequence <= d.inherits, index: -1,
	}
	d.held[delivery.Sequence] = true
	if d.ledger.isFinal(r.ID, 0) {
		// An earlier engine wrote the audit line and died before it could remove the change.
		d.end(c, outcome{})
		return
	}
	d.arrive(ctx, c)
}

// replay takes a change from the parked store.
func (d *dispatcher) replay(ctx context.Context, p parking, inherited bool) {
	c := &change{
		record: p.record, key: userKey(p.UserName), order: p.Sequence, replay: p.Replay, waits: time.Now(),
		attempts: p.Attempts, prior: p.Mark, inherited: inherited, index: -1,
	}
	d.arrive(ctx, c)
}

// arrive puts a change among those of its user. One that comes from the queue is the newest; one that is replayed, or was
// begun by an earlier engine, need not be.
func (d *dispatcher) arrive(ctx context.Context, c *change) {
	d.ledger.arrived(c.record, c.replay)
	d.ages.add(c)
	if c.replay > 0 && d.lot.outdated(c.ID) {
		d.supersede(c)
		return
	}
	p := d.people[c.key]
	switch {
	case p == nil:
		p = &person{}
		d.people[c.key] = p
		d.begin(ctx, p, c)
	case p.newest() > c.order:
		d.supersede(c)
	case p.current.running:
		if p.next != nil {
			p.passed = append(p.passed, p.next)
		}
		p.next = c
	default:
		d.withdraw(p.current)
		d.supersede(p.current)
		d.begin(ctx, p, c)
	}
}

// begin turns to a change that is now the one of its user that counts.
func (d *dispatcher) begin(ctx context.Context, p *person, c *change) {
	p.current, p.next = c, nil
	switch now := time.Now(); {
	case c.Skipped:
		d.done(ctx, c, outcome{state: hook.Skipped})
	case d.late(c, now):
		d.expired(ctx, c)
	default:
		d.ready.add(c, now.Add(settleDelay+spread(d.config.Seed, c.ID, 0)))
	}
}

// waitsFor tells whether a change of the user that is newer than a place is on its way.
func (d *dispatcher) waitsFor(key string, order uint64) bool {
	p := d.people[key]
	return p != nil && p.newest() > order
}

// withdraw takes a change from wherever it waits.
func (d *dispatcher) withdraw(c *change) {
	d.ready.take(c)
	delete(d.parked, c)
	c.parked = false
}

func (d *dispatcher) supersede(c *change) { d.end(c, outcome{state: hook.Superseded}) }

// end gives a change its outcome. What is left of it is only to be written down.
func (d *dispatcher) end(c *change, o outcome) {
	c.ended = true
	delete(d.held, c.delivery.Sequence)
	d.settle(c, o)
}

// done ends the user's current change and turns to the next.
func (d *dispatcher) done(ctx context.Context, c *change, o outcome) {
	if o.state == hook.Applied {
		d.lot.outdate(c.key, c.order)
	}
	p := d.people[c.key]
	d.end(c, o)
	for _, passed := range p.passed {
		d.supersede(passed)
	}
	p.passed = nil
	if p.next == nil {
		delete(d.people, c.key)
		return
	}
	d.begin(ctx, p, p.next)
}

// late tells whether a change has waited for longer than it may.
func (d *dispatcher) late(c *change, now time.Time) bool {
	return !now.Before(c.waits.Add(d.config.Parked.Deadline))
}

// expired parks a change that is late, after a last look when a write may have been begun.
func (d *dispatcher) expired(ctx context.Context, c *change) {
	c.reason = target.Deadline
	if c.inherited || c.prior != nil {
		d.look(c)
		return
	}
	d.giveUp(ctx, c)
}

// look lets a change find out what became of its unanswered write, and nothing else.
func (d *dispatcher) look(c *change) {
	c.lookOnly = true
	d.ready.add(c, time.Now().Add(d.config.Retry.First+spread(d.config.Seed, c.ID, -1)))
}

// expire ends the wait of those who are late and returns when the next one will be. Who is being tried, or waits for an older
// change of the same user, is asked again when that is over.
func (d *dispatcher) expire(ctx context.Context, now time.Time) time.Time {
	for c := d.ages.oldest(); c != nil; c = d.ages.oldest() {
		if !d.late(c, now) {
			return c.waits.Add(d.config.Parked.Deadline)
		}
		d.ages.next()
		if !c.running && !c.lookOnly && d.people[c.key].current == c {
			d.withdraw(c)
			d.expired(ctx, c)
		}
	}
	return time.Time{}
}

// ages are the changes in the order in which they came, those that have ended among them until they are passed.
type ages struct {
	list  []*change
	tidy  int // length at which the ended ones are taken out
	first int
}

const fewAges = 1024

func (a *ages) add(c *change) {
	a.list = append(a.list, c)
	if len(a.list) < max(a.tidy, fewAges) {
		return
	}
	a.list = slices.DeleteFunc(a.list[a.first:], func(c *change) bool { return c.ended })
	a.first, a.tidy = 0, 2*len(a.list)
}

// oldest is the first that has not ended, or nil.
func (a *ages) oldest() *change {
	for ; a.first < len(a.list); a.first++ {
		if !a.list[a.first].ended {
			return a.list[a.first]
		}
		a.list[a.first] = nil
	}
	a.list, a.first = a.list[:0], 0
	return nil
}

func (a *ages) next() {
	a.list[a.first] = nil
	a.first++
}
