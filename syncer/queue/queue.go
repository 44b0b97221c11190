package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrInUse says that another engine works on the same queue. Two engines would break the order of a user's changes.
	ErrInUse = errors.New("another engine is using this queue")
	// ErrFull says that the limit of waiting changes is reached.
	ErrFull = errors.New("the queue is full")
	// ErrClosed says that the queue was closed.
	ErrClosed = errors.New("the queue is closed")
)

const (
	consumerName = "engine"
	// A delivered change stays with the engine until it is done, for as long as its retries take. When the wait below ends
	// first, the change is delivered a second time and the engine knows it by its sequence.
	ackWait = 7 * 24 * time.Hour
	// codeFull is JetStream's error code for "maximum messages exceeded".
	codeFull = 10077
)

// Queue is the durable queue of one engine. It is safe for concurrent use.
type Queue struct {
	config   Config
	server   *server.Server // nil when the queue is on another host
	release  func() error
	conn     *nats.Conn
	js       jetstream.JetStream
	changes  jetstream.Stream
	notes    jetstream.Stream
	parked   jetstream.Stream
	lost     chan struct{}
	messages jetstream.MessagesContext
	created  time.Time
	last     uint64
}

// Open starts or reaches the store and makes what is missing in it. All changes that are not done are delivered again,
// in their order.
func Open(ctx context.Context, c Config) (*Queue, error) { return open(ctx, c, true) }

// OpenForAdministration opens the store to look at and purge parked changes, and delivers nothing. On a directory that
// needs the lock, so no engine may run; by URL it works beside one.
func OpenForAdministration(ctx context.Context, c Config) (*Queue, error) { return open(ctx, c, false) }

func open(ctx context.Context, c Config, deliver bool) (_ *Queue, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	q := &Queue{config: c, release: func() error { return nil }, lost: make(chan struct{})}
	defer func() {
		if err != nil {
			_ = q.Close(context.WithoutCancel(ctx))
		}
	}()
	if err := q.connect(); err != nil {
		return nil, err
	}
	if q.js, err = jetstream.New(q.conn); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	if err := q.prepare(ctx, deliver); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return q, nil
}

func (q *Queue) connect() error {
	if q.config.URL != "" {
		options := []nats.Option{nats.Name("seatrial sync"), nats.MaxReconnects(-1), nats.Timeout(10 * time.Second)}
		if q.config.CredentialsFile != "" {
			options = append(options, nats.UserCredentials(q.config.CredentialsFile))
		}
		conn, err := nats.Connect(q.config.URL, options...)
		if err != nil {
			return fmt.Errorf("queue.url: cannot reach %s: %w", q.config.URL, err)
		}
		q.conn = conn
		return nil
	}
	if err := os.MkdirAll(q.config.Dir, 0o700); err != nil {
		return fmt.Errorf("queue.dir: %w", err)
	}
	release, err := lock(q.config.Dir)
	if err != nil {
		return fmt.Errorf("queue.dir: %w", err)
	}
	q.release = release
	// SyncAlways: an acknowledged change survives a power failure. Without it the store is flushed every two minutes.
	q.server, err = server.NewServer(&server.Options{
		ServerName: "seatrial-sync", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: q.config.Dir, SyncAlways: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("queue.dir: %w", err)
	}
	q.server.Start()
	if !q.server.ReadyForConnections(30 * time.Second) {
		return fmt.Errorf("queue.dir: the store in %s did not open within 30s", q.config.Dir)
	}
	q.conn, err = nats.Connect("", nats.InProcessServer(q.server), nats.Name("seatrial sync"))
	if err != nil {
		return fmt.Errorf("queue: reach embedded store: %w", err)
	}
	return nil
}

func (q *Queue) prepare(ctx context.Context, deliver bool) (err error) {
	q.changes, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: q.config.Stream, Subjects: []string{q.changeSubject()}, Retention: jetstream.WorkQueuePolicy,
		Discard: jetstream.DiscardNew, MaxMsgs: q.config.Limit, Duplicates: q.config.Duplicates,
		Storage: jetstream.FileStorage, Replicas: q.config.Replicas,
		Description: "password changes that wait for their target; passwords are sealed",
	})
	if err != nil {
		return fmt.Errorf("stream %s: %w", q.config.Stream, err)
	}
	q.notes, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: q.config.Stream + "-NOTES", Subjects: []string{q.noteSubject("*")}, MaxMsgsPerSubject: 1,
		Storage: jetstream.FileStorage, Replicas: q.config.Replicas, AllowDirect: true,
		Description: "the last write begun per user; no passwords",
	})
	if err != nil {
		return fmt.Errorf("stream %s-NOTES: %w", q.config.Stream, err)
	}
	q.parked, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: q.parkedName(), Subjects: []string{q.parkedSubject("*")}, MaxMsgsPerSubject: 1,
		Storage: jetstream.FileStorage, Replicas: q.config.Replicas, AllowDirect: true,
		Description: "changes that no attempt could apply; passwords are sealed",
	})
	if err != nil {
		return fmt.Errorf("stream %s: %w", q.parkedName(), err)
	}
	info := q.changes.CachedInfo()
	q.created, q.last = info.Created, info.State.LastSeq
	if !deliver {
		return nil
	}
	if err := q.dismiss(ctx); err != nil {
		return err
	}
	// A new consumer starts with the oldest change. One that outlived the last engine would first wait for ackWait to end.
	consumer, err := q.changes.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumerName, AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait: ackWait, MaxAckPending: -1, MaxDeliver: -1, Replicas: q.config.Replicas,
	})
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	q.messages, err = consumer.Messages(jetstream.PullMaxMessages(500))
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	return nil
}

// dismiss removes the consumer of an engine that is gone, and refuses when that engine still asks for changes.
func (q *Queue) dismiss(ctx context.Context) error {
	old, err := q.changes.Consumer(ctx, consumerName)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	if old.CachedInfo().NumWaiting > 0 {
		return fmt.Errorf("stream %s: %w; if it has just died, its place is free within 30s", q.config.Stream, ErrInUse)
	}
	if err := q.changes.DeleteConsumer(ctx, consumerName); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("consumer: %w", err)
	}
	return nil
}

func (q *Queue) changeSubject() string { return q.config.Stream + ".changes" }

func (q *Queue) noteSubject(key string) string { return q.config.Stream + ".notes." + key }

// Created is when the stream was made. Sequences of another stream say nothing about this one.
func (q *Queue) Created() time.Time { return q.created }

// Last is the sequence of the newest change at the time of Open: what is not newer may have been begun by an earlier engine.
func (q *Queue) Last() uint64 { return q.last }

// Publish stores a change and returns when it is on disk. An id that was published within the time for duplicates is not
// stored again.
func (q *Queue) Publish(ctx context.Context, id string, data []byte) (duplicate bool, err error) {
	ack, err := q.js.Publish(ctx, q.changeSubject(), data, jetstream.WithMsgID(id), jetstream.WithExpectStream(q.config.Stream))
	if err != nil {
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == codeFull {
			return false, ErrFull
		}
		return false, fmt.Errorf("publish: %w", err)
	}
	return ack.Duplicate, nil
}

// Delivery is one change, the engine's until it is done.
type Delivery struct {
	Sequence uint64
	Data     []byte
	message  jetstream.Msg
}

// Next waits for the next change. It ends with ErrClosed.
func (q *Queue) Next(ctx context.Context) (Delivery, error) {
	for {
		m, err := q.messages.Next(jetstream.NextContext(ctx))
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return Delivery{}, ErrClosed
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			continue // The server is away; the iterator asks again by itself.
		case err != nil:
			return Delivery{}, fmt.Errorf("next: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return Delivery{}, fmt.Errorf("next: %w", err)
		}
		return Delivery{Sequence: meta.Sequence.Stream, Data: m.Data(), message: m}, nil
	}
}

// Done removes a change and returns when the store has confirmed it.
func (q *Queue) Done(ctx context.Context, d Delivery) error {
	err := d.message.DoubleAck(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return fmt.Errorf("done: %w", err)
	}
	return nil
}

// SetNote stores the note under the key in place of the last one, and returns when it is on disk. A key is hexadecimal.
func (q *Queue) SetNote(ctx context.Context, key string, data []byte) error {
	if _, err := q.js.Publish(ctx, q.noteSubject(key), data, jetstream.WithExpectStream(q.config.Stream+"-NOTES")); err != nil {
		return fmt.Errorf("set note: %w", err)
	}
	return nil
}

// Note returns the note under the key, nil when there is none.
func (q *Queue) Note(ctx context.Context, key string) ([]byte, error) {
	m, err := q.notes.GetLastMsgForSubject(ctx, q.noteSubject(key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("note: %w", err)
	}
	return m.Data, nil
}

// Connected tells whether the store can be reached.
func (q *Queue) Connected() bool { return q.conn.IsConnected() }

// Interrupt ends Next; changes that were delivered stay the engine's.
func (q *Queue) Interrupt() {
	if q.messages != nil {
		q.messages.Stop()
	}
}

// Close ends everything. Changes that are not done are delivered again after the next Open.
func (q *Queue) Close(context.Context) error {
	q.Interrupt()
	if q.conn != nil {
		q.conn.Close()
	}
	if q.server != nil {
		q.server.Shutdown()
		q.server.WaitForShutdown()
	}
	if err := q.release(); err != nil {
		return fmt.Errorf("close queue: %w", err)
	}
	return nil
}
