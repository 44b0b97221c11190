package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrClosed says that the trail was closed.
var ErrClosed = errors.New("the audit trail is closed")

// Log appends to the trail. It is safe for concurrent use.
type Log struct {
	out      io.Writer
	file     *os.File // nil when out is not a file of ours
	previous string
	length   int64
	requests chan request
	closing  chan struct{}
	done     chan struct{}
}

type request struct {
	lines  []Line
	answer chan error
}

// batch is the number of lines that share a flush.
const batch = 256

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
	l.requests, l.closing, l.done = make(chan request), make(chan struct{}), make(chan struct{})
	go l.run()
	return l
}

// Write appends a line and returns when it is on disk. After an error the line is not in the trail.
func (l *Log) Write(ctx context.Context, line Line) error { return l.WriteAll(ctx, []Line{line}) }

// WriteAll appends lines in their order and returns when they are on disk. After an error none of them is in the trail.
func (l *Log) WriteAll(ctx context.Context, lines []Line) error {
	r := request{lines, make(chan error, 1)}
	select {
	case l.requests <- r:
		return <-r.answer // The owner answers what it has taken.
	case <-l.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close flushes and closes the file. Lines that were accepted are written.
func (l *Log) Close() error {
	close(l.closing)
	<-l.done
	if l.file == nil {
		return nil
	}
	if err := errors.Join(l.file.Sync(), l.file.Close()); err != nil {
		return fmt.Errorf("close audit: %w", err)
	}
	return nil
}

// run owns the writer and the chain.
func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case first := <-l.requests:
			l.commit(l.gather(first))
		case <-l.closing:
			return
		}
	}
}

// gather takes all who wait already.
func (l *Log) gather(first request) []request {
	list := []request{first}
	for len(list) < batch {
		select {
		case r := <-l.requests:
			list = append(list, r)
		default:
			return list
		}
	}
	return list
}

// commit writes all or none: what an error leaves half written is cut off, and the chain goes on from where it was.
func (l *Log) commit(list []request) {
	var text []byte
	previous := l.previous
	var err error
encoding:
	for _, r := range list {
		for _, line := range r.lines {
			var one []byte
			if one, previous, err = encode(line, previous); err != nil {
				break encoding
			}
			text = append(text, one...)
		}
	}
	if err == nil {
		err = l.append(text)
	}
	if err == nil {
		l.previous = previous
		l.length += int64(len(text))
	}
	for _, r := range list {
		r.answer <- err
	}
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
