package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// ErrClosed says that the trail was closed.
var ErrClosed = errors.New("the audit trail is closed")

// Log appends to the trail. It is safe for concurrent use.
type Log struct {
	out      io.Writer
	file     *os.File // nil when out is not a file of ours
	previous string
	length   int64

	mu      sync.Mutex // for what follows; never held across a wait
	waiting []*request
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

// request is lines that come together or not at all.
type request struct {
	lines  []Line
	answer func(error)
}

// batch is the number of requests that share a flush.
const batch = 1024

// OpenFile continues the trail in a file, or begins it, and calls past for each line that is there. A torn last line is
// cut off; a broken chain is an error, because new lines would make it look whole.
func OpenFile(path string, past func(Line)) (*Log, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	previous, _, length, err := read(f, past)
	if errors.Is(err, errTorn) {
		err = f.Truncate(length)
	}
	if err == nil {
		_, err = f.Seek(length, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("audit: %s: %w; move the file away to begin a new trail", path, err)
	}
	return begin(&Log{out: f, file: f, previous: previous, length: length}), nil
}

// New begins a trail on any writer.
func New(w io.Writer) *Log { return begin(&Log{out: w, previous: start}) }

func begin(l *Log) *Log {
	l.wake, l.done = make(chan struct{}, 1), make(chan struct{})
	go l.run()
	return l
}

// Write appends a line and returns when it is on disk. After an error the line is not in the trail.
func (l *Log) Write(ctx context.Context, line Line) error { return l.WriteAll(ctx, []Line{line}) }

// WriteAll appends lines in their order and returns when they are on disk. After an error none of them is in the trail.
func (l *Log) WriteAll(ctx context.Context, lines []Line) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	answer := make(chan error, 1)
	r := &request{lines, func(err error) { answer <- err }}
	if !l.add(r) {
		return ErrClosed
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		if l.withdraw(r) {
			return ctx.Err()
		}
		return <-answer // It is being written.
	}
}

// WriteAsync appends a line in the order of the calls and returns at once. done is called from the log's own goroutine, so
// it must not wait: when the line is on disk, or with the reason why it is not in the trail. When a line cannot be written,
// those that were handed in behind it are not either.
func (l *Log) WriteAsync(line Line, done func(error)) {
	if !l.add(&request{[]Line{line}, done}) {
		done(ErrClosed)
	}
}

func (l *Log) add(r *request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.waiting = append(l.waiting, r)
	l.ring()
	return true
}

// withdraw takes a line back that nobody has begun to write.
func (l *Log) withdraw(r *request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.waiting, r)
	if at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
	return at >= 0
}

// Close flushes and closes the file. Lines that were accepted are written.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.ring()
	l.mu.Unlock()
	<-l.done
	if l.file == nil {
		return nil
	}
	if err := errors.Join(l.file.Sync(), l.file.Close()); err != nil {
		return fmt.Errorf("close audit: %w", err)
	}
	return nil
}

func (l *Log) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run owns the writer and the chain. What is handed in while a flush is on its way shares the next one.
func (l *Log) run() {
	defer close(l.done)
	for range l.wake {
		for list := l.take(batch); len(list) > 0; list = l.take(batch) {
			err := l.commit(list)
			if err != nil {
				list = append(list, l.take(math.MaxInt)...)
			}
			for _, r := range list {
				r.answer(err)
			}
		}
		if l.ended() {
			return
		}
	}
}

// take returns the oldest lines that wait.
func (l *Log) take(most int) []*request {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(most, len(l.waiting))
	list := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return list
}

func (l *Log) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed && len(l.waiting) == 0
}

// commit writes all or none: what an error leaves half written is cut off, and the chain goes on from where it was.
func (l *Log) commit(list []*request) error {
	var text []byte
	previous := l.previous
	for _, r := range list {
		for _, line := range r.lines {
			one, hash, err := encode(line, previous)
			if err != nil {
				return err
			}
			text, previous = append(text, one...), hash
		}
	}
	if err := l.append(text); err != nil {
		return err
	}
	l.previous = previous
	l.length += int64(len(text))
	return nil
}

func (l *Log) append(text []byte) error {
	_, err := l.out.Write(text)
	if l.file == nil {
		return err
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		_, seek := l.file.Seek(l.length, io.SeekStart)
		err = errors.Join(fmt.Errorf("audit: %w", err), l.file.Truncate(l.length), seek)
	}
	return err
}
