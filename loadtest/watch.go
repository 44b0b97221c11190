package loadtest

import (
	"context"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/control"
)

const (
	watchPoll = 20 * time.Millisecond // how often the journal is asked; the times in it are exact all the same
	watchPage = 2_000
)

// fate is what the target did to a change.
type fate struct {
	at       time.Time // when the target had answered
	accepted bool
	reason   string // of a refusal
}

// watch follows the target's journal and tells each change its fate. One goroutine runs it.
type watch struct {
	plane   *control.Client
	target  string
	after   uint64
	waiting map[string]*change // by digest; those without a fate yet
}

func newWatch(plane *control.Client, target string, after uint64, changes []*change) *watch {
	w := &watch{plane: plane, target: target, after: after, waiting: make(map[string]*change, len(changes))}
	for _, c := range changes {
		w.waiting[c.Digest] = c
	}
	return w
}

// run polls until the context ends, which is no error, or the control plane fails, which is.
func (w *watch) run(ctx context.Context) error {
	ticker := time.NewTicker(watchPoll)
	defer ticker.Stop()
	for {
		more, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("watch the target: %w", err)
		case more:
			continue
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

const watchQuery = `query($target: String!, $after: Count, $first: Int!) {
	passwordWrites(target: $target, after: $after, first: $first) { last writes { sequence digest outcome reason received answered } } }`

// look reads one page and tells whether there may be more at once.
func (w *watch) look(ctx context.Context) (more bool, err error) {
	var data struct{ PasswordWrites control.PasswordWrites }
	err = w.plane.Do(ctx, watchQuery, map[string]any{"target": w.target, "after": w.after, "first": watchPage}, &data)
	if err != nil {
		return false, err
	}
	page := data.PasswordWrites
	for _, write := range page.Writes {
		w.tell(write)
		w.after = write.Sequence
	}
	if len(page.Writes) == watchPage {
		return true, nil
	}
	w.after = max(w.after, page.Last)
	return false, nil
}

// tell hands a change its fate: the first time that the target accepts or refuses its password. What comes later (a write
// that was repeated, say) is for the invariants.
func (w *watch) tell(write control.PasswordWrite) {
	if write.Outcome == "" {
		return // an attempt that a fault cut off, say: there will be another
	}
	c, found := w.waiting[write.Digest]
	if !found {
		return
	}
	delete(w.waiting, write.Digest)
	at := write.Answered
	if at.IsZero() {
		at = write.Received
	}
	c.fate <- fate{at: at, accepted: write.Outcome == "accepted", reason: write.Reason}
}
