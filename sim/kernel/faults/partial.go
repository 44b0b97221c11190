package faults

import (
	"context"
	"errors"
	"net/http"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// errCut is what a handler hears whose answer has broken off.
var errCut = errors.New("faults: the answer is cut off")

// partial is an answer of which the beginning passes. It hides what net/http's writer can do beyond the interface: a handler
// must not take the connection away.
type partial struct {
	http.ResponseWriter
	ctx   context.Context //nolint:containedctx // of the request that is answered, as http.Request has it
	rule  *active
	drip  *Drip
	left  int  // bytes that still pass; negative when there is no limit any more
	ended bool // the answer has broken off
}

// partly has next answer, as far as the rule lets it.
func (s *Set) partly(a *active, next http.Handler, w http.ResponseWriter, r *http.Request) {
	x := journal.From(r.Context())
	x.Lost = a.Kind != KindDrip // now, for a handler that keeps entries of its own
	p := &partial{ResponseWriter: w, ctx: r.Context(), rule: a, drip: s.drip(a), left: a.After}
	if a.Kind == KindDrip {
		p.left = -1
	}
	next.ServeHTTP(p, r)
	if !p.ended && p.left >= 0 { // it is shorter than that
		p.reach()
	}
	if x.Lost = p.ended; p.ended {
		closeEarly(w, r)
	}
}

// Write lets so many bytes pass, or each piece in its time.
func (p *partial) Write(b []byte) (sent int, err error) {
	for !p.ended {
		piece := p.next(b[sent:])
		if len(piece) > 0 || len(b) == 0 {
			n, err := p.ResponseWriter.Write(piece)
			if sent += n; err != nil {
				return sent, err
			}
		}
		if p.drip != nil {
			p.flush()
			p.ended = !sleep(p.ctx, p.drip.Pause())
		}
		if sent == len(b) {
			return sent, nil
		}
		if p.drip == nil {
			p.reach()
		}
	}
	return sent, errCut
}

// next is what of the rest of an answer passes now.
func (p *partial) next(rest []byte) []byte {
	switch {
	case p.drip != nil:
		return rest[:min(len(rest), p.drip.Piece())]
	case p.left >= 0:
		rest = rest[:min(len(rest), p.left)]
		p.left -= len(rest)
	}
	return rest
}

// reach is called where the answer shall stop or break off.
func (p *partial) reach() {
	p.flush()
	if p.rule.Kind == KindStall {
		select {
		case <-p.rule.removed:
			p.left = -1
			return
		case <-p.ctx.Done():
		}
	}
	p.ended = true
}

// flush sends what there is, the headers first of all. Without it an early end would take back what has passed.
func (p *partial) flush() {
	_ = http.NewResponseController(p.ResponseWriter).Flush() // who cannot be written to is noticed by the next write
}

// closeEarly ends the connection after what was sent of an answer: what is under way arrives. As in cut, the journal goes first.
func closeEarly(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if !journal.From(r.Context()).AfterRecord(func() { _ = conn.Close() }) {
		_ = conn.Close()
	}
}
