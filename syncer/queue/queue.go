package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrInUse says that another engine works on the same queue. Two engines would break the order of a user's changes.
	ErrInUse = errors.New("another engine is using this queue")
	// ErrFull says that the limit of waiting changes is reached.
	ErrFull = errors.New("the queue is full")
	// ErrClosed says that the queue was closed, or was opened for administration only.
	ErrClosed = errors.New("the queue is closed")
	// ErrTooLarge says that a change, a note or a parked change is longer than the queue takes.
	ErrTooLarge = errors.New("longer than the queue takes")
)

// maxData is the length of the longest change: a message that is nearly full has room for one more.
const maxData = maxRound / 2

// Queue is the durable queue. It is safe for concurrent use.
type Queue struct {
	store
	timing  timing
	changes stream
	journal stream
	parked  stream
	index   *index
	created time.Time
	last    atomic.Uint64 // the newest message when the lead was taken

	publishing *group[publication]
	recording  *group[entry]
	keeper     keeper
	arrived    chan struct{} // a message of changes was stored
	spent      chan struct{} // a message of changes can be removed

	turn     chan struct{} // whoever holds its token reads
	position uint64
	ready    []Delivery

	led         chan struct{} // closed when this process leads
	lost        chan struct{} // closed when it does no more
	interrupted chan struct{}
	lose        func()
	interrupt   func()
	cut         context.CancelFunc
	loops       sync.WaitGroup
}

// Open starts or reaches the store and makes what is missing in it. In a directory this process leads at once, and all
// changes that are not done are delivered again, in their order. By URL it stands by until Lead has returned.
func Open(ctx context.Context, c Config) (*Queue, error) { return open(ctx, c, usual) }

// OpenForAdministration opens the store to look at parked changes and to purge them, and delivers nothing. A directory must
// hold a queue that no engine uses; by URL it works beside one.
func OpenForAdministration(ctx context.Context, c Config) (*Queue, error) {
	t := usual
	t.administration = true
	return open(ctx, c, t)
}

func open(ctx context.Context, c Config, t timing, options ...nats.Option) (_ *Queue, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	q := &Queue{
		store: store{config: c}, timing: t, index: newIndex(c.Duplicates), publishing: newGroup[publication](), recording: newGroup[entry](),
		arrived: make(chan struct{}, 1), spent: make(chan struct{}, 1), turn: make(chan struct{}, 1), position: 1,
		led: make(chan struct{}), lost: make(chan struct{}), interrupted: make(chan struct{}),
	}
	q.lose = sync.OnceFunc(func() { close(q.lost) })
	q.interrupt = sync.OnceFunc(func() { close(q.interrupted) })
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	q.cut = cut
	defer func() {
		if err != nil {
			q.abandon()
			err = errors.Join(err, q.disconnect())
		}
	}()
	if t.administration && c.URL == "" {
		if err := holdsQueue(c.Dir); err != nil {
			return nil, err
		}
	}
	if err := q.connect(options...); err != nil {
		return nil, err
	}
	if err := q.prepare(ctx); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	if t.administration {
		if err := q.borrow(ctx); err != nil {
			return nil, err
		}
		q.publishing.close()
		q.recording.close()
		q.interrupt()
		return q, nil
	}
	q.keeper.name = leaderName()
	if c.URL == "" {
		if err := q.takeOver(ctx); err != nil {
			return nil, fmt.Errorf("queue: %w", err)
		}
	}
	q.loops.Go(func() { q.publish(life) })
	q.loops.Go(func() { q.record(life) })
	q.loops.Go(func() { q.sweep(life) })
	return q, nil
}

func (q *Queue) prepare(ctx context.Context) (err error) {
	if q.changes, err = q.stream(ctx, "", "changes", jetstream.StreamConfig{
		Description: "password changes that wait for their target; passwords are sealed",
	}); err != nil {
		return err
	}
	if q.journal, err = q.stream(ctx, "-JOURNAL", "journal", jetstream.StreamConfig{
		Description: "which changes are done, and the last write begun per user; no passwords",
	}); err != nil {
		return err
	}
	if q.parked, err = q.stream(ctx, "-PARKED", "parked.*", jetstream.StreamConfig{
		Description: "changes that no attempt could apply; passwords are sealed", MaxMsgsPerSubject: 1,
	}); err != nil {
		return err
	}
	q.created = q.changes.handle.CachedInfo().Created
	if q.config.URL == "" {
		return nil
	}
	_, err = q.conn.Subscribe(q.wakeSubject(), func(*nats.Msg) { ring(q.arrived) })
	return err
}

// wakeSubject carries a word to the leader that there is something to read. It is not stored.
func (q *Queue) wakeSubject() string { return q.config.Stream + ".wake" }

// Created is when the stream was made. Sequences of another stream say nothing about this one.
func (q *Queue) Created() time.Time { return q.created }

// Last is the highest sequence that a change may have that another process had in its hands: what is not above it may have
// been begun. It is set when this process takes the lead.
func (q *Queue) Last() uint64 { return q.last.Load()<<sequenceBits | (maxEntries - 1) }

// Waiting is the number of changes that are not done. A process that stands by knows it from the leader's last word.
func (q *Queue) Waiting() int64 { return q.index.count() }

// Connected tells whether the store can be reached and takes what it is given.
func (q *Queue) Connected() bool { return q.conn.IsConnected() }

// Interrupt ends Next; changes that were delivered stay the engine's.
func (q *Queue) Interrupt() { q.interrupt() }

// Close ends everything; what was handed in before is stored, unless ctx has ended. Changes that are not done are delivered
// again after the next Open. By URL another process takes the lead at once.
func (q *Queue) Close(ctx context.Context) error {
	q.Interrupt()
	clean := ctx.Err() == nil
	if clean {
		stop := context.AfterFunc(ctx, q.cut)
		q.publishing.close()
		q.recording.close()
		q.loops.Wait()
		stop()
	}
	q.abandon()
	var err error
	if clean && q.leads() && q.keeper.err == nil {
		below, list := q.index.remove()
		err = errors.Join(q.remove(ctx, below, list), q.farewell(ctx))
	}
	if clean && q.timing.administration {
		err = q.giveBack(ctx)
	}
	if err := errors.Join(err, q.disconnect()); err != nil {
		return fmt.Errorf("close queue: %w", err)
	}
	return nil
}

// abandon ends the loops at once.
func (q *Queue) abandon() {
	q.cut()
	q.publishing.close()
	q.recording.close()
	q.interrupt()
	q.loops.Wait()
}
