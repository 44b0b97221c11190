package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// commitTimeout bounds the storing of a message, tryTimeout one try. A cluster that chooses a new leader takes seconds.
	commitTimeout = 10 * time.Second
	tryTimeout    = 3 * time.Second
	// askTimeout bounds any other call.
	askTimeout = 5 * time.Second
	// codeWrongLast is JetStream's code for "wrong last sequence".
	codeWrongLast = 10071
	// formatKey marks a stream as ours, in the layout of formatVersion.
	formatKey, formatVersion = "seatrial-queue", "2"
)

// store is the connection to the server, embedded or elsewhere.
type store struct {
	config Config
	server *server.Server // nil when it is elsewhere
	conn   *nats.Conn
	js     jetstream.JetStream
	// Of the embedded server; nil when it is elsewhere.
	marker  *marker
	failure *failure
}

// stream is one of the queue's streams. Each of its calls has an end, also when the server has gone silent.
type stream struct {
	handle  jetstream.Stream
	js      jetstream.JetStream
	failure *failure
	name    string
	subject string
}

func (s *store) connect(options ...nats.Option) (err error) {
	options = append(options, nats.Name("seatrial sync"), nats.MaxReconnects(-1), nats.Timeout(10*time.Second))
	if s.config.URL != "" {
		if s.config.CredentialsFile != "" {
			options = append(options, nats.UserCredentials(s.config.CredentialsFile))
		}
		if s.conn, err = nats.Connect(s.config.URL, options...); err != nil {
			return fmt.Errorf("queue.url: cannot reach %s: %w", s.config.URL, err)
		}
	} else if err := s.embed(); err != nil {
		return err
	}
	if s.js, err = jetstream.New(s.conn); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	return nil
}

// embed starts a server of our own in the directory.
func (s *store) embed() (err error) {
	if s.marker, err = takeDirectory(s.config.Dir); err != nil {
		return fmt.Errorf("queue.dir: %w", err)
	}
	// SyncAlways: an acknowledged change survives a power failure. Without it the store is flushed every two minutes.
	s.server, err = server.NewServer(&server.Options{
		ServerName: "seatrial-sync", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: s.config.Dir, SyncAlways: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("queue.dir: %w", err)
	}
	s.failure = &failure{}
	s.server.SetLogger(s.failure, false, false)
	s.server.Start()
	if !s.server.ReadyForConnections(30 * time.Second) {
		return fmt.Errorf("queue.dir: the store in %s did not open within 30s", s.config.Dir)
	}
	if !s.server.JetStreamEnabled() {
		return fmt.Errorf("queue.dir: the store in %s cannot be used; see that the disk is writable and has room", s.config.Dir)
	}
	if s.conn, err = nats.Connect("", nats.InProcessServer(s.server), nats.Name("seatrial sync")); err != nil {
		return fmt.Errorf("queue: reach embedded store: %w", err)
	}
	s.failure.watch(s.conn)
	return nil
}

func (s *store) disconnect() error {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
	if s.failure != nil {
		s.failure.cutting.Wait()
	}
	return s.marker.release()
}

// stream opens a stream, and makes it when it is not there. Part is what its subject has behind the queue's name.
func (s *store) stream(ctx context.Context, suffix, part string, c jetstream.StreamConfig) (stream, error) {
	c.Name, c.Subjects = s.config.Stream+suffix, []string{s.config.Stream + "." + part}
	c.Storage, c.Replicas, c.Metadata = jetstream.FileStorage, s.config.Replicas, map[string]string{formatKey: formatVersion}
	// The only copy may answer reads directly; of several, one may lag behind.
	c.AllowDirect = s.config.Replicas == 1
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	old, err := s.js.Stream(ctx, c.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
	case err != nil:
		return stream{}, fmt.Errorf("stream %s: %w", c.Name, err)
	case old.CachedInfo().Config.Metadata[formatKey] != formatVersion:
		return stream{}, fmt.Errorf("stream %s holds something else, or was made by another version; let that one empty it, or name another %s",
			c.Name, s.place())
	}
	made, err := s.js.CreateOrUpdateStream(ctx, c)
	if err != nil {
		return stream{}, fmt.Errorf("stream %s: %w", c.Name, err)
	}
	return stream{handle: made, js: s.js, failure: s.failure, name: c.Name, subject: c.Subjects[0]}, nil
}

// place is the setting that says where the queue is.
func (s *store) place() string {
	if s.config.URL == "" {
		return "dir"
	}
	return "stream"
}

// append stores a message and returns its sequence when it is on disk. A try that is not answered is repeated: the caller
// sees to it, by an option, that two of them are stored once.
func (s stream) append(ctx context.Context, subject string, data []byte, options ...jetstream.PublishOpt) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	options = append(options, jetstream.WithExpectStream(s.name), jetstream.WithRetryAttempts(8))
	for {
		sequence, err := s.try(ctx, subject, data, options)
		if err == nil {
			return sequence, nil
		}
		if failed := s.failure.err(); failed != nil {
			return 0, failed
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, jetstream.ErrNoStreamResponse) {
			return 0, err
		}
	}
}

func (s stream) try(ctx context.Context, subject string, data []byte, options []jetstream.PublishOpt) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	ack, err := s.js.Publish(ctx, subject, data, options...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// read returns the first message from a sequence on, and whether there is one.
func (s stream) read(ctx context.Context, from uint64) (*jetstream.RawStreamMsg, bool, error) {
	return s.get(ctx, from, jetstream.WithGetMsgSubject(s.subject))
}

// get returns the message of a sequence, and whether there is one.
func (s stream) get(ctx context.Context, sequence uint64, options ...jetstream.GetMsgOpt) (*jetstream.RawStreamMsg, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return found(s.handle.GetMsg(ctx, sequence, options...))
}

// newest returns the last message under a subject, and whether there is one.
func (s stream) newest(ctx context.Context, subject string) (*jetstream.RawStreamMsg, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return found(s.handle.GetLastMsgForSubject(ctx, subject))
}

func found(m *jetstream.RawStreamMsg, err error) (*jetstream.RawStreamMsg, bool, error) {
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	return m, err == nil, err
}

// state returns what the stream holds.
func (s stream) state(ctx context.Context) (jetstream.StreamState, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := s.handle.Info(ctx)
	if err != nil {
		return jetstream.StreamState{}, fmt.Errorf("stream %s: %w", s.name, err)
	}
	return info.State, nil
}

func (s stream) purge(ctx context.Context, what jetstream.StreamPurgeOpt) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return s.handle.Purge(ctx, what)
}

func (s stream) remove(ctx context.Context, sequence uint64) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := s.handle.DeleteMsg(ctx, sequence); !errors.Is(err, jetstream.ErrMsgNotFound) {
		return err
	}
	return nil
}

// all reads the whole stream.
func (s stream) all(ctx context.Context) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for from := uint64(1); ; {
			m, ok, err := s.read(ctx, from)
			if err != nil {
				yield(nil, fmt.Errorf("stream %s: %w", s.name, err))
				return
			}
			if !ok || !yield(m, nil) {
				return
			}
			from = m.Sequence + 1
		}
	}
}

// decode takes a message of changes apart.
func (s stream) decode(m *jetstream.RawStreamMsg) ([]change, error) {
	list, err := decodeChanges(m.Data)
	if err != nil {
		return nil, s.foreign(m, err)
	}
	return list, nil
}

// foreignError is a message in a stream of ours that was written by somebody else, or is damaged.
type foreignError struct {
	stream   string
	sequence uint64
	err      error
}

func (e *foreignError) Error() string {
	return fmt.Sprintf("stream %s: message %d is not one of this version's, or is damaged: %v", e.stream, e.sequence, e.err)
}

func (e *foreignError) Unwrap() error { return e.err }

func (s stream) foreign(m *jetstream.RawStreamMsg, err error) error {
	return &foreignError{s.name, m.Sequence, err}
}

// refused tells whether the server has answered with an error: the message is then not stored.
func refused(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (code == 0 || api.ErrorCode == code)
}

// exists tells whether a file or directory is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
