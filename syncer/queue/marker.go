package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/seatrial/seatrial/syncer/internal/flock"
)

// markerName is the file that is locked; its text says what the store held when it was closed.
const markerName = "engine.lock"

// marker is the lock on a directory, and what the directory should hold.
type marker struct {
	dir  string
	file *os.File
	last contents // zero when it was not closed, or never
}

// contents is what a closed store holds. What is found at the next start must be the same.
type contents struct {
	Created time.Time `json:"created"` // the stream of changes
	Changes uint64    `json:"changes"` // its last sequence
	Waiting int64     `json:"waiting"`
	Parked  uint64    `json:"parked"`
}

// holdsQueue refuses a directory that no queue was ever in.
func holdsQueue(dir string) error {
	if !exists(filepath.Join(dir, markerName)) {
		return fmt.Errorf("queue.dir: %s holds no queue", dir)
	}
	return nil
}

// takeDirectory makes a queue's directory or takes one that is there, for this process alone.
func takeDirectory(dir string) (*marker, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, markerName)
	if !exists(path) {
		list, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			return nil, fmt.Errorf("%s holds %s but no queue; name an empty or a new directory", dir, list[0].Name())
		}
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := flock.Take(f); err != nil {
		_ = f.Close()
		if errors.Is(err, flock.ErrInUse) {
			return nil, fmt.Errorf("directory %s: %w", dir, ErrInUse)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	m := &marker{dir: dir, file: f}
	text, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
	}
	if json.Unmarshal(text, &m.last) != nil {
		m.last = contents{} // Not closed: the process died, or is of a version that wrote nothing.
	}
	return m, nil
}

// check compares what was found with what the store held when it was closed.
func (m *marker) check(found contents) error {
	want := m.last
	if want == (contents{}) || want.Created.Equal(found.Created) && want.Changes == found.Changes &&
		want.Waiting == found.Waiting && want.Parked == found.Parked {
		return nil
	}
	return fmt.Errorf("queue.dir: %s has lost data: it was closed with %d waiting and %d parked changes, and has %d and %d now; "+
		"restore it from a copy, or move it away to begin an empty queue", m.dir, want.Waiting, want.Parked, found.Waiting, found.Parked)
}

// write replaces the text; no contents mean that the store is open.
func (m *marker) write(c *contents) error {
	var text []byte
	if c != nil {
		var err error
		if text, err = json.Marshal(c); err != nil {
			return fmt.Errorf("queue.dir: %w", err)
		}
	}
	_, err := m.file.WriteAt(text, 0)
	if err := errors.Join(err, m.file.Truncate(int64(len(text))), m.file.Sync()); err != nil {
		return fmt.Errorf("queue.dir: %w", err)
	}
	return nil
}

// release gives the directory back; the kernel does it too when the process ends, however it ends.
func (m *marker) release() error {
	if m == nil {
		return nil
	}
	return m.file.Close()
}
