package queue

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	binaryMax = binary.MaxVarintLen64
	markMax   = 1 + 2*binaryMax + len(digest{})
)

// entry is a line of the journal: a note, or the mark that a change is done.
type entry struct {
	note *note
	mark mark
}

// keeper is the state of whoever writes the journal. Each message is stored only if it follows the last one that the
// keeper knows: when another process has taken the lead, the journal has grown, and nothing more can be written.
type keeper struct {
	name  string
	last  uint64 // sequence of the journal's last message
	lines int    // entries since it was begun anew
	carry []mark // marks that could not be stored yet
	err   error  // why
}

// record stores what is handed in, a round at a time, and tells the others that this process is alive.
func (q *Queue) record(ctx context.Context) {
	select {
	case <-q.led:
	case <-ctx.Done():
	case <-q.interrupted:
	}
	for !q.recording.ended() {
		due := q.rest(ctx)
		for r := q.recording.take(); r != nil; r = q.recording.take() {
			r.err = q.commit(ctx, r.entries)
			close(r.done)
			due = false
		}
		if due {
			_ = q.commit(ctx, nil) // Marks that could not be stored, or a sign of life.
		}
	}
	if len(q.keeper.carry) > 0 && ctx.Err() == nil && q.leads() {
		_ = q.commit(ctx, nil)
	}
}

// rest waits for something to write. It tells whether a message is due even if there is nothing new.
func (q *Queue) rest(ctx context.Context) (due bool) {
	var timer <-chan time.Time
	after := q.timing.renew
	if len(q.keeper.carry) > 0 {
		after = q.timing.pause
	}
	if (q.config.URL != "" || len(q.keeper.carry) > 0) && q.leads() {
		t := time.NewTimer(after)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-q.recording.wake:
		return false
	case <-timer:
		return true
	case <-ctx.Done():
		q.recording.close()
		return false
	}
}

// commit stores entries, in one message as a rule.
func (q *Queue) commit(ctx context.Context, entries []entry) error {
	if !q.leads() {
		return ErrInUse
	}
	var notes []note
	marks := q.keeper.carry
	upto := q.index.reach()
	for _, e := range entries {
		if e.note != nil {
			e.note.upto = upto
			notes = append(notes, *e.note)
		} else {
			marks = append(marks, e.mark)
		}
	}
	err := q.write(ctx, notes, marks)
	if errors.Is(err, ErrInUse) {
		q.lose()
	}
	if err != nil {
		q.keeper.carry, q.keeper.err = marks, err
		return err
	}
	q.keeper.carry, q.keeper.err = nil, nil
	if q.index.stored(notes, marks) {
		ring(q.spent)
	}
	if q.keeper.lines > q.timing.lines+2*q.index.size() {
		_ = q.refresh(ctx) // It is tried again when as much has come again.
		q.keeper.lines = 0
	}
	return nil
}

// refresh begins the journal anew: what still counts is written once more, and all that is older is removed.
func (q *Queue) refresh(ctx context.Context) error {
	first := q.keeper.last + 1
	if err := q.write(ctx, nil, nil); err != nil {
		return err
	}
	notes, marks := q.index.live()
	if err := q.write(ctx, notes, marks); err != nil {
		return err
	}
	return q.journal.purge(ctx, jetstream.WithPurgeSequence(first))
}

// write stores a page, or as many as it takes.
func (q *Queue) write(ctx context.Context, notes []note, marks []mark) error {
	page := page{leader: q.keeper.name, waiting: q.index.count()}
	text := page.header()
	flush := func(limit int) error {
		if len(text) <= limit {
			return nil
		}
		err := q.follow(ctx, text)
		text = page.header()
		return err
	}
	for _, n := range notes {
		text = appendNote(text, n)
		if err := flush(maxRound); err != nil {
			return err
		}
	}
	for _, m := range marks {
		text = appendMark(text, m)
		if err := flush(maxRound); err != nil {
			return err
		}
	}
	q.keeper.lines += len(notes) + len(marks) + 1
	return flush(0)
}

// follow stores a message behind the last one. It tries again until it is known what became of it. ErrInUse says that
// another process has written there.
func (q *Queue) follow(ctx context.Context, text []byte) error {
	for {
		sequence, err := q.journal.append(ctx, q.journal.subject, text, jetstream.WithExpectLastSequence(q.keeper.last))
		switch {
		case err == nil:
			q.keeper.last = sequence
			return nil
		case refused(err, codeWrongLast):
			// An earlier try may have been stored, and its answer lost. Only what we wrote ourselves has our name.
			m, ok, err := q.journal.get(ctx, q.keeper.last+1)
			if ok && bytes.Equal(m.Data, text) {
				q.keeper.last++
				return nil
			}
			if err == nil && q.server != nil {
				return errors.New("the journal is not as it was left; restart the engine")
			}
			if err == nil {
				return ErrInUse
			}
		case refused(err, 0), q.failure.err() != nil, ctx.Err() != nil:
			return err
		}
		select {
		case <-time.After(q.timing.pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// recall reads what the streams hold into the index.
func (q *Queue) recall(ctx context.Context) error {
	state, err := q.changes.state(ctx)
	if err != nil {
		return err
	}
	q.index.reset()
	for m, err := range q.journal.all(ctx) {
		if err != nil {
			return err
		}
		p, err := decodePage(m.Data)
		if err != nil {
			return q.journal.foreign(m, err)
		}
		q.keeper.lines += len(p.notes) + len(p.marks) + 1
		q.index.recall(p, state.FirstSeq)
	}
	for m, err := range q.changes.all(ctx) {
		if err != nil {
			return err
		}
		list, err := q.changes.decode(m)
		if err != nil {
			return err
		}
		q.index.add(m.Sequence, digests(list), true)
	}
	last := max(state.LastSeq, q.index.read())
	if missing := q.index.recalled(last); missing > 0 {
		return fmt.Errorf("stream %s has lost changes: it ends with message %d, but the journal knows message %d; "+
			"restore it from a copy, or begin an empty queue elsewhere", q.changes.name, last, missing)
	}
	q.last.Store(last)
	ring(q.spent)
	return nil
}
