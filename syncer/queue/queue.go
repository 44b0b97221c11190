package queue

import (
	"context"
	"crypto/rand"
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

// maxData is the length of the longest change: one fits into a message together with what is around it.
const maxData = maxRound

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

// publication is a change that waits for the disk, and what came of it.
type publication struct {
	change
	duplicate bool
	err       error
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

// Publish stores a change and returns when it is on disk. An id that was published within the time for duplicates is not
// stored again. After an error it may be on disk all the same; when it is published again, one of the two is delivered.
// The data must not be changed afterwards.
func (q *Queue) Publish(ctx context.Context, id string, data []byte) (duplicate bool, err error) {
	if len(id)+len(data) > maxData {
		return false, fmt.Errorf("publish: %d bytes are %w: at most %d", len(id)+len(data), ErrTooLarge, maxData)
	}
	r, i := q.publishing.add(publication{change: change{id, data}}, len(id)+len(data)+2*binaryMax)
	if r == nil {
		return false, ErrClosed
	}
	select {
	case <-r.done:
		return r.entries[i].duplicate, r.entries[i].err
	case <-ctx.Done():
		return false, fmt.Errorf("publish: %w", ctx.Err())
	}
}

// publish stores what is handed in, a round at a time.
func (q *Queue) publish(ctx context.Context) {
	for !q.publishing.ended() {
		<-q.publishing.wake
		for r := q.publishing.take(); r != nil; r = q.publishing.take() {
			q.storeRound(ctx, r)
			close(r.done)
		}
	}
}

func (q *Queue) storeRound(ctx context.Context, r *round[publication]) {
	text := append(make([]byte, 0, r.size+1), changesMark)
	ids := make([]digest, 0, len(r.entries))
	here := make(map[digest]bool, len(r.entries))
	room := q.config.Limit - q.index.count()
	for i := range r.entries {
		p := &r.entries[i]
		id := digestOf(p.id)
		switch {
		case here[id] || q.index.known(id):
			p.duplicate = true
		case int64(len(ids)) >= room:
			p.err = ErrFull
		default:
			here[id] = true
			ids = append(ids, id)
			text = appendChange(text, p.change)
		}
	}
	if len(ids) == 0 {
		return
	}
	sequence, err := q.changes.append(ctx, q.changes.subject, text, jetstream.WithMsgID(rand.Text()))
	if err != nil {
		for i := range r.entries {
			if p := &r.entries[i]; here[digestOf(p.id)] {
				p.duplicate, p.err = false, fmt.Errorf("publish: %w", err)
			}
		}
		return
	}
	if q.leads() {
		q.index.add(sequence, ids, false)
	} else {
		q.index.setWaiting(q.index.count() + int64(len(ids)))
	}
	ring(q.arrived)
	if q.config.URL != "" {
		_ = q.conn.Publish(q.wakeSubject(), nil) // Who misses it looks by himself.
	}
}

// Delivery is one change, the engine's until it is done.
type Delivery struct {
	// Sequence ascends in the order of acceptance and is never used again.
	Sequence uint64
	Data     []byte
	id       digest
}

// Next waits for the next change. It ends with ErrClosed, and with ErrInUse when this process has lost the lead.
func (q *Queue) Next(ctx context.Context) (Delivery, error) {
	d, err := q.next(ctx)
	if err != nil && !errors.Is(err, ErrClosed) {
		return d, fmt.Errorf("next: %w", err)
	}
	return d, err
}

func (q *Queue) next(ctx context.Context) (Delivery, error) {
	select {
	case q.turn <- struct{}{}:
		defer func() { <-q.turn }()
	case <-q.interrupted:
		return Delivery{}, ErrClosed
	case <-ctx.Done():
		return Delivery{}, ctx.Err()
	}
	if err := q.wait(ctx, q.led, 0); err != nil {
		return Delivery{}, err
	}
	for len(q.ready) == 0 {
		more, err := q.fetch(ctx)
		switch foreign := (*foreignError)(nil); {
		case errors.As(err, &foreign), err != nil && q.failure.err() != nil:
			return Delivery{}, err
		case err != nil: // A store that is away is asked again.
			err = q.wait(ctx, nil, q.timing.pause)
		case !more:
			err = q.wait(ctx, q.arrived, q.timing.poll)
		}
		if err != nil {
			return Delivery{}, err
		}
	}
	if err := q.wait(ctx, closed, 0); err != nil {
		return Delivery{}, err
	}
	d := q.ready[0]
	q.ready[0] = Delivery{}
	q.ready = q.ready[1:]
	return d, nil
}

// wait ends without an error when c is ready or, unless it is zero, after a time; by URL only, for who is alone is told.
func (q *Queue) wait(ctx context.Context, c <-chan struct{}, after time.Duration) error {
	var timer <-chan time.Time
	if after > 0 && (q.config.URL != "" || c == nil) {
		t := time.NewTimer(after)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-q.interrupted:
		return ErrClosed
	case <-q.lost:
		return ErrInUse
	default:
	}
	select {
	case <-c:
		return nil
	case <-timer:
		return nil
	case <-q.interrupted:
		return ErrClosed
	case <-q.lost:
		return ErrInUse
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closed is ready at once.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// fetch reads the next message of changes, and tells whether there was one.
func (q *Queue) fetch(ctx context.Context) (bool, error) {
	m, ok, err := q.changes.read(ctx, q.position)
	if err != nil || !ok {
		return false, err
	}
	q.position = m.Sequence + 1
	list, err := q.changes.decode(m)
	if err != nil {
		return false, err
	}
	ids := digests(list)
	q.index.add(m.Sequence, ids, true)
	undone := q.index.undone(m.Sequence, len(list))
	for _, i := range undone {
		q.ready = append(q.ready, Delivery{
			Sequence: m.Sequence<<sequenceBits | uint64(i), //nolint:gosec // Below maxEntries.
			Data:     append([]byte(nil), list[i].data...), // Its own, so that one change does not keep all the others in memory.
			id:       ids[i],
		})
	}
	if len(undone) == 0 {
		ring(q.spent)
	}
	return true, nil
}

func digests(list []change) []digest {
	ids := make([]digest, len(list))
	for i, c := range list {
		ids[i] = digestOf(c.id)
	}
	return ids
}

// Done removes a change. It does not wait for the disk: after a crash the change may be delivered again.
func (q *Queue) Done(_ context.Context, d Delivery) error {
	if q.isLost() {
		return fmt.Errorf("done: %w", ErrInUse)
	}
	m := mark{sequence: d.Sequence, id: d.id, at: seconds()}
	if !q.index.finish(m) {
		return nil
	}
	if r, _ := q.recording.add(entry{mark: m}, markMax); r == nil {
		return ErrClosed
	}
	return nil
}

// SetNote stores the note under the key in place of the last one, and returns when it is on disk. A note is kept for as
// long as a change waits that had been delivered before it was set; then it may be forgotten. When another process leads,
// the error is ErrInUse and nothing is stored.
func (q *Queue) SetNote(ctx context.Context, key string, data []byte) error {
	if len(key)+len(data) > maxData {
		return fmt.Errorf("set note: %d bytes are %w: at most %d", len(key)+len(data), ErrTooLarge, maxData)
	}
	if !q.leads() {
		return fmt.Errorf("set note: %w", ErrInUse)
	}
	r, _ := q.recording.add(entry{note: &note{key: key, data: data}}, len(key)+len(data)+4*binaryMax)
	if r == nil {
		return ErrClosed
	}
	select {
	case <-r.done:
		if r.err != nil {
			return fmt.Errorf("set note: %w", r.err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("set note: %w", ctx.Err())
	}
}

// Note returns the note under the key, nil when there is none.
func (q *Queue) Note(_ context.Context, key string) ([]byte, error) {
	if !q.leads() {
		return nil, fmt.Errorf("note: %w", ErrInUse)
	}
	return q.index.note(key), nil
}

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
