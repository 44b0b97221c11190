package loadtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
)

// enoughRate is the share of the asked rate below which a shape is void: it was another, gentler load.
const enoughRate = 0.95

// pointsShown bounds the points of a report; beyond, an even selection stands for all.
const pointsShown = 5_000

// measure turns the changes into figures and compares them with the criteria.
func (t *trial) measure() {
	l := t.load
	l.Started = t.started
	var intended, sent []time.Duration
	var firstSent, lastSent time.Time
	for _, c := range t.changes {
		if c.sent.IsZero() {
			continue
		}
		l.Sent++
		if firstSent.IsZero() || c.sent.Before(firstSent) {
			firstSent = c.sent
		}
		if c.sent.After(lastSent) {
			lastSent = c.sent
		}
		l.Duration = max(l.Duration, c.done.Sub(t.started))
		if c.Acked {
			l.Accepted++
		}
		switch {
		case c.applied:
			l.Applied++
			intended, sent = append(intended, c.done.Sub(c.intended)), append(sent, c.done.Sub(c.sent))
			continue
		case c.lost:
			l.Lost++
		case c.err == nil:
			l.Refused++
		}
	}
	l.Errors = t.troubles()
	l.FromIntended, l.FromSent = reports.Measure(intended), reports.Measure(sent)
	l.Points = t.points()
	l.Criteria = t.plan.Criteria.judge(t.shape, *l)
	if between := lastSent.Sub(firstSent); t.shape.Burst == 0 && between > 0 {
		l.SentRate = float64(l.Sent-1) / between.Seconds()
	}
	l.Reasons = append(l.Reasons, t.tooThin()...)
}

// tooThin is why the shape put on less load than it promises; that makes it void.
func (t *trial) tooThin() []string {
	l := t.load
	var reasons []string
	if l.Sent < l.Planned {
		reasons = append(reasons, fmt.Sprintf("only %d of %d changes were sent", l.Sent, l.Planned))
	}
	if t.shape.Burst > 0 && l.Concurrency < t.plan.Criteria.MinConcurrency {
		reasons = append(reasons, fmt.Sprintf("only %d changes were in flight at once and the criteria ask for %d (min_concurrency), so this proves nothing about a burst", l.Concurrency, t.plan.Criteria.MinConcurrency))
	}
	if t.shape.Burst == 0 && l.SentRate < l.AskedRate*enoughRate {
		reasons = append(reasons, fmt.Sprintf("only %.1f changes a second were sent, %g were asked for: this machine did not keep up, so this proves nothing about the rate", l.SentRate, l.AskedRate))
	}
	return reasons
}

// trouble is what went wrong with a change, in words that are the same for all of its kind.
func (t *trial) trouble(c *change) string {
	var refused *sut.SubmitError
	switch {
	case c.lost:
		return fmt.Sprintf("not applied within %v", t.plan.Timeout)
	case errors.As(c.err, &refused):
		return "not taken by the engine: " + refused.Error()
	case c.err != nil:
		// The text names the transaction, and so would be another each time.
		return "not taken by the engine: " + root(c.err).Error()
	case c.refusal == "":
		return "refused by the target"
	case c.words != "":
		return "refused by the target: " + c.refusal + ": " + c.words
	default:
		return "refused by the target: " + c.refusal
	}
}

// root is the innermost error of a chain.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// points are the changes in the order in which they were due: all, or an even selection with the first and the last.
func (t *trial) points() []reports.Point {
	n := len(t.changes)
	shown := min(n, pointsShown)
	points := make([]reports.Point, 0, shown)
	for i := range shown {
		c := t.changes[i]
		if n > shown {
			c = t.changes[i*(n-1)/(shown-1)]
		}
		if c.sent.IsZero() {
			continue
		}
		points = append(points, reports.Point{
			Intended: c.intended.Sub(t.started), Sent: c.sent.Sub(t.started), Done: c.done.Sub(t.started), OK: c.applied,
		})
	}
	return points
}
